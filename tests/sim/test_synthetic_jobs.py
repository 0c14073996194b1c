"""The generator of workloads: its contract, and how near it comes to the traces it was fitted to."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.synthetic_jobs import JobShapes, arrival_rate, generate

COUNT = 60_000


def jobs(count: int = COUNT, days: float = 28.0, seed: int = 1, **options) -> JobShapes:
    return generate(count, days, np.random.default_rng(seed), **options)


def test_the_same_seed_gives_the_same_jobs_and_another_seed_others():
    first, again, other = jobs(50), jobs(50), jobs(50, seed=2)
    assert all(np.array_equal(a, b) for a, b in zip(vars(first).values(), vars(again).values(), strict=True))
    assert not np.array_equal(first.duration_s, other.duration_s)


@settings(deadline=None)
@given(st.integers(0, 300), st.floats(0.01, 40), st.integers(1, 64), st.integers(0, 2**32))
def test_jobs_are_sorted_within_the_window_and_in_range(count, days, max_cpus, seed):
    made = jobs(count, days, seed, max_cpus=max_cpus)
    assert all(array.shape == (count,) for array in vars(made).values())
    assert (np.diff(made.submit_s) >= 0).all()
    assert ((made.submit_s >= 0) & (made.submit_s < days * 86400)).all()
    assert ((made.duration_s >= 300) & (made.duration_s <= 72 * 3600)).all()
    assert ((made.cpus >= 1) & (made.cpus <= max_cpus)).all()
    assert (made.gpus >= 0).all()
    assert (made.memory_gb > 0).all()


@pytest.mark.parametrize("wrong", [{"count": -1}, {"days": 0.0}, {"days": np.inf}, {"max_cpus": 0.5}])
def test_an_argument_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match="count >= 0"):
        jobs(**{"count": 10, **wrong})


def test_more_jobs_come_by_day_than_by_night_and_fewer_at_weekends():
    hour = jobs().submit_s // 3600
    by_hour = np.bincount((hour % 24).astype(int), minlength=24)
    by_day = np.bincount((hour // 24 % 7).astype(int), minlength=7)
    assert by_hour[9:17].mean() > 2 * by_hour[:6].mean()
    assert by_day[5:].max() < by_day[:5].min()


def test_submissions_follow_the_rate_from_a_start_within_an_hour():
    """Hours of the window against the rate's own shares, four standard deviations of the count."""
    start = datetime(2022, 7, 8, 15, 30, tzinfo=UTC)
    clock_hour = ((jobs(days=3.0, start=start).submit_s + 1800) // 3600).astype(int)
    rate = arrival_rate(start, 73)
    rate[[0, -1]] /= 2  # the half hours at both ends
    expected = COUNT * rate / rate.sum()
    assert (np.abs(np.bincount(clock_hour, minlength=73) - expected) < 4.5 * np.sqrt(expected)).all()


# ---- against the real traces


def columns(name: str, *wanted: str) -> list[np.ndarray]:
    folder = os.environ.get("CWS_DATA_DIR")
    if not folder:
        pytest.skip("CWS_DATA_DIR is not set: no real trace to compare with")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(Path(folder) / "workloads" / name, columns=list(wanted))
    return [table[column].to_numpy() for column in wanted]


@pytest.mark.data
def test_durations_and_sizes_are_those_of_the_pai_trace():
    """Tolerances: 5 % for what the curves fit, 10 % for cpu-hours, whose tail is 1 % of the jobs."""
    duration_s, cpus = columns("jobs_pai_first70.parquet", "duration_s", "cpus")
    made = jobs()
    assert made.duration_s.mean() == pytest.approx(duration_s.mean(), rel=0.05)
    for share in (0.25, 0.5, 0.75, 0.95):
        assert np.quantile(made.duration_s, share) == pytest.approx(np.quantile(duration_s, share), rel=0.05)
    for size in (1, 2, 4, 8, 16, 32, 64):
        assert (made.cpus <= size).mean() == pytest.approx((cpus <= size).mean(), abs=0.01)
    assert (made.cpus * made.duration_s).mean() == pytest.approx((cpus * duration_s).mean(), rel=0.10)


@pytest.mark.data
def test_gpus_and_memory_are_those_of_the_gpu_trace():
    """Given jobs of its own sizes: the shares of few and many CPUs differ between the two traces."""
    cpus, gpus, memory_gb = columns("jobs_alibaba_gpu2023_first70.parquet", "cpus", "gpus", "memory_gb")
    made = jobs()
    for real_size, size in ((cpus <= 8, made.cpus <= 8), (cpus > 8, made.cpus > 8)):
        assert (made.gpus[size] == 0).mean() == pytest.approx((gpus[real_size] == 0).mean(), abs=0.02)
        assert made.gpus[size].mean() == pytest.approx(gpus[real_size].mean(), rel=0.10)
    ratio = memory_gb / cpus
    assert np.mean(made.memory_gb / made.cpus) == pytest.approx(ratio.mean(), rel=0.05)


@pytest.mark.data
def test_the_daily_cycle_is_that_of_the_surf_trace():
    """Two harmonics against the real hours of the day (Dutch summer time), its bursts damped."""
    (submit,) = columns("jobs_surf2022_first70.parquet", "submit_ts")
    hour = (submit + np.timedelta64(2, "h")).astype("datetime64[h]").astype(int)
    per_hour = np.bincount(hour - hour.min() // 24 * 24)
    real = np.sqrt(per_hour[: len(per_hour) // 24 * 24]).reshape(-1, 24).mean(axis=0) ** 2
    rate = arrival_rate(datetime(2022, 7, 4, tzinfo=UTC), 24)
    assert np.corrcoef(rate, real)[0, 1] > 0.85
