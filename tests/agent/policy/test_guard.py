import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from policy_cases import HOUR, IDS, MONDAY, REGIONS, WEEKDAYS, allowed, guard, job, policy

from agent.policy.guard import Guard
from agent.policy.reading import load_confirmed
from agent.policy.vocabulary import Vocabulary
from sim.constraints import Constraints
from sim.errors import InputError
from sim.model import PRIORITIES

POLICIES = Path(__file__).parents[3] / "policies"
EVENING = {"start": "16:00", "end": "21:00", "days": WEEKDAYS}


def deny(**fields: object) -> dict[str, object]:
    return {"kind": "placement", "effect": "deny", **fields}


def only(**fields: object) -> dict[str, object]:
    return {"kind": "placement", "effect": "only", **fields}


def test_a_guard_is_a_set_of_constraints():
    constraints: Constraints = guard()
    assert constraints.latest_start_s(job()) == math.inf


def test_without_a_rule_about_it_a_job_may_run_anywhere():
    rules = guard(deny(jobs={"team": "finance"}, regions=["de"]))
    assert set(allowed(rules, job(), 0, 5).values()) == {"yy"}
    assert allowed(rules, job()) == dict.fromkeys(IDS, "")


def test_only_keeps_a_job_in_its_regions():
    rules = guard(only(jobs={"team": "finance"}, regions=["gb", "de"]))
    assert allowed(rules, job(team="finance"), 0) == {
        "us-west": ".",
        "us-south": ".",
        "ca-east": ".",
        "gb": "y",
        "de": "y",
    }


def test_two_only_rules_leave_what_both_allow():
    rules = guard(only(regions=["gb", "de"]), only(regions=["de", "us-west"]))
    assert [name for name, row in allowed(rules, job(), 0).items() if row == "y"] == ["de"]


def test_deny_closes_its_regions_and_no_other():
    assert [name for name, row in allowed(guard(deny(regions=["gb"])), job(), 0).items() if row == "."] == ["gb"]


def test_exempt_jobs_are_free():
    rules = guard(deny(jobs={"kind": "batch"}, unless={"tag": "ci"}, regions=["gb"]))
    assert allowed(rules, job(), 0)["gb"] == "."
    assert allowed(rules, job(tags=("nightly", "ci")), 0)["gb"] == "y"


def test_a_local_window_closes_each_region_at_its_own_hours():
    """On a March Monday 16:00 is 16 UTC in Britain, 15 in Germany and 22 in Texas; a two-hour job."""
    rows = allowed(guard(deny(window=EVENING)), job(hours=2), 13, 14, 19, 20, 21, 22)
    assert rows["gb"] == "yy..yy"
    assert rows["de"] == "y..yyy"
    assert rows["us-south"] == "yyyy.."


def test_a_utc_window_closes_all_regions_at_once():
    rows = allowed(guard(deny(window={**EVENING, "tz": "UTC"})), job(hours=2), 14, 15, 20, 21)
    assert set(rows.values()) == {"y..y"}


def test_intensity_and_price_bind_the_start_and_only_above_the_limit():
    rules = guard(deny(regions=["gb"], intensity_above=350), deny(regions=["de"], price_above=90))
    at_limit = allowed(rules, job(), 0, intensity=350, price=90)
    above = allowed(rules, job(), 0, intensity=350.1, price=90.1)
    assert set(at_limit.values()) == {"y"}
    assert [name for name, row in above.items() if row == "."] == ["gb", "de"]


def test_each_condition_of_a_deny_forbids_by_itself():
    rules = guard(deny(regions=["gb"], window=EVENING, intensity_above=350))
    assert allowed(rules, job(), 10, 17, intensity=300)["gb"] == "y."
    assert allowed(rules, job(), 10, 17, intensity=400)["gb"] == ".."


def test_a_run_longer_than_an_only_window_must_start_inside_it():
    rules = guard(only(window={"start": "22:00", "end": "06:00", "tz": "UTC"}))
    assert allowed(rules, job(hours=2), 5, 21, 22, 28, 29)["gb"] == "..yy."
    assert allowed(rules, job(hours=9), 5, 21, 22, 29, 30)["gb"] == "y.yy."


def test_regions_that_the_scenario_lacks_are_no_place_to_run():
    assert allowed(guard(deny(regions=["fr"])), job(), 0)["gb"] == "y"
    assert set(allowed(guard(only(regions=["fr"])), job(), 0).values()) == {"."}


@pytest.mark.parametrize(
    ("selector", "matching", "other"),
    [
        ({"kind": "interactive"}, {"kind": "interactive"}, {}),
        ({"team": "ads"}, {"team": "ads"}, {"team": "finance"}),
        ({"customer": "acme"}, {"customer": "acme"}, {}),
        ({"tag": "ci"}, {"tags": ("etl", "ci")}, {"tags": ("etl",)}),
        ({"home": ["de", "ca-east"]}, {"home": "de"}, {"home": "gb"}),
        ({"priority_at_least": "high"}, {"priority": "critical"}, {"priority": "normal"}),
        ({"priority_at_most": "normal"}, {"priority": "normal"}, {"priority": "high"}),
        ({"gpu": True}, {"gpus": 1.0}, {"gpus": 0.0}),
        ({"gpu": False}, {"gpus": 0.0}, {"gpus": 1.0}),
        ({"longer_than_h": 4}, {"hours": 4.1}, {"hours": 4}),
        ({"shorter_than_h": 4}, {"hours": 3.9}, {"hours": 4}),
        ({"team": "ads", "gpu": True}, {"team": "ads", "gpus": 1.0}, {"team": "ads"}),
    ],
)
def test_a_selector_matches_when_all_its_fields_do(selector, matching, other):
    rules = guard(deny(jobs=selector, regions=["gb"]))
    # both ways round: a remembered answer must not leak from one job to the other
    for fields in (matching, other, matching):
        expected = "." if fields is matching else "y"
        assert allowed(rules, job(**fields), 0)["gb"] == expected


def test_why_not_names_the_first_rule_that_forbids_with_its_source():
    rules = guard(
        deny(regions=["de"], source="Not in Germany."),
        deny(regions=["gb"], intensity_above=350, source="Clean British power only."),
        deny(regions=["gb"], source="Not in Britain."),
    )
    assert rules.why_not(job(), "gb", 0, intensity=400, price=0) == (
        '"Jobs must not start in gb while the carbon intensity is above 350 gCO2e/kWh." '
        '(policy: "Clean British power only.")'
    )
    assert rules.why_not(job(), "gb", 0, intensity=300, price=0) == (
        '"Jobs must not run in gb." (policy: "Not in Britain.")'
    )
    assert rules.why_not(job(), "us-west", 0, intensity=400, price=0) is None


def test_a_delay_bounds_the_start_from_submission():
    rules = guard({"kind": "delay", "jobs": {"priority_at_least": "high"}, "max_delay_h": 2})
    assert rules.latest_start_s(job(submit_s=5 * HOUR, priority="high")) == 7 * HOUR
    assert rules.latest_start_s(job(submit_s=5 * HOUR)) == math.inf


def test_a_delay_may_be_for_long_jobs_only():
    rules = guard({"kind": "delay", "jobs": {"longer_than_h": 4}, "max_delay_h": 2})
    assert [rules.latest_start_s(job(hours=hours)) / HOUR for hours in (4, 5, 3)] == [math.inf, 2, math.inf]


def test_a_delay_bound_waits_for_the_next_decision():
    """Submitted ten minutes past, no delay: the next hourly decision is the earliest that can start it."""
    rules = guard({"kind": "delay", "max_delay_h": 0})
    assert rules.latest_start_s(job(submit_s=600.0)) == HOUR
    assert rules.latest_start_s(job(submit_s=HOUR)) == HOUR


def test_a_finish_bound_is_the_next_such_time_less_the_run():
    """Submitted at Monday 08:00 UTC: the next 06:00 in Berlin is Tuesday 05:00 UTC, hour 29."""
    rules = guard({"kind": "delay", "finish_by": "06:00", "tz": "Europe/Berlin"})
    assert rules.latest_start_s(job(hours=3, submit_s=8 * HOUR)) == 26 * HOUR
    assert rules.latest_start_s(job(hours=30, submit_s=8 * HOUR)) == 8 * HOUR


def test_a_local_finish_bound_is_of_the_region_of_submission():
    """The next 18:00 after Monday 08:00 UTC is hour 18 in Britain, and 24 in Texas (UTC-6)."""
    rules = guard({"kind": "delay", "finish_by": "18:00"})
    assert rules.latest_start_s(job(submit_s=8 * HOUR, home="gb")) == 17 * HOUR
    assert rules.latest_start_s(job(submit_s=8 * HOUR, home="us-south")) == 23 * HOUR
    with pytest.raises(InputError, match="'mars', which is no region of the scenario"):
        rules.latest_start_s(job(home="mars"))


def test_the_strictest_delay_binds():
    rules = guard({"kind": "delay", "max_delay_h": 4}, {"kind": "delay", "max_delay_h": 2})
    assert rules.latest_start_s(job()) == 2 * HOUR


def test_headroom_is_the_strictest_of_the_windows_that_touch_a_slot():
    """Hourly slots: half of Germany 10:00-11:30 UTC, 80 % at all times; elsewhere free."""
    rules = guard(
        {"kind": "headroom", "regions": ["de"], "max_utilization": 0.8},
        {
            "kind": "headroom",
            "regions": ["de"],
            "max_utilization": 0.5,
            "window": {"start": "10:00", "end": "11:30", "tz": "UTC"},
        },
    )
    limit = rules.cpu_limit(np.arange(9, 14) * HOUR, HOUR)
    assert limit[IDS.index("de")].tolist() == [0.8, 0.5, 0.5, 0.8, 0.8]
    assert limit[IDS.index("gb")].tolist() == [1.0] * 5
    assert rules.cpu_limit(np.empty(0), HOUR).shape == (5, 0)


def test_local_headroom_holds_at_each_regions_own_hours():
    rules = guard({"kind": "headroom", "max_utilization": 0.5, "window": {"start": "12:00", "end": "13:00"}})
    limit = rules.cpu_limit(np.arange(24) * HOUR, HOUR)
    assert [int(np.argmin(row)) for row in limit] == [20, 18, 17, 12, 11]


def everyone():
    """Yield every job that the selectors of our policies can tell apart."""
    vocabulary = Vocabulary.load(POLICIES / "vocabulary.json")
    for kind in vocabulary.kinds:
        for team in vocabulary.teams:
            for customer in (None, *vocabulary.customers):
                for tags in ((), ("pii",), ("backup",), ("report",), ("pii", "backup", "report")):
                    for home in IDS:
                        yield job(kind=kind, team=team, customer=customer, tags=tags, home=home)


@pytest.mark.parametrize("name", ["example", "residency"])
def test_our_policies_are_confirmed_enforced_and_leave_every_job_somewhere_to_run(name):
    vocabulary = Vocabulary.load(POLICIES / "vocabulary.json")
    rules = Guard(load_confirmed(POLICIES / f"{name}.md", vocabulary), REGIONS, MONDAY, HOUR)
    for one in everyone():
        assert "y" in "".join(allowed(rules, one, 23, intensity=900).values())


def test_the_example_policy_says_what_its_words_say():
    """Monday 23:00 UTC is 17:00 in Texas and midnight in Germany."""
    rules = Guard(load_confirmed(POLICIES / "example.md"), REGIONS, MONDAY, HOUR)

    def closed(one, **signals: float) -> list[str]:
        return [name for name, row in allowed(rules, one, 23, **signals).items() if row == "."]

    assert closed(job(team="finance", kind="interactive")) == ["us-west", "us-south", "ca-east"]
    assert closed(job(tags=("pii",), kind="interactive")) == ["us-west", "us-south"]
    assert closed(job(kind="batch")) == ["us-south"]
    assert closed(job(kind="interactive", tags=("backup",)), intensity=360) == ["gb"]
    assert [rules.latest_start_s(job(priority=p)) / HOUR for p in PRIORITIES] == [math.inf, math.inf, 2, 2]
    assert rules.cpu_limit(np.zeros(1), HOUR)[:, 0].tolist() == [1, 1, 1, 1, 0.8]


def test_windows_follow_the_scenarios_start():
    """The same Monday evening, in a scenario that starts at Monday noon."""
    rules = guard(deny(regions=["gb"], window=EVENING), start=datetime(2022, 3, 7, 12, tzinfo=UTC))
    assert allowed(rules, job(), 3, 4, 8, 9)["gb"] == "y..y"


def test_an_empty_policy_allows_everything():
    rules = Guard(policy(), REGIONS, MONDAY, HOUR)
    assert set(allowed(rules, job(), 0).values()) == {"y"}
    assert rules.cpu_limit(np.zeros(2), HOUR).tolist() == [[1.0, 1.0]] * 5
