"""Series of zones: stamps in UTC, each once, and the stretches that lack samples.

A forecast is a series too, one for each moment of issue (`issued_at`). Where every row was issued at its own stamp (the
form of `sgip-moer`), the table is one series a zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sim.errors import InputError
from sim.importers.base import Gap
from sim.units import IntArray, iso

TS = pa.timestamp("us", tz="UTC")


def moments(texts: Sequence[str | None], source: str, *, offset_s: float | None = None) -> list[datetime]:
    """Return stamps as UTC moments.

    Without a zone in the text, `offset_s` says how far the stamps' clock is ahead of UTC; None refuses such stamps.

    Raises:
        InputError: If a stamp is none, or has no zone: names its row.
    """
    return [_moment(text, f"{source}: row {row}", offset_s) for row, text in enumerate(texts, start=1)]


def _moment(text: str | None, where: str, offset_s: float | None) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text).strip())
        if moment.tzinfo is None and offset_s is not None:
            moment = moment.replace(tzinfo=UTC) - timedelta(seconds=offset_s)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{where}: found {text!r}, expected a time in ISO 8601") from None
    raise InputError(f"{where}: {text!r} has no time zone; expected UTC, such as 2022-01-01T00:00Z")


def series(zones: Sequence[str], stamps: Sequence[datetime], columns: Mapping[str, pa.Array], source: str) -> pa.Table:
    """Return a table of `zone`, `ts` and these columns, in order of zone and time.

    Raises:
        InputError: If there is no row, or a zone has a stamp twice.
    """
    if not stamps:
        raise InputError(f"{source}: no rows in it that can be used; expected at least one")
    table = pa.table({"zone": pa.array(zones, type=pa.string()), "ts": pa.array(stamps, type=TS), **columns})
    refuse_doubles(table, ["zone", "ts"], source)
    return table.sort_by([("zone", "ascending"), ("ts", "ascending")])


def refuse_doubles(table: pa.Table, key: Sequence[str], source: str) -> None:
    """Raise InputError if two rows have the same key, which holds `zone` and `ts`."""
    counted = table.select(key).group_by(key).aggregate([([], "count_all")])
    twice = counted.filter(pc.greater(counted["count_all"], 1)).sort_by([(name, "ascending") for name in key])
    if len(twice):
        stamp = iso(twice["ts"][0].as_py())
        raise InputError(f"{source}: zone {twice['zone'][0]}: the stamp {stamp} stands twice; expected each once")


def is_forecast(table: pa.Table) -> bool:
    """Return whether rows were issued at other moments than those that they speak of."""
    if "issued_at" not in table.column_names:
        return False
    return pc.any(pc.not_equal(table["issued_at"].cast(TS), table["ts"].cast(TS))).as_py() is True


def runs(table: pa.Table) -> Iterator[tuple[str, IntArray]]:
    """Yield each series of a table: its zone, and its stamps in order, microseconds of UTC."""
    key = ["zone", "issued_at"] if is_forecast(table) else ["zone"]
    table = table.select([*key, "ts"]).sort_by([(name, "ascending") for name in (*key, "ts")])
    if not len(table):
        return
    stamps = table["ts"].cast(TS).cast(pa.int64()).to_numpy()
    begins = np.any([np.diff(_codes(table[name])) != 0 for name in key], axis=0)
    edges = np.flatnonzero(begins) + 1
    for first, part in zip([0, *edges.tolist()], np.split(stamps, edges), strict=True):
        yield str(table["zone"][first]), part


def _codes(column: pa.ChunkedArray) -> IntArray:
    """Return a number for each value that is the same where the value is."""
    return np.asarray(column.combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy())


def usual_step(stamps: IntArray) -> int:
    """Return the most frequent interval between stamps in order, the shortest of several; 0 if there is none."""
    apart = np.diff(stamps)
    steps, often = np.unique(apart[apart > 0], return_counts=True)
    return int(steps[np.argmax(often)]) if len(steps) else 0


def gaps(table: pa.Table) -> tuple[Gap, ...]:
    """Return the stretches of each series that lack samples, going by its most frequent interval."""
    return tuple(gap for zone, stamps in runs(table) if len(stamps) > 2 for gap in _gaps(zone, stamps))


def _gaps(zone: str, stamps: IntArray) -> Iterator[Gap]:
    apart, step = np.diff(stamps), usual_step(stamps)
    for i in np.flatnonzero(apart > 1.5 * step).tolist() if step else []:
        begin, end = (datetime.fromtimestamp(micros / 1e6, tz=UTC) for micros in (stamps[i] + step, stamps[i + 1]))
        yield Gap(zone, iso(begin), iso(end), round(apart[i] / step) - 1)
