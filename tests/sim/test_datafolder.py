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


UTC_TS = pa.timestamp("us", tz="UTC")


def moments(*hours: float) -> pa.Array:
    return pa.array([START + timedelta(hours=hour) for hour in hours], UTC_TS)


def written(folder: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), folder / "x.parquet")
    return folder


def forecasts(folder: Path, *issues: tuple[float, ...]) -> Path:
    """Forecasts of hours ahead, one issued at each whole hour."""
    issued = [n for n, ahead in enumerate(issues) for _ in ahead]
    spoken = [n + h for n, ahead in enumerate(issues) for h in ahead]
    return written(folder, zone=["X"] * len(spoken), ts=moments(*spoken), issued_at=moments(*issued),
                   moer=[1.0] * len(spoken))  # fmt: skip


def test_several_forecasts_of_the_same_hours_are_a_series_each(tmp_path: Path):
    assert found(forecasts(tmp_path, (0, 1, 2, 3), (0, 1, 2, 3))) == []


def test_a_gap_in_one_of_several_forecasts_is_found(tmp_path: Path):
    ((severity, what),) = found(forecasts(tmp_path, (0, 1, 2, 3), (0, 1, 2, 4)))
    assert (severity, what) == (
        "gap",
        "zone X: 1 samples are lacking from 2022-01-01T04:00:00Z to 2022-01-01T05:00:00Z",
    )


def test_a_series_whose_rows_are_issued_at_their_own_stamp_is_one_series(tmp_path: Path):
    hours = (0, 1, 2, 4)
    folder = written(tmp_path, zone=["X"] * 4, ts=moments(*hours), issued_at=moments(*hours), moer=[1.0] * 4)
    assert [severity for severity, _ in found(folder)] == ["gap"]


def test_a_file_keyed_by_balancing_authority_is_listed_and_checked_as_a_signal(tmp_path: Path):
    folder = written(tmp_path, ba=["A"] * 4, ts=moments(0, 1, 1, 2), ci=[1.0, 2.0, -3.0, 4.0])
    (row,) = list_folder(folder)
    assert (row["kind"], row["zones"]) == ("signal", ["A"])
    assert [what[:40] for _, what in found(folder)] == [
        "1 stamps stand twice in their zone; expe",
        "column 'ci': found -3 (1 such values), e",
    ]


def test_a_series_that_stands_twice_as_a_whole_is_a_fault_and_no_crash(tmp_path: Path):
    folder = written(tmp_path, zone=["X"] * 6, ts=moments(0, 0, 0, 1, 1, 1), ci=[1.0] * 6)
    assert found(folder) == [("fault", "4 stamps stand twice in their zone; expected each once")]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"ts": moments(0, 1), "zone": ["X", None]}, "column 'zone': 1 of 2 values are null"),
        ({"ts": moments(0, 1), "zone": [1, 2]}, "column 'zone' is int64; expected text"),
        ({"ts": ["2022-01-01", "2022-01-02"], "zone": ["X", "X"]}, "column 'ts' is string; expected a timestamp"),
        ({"ts": moments(0, 1), "zone": ["X", "X"], "issued_at": ["a", "b"]}, "column 'issued_at' is string"),
        ({"ts": moments(0, 1), "zone": ["X", "X"], "moer": [1.0, float("nan")]}, "column 'moer': found nan (1 such"),
        ({"ts": moments(), "zone": pa.array([], pa.string())}, "no rows in it"),
        ({"ts": pa.array([2**62], UTC_TS), "zone": ["X"]}, "column 'ts': 1 stamps are not in the years 1900 to 2199"),
        ({"ts": pa.array([2**62], pa.timestamp("ms", "UTC")), "zone": ["X"]}, "column 'ts': 1 stamps are not in the"),
        ({"ts": moments(0), "zone": ["X"], "issued_at": pa.array([2**62], UTC_TS)}, "column 'issued_at': 1 stamps"),
        ({"dag_id": [["g"]], "task_id": ["1"], "deps": [["1"]]}, "column 'dag_id' is list"),
        ({"job_id": ["a"], "submit_s": ["soon"], "duration_s": [1.0]}, "column 'submit_s' is string; expected numbers"),
        ({"job_id": ["a"], "submit_s": [0.0], "duration_s": [float("inf")]}, "column 'duration_s': found inf"),
        ({"job_id": ["a", "a"], "submit_s": [0.0, 1.0], "duration_s": [1.0, 1.0]}, "1 ids of job_id stand twice"),
        ({"job_id": [["a"]], "submit_s": [0.0], "duration_s": [1.0]}, "column 'job_id' is list"),
        ({"dag_id": ["g"], "task_id": ["1"], "deps": [["2"]]}, "graph g, task 1: depends on unknown '2'"),
        ({"dag_id": ["g"], "task_id": ["1"], "deps": ["2"]}, "column 'deps' is string; expected a list"),
        ({"dag_id": ["g"], "task_id": ["1"], "deps": [[["1"]]]}, "column 'deps' is list<element: list"),
        ({"ts": moments(0), "prompt_tokens": [-1]}, "column 'prompt_tokens': found -1"),
    ],
)
def test_what_cannot_be_used_is_a_fault_in_words(tmp_path: Path, columns: dict[str, object], why: str):
    ((severity, what),) = found(written(tmp_path, **columns))
    assert (severity, what[: len(why)]) == ("fault", why)


def test_categories_of_zones_are_text_too(tmp_path: Path):
    zones = pa.array(["X", "X"]).dictionary_encode()
    assert found(written(tmp_path, zone=zones, ts=moments(0, 1), ci=[1.0, 2.0])) == []


def test_stamps_finer_than_a_microsecond_are_read(tmp_path: Path):
    stamps = pa.array([1_640_995_200_000_000_001], pa.timestamp("ns", "UTC"))
    assert found(written(tmp_path, zone=["X"], ts=stamps, ci=[1.0])) == []


def test_a_file_whose_stamps_are_no_dates_is_refused_by_name_when_listed(tmp_path: Path):
    folder = written(tmp_path, zone=["X"], ts=pa.array([2**62], UTC_TS))
    with pytest.raises(InputError, match=r"x\.parquet: .*out of range"):
        list_folder(folder)


def test_tasks_that_all_wait_for_none_are_in_order(tmp_path: Path):
    assert found(written(tmp_path, dag_id=["g"], task_id=["1"], deps=[[]])) == []


def test_a_file_of_no_known_kind_is_said_to_be_unchecked(tmp_path: Path):
    ((severity, what),) = found(written(tmp_path, time=["x"], value=[1]))
    assert (severity, what) == ("note", "not checked: columns time, value are of no kind that is known")
