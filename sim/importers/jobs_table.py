"""The table that every trace with a row a job becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sim.errors import InputError
from sim.importers.csvfile import nullable
from sim.units import BoolArray, FloatArray

_NUMERIC = ("submit_s", "duration_s", "cpus", "gpus", "memory_gb")


def jobs_table(
    ids: Sequence[str | None],
    source: str,
    numeric: Mapping[str, FloatArray],
    extra: Mapping[str, pa.Array],
    *,
    keep: BoolArray | None = None,
    files: str,
) -> pa.Table:
    """Return a table of jobs: `keep` says which rows; a column that is not given is unknown (null) throughout.

    Raises:
        InputError: If a job has no id, or two have the same: names `files`.
    """
    rows = len(ids)
    columns = {name: nullable(numeric[name]) if name in numeric else pa.nulls(rows, pa.float64()) for name in _NUMERIC}
    ours = pa.array([source] * rows, type=pa.string())
    table = pa.table({"job_id": pa.array(ids, type=pa.string()), **columns, "source": ours, **extra})
    table = table if keep is None else table.filter(pa.array(keep))
    if table["job_id"].null_count:
        raise InputError(f"{files}: {table['job_id'].null_count} jobs have no id; expected one in each row")
    counted = table.group_by("job_id").aggregate([([], "count_all")])
    twice = counted.filter(pc.greater(counted["count_all"], 1))
    if len(twice):
        raise InputError(f"{files}: the job {twice['job_id'][0]} stands twice; expected each once")
    return table


def from_first(seconds: FloatArray) -> FloatArray:
    """Return times counted from the earliest one that is known."""
    known = seconds[np.isfinite(seconds)]
    return seconds - (known.min() if len(known) else 0.0)


def counted(dropped: Mapping[str, BoolArray]) -> dict[str, int]:
    """Return how many rows each reason takes away, without reasons that take none."""
    return {why: int(rows.sum()) for why, rows in dropped.items() if rows.any()}
