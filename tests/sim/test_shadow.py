"""Shadow prices: any prices make a valid bound, and the ones found make it nearly that of the linear program."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.bound import cleanest_runs_g, lower_bound
from sim.cheapest import batches
from sim.loads import Loads, job_loads, request_loads
from sim.model import Checkpoint, Closure
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS, scheduler
from sim.services import Service
from sim.shadow import Relaxed, _sample
from sim.summary import account
from sim.tariff import Tariff
from sim.units import HOUR_S, FloatArray
from sim.world import World
from tests.sim.test_invariants import play, rich_world
from tests.worlds import hourly, mock_job, mock_region, mock_world

seeds = st.integers(0, 10_000)


def dynamic_g(world: World) -> float:
    return lower_bound(world).dynamic_kg * 1000


# -- worlds whose numbers can be added in the head -------------------------------------------------


def test_two_jobs_do_not_fit_the_one_clean_hour():
    """Alone each emits 100 g; together one of them has to take an hour of 300 g."""
    world = mock_world([mock_job("a", slack_h=3), mock_job("b", slack_h=3)], [[300.0, 100, 300, 300] * 6])
    assert lower_bound(world).per_job_kg == pytest.approx(0.2)
    assert dynamic_g(world) == pytest.approx(400, rel=0.01)


def test_where_all_fit_the_bound_is_that_of_each_alone():
    jobs = [mock_job("a", slack_h=3, cpus=5), mock_job("b", slack_h=3, cpus=5)]
    world = mock_world(jobs, [[300.0, 100, 300, 300] * 6])
    assert dynamic_g(world) == pytest.approx(50 + 50, rel=1e-12)


@pytest.mark.parametrize("scarce", ["gpus", "memory_gb"])
def test_gpus_and_memory_bind_too(scarce: str):
    regions = [mock_region("home", servers=2, gpus=4)]
    jobs = [mock_job(name, slack_h=3, cpus=1, **{scarce: 8.0 if scarce == "gpus" else 200.0}) for name in "ab"]
    world = mock_world(jobs, [[300.0, 100, 300, 300] * 6], regions=regions)
    bound = lower_bound(world)
    assert bound.dynamic_kg == pytest.approx(2 * bound.per_job_kg, rel=0.01)


def test_a_closed_server_is_no_capacity():
    """Two servers, one of them closed in the clean hour, announced or not: the second job runs at 300 g."""
    closed = Closure(HOUR_S, 2 * HOUR_S, 1, announced=False)
    site = replace(mock_region("home", servers=2), closures=(closed,))
    jobs = [mock_job("a", slack_h=3), mock_job("b", slack_h=3)]
    world = mock_world(jobs, [[300.0, 100, 300, 300] * 6], regions=[site])
    assert dynamic_g(world) == pytest.approx(400, rel=0.01)


def test_a_job_that_can_be_suspended_takes_the_cleanest_seconds_of_any_region():
    """It may move: an hour at 100 g here, an hour at 100 g there."""
    job = mock_job("a", hours=2, slack_h=0, checkpoint=Checkpoint())
    world = mock_world([job], [[100.0, 500] * 12, [500.0, 100] * 12])
    assert cleanest_runs_g(world)[0] == pytest.approx(200)


def test_an_elastic_job_cannot_do_all_its_work_in_the_cleanest_moment():
    """Two workers are 1.5 times as fast. Of 2 h of work the clean hour holds 1.5 for 2 worker-hours at 100 g; the rest,
    half an hour, is cheaper with one worker at 300 g than not in the clean hour."""
    job = mock_job("a", hours=2, slack_h=1, throughput=(1.0, 1.5))
    world = mock_world([job], [[300.0, 100, 300] + [300.0] * 21])
    assert cleanest_runs_g(world)[0] == pytest.approx(200 + 150)


def test_a_task_waits_for_those_before_it_and_leaves_time_for_those_behind():
    """The first of two tasks cannot use the last hour, which is clean, nor the second the first."""
    jobs = [
        mock_job("a", hours=1, slack_h=2, dag="g", tail_s=HOUR_S),
        mock_job("b", hours=1, slack_h=2, dag="g", deps=("a",)),
    ]
    world = mock_world(jobs, [[100.0, 500, 50] + [500.0] * 21])
    assert cleanest_runs_g(world) == pytest.approx([100, 50])


def service_world(rates: float, jobs: int, *, limit_s: float = 0.6, reach_s: float = 0.0) -> World:
    """A service of one region, of whose replicas each holds a CPU and answers 5 requests a second."""
    world = mock_world([mock_job(f"j{n}", hours=24, slack_h=0) for n in range(jobs)], [[100.0] * 24, [300.0] * 24])
    rate = hourly("HOME", "requests/s", [rates] * 24, 72)
    return replace(world, horizon_s=24 * HOUR_S, services=(Service("web", 1.0, 0.5, 5.0, limit_s, (rate, None)),))


def test_requests_emit_at_least_their_share_of_busy_replicas_where_that_is_clean():
    """10 requests a second keep 2 CPUs of 100 W busy: 0.2 kW at 100 g/kWh for a day."""
    bound = lower_bound(service_world(10.0, jobs=0))
    assert bound.services_kg == pytest.approx(0.2 * 100 * 24 / 1000)


def test_requests_that_nobody_can_answer_in_time_emit_nothing_at_least():
    assert lower_bound(service_world(10.0, jobs=0, limit_s=0.1)).services_kg == 0.0


def test_services_hold_capacity_that_jobs_would_like():
    """The job fills the clean region for the day; the requests must go to the other."""
    bound = lower_bound(service_world(10.0, jobs=1))
    assert bound.per_job_kg == pytest.approx((1.0 + 0.2) * 100 * 24 / 1000)
    assert bound.dynamic_kg == pytest.approx((1.0 * 100 + 0.2 * 300) * 24 / 1000, rel=0.01)


def test_where_not_all_can_be_in_time_the_bound_stays_within_the_dirtiest_hours():
    """Five jobs for one place and one hour: four of them are late in any schedule."""
    jobs = [mock_job(f"j{n}", slack_h=0) for n in range(5)]
    world = mock_world(jobs, [[200.0, 300] * 12], hours=24)
    assert 5 * 200 < dynamic_g(world) <= 200 + 4 * 300 + 1e-6


def test_the_bound_is_the_same_every_time():
    assert lower_bound(crowded(3)) == lower_bound(crowded(3))


# -- by enumeration --------------------------------------------------------------------------------

rows = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(0, 3), st.integers(3, 10)),
                min_size=2, max_size=3)  # fmt: skip
"""Jobs: submission, hours, slack, CPUs."""


def whole_hours(jobs: list[tuple[int, int, int, int]], values: list[float]) -> World:
    made = [mock_job(f"j{n}", *job[:2], slack_h=job[2], cpus=job[3]) for n, job in enumerate(sorted(jobs))]
    return mock_world(made, [values, values[::-1]], hours=24)


def best_by_enumeration(world: World) -> float | None:
    """Return the least grams of all schedules that start at whole hours; None if none fits."""
    jobs, hours = world.workload.jobs, 12
    carbon = np.array([signal.values[24 : 24 + hours] for signal in world.intensity]) / 10  # of one CPU, an hour
    runs = [
        [
            (r, s, s + round(job.duration_estimate_s / HOUR_S))
            for r in range(len(world.regions))
            for s in range(round(job.submit_s / HOUR_S), round(job.latest_start_s / HOUR_S) + 1)
        ]
        for job in jobs
    ]
    best = None
    for choice in product(*runs):
        held = np.zeros_like(carbon)
        for job, (r, s, e) in zip(jobs, choice, strict=True):
            held[r, s:e] += job.cpus
        if (held <= 10).all():
            grams = float((held * carbon).sum())
            best = grams if best is None else min(best, grams)
    return best


@settings(max_examples=25)
@given(rows, st.lists(st.floats(0, 900), min_size=24, max_size=24))
def test_no_schedule_of_a_small_world_beats_the_bound(jobs: list[tuple[int, int, int, int]], values: list[float]):
    world = whole_hours(jobs, values)
    best = best_by_enumeration(world)
    if best is not None:
        assert dynamic_g(world) <= best * (1 + 1e-9) + 1e-9


def test_where_capacity_binds_the_bound_lies_between_each_alone_and_the_best_schedule():
    world = whole_hours([(0, 2, 2, 10), (0, 1, 3, 10), (1, 2, 2, 6)], [400.0, 100, 200, 300, 800, 800] * 4)
    best = best_by_enumeration(world)
    alone = float(cleanest_runs_g(world).sum())
    assert best is not None
    assert alone * 1.1 < dynamic_g(world) <= best


# -- by the linear program -------------------------------------------------------------------------


def solve(cost: FloatArray, rows: list[tuple[FloatArray, float, float]]) -> float | None:
    """Return the least of cost x over x >= 0 with lower <= row x <= upper for each row; None if there is none."""
    model, program = highspy.Highs(), highspy.HighsLp()
    model.silent()
    matrix = np.array([row for row, _, _ in rows])
    program.num_col_, program.num_row_ = len(cost), len(rows)
    program.col_cost_, program.col_lower_ = cost, np.zeros(len(cost))
    program.col_upper_ = np.full(len(cost), highspy.kHighsInf)
    program.row_lower_, program.row_upper_ = np.array([r[1] for r in rows]), np.array([r[2] for r in rows])
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.arange(len(rows) + 1) * len(cost)
    program.a_matrix_.index_ = np.tile(np.arange(len(cost)), len(rows))
    program.a_matrix_.value_ = matrix.ravel()
    model.passModel(program)
    model.run()
    optimal = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return model.getObjectiveValue() if optimal else None


def preemptive_g(loads: Loads, tariff: Tariff) -> float | None:
    """Return the optimum of the program in which every load may be cut in pieces: seconds by load, region and slot."""
    regions, count = loads.watts.shape
    slots = tariff.carbon.shape[1]
    edges_s = tariff.start_s + tariff.step_s * np.arange(slots + 1)
    keys = [(j, r, t) for j in range(count) for r in range(regions) for t in range(slots)]
    j, r, t = np.array(keys).T
    rows = [((j == n).astype(float), loads.work_s[n], loads.work_s[n]) for n in range(count)]
    for n in range(count):
        open_s = np.diff(np.clip(edges_s, loads.first_s[n], loads.end_s[n]))
        rows += [(((j == n) & (t == k)).astype(float), 0.0, open_s[k]) for k in range(slots)]
    rows += [
        (((r == place) & (t == k)) * loads.demand[0, j], 0.0, tariff.capacity[place, 0, k])
        for place in range(regions)
        for k in range(slots)
    ]
    return solve(loads.watts[r, j] * tariff.carbon[r, t], rows)


def start_time_g(loads: Loads, tariff: Tariff) -> float | None:
    """Return the optimum of the program in which loads may be shared between starts at the edges of slots."""
    regions, count = loads.watts.shape
    slots = tariff.carbon.shape[1]
    length = np.round(loads.work_s / tariff.step_s).astype(int)
    keys = [
        (j, r, s)
        for j in range(count)
        for r in range(regions)
        for s in range(round(loads.first_s[j] / HOUR_S), round(loads.end_s[j] / HOUR_S) - length[j] + 1)
    ]
    j, r, s = np.array(keys).T
    cost = np.array([loads.watts[b, a] * tariff.carbon[b, c : c + length[a]].sum() * HOUR_S for a, b, c in keys])
    rows = [((j == n).astype(float), 1.0, 1.0) for n in range(count)]
    rows += [
        (((r == place) & (s <= k) & (k < s + length[j])) * loads.demand[0, j], 0.0, 10.0)
        for place in range(regions)
        for k in range(slots)
    ]
    return solve(cost, rows)


def crowded(seed: int) -> World:
    """Return twelve jobs for whom two servers are few."""
    rng = np.random.default_rng(seed)
    jobs = [(int(rng.integers(0, 6)), int(rng.integers(1, 4)), int(rng.integers(2, 8)), int(rng.integers(2, 9)))
            for _ in range(12)]  # fmt: skip
    return whole_hours(jobs, rng.uniform(50, 900, 24).tolist())


@pytest.mark.parametrize("seed", range(8))
def test_the_prices_found_reach_the_linear_program(seed: int):
    """Nearly the preemptive program's optimum or more, and never more than that of starts at whole hours."""
    world = crowded(seed)
    loads, tariff = job_loads(world)[1], Tariff.of(world)
    found = dynamic_g(world)
    least, most = preemptive_g(loads, tariff), start_time_g(loads, tariff)
    assert least is not None
    assert most is not None
    assert 0.99 * least <= found <= most * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_of_jobs_that_can_be_suspended_the_preemptive_program_is_the_bound(seed: int):
    world = crowded(seed)
    soft = [replace(job, checkpoint=Checkpoint()) for job in world.workload.jobs]
    soft_world = mock_world(soft, [signal.values[:24].tolist() for signal in world.intensity], hours=24)
    optimum = preemptive_g(job_loads(soft_world)[1], Tariff.of(soft_world))
    assert optimum is not None
    assert 0.99 * optimum <= dynamic_g(soft_world) <= optimum * (1 + 1e-9)


def test_capacity_binds_in_those_worlds():
    assert dynamic_g(crowded(0)) > 1.05 * float(cleanest_runs_g(crowded(0)).sum())


# -- whatever is decided ---------------------------------------------------------------------------


def checked(run: Run) -> tuple[float, Loads, Tariff]:
    """Return what a run emitted, late jobs and hours with late requests taken at their dirtiest; loads and tariff."""
    world, accounts = run.world, account(run)
    which, jobs = job_loads(world)
    loads, tariff = jobs.and_rigid(request_loads(world)), Tariff.of(world)
    most_g = np.zeros(len(loads))
    for batch in batches(loads, tariff):
        most_g[batch.which] = batch.most_g
    kept = (~accounts.jobs.violated & ~np.isnan(accounts.jobs.end_s))[which]
    emitted = np.where(kept, accounts.jobs.carbon_g[which], most_g[: len(jobs)]).sum()
    late = {step.start_s for step in run.history.served if step.late_per_s > 0}
    begins = np.array([step.start_s for step in run.history.served])
    on_time = ~np.isin(begins, list(late))
    emitted += accounts.books.services.carbon_g[on_time].sum()
    emitted += most_g[len(jobs) :][np.isin(loads.first_s[len(jobs) :], list(late))].sum()
    return float(emitted), loads, tariff


def sunless(seed: int, *, plain: bool = False) -> World:
    """Return a world in which no region is free of carbon, so that the bound is above nothing."""
    return replace(rich_world(seed, plain=plain), onsite=(None, None))


@settings(max_examples=15)
@given(seeds, st.booleans(), st.sampled_from([*sorted(SCHEDULERS), "spatiotemporal-oracle"]))
def test_no_scheduler_beats_the_bound_in_any_world(seed: int, plain: bool, name: str):
    run = simulate(sunless(seed, plain=plain), scheduler(name))
    assert 0 < dynamic_g(run.world) <= checked(run)[0] * (1 + 1e-9) + 1e-6


@settings(max_examples=30)
@given(seeds, st.floats(0, 3))
def test_any_prices_make_a_valid_bound(seed: int, size: float):
    """Random prices, random decisions: suspended, moved, resized, lost and cancelled jobs among them."""
    engine = play(sunless(seed), seed)
    emitted, loads, tariff = checked(Run(engine.world, "random", engine.history))
    dear = size * tariff.carbon.max() * 100
    prices = np.random.default_rng(seed).uniform(-dear, dear, tariff.prices.shape).clip(0)
    assert Relaxed.of(loads, tariff.at(prices)).dual_g <= emitted * (1 + 1e-9) + 1e-6


@settings(max_examples=5)
@given(seeds)
def test_capacity_only_raises_the_bound(seed: int):
    bound = lower_bound(sunless(seed))
    assert bound.dynamic_kg >= bound.per_job_kg > 0


def test_a_sample_stands_for_the_work_of_all(monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(1)
    jobs = [mock_job(f"j{n}", n / 60, float(h), cpus=1) for n, h in enumerate(rng.lognormal(0, 1, 600).clip(0.1, 20))]
    world = mock_world(jobs, [[300.0, 100, 200] * 8, [400.0] * 24], hours=72,
                       regions=[mock_region("home", servers=2), mock_region("away", servers=2)])  # fmt: skip
    loads, tariff = job_loads(world)[1], Tariff.of(world)
    whole = dynamic_g(world)
    monkeypatch.setattr("sim.shadow._LOOKED_AT", 5_000)
    which, weights = _sample(loads, tariff)
    assert len(which) < 200
    assert (weights * loads.work_s[which]).sum() == pytest.approx(loads.work_s.sum(), rel=0.01)
    sampled = lower_bound(world)
    assert sampled.dynamic_kg * 1000 == pytest.approx(whole, rel=0.03)
    assert sampled.dynamic_kg > 1.2 * sampled.per_job_kg
