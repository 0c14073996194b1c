"""The tables in the terminal: what stands in which column."""

from __future__ import annotations

import io

import numpy as np
from rich.console import Console
from rich.table import Table

from agent.case import Case, run_scheduler
from agent.demo import table as of_summaries
from agent.evaluation.statistics import compare
from agent.evaluation.tables import table as of_comparisons
from agent.policy.rules import PolicySet
from sim.scenario import build_world, parse_scenario
from tests.agent.evaluation.suites import SCENARIO
from tests.agent.evaluation.test_statistics import row


def printed(table: Table) -> list[list[str]]:
    """Return the cells of each row, as printed without a line being folded or cut."""
    console = Console(width=200, file=io.StringIO())
    console.print(table)
    return [line.split() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def column(table: Table, heading: str) -> int:
    return [" ".join(str(one.header).split()) for one in table.columns].index(heading)


def test_jobs_that_had_not_ended_with_the_run_have_a_column_beside_violations():
    """Twelve jobs in two hours and a half, without time to drain: some cannot end."""
    scenario = parse_scenario(SCENARIO | {"days": 0.1, "drain_days": 0}, "tiny")
    summary = run_scheduler(Case(scenario, build_world(scenario, None), (), PolicySet()), "time-shift").summary
    assert summary["unfinished"] > 0
    made = of_summaries([summary])
    assert printed(made)[-2][column(made, "not ended")] == str(summary["unfinished"])


def test_a_comparison_shows_the_mean_of_unfinished_jobs():
    rows = [row("a", name, 10.0, seed, unfinished=float(3 * seed)) for seed in (0, 1) for name in ("fifo", "x")]
    made = of_comparisons(compare(rows, "fifo", np.random.default_rng(0)))
    cells = printed(made)[-2]
    assert cells[column(made, "not ended")] == "1.50"
