"""Emission factors of generation, and the carbon intensity that a mix has by them.

`ipcc2014`: life-cycle factors are the medians, direct ones the combustion emissions, of IPCC AR5 WGIII (2014), Annex
III, table A.III.2: onshore wind, solar PV at utility scale, hydropower, pulverised coal, combined-cycle gas, nuclear,
geothermal, dedicated biomass (whose combustion counts as 0). `eia2023` has the direct factors of US power stations in
2023 (EIA, "How much carbon dioxide is produced per kilowatthour of U.S. electricity generation?": 2.31 lb/kWh of coal,
0.96 of natural gas; 2.46 of petroleum is its 20 million short tons over 16,233 GWh), and AR5's life-cycle medians.

Neither source has oil over its life cycle (650) or "other" (700, direct 575): those are our assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Imported, Options, Report
from sim.importers.checks import known_option, order_note
from sim.importers.csvfile import nullable, refuse
from sim.importers.series import gaps, series
from sim.signals import LARGEST
from sim.units import FloatArray

G_PER_LB = 453.59237
UNWEIGHED = {"bat": "storage", "imp": "imports"}
"""What is kept as a column in MW, with its sign, but is no generation."""


@dataclass(frozen=True)
class Factors:
    """gCO2eq/kWh of each source, over its life cycle and of combustion alone."""

    lifecycle: Mapping[str, float]
    direct: Mapping[str, float]


_LIFECYCLE = {
    "wnd": 11.0, "sun": 48.0, "wat": 24.0, "oil": 650.0, "ng": 490.0, "col": 820.0, "nuc": 12.0, "oth": 700.0,
    "geo": 38.0, "bio": 230.0,
}  # fmt: skip
_CLEAN = {"wnd": 0.0, "sun": 0.0, "wat": 0.0, "nuc": 0.0, "geo": 0.0, "bio": 0.0, "oth": 575.0}

FACTORS = {
    "ipcc2014": Factors(_LIFECYCLE, _CLEAN | {"oil": 650.0, "ng": 370.0, "col": 760.0}),
    "eia2023": Factors(_LIFECYCLE, _CLEAN | {"oil": 2.46 * G_PER_LB, "ng": 0.96 * G_PER_LB, "col": 2.31 * G_PER_LB}),
}
"""Wind, sun, water, oil, natural gas, coal, nuclear, other, geothermal and biomass, by the name of the set."""

OPTION = {"factors": f"emission factors: {' or '.join(FACTORS)}; ipcc2014 if not given"}
"""What formats of mixes offer for `--set`."""


def intensity(mix_mw: Mapping[str, FloatArray], factors: Mapping[str, float]) -> FloatArray:
    """Return the mean of the factors weighed by generation, g/kWh, NaN where nothing is generated or known.

    Example:
        Half wind at 11 and half coal at 820:

        >>> intensity({"wnd": np.array([5.0]), "col": np.array([5.0])}, FACTORS["ipcc2014"].lifecycle).tolist()
        [415.5]
    """
    whole = np.sum([np.asarray(mw, dtype=float) for mw in mix_mw.values()], axis=0)
    grams = np.sum([np.asarray(mw, dtype=float) * factors[name] for name, mw in mix_mw.items()], axis=0)
    return np.asarray(np.divide(grams, whole, out=np.full_like(whole, np.nan), where=whole > 0))


def summed(columns: Mapping[str, FloatArray], ours: Mapping[str, str]) -> dict[str, FloatArray]:
    """Return a publisher's columns under our names of sources, those of the same source added up."""
    found: dict[str, FloatArray] = {}
    for name, values in columns.items():
        found[ours[name]] = found[ours[name]] + values if ours[name] in found else values
    return found


def mix_of(
    zone: str, stamps: list[datetime], mw: Mapping[str, FloatArray], options: Options, source: str, report: Report
) -> Imported:
    """Return a mix in MW with its intensities; `report` says what was read and dropped before.

    Raises:
        InputError: If a stamp stands twice, or option `factors` is unknown.
    """
    name = known_option(options, "factors", FACTORS, "ipcc2014")
    if not set(mw) - set(UNWEIGHED):
        raise InputError(f"{source}: no generation in it; expected at least one source")
    for key, values in mw.items():
        refuse(np.abs(values) > LARGEST, values, f"{source}: {key}", f"at most {LARGEST:g} MW")
    negative = sum(int((values < 0).sum()) for source_, values in mw.items() if source_ not in UNWEIGHED)
    weighed = {key: np.maximum(values, 0.0) for key, values in mw.items() if key not in UNWEIGHED}
    columns: dict[str, pa.Array] = {f"{key}_mw": nullable(weighed.get(key, values)) for key, values in mw.items()}
    columns["ci_lifecycle"] = nullable(intensity(weighed, FACTORS[name].lifecycle))
    columns["ci_direct"] = nullable(intensity(weighed, FACTORS[name].direct))
    made = series([zone] * len(stamps), stamps, columns, source)
    notes = [f"production-based intensity by {name} factors: what is traded with neighbours is not in it"]
    if left := [word for key, word in UNWEIGHED.items() if key in mw]:
        notes.append(f"{' and '.join(left)} stand in the table, but not in the intensity")
    if negative:
        notes.append(f"{negative} values below zero (stations that draw more than they give) count as 0")
    if unknown := made["ci_lifecycle"].null_count:
        notes.append(f"{unknown} rows have no intensity: a source is unknown, or nothing is generated")
    said = (*notes, *order_note(stamps), *report.notes)
    return Imported("mix", made, Report(report.rows_read, report.rows_kept, report.dropped, gaps(made), said))
