"""A data folder: what series and traces are in it, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.importers.series import TS, gaps
from sim.signals import LARGEST


@dataclass(frozen=True)
class Finding:
    """Something about a file: `fault` cannot be used as it is, `gap` and `null` are stretches or values that lack."""

    file: str
    severity: str
    what: str


def parquet_files(path: Path) -> list[Path]:
    """Return the Parquet files of a folder, or the one file. Raises InputError if there is neither."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    return sorted(path.rglob("*.parquet"))


def kind_of(schema: pa.Schema) -> str:
    """Return what a table with these columns holds: tasks, jobs, requests, signal, or other."""
    names = set(schema.names)
    if {"dag_id", "task_id", "deps"} <= names:
        return "tasks"
    if {"job_id", "submit_s", "duration_s"} <= names:
        return "jobs"
    if {"ts", "prompt_tokens"} <= names:
        return "requests"
    return "signal" if {"zone", "ts"} <= names else "other"


def list_folder(path: Path) -> list[dict[str, Any]]:
    """Return a row a file: name, kind, rows, and for signals zones, columns, first and last stamp."""
    return [_listed(file, path) for file in parquet_files(path)]


def _listed(file: Path, root: Path) -> dict[str, Any]:
    try:
        schema, rows = pq.read_schema(file), pq.read_metadata(file).num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file}: not a readable Parquet file ({' '.join(str(error).split())[:160]})") from None
    kind = kind_of(schema)
    name = str(file.relative_to(root)) if file != root else file.name
    found: dict[str, Any] = {"file": name, "kind": kind, "rows": rows, "columns": schema.names}
    if kind == "signal":
        table = pq.read_table(file, columns=["zone", "ts"])
        stamps = pc.min_max(table["ts"]).as_py()
        zones = sorted(str(zone) for zone in pc.unique(table["zone"]).to_pylist())
        found |= {"zones": zones, "first": str(stamps["min"]), "last": str(stamps["max"])}
    return found


def validate(path: Path) -> list[Finding]:
    """Return what is wrong or lacking in a file or in all files of a folder."""
    files = parquet_files(path)
    if not files:
        raise InputError(f"{path}: no Parquet file in it; is it the right folder?")
    return [finding for file in files for finding in _validate(file)]


def _validate(file: Path) -> Iterator[Finding]:
    try:
        table = pq.read_table(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        yield Finding(str(file), "fault", f"not a readable Parquet file ({' '.join(str(error).split())[:160]})")
        return
    kind = kind_of(table.schema)
    if kind == "signal":
        yield from _signal(file, table)
    if kind in ("jobs", "tasks"):
        yield from _trace(file, table, "job_id" if kind == "jobs" else "task_id")


def _signal(file: Path, table: pa.Table) -> Iterator[Finding]:
    ts = table.schema.field("ts").type
    if not pa.types.is_timestamp(ts) or ts.tz is None:
        yield Finding(str(file), "fault", f"column 'ts' is {ts}; expected a timestamp with a time zone (UTC)")
        return
    table = table.sort_by([("zone", "ascending"), ("ts", "ascending")])
    stamps = pa.table({"zone": table["zone"], "ts": table["ts"]})
    doubled = len(stamps) - len(stamps.group_by(["zone", "ts"]).aggregate([]))
    if doubled:
        yield Finding(str(file), "fault", f"{doubled} stamps stand twice in their zone; expected each once")
    yield from _intervals(file, stamps)
    for gap in gaps(stamps):
        yield Finding(
            str(file), "gap", f"zone {gap.zone}: {gap.samples} samples are lacking from {gap.start} to {gap.end}"
        )
    yield from _limits(file, table)
    for name in table.column_names:
        if table[name].null_count:
            yield _nulls(file, table, name)


def _intervals(file: Path, stamps: pa.Table) -> Iterator[Finding]:
    """Yield zones whose interval changes: what lies between two stamps must be whole steps of the zone."""
    for zone in pc.unique(stamps["zone"]).to_pylist():
        apart = np.diff(stamps.filter(pc.equal(stamps["zone"], zone))["ts"].cast(TS).cast(pa.int64()).to_numpy())
        step = np.median(apart[apart > 0]) if (apart > 0).any() else 1
        if odd := int((apart % step != 0).sum()):
            what = f"zone {zone}: {odd} stamps are not {step / 1e6:g} s, or whole steps of that, after the one before"
            yield Finding(str(file), "fault", f"{what}; expected one interval a zone")


_LIMITS = {"ci": (0.0, LARGEST), "pct": (0.0, 100.0), "c": (-90.0, 65.0), "ms": (0.0, 120.0)}
"""What can be: intensity (names that begin with ci), and by ending percentages, degrees Celsius and wind."""


def _limits(file: Path, table: pa.Table) -> Iterator[Finding]:
    for name in table.column_names:
        kind = "ci" if name.split("_")[0] == "ci" else name.split("_")[-1]
        type_ = table.schema.field(name).type
        if kind not in _LIMITS or not (pa.types.is_floating(type_) or pa.types.is_integer(type_)):
            continue
        low, high = _LIMITS[kind]
        values = table[name].drop_null().to_numpy()
        if wild := values[~((values >= low) & (values <= high))].tolist():
            what = f"column {name!r}: found {wild[0]:g} ({len(wild)} such values), expected {low:g} to {high:g}"
            yield Finding(str(file), "fault", what)


def _nulls(file: Path, table: pa.Table, name: str) -> Finding:
    return Finding(str(file), "null", f"column {name!r}: {table[name].null_count} of {len(table)} values are null")


def _trace(file: Path, table: pa.Table, key: str) -> Iterator[Finding]:
    for name in ("submit_s", "duration_s", "cpus"):
        if name not in table.column_names:
            continue
        lowest = pc.min(table[name]).as_py()
        if lowest is not None and lowest < 0:
            yield Finding(str(file), "fault", f"column {name!r}: found {lowest:g}, expected at least 0")
        if table[name].null_count:
            yield Finding(
                str(file), "null", f"column {name!r}: {table[name].null_count} of {len(table)} values are null"
            )
    ids = table.group_by([key, *(["dag_id"] if key == "task_id" else [])]).aggregate([])
    if len(ids) < len(table):
        yield Finding(str(file), "fault", f"{len(table) - len(ids)} ids of {key} stand twice; expected each once")
