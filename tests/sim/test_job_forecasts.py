"""Forecasts of jobs: how long they run, what they draw, how many come."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.forecast import SeasonalNaive
from sim.forecast.arrivals import ARRIVALS, expected_arrivals, hourly_counts
from sim.forecast.backtest import backtest
from sim.forecast.durations import LEAST_JOBS, LEVELS, fit_durations
from sim.forecast.energy import PRIOR_JOBS, fit_energy
from sim.forecast.groups import size_label
from sim.units import DAY_S, HOUR_S, FloatArray

DATA = os.environ.get("CWS_DATA_DIR")
needs_data = pytest.mark.skipif(not DATA, reason="CWS_DATA_DIR does not name the real data")
MEDIAN = LEVELS.index(0.5)


def test_a_team_is_known_by_its_own_jobs_and_a_stranger_by_all():
    """40 jobs of an hour, and 80 of three: who is neither is like the most."""
    labels = [("a",)] * 40 + [("b",)] * 80
    model = fit_durations(labels, np.array([1.0] * 40 + [3.0] * 80) * HOUR_S)
    medians = model.quantiles([("a",), ("b",), ("c",)])[:, MEDIAN]
    assert (medians / HOUR_S).tolist() == [1, 3, 3]


def test_a_small_group_is_taken_for_the_wider_one():
    labels = [("a", "small")] * 100 + [("a", "large")] * (LEAST_JOBS - 1)
    model = fit_durations(labels, np.array([60.0] * 100 + [6000.0] * (LEAST_JOBS - 1)))
    assert model.quantiles([("a", "large")])[0, MEDIAN] == 60


def test_what_users_say_is_corrected_by_how_wrong_they_were():
    """All said an hour and ran half of it: who says four will run two."""
    said = np.full(50, HOUR_S)
    model = fit_durations([()] * 50, said / 2, said)
    assert model.quantiles([()], np.array([4 * HOUR_S]))[0] == pytest.approx(2 * HOUR_S)
    with pytest.raises(InputError, match="fitted with estimates"):
        model.quantiles([()])


def test_durations_without_a_job_that_ended_are_refused():
    with pytest.raises(InputError, match="jobs that have ended; found none"):
        fit_durations([], np.zeros(0))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(1, 1e6)), min_size=1, max_size=200))
def test_quantiles_rise_and_lie_within_what_was_seen(jobs: list[tuple[str, float]]):
    seconds = np.array([duration_s for _, duration_s in jobs])
    found = fit_durations([(team,) for team, _ in jobs], seconds).quantiles([("a",), ("z",)])
    assert (np.diff(found, axis=1) >= -1e-6).all()
    assert seconds.min() - 1e-6 <= found.min()
    assert found.max() <= seconds.max() + 1e-6


def test_sizes_are_told_apart_by_powers_of_two():
    assert size_label(3.0, 0.0) == "4 CPUs, 0 GPUs"
    assert size_label(17.0, 1.0) == "16 CPUs, 1 GPUs"


def test_energy_is_corrected_by_what_was_measured():
    """15 jobs drew twice what was modelled: (15 x 2 + 5) / 20 = 1.75; with their team's own history more."""
    modelled = np.full(15, 100.0)
    history = fit_energy([("a",)] * 15, modelled, 2 * modelled)
    assert PRIOR_JOBS == 5
    strange, known = history.expected_j([("b",), ("a",)], np.array([100.0, 100.0]))
    assert strange == pytest.approx(175)
    assert known == pytest.approx((15 * 200 + 5 * 175) / 20)


def test_arrivals_are_forecast_by_the_hour_and_from_the_past_alone():
    """Three jobs at noon every day: three are expected at noon, whatever comes later."""
    noon = np.repeat(np.arange(10) * DAY_S + 12.5 * HOUR_S, 3)
    told = expected_arrivals(noon, 0.0, 5 * DAY_S + 60.0, 24, SeasonalNaive())
    assert told.tolist() == [0.0] * 12 + [3.0] + [0.0] * 11
    assert (told == expected_arrivals(noon[:15], 0.0, 5 * DAY_S + 60.0, 24, SeasonalNaive())).all()


def test_no_fewer_than_no_jobs_are_expected():
    counts = np.concatenate([np.zeros(24 * 6), np.full(23, 50.0), [0.0]])  # far below the usual just now
    submit_s = np.repeat(np.arange(len(counts)) * HOUR_S, counts.astype(int))
    assert expected_arrivals(submit_s, 0.0, len(counts) * HOUR_S, 48).min() == 0


def trace(name: str) -> dict[str, FloatArray]:
    table = pq.read_table(Path(str(DATA)) / "workloads" / f"{name}.parquet", columns=["submit_s", "duration_s", "cpus"])
    return {column: table[column].to_numpy().astype(float) for column in table.column_names}


@needs_data
@pytest.mark.data
def test_real_arrivals_are_forecast_better_by_the_usual_day_than_by_yesterday():
    """SURF Lisa, 97 days of 2022 with dates: 59 jobs an hour."""
    counts = hourly_counts(np.sort(trace("jobs_surf2022_first70")["submit_s"]), 0.0, 2320 * HOUR_S)
    usual, yesterday = (backtest(lambda *_, one=one: one, counts, 1600, 24) for one in (ARRIVALS, SeasonalNaive()))
    assert (usual.wape, yesterday.wape) == pytest.approx((1.20, 1.51), abs=0.02)
    assert (usual.rmse, yesterday.rmse) == pytest.approx((2.83, 3.84), abs=0.02)


@needs_data
@pytest.mark.data
@pytest.mark.parametrize("name", ["jobs_pai_first70", "jobs_azure_first70"])
def test_four_fifths_of_real_jobs_run_as_long_as_their_quantiles_say(name: str):
    """Fitted to the first half of the trace: of the second half 80 % lie between the 10 % and 90 % quantiles."""
    jobs = trace(name)
    order = np.argsort(jobs["submit_s"])
    labels = [(size_label(cpus, 0.0),) for cpus in jobs["cpus"][order]]
    seconds, half = jobs["duration_s"][order], len(order) // 2
    found = fit_durations(labels[:half], seconds[:half]).quantiles(labels[half:])
    inside = (found[:, 0] <= seconds[half:]) & (seconds[half:] <= found[:, -1])
    assert 0.75 < inside.mean() < 0.92
