"""What a description does to one job: it takes away, gives nothing, and leaves the job somewhere to run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.described.bounds import Bounds, LeftOut, bounds_of
from agent.described.guard import DescribedRules
from agent.hints import JobHints
from agent.policy.guard import Guard
from agent.policy.rules import PolicySet
from sim.constraints import Unconstrained
from sim.engine import Engine
from sim.errors import IllegalAction, RuleDenied
from sim.model import Checkpoint, Decision, Job, Migrate, Place, Suspend
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import START, mock_job, mock_world

RULES: list[dict[str, Any]] = [
    {"kind": "placement", "effect": "deny", "regions": ["away"]},
    {"kind": "placement", "effect": "only", "window": {"start": "06:00", "end": "12:00"}},
    {"kind": "placement", "effect": "deny", "jobs": {"priority_at_most": "normal"}, "intensity_above": 200},
    {"kind": "delay", "max_delay_h": 5},
    {"kind": "suspend", "max_times": 1},
    {"kind": "headroom", "max_utilization": 0.5, "jobs": {"team": "ads"}},
]
NOWHERE = "it would leave the job nowhere to run in time"
hours = st.integers(0, 48)
regions = st.none() | st.lists(st.sampled_from(["home", "away", "far"]), min_size=1, unique=True).map(tuple)
hints_of_any_kind = st.fixed_dictionaries(
    {},
    optional={
        "deadline": st.integers(-5, 60).map(lambda h: START + timedelta(hours=h)),
        "max_delay_h": hours.map(float),
        "regions_only": regions,
        "regions_deny": regions,
        "interruptible": st.booleans(),
        "priority": st.sampled_from(["low", "normal", "high", "critical"]),
        "duration_h": st.just(0.1),
        "cpus": st.just(1.0),
    },
).flatmap(
    lambda fields: st.just(fields) | hours.map(lambda h: {**fields, "earliest_start": START + timedelta(hours=h)})
)


def world_of(*jobs: Job) -> World:
    return mock_world(jobs, [[100.0], [300.0], [150.0]])


def hinted(job: Job, rules: list[dict[str, Any]] | None = None, **hints: Any) -> tuple[Bounds, LeftOut]:
    world = world_of(job)
    return bounds_of(job, JobHints.model_validate(hints), world, guard_of(world, rules or []))


def guard_of(world: World, rules: list[dict[str, Any]]) -> Guard | Unconstrained:
    if not rules:
        return Unconstrained(world.regions)
    policy_set = PolicySet.model_validate({"rules": [{"source": "x", **rule} for rule in rules]})
    return Guard(policy_set, world.regions, world.start, world.epoch_s)


def at(hour: float) -> Any:
    return START + timedelta(hours=hour)


def test_a_later_start_an_earlier_deadline_and_fewer_regions_bind():
    bounds, left_out = hinted(
        mock_job("a", hours=2),
        earliest_start=at(3), deadline=at(9), regions_only=["home", "away"], regions_deny=["home"], interruptible=False,
    )  # fmt: skip
    assert left_out == {}
    assert (bounds.not_before_s, bounds.latest_start_s) == (3 * HOUR_S, 7 * HOUR_S)
    assert (bounds.open.tolist(), bounds.where, bounds.suspendable) == ([False, True, False], "away", False)


@pytest.mark.parametrize(
    ("fields", "hints", "left_out"),
    [
        ({"slack_h": 4}, {"deadline": at(9)}, {"deadline": "the job's own deadline is earlier"}),
        ({"submit_h": 4}, {"deadline": at(3)}, {"deadline": "it was over when the job was submitted"}),
        ({"slack_h": 4}, {"earliest_start": at(5)}, {"earliest_start": "it would leave the job no time to run"}),
        ({}, {"regions_deny": ["home", "away", "far"]}, {"regions_deny": NOWHERE}),
        ({}, {"interruptible": True}, {"interruptible": "the job has no checkpoint"}),
        ({}, {"priority": "critical"}, {"priority": "a text changes no priority"}),
        ({}, {"priority": "low"}, {"priority": "a text changes no priority"}),
        ({}, {"duration_h": 0.1}, {"duration_h": "the job's own estimate holds"}),
        ({}, {"cpus": 1, "gpus": 8, "memory_gb": 1}, dict.fromkeys(("cpus", "gpus", "memory_gb"),
                                                                    "the job's own size holds")),
    ],
)  # fmt: skip
def test_what_would_give_more_or_leave_nothing_is_left_out_with_the_reason(fields, hints, left_out):
    bounds, found = hinted(mock_job("a", **fields), **hints)
    assert found == left_out
    assert bounds.open.all()
    assert bounds.suspendable
    assert (bounds.not_before_s, bounds.latest_start_s) == (-np.inf, np.inf)


def test_a_rule_goes_before_a_description():
    """away is forbidden by a rule: a description that wants it alone binds nobody."""
    _, left_out = hinted(mock_job("a"), [RULES[0]], regions_only=["away"])
    assert set(left_out) == {"regions_only"}
    _, left_out = hinted(mock_job("a"), [RULES[3]], earliest_start=at(6))
    assert set(left_out) == {"earliest_start"}, "it would break the rule on delays"


def test_a_deadline_that_cannot_be_met_means_as_soon_as_possible():
    bounds, left_out = hinted(mock_job("a", submit_h=0.5, hours=5), deadline=at(2), max_delay_h=30)
    assert (bounds.latest_start_s, left_out) == (HOUR_S, {})


@settings(max_examples=150, deadline=None)
@given(
    hints_of_any_kind,
    st.lists(st.sampled_from(RULES), unique_by=id),
    st.integers(0, 5),
    st.integers(1, 30),
    st.booleans(),
)
def test_nothing_is_allowed_with_a_description_that_is_not_without_it(hints, rules, submit_h, slack_h, pausable):
    try:
        said = JobHints.model_validate(hints)
    except ValueError:
        return
    job = mock_job("a", submit_h, 2.0, slack_h=slack_h, cpus=4, team="ads",
                   checkpoint=Checkpoint() if pausable else None)  # fmt: skip
    world = world_of(job)
    plain, rules_too = guard_of(world, rules), guard_of(world, rules)
    bound = DescribedRules(rules_too, world.regions)
    bounds, _ = bounds_of(job, said, world, rules_too)
    bound.bind("a", bounds)
    starts_s = HOUR_S * np.arange(0, 60, 0.5)
    signals = {name: np.full((3, len(starts_s)), 190.0) for name in ("intensity", "price")}
    before, after = plain.allowed(job, starts_s, **signals), bound.allowed(job, starts_s, **signals)
    assert (after <= before).all()
    assert (bound.allowed_all(world.workload.jobs, starts_s, **signals)[0] == after).all()
    assert bound.latest_start_s(job) <= plain.latest_start_s(job)
    for r, region in enumerate(("home", "away", "far")):
        for s, start_s in enumerate(starts_s.tolist()):
            reason = bound.why_not(job, region, start_s, intensity=190.0, price=190.0)
            assert (reason is None) == after[r, s]
    for times in range(3):
        assert bound.may_suspend(job, times) <= plain.may_suspend(job, times)
        if plain.why_not_suspend(job, times):
            assert bound.why_not_suspend(job, times)
    timely = (starts_s >= job.submit_s) & (starts_s <= min(job.latest_start_s, plain.latest_start_s(job)))
    if before[:, timely].any():
        assert after[:, timely].any(), "the description left the job nowhere to run in time"


ACTIONS: list[Decision] = [
    *(Place("a", region, hour * HOUR_S) for region in ("home", "away", "far") for hour in (1, 2, 7.5, 20)),
    Place("a", "home", HOUR_S, until_s=2 * HOUR_S),
    Suspend("a"),
    Migrate("a", "far", 2 * HOUR_S),
]


@settings(max_examples=60, deadline=None)
@given(
    hints_of_any_kind, st.lists(st.sampled_from(RULES), unique_by=id), st.lists(st.sampled_from(ACTIONS), max_size=3)
)
def test_the_engine_does_nothing_for_a_described_job_that_it_would_not_do_without(hints, rules, actions):
    try:
        said = JobHints.model_validate(hints)
    except ValueError:
        return
    job = replace(mock_job("a", 0.5, 4.0, slack_h=30, cpus=4), checkpoint=Checkpoint())
    world = world_of(job)
    bound = DescribedRules(guard_of(world, rules), world.regions)
    bound.bind("a", bounds_of(job, said, world, guard_of(world, rules))[0])
    plain, described = Engine(world, guard_of(world, rules)), Engine(world, bound)
    for engine in (plain, described):
        engine.next_view()
    for action in actions:
        if done(described, action):
            assert done(plain, action)


def done(engine: Engine, action: Decision) -> bool:
    try:
        engine.apply(action)
    except (IllegalAction, RuleDenied):
        return False
    return True
