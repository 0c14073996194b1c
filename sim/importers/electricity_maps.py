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
import pyarrow.csv

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import gaps, moments, nullable, numbers, read_csv, series

_WANTED = {
    "ts": ("datetime (utc)",),
    "zone": ("zone id",),
    "ci_direct": ("carbon intensity gco2eq/kwh (direct)",),
    "ci_lifecycle": ("carbon intensity gco2eq/kwh (lca)", "carbon intensity gco2eq/kwh (life cycle)"),
}
_OPTIONAL = {
    "low_carbon_pct": ("low carbon percentage", "carbon-free energy percentage (cfe%)"),
    "renewable_pct": ("renewable percentage", "renewable energy percentage (re%)"),
    "estimated": ("data estimated",),
    "estimation_method": ("data estimation method",),
    "data_source": ("data source",),
}


def read_electricity_maps(paths: Sequence[Path], options: Options) -> Imported:
    """Return the hourly intensity of every zone in the files, gCO2eq/kWh."""
    tables = [_read(path) for path in paths]
    source = ", ".join(str(path) for path in paths)
    table = pa.concat_tables(tables, promote_options="default")
    stamps = moments(table["ts"].to_pylist(), source, offset_s=0.0)  # the header says UTC
    columns = {name: nullable(numbers(table, name, source, least=0.0)) for name in ("ci_direct", "ci_lifecycle")}
    for name in ("low_carbon_pct", "renewable_pct"):
        if name in table.column_names:
            columns[name] = nullable(numbers(table, name, source, least=0.0))
    if "estimated" in table.column_names:
        columns["estimated"] = pa.array([str(value).lower() == "true" for value in table["estimated"].to_pylist()])
    for name in ("estimation_method", "data_source"):
        if name in table.column_names:
            columns[name] = table[name].combine_chunks()
    made = series(table["zone"].to_pylist(), stamps, columns, source)
    empty = int(np.isnan(made["ci_lifecycle"].to_numpy()).sum())
    notes = (f"{empty} hours without intensity were kept as null",) if empty else ()
    return Imported("signal", made, Report(len(table), len(made), gaps=gaps(made), notes=notes))


def _read(path: Path) -> pa.Table:
    """Return the file's columns under our names."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline().rstrip("\r\n").split(",")
    known = {name.strip().lower().replace("₂", "2"): name for name in header}
    chosen: dict[str, str] = {}
    for ours, theirs in {**_WANTED, **_OPTIONAL}.items():
        found = next((known[name] for name in theirs if name in known), None)
        if found is None and ours in _WANTED:
            raise InputError(f"{path}: column {theirs[0]!r} is missing; found {', '.join(header)}")
        if found is not None:
            chosen[ours] = found
    table = read_csv([path], list(chosen.values()))
    return table.rename_columns(list(chosen))


FORMATS = (Format("electricity-maps", "signal", "portal.electricitymaps.com, CSV downloads", read_electricity_maps),)
"""What this module reads."""
