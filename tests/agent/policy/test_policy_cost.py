"""What a policy would have cost: the same run without and with its rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from policy_cases import policy

from agent.case import Case, run_agent, run_scheduler, start_agent
from agent.policy.preview.replay import Cost, cost_of
from agent.policy.rules import PolicySet
from sim.scenario import build_world, parse_scenario
from tests.sim.test_scenario import content

DAY = {"start": "06:00", "end": "20:00", "tz": "UTC"}
NOT_BY_DAY = {"kind": "placement", "effect": "deny", "window": DAY, "source": "By night."}
ONCE = {"kind": "suspend", "max_times": 1, "source": "Once."}


def case(*rules: dict[str, object]) -> Case:
    scenario = parse_scenario(content(workload=content()["workload"] | {"count": 15}, drain_days=1, epoch_min=60), "x")
    return Case(scenario, build_world(scenario, None), (), policy(*rules))


def figures(cost: Cost) -> dict[str, tuple[float | None, float | None]]:
    return {one.name: (one.without, one.with_) for one in cost.figures}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    run_scheduler(case(), "fifo", tmp_path / "plain")
    return tmp_path / "plain"


def test_both_columns_are_those_of_runs_without_and_with_the_rules(plain: Path):
    found = figures(cost_of(policy(NOT_BY_DAY), plain, None))
    without, with_ = (run_scheduler(one, "fifo").summary for one in (case(), case(NOT_BY_DAY)))
    assert found["carbon of jobs, kg"] == (without["carbon_kg"]["dynamic"], with_["carbon_kg"]["dynamic"])
    assert found["cost, USD"] == (without["cost_usd"], with_["cost_usd"])
    assert found["late jobs"] == (without["sla_violations"], with_["sla_violations"])
    assert found["mean wait, h"][1] == with_["wait_s"]["mean"] / 3600
    assert found["mean wait, h"][1] > found["mean wait, h"][0] + 1


def test_a_run_under_the_policy_itself_and_others_is_compared_with_one_under_the_others(plain: Path, tmp_path: Path):
    run_scheduler(case(NOT_BY_DAY, ONCE), "fifo", tmp_path / "under")
    cost = cost_of(policy(NOT_BY_DAY), tmp_path / "under", None)
    assert figures(cost) == figures(cost_of(policy(NOT_BY_DAY), plain, None))
    assert cost.notes == ("other rules under which the run was recorded bind in both: 1",)


def test_approvals_are_given_and_that_is_said(plain: Path):
    cost = cost_of(policy({"kind": "approval"}), plain, None)
    assert {one.difference for one in cost.figures} == {0}
    assert cost.notes == ("every approval that a rule wants is given",)


def test_the_agent_is_run_without_a_model(tmp_path: Path):
    made = case()
    out = tmp_path / "agent"
    out.mkdir()
    run_agent(start_agent(made, None, out=out), made, out, lambda record: None)
    cost = cost_of(PolicySet(), out, None)
    assert cost.notes == ("both runs are of the agent without a language model",)
    assert {one.difference for one in cost.figures} == {0}


def test_a_run_told_the_future_is_replayed_by_the_same_scheduler(tmp_path: Path):
    run_scheduler(case(), "time-shift-oracle", tmp_path / "told")
    cost = cost_of(PolicySet(), tmp_path / "told", None)
    assert (cost.scheduler, cost.notes) == ("time-shift-oracle", ())
    summary = run_scheduler(case(), "time-shift-oracle").summary
    assert figures(cost)["carbon of jobs, kg"][0] == summary["carbon_kg"]["dynamic"]


def test_each_step_is_told_as_it_begins(plain: Path):
    told: list[str] = []
    cost_of(PolicySet(), plain, None, tell=told.append)
    assert [words.split(":")[0] for words in told] == [f"reading {plain} and its series", "run 1 of 2", "run 2 of 2"]


def test_the_table_shows_counts_whole_and_signs(plain: Path):
    lines = list(cost_of(policy(NOT_BY_DAY), plain, None).lines())
    assert lines[0].split() == ["replay", "of", "fifo", "without", "with", "difference"]
    assert lines[4].split()[-1].startswith("+")
    assert "." not in lines[5]
