import json

import pytest
from policy_cases import WEEKDAYS, policy
from pydantic import ValidationError

from agent.policy.rules import PolicySet, explain, merge

DENY = {"kind": "placement", "effect": "deny", "regions": ["gb"]}


def window(**fields: object) -> dict[str, object]:
    return {"kind": "headroom", "max_utilization": 0.5, "window": {"start": "09:00", "end": "17:00", **fields}}


def test_the_json_form_leaves_null_fields_out_and_comes_back_the_same():
    rules = policy({**DENY, "jobs": {"team": "ads"}})
    written = rules.as_json()
    assert written["rules"][0] == {
        "kind": "placement",
        "jobs": {"team": "ads"},
        "strength": "must",
        "source": "Rule 0.",
        "effect": "deny",
        "regions": ["gb"],
    }
    assert PolicySet.model_validate_json(json.dumps(written)) == rules


def test_an_empty_selector_of_jobs_means_every_job():
    assert policy({**DENY, "jobs": {}}).rules[0].jobs is None


def test_a_window_without_zone_is_local_and_so_is_a_finish_time():
    assert policy(window()).rules[0].window.tz == "local"
    assert policy({"kind": "delay", "finish_by": "06:00"}).rules[0].tz == "local"


def test_a_window_may_end_at_24_00_and_run_past_midnight():
    assert policy(window(end="24:00"), window(start="22:00", end="06:00", days=WEEKDAYS))


def test_objective_and_prefer_rules_are_preferences_without_saying_so():
    rules = policy({"kind": "prefer", "regions": ["gb"]}, {"kind": "objective", "weights": {"carbon": 2}})
    assert {rule.strength for rule in rules.rules} == {"prefer"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "placement", "effect": "deny"}, "at least one of regions, window"),
        ({"kind": "placement", "effect": "only", "intensity_above": 300}, "effect `deny`"),
        ({**DENY, "effect": "avoid"}, "'only' or 'deny'"),
        ({**DENY, "regions": []}, "at least 1 item"),
        ({**DENY, "regions": ["gb", "gb"]}, "named more than once: gb"),
        ({**DENY, "until": "noon"}, "Extra inputs are not permitted"),
        ({**DENY, "source": ""}, "at least 1 character"),
        ({**DENY, "intensity_above": -1}, "greater than or equal to 0"),
        ({**DENY, "intensity_above": "350"}, "valid number"),
        ({**DENY, "price_above": float("nan")}, "finite number"),
        ({**DENY, "unless": {}}, "names at least one field"),
        ({**DENY, "jobs": {"kind": "stream"}}, "'batch' or 'interactive'"),
        ({**DENY, "jobs": {"priority_at_least": "urgent"}}, "'low', 'normal', 'high' or 'critical'"),
        (
            {**DENY, "jobs": {"priority_at_least": "high", "priority_at_most": "low"}},
            "no priority is at least high",
        ),
        ({**DENY, "jobs": {"longer_than_h": 4, "shorter_than_h": 4}}, "no job is longer than 4 h"),
        ({**DENY, "jobs": {"gpu": "yes"}}, "valid boolean"),
        (window(start="9:00"), "'9:00' is not a time of day; write HH:MM"),
        (window(end="24:30"), "not a time of day"),
        (window(end="17:00\n"), "not a time of day"),
        (window(start="24:00"), "starts at 00:00, not 24:00"),
        (window(end="09:00"), "empty; a whole day is 00:00-24:00"),
        (window(days=["monday"]), "'mon', 'tue'"),
        (window(days=["mon", "mon"]), "named more than once: mon"),
        (window(days=[]), "at least 1 item"),
        (window(tz="Berlin"), "'Berlin' is not a time zone; write an IANA zone"),
        (window(tz="../etc/passwd"), "not a time zone"),
        ({"kind": "headroom", "max_utilization": 80}, "less than or equal to 1"),
        ({"kind": "delay"}, "needs max_delay_h or finish_by"),
        ({"kind": "delay", "max_delay_h": 1, "tz": "UTC"}, "tz goes with finish_by"),
        ({"kind": "budget", "metric": "carbon", "max": 1, "per": "day"}, "'carbon_kg'"),
        ({"kind": "budget", "metric": "carbon_kg", "max": 1, "per": "year"}, "'hour', 'day'"),
        ({"kind": "suspend"}, "needs allowed or max_times"),
        ({"kind": "suspend", "allowed": False, "max_times": 2}, "forbidden and allowed 2 times"),
        ({"kind": "objective", "weights": {}}, "at least one of carbon, cost and delay"),
        ({"kind": "objective", "weights": {"carbon": 1}, "strength": "must"}, "'prefer'"),
        ({"kind": "prefer", "regions": ["gb"], "strength": "must"}, "'prefer'"),
        ({"kind": "ban"}, "'placement'"),
    ],
)
def test_a_wrong_rule_is_refused_with_words_that_say_what_is_expected(rule, words):
    with pytest.raises(ValidationError) as caught:
        policy(rule)
    assert words in explain(caught.value)
    assert explain(caught.value).startswith("rules.0")


def test_merged_policies_keep_every_rule_in_order():
    one, two = policy(DENY), policy({"kind": "delay", "max_delay_h": 2})
    assert merge([one, two]).rules == (*one.rules, *two.rules)


def test_rules_do_not_change():
    with pytest.raises(ValidationError):
        policy(DENY).rules[0].effect = "only"
