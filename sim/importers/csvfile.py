"""Reading published CSV and JSON files: the columns that are needed, or an error that says which is not there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sim.errors import InputError
from sim.importers.base import Gap
from sim.units import FloatArray, iso

TS = pa.timestamp("us", tz="UTC")


def read_csv(
    paths: Sequence[Path], columns: Sequence[str], *, names: Sequence[str] | None = None, delimiter: str = ","
) -> pa.Table:
    """Return these columns of CSV files as text, one file after the other; empty is null.

    `names` are the columns of files without a header. A file may end in .gz.

    Raises:
        InputError: If a file is missing or no CSV, or lacks a column.
    """
    return pa.concat_tables([_one(path, columns, names, delimiter) for path in paths])


def _one(path: Path, columns: Sequence[str], names: Sequence[str] | None, delimiter: str) -> pa.Table:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    options = pyarrow.csv.ReadOptions(column_names=list(names) if names else None)
    text = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys([*columns, *(names or ())], pa.string()), strings_can_be_null=True, null_values=[""]
    )
    parse = pyarrow.csv.ParseOptions(delimiter=delimiter)
    try:
        table = pyarrow.csv.read_csv(path, read_options=options, convert_options=text, parse_options=parse)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: not a readable CSV file ({' '.join(str(error).split())[:160]})") from None
    for name in columns:
        if name not in table.column_names:
            raise InputError(f"{path}: column {name!r} is missing; found {', '.join(table.column_names)}")
    return table.select(list(columns))


def numbers(table: pa.Table, name: str, source: str, *, least: float | None = None) -> FloatArray:
    """Return a text column as numbers, null as NaN.

    Raises:
        InputError: If a value is no number, or below `least`: names its row, counted from 1 without the header.
    """
    column = table[name].combine_chunks()
    try:
        values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        row = next(i for i, text in enumerate(column.to_pylist()) if not _is_number(text))
        raise InputError(
            f"{source}: column {name!r}, row {row + 1}: found {column[row].as_py()!r}, expected a number"
        ) from None
    values = np.asarray(values, dtype=float)
    if least is not None and (values < least).any():
        row = int(np.argmax(values < least))
        raise InputError(
            f"{source}: column {name!r}, row {row + 1}: found {values[row]:g}, expected at least {least:g}"
        )
    return values


def _is_number(text: str | None) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True


def nullable(values: FloatArray) -> pa.Array:
    """Return numbers with NaN as null."""
    return pa.array(values, type=pa.float64(), mask=np.isnan(values))


def whole(values: FloatArray, kind: pa.DataType) -> pa.Array:
    """Return whole numbers with NaN as null."""
    missing = np.isnan(values)
    return pa.array(np.where(missing, 0, values).astype(np.int64), mask=missing).cast(kind)


def read_json(path: Path) -> Any:
    """Return the content of a JSON file. Raises InputError if it is missing or none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a JSON file ({error})") from None


def need(row: Mapping[str, Any], key: str, source: str) -> Any:
    """Return a field of a JSON object. Raises InputError if it is missing."""
    if not isinstance(row, Mapping) or key not in row:
        found = ", ".join(row) if isinstance(row, Mapping) else type(row).__name__
        raise InputError(f"{source}: field {key!r} is missing; found {found}")
    return row[key]


def moments(texts: Sequence[str | None], source: str, *, offset_s: float | None = None) -> list[datetime]:
    """Return stamps as UTC moments.

    Without a zone in the text, `offset_s` says how far the stamps' clock is ahead of UTC; None refuses such stamps.

    Raises:
        InputError: If a stamp is none, or has no zone: names its row.
    """
    found = []
    for row, text in enumerate(texts, start=1):
        try:
            moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        except ValueError:
            raise InputError(f"{source}: row {row}: found {text!r}, expected a time in ISO 8601") from None
        if moment.tzinfo is None:
            if offset_s is None:
                raise InputError(
                    f"{source}: row {row}: {text!r} has no time zone; expected UTC, such as 2022-01-01T00:00Z"
                )
            moment = moment.replace(tzinfo=UTC) - timedelta(seconds=offset_s)
        found.append(moment.astimezone(UTC))
    return found


def series(zones: Sequence[str], stamps: Sequence[datetime], columns: Mapping[str, pa.Array], source: str) -> pa.Table:
    """Return a table of `zone`, `ts` and these columns, in order of zone and time.

    Raises:
        InputError: If a zone has a stamp twice.
    """
    table = pa.table({"zone": pa.array(zones, type=pa.string()), "ts": pa.array(stamps, type=TS), **columns})
    table = table.sort_by([("zone", "ascending"), ("ts", "ascending")])
    zone, ts = table["zone"].to_pylist(), table["ts"].to_pylist()
    for i in range(1, len(ts)):
        if zone[i] == zone[i - 1] and ts[i] == ts[i - 1]:
            raise InputError(f"{source}: zone {zone[i]}: the stamp {iso(ts[i])} stands twice; expected each once")
    return table


def gaps(table: pa.Table) -> tuple[Gap, ...]:
    """Return the stretches of each zone that lack samples, going by its most frequent interval."""
    found: list[Gap] = []
    for zone in pc.unique(table["zone"]).to_pylist():
        mine = table.filter(pc.equal(table["zone"], zone))["ts"]
        micros = mine.cast(pa.int64()).to_numpy()
        if len(micros) < 3:
            continue
        apart = np.diff(micros)
        step = int(np.median(apart))
        for i in np.flatnonzero(apart > 1.5 * step).tolist():
            begin, end = ((datetime.fromtimestamp(m / 1e6, tz=UTC)) for m in (micros[i] + step, micros[i + 1]))
            found.append(Gap(zone, iso(begin), iso(end), round(apart[i] / step) - 1))
    return tuple(found)
