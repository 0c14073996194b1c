"""Plans made for all decision points at once are those that are made at each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from sim.engine import Engine
from sim.forecast import FadingProfile, SeasonalNaive
from sim.network import Network
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.schedulers.base import Plan, Scheduler
from sim.summary import account
from sim.units import HOUR_S
from sim.view import View
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

ALONE = [scheduler for scheduler in SCHEDULERS.values() if scheduler.each_alone]
NETWORK = Network.uniform(1, rtt_s=0.1, throughput_bps=1e9, energy_kwh_per_gb=0.06, usd_per_gb=0.0)
every_lone_planner = pytest.mark.parametrize("scheduler", ALONE, ids=lambda scheduler: scheduler.name)


def random_world(seed: int, *, servers: int, slack_h: float) -> World:
    """Return two regions and twenty jobs of a day, more or less crowded, more or less often late."""
    rng = np.random.default_rng(seed)
    jobs = [
        mock_job(
            f"j{n}",
            float(np.round(rng.uniform(0, 20), int(rng.integers(0, 3)))),
            float(rng.uniform(0.1, 5)),
            slack_h=float(rng.uniform(0, slack_h)),
            cpus=float(rng.integers(1, 5)),
            home=str(rng.choice(["home", "away"])),
        )
        for n in range(20)
    ]
    world = mock_world(
        sorted(jobs, key=lambda job: job.submit_s),
        rng.integers(1, 9, (2, 24)) * 50.0,
        regions=[mock_region("home", servers=servers, pue=1.1), mock_region("away", servers=servers, pue=1.3)],
        forecaster=FadingProfile() if seed % 2 else SeasonalNaive(),
        hours=40,
        durations_h=(rng.uniform(0.5, 1.5, 20) * 3).tolist(),
    )
    return replace(world, at_arrivals=bool(seed // 2 % 2))


def decided(run: Run) -> list[tuple[object, ...]]:
    """Return every decision of plans, as comparable values."""
    rows = []
    for made in run.plans:
        count = len(made.plan)
        points = zip(np.broadcast_to(made.epoch, count), np.broadcast_to(made.now_s, count), made.placed, strict=True)
        rows += [(*point, run) for point, run in zip(points, made.plan, strict=True)]
    return rows


def left_behind(run: Run) -> list[object]:
    """Return what else a run leaves: its pieces, and the figures of every job and region."""
    accounts = account(run)
    figures = [vars(part) for part in (accounts.jobs, accounts.books.series)]
    return [run.history.rows, *([value.tobytes() for value in table.values()] for table in figures)]


@every_lone_planner
@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    servers=st.integers(1, 12),
    slack_h=st.sampled_from([0.5, 3.0, 12.0]),
    told=st.booleans(),
)
def test_all_points_at_once_give_the_run_that_one_after_another_gives(scheduler, seed, servers, slack_h, told):
    world = random_world(seed, servers=servers, slack_h=slack_h)
    scheduler = scheduler.told() if told else scheduler
    at_once, one_by_one = simulate(world, scheduler), simulate(world, replace(scheduler, each_alone=None))
    assert decided(at_once) == decided(one_by_one)
    assert left_behind(at_once) == left_behind(one_by_one)
    event("to the end" if len(at_once.plans) == 1 else "in part")


def asked_times(world: World, scheduler: Scheduler) -> list[float]:
    """Return when a scheduler was asked, in hours."""
    asked: list[float] = []

    def plan(view: View) -> Plan:
        asked.append(view.now_s / HOUR_S)
        return scheduler.plan(view)

    simulate(world, replace(scheduler, plan=plan))
    return asked


@every_lone_planner
def test_nobody_is_asked_while_there_is_room_for_all(scheduler):
    jobs = [mock_job(f"j{n}", n, hours=1.5, cpus=4) for n in range(6)]
    assert asked_times(mock_world(jobs, [[100.0]]), scheduler) == []


@every_lone_planner
def test_from_the_first_point_at_which_room_is_short_on_the_scheduler_is_asked(scheduler):
    jobs = [mock_job(f"j{n}", n, hours=1.5, cpus=4) for n in range(3)]
    short = [mock_job("big", 3, hours=2, cpus=9), mock_job("last", 9, cpus=1)]
    assert asked_times(mock_world([*jobs, *short], [[100.0]]), scheduler)[0] == 3
    assert asked_times(mock_world([*jobs, *short], [[100.0]]), scheduler)[-1] == 9


def test_where_the_future_is_told_each_point_is_asked():
    jobs = [mock_job(f"j{n}", n, cpus=1) for n in range(3)]
    assert asked_times(mock_world(jobs, [[100.0, 50.0]]), SCHEDULERS["time-shift"].told()) == [0, 1, 2]


def test_where_data_move_or_a_job_waits_for_another_no_point_is_known_ahead():
    jobs = [mock_job("a", cpus=1), mock_job("b", cpus=1, deps=("a",))]
    assert Engine(mock_world(jobs[:1], [[100.0]]), acts=False).submissions() is not None
    assert Engine(mock_world(jobs, [[100.0]]), acts=False).submissions() is None
    far = replace(mock_world(jobs[:1], [[100.0]]), network=NETWORK)
    assert Engine(far, acts=False).submissions() is None
