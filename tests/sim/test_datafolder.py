"""What a data folder holds and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.datafolder import list_folder, validate
from sim.errors import InputError

START = datetime(2022, 1, 1, tzinfo=UTC)


def stored(folder: Path, hours: list[float], values: list[float], name: str = "ci_direct") -> Path:
    stamps = pa.array([START + timedelta(hours=hour) for hour in hours], pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table({"zone": ["X"] * len(hours), "ts": stamps, name: values}), folder / "x.parquet")
    return folder


def found(folder: Path) -> list[tuple[str, str]]:
    return [(finding.severity, finding.what) for finding in validate(folder)]


def test_an_even_series_has_no_finding(tmp_path: Path):
    assert found(stored(tmp_path, [0, 1, 2], [1, 2, 3])) == []


def test_a_gap_is_no_fault_but_a_change_of_interval_is(tmp_path: Path):
    assert [severity for severity, _ in found(stored(tmp_path, [0, 1, 2, 5, 6], [1.0] * 5))] == ["gap"]
    ((severity, what),) = found(stored(tmp_path, [0, 1, 2, 3, 3.5, 4], [1.0] * 6))
    assert (severity, what[:44]) == ("fault", "zone X: 2 stamps are not 3600 s, or whole st")


@pytest.mark.parametrize(
    ("name", "value"),
    [("ci_direct", -5), ("ci_direct", 1e9), ("ci", float("inf")), ("renewable_pct", 101), ("temp_c", 300)],
)
def test_a_value_that_cannot_be_is_a_fault(tmp_path: Path, name: str, value: float):
    ((severity, what),) = found(stored(tmp_path, [0, 1, 2], [1, value, 2], name))
    assert severity == "fault"
    assert what.startswith(f"column {name!r}: found {value:g} (1 such values)")


def test_a_folder_without_data_and_a_broken_file_are_said_to_be_so(tmp_path: Path):
    with pytest.raises(InputError, match="no Parquet file in it"):
        validate(tmp_path)
    (tmp_path / "x.parquet").write_bytes(b"no")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        list_folder(tmp_path)
