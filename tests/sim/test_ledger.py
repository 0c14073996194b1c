"""The ledger: closed forms, and the balance of jobs, idle and regions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.history import RUN, History
from sim.ledger import Books, Ledger, RegionSeries, check_balance, keep_books
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

Row = tuple[int, int, float, float, int, int, bool]


def segment(start_h: float, end_h: float, *, job: int = 0, region: int = 0) -> Row:
    return (job, region, start_h * HOUR_S, end_h * HOUR_S, 1, RUN, True)


def books(world: World, rows: list[Row]) -> Books:
    return keep_books(world, History(rows=rows))


def open_ledger(world: World, rows: list[Row]) -> Ledger:
    return books(world, rows).ledger


def region_series(world: World, rows: list[Row]) -> RegionSeries:
    return books(world, rows).series


def test_a_kilowatt_for_an_hour_at_200_g_emits_200_g():
    world = mock_world([mock_job("a")], [[200]])
    ledger = open_ledger(world, [segment(0, 1)])
    assert ledger.carbon_g.tolist() == [pytest.approx(200)]
    assert ledger.energy_kwh.tolist() == [pytest.approx(1)]


def test_pue_counts_in_energy_carbon_and_cost():
    world = mock_world([mock_job("a")], [[200]], regions=[mock_region(pue=1.5)], price=[[100.0]])
    ledger = open_ledger(world, [segment(0, 1)])
    assert ledger.energy_kwh[0] == pytest.approx(1.5)
    assert ledger.carbon_g[0] == pytest.approx(300)
    assert ledger.cost_usd[0] == pytest.approx(0.15)


def test_a_run_across_the_hour_pays_each_hour_its_share():
    world = mock_world([mock_job("a")], [[100, 300]])
    assert open_ledger(world, [segment(0.25, 1.25)]).carbon_g[0] == pytest.approx(0.75 * 100 + 0.25 * 300)


def test_gpus_add_their_dynamic_watts():
    world = mock_world([mock_job("a", cpus=0, gpus=2)], [[100]], regions=[mock_region(gpus=4)])
    assert open_ledger(world, [segment(0, 1)]).energy_kwh[0] == pytest.approx(0.6)


def test_idle_power_belongs_to_the_region_and_runs_to_the_horizon():
    world = mock_world([], [[200]], hours=10)
    series = region_series(world, [])
    assert series.idle_g.sum() == pytest.approx(0.1 * 10 * 200)
    assert series.carbon_g.sum() == pytest.approx(series.idle_g.sum())


def test_busy_cpus_of_an_epoch_are_its_mean():
    world = mock_world([mock_job("a", cpus=4)], [[100]], hours=2)
    series = region_series(world, [segment(0.5, 1.25)])
    assert series.busy[0, :, 0].tolist() == [pytest.approx(2), pytest.approx(1)]


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 40), st.floats(0.01, 30), st.integers(0, 1)), max_size=8),
    st.lists(st.floats(0, 1500), min_size=24, max_size=24),
    st.sampled_from([0.25, 0.7, 1.0, 5.0]),
)
def test_jobs_plus_idle_equal_the_regions_totals_whatever_the_epoch(
    runs: list[tuple[float, float, int]], values: list[float], epoch_h: float
):
    jobs = [mock_job(f"j{n}") for n in range(len(runs))]
    world = mock_world(jobs, [values, values[::-1]], epoch_h=epoch_h)
    segments = [segment(start, start + length, job=n, region=r) for n, (start, length, r) in enumerate(runs)]
    kept = books(world, segments)
    ledger, series = kept.ledger, kept.series
    total = ledger.carbon_g.sum() + series.idle_g.sum()
    assert series.carbon_g.sum() == pytest.approx(total, rel=1e-9, abs=1e-6)


def test_an_imbalance_is_caught():
    world = mock_world([mock_job("a")], [[200]])
    series = region_series(world, [segment(0, 1)])
    sums = np.array([[1.0], [200.0], [0.05]])
    check_balance(world, np.array([0]), sums, series)
    sums[1] += 1.0
    with pytest.raises(AssertionError, match="does not balance"):
        check_balance(world, np.array([0]), sums, series)


@given(st.floats(0, 30), st.floats(0.1, 20), st.floats(0.01, 0.99))
def test_cutting_a_run_in_two_does_not_change_what_it_emits(start: float, length: float, part: float):
    world = mock_world([mock_job("a")], [list(np.arange(24.0))])
    whole = open_ledger(world, [segment(start, start + length)]).carbon_g.sum()
    middle = start + part * length
    halves = open_ledger(world, [segment(start, middle), segment(middle, start + length)]).carbon_g.sum()
    assert halves == pytest.approx(whole, rel=1e-9, abs=1e-9)
