"""Stays that end before the job does, what is open to decide on, and plans that act on what runs."""

from __future__ import annotations

import math

import pytest

from sim.constraints import Unconstrained
from sim.engine import Engine
from sim.errors import IllegalAction
from sim.model import Checkpoint, Job, Place, Resize, Resume, Suspend
from sim.open_work import PENDING, RUNNING, SUSPENDED
from sim.runner import simulate
from sim.schedulers.base import Plan, Scheduler
from sim.units import HOUR_S
from sim.view import View
from tests.worlds import mock_job, mock_world

FREE = Checkpoint()


def stays(engine: Engine) -> list[tuple[float, float]]:
    """Return the (start h, end h) of every piece."""
    return [(p.start_s / HOUR_S, p.end_s / HOUR_S) for p in engine.history.pieces]


def test_a_stay_until_half_past_one_ends_there_and_the_rest_comes_later():
    engine = Engine(mock_world([mock_job("a", hours=3, checkpoint=FREE)], [[100.0] * 24]))
    engine.next_view()
    engine.apply(Place("a", "home", 0.0, until_s=1.5 * HOUR_S))
    view = engine.next_view()  # hour 1: it runs
    assert view is not None
    view = engine.next_view()
    assert view is not None
    assert [(s.job.id, s.remaining_s / HOUR_S) for s in view.suspended] == [("a", 1.5)]
    engine.apply(Resume("a", 4 * HOUR_S))
    while engine.next_view():
        pass
    assert stays(engine) == [(0, 1.5), (4, 5.5)]
    assert engine.history.suspensions == [0]


def test_a_job_that_ends_before_its_stay_does_is_finished():
    engine = Engine(mock_world([mock_job("a", checkpoint=FREE)], [[100.0] * 24]))
    engine.next_view()
    engine.apply(Place("a", "home", 0.0, until_s=5 * HOUR_S))
    while engine.next_view():
        pass
    assert stays(engine) == [(0, 1)]
    assert engine.history.suspensions == []


def test_the_room_behind_a_stay_is_free_for_others():
    jobs = [mock_job("a", hours=4, checkpoint=FREE), mock_job("b", hours=1)]
    engine = Engine(mock_world(jobs, [[100.0] * 24]))
    engine.next_view()
    engine.apply(Place("a", "home", 0.0, until_s=2 * HOUR_S))
    room = engine.view().room
    assert room is not None
    assert room[0, :4, 0].tolist() == [0, 0, 10, 10]


def test_stays_are_refused_without_checkpoint_or_with_an_end_before_the_start():
    engine = Engine(mock_world([mock_job("a"), mock_job("b", checkpoint=FREE)], [[100.0] * 24]))
    engine.next_view()
    with pytest.raises(IllegalAction, match="it has no checkpoint"):
        engine.apply(Place("a", "home", 0.0, until_s=HOUR_S))
    with pytest.raises(IllegalAction, match="expected a time after its start"):
        engine.apply(Place("b", "home", HOUR_S, until_s=HOUR_S))


def test_open_work_shows_what_is_pending_suspended_and_running_with_what_is_left():
    jobs = [mock_job(name, hours=2, cpus=2, checkpoint=FREE) for name in "abc"] + [mock_job("rigid", cpus=1)]
    engine = Engine(mock_world(jobs, [[100.0] * 24]))
    engine.next_view()
    for name in ("a", "b", "rigid"):
        engine.apply(Place(name, "home", 0.0))
    engine.next_view()
    engine.apply(Suspend("a"))
    work = engine.view().work
    assert work.jobs.ids == ["c", "a", "b"]
    assert work.state.tolist() == [PENDING, SUSPENDED, RUNNING]
    assert work.region.tolist() == [-1, 0, 0]
    assert (work.remaining_s / HOUR_S).tolist() == [2, 1, 1]
    assert work.scale.tolist() == [0, 0, 1]
    assert (work.latest_start_s / HOUR_S).tolist() == [24, 25, 25]


def test_a_job_that_reads_its_checkpoint_is_not_open():
    jobs = [mock_job("a", hours=4, checkpoint=Checkpoint(restore_s=2 * HOUR_S))]
    engine = Engine(mock_world(jobs, [[100.0] * 24]))
    engine.next_view()
    engine.apply(Place("a", "home", 0.0))
    engine.next_view()
    engine.apply(Suspend("a"))
    engine.apply(Resume("a", HOUR_S))
    view = engine.view()
    assert [c.state for c in view.commitments] == ["restoring"]
    assert len(view.work) == 0


def start_then_pause(view: View) -> Plan:
    """Start what is pending; suspend at hour 1; go on at hour 3."""
    if view.now_s == HOUR_S:
        return Plan.acting(view, [Suspend("a")])
    if view.now_s == 3 * HOUR_S:
        return Plan.acting(view, [Resume("a", view.now_s)])
    return Plan.acting(view, [Place(job.id, "home", view.now_s) for job in view.pending])


def test_a_scheduler_that_acts_is_asked_while_anything_can_be_acted_on_and_its_actions_are_written_down():
    world = mock_world([mock_job("a", hours=2, checkpoint=FREE)], [[100.0] * 24])
    run = simulate(world, Scheduler("pause", "carbon", "", start_then_pause, rolling=False, acts=True))
    assert [(p.start_s / HOUR_S, p.end_s / HOUR_S) for p in run.history.pieces] == [(0, 1), (3, 4)]
    assert [(d.action, d.now_s / HOUR_S) for d in run.decisions] == [("suspend", 1), ("resume", 3)]
    assert [rows.plan.jobs.ids for rows in run.plans] == [["a"]]


def test_a_scheduler_that_only_places_is_not_asked_about_what_runs():
    asked = []

    def place(view: View) -> Plan:
        asked.append(view.now_s)
        return Plan.acting(view, [Place(job.id, "home", view.now_s) for job in view.pending])

    world = mock_world([mock_job("a", hours=5, checkpoint=FREE)], [[100.0] * 24])
    simulate(world, Scheduler("place", "agnostic", "", place, rolling=False))
    assert asked == [0.0]


def test_a_plan_of_places_keeps_their_scale_and_end():
    world = mock_world([mock_job("a", hours=2, checkpoint=FREE, throughput=(1.0, 2.0))], [[100.0] * 24])
    view = Engine(world).next_view()
    assert view is not None
    plan = Plan.acting(view, [Place("a", "home", 0.0, 2, 1800.0)])
    assert (plan[0].scale, plan[0].until_s, plan[0].late) == (2, 1800.0, False)
    assert Plan.of(view, [])[:] == ()
    assert math.isinf(Place("a", "home", 0.0).until_s)


class NoFewer(Unconstrained):
    """Job `a` must not go on with other workers than it has."""

    def why_not(self, job: Job, region: str, start_s: float, *, intensity: float, **_: object) -> str | None:
        return "a stays as it is" if job.id == "a" and math.isnan(intensity) else None


@pytest.mark.parametrize("ruled", [True, False])
def test_what_a_refusal_makes_impossible_is_noted_and_nothing_else_is_forgiven(ruled: bool):
    """Ten CPUs: a holds eight and should give four back, so that b can have two more."""
    jobs = [mock_job("a", hours=4, cpus=4, throughput=(1.0, 1.8)), mock_job("b", hours=4, cpus=2, throughput=(1, 2, 3))]

    def plan(view: View) -> Plan:
        if not view.now_s:
            return Plan.acting(view, [Place("a", "home", 0.0, scale=2), Place("b", "home", 0.0)])
        wanted = [Resize("a", 1), Resize("b", 2)] if view.now_s == HOUR_S else []
        return Plan.acting(view, wanted if ruled else wanted[1:])

    world = mock_world(jobs, [[100.0]])
    trial = Scheduler("trial", "agnostic", "a test", plan, rolling=False, acts=True)
    if not ruled:
        with pytest.raises(IllegalAction, match="no room for 2 workers"):
            simulate(world, trial)
        return
    verdicts = [row.verdict for row in simulate(world, trial, NoFewer(world.regions)).decisions]
    assert verdicts[:3] == ["ok", "ok", "a stays as it is"]
    assert "no room for 2 workers" in verdicts[3]
