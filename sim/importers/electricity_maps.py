"""The CSV of Electricity Maps' data portal: hourly carbon intensity of a zone, direct and life-cycle.

Columns as in its downloads: `Datetime (UTC)`, `Zone Id`, `Carbon Intensity gCO₂eq/kWh (direct)` and `(LCA)` (or `(Life
cycle)`), `Low Carbon Percentage`, `Renewable Percentage`, `Data Source`, `Data Estimated`, `Data Estimation Method`;
letter case and the subscript do not matter. Stamps are UTC, the start of the hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import flags, join, order_note
from sim.importers.csvfile import header, nullable, numbers, read_csv
from sim.importers.series import gaps, moments, series
from sim.signals import LARGEST

_WANTED = {
    "ts": ("datetime (utc)",),
    "zone": ("zone id",),
    "ci_direct": ("carbon intensity gco2eq/kwh (direct)",),
    "ci_lifecycle": ("carbon intensity gco2eq/kwh (lca)", "carbon intensity gco2eq/kwh (life cycle)"),
}
_INTENSITIES = ("ci_direct", "ci_lifecycle")
_OPTIONAL = {
    "low_carbon_pct": ("low carbon percentage", "carbon-free energy percentage (cfe%)"),
    "renewable_pct": ("renewable percentage", "renewable energy percentage (re%)"),
    "estimated": ("data estimated",),
    "estimation_method": ("data estimation method",),
    "data_source": ("data source",),
}


def read_electricity_maps(paths: Sequence[Path], options: Options) -> Imported:
    """Return the hourly intensity of every zone in the files, gCO2eq/kWh."""
    return join([_file(path) for path in paths])


def _file(path: Path) -> Imported:
    table, source = _read(path), str(path)
    stamps = moments(table["ts"].to_pylist(), source, offset_s=0.0)  # the header says UTC
    zones = [(zone or "").strip() for zone in table["zone"].to_pylist()]
    if "" in zones:
        raise InputError(f"{source}: column 'Zone Id': found {zones.count('')} empty, expected a zone in each row")
    columns = {name: nullable(numbers(table, name, source, least=0.0, most=LARGEST)) for name in _INTENSITIES}
    for name in {"low_carbon_pct", "renewable_pct"} & set(table.column_names):
        columns[name] = nullable(numbers(table, name, source, least=0.0, most=100.0))
    if "estimated" in table.column_names:
        columns["estimated"] = flags(table, "estimated", source)
    for name in {"estimation_method", "data_source"} & set(table.column_names):
        columns[name] = table[name].combine_chunks()
    ordered = {name: columns[name] for name in (*_WANTED, *_OPTIONAL) if name in columns}
    made = series(zones, stamps, ordered, source)
    empty = int(np.any([np.asarray(columns[name].is_null()) for name in _INTENSITIES], axis=0).sum())
    notes = (f"{empty} hours without intensity were kept as null",) if empty else ()
    mixed = () if len(set(zones)) > 1 else order_note(stamps)
    return Imported("signal", made, Report(len(table), len(made), gaps=gaps(made), notes=(*notes, *mixed)))


def _read(path: Path) -> pa.Table:
    """Return the file's columns under our names."""
    names = header(path)
    known = {name.replace("₂", "2"): actual for name, actual in names.items()}
    chosen: dict[str, str] = {}
    for ours, theirs in {**_WANTED, **_OPTIONAL}.items():
        found = next((known[name] for name in theirs if name in known), None)
        if found is None and ours in _WANTED:
            raise InputError(f"{path}: column {theirs[0]!r} is missing; found {', '.join(names.values())}")
        if found is not None:
            chosen[ours] = found
    table = read_csv([path], list(chosen.values()))
    return table.rename_columns(list(chosen))


FORMATS = (Format("electricity-maps", "signal", "portal.electricitymaps.com, CSV downloads", read_electricity_maps),)
"""What this module reads."""
