"""Paired statistics: numbers that can be added in the head, and intervals that cover what they should."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agent.evaluation.statistics import MEANS, Comparison, compare, estimate, saved_by_scenario


def row(scenario: str, contender: str, carbon: float, seed: int = 0, **fields: Any) -> dict[str, Any]:
    figures = dict.fromkeys([*MEANS, "carbon_kg_total", "cost_usd"], 1.0)
    return {
        "cell": f"{scenario}/own/{contender}/{seed}", "scenario": scenario, "policy": "own", "contender": contender,
        "seed": seed, "status": "ok", "reason": "", "undone": 0.0, **figures, "carbon_kg": carbon, **fields,
    }  # fmt: skip


def compared(*rows: dict[str, Any]) -> dict[str, Comparison]:
    return {one.contender: one for one in compare(rows, "fifo", np.random.default_rng(0))}


def test_savings_are_the_mean_over_scenarios_of_the_percentage_saved_in_each_pair():
    found = compared(
        row("a", "fifo", 100), row("a", "x", 90), row("b", "fifo", 10), row("b", "x", 7),
    )["x"]  # fmt: skip
    assert found.saved
    assert found.saved.mean == pytest.approx(20), "10 % and 30 %, whatever the scenarios weigh"
    assert (found.saved.low, found.saved.high) == pytest.approx((10, 30)), "draws of `a` alone, and of `b` alone"
    assert (found.wins, found.scored, found.unscored) == (1.0, 2, 0)


def test_a_scenario_with_many_seeds_weighs_no_more_than_another():
    rows = [row("a", name, carbon, seed) for seed in range(3) for name, carbon in (("fifo", 100), ("x", 90))]
    found = compared(*rows, row("b", "fifo", 100), row("b", "x", 70))["x"]
    assert found.saved
    assert found.saved.mean == pytest.approx(20)


def test_one_scenario_gives_no_interval():
    found = compared(row("a", "fifo", 100), row("a", "x", 90))["x"]
    assert found.saved
    assert (found.saved.mean, found.saved.low) == (pytest.approx(10), None)


def test_ties_win_half():
    found = compared(*(row(s, name, 5.0) for s in "ab" for name in ("fifo", "x")))["x"]
    assert found.wins == 0.5


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "failed", "reason": "broke"}, "failed: broke"),
        ({"status": "faulty", "reason": "peak CPUs"}, "faulty: peak CPUs"),
        ({"undone": 0.1}, "it left work undone that the baseline did"),
    ],
)
def test_an_unsound_run_is_counted_and_never_averaged(fields: dict[str, Any], reason: str):
    found = compared(
        row("a", "fifo", 100), row("a", "x", 90), row("b", "fifo", 100), row("b", "x", 0.0, **fields)
    )["x"]  # fmt: skip
    assert found.saved
    assert found.saved.mean == pytest.approx(10)
    assert (found.scored, found.unscored, found.reasons) == (1, 1, {reason: 1})


def test_a_contender_of_which_all_runs_failed_has_no_figures_and_is_still_in_the_table():
    failed = {"cell": "a/own/x/0", "scenario": "a", "policy": "own", "contender": "x", "seed": 0,
              "status": "failed", "reason": "broke"}  # fmt: skip
    found = compared(row("a", "fifo", 100), failed)["x"]
    assert (found.saved, found.wins, found.means["carbon_kg"], found.scored, found.unscored) == (None, None, None, 0, 1)


def test_runs_are_compared_under_the_same_policy():
    rows = [
        row("a", name, carbon) | {"policy": policy, "cell": f"a/{policy}/{name}/0"}
        for policy, name, carbon in (("p", "fifo", 100), ("p", "x", 90), ("q", "fifo", 50), ("q", "x", 40))
    ]
    found = {(one.policy, one.contender): one.saved for one in compare(rows, "fifo", np.random.default_rng(0))}
    assert [round(found[policy, "x"].mean) for policy in "pq"] == [10, 20]  # type: ignore[union-attr]


def test_each_scenario_has_the_mean_of_its_scored_seeds():
    rows = [
        row("a", "fifo", 100, 0), row("a", "x", 90, 0), row("a", "fifo", 100, 1), row("a", "x", 70, 1),
        row("b", "fifo", 100), row("b", "x", 0, status="faulty"),
    ]  # fmt: skip
    assert saved_by_scenario(rows, "fifo")["own", "x"] == {"a": pytest.approx(20)}


@pytest.mark.parametrize("scenarios", [6, 24])
def test_intervals_cover_the_truth_as_often_as_they_say(scenarios: int):
    """Differences without a mean, scenarios unlike each other, seeds alike: clustering is what makes this hold."""
    rng = np.random.default_rng(5)
    names = [str(s) for s in range(scenarios) for _ in range(5)]
    covered = 0
    for _ in range(400):
        values = np.repeat(rng.normal(0, 3, scenarios), 5) + rng.normal(0, 1, 5 * scenarios)
        found = estimate(values, names, rng)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
    assert 0.90 <= covered / 400 <= 0.98
