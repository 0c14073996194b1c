"""WattTime's API v3: marginal emissions (MOER), history and forecasts (docs.watttime.org).

JSON `{"data": [{"point_time", "value"}], "meta": {"region", "signal_type", "units", "generated_at"}}`. `co2_moer` is in
lbs CO2/MWh; a percentile index or another signal is refused. A forecast keeps when it was issued.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import TS, gaps, moments, need, nullable, read_json, series

G_PER_LB = 453.59237
KWH_PER_MWH = 1000.0
_UNIT = "lbs_co2_per_mwh"


def parse_watttime(content: Any, source: str, *, zone: str | None = None) -> Imported:
    """Return the MOER of a region, g/kWh; with `issued_at` if it is a forecast. `zone` renames the region."""
    meta, rows = need(content, "meta", source), need(content, "data", source)
    if need(meta, "units", source) != _UNIT:
        raise InputError(f"{source}: units are {meta['units']!r}, expected {_UNIT!r}: only co2_moer can be accounted")
    stamps = moments([need(row, "point_time", source) for row in rows], source)
    grams = np.array([float(need(row, "value", source)) for row in rows]) * G_PER_LB / KWH_PER_MWH
    columns: dict[str, pa.Array] = {"moer": nullable(grams)}
    if meta.get("generated_at"):
        issued = moments([meta["generated_at"]], source)[0]
        columns["issued_at"] = pa.array([issued] * len(stamps), type=TS)
    made = series([zone or str(need(meta, "region", source))] * len(stamps), stamps, columns, source)
    return Imported("signal", made, Report(len(rows), len(made), gaps=gaps(made), notes=("marginal, not average",)))


def read_watttime(paths: Sequence[Path], options: Options) -> Imported:
    """Return the MOER of saved responses, one after the other."""
    parts = [parse_watttime(read_json(path), str(path), zone=options.get("zone")) for path in paths]
    table = pa.concat_tables([part.table for part in parts], promote_options="default")
    rows = sum(part.report.rows_read for part in parts)
    found = tuple(gap for part in parts for gap in part.report.gaps)
    return Imported("signal", table, Report(rows, len(table), gaps=found, notes=parts[0].report.notes))


FORMATS = (
    Format(
        "watttime", "signal", "docs.watttime.org, v3 historical and forecast", read_watttime,
        {"zone": "the zone to write instead of WattTime's region"},
    ),
)  # fmt: skip
"""What this module reads."""
