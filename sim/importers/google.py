"""Google's cluster traces (github.com/google/cluster-data): tasks of 2011, instances of 2019.

- 2011, `task_events` (CSV, no header, may be gzipped): timestamp (microseconds from 600 s before the trace), missing
  info, job id, task index, machine id, event type, user, scheduling class, priority (0-11), CPU, RAM and disk request
  (shares of the largest machine), different-machines constraint.
- 2019, `instance_events` (JSON lines or CSV export of the BigQuery table): time (microseconds), type, collection_id,
  instance_index, priority (0-450), resource_request.cpus and .memory (shares of the largest machine).

A row becomes one task: submitted at its first SUBMIT, run from its last SCHEDULE to its FINISH. Tasks that failed, were
evicted or killed for good, or lack one of the three, are counted and left out. Requests are shares: options
`machine_cpus` and `machine_memory_gb` say of how much; without them both are null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import nullable, numbers, read_csv
from sim.units import BoolArray, FloatArray, IntArray

US_PER_S = 1e6
_2011 = (
    "time", "missing", "job", "task", "machine", "type", "user", "class", "priority", "cpus", "memory", "disk",
    "different",
)  # fmt: skip
_TYPES_2011 = {0: "SUBMIT", 1: "SCHEDULE", 4: "FINISH"}
_TYPES_2019 = {0: "SUBMIT", 3: "SCHEDULE", 6: "FINISH"}
_BANDS_2011 = ((0, 1, "low"), (2, 8, "normal"), (9, 9, "high"), (10, 11, "critical"))
"""Free (0-1), other, production (9), infrastructure and monitoring (10-11), by the trace's format document."""
_BANDS_2019 = ((0, 115, "low"), (116, 119, "normal"), (120, 359, "high"), (360, 450, "critical"))
"""Free and best-effort batch, mid, production, monitoring tiers, by the 2019 trace's document."""


def read_google2011(paths: Sequence[Path], options: Options) -> Imported:
    """Return the finished tasks of task_events files."""
    source = ", ".join(str(path) for path in paths)
    table = read_csv(paths, list(_2011), names=_2011)
    columns = {
        name: numbers(table, name, source) for name in ("time", "job", "task", "type", "priority", "cpus", "memory")
    }
    return _tasks(columns, _TYPES_2011, _BANDS_2011, "Google 2011", options)


def read_google2019(paths: Sequence[Path], options: Options) -> Imported:
    """Return the finished instances of instance_events files, JSON lines or CSV by their first character."""
    rows = [row for path in paths for row in _rows_2019(path)]
    names = {
        "time": "time", "job": "collection_id", "task": "instance_index", "type": "type", "priority": "priority",
        "cpus": "resource_request.cpus", "memory": "resource_request.memory",
    }  # fmt: skip
    columns = {ours: np.array([_number(row, name) for row in rows], dtype=float) for ours, name in names.items()}
    return _tasks(columns, _TYPES_2019, _BANDS_2019, "Google 2019", options)


def _rows_2019(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    text = path.read_text(encoding="utf-8")
    if text.lstrip()[:1] != "{":
        wanted = [
            "time",
            "collection_id",
            "instance_index",
            "type",
            "priority",
            "resource_request.cpus",
            "resource_request.memory",
        ]
        return list(read_csv([path], wanted).to_pylist())
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            row = json.loads(line) if line.strip() else {}
        except json.JSONDecodeError as error:
            raise InputError(f"{path}: line {number}: not JSON ({error})") from None
        request = row.pop("resource_request", None) or {}
        found.append(row | {f"resource_request.{name}": value for name, value in request.items()})
    return [row for row in found if row]


_NAMES_2019 = {"SUBMIT": 0, "SCHEDULE": 3, "FINISH": 6}


def _number(row: dict[str, Any], name: str) -> float:
    value = row.get(name)
    if value is None or value == "":
        return float("nan")
    if name == "type" and not str(value).isdigit():
        return float(_NAMES_2019.get(str(value), -1))
    try:
        return float(value)
    except ValueError:
        raise InputError(f"field {name!r}: found {value!r}, expected a number") from None


def _tasks(
    columns: dict[str, FloatArray],
    types: dict[int, str],
    bands: Sequence[tuple[int, int, str]],
    source: str,
    options: Options,
) -> Imported:
    keys, task = np.unique(np.stack([columns["job"], columns["task"]]), axis=1, return_inverse=True)
    count = keys.shape[1]
    moment = {name: np.full(count, np.nan) for name in types.values()}
    for code, name in types.items():
        mine = columns["type"] == code
        better = np.fmin if name == "SUBMIT" else np.fmax
        better.at(moment[name], task[mine], columns["time"][mine] / US_PER_S)
    begun, ended = moment["SCHEDULE"], moment["FINISH"]
    done: BoolArray = (ended > begun) & ~np.isnan(moment["SUBMIT"])
    first: IntArray = np.zeros(count, dtype=np.int64)
    first[task[::-1]] = np.arange(len(task))[::-1]
    start_s = float(np.nanmin(moment["SUBMIT"])) if count else 0.0
    priority = columns["priority"][first]
    made = pa.table(
        {
            "job_id": pa.array([f"{int(job)}-{int(index)}" for job, index in keys.T], type=pa.string()),
            "submit_s": nullable(moment["SUBMIT"] - start_s),
            "duration_s": nullable(ended - begun),
            "cpus": _scaled(columns["cpus"][first], options.get("machine_cpus")),
            "gpus": pa.nulls(count, pa.float64()),
            "memory_gb": _scaled(columns["memory"][first], options.get("machine_memory_gb")),
            "source": pa.array([source] * count, type=pa.string()),
            "priority": pa.array([_band(level, bands) for level in priority], type=pa.string()),
        }
    ).filter(pa.array(done))
    dropped = {"not seen to finish (failed, evicted, killed, or cut off)": int((~done).sum())} if (~done).any() else {}
    notes: tuple[str, ...] = ("seconds count from the first submission",)
    if "machine_cpus" not in options:
        notes += (
            "requests are shares of a machine: cpus and memory_gb are null without machine_cpus, machine_memory_gb",
        )
    return Imported("jobs", made.sort_by("submit_s"), Report(count, len(made), dropped, notes=notes))


def _scaled(shares: FloatArray, whole: str | None) -> pa.Array:
    return nullable(shares * float(whole)) if whole else pa.nulls(len(shares), pa.float64())


def _band(level: float, bands: Sequence[tuple[int, int, str]]) -> str | None:
    return next((name for low, high, name in bands if low <= level <= high), None)


_OPTIONS = {"machine_cpus": "CPUs of the largest machine", "machine_memory_gb": "its memory, GB"}
FORMATS = (
    Format("google2011", "jobs", "github.com/google/cluster-data, 2011-2, task_events", read_google2011, _OPTIONS),
    Format("google2019", "jobs", "github.com/google/cluster-data, 2019, instance_events", read_google2019, _OPTIONS),
)
"""What this module reads."""
