"""Let's Wait Awhile's published cases: deadlines that can be worked out by hand, and its quickest figures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.published_shifting import (
    NIGHTLY,
    PROJECT,
    grid_of,
    next_workday,
    nightly_intensity,
    project_jobs,
    project_saving,
    semi_weekly,
)
from sim.units import DAY_S, HOUR_S

DATA = os.environ.get("CWS_DATA_DIR")
needs_data = pytest.mark.skipif(DATA is None, reason="CWS_DATA_DIR is not set: no grids and no jobs of the paper")


def at(day: int, hour: float) -> float:
    """Return a moment of January 2020; the 1st was a Wednesday."""
    return (day - 1) * DAY_S + hour * HOUR_S


@pytest.mark.parametrize(
    ("end", "look"),
    [
        ((1, 12), (1, 12)),  # in working hours: at once
        ((1, 17), (1, 17)),
        ((1, 17.5), (2, 9)),
        ((2, 3), (2, 9)),
        ((4, 12), (6, 9)),  # Saturday
        ((5, 12), (6, 9)),  # Sunday
    ],
)
def test_the_next_workday_begins_at_nine(end: tuple[int, float], look: tuple[int, float]):
    assert next_workday(at(*end)) == at(*look)


@pytest.mark.parametrize(
    ("end", "look"), [((1, 12), (2, 9)), ((2, 9), (6, 9)), ((2, 10), (6, 9)), ((6, 8), (6, 9)), ((6, 10), (9, 9))]
)
def test_semi_weekly_is_monday_and_thursday_at_nine(end: tuple[int, float], look: tuple[int, float]):
    assert semi_weekly(at(*end)) == at(*look)


@pytest.mark.data
@needs_data
@pytest.mark.parametrize("zone", NIGHTLY)
def test_nightly_jobs_run_as_clean_as_in_the_paper(zone: str):
    """France to 0.3 %: its series is hourly, and we fill the half hours in a straight line."""
    grid = grid_of(Path(str(DATA)), zone)
    for window, theirs in NIGHTLY[zone].items():
        assert nightly_intensity(grid, window) == pytest.approx(theirs, rel=0.004 if zone == "FR" else 1e-4)


@pytest.mark.data
@needs_data
def test_the_project_saves_what_the_paper_says_if_its_jobs_cannot_be_suspended():
    data = Path(str(DATA))
    ours, _ = project_saving(grid_of(data, "DE"), project_jobs(data, "next_workday"), "time-shift")
    assert ours == pytest.approx(PROJECT["DE", 0.0][0], abs=0.1)
