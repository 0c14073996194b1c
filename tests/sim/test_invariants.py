"""What must hold in every world, whatever is decided: random worlds with every feature, random legal decisions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.audit import _capacity_faults, _graph_faults, _run_faults, _work_faults
from sim.bound import cleanest_runs_g, lower_bound
from sim.cooling import Cooling
from sim.engine import Engine
from sim.errors import IllegalAction
from sim.history import KINDS, RUN, History
from sim.ledger import Books, keep_books
from sim.model import Cancel, Checkpoint, Closure, Migrate, Place, PowerSaving, Region, Resize, Resume, Route, Suspend
from sim.network import Network
from sim.recompute import Answered, Moved, Placed, Recomputed, Switched
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.schedulers.agnostic import plan_fifo, queue_up
from sim.schedulers.shifting import greedy_ahead, plan_greedy_carbon
from sim.services import Service
from sim.signals import Bundle, Signal
from sim.summary import account
from sim.timetable import Timetable
from sim.units import HOUR_S, FloatArray
from sim.world import World
from tests.worlds import hourly, mock_job, mock_region, mock_world

HOURS = 36
seeds = st.integers(0, 10_000)


def rich_world(seed: int, *, plain: bool = False) -> World:
    """Return a small world with every feature (or only rigid jobs in plain regions), drawn from a seed."""
    rng = np.random.default_rng(seed)
    jobs = [_job(n, rng, plain=plain) for n in range(12)]
    jobs.sort(key=lambda job: job.submit_s)
    world = mock_world(
        jobs,
        [rng.uniform(0, 900, 24).tolist() for _ in range(2)],
        regions=[_region(name, rng, plain=plain) for name in ("home", "away")],
        price=[rng.uniform(-20, 200, 24).tolist() for _ in range(2)],
        hours=HOURS,
        epoch_h=float(rng.choice([0.5, 1.0])),
        durations_h=[job.duration_estimate_s / HOUR_S * float(rng.choice([0.6, 1.0, 1.3])) for job in jobs],
    )
    if plain:
        return world
    rate = hourly("HOME", "requests/s", rng.uniform(1, 12, 24), HOURS)
    return replace(
        world,
        temperature=(hourly("HOME", "degC", rng.uniform(0, 35, 24), HOURS), None),
        onsite=(None, hourly("AWAY", "W", rng.uniform(0, 3000, 24), HOURS)),
        network=Network.uniform(2, rtt_s=0.1, throughput_bps=1e9, energy_kwh_per_gb=0.06, usd_per_gb=0.02),
        services=(Service("web", 1.0, 0.5, 5.0, 0.6, (rate, None)),),
    )


def _job(n: int, rng: np.random.Generator, *, plain: bool) -> object:
    soft = not plain and n % 3 == 0
    return mock_job(
        f"j{n}",
        float(np.round(rng.uniform(0, 12), 2)) if n else 0.0,
        float(rng.uniform(0.3, 6)),
        slack_h=float(rng.uniform(0, 12)),
        cpus=float(rng.integers(1, 9)),
        home=str(rng.choice(["home", "away"])),
        utilization=1.0 if plain else float(rng.uniform(0.2, 1)),
        checkpoint=Checkpoint(600, 300, 0.1, 0.2) if soft else None,
        throughput=(1.0, 1.8) if not plain and n % 4 == 1 else (),
        data_gb=0.0 if plain else float(rng.choice([0.0, 100.0])),
        state_gb=0.0 if plain else 50.0,
    )


def _region(name: str, rng: np.random.Generator, *, plain: bool) -> Region:
    site = mock_region(name, servers=2, pue=1.2)
    if plain:
        return site
    first_h = float(rng.integers(3, 20))
    closed = Closure(first_h * HOUR_S, (first_h + 3) * HOUR_S, 1, announced=bool(rng.integers(2)))
    if name == "home":
        curve = tuple(np.cumsum([100, *rng.uniform(20, 150, 10)]).tolist())
        servers = tuple((replace(s, curve=curve, idle_w=curve[0], max_w=curve[-1]), n) for s, n in site.servers)
        return replace(site, servers=servers, cooling=Cooling(), closures=(closed,))
    rents = {"usd_per_cpu_h": 0.05, "reserved_cpus": 5.0, "reserved_usd_per_cpu_h": 0.02}
    return replace(site, saving=PowerSaving(900, 1800), **rents)


def play(world: World, seed: int) -> Engine:
    """Run a world by random decisions; what a state does not allow is refused and forgotten."""
    rng, engine = np.random.default_rng(seed), Engine(world)
    names = [region.id for region in world.regions]
    while view := engine.next_view():
        choices = [
            Place(job.id, str(rng.choice(names)), view.now_s + float(rng.choice([0, 1, 3.3])) * HOUR_S,
                  int(rng.integers(1, job.max_scale + 1)))
            for job in view.pending
        ]  # fmt: skip
        choices.extend(_disturb(held.job.id, names, view.now_s, rng) for held in view.commitments)
        choices += [Resume(s.job.id, view.now_s + float(rng.choice([0, 2])) * HOUR_S) for s in view.suspended]
        if view.services:
            share = float(rng.uniform())
            choices.append(Route("web", "home", (("home", share), ("away", 1 - share))))
        for decision in choices:
            try:
                engine.apply(decision)
            except IllegalAction:
                continue
    return engine


def _disturb(job: str, names: list[str], now_s: float, rng: np.random.Generator) -> object:
    kind = rng.choice(["suspend", "migrate", "resize", "cancel"], p=[0.4, 0.3, 0.29, 0.01])
    if kind == "suspend":
        return Suspend(job)
    if kind == "migrate":
        return Migrate(job, str(rng.choice(names)), now_s)
    return Resize(job, int(rng.integers(1, 3))) if kind == "resize" else Cancel(job)


def again(world: World, books: Books, history: History) -> Recomputed:
    pieces = books.ledger.pieces
    kinds, scale = [KINDS[kind] for kind in pieces.kind], pieces.scale.astype(float)
    placed = Placed(pieces.job, pieces.region, pieces.start_s, pieces.end_s, scale, kinds)
    return Recomputed(
        world,
        placed,
        [Moved(m.src, m.dst, m.start_s, m.end_s, m.gb) for m in history.moves],
        [Switched(s.region, s.t_s, s.servers_on) for s in history.switches],
        [
            Answered(s.service, s.region, s.start_s, s.end_s, s.replicas, s.rate_per_s, s.late_per_s)
            for s in history.served
        ],
        frozenset(history.cancelled),
    )


def same(one: FloatArray, other: FloatArray) -> bool:
    return bool(np.allclose(one, other, rtol=1e-9, atol=1e-9))


@settings(max_examples=40)
@given(seeds)
def test_the_ledger_and_the_walk_through_the_events_agree_on_everything(seed: int):
    engine = play(rich_world(seed), seed)
    books = keep_books(engine.world, engine.history)
    other = again(engine.world, books, engine.history)
    for name in ("energy_kwh", "carbon_g", "cost_usd"):
        assert same(getattr(books.ledger, name), other.placements[name])
        assert same(getattr(books.services, name), other.services[name])
        assert same(getattr(books.moves, name), other.transfers[name])
    for name in (
        "dynamic_it_kwh",
        "idle_it_kwh",
        "overhead_kwh",
        "onsite_kwh",
        "carbon_g",
        "cost_usd",
        "power_w",
        "pue",
    ):
        assert same(getattr(books.series, name), other.regions[name])
    assert float(books.series.idle_g.sum()) == pytest.approx(other.idle["g"], rel=1e-9)


@settings(max_examples=40)
@given(seeds)
def test_capacity_causality_order_and_work_hold_whatever_is_decided(seed: int):
    engine = play(rich_world(seed), seed)
    books = keep_books(engine.world, engine.history)
    other = again(engine.world, books, engine.history)
    for faults in (
        _run_faults(engine.world, other.placed),
        _work_faults(engine.world, other),
        _graph_faults(engine.world, other),
        _capacity_faults(engine.world, other.placed, other),
    ):
        assert list(faults) == []


@settings(max_examples=30)
@given(seeds)
def test_a_finished_job_has_done_all_of_its_work_and_no_other_has(seed: int):
    engine = play(rich_world(seed), seed)
    books = keep_books(engine.world, engine.history)
    done = np.zeros(len(engine.world.workload.jobs), dtype=bool)
    done[[p.job for p in engine.history.pieces if p.finished]] = True
    work_s = again(engine.world, books, engine.history).work_s
    durations_s = engine.world.workload.durations_s
    assert np.allclose(work_s[done], durations_s[done], rtol=1e-9)
    assert (work_s[~done] < durations_s[~done]).all()


@settings(max_examples=30)
@given(seeds)
def test_the_same_decisions_make_the_same_history(seed: int):
    one, other = (play(rich_world(seed), seed).history for _ in range(2))
    assert one.rows == other.rows
    assert (one.moves, one.switches, one.served) == (other.moves, other.switches, other.served)


@settings(max_examples=30)
@given(seeds)
def test_what_goes_in_comes_out(seed: int):
    """IT + overhead = on-site + grid, in every region and epoch."""
    series = keep_books((engine := play(rich_world(seed), seed)).world, engine.history).series
    used = series.dynamic_it_kwh + series.idle_it_kwh + series.overhead_kwh
    assert np.allclose(used, series.onsite_kwh + series.grid_kwh, rtol=1e-9, atol=1e-12)
    assert (series.onsite_kwh >= 0).all()
    assert (series.grid_kwh >= -1e-12).all()


@settings(max_examples=30)
@given(seeds, st.floats(0.01, 0.99))
def test_cutting_every_piece_in_two_changes_nothing(seed: int, part: float):
    engine = play(rich_world(seed), seed)
    history = engine.history
    halves = [
        half
        for job, region, start_s, end_s, scale, kind, finished in history.rows
        for middle_s in [start_s + part * (end_s - start_s)]
        for half in (
            (job, region, start_s, middle_s, scale, kind, False),
            (job, region, middle_s, end_s, scale, kind, finished),
        )
    ]
    whole = keep_books(engine.world, history)
    cut = keep_books(engine.world, replace(history, rows=halves))
    for name in ("energy_kwh", "carbon_g", "cost_usd"):
        sums = [
            np.bincount(books.ledger.pieces.job, getattr(books.ledger, name), len(engine.world.workload.jobs))
            for books in (whole, cut)
        ]
        assert same(sums[0], sums[1])


@settings(max_examples=30)
@given(seeds, st.floats(0.1, 10))
def test_carbon_is_linear_in_intensity(seed: int, factor: float):
    engine = play(rich_world(seed), seed)
    world = engine.world
    dirtier = replace(world, intensity=tuple(replace(s, values=s.values * factor) for s in world.intensity))
    one, other = (keep_books(w, engine.history) for w in (world, dirtier))
    assert same(one.ledger.carbon_g * factor, other.ledger.carbon_g)
    assert same(one.ledger.energy_kwh, other.ledger.energy_kwh)


@settings(max_examples=30)
@given(seeds, st.floats(0.1, 10))
def test_energy_is_linear_in_the_watts_of_the_servers(seed: int, factor: float):
    world = rich_world(seed, plain=True)
    run = simulate(world, SCHEDULERS["fifo"])
    stronger = replace(world, regions=tuple(_scaled(region, factor) for region in world.regions))
    one, other = (keep_books(w, run.history) for w in (world, stronger))
    assert same(one.ledger.energy_kwh * factor, other.ledger.energy_kwh)
    assert same(one.series.idle_kwh * factor, other.series.idle_kwh)


def _scaled(region: Region, factor: float) -> Region:
    return replace(
        region,
        servers=tuple((replace(s, idle_w=s.idle_w * factor, max_w=s.max_w * factor), n) for s, n in region.servers),
    )


@settings(max_examples=30)
@given(seeds)
def test_the_books_ahead_are_the_sum_of_the_commitments(seed: int):
    """What the engine keeps up to date decision by decision is what adding everything up gives."""
    world = replace(rich_world(seed, plain=True), workload=rich_world(seed, plain=True).workload)
    rng, engine = np.random.default_rng(seed), Engine(world)
    engine._open_books()
    while view := engine.next_view():
        timetable = Timetable(view)
        assert view.room is not None
        assert np.allclose(view.room, timetable._summed_room(view.room.shape[1]), atol=1e-6)
        for job in view.pending:
            start_s = view.now_s + float(rng.choice([0, 1, 2.5])) * HOUR_S
            engine.place(Place(job.id, str(rng.choice(["home", "away"])), start_s))


@settings(max_examples=30)
@given(seeds)
def test_the_quick_road_of_fifo_and_greedy_is_the_slow_one(seed: int):
    engine = Engine(rich_world(seed, plain=True))
    while view := engine.next_view():
        current = view.intensity_measured.current * view.overhead(np.array([view.now_s]))[:, 0]
        for quick, slow in ((plan_fifo(view), queue_up(view)), (plan_greedy_carbon(view), greedy_ahead(view, current))):
            assert [(r.job.id, r.region, r.start_s, r.late) for r in quick] == [
                (r.job.id, r.region, r.start_s, r.late) for r in slow
            ]
        for run in plan_fifo(view):
            engine.place(Place(run.job.id, run.region, run.start_s))


@settings(max_examples=30)
@given(seeds, st.booleans())
def test_the_best_options_of_many_jobs_are_those_of_each_alone(seed: int, home_only: bool):
    engine = Engine(rich_world(seed, plain=True))
    while view := engine.next_view():
        if not len(view.pending):
            continue
        choices = Timetable(view).cheapest(view.pending, home_only=home_only)
        for i, job in enumerate(view.pending):
            options = Timetable(view).options(job, late=False)
            points = np.full(1, np.inf)
            if options is not None:
                rows = [view.region_index[job.home]] if home_only else slice(None)
                points = np.where(options.feasible, options.carbon_g, np.inf)[rows]
            if not np.isfinite(points).any():
                assert choices.slot[i] == -1
                continue
            assert options is not None
            r, s = int(choices.region[i]), int(choices.slot[i])
            assert options.feasible[r, s]
            assert options.carbon_g[r, s] == pytest.approx(points.min(), rel=1e-6, abs=1e-6)
        for job in view.pending:
            engine.place(Place(job.id, job.home, view.now_s))


@settings(max_examples=30)
@given(seeds, st.sampled_from(sorted(SCHEDULERS)))
def test_no_run_that_meets_a_deadline_beats_the_bound(seed: int, name: str):
    world = rich_world(seed)
    run = simulate(world, SCHEDULERS[name])
    accounts = account(run)
    kept = ~accounts.jobs.violated & ~np.isnan(accounts.jobs.end_s)
    assert (cleanest_runs_g(world)[kept] <= accounts.jobs.carbon_g[kept] * (1 + 1e-9) + 1e-6).all()
    books = accounts.books
    emitted = books.ledger.carbon_g.sum() + books.services.carbon_g.sum() + books.series.idle_g.sum()
    least = cleanest_runs_g(world)[kept].sum() + lower_bound(world).idle_kg * 1000
    assert least <= emitted * (1 + 1e-9) + 1e-6


@settings(max_examples=30)
@given(seeds)
def test_random_decisions_do_not_beat_the_bound_either(seed: int):
    engine = play(rich_world(seed), seed)
    run = Run(engine.world, "random", engine.history)
    accounts = account(run)
    kept = ~accounts.jobs.violated & ~np.isnan(accounts.jobs.end_s)
    assert (cleanest_runs_g(engine.world)[kept] <= accounts.jobs.carbon_g[kept] * (1 + 1e-9) + 1e-6).all()


@given(
    st.lists(st.floats(-100, 900), min_size=8, max_size=8),
    st.sampled_from([300, 900, 1800, 3600]),
    st.sampled_from([300, 900, 1800, 3600]),
    st.integers(0, 11),
    st.lists(st.floats(0, 1), min_size=2, max_size=2),
)
def test_signals_of_mixed_intervals_keep_their_integrals_on_a_common_grid(
    values: list[float], step_s: int, other_s: int, shift: int, ends: list[float]
):
    one = Signal("A", "g", 0.0, float(step_s), np.array(values))
    other = Signal("B", "g", -300.0 * shift, float(other_s), np.resize(np.array(values[::-1]), 60))
    bundle = Bundle.of([one, other])
    span_s = bundle.end_s - bundle.start_s
    start_s, end_s = (bundle.start_s + part * span_s for part in sorted(ends))
    both = np.diff(bundle.cumulative(np.array([start_s, end_s])), axis=1)[:, 0]
    for row, signal in zip(both, (one, other), strict=True):
        assert row == pytest.approx(float(signal.integral(start_s, end_s)), rel=1e-9, abs=1e-5)


@given(st.floats(0, 1e6), st.floats(0, 1e4))
def test_a_joule_is_a_joule_on_every_road(watts: float, hours: float):
    """kWh of a constant load by the ledger's units equal W x h / 1000."""
    world = mock_world([mock_job("a", hours=max(hours, 0.01) % 20 + 0.01, cpus=watts % 9 + 0.1)], [[100]])
    job = world.workload.jobs[0]
    history = History(rows=[(0, 0, 0.0, job.duration_estimate_s, 1, RUN, True)])
    kwh = keep_books(world, history).ledger.energy_kwh[0]
    assert kwh == pytest.approx(job.cpus * 100 * job.duration_estimate_s / HOUR_S / 1000, rel=1e-9)
