"""Rules that change nothing, and rules about what is not there."""

from __future__ import annotations

from typing import Any

import pytest
from grounds import VOCABULARY, nowhere_land, small, told
from policy_cases import IDS, policy

from agent.policy.preview.examine import examine
from agent.policy.preview.idle import idle
from agent.policy.preview.names import absent
from tests.worlds import mock_job

DENY = {"kind": "placement", "effect": "deny", "regions": ["us-south"]}
WINDOW = {"start": "16:00", "end": "21:00"}
BUDGET = {"kind": "budget", "metric": "carbon_kg", "max": 10, "per": "day"}
ASK = {"kind": "approval", "cost_above_usd": 10}

IMPLIED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (DENY, {**DENY, "window": WINDOW}),
    (DENY, {**DENY, "jobs": {"team": "ads"}}),
    (DENY, {**DENY, "strength": "prefer"}),
    ({"kind": "placement", "effect": "only", "regions": ["gb"]}, DENY),
    ({**DENY, "window": WINDOW}, {**DENY, "window": {"start": "17:00", "end": "18:30"}}),
    ({**DENY, "intensity_above": 300}, {**DENY, "intensity_above": 400}),
    ({"kind": "delay", "max_delay_h": 2}, {"kind": "delay", "max_delay_h": 4, "jobs": {"priority_at_least": "high"}}),
    ({"kind": "delay", "max_delay_h": 2}, {"kind": "delay", "max_delay_h": 3, "strength": "prefer"}),
    ({"kind": "suspend", "allowed": False}, {"kind": "suspend", "max_times": 2, "jobs": {"tag": "ci"}}),
    ({"kind": "headroom", "max_utilization": 0.8}, {"kind": "headroom", "max_utilization": 0.9, "regions": ["gb"]}),
    ({"kind": "headroom", "max_utilization": 0.8}, {"kind": "headroom", "max_utilization": 0.8, "jobs": {"gpu": True}}),
    (BUDGET, {**BUDGET, "max": 20, "regions": ["gb"], "jobs": {"team": "ads"}}),
    (ASK, {**ASK, "cost_above_usd": 20, "regions": ["gb"]}),
    ({"kind": "approval", "regions": ["gb"]}, {**ASK, "regions": ["gb"]}),
]  # fmt: skip
APART: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({**DENY, "window": WINDOW}, {**DENY, "window": {"start": "20:00", "end": "22:00"}}),
    ({**DENY, "jobs": {"team": "ads"}}, {**DENY, "jobs": {"tag": "pii"}}),
    ({**DENY, "strength": "prefer"}, {**DENY, "window": WINDOW}),
    ({**DENY, "intensity_above": 300}, {**DENY, "price_above": 80}),
    ({**DENY, "unless": {"team": "ads"}}, {**DENY, "jobs": {"kind": "batch"}}),
    ({"kind": "delay", "max_delay_h": 12}, {"kind": "delay", "finish_by": "18:00"}),
    ({"kind": "headroom", "max_utilization": 0.9}, {"kind": "headroom", "max_utilization": 0.5, "jobs": {"gpu": True}}),
    (BUDGET, {**BUDGET, "per": "week", "max": 50}),
    ({**BUDGET, "regions": ["gb"]}, {**BUDGET, "max": 20}),
    (ASK, {"kind": "approval", "carbon_above_kg": 5}),
]  # fmt: skip


def warned(*rules: dict[str, Any]) -> list[tuple[str, str]]:
    policy_set = policy(*rules)
    return [(one.kind, one.sentences[0]) for one in idle(policy_set, nowhere_land(policy_set))]


@pytest.mark.parametrize(("strict", "loose"), IMPLIED)
def test_a_rule_that_others_imply_is_redundant_in_either_order(strict: dict[str, Any], loose: dict[str, Any]):
    assert warned(strict, loose) == [("redundant rule", "Rule 1.")]
    assert warned(loose, strict) == [("redundant rule", "Rule 0.")]


@pytest.mark.parametrize(("one", "other"), APART)
def test_rules_that_each_forbid_something_are_left_alone(one: dict[str, Any], other: dict[str, Any]):
    assert warned(one, other) == []


def test_of_two_that_say_the_same_the_later_is_redundant():
    assert warned(DENY, DENY) == [("redundant rule", "Rule 1.")]


def test_several_may_imply_one_together_and_are_all_named():
    windows = [{**DENY, "window": {"start": a, "end": b}} for a, b in (("16:00", "19:00"), ("19:00", "21:00"))]
    policy_set = policy(
        *windows, {**DENY, "window": WINDOW}, {"kind": "placement", "effect": "deny", "regions": ["de"]}
    )
    (finding,) = idle(policy_set, nowhere_land(policy_set))
    assert (finding.sentences, finding.by) == (("Rule 2.",), ("Rule 0.", "Rule 1."))


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "suspend", "allowed": False, "jobs": {"team": "ads", "kind": "batch"}, "unless": {"team": "ads"}},
        {**DENY, "jobs": {"priority_at_least": "critical"}, "unless": {"priority_at_least": "high"}},
        {"kind": "placement", "effect": "only", "regions": IDS},
        {"kind": "headroom", "max_utilization": 1.0},
        {"kind": "suspend", "allowed": True},
    ],
)
def test_a_rule_that_can_never_matter_is_dead(rule: dict[str, Any]):
    assert warned(rule) == [("dead rule", "Rule 0.")]


def test_regions_that_a_scenario_lacks_are_warned_of_once():
    rules = policy({"kind": "placement", "effect": "deny", "regions": ["mars"]})
    assert told(examine(rules, small(mock_job("a")), VOCABULARY)) == [
        ("warning", "region that is not there", ("Rule 0.",))
    ]


def test_an_only_rule_without_any_region_of_the_scenario_is_an_error():
    rules = policy({"kind": "placement", "effect": "only", "regions": ["mars"]})
    assert told(examine(rules, small(mock_job("a")), VOCABULARY)) == [("error", "no region left", ("Rule 0.",))]


@pytest.mark.parametrize(
    ("jobs", "says"),
    [
        ({"team": "ads", "tag": "ci"}, "one of these: Jobs tagged ci"),
        ({"team": "ads", "tag": "pii"}, "all of this: Jobs of team ads and tagged pii"),
    ],
)
def test_of_jobs_that_a_scenario_lacks_it_is_said_what_is_missing(jobs: dict[str, str], says: str):
    ground = small(mock_job("a", team="ads"), mock_job("b", tags=("pii",)))
    (finding,) = absent(policy({**DENY, "regions": ["home"], "jobs": jobs}), ground, VOCABULARY)
    assert finding.says == f"no job of the scenario is {says}"


def test_without_a_scenario_names_are_looked_up_in_the_vocabulary():
    rules = policy({**DENY, "jobs": {"team": "sales"}})
    (finding,) = absent(rules, nowhere_land(rules), VOCABULARY)
    assert finding.says == "the vocabulary has no team 'sales'"
