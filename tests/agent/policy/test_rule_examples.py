"""Three jobs that a rule stops, and three that it lets through: as the guard and the gate decide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from grounds import nowhere_land, small
from policy_cases import policy

from agent.policy.preview.examples import UNBOUND, Example, example_lines, examples
from agent.policy.preview.sheet import Sheet
from agent.policy.selection import about
from tests.worlds import mock_job

EUROPE = {"kind": "placement", "effect": "only", "regions": ["gb", "de"], "jobs": {"team": "finance"}}


def of(rule: dict[str, Any], seed: int = 0) -> tuple[list[Example], list[Example]]:
    policy_set = policy(rule)
    found = examples(policy_set.rules[0], nowhere_land(policy_set), np.random.default_rng(seed))
    return [one for one in found if one.stopped], [one for one in found if not one.stopped]


@pytest.mark.parametrize(
    "rule",
    [
        EUROPE,
        {"kind": "placement", "effect": "deny", "regions": ["us-south"], "window": {"start": "16:00", "end": "21:00"}},
        {"kind": "placement", "effect": "deny", "regions": ["gb"], "intensity_above": 350, "jobs": {"tag": "pii"}},
        {"kind": "placement", "effect": "deny", "price_above": 80, "strength": "prefer"},
        {"kind": "delay", "max_delay_h": 2, "jobs": {"priority_at_least": "high"}},
        {"kind": "delay", "finish_by": "18:00"},
        {"kind": "suspend", "allowed": False, "jobs": {"kind": "batch"}},
        {"kind": "suspend", "max_times": 2},
        {"kind": "headroom", "max_utilization": 0.1, "regions": ["gb"], "jobs": {"kind": "batch"}},
        {"kind": "budget", "metric": "carbon_kg", "max": 10, "per": "day"},
        {"kind": "approval", "carbon_above_kg": 1},
        {"kind": "prefer", "regions": ["ca-east"]},
    ],
)
def test_each_kind_of_rule_has_three_of_both(rule: dict[str, Any]):
    stopped, let = of(rule)
    assert (len(stopped), len(let)) == (3, 3)
    made = policy(rule).rules[0]
    assert all(about(made, one.job) for one in stopped)
    assert all(about(made, one.job) != (one.why == UNBOUND) for one in let)


def test_what_is_stopped_would_start_elsewhere_and_what_is_let_through_there():
    stopped, let = of(EUROPE)
    assert not {one.start.split(",")[0] for one in stopped} & {"gb", "de"}
    assert {one.start.split(",")[0] for one in let if one.why != UNBOUND} <= {"gb", "de"}
    assert [one.job.team == "finance" for one in let] == [True, True, False]


def test_the_measured_intensity_is_told_and_lies_on_the_right_side_of_the_limit():
    stopped, let = of({"kind": "placement", "effect": "deny", "regions": ["gb"], "intensity_above": 350})
    assert all(float(one.why.split()[0]) >= 350 for one in stopped)
    assert all(float(one.why.split()[0]) <= 350 for one in let if one.start.startswith("gb"))


def test_a_selector_that_no_drawn_job_matches_is_met_by_jobs_made_so():
    rare = {"team": "ads", "customer": "acme", "tag": "etl", "home": ["de"], "gpu": True, "longer_than_h": 100}
    stopped, _ = of({"kind": "placement", "effect": "deny", "regions": ["gb"], "jobs": rare})
    assert len(stopped) == 3


def test_a_rule_that_no_job_can_match_and_an_objective_have_no_examples():
    stopped, _ = of({**EUROPE, "unless": {"team": "finance"}})
    assert stopped == []
    assert of({"kind": "objective", "weights": {"cost": 1}}) == ([], [])


def test_a_scenarios_own_jobs_are_taken_one_budget_after_the_other():
    """Each draws 1 kWh, and 2 are allowed: two of four are placed."""
    rule = policy({"kind": "budget", "metric": "energy_kwh", "max": 2, "per": "day"}).rules[0]
    found = examples(rule, small(*(mock_job(f"j{n}", n) for n in range(4))), np.random.default_rng(0))
    assert [(one.stopped, one.why) for one in found] == [
        (True, "after 2 others"),
        (True, "after 2 others"),
        (False, "the first of all"),
        (False, "after 1 other"),
    ]
    assert {one.job.id for one in found} == {"j0", "j1", "j2", "j3"}


def test_the_same_seed_draws_the_same():
    assert of(EUROPE, seed=3) == of(EUROPE, seed=3)
    assert of(EUROPE, seed=3) != of(EUROPE, seed=4)


def test_only_traits_at_which_the_rule_looks_are_told():
    rule = policy(EUROPE).rules[0]
    one = Example(mock_job("j", team="finance", customer="acme", tags=("pii",)), True, "us-west, mon 10:00", "")
    assert list(example_lines(rule, [one])) == ["    stops    us-west, mon 10:00: j: batch job of team finance, 1 h"]


def test_a_sheet_has_each_sentence_once_with_its_readings_and_says_what_is_not_enforced():
    made = policy({**EUROPE, "source": "Two in one."}, {"kind": "delay", "max_delay_h": 2, "source": "Two in one."})
    unread = {"text": "Be nice.", "reason": "no rule says that"}
    policy_set = made.model_validate({**made.as_json(), "unenforceable": [unread]})
    lines = list(Sheet.of(policy_set, nowhere_land(policy_set), 0).lines())
    assert lines.count("Two in one.") == 1
    assert [line for line in lines if line.startswith("  = ")] == [
        "  = Jobs of team finance may run only in gb, de.",
        "  = Jobs must start within 2 h of submission.",
    ]
    assert "  ! not enforced: no rule says that" in lines
    assert max(map(len, lines)) <= 100
