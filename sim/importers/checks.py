"""What importers of series check alike: fields of JSON, headers of CSV, the order of rows, several files as one."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Imported, Options, Report
from sim.importers.csvfile import need
from sim.importers.series import gaps, refuse_doubles
from sim.units import FloatArray


def rows(content: Any, key: str, source: str) -> list[Any]:
    """Return a list in a JSON object. Raises InputError if it is missing or no list."""
    found = need(content, key, source)
    if not isinstance(found, list):
        raise InputError(f"{source}: field {key!r}: found {type(found).__name__}, expected a list")
    return found


def number(value: Any, where: str, *, least: float = -math.inf, most: float = math.inf) -> float:
    """Return a JSON value as a number, null as NaN; digits in quotes count.

    Raises:
        InputError: If it is no finite number, or not from `least` to `most`.
    """
    if value is None:
        return math.nan
    try:
        found = float("no" if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{where}: found {value!r}, expected a number or null") from None
    if math.isinf(found):
        raise InputError(f"{where}: found {value!r}, expected a finite number")
    if found < least or found > most:
        expected = f"at least {least:g}" if found < least else f"at most {most:g}"
        raise InputError(f"{where}: found {found:g}, expected {expected}")
    return found


def positive(options: Options, name: str) -> float | None:
    """Return an option as a number above 0, None if it is not given. Raises InputError otherwise."""
    if name not in options:
        return None
    try:
        found = float(options[name])
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:
        raise InputError(f"option {name}: found {options[name]!r}, expected a number above 0")
    return found


def field(
    items: Sequence[Any], key: str, source: str, *, least: float = -math.inf, most: float = math.inf
) -> FloatArray:
    """Return one field of all rows of a JSON list as numbers; an error names the row, counted from 1."""
    found = (number(need(row, key, f"{source}: row {i}"), f"{source}: row {i}: {key!r}", least=least, most=most)
             for i, row in enumerate(items, start=1))  # fmt: skip
    return np.fromiter(found, dtype=float, count=len(items))


def wanted_zone(options: Options, example: str) -> str:
    """Return option `zone`, for files that name none. Raises InputError if it is not given."""
    if not options.get("zone"):
        raise InputError(f"files of this form name no grid zone: give one with --set zone={example}")
    return options["zone"]


def local_utc(stamp: datetime, clock: ZoneInfo) -> datetime | None:
    """Return the UTC moment of a local time, None in an hour that the clocks skip or repeat: it cannot be told."""
    first, second = stamp.replace(tzinfo=clock, fold=0), stamp.replace(tzinfo=clock, fold=1)
    return first.astimezone(UTC) if first.utcoffset() == second.utcoffset() else None


def order_note(stamps: Sequence[datetime]) -> tuple[str, ...]:
    """Return a note if rows of one zone do not stand in order of time."""
    back = sum(later < earlier for earlier, later in itertools.pairwise(stamps))
    return (f"rows were not in order of time ({back} steps back): sorted",) if back else ()


def join(parts: Sequence[Imported]) -> Imported:
    """Return the series of several files as one, in order of zone and time, with one report on all.

    Forecasts that were issued at different times may speak of the same moment.

    Raises:
        InputError: If a zone has a stamp twice.
    """
    table = pa.concat_tables([part.table for part in parts], promote_options="default")
    key = [name for name in ("zone", "issued_at", "ts") if name in table.column_names]
    refuse_doubles(table, key, "the files together")
    table = table.sort_by([(name, "ascending") for name in key])
    dropped: Counter[str] = Counter()
    for part in parts:
        dropped.update(part.report.dropped)
    notes = tuple(dict.fromkeys(note for part in parts for note in part.report.notes))
    read = sum(part.report.rows_read for part in parts)
    return Imported(parts[0].kind, table, Report(read, len(table), dict(dropped), gaps(table), notes))


def known_option(options: Options, name: str, known: Mapping[str, Any], default: str) -> str:
    """Return an option that must be one of `known`. Raises InputError otherwise."""
    value = options.get(name, default)
    if value not in known:
        raise InputError(f"option {name}: found {value!r}, expected {', '.join(known)}")
    return value


def flags(table: pa.Table, name: str, source: str) -> pa.Array:
    """Return a text column of true and false, empty as null. Raises InputError at anything else: names its row."""
    known = {"true": True, "false": False, "": None}
    texts = [(text or "").strip().lower() for text in table[name].to_pylist()]
    for row, text in enumerate(texts, start=1):
        if text not in known:
            raise InputError(f"{source}: column {name!r}, row {row}: found {text!r}, expected true or false")
    return pa.array([known[text] for text in texts], type=pa.bool_())
