"""`plan` where more jobs wait than are packed one by one: in few looks, into the clean hours, and within the room."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim.schedulers.plan as ours
from bench.plan_week import MIXED, RIGID, all_at_once
from sim.engine import Engine
from sim.jobs import Traits
from sim.model import Checkpoint, Job
from sim.runner import simulate
from sim.schedulers import scheduler
from sim.schedulers.plan.blocks import Blocks
from sim.schedulers.plan.crowd import ROUNDS, SAMPLE, Crowd, plan_crowd
from sim.summary import Accounts, account
from sim.timetable import Timetable
from sim.units import HOUR_S
from sim.view import View
from sim.world import World
from tests.worlds import mock_job, mock_world

DAY = [300.0, 300, 300, 100, 120, 140, 160] + [300.0] * 17
CPUS = 10


def crowded(jobs: list[Job], grids: list[list[float]] | None = None) -> World:
    world = mock_world(jobs, grids or [DAY])
    return replace(world, foretold=world.truth())


def first_view(world: World) -> View:
    view = Engine(world).next_view()
    assert view is not None
    return view


def alike(count: int, **fields: float) -> list[Job]:
    return [mock_job(f"j{n:03d}", cpus=1, **fields) for n in range(count)]


def accounts_of(world: World, monkeypatch: pytest.MonkeyPatch, many: int = 0) -> Accounts:
    monkeypatch.setattr(ours, "MANY", many)
    return account(simulate(world, scheduler("plan")))


def test_a_crowd_fills_the_clean_hours_and_no_more(monkeypatch: pytest.MonkeyPatch):
    """40 jobs of a CPU for an hour, 10 CPUs, 100 W: ten each at 100, 120, 140 and 160 g/kWh emit 520 g."""
    found = accounts_of(crowded(alike(40, slack_h=10)), monkeypatch)
    assert np.bincount((found.jobs.start_s / HOUR_S).astype(int)).tolist() == [0, 0, 0, 10, 10, 10, 10]
    assert found.jobs.carbon_g.sum() == pytest.approx(520)


def test_who_cannot_wait_has_room_before_the_crowd(monkeypatch: pytest.MonkeyPatch):
    """All want hour 0, the only clean one; the three without slack get it, and seven others."""
    jobs = [*alike(30, slack_h=10), *(mock_job(f"now{n}", cpus=1, slack_h=0) for n in range(3))]
    found = accounts_of(crowded(jobs, [[50.0] + [300.0] * 23]), monkeypatch)
    assert not found.jobs.violated.any()
    assert (found.jobs.start_s[-3:] == 0).all()
    assert (found.jobs.start_s == 0).sum() == CPUS


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_what_a_crowd_starts_now_fits_into_the_room(seed: int):
    rng = np.random.default_rng(seed)
    jobs = [
        mock_job(
            f"j{n}", hours=float(rng.uniform(0.2, 5)), cpus=int(rng.integers(1, 8)), slack_h=int(rng.integers(0, 9))
        )
        for n in range(30)
    ]
    view = first_view(crowded(jobs, [rng.uniform(10, 900, 24).tolist() for _ in range(2)]))
    table = Timetable(view)
    room = table.free.copy()
    plan, without = plan_crowd(table, view.pending, np.zeros_like(room))
    assert sorted([*plan.jobs.ids, *view.pending.take(without).ids]) == sorted(view.pending.ids)
    assert (plan.start_s <= plan.jobs.latest_start_s + 1e-6).all()
    for p in np.flatnonzero(plan.start_s == view.now_s).tolist():
        room[plan.region[p], : int(np.ceil(plan.jobs.duration_estimate_s[p] / HOUR_S))] -= plan.jobs.demand[p]
    assert room.min() > -1e-6


def test_as_many_as_are_packed_one_by_one_are_no_crowd(monkeypatch: pytest.MonkeyPatch):
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(ours, "plan_crowd", never)
    world = crowded(alike(40, slack_h=10))
    assert not accounts_of(world, monkeypatch, many=40).jobs.violated.any()
    with pytest.raises(AssertionError):
        accounts_of(world, monkeypatch, many=39)


def test_prices_are_sought_with_a_sample_of_any_crowd(monkeypatch: pytest.MonkeyPatch):
    """So many rounds with so many jobs, of 1,000 as of 10,000; all of them are looked at once."""
    looked: list[int] = []
    costs = Crowd.costs

    def counted(self: Crowd) -> object:
        looked.append(len(self.rows))
        return costs(self)

    monkeypatch.setattr(Crowd, "costs", counted)
    view = first_view(crowded(alike(400, slack_h=20)))
    table = Timetable(view)
    plan_crowd(table, view.pending, np.zeros_like(table.free))
    assert looked.count(400) == 1
    assert 1 < looked.count(SAMPLE) == len(looked) - 1 <= ROUNDS


def test_a_sample_does_the_work_of_all():
    jobs = [mock_job(f"j{n}", hours=1 + n % 5, cpus=1 + n % 3, slack_h=20) for n in range(60)]
    view = first_view(crowded(jobs))
    whole = Crowd.of(Timetable(view), view.pending)
    some = whole.sample(np.arange(60), np.full((1, 48, 3), 10.0))
    assert (some.demand[:, 0] * some.length).sum() == pytest.approx((whole.demand[:, 0] * whole.length).sum(), rel=0.05)


@pytest.mark.parametrize("traits", [RIGID, MIXED], ids=["rigid", "mixed"])
def test_ten_thousand_jobs_that_wait_for_short_room_are_planned_within_a_second(traits: tuple[Traits, ...]):
    """A fifth and a third of one here. Packed one by one, those that can be suspended took two."""
    view = first_view(all_at_once(16, traits))
    assert not view.ample
    began = time.process_time()
    scheduler("plan").plan(view)
    assert time.process_time() - began < 1.0


def test_the_most_that_gain_by_pauses_are_planned_with_them(monkeypatch: pytest.MonkeyPatch):
    """Two clean hours with a dirty one between, a checkpoint for nothing, room for ten: 5 of 30 may use it."""
    day = [100.0, 300, 100] + [300.0] * 21
    monkeypatch.setattr(ours, "MOST_SOFT", 5)
    jobs = [mock_job(f"j{n:02d}", hours=2, cpus=1, slack_h=10, checkpoint=Checkpoint()) for n in range(30)]
    monkeypatch.setattr(ours, "MANY", 0)
    view = first_view(crowded(jobs, [day]))
    everyone = np.ones(len(view.work), dtype=bool)
    assert ours._is_soft(view, Timetable(view), view.work, everyone).sum() == 5
    monkeypatch.setattr(ours, "MANY", 30)
    assert ours._is_soft(view, Timetable(view), view.work, everyone).sum() == 30


# -- starts in blocks -------------------------------------------------------------------------------


def test_a_start_in_a_block_is_a_start_in_any_of_its_slots_alike():
    """Slots 16 and 17 are a block: sums 0, 1, 4, 9 .. rise by (19^2 - 16^2 + 20^2 - 17^2) / 2 over three slots."""
    blocks = Blocks(20)
    assert (blocks.first[-2:].tolist(), blocks.end[-2:].tolist()) == ([16, 18], [18, 20])
    rises = blocks.rises(np.arange(40.0)[None] ** 2, np.array([1, 3]))
    assert rises.shape == (2, 1, len(blocks))
    assert rises[1, 0, [0, -2]].tolist() == [9, ((19**2 - 16**2) + (20**2 - 17**2)) / 2]


def test_what_runs_hold_is_spread_over_the_starts_of_their_block():
    """Two CPUs for two slots from slot 16 or 17: one in slot 16 and in 18, two between."""
    blocks = Blocks(20)
    held = blocks.held(np.array([0]), np.array([16]), np.array([2]), np.array([[2.0, 0.0, 8.0]]), (1, 30))
    assert held[0, 15:20, 0].tolist() == [0, 1, 2, 1, 0]
    assert held[0, :, 2].sum() == 16


def test_regions_keep_apart_and_runs_end_with_the_hours_ahead():
    blocks = Blocks(4)
    held = blocks.held(np.array([0, 1]), np.array([3, 0]), np.array([9, 1]), np.ones((2, 3)), (2, 6))
    assert held[0, :, 0].tolist() == [0, 0, 0, 1, 1, 1]
    assert held[1, :, 0].tolist() == [1, 0, 0, 0, 0, 0]
