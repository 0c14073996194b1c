"""Forecasts judged on the series of a data folder: `cws forecast backtest`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.datafolder import parquet_files
from sim.errors import InputError
from sim.forecast.backtest import backtest
from sim.forecast.hourly import hours, steps_per_hour
from sim.forecast.registry import trainer
from sim.signals import SignalFile
from sim.units import HOUR_S, FloatArray

KINDS = {"carbon": ("ci_lifecycle", "gCO2eq/kWh"), "price": ("price_usd", "USD/MWh")}
"""What can be forecast: the column that is read if none is named, and its unit."""
TEST_DAYS = 365
"""Days at the end of a series that are forecast; what comes before is learnt from."""
_ENOUGH_DAYS = TEST_DAYS + 180


@dataclass(frozen=True)
class SeriesFile:
    """A column of a file, and which zones it has from when to when (the stamp of the last interval)."""

    path: Path
    column: str
    unit: str
    zones: tuple[str, ...]
    first: datetime
    last: datetime

    def read(self, zone: str) -> tuple[FloatArray, datetime]:
        """Return the whole series by the hour, shape (T,), and when it begins.

        Raises:
            InputError: If the zone is missing, or the series has gaps or values that are no numbers.
        """
        file = SignalFile(self.path, self.column, self.unit)
        first, last = file.span(zone)
        signal = file.read(zone, first, 0.0, (last - first).total_seconds() + 1.0)
        per_hour = steps_per_hour(signal.step_s)
        whole = hours(signal.values, per_hour)
        return whole, first + timedelta(seconds=signal.end_s - HOUR_S * len(whole))


def find_series(data_dir: Path, kind: str, *, column: str | None = None, file: str | None = None) -> SeriesFile:
    """Return the file of a data folder that has the series: of those that are long enough the one of most zones.

    Raises:
        InputError: If no file has such a column by zone.
    """
    if kind not in KINDS:
        raise InputError(f"no signal {kind!r}; known are {', '.join(KINDS)}")
    name = column or KINDS[kind][0]
    paths = [data_dir / file] if file else parquet_files(data_dir)
    found = [_described(path, name, KINDS[kind][1]) for path in paths if _has(path, name)]
    if not found:
        raise InputError(
            f"{paths[0] if file else data_dir}: no series by zone with a column {name!r}; name it with --column"
        )
    return max(found, key=lambda one: (one.last - one.first > timedelta(days=_ENOUGH_DAYS), len(one.zones)))


def _has(path: Path, column: str) -> bool:
    try:
        return {"zone", "ts", column} <= set(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({' '.join(str(error).split())[:160]})") from None


def _described(path: Path, column: str, unit: str) -> SeriesFile:
    table = pq.read_table(path, columns=["zone", "ts"])
    stamps = pc.min_max(table["ts"]).as_py()
    zones = sorted(str(zone) for zone in pc.unique(table["zone"]).to_pylist())
    return SeriesFile(path, column, unit, tuple(zones), stamps["min"], stamps["max"])


def backtest_zone(
    series: SeriesFile, zone: str, model: str, leads: int, every: int = 1, test_from: datetime | None = None
) -> dict[str, Any]:
    """Return how a model forecasts a zone: zone, model, and the fractions of `sim.forecast.backtest.Score`.

    Forecasts are issued `every` so many hours from `test_from` on (the last 365 days, if None) by a model that is
    fitted to what comes before.

    Raises:
        InputError: If the model or the zone is unknown, or the series has gaps or is too short.
    """
    train = trainer(model)
    values, start = series.read(zone)
    split = round((test_from - start).total_seconds() / HOUR_S) if test_from else len(values) - TEST_DAYS * 24
    try:
        return {"zone": zone, "model": model} | asdict(backtest(train, values, split, leads, every))
    except InputError as error:
        raise InputError(f"{series.path}: zone {zone}: {error}") from None
