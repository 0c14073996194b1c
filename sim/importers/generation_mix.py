"""Generation by source, and the carbon intensity of it by published factors.

Life-cycle factors: medians of IPCC AR5 WGIII (2014), Annex III, table A.III.2, gCO2eq/kWh, with solar at utility scale
rounded down to 45; direct factors: the direct emissions of the same table, combustion only. Oil (650) and "other" (700,
575 direct) are not in that table: they are our assumption. The result is production-based: what is traded with
neighbours is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import gaps, moments, nullable, numbers, read_csv, series
from sim.units import HOUR_S, FloatArray

LIFECYCLE = {"wnd": 11.0, "sun": 45.0, "wat": 24.0, "oil": 650.0, "ng": 490.0, "col": 820.0, "nuc": 12.0, "oth": 700.0}
DIRECT = {"wnd": 0.0, "sun": 0.0, "wat": 0.0, "oil": 650.0, "ng": 370.0, "col": 760.0, "nuc": 0.0, "oth": 575.0}
_SOURCES = tuple(LIFECYCLE)
"""gCO2eq/kWh of wind, sun, water, oil, natural gas, coal, nuclear and other."""


def intensity(mix_mw: Mapping[str, FloatArray], factors: Mapping[str, float]) -> FloatArray:
    """Return the mean of the factors weighed by generation, g/kWh, NaN where nothing is generated or known.

    Example:
        Half wind at 11 and half coal at 820:

        >>> intensity({"wnd": np.array([5.0]), "col": np.array([5.0])}, LIFECYCLE).tolist()
        [415.5]
    """
    whole = np.sum([np.asarray(mw, dtype=float) for mw in mix_mw.values()], axis=0)
    grams = np.sum([np.asarray(mw, dtype=float) * factors[name] for name, mw in mix_mw.items()], axis=0)
    return np.asarray(np.divide(grams, whole, out=np.full_like(whole, np.nan), where=whole > 0))


def read_eia_mix(paths: Sequence[Path], options: Options) -> Imported:
    """Return the mix of a balancing authority (MW) and its intensity; option `zone` names the grid zone.

    Stamps are hour-ending in the source, as EIA-930 has them: an hour is taken off.
    """
    if "zone" not in options:
        raise InputError("files of this form name no grid zone: give one with --set zone=US-NY-NYIS")
    source = ", ".join(str(path) for path in paths)
    table = read_csv(paths, ["timestamp", *(name.upper() for name in _SOURCES)])
    stamps = moments(table["timestamp"].to_pylist(), source)
    begun = [stamp - np.timedelta64(int(HOUR_S), "s").astype(object) for stamp in stamps]
    mix = {name: numbers(table, name.upper(), source) for name in _SOURCES}
    negative = sum(int((mw < 0).sum()) for mw in mix.values())
    mix = {name: np.maximum(mw, 0.0) for name, mw in mix.items()}
    columns: dict[str, pa.Array] = {f"{name}_mw": nullable(mw) for name, mw in mix.items()}
    columns["ci_lifecycle"] = nullable(intensity(mix, LIFECYCLE))
    columns["ci_direct"] = nullable(intensity(mix, DIRECT))
    made = series([options["zone"]] * len(begun), begun, columns, source)
    notes = ["production-based intensity by IPCC AR5 factors; stamps moved from the hour's end to its start"]
    if negative:
        notes.append(f"{negative} values below zero (stations that draw more than they give) count as 0")
    return Imported("mix", made, Report(len(table), len(made), gaps=gaps(made), notes=tuple(notes)))


_CAISO = {
    "sun": ("solar",), "wnd": ("wind",), "wat": ("large hydro", "small hydro"), "ng": ("natural gas",),
    "col": ("coal",), "nuc": ("nuclear",), "oth": ("geothermal", "biomass", "biogas", "other"),
}  # fmt: skip


def read_caiso(paths: Sequence[Path], options: Options) -> Imported:
    """Return California's mix from CAISO's "today's outlook" supply CSVs, a file a day of five-minute rows.

    The first column is the local time of day, the others MW by source, batteries and imports among them, which are left
    out. Option `date` (2024-05-01) says which day a file is of. Geothermal and biomass count as "other".
    """
    if "date" not in options:
        raise InputError("CAISO's supply files name no day: give it with --set date=2024-05-01")
    source = ", ".join(str(path) for path in paths)
    header = _header(paths[0])
    known = {name.strip().lower(): name for name in header}
    wanted = [known[name] for names in _CAISO.values() for name in names if name in known]
    table = read_csv(paths, [header[0], *wanted])
    table = table.filter(pc.is_valid(table[wanted[0]]))  # the row of midnight repeats, empty
    zone = ZoneInfo("America/Los_Angeles")
    texts = [f"{options['date']}T{text}" for text in table[header[0]].to_pylist()]
    local = [moment.replace(tzinfo=zone) for moment in moments(texts, source, offset_s=0.0)]
    mix = {
        ours: np.sum([numbers(table, known[name], source) for name in names if name in known], axis=0)
        for ours, names in _CAISO.items()
        if any(name in known for name in names)
    }
    return _mixed(mix, "US-CAL-CISO", [moment.astimezone(UTC) for moment in local], source, len(table))


_ERCOT = {
    "sun": "solar", "wnd": "wind", "wat": "hydro", "ng": "gas", "gas-cc": "gas-cc", "col": "coal", "nuc": "nuclear",
    "oth": "other", "biomass": "biomass",
}  # fmt: skip
_INTO = {"gas-cc": "ng", "biomass": "oth"}


def read_ercot(paths: Sequence[Path], options: Options) -> Imported:
    """Return Texas' mix from ERCOT's "fuel mix report" as CSV: `Date, Fuel, Settlement Type, Total, 00:15, 00:30, ...`.

    The columns name the end of a quarter of an hour in local time, and hold MWh; they become MW at its start. Days on
    which the clocks change have 92 or 100 quarters, of which those beyond the named columns are not read.
    """
    source = ", ".join(str(path) for path in paths)
    header = _header(paths[0])
    if header[:2] != ["Date", "Fuel"]:
        raise InputError(f"{paths[0]}: columns {', '.join(header)[:80]}; expected Date, Fuel, ..., 00:15, 00:30, ...")
    quarters = [name for name in header if ":" in name]
    table = read_csv(paths, ["Date", "Fuel", *quarters])
    days = [datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=ZoneInfo("America/Chicago"))
            for text in table["Date"].to_pylist()]  # fmt: skip
    mwh = np.array([numbers(table, name, source) for name in quarters]).T  # (rows, quarters)
    order = sorted(set(days))
    mix: dict[str, FloatArray] = {}
    for row, (day, fuel) in enumerate(zip(days, table["Fuel"].to_pylist(), strict=True)):
        name = next((ours for ours, theirs in _ERCOT.items() if theirs == str(fuel).strip().lower()), "oth")
        held = mix.setdefault(_INTO.get(name, name), np.zeros((len(order), len(quarters))))
        held[order.index(day)] += np.nan_to_num(mwh[row]) * 4
    begun = [day + timedelta(minutes=15 * n) for day in order for n in range(len(quarters))]
    flat = {name: held.reshape(-1) for name, held in mix.items()}
    return _mixed(flat, "US-TEX-ERCO", [moment.astimezone(UTC) for moment in begun], source, len(table))


def _header(path: Path) -> list[str]:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open(encoding="utf-8-sig") as file:
        return file.readline().rstrip("\r\n").split(",")


def _mixed(mix: Mapping[str, FloatArray], zone: str, stamps: Sequence[datetime], source: str, rows: int) -> Imported:
    positive = {name: np.maximum(mw, 0.0) for name, mw in mix.items()}
    columns: dict[str, pa.Array] = {f"{name}_mw": nullable(mw) for name, mw in positive.items()}
    columns["ci_lifecycle"] = nullable(intensity(positive, LIFECYCLE))
    columns["ci_direct"] = nullable(intensity(positive, DIRECT))
    made = series([zone] * len(stamps), stamps, columns, source)
    notes = (
        "production-based intensity by IPCC AR5 factors; the form is from the publisher's pages, no sample was at hand",
    )
    return Imported("mix", made, Report(rows, len(made), gaps=gaps(made), notes=notes))


FORMATS = (
    Format("eia-mix", "mix", "EIA-930 hourly generation by source", read_eia_mix, {"zone": "the grid zone"}),
    Format(
        "caiso-supply", "mix", "caiso.com, today's outlook, supply CSV", read_caiso, {"date": "the day of the file"}
    ),
    Format("ercot-fuel-mix", "mix", "ercot.com, fuel mix report", read_ercot),
)
"""What this module reads."""
