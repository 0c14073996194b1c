import pytest
from policy_cases import policy

from agent.policy.normal import normal_rule

DENY = {"kind": "placement", "effect": "deny"}
NIGHT = {"start": "22:00", "end": "06:00"}
LATE = {"start": "22:00", "end": "24:00"}
SOON = {"kind": "delay"}
WEEK = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


def same(one: dict[str, object], other: dict[str, object]) -> bool:
    first, second = policy(one, other).rules
    return normal_rule(first) == normal_rule(second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({**DENY, "regions": ["gb", "de"]}, {**DENY, "regions": ["de", "gb"], "strength": "must"}),
        ({**DENY, "window": NIGHT}, {**DENY, "window": {**NIGHT, "tz": "local", "days": WEEK}}),
        (
            {**DENY, "window": {"start": "22:00", "end": "24:00"}},
            {**DENY, "window": {"start": "22:00", "end": "00:00"}},
        ),
        ({"kind": "delay", "finish_by": "06:00"}, {"kind": "delay", "finish_by": "06:00", "tz": "local"}),
        (
            {"kind": "delay", "max_delay_h": 1},
            {"kind": "delay", "max_delay_h": 1.0, "jobs": {"priority_at_least": "low"}},
        ),
        ({"kind": "suspend", "max_times": 0}, {"kind": "suspend", "allowed": False, "max_times": 0}),
        ({"kind": "suspend", "max_times": 0}, {"kind": "suspend", "allowed": False}),
        ({"kind": "suspend", "max_times": 2}, {"kind": "suspend", "allowed": True, "max_times": 2}),
        ({"kind": "prefer", "regions": ["gb"]}, {"kind": "prefer", "regions": ["gb"], "strength": "prefer"}),
        ({**DENY, "intensity_above": 120}, {**DENY, "intensity_above": 120.00000001, "source": "Other words."}),
    ],
)
def test_rules_that_mean_the_same_have_one_form(one, other):
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({**DENY, "regions": ["gb"]}, {**DENY, "regions": ["gb"], "strength": "prefer"}),
        ({**DENY, "regions": ["gb"]}, {**DENY, "effect": "only", "regions": ["gb"]}),
        ({**DENY, "window": NIGHT}, {**DENY, "window": {**NIGHT, "tz": "UTC"}}),
        ({**DENY, "window": NIGHT}, {**DENY, "window": {**NIGHT, "days": WEEK[:6]}}),
        ({**DENY, "regions": ["gb"]}, {**DENY, "regions": ["gb"], "unless": {"priority_at_least": "low"}}),
        ({**DENY, "jobs": {"gpu": False}, "price_above": 1}, {**DENY, "price_above": 1}),
        ({"kind": "suspend", "allowed": True}, {"kind": "suspend", "max_times": 1}),
        ({"kind": "delay", "max_delay_h": 1}, {"kind": "delay", "max_delay_h": 0}),
    ],
)
def test_rules_that_mean_something_else_keep_their_difference(one, other):
    assert not same(one, other)
