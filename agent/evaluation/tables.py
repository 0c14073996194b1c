"""The comparison of an evaluation as a table in the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table

from agent.evaluation.statistics import Comparison, Estimate

HEADINGS = (
    "saved\n%", "95 %\ninterval", "\nwins", "total\n%", "cost\n%", "wait\nh", "JCT\nh", "SLA\nviol.", "not\nended",
    "late\nreq.", "rules\nbroken", "sched.\ns", "\nscored",
)  # fmt: skip


def table(comparisons: list[Comparison]) -> Table:
    """Return a row a contender and policy: savings with intervals, and in the same row waits, violations and counts."""
    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    several = len({one.policy for one in comparisons}) > 1
    made.add_column("contender", no_wrap=True)
    for heading in HEADINGS:
        made.add_column(heading, justify="right", no_wrap=True)
    for one in comparisons:
        made.add_row(f"{one.contender} ({one.policy})" if several else one.contender, *_cells(one))
    return made


def _cells(one: Comparison) -> list[str]:
    means = one.means
    return [
        mean_of(one.saved),
        interval(one.saved),
        percent(one.wins),
        mean_of(one.saved_total),
        mean_of(one.saved_cost),
        number(means["wait_s_mean"]),
        number(means["jct_s_mean"]),
        percent(means["violation_rate"]),
        number(means["unfinished"]),
        percent(means["services_late_rate"]),
        number(means["policy_violations"]),
        number(means["scheduler_s"]),
        f"{one.scored}/{one.scored + one.unscored}",
    ]


def mean_of(found: Estimate | None) -> str:
    """Return the mean of an estimate, a dash without one."""
    return "-" if found is None else f"{found.mean:.2f}"


def interval(found: Estimate | None) -> str:
    """Return the interval of an estimate, a dash without one."""
    return "-" if found is None or found.low is None else f"{found.low:.2f} to {found.high:.2f}"


def percent(share: float | None) -> str:
    """Return a share as percent, a dash without one."""
    return "-" if share is None else f"{share:.1%}"


def number(value: float | None) -> str:
    """Return a number with two digits, a dash without one."""
    return "-" if value is None else f"{value:.2f}"
