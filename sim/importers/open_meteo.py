"""Open-Meteo's archive API, JSON with `hourly` arrays (open-meteo.com/en/docs/historical-weather-api).

Stamps are in the fixed offset that the file names (`utc_offset_seconds`); km/h become m/s. The wet-bulb temperature is
not in the file: it is derived with Stull's formula (Journal of Applied Meteorology and Climatology, 2011, eq. 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import join, number, rows, wanted_zone
from sim.importers.csvfile import need, nullable, read_json
from sim.importers.series import gaps, moments, series
from sim.units import DAY_S, FloatArray


@dataclass(frozen=True)
class _Quantity:
    """A column: the names that the API gave it over time, its unit, and what values can be."""

    names: tuple[str, ...]
    unit: str
    least: float
    most: float


_NAMES = {
    "temp_c": _Quantity(("temperature_2m",), "°C", -90.0, 65.0),
    "rh_pct": _Quantity(("relative_humidity_2m", "relativehumidity_2m"), "%", 0.0, 100.0),
    "cloud_pct": _Quantity(("cloud_cover", "cloudcover"), "%", 0.0, 100.0),
    "wind_10m_ms": _Quantity(("wind_speed_10m", "windspeed_10m"), "km/h", 0.0, 432.0),
}
KMH_PER_MS = 3.6
_DAY = {"least": -DAY_S, "most": DAY_S}
"""No clock is a day ahead of UTC, or behind it."""


def read_open_meteo(paths: Sequence[Path], options: Options) -> Imported:
    """Return the hourly weather of one site for a grid zone, which option `zone` names."""
    zone = wanted_zone(options, "DE")
    return join([_imported(_read(path, zone)) for path in paths])


def _imported(made: pa.Table) -> Imported:
    notes = ["wetbulb_c is derived (Stull 2011), not in the source"]
    if lacking := sum(made[name].null_count for name in _NAMES):
        notes.append(f"{lacking} values were null and kept so")
    return Imported("weather", made, Report(len(made), len(made), gaps=gaps(made), notes=tuple(notes)))


def _read(path: Path, zone: str) -> pa.Table:
    content = read_json(path)
    hourly, units = need(content, "hourly", str(path)), need(content, "hourly_units", str(path))
    times = rows(hourly, "time", str(path))
    offset_s = number(need(content, "utc_offset_seconds", str(path)), f"{path}: 'utc_offset_seconds'", **_DAY)
    if np.isnan(offset_s):
        raise InputError(f"{path}: 'utc_offset_seconds': found null, expected how far the stamps are ahead of UTC")
    stamps = moments(times, str(path), offset_s=offset_s)
    found = {ours: _column(hourly, units, theirs, path, len(stamps)) for ours, theirs in _NAMES.items()}
    found["wind_10m_ms"] = found["wind_10m_ms"] / KMH_PER_MS
    found["wetbulb_c"] = wet_bulb_c(found["temp_c"], found["rh_pct"])
    return series([zone] * len(stamps), stamps, {name: nullable(values) for name, values in found.items()}, str(path))


def _column(hourly: Any, units: Any, wanted: _Quantity, path: Path, count: int) -> FloatArray:
    name = next((one for one in wanted.names if one in hourly), wanted.names[0])
    values, where = rows(hourly, name, f"{path}: hourly"), f"{path}: {name}"
    if (unit := need(units, name, f"{path}: hourly_units")) != wanted.unit:
        raise InputError(f"{where} is in {unit!r}, expected {wanted.unit!r}")
    if len(values) != count:
        raise InputError(f"{where} has {len(values)} values, expected {count}, one for each time")
    found = [number(value, f"{where}, value {i}", least=wanted.least, most=wanted.most)
             for i, value in enumerate(values, start=1)]  # fmt: skip
    return np.array(found, dtype=float)


def wet_bulb_c(temp_c: FloatArray, rh_pct: FloatArray) -> FloatArray:
    """Return the wet-bulb temperature at sea-level pressure, degC (Stull 2011, eq. 1).

    Example:
        The paper's own: 20 degC at 50 % gives 13.7 degC.

        >>> float(wet_bulb_c(np.array([20.0]), np.array([50.0])).round(1)[0])
        13.7
    """
    return np.asarray(
        temp_c * np.arctan(0.151977 * np.sqrt(rh_pct + 8.313659))
        + np.arctan(temp_c + rh_pct)
        - np.arctan(rh_pct - 1.676331)
        + 0.00391838 * rh_pct**1.5 * np.arctan(0.023101 * rh_pct)
        - 4.686035
    )


FORMATS = (
    Format(
        "open-meteo", "weather", "open-meteo.com, archive API", read_open_meteo, {"zone": "the grid zone of the site"}
    ),
)
"""What this module reads."""
