"""The engine: order of events, queues, and what it refuses. The log of what ran is the assertion."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.bound import lower_bound
from sim.constraints import Unconstrained
from sim.engine import Engine
from sim.errors import IllegalAction, InputError, RuleDenied
from sim.history import Piece, Refusal
from sim.model import Commitment, Defer, Job, Place
from sim.runner import simulate
from sim.schedulers import SCHEDULERS
from sim.summary import account
from sim.units import HOUR_S, FloatArray
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world


def log(engine: Engine) -> list[tuple[str, str, float, float]]:
    """Return (job, region, start h, end h) of what ran, in start order."""
    return log_of(engine.history.pieces, engine.world)


def log_of(segments: list[Piece], world: World) -> list[tuple[str, str, float, float]]:
    ordered = sorted(segments, key=lambda s: (s.start_s, s.job))
    return [
        (world.workload.jobs[s.job].id, world.regions[s.region].id, s.start_s / HOUR_S, s.end_s / HOUR_S)
        for s in ordered
    ]


def place_all_now(engine: Engine) -> Engine:
    while view := engine.next_view():
        for job in view.pending:
            engine.place(Place(job.id, "home", view.now_s))
    return engine


def test_jobs_that_do_not_fit_wait_in_planned_start_order():
    world = mock_world([mock_job("a", hours=2), mock_job("b"), mock_job("c", 0.5, cpus=5)], [[100]])
    assert log(place_all_now(Engine(world))) == [("a", "home", 0, 2), ("b", "home", 2, 3), ("c", "home", 3, 4)]


def test_an_end_frees_its_room_before_the_question_at_the_same_time():
    engine = Engine(mock_world([mock_job("a"), mock_job("b", 1.0)], [[100]]))
    first = engine.next_view()
    assert first is not None
    engine.place(Place("a", "home", 0.0))
    second = engine.next_view()
    assert second is not None
    assert (second.now_s, second.free[0][0], [job.id for job in second.pending]) == (HOUR_S, 10, ["b"])


def test_a_job_submitted_between_epochs_is_seen_at_the_next():
    view = Engine(mock_world([mock_job("a", 0.3)], [[100]])).next_view()
    assert view is not None
    assert view.now_s == HOUR_S


def test_a_deferred_job_is_not_asked_about_before_it_is_due():
    engine = Engine(mock_world([mock_job("a")], [[100]]))
    engine.next_view()
    engine.defer("a", 3 * HOUR_S)
    view = engine.next_view()
    assert view is not None
    assert view.now_s == 3 * HOUR_S


def test_a_planned_start_is_kept_and_shown_until_then():
    engine = Engine(mock_world([mock_job("a"), mock_job("b", 1.0)], [[100]]))
    engine.next_view()
    engine.place(Place("a", "home", 2.5 * HOUR_S))
    view = engine.next_view()
    assert view is not None
    job = engine.world.workload.jobs[0]
    assert view.commitments == (Commitment(job, "home", 2.5 * HOUR_S, 3.5 * HOUR_S, running=False, state="planned"),)
    engine.place(Place("b", "home", 4 * HOUR_S))
    assert engine.next_view() is None
    assert log(engine) == [("a", "home", 2.5, 3.5), ("b", "home", 4, 5)]


def test_the_horizon_cuts_what_still_runs():
    engine = place_all_now(Engine(mock_world([mock_job("a", hours=5)], [[100]], hours=3)))
    (segment,) = engine.history.pieces
    assert (segment.end_s, segment.finished) == (3 * HOUR_S, False)


def test_the_true_duration_counts_and_the_scheduler_sees_the_estimate():
    world = mock_world([mock_job("a", hours=1)], [[100]], durations_h=[2.5])
    engine = Engine(world)
    view = engine.next_view()
    assert view is not None
    assert view.pending[0].duration_estimate_s == HOUR_S
    engine.place(Place("a", "home", 0.0))
    assert engine.next_view() is None
    assert log(engine) == [("a", "home", 0, 2.5)]


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (Place("nobody", "home", 0.0), "no pending job 'nobody'"),
        (Place("a", "nowhere", 0.0), "no region 'nowhere'; regions are home"),
        (Place("a", "home", -1.0), "is before now"),
        (Defer("a", 0.0), "cannot defer"),
    ],
)
def test_what_cannot_be_is_refused_by_name(decision: Place | Defer, message: str):
    engine = Engine(mock_world([mock_job("a")], [[100]]))
    engine.next_view()
    with pytest.raises(IllegalAction, match=message):
        engine.apply(decision)


def test_a_running_or_planned_job_cannot_be_placed_again():
    engine = Engine(mock_world([mock_job("a", hours=3), mock_job("b", slack_h=40), mock_job("c", 1.0)], [[100]]))
    engine.next_view()
    engine.place(Place("a", "home", 0.0))
    engine.place(Place("b", "home", 9 * HOUR_S))
    engine.next_view()
    for job, state in (("a", "running"), ("b", "planned")):
        with pytest.raises(IllegalAction, match=f"job {job} is {state} already"):
            engine.place(Place(job, "home", 9 * HOUR_S))


def test_a_job_too_large_for_the_region_is_refused_there():
    regions = [mock_region("home", servers=2), mock_region("away")]
    engine = Engine(mock_world([mock_job("a", cpus=20)], [[100], [1]], regions=regions))
    engine.next_view()
    with pytest.raises(IllegalAction, match="larger than region away"):
        engine.place(Place("a", "away", 0.0))


jobs_strategy = st.lists(
    st.tuples(st.floats(0, 20), st.floats(0.1, 6), st.integers(1, 10), st.floats(0, 24)), min_size=1, max_size=12
)


def random_world(rows: list[tuple[float, float, int, float]], intensity: list[list[float]]) -> World:
    jobs = [mock_job(f"j{n}", *row[:2], cpus=row[2], slack_h=row[3]) for n, row in enumerate(sorted(rows))]
    return mock_world(jobs, intensity, hours=240)


@settings(max_examples=30)
@given(jobs_strategy, st.sampled_from(sorted(SCHEDULERS)))
def test_capacity_is_never_exceeded_and_every_job_runs_once_after_its_submission(
    rows: list[tuple[float, float, int, float]], name: str
):
    world = random_world(rows, [[100, 300, 200], [150, 50]])
    run = simulate(world, SCHEDULERS[name])
    assert sorted(segment.job for segment in run.history.pieces) == list(range(len(rows)))
    for segment in run.history.pieces:
        job = world.workload.jobs[segment.job]
        assert segment.start_s >= job.submit_s
        assert segment.end_s - segment.start_s == pytest.approx(job.duration_estimate_s)
    for moment in {segment.start_s for segment in run.history.pieces}:
        for r, region in enumerate(world.regions):
            busy = sum(
                world.workload.jobs[s.job].cpus
                for s in run.history.pieces
                if s.region == r and s.start_s <= moment < s.end_s
            )
            assert busy <= region.cpus + 1e-6


class CleanStartsOnly(Unconstrained):
    """No start while the intensity is above 250 g/kWh."""

    def why_not(self, job: Job, region: str, start_s: float, *, intensity: float, **_: float) -> str | None:
        return "Jobs must not start above 250 g." if intensity > 250 else None


def test_a_planned_start_is_refused_when_the_grid_is_dirtier_than_forecast_and_the_job_decided_on_again():
    """Yesterday's hour 3 had 200 g; today's has 300, and hour 4 has 200 again."""
    world = mock_world([mock_job("a")], [[200.0] * 24])
    today = world.intensity[0].values.copy()
    today[24 + 3] = 300.0
    world = dataclasses.replace(world, intensity=(dataclasses.replace(world.intensity[0], values=today),))
    engine = Engine(world, CleanStartsOnly(world.regions))
    engine.next_view()
    engine.place(Place("a", "home", 3 * HOUR_S))
    view = engine.next_view()
    assert view is not None
    assert (view.now_s, [job.id for job in view.pending]) == (3 * HOUR_S, ["a"])
    assert engine.history.refusals == [Refusal(3 * HOUR_S, "a", "home", "Jobs must not start above 250 g.")]
    with pytest.raises(RuleDenied):
        engine.place(Place("a", "home", 3 * HOUR_S))
    engine.place(Place("a", "home", 4 * HOUR_S))
    assert engine.next_view() is None
    assert log(engine) == [("a", "home", 4, 5)]


def test_cpu_use_is_kept_below_a_rules_limit_over_the_whole_run():
    class Half(Unconstrained):
        def cpu_limit(self, times_s: FloatArray, step_s: float) -> FloatArray:
            return np.where(times_s >= 2 * HOUR_S, 0.5, 1.0)[None, :]

    world = mock_world([mock_job("a", hours=4, cpus=5), mock_job("b", hours=3, cpus=5)], [[100]])
    engine = Engine(world, Half(world.regions))
    engine.next_view()
    engine.place(Place("a", "home", 0.0))
    with pytest.raises(RuleDenied, match="CPU use of home would be 10 of the allowed 5"):
        engine.place(Place("b", "home", 0.0))


def test_at_the_horizon_runs_end_and_none_begins():
    """a ends exactly at the horizon, b waits for its room, c is planned for that moment: neither starts."""
    engine = Engine(mock_world([mock_job("a", hours=3), mock_job("b"), mock_job("c", slack_h=9)], [[100]], hours=3))
    engine.next_view()
    engine.place(Place("a", "home", 0.0))
    engine.place(Place("b", "home", 0.0))
    engine.place(Place("c", "home", 3 * HOUR_S))
    assert engine.next_view() is None
    assert [(segment.job, segment.finished) for segment in engine.history.pieces] == [(0, True)]


@pytest.mark.parametrize("until_h", [float("inf"), 1000.0])
def test_a_job_cannot_be_deferred_past_the_end(until_h: float):
    engine = Engine(mock_world([mock_job("a")], [[100]]))
    engine.next_view()
    with pytest.raises(IllegalAction, match="not after the end of the run"):
        engine.defer("a", until_h * HOUR_S)


def test_a_job_id_that_stands_twice_is_refused():
    with pytest.raises(InputError, match="'a' stands twice"):
        mock_world([mock_job("a"), mock_job("a", 1.0)], [[100]])


def test_a_run_past_its_estimate_still_holds_its_room():
    """Declared an hour, runs five: at hour 2 nothing is free at home, so fifo goes away."""
    jobs = [mock_job("a"), mock_job("b", 2.0)]
    run = simulate(mock_world(jobs, [[100], [100]], durations_h=[5, 1]), SCHEDULERS["fifo"])
    assert log_of(run.history.pieces, run.world) == [("a", "home", 0, 5), ("b", "away", 2, 3)]


def test_a_run_past_its_estimate_counts_against_a_rules_limit():
    class Half(Unconstrained):
        def cpu_limit(self, times_s: FloatArray, step_s: float) -> FloatArray:
            return np.full((1, len(times_s)), 0.5)

    world = mock_world([mock_job("a", cpus=5), mock_job("b", 2.0, cpus=5)], [[100]], durations_h=[5, 1])
    engine = Engine(world, Half(world.regions))
    engine.next_view()
    engine.place(Place("a", "home", 0.0))
    engine.next_view()
    with pytest.raises(RuleDenied, match="CPU use of home would be 10"):
        engine.place(Place("b", "home", 2 * HOUR_S))


@settings(max_examples=30)
@given(
    jobs_strategy,
    st.lists(st.floats(0.2, 5), min_size=12, max_size=12),
    st.floats(1, 40),
    st.sampled_from(sorted(SCHEDULERS)),
)
def test_wrong_estimates_and_short_horizons_break_nothing(
    rows: list[tuple[float, float, int, float]], factors: list[float], horizon_h: float, name: str
):
    """Whatever runs, at any horizon: room is never exceeded, and the sums balance."""
    jobs = [mock_job(f"j{n}", *row[:2], cpus=row[2], slack_h=row[3]) for n, row in enumerate(sorted(rows))]
    hours = [factor * row[1] for factor, row in zip(factors, sorted(rows), strict=False)]
    world = mock_world(jobs, [[100, 300, 200], [150, 50]], durations_h=hours, hours=200)
    world = dataclasses.replace(world, horizon_s=horizon_h * HOUR_S)
    run = simulate(world, SCHEDULERS[name])
    account(run)
    assert len({segment.job for segment in run.history.pieces}) == len(run.history.pieces)
    assert all(segment.end_s <= world.horizon_s + 1e-6 for segment in run.history.pieces)
    lower_bound(world)
