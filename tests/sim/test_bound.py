"""The bound: never above what any feasible schedule emits, and exact where one job is alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.bound import cleanest_runs_g, lower_bound
from sim.ledger import keep_books
from sim.runner import simulate
from sim.schedulers import SCHEDULERS
from sim.summary import account
from sim.units import HOUR_S
from tests.sim.test_engine import jobs_strategy, random_world
from tests.worlds import mock_job, mock_region, mock_world


def test_the_cleanest_hour_within_the_slack_is_the_bound():
    world = mock_world([mock_job("a", slack_h=5)], [[300.0, 300, 300, 100, 300, 300, 10] + [300.0] * 17])
    assert cleanest_runs_g(world)[0] == pytest.approx(100)


def test_a_start_between_samples_can_be_the_cleanest():
    """Two and a half hours fit best around the two clean ones: half an hour of 300 is left."""
    world = mock_world([mock_job("a", hours=2.5)], [[300.0, 300, 100, 100, 300] + [300.0] * 19])
    assert cleanest_runs_g(world)[0] == pytest.approx(100 + 100 + 150)


def test_a_region_that_cannot_hold_the_job_does_not_lower_its_bound():
    regions = [mock_region("home", servers=2), mock_region("away")]
    world = mock_world([mock_job("a", cpus=20)], [[300.0] * 24, [1.0] * 24], regions=regions)
    assert cleanest_runs_g(world)[0] == pytest.approx(600)


def test_a_job_that_may_be_left_unfinished_has_no_bound_above_nothing():
    world = mock_world([mock_job("a", 40.0, slack_h=24)], [[300.0] * 24], hours=48)
    assert cleanest_runs_g(world)[0] == 0


def test_idle_carbon_is_in_the_total_where_it_counts():
    for counted in (True, False):
        bound = lower_bound(mock_world([mock_job("a")], [[100.0] * 24], hours=48, idle=counted))
        assert bound.idle_kg == pytest.approx(0.1 * 48 * 100 / 1000 if counted else 0)
        assert bound.total_kg == pytest.approx(bound.jobs_kg + bound.idle_kg)


@settings(max_examples=20)
@given(
    st.lists(st.floats(0, 900), min_size=24, max_size=24),
    st.floats(0, 10),
    st.floats(0.1, 8),
    st.floats(0, 12),
)
def test_one_job_alone_by_enumeration(values: list[float], submit_h: float, hours: float, slack_h: float):
    """No start on a fine grid is cleaner, and the best of the grid comes close."""
    job = mock_job("a", submit_h, hours, slack_h=slack_h)
    world = mock_world([job], [values, values[::-1]])
    starts = np.linspace(job.submit_s, job.latest_start_s, 400)
    watts = 1000.0
    found = min(
        float((signal.integral(starts, starts + hours * HOUR_S)).min()) * watts / 3.6e6 for signal in world.intensity
    )
    bound = cleanest_runs_g(world)[0]
    assert bound <= found + 1e-9
    step_h = slack_h / 399
    assert found - bound <= 900 * step_h + 1e-6


@settings(max_examples=30)
@given(jobs_strategy, st.lists(st.floats(0, 900), min_size=24, max_size=24), st.sampled_from(sorted(SCHEDULERS)))
def test_no_schedule_that_meets_the_deadlines_beats_the_bound(
    rows: list[tuple[float, float, int, float]], values: list[float], name: str
):
    world = random_world(rows, [values, values[::-1]])
    run = simulate(world, SCHEDULERS[name])
    on_time = ~account(run).jobs.violated
    ledger = keep_books(world, run.history).ledger
    emitted = np.bincount(ledger.pieces.job, weights=ledger.carbon_g, minlength=len(rows))
    for j in np.flatnonzero(on_time):
        assert cleanest_runs_g(world)[int(j)] <= emitted[j] * (1 + 1e-9) + 1e-9
