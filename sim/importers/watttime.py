"""WattTime's API v3: marginal emissions (MOER), history and forecasts (docs.watttime.org).

JSON `{"data": [{"point_time", "value"}], "meta": {"region", "signal_type", "units", "generated_at"}}`. `co2_moer` is in
lbs CO2/MWh; a percentile index or another signal is refused. A forecast keeps when it was issued.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import field, join, order_note, rows
from sim.importers.csvfile import TS, gaps, moments, need, nullable, read_json, series

G_PER_LB = 453.59237
KWH_PER_MWH = 1000.0
_UNIT = "lbs_co2_per_mwh"


def parse_watttime(content: Any, source: str, *, zone: str | None = None) -> Imported:
    """Return the MOER of a region, g/kWh; with `issued_at` if it is a forecast. `zone` renames the region."""
    meta, items = need(content, "meta", source), rows(content, "data", source)
    if need(meta, "units", source) != _UNIT:
        raise InputError(f"{source}: units are {meta['units']!r}, expected {_UNIT!r}: only co2_moer can be accounted")
    stamps = moments([need(row, "point_time", source) for row in items], source)
    grams = field(items, "value", source) * G_PER_LB / KWH_PER_MWH
    columns: dict[str, pa.Array] = {"moer": nullable(grams)}
    if meta.get("generated_at"):
        issued = moments([meta["generated_at"]], source)[0]
        columns["issued_at"] = pa.array([issued] * len(stamps), type=TS)
    made = series([zone or str(need(meta, "region", source))] * len(stamps), stamps, columns, source)
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
