"""Signals: exact integrals, and no reading that is not in the data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.signals import Origin, Signal, SignalFile, SignalRangeError
from tests.worlds import START

HOUR = 3600.0
SIGNAL = Signal("X", "gCO2eq/kWh", 0.0, HOUR, np.array([100.0, 300.0, 0.0]))


def test_a_value_holds_until_the_next_stamp():
    assert SIGNAL.at(0) == 100
    assert SIGNAL.at(HOUR - 1) == 100
    assert SIGNAL.at(HOUR) == 300


def test_the_integral_across_an_edge_takes_its_share_of_both_sides():
    assert float(SIGNAL.integral(HOUR / 2, 1.5 * HOUR)) == (100 + 300) / 2 * HOUR


@pytest.mark.parametrize("span", [(-1.0, HOUR), (0.0, 3 * HOUR + 1)])
def test_nothing_is_extrapolated(span: tuple[float, float]):
    with pytest.raises(SignalRangeError, match="covers"):
        SIGNAL.integral(*span)


def test_the_end_is_excluded():
    with pytest.raises(SignalRangeError):
        SIGNAL.at(3 * HOUR)


@given(
    st.lists(st.floats(0, 1500), min_size=4, max_size=4),
    st.floats(0, 4 * HOUR),
    st.floats(0, 4 * HOUR),
    st.floats(0, 4 * HOUR),
)
def test_splitting_a_span_does_not_change_its_integral(values: list[float], a: float, b: float, c: float):
    signal = Signal("X", "g", 0.0, HOUR, np.array(values))
    first, middle, last = sorted((a, b, c))
    whole = float(signal.integral(first, last))
    parts = float(signal.integral(first, middle)) + float(signal.integral(middle, last))
    assert parts == pytest.approx(whole, abs=1e-6)


def test_what_is_known_at_a_time_ends_with_the_current_interval():
    assert SIGNAL.up_to(1.5 * HOUR).values.tolist() == [100, 300]


def write(path: Path, *, values: list[float | None], stamps: list[datetime] | None = None, **columns: object) -> Path:
    stamps = stamps or [START + timedelta(hours=h) for h in range(len(values))]
    table = {"zone": ["DE"] * len(values), "ts": stamps, "ci": values} | columns
    pq.write_table(pa.table({name: column for name, column in table.items() if column is not None}), path)
    return path


def read(path: Path, zone: str = "DE", hours: float = 4) -> Signal:
    return SignalFile(path, "ci", "gCO2eq/kWh").read(zone, START, 0.0, hours * HOUR)


def test_a_series_is_read_in_seconds_since_the_start(tmp_path: Path):
    signal = read(write(tmp_path / "s.parquet", values=[1.0, 2.0, 3.0, 4.0]))
    assert (signal.start_s, signal.step_s, signal.values.tolist()) == (0.0, HOUR, [1, 2, 3, 4])


def test_a_missing_column_is_named(tmp_path: Path):
    path = write(tmp_path / "s.parquet", values=[1.0] * 4, ts=None)
    with pytest.raises(InputError, match=r"s\.parquet: column 'ts' is missing; found zone, ci"):
        read(path)


def test_a_naive_timestamp_is_refused(tmp_path: Path):
    naive = [(START + timedelta(hours=h)).replace(tzinfo=None) for h in range(4)]
    with pytest.raises(InputError, match="expected a timestamp with a time zone"):
        read(write(tmp_path / "s.parquet", values=[1.0] * 4, stamps=naive))


def test_a_gap_is_named_by_the_stamp_before_it(tmp_path: Path):
    stamps = [START + timedelta(hours=h) for h in (0, 1, 3, 4)]
    with pytest.raises(InputError, match=r"gap.*after 2022-03-07T01:00:00Z"):
        read(write(tmp_path / "s.parquet", values=[1.0] * 4, stamps=stamps))


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_named_by_its_stamp(tmp_path: Path, bad: float | None):
    with pytest.raises(InputError, match="not a number, the first at 2022-03-07T02:00:00Z"):
        read(write(tmp_path / "s.parquet", values=[1.0, 2.0, bad, 4.0]))


def test_a_value_that_no_grid_can_have_is_named(tmp_path: Path):
    with pytest.raises(
        InputError, match=r"found 1e\+300 at 2022-03-07T01:00:00Z, expected gCO2eq/kWh of at most 1e\+06"
    ):
        read(write(tmp_path / "s.parquet", values=[1.0, 1e300, 3.0, 4.0]))


def test_a_column_of_text_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="column 'ci' is string; expected numbers"):
        read(write(tmp_path / "s.parquet", values=["1", "2", "3", "4"]))  # type: ignore[list-item]


def test_bad_values_outside_the_needed_span_do_not_matter(tmp_path: Path):
    assert len(read(write(tmp_path / "s.parquet", values=[1.0, 2.0, None]), hours=2).values) == 2


def test_an_unknown_zone_names_its_neighbours(tmp_path: Path):
    with pytest.raises(InputError, match="no zone 'DEE'; near it are DE"):
        read(write(tmp_path / "s.parquet", values=[1.0] * 4), zone="DEE")


def test_a_series_that_is_too_short_says_what_it_covers(tmp_path: Path):
    with pytest.raises(InputError, match="covers 2022-03-07T00:00:00Z to 2022-03-07T04:00:00Z of the needed"):
        read(write(tmp_path / "s.parquet", values=[1.0] * 4), hours=5)


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path):
    path = tmp_path / "s.parquet"
    path.write_text("not parquet")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        read(path)


def test_stamps_before_the_start_are_history(tmp_path: Path):
    stamps = [datetime(2022, 3, 6, 22, tzinfo=UTC) + timedelta(hours=h) for h in range(4)]
    path = write(tmp_path / "s.parquet", values=[1.0, 2.0, 3.0, 4.0], stamps=stamps)
    signal = SignalFile(path, "ci", "g").read("DE", START, -2 * HOUR, 2 * HOUR)
    assert signal.start_s == -2 * HOUR
    assert signal.at(0) == 3


def test_a_signal_knows_its_file_and_what_share_of_the_run_is_estimated(tmp_path: Path):
    """Two hours of history and four of the run, of which one is flagged; what is flagged before the start is none."""
    stamps = [START + timedelta(hours=h) for h in range(-2, 4)]
    flags = [True, True, False, True, None, False]
    path = write(tmp_path / "s.parquet", values=[1.0] * 6, stamps=stamps, estimated=flags)
    signal = SignalFile(path, "ci", "g").read("DE", START, -2 * HOUR, 4 * HOUR)
    assert signal.origins == (Origin(str(path), "ci", 0.25),)
    assert signal.up_to(HOUR).origins == ()


def test_a_file_without_flags_does_not_say_what_is_estimated(tmp_path: Path):
    assert read(write(tmp_path / "s.parquet", values=[1.0] * 4)).origins[0].estimated_share is None
    text = write(tmp_path / "s.parquet", values=[1.0] * 4, estimated=["yes"] * 4)
    assert read(text).origins[0].estimated_share is None
