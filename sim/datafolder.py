"""A data folder: what series and traces are in it, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.datachecks import check_jobs, check_requests, check_signal, check_tasks
from sim.errors import InputError


@dataclass(frozen=True)
class Finding:
    """Something about a file: `fault` cannot be used as it is, `gap` and `null` are stretches or values that lack.

    A `note` says that a file is of no kind that is checked.
    """

    file: str
    severity: str
    what: str


def parquet_files(path: Path) -> list[Path]:
    """Return the Parquet files of a folder, or the one file. Raises InputError if there is neither."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    return sorted(file for file in path.rglob("*.parquet") if file.is_file())


def kind_of(schema: pa.Schema) -> str:
    """Return what a table with these columns holds: tasks, jobs, requests, signal, or other."""
    names = set(schema.names)
    if {"dag_id", "task_id", "deps"} <= names:
        return "tasks"
    if {"job_id", "submit_s", "duration_s"} <= names:
        return "jobs"
    if {"ts", "prompt_tokens"} <= names:
        return "requests"
    return "signal" if "ts" in names and names & set(_ZONES) else "other"


_ZONES = ("zone", "ba")
"""What the key of a signal may be called: a grid zone, or a balancing authority."""


def list_folder(path: Path) -> list[dict[str, Any]]:
    """Return a row a file: name, kind, rows, and for signals zones, columns, first and last stamp."""
    return [_listed(file, path) for file in parquet_files(path)]


def _listed(file: Path, root: Path) -> dict[str, Any]:
    try:
        schema, rows = pq.read_schema(file), pq.read_metadata(file).num_rows
        kind = kind_of(schema)
        name = str(file.relative_to(root)) if file != root else file.name
        found: dict[str, Any] = {"file": name, "kind": kind, "rows": rows, "columns": schema.names}
        return found | _span(file, schema) if kind == "signal" else found
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise InputError(f"{file}: not a readable Parquet file ({' '.join(str(error).split())[:160]})") from None


def _span(file: Path, schema: pa.Schema) -> dict[str, Any]:
    key = next(name for name in _ZONES if name in schema.names)
    table = pq.read_table(file, columns=[key, "ts"])
    stamps = pc.min_max(table["ts"]).as_py()
    zones = sorted(str(zone) for zone in pc.unique(table[key]).to_pylist())
    return {"zones": zones, "first": str(stamps["min"]), "last": str(stamps["max"])}


def validate(path: Path) -> list[Finding]:
    """Return what is wrong or lacking in a file or in all files of a folder."""
    files = parquet_files(path)
    if not files:
        raise InputError(f"{path}: no Parquet file in it; is it the right folder?")
    return [Finding(str(file), *found) for file in files for found in _validate(file)]


def _validate(file: Path) -> Iterator[tuple[str, str]]:
    try:
        table = pq.read_table(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        yield "fault", f"not a readable Parquet file ({' '.join(str(error).split())[:160]})"
        return
    kind = kind_of(table.schema)
    if kind == "other":
        yield "note", f"not checked: columns {', '.join(table.column_names)[:120]} are of no kind that is known"
    elif not len(table):
        yield "fault", "no rows in it; expected at least one"
    else:
        yield from check(table, kind)


def check(table: pa.Table, kind: str) -> Iterator[tuple[str, str]]:
    """Yield severity and words for each finding in a table of a kind that `kind_of` tells."""
    checks = {"signal": check_signal, "jobs": check_jobs, "tasks": check_tasks, "requests": check_requests}
    yield from checks[kind](table)
