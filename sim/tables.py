"""Columns of a Parquet file as arrays; what is wrong with one is named by file, column, found, expected."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.errors import InputError
from sim.units import FloatArray

Text = NDArray[np.object_]


def read_columns(path: Path, *, text: Sequence[str] = (), numbers: Sequence[str] = ()) -> dict[str, Any]:
    """Return columns by name: text, null as empty, and numbers of at least 0.

    Raises:
        InputError: If the file or a column is missing, or a number is null, not finite or below 0.
    """
    table = _table(path)
    for name in (*text, *numbers):
        if name not in table.column_names:
            raise InputError(f"{path}: column {name!r} is missing; found {', '.join(table.column_names)}")
    columns: dict[str, Any] = {name: _text(table[name]) for name in text}
    return columns | {name: _at_least_0(table[name], f"{path}: column {name!r}") for name in numbers}


def _table(path: Path) -> pa.Table:
    if not path.is_file():
        raise InputError(f"{path}: no such file; does --data-dir name the right folder?")
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({' '.join(str(error).split())[:200]})") from None


def _text(column: pa.ChunkedArray) -> Text:
    return np.array(["" if value is None else str(value) for value in column.to_pylist()], dtype=object)


def _at_least_0(column: pa.ChunkedArray, where: str) -> FloatArray:
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise InputError(f"{where} is {column.type}; expected numbers")
    values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        raise InputError(f"{where}, row {wrong[0]}: found {column[int(wrong[0])]}, expected a number, at least 0")
    return np.asarray(values)
