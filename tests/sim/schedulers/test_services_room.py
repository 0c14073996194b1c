"""Jobs beside services: what replicas hold, and will hold, is no room for jobs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agent.policy.guard import Guard
from agent.policy.rules import PolicySet
from sim.engine import Engine
from sim.model import Checkpoint, Place, Server
from sim.reckoning import Runs, reckon
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.services import Service
from sim.timetable import Timetable, earliest
from sim.units import HOUR_S
from sim.view import View
from sim.world import World
from tests.sim.test_invariants import rich_world
from tests.worlds import hourly, mock_job, mock_region, mock_world

DAY = np.arange(24)
every_scheduler = pytest.mark.parametrize("name", sorted(SCHEDULERS))


def busy_world(*, swing: float, soft: bool = False) -> World:
    """Return 40 jobs of 4 CPUs beside a service whose replicas nearly fill home, where it is clean when most is asked.

    Home and away have 50 CPUs each. A replica holds 4 and answers 2 a second: at 21 a second 11 replicas leave 6 CPUs.
    """
    rng = np.random.default_rng(1)
    jobs = [
        mock_job(
            f"j{n}",
            float(rng.uniform(0, 24)),
            float(rng.uniform(0.5, 6)),
            cpus=4,
            home="home" if n % 4 else "away",
            checkpoint=Checkpoint(60, 60) if soft and n % 2 else None,
            throughput=(1.0, 1.8) if soft and n % 3 == 0 else (),
        )
        for n in range(40)
    ]
    clean = np.where((DAY > 8) & (DAY < 20), 100.0, 400.0)
    regions = [mock_region(name, servers=5) for name in ("home", "away")]
    made = mock_world(
        sorted(jobs, key=lambda job: job.submit_s), [clean.tolist(), (clean + 50).tolist()], regions=regions, hours=96
    )
    day = 1 + swing * np.cos((DAY - 14) / 12 * np.pi)
    rates = [
        hourly(r.zone, "requests/s", rate * day, 96) for r, rate in zip(regions, (21 / (1 + swing), 6), strict=True)
    ]
    return replace(made, services=(Service("web", 4.0, 1.0, 2.0, 2.0, tuple(rates)),))


def late(run: Run) -> set[int]:
    """Return the jobs that have not ended by their deadlines."""
    jobs = run.world.workload.jobs
    ends = {piece.job: piece.end_s for piece in run.history.pieces if piece.finished}
    return {j for j, deadline_s in enumerate(jobs.deadline_s.tolist()) if ends.get(j, np.inf) > deadline_s + 1}


def requests_late(run: Run) -> float:
    return sum(step.late_per_s * (step.end_s - step.start_s) for step in run.history.served)


@every_scheduler
@pytest.mark.parametrize("swing", [0.0, 0.3])
def test_jobs_with_slack_are_in_time_beside_replicas(name: str, swing: float):
    """Who is booked in a slot of home that replicas fill would queue there, and all others behind it."""
    assert late(simulate(busy_world(swing=swing), SCHEDULERS[name])) == set()


@every_scheduler
def test_jobs_with_levers_run_to_their_end_beside_replicas(name: str):
    run = simulate(busy_world(swing=0.3, soft=True), SCHEDULERS[name])
    assert len({piece.job for piece in run.history.pieces if piece.finished}) == 40


@pytest.mark.parametrize("name", ["time-shift", "spatiotemporal", "gaia-carbon-time", "wait-awhile", "carbonscaler"])
def test_who_books_ahead_leaves_room_for_the_replicas_of_the_day_to_come(name: str):
    run = simulate(busy_world(swing=0.3), SCHEDULERS[name])
    assert requests_late(run) == 0
    assert max(step.replicas for step in run.history.served) == 11


@pytest.mark.parametrize("name", ["time-shift", "spatiotemporal", "gaia-carbon-time", "wait-awhile", "ecovisor"])
def test_a_service_of_even_rate_is_to_a_planner_what_a_smaller_region_is(name: str):
    """Eleven replicas leave 6 of 50 CPUs at home, four leave 34 away."""
    made = busy_world(swing=0.0, soft=True)
    regions = tuple(
        replace(mock_region(region), servers=((Server("small", cpus, 0, 400, 100, 100 + 100 * cpus), 1),))
        for region, cpus in (("home", 6), ("away", 34))
    )
    one, other = (
        simulate(world, SCHEDULERS[name]).history.pieces
        for world in (made, replace(made, services=(), regions=regions))
    )
    assert sorted(one) == sorted(other)


# -- what a View shows -------------------------------------------------------------------------------


def small_world(rates: list[float], **fields: object) -> World:
    """Return one region of ten CPUs, and a service whose replica holds 2 and answers 5 a second, within a second."""
    jobs = fields.pop("jobs", None) or [mock_job("a", cpus=1)]
    made = mock_world(jobs, [[100.0]], hours=48, **fields)  # type: ignore[arg-type]
    return replace(made, services=(Service("web", 2.0, 1.0, 5.0, 1.0, (hourly("HOME", "requests/s", rates, 48),)),))


def view_at(world: World, hour: float) -> View:
    engine = Engine(world)
    while (view := engine.next_view()) is not None and view.now_s < hour * HOUR_S:
        pass
    assert view is not None
    return view


def test_room_ahead_is_what_yesterdays_replicas_leave():
    """4 a second need one replica, 8 need two, 14 four: 8, 6 and 2 CPUs are left; nobody asks after that."""
    view = view_at(small_world([4, 8, 14] + [0] * 21), 0)
    assert view.room is not None
    assert not view.ample
    assert view.room[0, :4].tolist() == [[8, 0, 99], [6, 0, 98], [2, 0, 96], [10, 0, 100]]


def test_until_the_next_step_the_room_is_what_is_free_now_and_a_slot_across_it_has_the_fuller_half():
    """Epochs of 45 minutes: the slot from 0:45 begins with one replica and ends with two."""
    view = view_at(small_world([4, 8] + [0] * 22, epoch_h=0.75), 0)
    assert view.room is not None
    assert view.room[0, :4, 0].tolist() == [8, 6, 6, 10]
    assert view.room[0, 0].tolist() == view.free[0].tolist()


def test_two_services_share_the_room_in_their_order():
    world = small_world([14.0])
    (one,) = world.services
    view = view_at(replace(world, services=(one, replace(one, id="mail"))), 0)
    assert view.replicas[0, :, 0].tolist() == [10] * view.replicas.shape[1]


def test_a_late_job_starts_at_once_in_the_room_of_replicas_to_come_but_not_of_those_held_now():
    """Of ten CPUs the four replicas of hour 1 leave two: a job of 4 that cannot wait starts in hour 0, or after."""
    rates, job = [4, 14] + [0] * 22, mock_job("a", hours=3, cpus=4, slack_h=0.5)
    begun = []
    for cpus in (4, 9):
        table = Timetable(view_at(small_world(rates, jobs=[replace(job, cpus=cpus)]), 0))
        run = table.assign(replace(job, cpus=cpus), earliest)
        assert run is not None
        begun.append((run.start_s / HOUR_S, run.late))
    assert begun == [(0, False), (2, True)]


def test_a_plan_that_starts_in_the_room_of_replicas_to_come_is_no_problem_and_one_that_waits_for_it_is():
    job = mock_job("a", hours=3, cpus=4)
    view = view_at(small_world([4, 14] + [0] * 22, jobs=[job]), 0)
    alone = [Runs(view.pending, np.array([0]), np.array([hour * HOUR_S]), np.array([1])) for hour in (0, 1, 2)]
    assert [reckon(Timetable(view), run).problems for run in alone] == [[""], ["no room"], [""]]


@every_scheduler
def test_a_job_that_fits_beside_no_forecast_peak_runs_all_the_same(name: str):
    """Thirty hours cannot pass without the hour of four replicas: it starts once it cannot wait."""
    rates = np.where(DAY == 23, 14.0, 4.0).tolist()
    run = simulate(small_world(rates, jobs=[mock_job("a", hours=30, cpus=4, slack_h=5)]), SCHEDULERS[name])
    assert late(run) == set()


def test_what_a_placed_job_holds_is_counted_beside_the_replicas():
    engine = Engine(small_world([4.0]))
    assert engine.next_view() is not None
    engine.apply(Place("a", "home", HOUR_S))
    view = engine.view()
    assert view.room is not None
    assert view.room[0, :3, 0].tolist() == [8, 7, 8]


@pytest.mark.parametrize("seed", [619, 676, 682])
def test_no_server_is_switched_off_before_jobs_have_grown_into_its_room(seed: int):
    """Worlds in which a resize found the servers asleep that were awake when it was planned."""
    assert simulate(rich_world(seed), SCHEDULERS["plan"]).history.pieces


def test_who_cannot_wait_uses_up_its_share_once_though_it_is_looked_at_twice():
    """Ads may hold five of ten CPUs: the room kept free of replicas for its job of five is that job's own."""
    world = small_world([4.0], jobs=[mock_job("a", cpus=5, slack_h=0, team="ads")])
    rule = {"kind": "headroom", "max_utilization": 0.5, "jobs": {"team": "ads"}, "source": "Ads: half."}
    rules = PolicySet.model_validate({"rules": [rule]})
    run = simulate(world, SCHEDULERS["plan"], Guard(rules, world.regions, world.start, world.epoch_s))
    assert [piece.start_s for piece in run.history.pieces] == [0]
