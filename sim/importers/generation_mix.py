"""Generation by source, and the carbon intensity of it by published factors.

Life-cycle factors: medians of IPCC AR5 WGIII (2014), Annex III, table A.III.2, gCO2eq/kWh, with solar at utility scale
rounded down to 45; direct factors: the direct emissions of the same table, combustion only. Oil (650) and "other" (700,
575 direct) are not in that table: they are our assumption. The result is production-based: what is traded with
neighbours is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

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


FORMATS = (Format("eia-mix", "mix", "EIA-930 hourly generation by source", read_eia_mix, {"zone": "the grid zone"}),)
"""What this module reads."""
