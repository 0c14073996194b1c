"""Reading published CSV and JSON files: the columns that are needed, or an error that says which is not there.

Files are UTF-8, with or without a byte order mark, with either line ending, gzipped or not (which their first bytes
tell, whatever their name).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sim.errors import InputError
from sim.units import BoolArray, FloatArray

_GZIP = b"\x1f\x8b"


def _gzipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if _gzipped(path) else path.open("rb")


def _unreadable(path: Path, kind: str, error: Exception) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path}: no such file")
    return InputError(f"{path}: not a readable {kind} file ({' '.join(str(error).split())[:160]})")


def read_text(path: Path, *, errors: str = "strict") -> str:
    """Return the text of a file. `errors` says what becomes of bytes that are not UTF-8, as in `bytes.decode`.

    Raises:
        InputError: If the file is missing or cannot be read.
    """
    try:
        with _opened(path) as file:
            return file.read().decode("utf-8-sig", errors)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _unreadable(path, "text", error) from None


def header(path: Path) -> dict[str, str]:
    """Return the column names of a CSV file by their lower-case form.

    Raises:
        InputError: If the file is missing or cannot be read, or a column stands twice.
    """
    try:
        with _opened(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            names = next(csv.reader(text), [])
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, "CSV", error) from None
    found: dict[str, str] = {}
    for name in filter(None, names):
        key = name.strip().lower()
        if key in found:
            raise InputError(f"{path}: column {name.strip()!r} stands twice; expected each once")
        found[key] = name
    return found


def read_csv(paths: Sequence[Path], columns: Sequence[str], *, names: Sequence[str] | None = None) -> pa.Table:
    """Return these columns of CSV files as text, one file after the other; empty is null.

    `names` are the columns of files without a header.

    Raises:
        InputError: If a file is missing or no CSV, lacks a column, or has no rows.
    """
    return pa.concat_tables([_one(path, columns, names) for path in paths])


def _one(path: Path, columns: Sequence[str], names: Sequence[str] | None) -> pa.Table:
    there = list(header(path).values()) if names is None else names
    for name in columns:
        if name not in there:
            raise InputError(f"{path}: column {name!r} is missing; found {', '.join(there) or 'an empty file'}")
    options = pyarrow.csv.ReadOptions(column_names=list(names) if names else None)
    text = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()),
        include_columns=list(columns),
        strings_can_be_null=True,
        null_values=[""],
    )
    try:
        with pa.input_stream(str(path), compression="gzip" if _gzipped(path) else None) as stream:
            table = pyarrow.csv.read_csv(stream, read_options=options, convert_options=text)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, "CSV", error) from None
    if not len(table):
        raise InputError(f"{path}: no rows in it; expected at least one")
    if (lines := _lines(path) - (names is None)) != len(table):
        raise InputError(f"{path}: found {len(table)} rows in {lines} lines; is a quote not closed?")
    return table


def _lines(path: Path) -> int:
    """Return how many lines are not empty. A quote that is not closed makes one row of all that follow it."""
    with _opened(path) as file, io.TextIOWrapper(file, encoding="utf-8", errors="replace") as text:
        return sum(line != "\n" for line in text)


def numbers(table: pa.Table, name: str, source: str, *, least: float = -np.inf, most: float = np.inf) -> FloatArray:
    """Return a text column as numbers, null as NaN.

    Raises:
        InputError: If a value is no finite number, or not from `least` to `most`: names its row, counted from 1
            without the header.
    """
    column = pc.utf8_trim_whitespace(table[name].combine_chunks())
    column = pc.if_else(pc.equal(column, ""), None, column)
    try:
        values = np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), dtype=float)
    except pa.ArrowInvalid:
        row = next(i for i, text in enumerate(column) if not _is_number(text))
        raise InputError(
            f"{source}: column {name!r}, row {row + 1}: found {column[row].as_py()!r}, expected a number"
        ) from None
    refuse(np.isinf(values), values, f"{source}: column {name!r}", "a finite number")
    refuse(values < least, values, f"{source}: column {name!r}", f"at least {least:g}")
    refuse(values > most, values, f"{source}: column {name!r}", f"at most {most:g}")
    return values


def known_numbers(
    table: pa.Table, name: str, source: str, *, least: float = -np.inf, most: float = np.inf
) -> FloatArray:
    """Return a text column as numbers, as `numbers` does, that may not be empty anywhere."""
    values = numbers(table, name, source, least=least, most=most)
    refuse(np.isnan(values), values, f"{source}: column {name!r}", "a number")
    return values


def _is_number(text: pa.Scalar) -> bool:
    try:
        pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def refuse(bad: BoolArray, values: FloatArray, where: str, expected: str) -> None:
    """Raise InputError on the first of the bad values, by its row, if there is one."""
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(f"{where}, row {row + 1}: found {values[row]:g}, expected {expected}")


def counts(table: pa.Table, name: str, source: str, kind: pa.DataType) -> pa.Array:
    """Return a text column as whole numbers of an integer type, null where empty.

    Raises:
        InputError: If a value is no whole number, below 0 or too large.
    """
    values = numbers(table, name, source, least=0.0)
    most = 2.0 ** min(kind.bit_width - 1, 53)  # above 2^53 a float no longer tells two whole numbers apart
    refuse((values % 1 > 0) | (values >= most), values, f"{source}: column {name!r}", f"a whole number below {most:g}")
    missing = np.isnan(values)
    return pa.array(np.where(missing, 0, values).astype(np.int64), mask=missing).cast(kind)


def nullable(values: FloatArray) -> pa.Array:
    """Return numbers with NaN as null."""
    return pa.array(values, type=pa.float64(), mask=np.isnan(values))


def read_json(path: Path) -> Any:
    """Return the content of a JSON file. Raises InputError if it is missing or none."""
    try:
        return json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON file ({error})") from None


def need(row: Mapping[str, Any], key: str, source: str) -> Any:
    """Return a field of a JSON object. Raises InputError if it is missing."""
    if not isinstance(row, Mapping) or key not in row:
        found = ", ".join(row) if isinstance(row, Mapping) else type(row).__name__
        raise InputError(f"{source}: field {key!r} is missing; found {found[:200] or 'none'}")
    return row[key]
