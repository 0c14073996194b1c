"""Google's cluster traces (github.com/google/cluster-data): tasks of 2011, instances of 2019.

- 2011, `task_events` (CSV, no header, may be gzipped): timestamp (microseconds from 600 s before the trace), missing
  info, job id, task index, machine id, event type, user, scheduling class, priority (0-11), CPU, RAM and disk request
  (shares of the largest machine), different-machines constraint.
- 2019, `instance_events` (JSON lines or CSV export of the BigQuery table, may be gzipped): time (microseconds), type,
  collection_id, collection_type, instance_index, priority (0-450), resource_request.cpus and .memory (shares of the
  largest machine). Instances of alloc sets (collection_type 1) are reservations, not tasks, and are left out.

A task is submitted at its first SUBMIT and runs from its last SCHEDULE to its FINISH. Time 0 means before the trace and
2^63-1 after it: when that was is not known. Tasks that failed, were evicted or killed for good, or lack one of the
three, are counted and left out. Requests are shares: options `machine_cpus` and `machine_memory_gb` say of how much;
without them both are null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import positive
from sim.importers.csvfile import header, known_numbers, numbers, read_csv, read_text, refuse
from sim.importers.jobs_table import counted, from_first, jobs_table
from sim.units import BoolArray, FloatArray, IntArray

US_PER_S = 1e6
_AFTER_US = float(2**63 - 1)
_EXACT = 2.0**53
"""Above this a float no longer tells two whole numbers apart."""


@dataclass(frozen=True)
class _Trace:
    """What differs between the traces: codes of SUBMIT, SCHEDULE, FINISH, the last code, and bands of priority."""

    source: str
    submit: int
    schedule: int
    finish: int
    last: int
    bands: tuple[tuple[int, int, str], ...]


_2011 = _Trace(
    "Google 2011", 0, 1, 4, 8, ((0, 1, "low"), (2, 8, "normal"), (9, 9, "high"), (10, 11, "critical"))
)  # free (0-1), other, production (9), infrastructure and monitoring (10-11), by the trace's format document
_2019 = _Trace(
    "Google 2019", 0, 3, 6, 10, ((0, 115, "low"), (116, 119, "normal"), (120, 359, "high"), (360, 450, "critical"))
)  # free and best-effort batch, mid, production, monitoring tiers, by the 2019 trace's document
_EVENTS_2011 = (
    "time", "missing", "job", "task", "machine", "type", "user", "class", "priority", "cpus", "memory", "disk",
    "different",
)  # fmt: skip
_FIELDS_2019 = {
    "time": "time", "job": "collection_id", "task": "instance_index", "type": "type", "kind": "collection_type",
    "priority": "priority", "cpus": "resource_request.cpus", "memory": "resource_request.memory",
}  # fmt: skip
_TYPES_2019 = (
    "SUBMIT", "QUEUE", "ENABLE", "SCHEDULE", "EVICT", "FAIL", "FINISH", "KILL", "LOST", "UPDATE_PENDING",
    "UPDATE_RUNNING",
)  # fmt: skip
_KINDS_2019 = ("JOB", "ALLOC_SET")


def read_google2011(paths: Sequence[Path], options: Options) -> Imported:
    """Return the finished tasks of task_events files."""
    table = read_csv(paths, list(_EVENTS_2011), names=_EVENTS_2011)
    return _tasks(table, _2011, options, ", ".join(str(path) for path in paths))


def read_google2019(paths: Sequence[Path], options: Options) -> Imported:
    """Return the finished instances of instance_events files, JSON lines or CSV by their first character."""
    table = pa.concat_tables([_events_2019(path) for path in paths])
    for name, words in (("type", _TYPES_2019), ("kind", _KINDS_2019)):  # an export may spell the codes out
        codes = {word: str(code) for code, word in enumerate(words)}
        texts = [codes.get(text, text) for text in table[name].to_pylist()]
        table = table.set_column(table.column_names.index(name), name, pa.array(texts, type=pa.string()))
    return _tasks(table, _2019, options, ", ".join(str(path) for path in paths))


def _events_2019(path: Path) -> pa.Table:
    """Return the events of a file as text, by our names of the columns."""
    text = read_text(path)
    if text.lstrip()[:1] == "{":
        rows = list(_lines(text, path))
        columns = {ours: [_text(row.get(theirs)) for row in rows] for ours, theirs in _FIELDS_2019.items()}
        return pa.table({ours: pa.array(values, type=pa.string()) for ours, values in columns.items()})
    there = {ours: name for ours, name in _FIELDS_2019.items() if name != "collection_type" or name in header(path)}
    table = read_csv([path], list(there.values())).rename_columns(list(there))
    return table if "kind" in there else table.append_column("kind", pa.nulls(len(table), pa.string()))


def _lines(text: str, path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of JSON lines, the fields of an object in them as `outer.inner`."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(f"{path}: line {number}: not JSON ({error})") from None
        if not isinstance(row, dict):
            raise InputError(f"{path}: line {number}: found {type(row).__name__}, expected an object")
        request = row.get("resource_request")
        inner = request if isinstance(request, dict) else {}
        yield row | {f"resource_request.{name}": value for name, value in inner.items()}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _whole(events: pa.Table, trace: _Trace, files: str) -> dict[str, FloatArray]:
    """Return the columns that every event has, whole numbers all."""
    most = {"time": _AFTER_US, "job": _EXACT, "task": _EXACT, "type": float(trace.last)}
    column = {name: known_numbers(events, name, files, least=0.0, most=limit) for name, limit in most.items()}
    for name, values in column.items():
        refuse(values % 1 > 0, values, f"{files}: column {name!r}", "a whole number")
    return column


def _tasks(events: pa.Table, trace: _Trace, options: Options, files: str) -> Imported:
    column = _whole(events, trace, files)
    keys, task = np.unique(np.stack([column["job"], column["task"]]), axis=1, return_inverse=True)
    moment = _moments(column, task.reshape(-1), trace, keys.shape[1])
    first: IntArray = np.unique(task.reshape(-1), return_index=True)[1]
    reserved = _reserved(events, files)[first]
    known = np.isfinite(list(moment.values())).all(axis=0)
    outside = np.isinf(list(moment.values())).any(axis=0)
    begun, ended = (np.where(known, moment[name], np.nan) for name in ("schedule", "finish"))
    done: BoolArray = ~reserved & (ended > begun)
    dropped = {
        "a reservation (alloc set), not a task": reserved,
        "began before the trace, or ended after it": ~reserved & outside,
        "not seen to finish (failed, evicted, killed, or cut off)": ~reserved & ~outside & ~done,
    }
    levels = numbers(events, "priority", files)[first]
    made = jobs_table(
        [f"{int(job)}-{int(index)}" for job, index in keys.T],
        trace.source,
        {
            "submit_s": from_first(moment["submit"]),
            "duration_s": ended - begun,
            **_requests(events, options, files, first),
        },
        {"priority": pa.array([_band(level, trace.bands) for level in levels], type=pa.string())},
        keep=done,
        files=files,
    )
    report = Report(len(done), len(made), counted(dropped), notes=_notes(options))
    return Imported("jobs", made.sort_by("submit_s"), report)


def _moments(column: Mapping[str, FloatArray], task: IntArray, trace: _Trace, count: int) -> dict[str, FloatArray]:
    """Return each task's first SUBMIT, last SCHEDULE and last FINISH, seconds: infinite outside the trace, else NaN."""
    time_s = column["time"] / US_PER_S
    time_s[column["time"] == 0] = -np.inf
    time_s[column["time"] >= _AFTER_US] = np.inf
    found = {}
    for name, code, better in (
        ("submit", trace.submit, np.fmin),
        ("schedule", trace.schedule, np.fmax),
        ("finish", trace.finish, np.fmax),
    ):
        found[name] = np.full(count, np.nan)
        mine = column["type"] == code
        better.at(found[name], task[mine], time_s[mine])
    return found


def _reserved(events: pa.Table, files: str) -> BoolArray:
    if "kind" not in events.column_names:
        return np.zeros(len(events), dtype=bool)
    return np.asarray(numbers(events, "kind", files) == _KINDS_2019.index("ALLOC_SET"))


def _requests(events: pa.Table, options: Options, files: str, first: IntArray) -> dict[str, FloatArray]:
    """Return what each task asked for at first, where the size of a machine is given."""
    wholes = {"cpus": ("cpus", "machine_cpus"), "memory_gb": ("memory", "machine_memory_gb")}
    sizes = {ours: (theirs, positive(options, option)) for ours, (theirs, option) in wholes.items()}
    return {
        ours: numbers(events, theirs, files, least=0.0)[first] * size for ours, (theirs, size) in sizes.items() if size
    }


def _notes(options: Options) -> tuple[str, ...]:
    lacking = [f"{column} is null without {option}" for column, option in
               (("cpus", "machine_cpus"), ("memory_gb", "machine_memory_gb")) if option not in options]  # fmt: skip
    shares = (f"requests are shares of a machine: {', '.join(lacking)}",) if lacking else ()
    return ("seconds count from the first submission", *shares)


def _band(level: float, bands: Sequence[tuple[int, int, str]]) -> str | None:
    return next((name for low, high, name in bands if low <= level <= high), None)


_OPTIONS = {"machine_cpus": "CPUs of the largest machine", "machine_memory_gb": "its memory, GB"}
FORMATS = (
    Format("google2011", "jobs", "github.com/google/cluster-data, 2011-2, task_events", read_google2011, _OPTIONS),
    Format("google2019", "jobs", "github.com/google/cluster-data, 2019, instance_events", read_google2019, _OPTIONS),
)
"""What this module reads."""
