"""Suspend rules: what the guard refuses, what schedulers are told, and what the check finds in what ran."""

from __future__ import annotations

import math

import pytest
from policy_cases import HOUR, MONDAY, REGIONS, bound, guard, job, policy

from agent.case import policy_violations
from agent.policy.check import Segment, violations
from sim.engine import Engine
from sim.errors import RuleDenied
from sim.model import Checkpoint, Migrate, Place, Resume, Suspend
from sim.runner import simulate
from sim.schedulers import SCHEDULERS
from sim.summary import account
from tests.worlds import mock_job, mock_world

NEVER = {"kind": "suspend", "allowed": False, "source": "Never suspend."}
ONCE = {"kind": "suspend", "max_times": 1}
DIRTY_EVERY_THIRD = [100.0, 900.0, 900.0] * 8


def running(*rules: dict[str, object]) -> Engine:
    """Return an engine in which a job of four hours with a checkpoint began at hour 0; it is hour 1."""
    world = mock_world([mock_job("a", hours=4, checkpoint=Checkpoint())], [[100.0], [100.0]])
    engine = Engine(world, bound(world, *rules))
    engine.next_view()
    engine.apply(Place("a", "home", 0.0))
    engine.next_view()
    return engine


def test_the_guard_counts_the_suspensions_that_were():
    rules = guard(ONCE, {**NEVER, "jobs": {"team": "ads"}})
    assert rules.why_not_suspend(job(), 0) is None
    assert rules.why_not_suspend(job(), 1) == '"Jobs may be suspended at most once." (policy: "Rule 0.")'
    assert rules.why_not_suspend(job(team="ads"), 0) == (
        '"Jobs of team ads must not be suspended." (policy: "Never suspend.")'
    )
    assert guard({"kind": "suspend", "allowed": True}).why_not_suspend(job(), 99) is None


@pytest.mark.parametrize("action", [Suspend("a"), Migrate("a", "away", HOUR)])
def test_what_would_suspend_a_job_that_must_not_be_is_refused_and_it_runs_on(action: Suspend | Migrate):
    engine = running(NEVER)
    with pytest.raises(RuleDenied, match="must not be suspended"):
        engine.apply(action)
    assert [held.state for held in engine.view().held] == ["running"]
    assert (engine.history.suspensions, engine.history.migrations) == ([], [])


def test_a_stay_that_would_end_with_a_suspension_is_refused():
    world = mock_world([mock_job("a", hours=4, checkpoint=Checkpoint())], [[100.0]])
    engine = Engine(world, bound(world, NEVER))
    engine.next_view()
    with pytest.raises(RuleDenied, match="must not be suspended"):
        engine.apply(Place("a", "home", 0.0, until_s=HOUR))


def test_once_means_once_and_moving_a_suspended_job_is_not_another():
    engine = running(ONCE)
    engine.apply(Suspend("a"))
    engine.apply(Migrate("a", "away", HOUR))
    engine.next_view()
    with pytest.raises(RuleDenied, match="at most once"):
        engine.apply(Suspend("a"))


def test_going_on_is_a_start_for_limits_on_intensity():
    world = mock_world([mock_job("a", hours=4, checkpoint=Checkpoint())], [[100.0, 900.0] * 12])
    engine = Engine(world, bound(world, {"kind": "placement", "effect": "deny", "intensity_above": 500}))
    engine.next_view()
    engine.apply(Place("a", "home", 0.0))
    engine.next_view()
    engine.apply(Suspend("a"))
    with pytest.raises(RuleDenied, match="intensity is above 500"):
        engine.apply(Resume("a", HOUR))
    engine.next_view()
    engine.apply(Resume("a", 2 * HOUR))


@pytest.mark.parametrize("name", ["wait-awhile", "ecovisor", "carbonscaler", "carbonclipper", "plan"])
@pytest.mark.parametrize(("rule", "most"), [(NEVER, 0), (ONCE, 1)])
def test_schedulers_that_suspend_do_not_try_more_often_than_the_rule_allows(
    name: str, rule: dict[str, object], most: int
):
    """One hour of three is clean: without the rule they pause again and again."""
    jobs = [mock_job("a", hours=6, slack_h=20, cpus=4, checkpoint=Checkpoint())]
    world = mock_world(jobs, [DIRTY_EVERY_THIRD])
    run = simulate(world, SCHEDULERS[name], bound(world, rule))
    assert [row.verdict for row in run.decisions if row.verdict != "ok"] == []
    assert len(run.history.suspensions) <= most
    assert [piece.finished for piece in run.history.pieces][-1]
    assert policy_violations(run, policy(rule), account(run)) == []


def test_the_check_finds_what_the_guard_would_have_refused():
    """A run without any guard, under which wait-awhile pauses again and again."""
    world = mock_world([mock_job("a", hours=6, slack_h=20, cpus=4, checkpoint=Checkpoint())], [DIRTY_EVERY_THIRD])
    run = simulate(world, SCHEDULERS["wait-awhile"])
    times = len(run.history.suspensions)
    assert times > 2
    found = [len(policy_violations(run, policy(rule), account(run))) for rule in (NEVER, ONCE)]
    assert found == [times, times - 1]


def suspensions(*segments: Segment, unfinished: bool = False) -> int:
    return len(
        violations(
            policy(NEVER), REGIONS, MONDAY, HOUR, [segments[0].job], segments, until_s=10 * HOUR,
            intensity=lambda *_: 0.0, price=lambda *_: 0.0, unfinished=["j1"] if unfinished else [],
        )
    )  # fmt: skip


def piece(start_h: float, end_h: float, kind: str = "run", scale: float = 1.0) -> Segment:
    return Segment(job(), "gb", start_h * HOUR, end_h * HOUR, kind, scale)


def test_the_check_tells_a_suspension_from_other_ends_of_a_stay():
    assert suspensions(piece(0, 1)) == 0  # it ended
    assert suspensions(piece(0, 1), piece(2, 3)) == 1
    assert suspensions(piece(0, 1), piece(1, 2)) == 1  # and went on at the same moment
    assert suspensions(piece(0, 1), piece(1, 1.5, "save"), piece(2, 2.5, "restore"), piece(2.5, 3)) == 1
    assert suspensions(piece(0, 1), piece(1, 1.5, "save")) == 1
    assert suspensions(piece(0, 1, "lost"), piece(2, 3)) == 0
    assert suspensions(piece(0, 1), piece(1, 2, scale=2.0)) == 0  # resized
    assert suspensions(piece(0, 1), unfinished=True) == 1
    assert suspensions(piece(0, 10), unfinished=True) == 0  # the run was over


def test_a_rule_that_names_no_number_sets_no_limit():
    assert policy({"kind": "suspend", "allowed": True}).rules[0].most == math.inf  # type: ignore[union-attr]
