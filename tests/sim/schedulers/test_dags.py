"""CAP and PCAPS on days that can be worked out by hand, and what holds of them in any world."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model import Job
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.schedulers.base import Planner, Scheduler
from sim.schedulers.dags import parallelism, plan_cap, plan_pcaps, quota
from sim.summary import account
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

NAMES = ("cap", "cap-fair", "pcaps")
DIRTY, CLEAN = 400.0, 100.0
DAY = [DIRTY] * 3 + [CLEAN] + [DIRTY] * 20
"""One clean hour, the fourth, of which the forecast knows."""


def starts_h(run: Run) -> dict[str, float]:
    return {run.world.workload.jobs[p.job].id: p.start_s / HOUR_S for p in run.history.pieces}


def scales(run: Run) -> dict[str, int]:
    return {run.world.workload.jobs[p.job].id: p.scale for p in run.history.pieces}


def planned_by(planner: Planner, world: World) -> Run:
    return simulate(world, Scheduler("trial", "carbon", "", planner, rolling=True))


def small(count: int, **fields: object) -> list[Job]:
    return [mock_job(f"j{n}", hours=10, cpus=1, **fields) for n in range(count)]  # type: ignore[arg-type]


# -- CAP -------------------------------------------------------------------------------------------


def test_the_quota_is_its_base_at_u_and_everything_at_l():
    assert quota(DIRTY, CLEAN, DIRTY, 20) == 20
    assert quota(CLEAN, CLEAN, DIRTY, 20) == 100
    assert quota(300, 300, 300, 20) == 100
    assert quota(DIRTY, CLEAN, DIRTY, 100) == 100


@given(st.floats(1, 500), st.floats(1, 20), st.integers(0, 100), st.lists(st.floats(0, 1), min_size=2, max_size=10))
def test_the_quota_never_falls_below_its_base_and_never_rises_with_intensity(
    low: float, spread: float, base: int, places: list[float]
):
    high = low * spread
    counts = [quota(low + place * (high - low), low, high, base) for place in sorted(places)]
    assert all(base <= count <= 100 for count in counts)
    assert counts == sorted(counts, reverse=True)


def test_cap_keeps_a_fifth_busy_in_dirty_hours_and_lets_all_start_in_the_cleanest():
    """2 of 10 CPUs until hour 3, in order of submission; who runs by then runs on through the next dirty hours."""
    run = simulate(mock_world(small(6), [DAY]), SCHEDULERS["cap"])
    assert starts_h(run) == {"j0": 0, "j1": 0, "j2": 3, "j3": 3, "j4": 3, "j5": 3}
    assert account(run).jobs.end_s.tolist() == [h * HOUR_S for h in (10, 10, 13, 13, 13, 13)]


def test_a_job_wider_than_the_quota_starts_while_less_than_the_quota_is_busy():
    jobs = [mock_job("wide", hours=5, cpus=8), mock_job("next", hours=1, cpus=1)]
    assert starts_h(simulate(mock_world(jobs, [DAY]), SCHEDULERS["cap"])) == {"wide": 0, "next": 3}


def test_nobody_passes_whoever_waits_under_the_quota():
    """3 CPUs start under a quota of 2; the second waits for hour 3, and so does the small one behind it."""
    jobs = [mock_job("a", hours=2.5, cpus=3), mock_job("b", hours=1, cpus=8), mock_job("c", hours=1, cpus=1)]
    assert starts_h(simulate(mock_world(jobs, [DAY]), SCHEDULERS["cap"])) == {"a": 0, "b": 3, "c": 3}


def test_an_elastic_task_gets_the_quotas_share_of_its_workers():
    """8 workers x 20 % = 1 at hour 0; at hour 3, of 9 free CPUs, all 8."""
    curve = tuple(float(n) for n in range(1, 9))
    jobs = [mock_job(name, hours=24, slack_h=40, cpus=1, throughput=curve) for name in "ab"]
    world = mock_world([jobs[0], replace(jobs[1], submit_s=3 * HOUR_S)], [DAY])
    run = simulate(world, SCHEDULERS["cap"])
    assert starts_h(run) == {"a": 0, "b": 3}
    assert scales(run) == {"a": 1, "b": 8}


def test_fair_shares_let_a_second_graph_start_beside_a_wide_one():
    """Without a quota: ten tasks fill the region under fifo; with fair shares each graph may hold 5 CPUs."""
    jobs = [replace(job, dag="wide") for job in small(10)] + [mock_job("other", hours=1, cpus=1)]
    world = mock_world(jobs, [DAY])
    assert starts_h(planned_by(partial(plan_cap, base=100), world))["other"] == 10
    fair = starts_h(planned_by(partial(plan_cap, base=100, fair=True), world))
    assert fair["other"] == 0
    assert sorted(fair.values()) == [0] * 6 + [1] * 5  # then it is alone again


# -- PCAPS -----------------------------------------------------------------------------------------


def test_the_longest_path_starts_at_any_hour_and_a_short_task_waits_for_a_clean_one():
    """Of 10 h and 1 h, the second has r = 0.1: its threshold is about 271, below 400."""
    jobs = [mock_job("long", hours=10, cpus=1), mock_job("short", hours=1, cpus=1)]
    assert starts_h(simulate(mock_world(jobs, [DAY]), SCHEDULERS["pcaps"])) == {"long": 0, "short": 3}


def test_what_lies_behind_a_task_makes_it_important():
    """Head and side take an hour each, but nine more wait for the head; the tail starts as soon as it can."""
    jobs = [
        mock_job("head", cpus=1, dag="g", tail_s=9 * HOUR_S),
        mock_job("side", cpus=1, dag="g"),
        mock_job("tail", hours=9, cpus=1, dag="g", deps=("head",)),
    ]
    run = simulate(mock_world(jobs, [DAY]), SCHEDULERS["pcaps"])
    assert starts_h(run) == {"head": 0, "side": 3, "tail": 1}


def test_without_gamma_everything_starts_at_once():
    assert set(starts_h(planned_by(partial(plan_pcaps, gamma=0.0), mock_world(small(9), [DAY]))).values()) == {0}


@pytest.mark.parametrize(
    ("gamma", "above_low", "workers"), [(0.5, 300, 50), (0.5, 0, 75), (0, 300, 100), (1, 300, 1), (1, 0, 10)]
)
def test_parallelism_of_100_workers_by_hand(gamma: float, above_low: float, workers: int):
    """Far above L: 100 - 0.5 x 99; at L: 100 - 0.5 x (100 - 50); gamma = 1 leaves one, or a tenth at L."""
    assert parallelism(100, gamma, above_low) == workers


def test_a_task_runs_on_the_fewest_workers_of_its_speed():
    """Of 5 workers 3 are allowed (5 - 0.5 x 4), but the third adds nothing."""
    job = mock_job("a", hours=10, cpus=1, throughput=(1.0, 1.9, 1.9, 2.5, 3.0))
    assert scales(simulate(mock_world([job], [DAY]), SCHEDULERS["pcaps"])) == {"a": 2}


# -- both ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_who_must_start_to_be_in_time_starts_whatever_the_hour(name: str):
    jobs = [*small(3), mock_job("soon", hours=1, cpus=1, slack_h=1)]
    assert starts_h(simulate(mock_world(jobs, [DAY]), SCHEDULERS[name]))["soon"] == 1


@pytest.mark.parametrize("name", NAMES)
def test_who_must_start_and_finds_home_full_goes_elsewhere(name: str):
    jobs = [mock_job("first", hours=5, slack_h=0), mock_job("second", slack_h=0)]
    run = simulate(mock_world(jobs, [DAY, DAY]), SCHEDULERS[name])
    assert [p.region for p in sorted(run.history.pieces, key=lambda p: p.job)] == [0, 1]


@pytest.mark.parametrize("name", NAMES)
def test_room_booked_for_who_must_start_is_not_given_to_others(name: str):
    """b needs all 10 CPUs as soon as a ends; c, five hours long, would fit beside a, but then b would wait longer."""
    jobs = [
        mock_job("a", hours=2, cpus=5, slack_h=0),
        mock_job("b", hours=1, cpus=10, slack_h=0),
        mock_job("c", hours=5, cpus=5),
    ]
    assert starts_h(simulate(mock_world(jobs, [[CLEAN] * 24]), SCHEDULERS[name])) == {"a": 0, "b": 2, "c": 3}


@pytest.mark.parametrize("name", NAMES)
def test_a_job_too_large_for_its_home_waits_where_it_fits(name: str):
    regions = [mock_region("home"), mock_region("away", gpus=4)]
    world = mock_world([mock_job("a", gpus=1)], [[CLEAN] * 24, [CLEAN] * 24], regions=regions)
    run = simulate(world, SCHEDULERS[name])
    assert [(p.region, p.start_s) for p in run.history.pieces] == [(1, 0)]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(0, 20), st.floats(0.2, 8), st.floats(0, 30), st.integers(1, 10), st.integers(0, 2)),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.floats(1, 900), min_size=24, max_size=24),
    st.sampled_from(NAMES),
)
def test_where_there_is_room_for_all_every_deadline_is_kept(
    shapes: list[tuple[float, float, float, int, int]], intensity: list[float], name: str
):
    jobs = [
        mock_job(
            f"j{n}", at, hours, slack_h=slack + 1, cpus=cpus, throughput=(1.0, 1.5, 1.8)[: 1 + more] if more else ()
        )
        for n, (at, hours, slack, cpus, more) in enumerate(sorted(shapes))
    ]
    run = simulate(mock_world(jobs, [intensity], regions=[mock_region(servers=40)], hours=96), SCHEDULERS[name])
    accounts = account(run)
    assert not accounts.jobs.violated.any()
