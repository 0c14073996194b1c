"""Jobs as a trace file has them: Parquet in the project's form, or GAIA's table as published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.importers.gaia import read_gaia
from sim.jobs import Particulars
from sim.units import DAY_S, HOUR_S, FloatArray
from sim.workload_spec import TraceWorkload


@dataclass(frozen=True, eq=False)
class Rows:
    """Jobs as arrays, in submit order; `labels` and `deadline_s` hold what the trace itself says of them."""

    ids: list[str]
    submit_s: FloatArray
    duration_s: FloatArray
    cpus: FloatArray
    gpus: FloatArray
    memory_gb: FloatArray
    labels: Mapping[str, list[Any]]
    deadline_s: FloatArray | None = None
    tail_s: FloatArray | None = None
    output_gb: FloatArray | None = None
    particulars: Mapping[int, Particulars] = field(default_factory=dict)


_NEEDED = ("job_id", "submit_s", "duration_s", "cpus", "gpus", "memory_gb")
_LABELS = ("home", "priority", "team", "customer", "tag")


def read_trace(path: Path, spec: TraceWorkload, span_s: float, rng: np.random.Generator) -> Rows:
    """Return `count` jobs of a trace, in submit order, submitted within [0, span_s).

    Raises:
        InputError: If the file is missing, too short, or lacks a column or a value that the scenario does not state.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; does --data-dir name the right folder?")
    whole = read_gaia([path], {}).table if spec.format == "gaia" else _table(path)
    names = whole.column_names
    for name in _NEEDED:
        if name not in names:
            raise InputError(f"{path}: column {name!r} is missing; found {', '.join(names)}")
    labels = [name for name in _LABELS if name in names]
    table = _select(_in_steps(whole, path, spec), path, spec, span_s, rng)
    ids = _ids(table, path)
    cpus = _numbers(table, "cpus", path, ids, above=0.0)
    return Rows(
        ids=ids,
        submit_s=_numbers(table, "submit_s", path, ids),
        duration_s=_numbers(table, "duration_s", path, ids, above=0.0),
        cpus=cpus,
        gpus=_numbers(table, "gpus", path, ids, unknown=spec.unknown.gpus),
        memory_gb=_numbers(
            table,
            "memory_gb",
            path,
            ids,
            unknown=None if spec.unknown.memory_gb_per_cpu is None else spec.unknown.memory_gb_per_cpu * cpus,
        ),
        labels={name: table[name].to_pylist() for name in labels},
        deadline_s=_numbers(table, "deadline_s", path, ids) if "deadline_s" in names else None,
    )


def _in_steps(table: pa.Table, path: Path, spec: TraceWorkload) -> pa.Table:
    """Return the jobs with times cut down to whole steps, without those that then last no time or end too late."""
    if not spec.step_s and spec.within_h is None:
        return table
    ids = _ids(table, path)
    for name in ("submit_s", "duration_s"):
        values = _numbers(table, name, path, ids)
        if spec.step_s:
            values = np.floor(values / spec.step_s) * spec.step_s
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values))
    submit_s, duration_s = (table[name].to_numpy() for name in ("submit_s", "duration_s"))
    keep = duration_s > 0
    if spec.within_h is not None:
        keep &= submit_s + duration_s <= spec.within_h * HOUR_S
    return table.filter(pa.array(keep))


def _table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({' '.join(str(error).split())[:200]})") from None


def _ids(table: pa.Table, path: Path) -> list[str]:
    ids = table["job_id"].to_pylist()
    if None in ids:
        raise InputError(f"{path}: column 'job_id', row {ids.index(None)}: found null, expected an id")
    return [str(i) for i in ids]


def _select(table: pa.Table, path: Path, spec: TraceWorkload, span_s: float, rng: np.random.Generator) -> pa.Table:
    """Return `count` rows in submit order, their submit times within the span."""
    submit_s = _numbers(table, "submit_s", path, _ids(table, path))
    if spec.arrivals == "fold":
        rows = rng.choice(len(table), size=min(spec.count, len(table)), replace=False)
        folded = submit_s[rows] % span_s
    else:
        rows = np.flatnonzero(submit_s < span_s)
        rows = rows[np.argsort(submit_s[rows], kind="stable")][: spec.count]
        folded = submit_s[rows]
    if len(rows) < spec.count:
        raise InputError(
            f"{path}: has {len(rows)} jobs in the span of {span_s / DAY_S:g} days, expected {spec.count}; "
            "lower `count`, or raise `days`"
        )
    order = np.argsort(folded, kind="stable")
    chosen, shift_s = table.take(rows[order]), (folded - submit_s[rows])[order]
    for name in ("submit_s", "deadline_s"):
        at = chosen.schema.get_field_index(name)
        if at >= 0:
            moved = _numbers(chosen, name, path, _ids(chosen, path)) + shift_s
            chosen = chosen.set_column(at, name, pa.array(moved))
    return chosen


def _numbers(
    table: pa.Table,
    name: str,
    path: Path,
    ids: list[str],
    *,
    above: float | None = None,
    unknown: float | FloatArray | None = None,
) -> FloatArray:
    """Return a column as numbers; nulls become `unknown` if the scenario states it, else they are refused."""
    kind = table[name].type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise InputError(f"{path}: column {name!r} is {kind}; expected numbers")
    values = table[name].cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    missing = ~np.isfinite(values)
    if missing.any() and unknown is not None:
        values[missing] = np.broadcast_to(unknown, values.shape)[missing]
        missing = ~np.isfinite(values)
    wrong = missing | (values <= above if above is not None else values < 0)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        hint = "; state it under workload.unknown" if missing[first] and name in ("gpus", "memory_gb") else ""
        expected = "a positive number" if above is not None else "a number, at least 0"
        raise InputError(
            f"{path}: column {name!r}, job {ids[first]}: found "
            f"{'null' if missing[first] else format(values[first], 'g')}, expected {expected}{hint}"
        )
    return np.asarray(values)
