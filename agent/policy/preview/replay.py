"""What a policy would have cost: a recorded run's scenario, scheduler and seed again, without and with its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.audit import recorded_rules
from agent.case import Case, run_agent, run_scheduler, start_agent
from agent.policy.rules import Approval, PolicySet
from sim.approvals import Approvals
from sim.runfolder import read_run
from sim.scenario import build_world
from sim.schedulers import ORACLES, SCHEDULERS
from sim.units import HOUR_S


@dataclass(frozen=True)
class Figure:
    """A figure of two runs: `without` the rules and `with_` them; None where there is none."""

    name: str
    without: float | None
    with_: float | None

    @property
    def difference(self) -> float | None:
        """What the rules add."""
        return None if self.without is None or self.with_ is None else self.with_ - self.without


def _cell(value: float | None, sign: str = "") -> str:
    """Return a figure: counts whole, others with two decimals."""
    form = f"{sign},.2f" if isinstance(value, float) else f"{sign},"
    return f"{'-' if value is None else format(value, form):>12}"


@dataclass(frozen=True)
class Cost:
    """What a policy costs on a recorded run. `notes` say how the runs were made."""

    scheduler: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        rows = {
            one.name: {"without": one.without, "with": one.with_, "difference": one.difference} for one in self.figures
        }
        return {"scheduler": self.scheduler, "figures": rows, "notes": list(self.notes)}

    def lines(self) -> Iterator[str]:
        """Yield it as a small table."""
        yield f"{f'replay of {self.scheduler}':<26}{'without':>12}{'with':>12}{'difference':>12}"
        for one in self.figures:
            yield f"{one.name:<26}{_cell(one.without)}{_cell(one.with_)}{_cell(one.difference, sign='+')}"
        for note in self.notes:
            yield f"  {note}"


def _quiet(_: str) -> None:
    """Tell nobody."""


def cost_of(
    policy_set: PolicySet, run_dir: Path, data_dir: Path | None, *, tell: Callable[[str], None] = _quiet
) -> Cost:
    """Return what rules cost on the scenario, scheduler and seed of a run folder.

    Rules under which the run was recorded, and which are not of this policy, bind in both runs. Where a rule wants a
    person's yes, it is said. The agent is run without a language model: what a model would answer is not recorded.
    `tell` hears of each step as it begins: they can take a minute.

    Raises:
        InputError: If the folder is damaged, or its series cannot be read.
    """
    tell(f"reading {run_dir} and its series")
    folder = read_run(run_dir)
    others = tuple(rule for rule in recorded_rules(folder).rules if rule not in policy_set.rules)
    case = Case(folder.scenario, build_world(folder.scenario, data_dir), (), PolicySet(rules=others))
    case = replace(case, bound_if_known=case.bound)
    under = replace(case, rules=PolicySet(rules=(*others, *policy_set.rules)))
    scheduler = str(folder.run["scheduler"])
    tell(f"run 1 of 2: {scheduler}, without the rules")
    without = _figures(_summary(case, scheduler))
    tell(f"run 2 of 2: {scheduler}, with the rules")
    with_ = _figures(_summary(under, scheduler))
    figures = tuple(Figure(name, without[name], with_[name]) for name in without)
    return Cost(scheduler, figures, tuple(_notes(under.rules, len(others), scheduler)))


def _notes(rules: PolicySet, others: int, scheduler: str) -> Iterator[str]:
    if others:
        yield f"other rules under which the run was recorded bind in both: {others}"
    if any(isinstance(rule, Approval) for rule in rules.rules):
        yield "every approval that a rule wants is given"
    if not _is_numeric(scheduler):
        yield "both runs are of the agent without a language model"


def _is_numeric(scheduler: str) -> bool:
    return scheduler in SCHEDULERS or scheduler in ORACLES


def _summary(case: Case, scheduler: str) -> Mapping[str, Any]:
    approvals = Approvals.of_jobs()
    if _is_numeric(scheduler):
        return run_scheduler(case, scheduler, approvals=approvals).summary
    return run_agent(start_agent(case, None, approvals=approvals), case, None, lambda record: None).summary


def _figures(summary: Mapping[str, Any]) -> dict[str, float | None]:
    wait_s = summary["wait_s"]["mean"]
    return {
        "carbon of jobs, kg": summary["carbon_kg"]["dynamic"],
        "carbon in all, kg": summary["carbon_kg"]["total"],
        "cost, USD": summary["cost_usd"],
        "mean wait, h": None if wait_s is None else wait_s / HOUR_S,
        "late jobs": summary["sla_violations"],
        "unfinished jobs": summary["unfinished"],
    }
