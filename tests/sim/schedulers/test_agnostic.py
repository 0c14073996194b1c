"""Queues on cases worked out by hand, and what is proved of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine import Engine
from sim.model import Job, Place
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.schedulers.agnostic import plan_easy_backfill
from sim.units import HOUR_S
from tests.worlds import mock_job, mock_world

GRID = [100.0] * 24
whole_regions = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 12)), min_size=2, max_size=5)
"""Jobs that take all of a region: hours, and hours of slack."""


def ran(run: Run) -> dict[str, tuple[str, float]]:
    """Return region and start (h) of each job."""
    return {
        run.world.workload.jobs[piece.job].id: (run.world.regions[piece.region].id, piece.start_s / HOUR_S)
        for piece in run.history.pieces
    }


def starts(name: str, jobs: list[Job]) -> dict[str, float]:
    """Return the start (h) of each job in a single region of 10 CPUs."""
    return {job: start_h for job, (_, start_h) in ran(simulate(mock_world(jobs, [GRID]), SCHEDULERS[name])).items()}


def test_the_shortest_job_goes_first():
    jobs = [mock_job("long", hours=3), mock_job("short", hours=1), mock_job("middle", hours=2)]
    assert starts("sjf", jobs) == {"short": 0, "middle": 1, "long": 3}


def test_a_long_job_that_runs_is_not_stopped_for_a_short_one():
    assert starts("sjf", [mock_job("long", hours=3), mock_job("short", 1.0)]) == {"long": 0, "short": 3}


def test_the_earliest_deadline_goes_first():
    jobs = [mock_job("a", slack_h=9), mock_job("b", slack_h=3), mock_job("c", slack_h=6)]
    assert starts("edf", jobs) == {"b": 0, "c": 1, "a": 2}


def test_what_follows_in_a_graph_makes_a_deadline_earlier():
    jobs = [mock_job("a", slack_h=6), mock_job("b", slack_h=9, tail_s=5 * HOUR_S)]
    assert starts("edf", jobs) == {"b": 0, "a": 1}


@pytest.mark.parametrize("name", ["sjf", "edf", "easy-backfill"])
def test_who_finds_home_full_goes_to_the_next_region(name: str):
    world = mock_world([mock_job("a", hours=3), mock_job("b", hours=3), mock_job("c", hours=3)], [GRID, GRID])
    assert ran(simulate(world, SCHEDULERS[name])) == {"a": ("home", 0), "b": ("away", 0), "c": ("home", 3)}


@pytest.mark.parametrize(("name", "small_h"), [("fifo", 5), ("sjf", 5), ("edf", 5), ("easy-backfill", 0.5)])
def test_only_backfilling_lets_a_small_job_pass_a_large_one(name: str, small_h: float):
    """The large job waits for all CPUs until hour 4; the small one would be gone by then."""
    jobs = [
        mock_job("runs", hours=4, cpus=6),
        mock_job("large", 0.25, hours=1, cpus=10, slack_h=5),
        mock_job("small", 0.5, hours=1.5, cpus=4, slack_h=9),
    ]
    world = mock_world(jobs, [GRID], epoch_h=0.5)
    assert {job: start_h for job, (_, start_h) in ran(simulate(world, SCHEDULERS[name])).items()} == {
        "runs": 0,
        "large": 4,
        "small": small_h,
    }


@pytest.mark.parametrize(("hours", "start_h"), [(4, 0), (5, 6)])
def test_a_job_that_would_delay_the_reservation_waits(hours: float, start_h: float):
    """Six CPUs run until hour 4, when the large job has its reservation for two hours."""
    jobs = [mock_job("runs", hours=4, cpus=6), mock_job("large", hours=2), mock_job("small", hours=hours, cpus=4)]
    assert starts("easy-backfill", jobs) == {"runs": 0, "large": 4, "small": start_h}


def test_only_the_head_of_a_queue_has_a_reservation():
    """The second in the queue has none: the small job takes CPUs that it would need at hour 4, and so delays it."""
    jobs = [
        mock_job("runs", hours=2, cpus=6),
        mock_job("head", hours=2, cpus=5),
        mock_job("second", hours=2, cpus=10),
        mock_job("small", hours=6, cpus=4),
    ]
    assert starts("easy-backfill", jobs) == {"runs": 0, "head": 2, "second": 6, "small": 0}


def test_each_region_has_a_queue_of_its_own():
    """Both queues' heads are kept their hour 3; the small job, which would delay either, waits."""
    jobs = [
        *(mock_job(f"runs in {home}", hours=3, cpus=6, home=home) for home in ("home", "away")),
        *(mock_job(f"head of {home}", hours=1, home=home) for home in ("home", "away")),
        mock_job("small", hours=4, cpus=2),
    ]
    run = ran(simulate(mock_world(jobs, [GRID, GRID]), SCHEDULERS["easy-backfill"]))
    assert (run["head of home"], run["head of away"]) == (("home", 3), ("away", 3))
    assert run["small"] == ("home", 4)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6), st.integers(1, 10)), min_size=3, max_size=14))
def test_no_head_starts_later_than_was_reserved_for_it(rows: list[tuple[int, int, int]]):
    """Lifka 1995: with true estimates, who is passed by others loses nothing by it.

    The reservation is reckoned here from what runs when a job becomes the first of the queue.
    """
    jobs = [mock_job(f"j{n}", float(t), h, cpus=c) for n, (t, h, c) in enumerate(sorted(rows))]
    engine, reserved_s = Engine(mock_world(jobs, [GRID], hours=120)), dict[str, float]()
    while view := engine.next_view():
        for run in plan_easy_backfill(view):
            engine.place(Place(run.job.id, run.region, run.start_s))
        left = engine.view()
        if len(left.pending):
            reserved_s.setdefault(left.pending[0].id, _first_room_s(left.pending[0], left.commitments, left.now_s))
    for piece in engine.history.pieces:
        job = engine.world.workload.jobs[piece.job]
        assert piece.start_s <= reserved_s.get(job.id, np.inf)


def _first_room_s(job: Job, running: tuple[object, ...], now_s: float) -> float:
    """Return the first whole hour after now from which a job has room among what runs."""
    for hour in range(1, 200):
        t_s = now_s + hour * HOUR_S
        if sum(c.job.cpus for c in running if c.end_s > t_s) + job.cpus <= 10:  # type: ignore[attr-defined]
            return t_s
    raise AssertionError


@pytest.mark.parametrize("name", ["easy-backfill", "sjf"])
def test_in_a_crowd_backfilling_and_shortest_first_at_least_halve_the_wait_of_fifo(name: str):
    """As Mu'alem and Feitelson (2001) and many others found; two regions, 86 % of their CPUs asked for."""
    rng = np.random.default_rng(0)
    submit_h, hours = np.sort(rng.uniform(0, 72, 150)), np.clip(rng.lognormal(0.5, 1, 150), 0.25, 12)
    rows = zip(submit_h, hours, rng.choice([1, 2, 4, 8], 150), strict=True)
    jobs = [mock_job(f"j{n}", t, h, cpus=c, home=("home", "away")[n % 2]) for n, (t, h, c) in enumerate(rows)]
    world = mock_world(jobs, [GRID, GRID], hours=240, epoch_h=0.25)
    wait_h = {each: np.mean([h for _, h in ran(simulate(world, SCHEDULERS[each])).values()]) for each in ("fifo", name)}
    assert wait_h[name] - submit_h.mean() < (wait_h["fifo"] - submit_h.mean()) / 2


@settings(max_examples=25)
@given(whole_regions)
def test_shortest_first_has_the_least_total_wait(rows: list[tuple[int, int]]):
    """Smith 1956."""
    hours = [h for h, _ in rows]
    waits = [sum(np.cumsum((0, *order))[:-1]) for order in permutations(hours)]
    assert sum(starts("sjf", [mock_job(f"j{n}", hours=h) for n, h in enumerate(hours)]).values()) == min(waits)


@settings(max_examples=25)
@given(whole_regions)
def test_earliest_deadline_first_has_the_least_lateness(rows: list[tuple[int, int]]):
    """Jackson 1955: so it meets every deadline if any order does."""
    jobs = [mock_job(f"j{n}", hours=h, slack_h=slack_h) for n, (h, slack_h) in enumerate(rows)]
    start_h = starts("edf", jobs)
    late_h = max(start_h[job.id] - job.latest_start_s / HOUR_S for job in jobs)
    assert late_h == min(_lateness_h(order) for order in permutations(jobs))


def _lateness_h(order: tuple[Job, ...]) -> float:
    start_h = np.cumsum([0.0, *(job.duration_estimate_s / HOUR_S for job in order)])
    return max(start - job.latest_start_s / HOUR_S for start, job in zip(start_h, order, strict=False))
