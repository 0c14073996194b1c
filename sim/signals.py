"""Grid signals: step functions of time with exact integrals, read from Parquet without imputation.

A value holds from its own stamp to the next (interval start). Nothing is extrapolated: asking
outside the covered span is an error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.names import near_or_known
from sim.units import FloatArray, IntArray, at_time, iso

LARGEST = 1e6
"""No grid emits, and no market asks, as much as this: a larger value is a broken file."""


FLAG = "estimated"
"""The column of a file in which its provider marks estimates."""


class SignalRangeError(Exception):
    """A signal was asked for a time that it does not cover."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The file and column that a signal was read from.

    `estimated_share` is the share of its values, from the scenario's start on, that the file marks as estimates of the
    provider (column `estimated`); None if the file does not say.
    """

    file: str
    column: str
    estimated_share: float | None = None


@dataclass(frozen=True, eq=False)
class Signal:
    """A piecewise constant series: value k holds over [start_s + k step_s, start_s + (k+1) step_s).

    `issued_at_s` is the moment of issue of a forecast, else None. `origins` are what it was read from; none if it was
    generated. A view has no origins: they tell of the whole span.
    """

    zone: str
    unit: str
    start_s: float
    step_s: float
    values: FloatArray
    issued_at_s: float | None = None
    origins: tuple[Origin, ...] = ()

    @property
    def end_s(self) -> float:
        """The end of the last interval."""
        return self.start_s + self.step_s * len(self.values)

    @cached_property
    def _integral(self) -> FloatArray:
        """The integral from `start_s` to the edge of each interval, unit x seconds, shape (T + 1,)."""
        return np.concatenate([[0.0], np.cumsum(self.values) * self.step_s])

    def _check(self, first_s: float, last_s: float) -> None:
        if first_s < self.start_s or last_s > self.end_s:
            asked = f"t={first_s:g} s" if first_s == last_s else f"[{first_s:g}, {last_s:g}] s"
            raise SignalRangeError(
                f"{self.unit} of zone {self.zone} covers [{self.start_s:g}, {self.end_s:g}) s, "
                f"but {asked} was asked for; use a longer series or a shorter horizon"
            )

    def index(self, t_s: float) -> int:
        """Return the position of the interval that holds `t_s`."""
        k = int((t_s - self.start_s) // self.step_s)
        if not 0 <= k < len(self.values):
            self._check(t_s, t_s)
            raise SignalRangeError(f"{self.unit} of zone {self.zone} ends at {self.end_s:g} s, which is excluded")
        return k

    def at(self, t_s: float) -> float:
        """Return the value that holds at `t_s`."""
        return float(self.values[self.index(t_s)])

    def up_to(self, t_s: float) -> Signal:
        """Return what is known at `t_s`: every interval that has begun, the current one included."""
        known = self.values[: self.index(t_s) + 1]
        known.flags.writeable = False  # of this slice: whoever looks cannot rewrite the world
        return Signal(self.zone, self.unit, self.start_s, self.step_s, known, self.issued_at_s)

    def cumulative(self, t_s: FloatArray) -> FloatArray:
        """Return the integral from `start_s` to each time, unit x seconds; exact between samples too."""
        t_s = np.asarray(t_s, dtype=float)
        if t_s.size:
            self._check(float(t_s.min()), float(t_s.max()))
        edges = self.start_s + self.step_s * np.arange(len(self.values) + 1)
        return np.asarray(np.interp(t_s, edges, self._integral))

    def integral(self, start_s: FloatArray | float, end_s: FloatArray | float) -> FloatArray:
        """Return the integral over [start_s, end_s), unit x seconds, by prefix sums.

        Example:
            100 for an hour, then 200: the hour across the edge has half of each.

            >>> signal = Signal("X", "g/kWh", 0.0, 3600.0, np.array([100.0, 200.0]))
            >>> float(signal.integral(1800.0, 5400.0)) / 3600
            150.0
        """
        return self.cumulative(np.asarray(end_s)) - self.cumulative(np.asarray(start_s))


@dataclass(frozen=True, eq=False)
class Bundle:
    """Signals of several zones on one time grid: `values` has shape (R, T), a row a zone."""

    start_s: float
    step_s: float
    values: FloatArray

    @classmethod
    def of(cls, signals: Sequence[Signal]) -> Bundle:
        """Return signals of any intervals on their finest common grid, over the span that all of them cover.

        Exact: a step function stays what it is when its intervals are cut. Times must be whole seconds.
        """
        start_s, end_s = max(s.start_s for s in signals), min(s.end_s for s in signals)
        apart = [round(s.step_s) for s in signals] + [round(abs(s.start_s - start_s)) for s in signals]
        step_s = float(math.gcd(*apart))
        middles = start_s + step_s * (np.arange(int((end_s - start_s) // step_s)) + 0.5)
        rows = [s.values[((middles - s.start_s) // s.step_s).astype(int)] for s in signals]
        return cls(start_s, step_s, np.array(rows))

    @property
    def end_s(self) -> float:
        """The end of the last interval."""
        return float(self.start_s + self.step_s * self.values.shape[1])

    def up_to(self, t_s: float) -> Bundle:
        """Return what is known at `t_s`: every interval that has begun, the current one included; nothing is copied."""
        known = self.values[:, : int((t_s - self.start_s) // self.step_s) + 1]
        known.flags.writeable = False
        return Bundle(self.start_s, self.step_s, known)

    @cached_property
    def _integral(self) -> FloatArray:
        return running_integral(self.values, self.step_s)

    def _place(self, t_s: FloatArray) -> tuple[IntArray, FloatArray]:
        place = (t_s - self.start_s) / self.step_s
        whole = np.minimum(place.astype(np.int64), self.values.shape[1] - 1)
        return whole, place - whole

    def cumulative(self, t_s: FloatArray) -> FloatArray:
        """Return the integral from `start_s` to each time, shape (R, K), unit x seconds."""
        whole, part = self._place(t_s)
        return np.asarray(self._integral[:, whole] + self.values[:, whole] * (part * self.step_s))

    def cumulative_in(self, row: IntArray, t_s: FloatArray) -> FloatArray:
        """Return the integral from `start_s` to times in given rows, broadcast; beyond the end the last value holds."""
        whole, part = self._place(t_s)
        return np.asarray(self._integral[row, whole] + self.values[row, whole] * (part * self.step_s))

    def over_slots(self, edges_s: FloatArray) -> FloatArray:
        """Return the integral over each slot between K + 1 even edges, shape (R, K), unit x seconds."""
        first, rest = divmod(float(edges_s[0]) - self.start_s, self.step_s)
        if rest == 0 and edges_s[1] - edges_s[0] == self.step_s:  # a slot is a sample
            k = int(first)
            return np.asarray(self.values[:, k : k + len(edges_s) - 1] * self.step_s)
        return np.diff(self.cumulative(edges_s), axis=1)

    def at(self, t_s: FloatArray) -> FloatArray:
        """Return the values that hold at each time, shape (R, K)."""
        return np.asarray(self.values[:, self._place(t_s)[0]])


@dataclass(frozen=True)
class SignalFile:
    """Where a signal stands: a Parquet file with columns `zone` (or `key`), `ts` (UTC, interval start) and a value."""

    path: Path
    column: str
    unit: str
    key: str = "zone"

    def _table(self, zone: str) -> pa.Table:
        if not self.path.is_file():
            raise InputError(f"{self.path}: no such file; does --data-dir name the right folder?")
        try:
            schema = pq.read_schema(self.path)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{self.path}: not a readable Parquet file ({error})") from None
        for name in (self.key, "ts", self.column):
            if name not in schema.names:
                raise InputError(f"{self.path}: column {name!r} is missing; found {', '.join(schema.names)}")
        if not pa.types.is_timestamp(schema.field("ts").type) or schema.field("ts").type.tz is None:
            raise InputError(
                f"{self.path}: column 'ts' is {schema.field('ts').type}; expected a timestamp with a time zone (UTC)"
            )
        kind = schema.field(self.column).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            raise InputError(f"{self.path}: column {self.column!r} is {kind}; expected numbers")
        try:
            flag = [FLAG] if FLAG in schema.names and pa.types.is_boolean(schema.field(FLAG).type) else []
            table = pq.read_table(self.path, columns=["ts", self.column, *flag], filters=[(self.key, "=", zone)])
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InputError(f"{self.path}: cannot be read ({' '.join(str(error).split())[:200]})") from None
        if not len(table):
            known = sorted(pc.unique(pq.read_table(self.path, columns=[self.key])[self.key]).to_pylist())
            raise InputError(f"{self.path}: no {self.key} {zone!r}; {near_or_known(zone, map(str, known))}")
        return table

    def span(self, zone: str) -> tuple[datetime, datetime]:
        """Return the first and the last stamp of a zone, UTC. Raises InputError as `read` does for file and zone."""
        stamps = pc.min_max(self._table(zone)["ts"].cast(pa.timestamp("us", tz="UTC")))
        return stamps["min"].as_py(), stamps["max"].as_py()

    def read(self, zone: str, start: datetime, first_s: float, last_s: float) -> Signal:
        """Return the signal of a zone over [first_s, last_s), seconds relative to `start`.

        Raises:
            InputError: If the file, a column or the zone is missing, or if within the span a stamp is
                naive, doubled or missing, or a value is null or not a number. Nothing is filled in.
        """
        table = self._table(zone).sort_by("ts")
        micros = table["ts"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
        stamps_s = micros / 1e6 - start.timestamp()
        values = table[self.column].cast(pa.float64()).to_numpy(zero_copy_only=False)
        if len(stamps_s) < 2:
            raise InputError(f"{self.path}: {self.key} {zone} has {len(stamps_s)} rows; expected a series")
        step_s = float(np.median(np.diff(stamps_s)))
        keep = (stamps_s > first_s - step_s) & (stamps_s < last_s)
        self._check_span(zone, start, stamps_s[keep], values[keep], step_s, (first_s, last_s))
        origin = self._origin(table.filter(pa.array(keep & (stamps_s > -step_s))))
        return Signal(zone, self.unit, float(stamps_s[keep][0]), step_s, values[keep], origins=(origin,))

    def _origin(self, table: pa.Table) -> Origin:
        """Return where the rows of the run come from; a flag that is null marks nothing."""
        if FLAG not in table.column_names or not len(table):
            return Origin(str(self.path), self.column)
        return Origin(str(self.path), self.column, (pc.sum(table[FLAG]).as_py() or 0) / len(table))

    def _check_span(
        self,
        zone: str,
        start: datetime,
        stamps_s: FloatArray,
        values: FloatArray,
        step_s: float,
        span: tuple[float, float],
    ) -> None:
        where = f"{self.path}: {self.key} {zone}, column {self.column!r}"
        wanted = f"{iso(at_time(start, span[0]))} to {iso(at_time(start, span[1]))}"
        if not len(stamps_s) or stamps_s[0] > span[0] or stamps_s[-1] + step_s < span[1]:
            have = (
                f"{iso(at_time(start, stamps_s[0]))} to {iso(at_time(start, stamps_s[-1] + step_s))}"
                if len(stamps_s)
                else "nothing"
            )
            raise InputError(f"{where} covers {have} of the needed {wanted}")
        odd = np.flatnonzero(np.diff(stamps_s) != step_s)
        if len(odd):
            after = at_time(start, stamps_s[odd[0]])
            raise InputError(
                f"{where} has {len(odd)} gap(s) or doubled stamps, the first after {iso(after)}; "
                f"expected a row every {step_s:g} s over {wanted}"
            )
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise InputError(
                f"{where} has {len(bad)} value(s) that are null or not a number, the first at "
                f"{iso(at_time(start, stamps_s[bad[0]]))}; expected a number in every row over {wanted}"
            )
        wild = np.flatnonzero(np.abs(values) > LARGEST)
        if len(wild):
            raise InputError(
                f"{where}: found {values[wild[0]]:g} at {iso(at_time(start, stamps_s[wild[0]]))}, "
                f"expected {self.unit} of at most {LARGEST:g}"
            )


def running_integral(values: FloatArray, step_s: float) -> FloatArray:
    """Return the integral of each row of samples up to each of their edges, shape (R, K + 1)."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    sums *= step_s
    return sums
