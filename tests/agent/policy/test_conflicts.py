"""Rules that cannot all be kept: what is found, who is to blame for it, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from grounds import VOCABULARY, nowhere_land, small, told
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_cases import job, policy

from agent.policy.preview.conflicts import conflicts, nowhere
from agent.policy.preview.examine import examine
from agent.policy.preview.laid import Times, guard_of, laid_over
from sim.runner import simulate
from sim.schedulers import SCHEDULERS
from tests.worlds import mock_job

EUROPE = {"kind": "placement", "effect": "only", "regions": ["gb", "de"], "source": "Europe only."}
NO_PII = {"kind": "placement", "effect": "deny", "regions": ["gb", "de"], "jobs": {"tag": "pii"}, "source": "No pii."}
EVENING = {"start": "16:00", "end": "21:00", "tz": "UTC"}
CLOSED = {"kind": "placement", "effect": "deny", "window": EVENING, "source": "Closed."}
SOON = {"kind": "delay", "max_delay_h": 2, "source": "Soon."}
UNRELATED = {"kind": "placement", "effect": "deny", "regions": ["us-west"], "source": "Unrelated."}


def found(*rules: dict[str, object]) -> list[tuple[str, str, tuple[str, ...]]]:
    policy_set = policy(*rules)
    return told(conflicts(policy_set, nowhere_land(policy_set)))


def test_only_against_deny_is_a_conflict_that_quotes_both_and_no_other():
    assert found(EUROPE, UNRELATED, NO_PII) == [("error", "`only` against `deny`", ("Europe only.", "No pii."))]


def test_two_onlys_without_a_region_in_common_leave_none():
    rules = [
        {"kind": "placement", "effect": "only", "regions": [region], "jobs": {key: name}, "source": region}
        for region, key, name in (("gb", "team", "ads"), ("de", "customer", "acme"))
    ]
    assert found(*rules) == [("error", "no region left", ("gb", "de"))]


def test_teams_that_no_job_can_have_both_do_not_clash():
    rules = [
        {"kind": "placement", "effect": "only", "regions": [region], "jobs": {"team": team}}
        for region, team in (("gb", "ads"), ("de", "finance"))
    ]
    assert found(*rules) == []


def test_an_exemption_and_a_wish_make_no_conflict():
    assert found({**EUROPE, "unless": {"tag": "pii"}}, NO_PII) == []
    assert found({**EUROPE, "strength": "prefer"}, NO_PII) == []


def test_it_may_take_three_rules():
    deny = [{"kind": "placement", "effect": "deny", "regions": [name], "source": name} for name in ("gb", "de")]
    assert found(EUROPE, *deny) == [("error", "`only` against `deny`", ("Europe only.", "gb", "de"))]


def test_what_no_job_of_a_scenario_is_like_is_a_warning():
    rules = policy(
        {"kind": "placement", "effect": "only", "regions": ["home"], "jobs": {"team": "ads"}},
        {"kind": "placement", "effect": "deny", "regions": ["home"], "jobs": {"tag": "pii"}},
    )
    assert [one.level for one in nowhere(rules, small(mock_job("a", team="ads")))] == ["warning"]
    (error,) = nowhere(rules, small(mock_job("a", team="ads"), mock_job("b", team="ads", tags=("pii",))))
    assert (error.level, error.example[:2]) == ("error", "b:")
    assert not list(nowhere(rules, small(mock_job("a", team="ads")), only_real=True))


def test_a_job_that_is_longer_than_the_gaps_between_windows_never_runs():
    """From 21:00 to 16:00 there are 19 h."""
    assert not list(nowhere(policy(CLOSED), small(mock_job("a", hours=19))))
    assert [one.level for one in nowhere(policy(CLOSED), small(mock_job("a", hours=20)))] == ["error"]


def test_a_limit_that_the_scenarios_grid_never_meets_leaves_no_region():
    """Home emits 100 g/kWh at all times, away 200."""
    limit = {"kind": "placement", "effect": "deny"}
    assert not list(nowhere(policy({**limit, "intensity_above": 100}), small(mock_job("a"))))
    assert len(list(nowhere(policy({**limit, "intensity_above": 99}), small(mock_job("a"))))) == 1


@pytest.mark.parametrize(("most", "errors"), [(0.4, 1), (0.5, 0)])
def test_a_budget_smaller_than_a_job_is_a_conflict(most: float, errors: int):
    """The job draws 1 kWh, and may draw half of it on either side of midnight; a made-up world is not looked at."""
    rules = policy({"kind": "budget", "metric": "energy_kwh", "max": most, "per": "day"})
    kinds = [one.kind for one in conflicts(rules, small(mock_job("a")))]
    assert kinds == ["budget smaller than a job"] * errors
    assert [one.kind for one in examine(rules, nowhere_land(rules), VOCABULARY)] == ["not checked"]


def test_a_headroom_smaller_than_a_job_is_a_conflict():
    rules = policy({"kind": "headroom", "max_utilization": 0.5, "jobs": {"kind": "batch"}})
    assert [one.kind for one in conflicts(rules, small(mock_job("a", cpus=6)))] == ["headroom smaller than a job"]
    assert conflicts(rules, small(mock_job("a", cpus=5))) == []


def test_a_window_that_is_longer_than_a_delay_is_a_conflict():
    """What is submitted at 16, 17 or 18 must start by 18, 19 or 20, and may from 21 on; 15:30 lasts until 16:30."""
    (error,) = conflicts(policy(CLOSED, SOON), nowhere_land(policy()))
    assert (error.level, error.sentences) == ("error", ("Closed.", "Soon."))
    assert "28 of the 168 hours" not in error.says
    assert "21 of the 168 hours" in error.says
    assert found(CLOSED, {**SOON, "max_delay_h": 6}) == []
    assert found({**CLOSED, "regions": ["gb"]}, SOON) == []


def test_a_time_to_finish_by_that_a_window_makes_impossible_is_a_conflict():
    """Jobs run from 22 to 6 and must end by 18: what comes at 6, ..., 17 is too late for the one, or for the other."""
    only = {"kind": "placement", "effect": "only", "window": {"start": "22:00", "end": "06:00", "tz": "UTC"}}
    (error,) = conflicts(policy(only, {"kind": "delay", "finish_by": "18:00", "tz": "UTC"}), nowhere_land(policy()))
    assert "84 of the 168 hours" in error.says


@given(st.sets(st.integers(0, 3), min_size=1), st.sampled_from([0.5, 3.0, 20.0, 60.0]))
@settings(max_examples=20, deadline=None)
def test_rules_together_leave_what_all_of_them_leave(chosen: set[int], hours: float):
    """So it is enough to ask them one by one."""
    dear = {"kind": "placement", "effect": "deny", "regions": ["gb"], "price_above": 10}
    by_day = {"kind": "placement", "effect": "only", "window": {"start": "08:00", "end": "20:00"}}
    all_rules = policy(EUROPE, CLOSED, dear, by_day).rules
    rules = [all_rules[n] for n in sorted(chosen)]
    ground = nowhere_land(policy())
    times, one = Times.of_run(ground), job(hours)
    alone = [laid.leaves(one, times) for laid in laid_over(rules, ground)]
    together = guard_of(rules, ground).allowed(one, times.starts_s, intensity=times.intensity, price=times.price)
    assert (np.all(alone, axis=0) == together).all()


HOURS = st.integers(0, 23)
WINDOWS = st.builds(
    lambda start, length: {"start": f"{start:02}:00", "end": f"{(start + length) % 24:02}:00", "tz": "UTC"},
    HOURS,
    st.integers(1, 23),
)
PLACEMENTS = st.fixed_dictionaries(
    {"kind": st.just("placement"), "effect": st.sampled_from(["only", "deny"]), "window": WINDOWS},
    optional={"regions": st.sampled_from([["home"], ["away"], ["home", "away"]])},
)


@given(st.lists(PLACEMENTS, min_size=1, max_size=4), st.integers(1, 20))
@settings(max_examples=25, deadline=None)
def test_a_job_is_said_to_have_no_place_if_and_only_if_it_never_starts(rules: list[dict[str, object]], hours: int):
    """A scheduler that looks at every hour of every region runs it in all other cases."""
    ground = small(mock_job("a", hours=hours, slack_h=40))
    said = list(nowhere(policy(*rules), ground, only_real=True))
    run = simulate(ground.world, SCHEDULERS["spatiotemporal"], guard_of(policy(*rules).rules, ground))
    assert bool(said) == (not run.history.rows)
