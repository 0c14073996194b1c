"""WattTime's API v3: marginal emissions (MOER), history and forecasts (docs.watttime.org).

JSON `{"data": [{"point_time", "value"}], "meta": {"region", "signal_type", "units", "generated_at"}}`; past forecasts
(`/v3/forecast/historical`) are `{"data": [{"generated_at", "forecast": [{"point_time", "value"}]}], "meta"}`.
`co2_moer` is in lbs CO2/MWh; a percentile index or another signal is refused. A forecast keeps when it was issued.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import field, join, order_note, rows
from sim.importers.csvfile import need, nullable, read_json
from sim.importers.series import TS, gaps, moments, series
from sim.signals import LARGEST

G_PER_LB = 453.59237
KWH_PER_MWH = 1000.0
_UNIT = "lbs_co2_per_mwh"
_SIGNAL = "co2_moer"


def parse_watttime(content: Any, source: str, *, zone: str | None = None) -> Imported:
    """Return the MOER of a region, g/kWh; with `issued_at` if it is a forecast. `zone` renames the region.

    Raises:
        InputError: If a field is missing or not what it should be, or the signal is another than `co2_moer`.
    """
    meta, items = need(content, "meta", source), rows(content, "data", source)
    if need(meta, "units", source) != _UNIT:
        raise InputError(f"{source}: units are {meta['units']!r}, expected {_UNIT!r}: only co2_moer can be accounted")
    if meta.get("signal_type", _SIGNAL) != _SIGNAL:
        raise InputError(f"{source}: signal_type is {meta['signal_type']!r}, expected {_SIGNAL!r}")
    region = need(meta, "region", source)
    if not (isinstance(region, str) and region):
        raise InputError(f"{source}: 'region': found {region!r}, expected a name")
    zone = zone or region
    if not (items and isinstance(items[0], Mapping) and "forecast" in items[0]):
        return _points(items, zone, meta.get("generated_at"), source)
    return join([_issue(item, zone, f"{source}: forecast {i}") for i, item in enumerate(items, start=1)])


def _issue(item: Any, zone: str, source: str) -> Imported:
    return _points(rows(item, "forecast", source), zone, need(item, "generated_at", source), source)


def _points(items: Sequence[Any], zone: str, generated_at: Any, source: str) -> Imported:
    stamps = moments([need(row, "point_time", source) for row in items], source)
    columns: dict[str, pa.Array] = {
        "moer": nullable(field(items, "value", source, most=LARGEST) * G_PER_LB / KWH_PER_MWH)
    }
    if generated_at is not None:
        issued = moments([generated_at], f"{source}: 'generated_at'")[0]
        columns["issued_at"] = pa.array([issued] * len(stamps), type=TS)
    made = series([zone] * len(stamps), stamps, columns, source)
    notes = ["marginal, not average", *order_note(stamps)]
    if lacking := made["moer"].null_count:
        notes.append(f"{lacking} values were null and kept so")
    return Imported("signal", made, Report(len(items), len(made), gaps=gaps(made), notes=tuple(notes)))


def read_watttime(paths: Sequence[Path], options: Options) -> Imported:
    """Return the MOER of saved responses as one series, in order; forecasts by their issue."""
    return join([parse_watttime(read_json(path), str(path), zone=options.get("zone")) for path in paths])


FORMATS = (
    Format(
        "watttime", "signal", "docs.watttime.org, v3 historical and forecast", read_watttime,
        {"zone": "the zone to write instead of WattTime's region"},
    ),
)  # fmt: skip
"""What this module reads."""
