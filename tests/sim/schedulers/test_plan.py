"""`plan`: worked cases for packing, prices, levers, and what it expects; and that it is never late for no reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine import Engine
from sim.errors import InputError
from sim.forecast import FadingProfile
from sim.model import Checkpoint, Place, Suspend
from sim.runner import simulate
from sim.schedulers import scheduler
from sim.schedulers.plan.levers import Scales, gains
from sim.schedulers.plan.packing import Packing, fill
from sim.schedulers.plan.prices import room_prices
from sim.schedulers.plan.reserve import expected_arrivals, held_back
from sim.schedulers.plan.search import improve
from sim.summary import account
from sim.timetable import Timetable
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

FREE = Checkpoint()
DAY = [300.0, 300, 300, 100, 300, 300] + [300.0] * 18


def told(world: World) -> World:
    return replace(world, foretold=world.truth())


def pieces_h(world: World, name: str = "plan") -> list[tuple[str, str, float, float]]:
    """Return (job, region, start h, end h) of every piece, by job and start."""
    jobs, regions = world.workload.jobs, world.regions
    found = simulate(world, scheduler(name)).history.pieces
    rows = [(jobs[p.job].id, regions[p.region].id, p.start_s / HOUR_S, p.end_s / HOUR_S) for p in found]
    return sorted(rows, key=lambda row: (row[0], row[2]))


def packing_of(world: World) -> Packing:
    view = Engine(told(world)).next_view()
    assert view is not None
    return Packing(Timetable(view), view.pending)


def test_a_rigid_job_runs_in_the_clean_hour():
    assert pieces_h(told(mock_world([mock_job("a")], [DAY]))) == [("a", "home", 3, 4)]


def test_a_job_with_a_checkpoint_takes_the_two_clean_hours_with_a_pause_between():
    day = [300.0, 100, 300, 300, 100, 300] + [300.0] * 18
    world = told(mock_world([mock_job("a", hours=2, slack_h=8, checkpoint=FREE)], [day]))
    assert pieces_h(world) == [("a", "home", 1, 2), ("a", "home", 4, 5)]


def test_a_checkpoint_that_costs_more_than_the_pause_saves_is_not_written():
    """Pausing would save 200 g of 1 kW for an hour; the checkpoint takes 1 kWh at 100 to 300 g/kWh each way."""
    day = [100.0, 300, 100] + [300.0] * 21
    dear = Checkpoint(60, 60, 1.0, 1.0)
    world = told(mock_world([mock_job("a", hours=2, slack_h=1, checkpoint=dear)], [day]))
    assert [row[2:] for row in pieces_h(world)] == [(0, 2)]


@pytest.mark.parametrize(("kwh", "hours"), [(0.1, [(1, 2), (4, 5)]), (0.5, [(0, 2)])])
def test_a_job_starts_for_two_clean_hours_only_if_the_pause_between_pays(kwh: float, hours: list[tuple[int, int]]):
    """1 kW: two clean hours save 200 g of 400. A mean of 260 g/kWh makes 2 x 0.1 kWh 52 g, and 2 x 0.5 kWh 260 g."""
    day = [300.0, 100, 300, 300, 100, 300] + [300.0] * 18
    job = mock_job("a", hours=2, slack_h=8, checkpoint=Checkpoint(0, 0, kwh, kwh))
    assert [row[2:] for row in pieces_h(told(mock_world([job], [day])))] == hours


@pytest.mark.parametrize("dear", [Checkpoint(0, 0, 1.0, 1.0), Checkpoint(1800, 1800)])
def test_a_dear_checkpoint_does_not_tempt_a_job_to_start_too_early(dear: Checkpoint):
    """Hours 0 and 5 would be 200 g but for the pause; 2 and 3 are 320 g in one go; whoever starts at 0 emits 400 g."""
    day = [100.0, 300, 160, 160, 300, 100] + [300.0] * 18
    for checkpoint in (None, dear):
        world = told(mock_world([mock_job("a", hours=2, slack_h=4, checkpoint=checkpoint)], [day]))
        assert [row[2:] for row in pieces_h(world)] == [(2, 4)]


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_with_a_dear_checkpoint_a_job_never_emits_more_than_without_one(seed: int):
    rng = np.random.default_rng(seed)
    days = [rng.uniform(50, 900, 24).tolist() for _ in range(2)]
    hours, slack_h = float(rng.integers(1, 4)), float(rng.integers(0, 12))
    jobs = [mock_job("a", hours=hours, slack_h=slack_h, checkpoint=c) for c in (Checkpoint(0, 0, 40, 40), None)]
    dear, none = (account(simulate(told(mock_world([job], days)), scheduler("plan"))).jobs for job in jobs)
    assert not dear.violated.any()
    assert dear.carbon_g.sum() <= none.carbon_g.sum() + 1e-6


def test_gains_are_what_pauses_save_of_a_run_in_one_go():
    """a: 2 x 100 g instead of 100 + 300; b has an hour to do, c no time to choose."""
    day = [300.0, 100, 300, 300, 100, 300] + [300.0] * 18
    jobs = [mock_job("a", hours=2), mock_job("b", hours=1), mock_job("c", hours=4, slack_h=0)]
    view = Engine(told(mock_world([replace(job, checkpoint=FREE) for job in jobs], [day]))).next_view()
    assert view is not None
    assert gains(Timetable(view), view.work, np.arange(3), margin=0.0).tolist() == pytest.approx([0.5, 0, 0])


def test_an_elastic_job_works_with_two_workers_where_it_is_clean():
    """Three hours of work, two of them within the clean hour: 2 x 100 + 300 g at most, instead of 100 + 600."""
    world = told(mock_world([mock_job("a", hours=3, cpus=5, slack_h=4, checkpoint=FREE, throughput=(1.0, 2.0))], [DAY]))
    run = simulate(world, scheduler("plan"))
    clean = [p for p in run.history.pieces if p.start_s == 3 * HOUR_S]
    assert [p.scale for p in clean] == [2]
    assert not account(run).jobs.violated.any()


def test_a_suspended_job_goes_on_when_its_time_is_up_however_dirty_the_hour():
    world = told(mock_world([mock_job("a", hours=2, slack_h=2, checkpoint=FREE)], [[100.0] + [900.0] * 23]))
    engine = Engine(world)
    engine.next_view()
    engine.apply(Place("a", "home", 0.0))
    view = engine.next_view()
    assert view is not None
    engine.apply(Suspend("a"))
    view = engine.next_view()
    while view and view.now_s < 3 * HOUR_S:
        assert scheduler("plan").plan(view) is not None
        view = engine.next_view()
    assert view is not None
    assert [type(action).__name__ for action in scheduler("plan").plan(view).actions] == ["Resume"]


def test_prices_leave_the_clean_hour_to_the_job_that_can_go_nowhere_else():
    """Both want hour 3. a (more energy) can go to hour 5 for a little more; b only knows hour 3 or dirty ones."""
    day = [900.0, 900, 900, 100, 900, 110] + [900.0] * 18
    jobs = [mock_job("a", cpus=8, slack_h=6), mock_job("b", cpus=6, slack_h=3)]
    packing = packing_of(mock_world(jobs, [day]))
    empty = packing.free.copy()
    fill(packing, np.array([0, 1]))
    plain_g = packing.carbon_g.sum()
    packing.clear(empty)
    prices = room_prices(packing, float(plain_g))
    assert prices is not None
    assert prices[0, 3, 0] > 0
    fill(packing, np.array([0, 1]), prices)
    assert packing.slot.tolist() == [5, 3]
    assert packing.carbon_g.sum() < plain_g


def test_local_search_finds_the_same_exchange():
    day = [900.0, 900, 900, 100, 900, 110] + [900.0] * 18
    packing = packing_of(mock_world([mock_job("a", cpus=8, slack_h=6), mock_job("b", cpus=6, slack_h=3)], [day]))
    fill(packing, np.array([0, 1]))
    assert packing.slot.tolist()[0] == 3
    assert improve(packing, 50) == 1
    assert packing.slot.tolist() == [5, 3]


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_search_lowers_carbon_and_keeps_the_room_and_every_job(seed: int):
    rng = np.random.default_rng(seed)
    jobs = [
        mock_job(f"j{n}", hours=int(rng.integers(1, 5)), cpus=int(rng.integers(1, 7)), slack_h=int(rng.integers(0, 20)))
        for n in range(12)
    ]
    world = mock_world(jobs, [rng.uniform(10, 900, 24).tolist() for _ in range(2)])
    packing = packing_of(world)
    whole = packing.free.copy()
    fill(packing, np.arange(len(packing.jobs)))
    placed, before_g = packing.placed.copy(), packing.carbon_g.sum()
    improve(packing, 200)
    assert (packing.placed == placed).all()
    assert packing.carbon_g.sum() <= before_g + 1e-6
    held = np.zeros_like(whole)
    for p in np.flatnonzero(placed).tolist():
        held[packing.region[p], packing.slot[p] : packing.slot[p] + packing.length[p]] += packing.demand[p]
    assert np.allclose(whole - held, packing.free)
    assert packing.free.min() > -1e-6


def test_scales_are_the_concave_hull_of_the_throughput():
    assert Scales.of(()).workers.tolist() == [1]
    assert Scales.of((1.0, 1.9, 2.7)).rate.tolist() == [1.0, 1.9, 2.7]
    assert Scales.of((1.0, 1.1, 3.0)).workers.tolist() == [1, 3]


def test_a_usual_day_is_forecast_again_and_a_departure_fades():
    usual = np.tile(np.arange(24.0) * 10, 7)
    model = FadingProfile(persistence=0.5)
    assert model.predict(usual, HOUR_S, 48) == pytest.approx(np.tile(np.arange(24.0) * 10, 2))
    high = usual.copy()
    high[-1] += 80
    first, second = model.predict(high, HOUR_S, 2) - usual[:2]
    assert (first, second) == pytest.approx((40, 20))


def test_risk_grows_with_the_lead():
    rng = np.random.default_rng(1)
    history = 300 + 50 * rng.standard_normal(24 * 7)
    added = FadingProfile(risk=1.0).predict(history, HOUR_S, 24) - FadingProfile().predict(history, HOUR_S, 24)
    assert (np.diff(added) > 0).all()


def test_less_than_a_day_of_history_is_refused():
    with pytest.raises(InputError, match="needs 24 h of history"):
        FadingProfile().predict(np.ones(23), HOUR_S, 1)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_where_room_is_ample_nobody_is_late_and_carbon_is_at_most_that_of_running_at_once(seed: int):
    rng = np.random.default_rng(seed)
    jobs = sorted(
        (
            mock_job(
                f"j{n}", float(rng.integers(0, 12)), float(rng.integers(1, 5)), slack_h=float(rng.integers(0, 12)),
                cpus=1, checkpoint=FREE if n % 2 else None, throughput=(1.0, 1.8) if n % 3 == 0 else (),
            )
            for n in range(8)
        ),
        key=lambda job: job.submit_s,
    )  # fmt: skip
    world = told(mock_world(jobs, [rng.uniform(50, 900, 24).tolist()], regions=[mock_region("home", servers=8)]))
    planned, at_once = (account(simulate(world, scheduler(name))) for name in ("plan", "fifo"))
    assert not planned.jobs.violated.any()
    assert planned.jobs.carbon_g.sum() <= at_once.jobs.carbon_g.sum() * 1.02


# -- where room is short -----------------------------------------------------------------------------


def test_room_that_comes_free_between_decisions_is_taken_over_at_once():
    """b fits in beside nobody: it starts at 90 minutes, when a ends, not at the next full hour."""
    jobs = [mock_job("a", hours=1.5, cpus=8, slack_h=0), mock_job("b", hours=1, cpus=8, slack_h=5)]
    world = told(mock_world(jobs, [[100.0, 100, 100, 300] + [300.0] * 20]))
    assert pieces_h(world) == [("a", "home", 0, 1.5), ("b", "home", 1.5, 2.5)]


def test_a_job_that_could_not_wait_another_hour_is_not_left_to_a_queue():
    jobs = [mock_job("a", hours=1.5, cpus=8, slack_h=0), mock_job("b", hours=1, cpus=8, slack_h=2)]
    world = told(mock_world(jobs, [[100.0, 100, 100, 300] + [300.0] * 20]))
    assert pieces_h(world) == [("a", "home", 0, 1.5), ("b", "home", 2, 3)]


def test_as_much_is_held_back_as_has_come_of_late():
    """In two hours came 4 CPUs for 3 hours and 1 for an hour: after two more, 4 x 2 + 1 x 1 CPU hours over 2 hours."""
    world = mock_world([mock_job("a", 1.0, hours=3, cpus=4), mock_job("b", 2.0, cpus=1)], [[100.0] * 24])
    engine = Engine(world)
    view = engine.next_view()
    assert view is not None
    engine.apply(Place("a", "home", view.now_s))
    view = engine.next_view()
    assert view is not None
    assert view.now_s == 2 * HOUR_S
    jobs = view.arrived(0.0)
    assert jobs.ids == ["a", "b"]
    assert expected_arrivals(view, 5)[:, 0].tolist() == [0, 2.5, 4.5, 6.5, 6.5]


def test_room_is_held_back_in_the_dirtiest_region():
    world = mock_world([mock_job("a", cpus=4, hours=3), mock_job("b", 2.0, cpus=8)], [[100.0] * 24, [300.0] * 24])
    engine = Engine(told(world))
    engine.next_view()
    engine.apply(Place("a", "home", 0.0))
    view = engine.next_view()
    assert view is not None
    held = held_back(view, Timetable(view))
    assert held[0].sum() == 0
    assert held[1, 1, 0] == expected_arrivals(view, 2)[1, 0] > 0
