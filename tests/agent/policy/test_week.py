"""The week of hours that rules leave: by region, on its own clock."""

from __future__ import annotations

from datetime import datetime

from grounds import nowhere_land, small
from policy_cases import policy

from agent.policy.preview.ground import Ground
from agent.policy.preview.week import weeks
from sim.units import seconds_since
from tests.worlds import mock_job

ALL, NONE = "█" * 24, "·" * 24
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
DENY = {"kind": "placement", "effect": "deny", "regions": ["us-south"]}


def hours(*rules: dict[str, object]) -> dict[str, dict[str, tuple[str, ...]]]:
    policy_set = policy(*rules)
    return {week.jobs: week.hours for week in weeks(policy_set, nowhere_land(policy_set))}


def test_a_window_closes_its_hours_on_its_days_in_its_region():
    window = {"start": "16:00", "end": "21:00", "days": WEEKDAYS}
    (found,) = hours({**DENY, "window": window}).values()
    closed = "█" * 16 + "·" * 5 + "█" * 3
    assert found["us-south"] == (closed,) * 5 + (ALL,) * 2
    assert found["gb"] == (ALL,) * 7


def test_windows_in_another_zone_stand_on_the_regions_clock():
    """18:00 to 20:00 UTC is 12:00 to 14:00 in Chicago in January."""
    (found,) = hours({**DENY, "window": {"start": "18:00", "end": "20:00", "tz": "UTC"}}).values()
    assert found["us-south"][0] == "█" * 12 + "··" + "█" * 10


def test_an_hour_that_is_closed_in_part_is_marked():
    (found,) = hours({**DENY, "window": {"start": "16:30", "end": "18:00"}}).values()
    assert found["us-south"][0][15:19] == "█▒·█"


def test_each_class_that_a_rule_names_has_its_week_and_so_have_all_others():
    found = hours({**DENY, "jobs": {"team": "ads"}}, {**DENY, "jobs": {"tag": "pii"}, "regions": ["gb"]})
    assert list(found) == ["Jobs that no rule names", "Jobs of team ads", "Jobs tagged pii"]
    assert [week["us-south"][0] for week in found.values()] == [ALL, NONE, ALL]
    assert [week["gb"][0] for week in found.values()] == [ALL, ALL, NONE]


def test_limits_approvals_and_full_regions_are_told_apart():
    (found,) = hours(
        {**DENY, "intensity_above": 300},
        {"kind": "approval", "regions": ["gb"]},
        {"kind": "approval", "cost_above_usd": 5},
        {"kind": "headroom", "regions": ["de"], "max_utilization": 0.0},
    ).values()
    assert [found[region][0][0] for region in ("us-south", "gb", "de", "us-west")] == ["~", "?", "·", "█"]


def test_long_jobs_may_run_in_hours_in_which_they_could_not_start():
    """50 h do not fit between windows of each day, but the hours between them are open."""
    deny = {**DENY, "jobs": {"longer_than_h": 40}, "window": {"start": "00:00", "end": "01:00"}}
    assert hours(deny)["Jobs longer than 40 h"]["us-south"][0] == "·" + "█" * 23


def test_a_wish_closes_nothing():
    assert hours({**DENY, "strength": "prefer"})["Jobs"]["us-south"] == (ALL,) * 7


def test_jobs_of_a_scenario_are_counted_by_class():
    rules = policy({"kind": "placement", "effect": "deny", "regions": ["home"], "jobs": {"team": "ads"}})
    ground = small(mock_job("a", team="ads"), mock_job("b"), mock_job("c"))
    assert [(week.jobs, week.count) for week in weeks(rules, ground)] == [
        ("Jobs that no rule names", 2),
        ("Jobs of team ads", 1),
    ]


def test_days_that_are_alike_share_a_line_and_a_grid_is_at_most_100_wide():
    policy_set = policy({**DENY, "window": {"start": "16:00", "end": "21:00", "days": WEEKDAYS}})
    (week,) = weeks(policy_set, nowhere_land(policy_set))
    lines = list(week.lines())
    assert [line.split()[:2] for line in lines[3:5]] == [["us-south", "mon-fri"], ["sat-sun", ALL * 2]]
    assert max(map(len, lines)) <= 100


def test_the_week_begins_on_a_monday_midnight_of_the_region_after_the_start():
    ground: Ground = nowhere_land(policy())
    for region in ground.regions:
        begin = ground.week_s(region)[0, 0]
        assert begin >= 0
        assert ground.clock(float(begin), region) == "mon 00:00"
    assert (
        seconds_since(ground.world.start, datetime.fromisoformat("2026-01-12T00:00Z"))
        == ground.week_s(next(region for region in ground.regions if region.id == "gb"))[0, 0]
    )
