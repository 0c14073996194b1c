"""Hourly generation by source as the US Energy Information Administration has it (form EIA-930), and its intensity.

Two forms: a table with columns `timestamp, WND, SUN, WAT, OIL, NG, COL, NUC, OTH` in MW; and the JSON of the API, v2,
route `electricity/rto/fuel-type-data` (eia.gov/opendata): `{"response": {"total", "data": [{"period": "2022-01-01T01",
"respondent", "fueltype", "value", "value-units": "megawatthours"}]}}`. Stamps are UTC and hour-ending in both: an hour
is taken off. A source that is reported in other hours, but not in this one, is unknown here, and so is the intensity:
counting it as 0 would make the hour look clean. The API's form is as public clients read it, without a sample at hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import join, number, rows, wanted_zone
from sim.importers.csvfile import need, numbers, read_csv, read_json
from sim.importers.emission_factors import OPTION, mix_of, summed
from sim.importers.series import moments
from sim.units import FloatArray

_SOURCES = ("wnd", "sun", "wat", "oil", "ng", "col", "nuc", "oth")
_FUELS = {name.upper(): name for name in _SOURCES} | {"GEO": "geo", "SNB": "sun", "WNB": "wnd", "UNK": "oth"}
"""EIA's codes of generation: SNB and WNB are sun and wind with batteries of their own, UNK is unknown."""
_STORED = ("BAT", "PS", "UES", "OES")
"""EIA's codes of storage: batteries, pumped, unknown, other."""
ZONES = {
    "BPAT": "US-NW-BPAT", "CISO": "US-CAL-CISO", "DUK": "US-CAR-DUK", "ERCO": "US-TEX-ERCO", "FPL": "US-FLA-FPL",
    "ISNE": "US-NE-ISNE", "MISO": "US-MIDW-MISO", "NYIS": "US-NY-NYIS", "PJM": "US-MIDA-PJM", "SOCO": "US-SE-SOCO",
    "SWPP": "US-CENT-SWPP", "TVA": "US-TEN-TVA",
}  # fmt: skip
"""Grid zones by EIA's code of their balancing authority."""
_HOUR = timedelta(hours=1)
_MOVED = "stamps moved from the hour's end to its start"


def read_eia_mix(paths: Sequence[Path], options: Options) -> Imported:
    """Return the mix of a balancing authority (MW) and its intensity; option `zone` names the grid zone."""
    return join([_table(path, wanted_zone(options, "US-NY-NYIS"), options) for path in paths])


def _table(path: Path, zone: str, options: Options) -> Imported:
    table = read_csv([path], ["timestamp", *(name.upper() for name in _SOURCES)])
    begun = [stamp - _HOUR for stamp in moments(table["timestamp"].to_pylist(), str(path))]
    mw = {name: numbers(table, name.upper(), str(path)) for name in _SOURCES}
    return mix_of(zone, begun, mw, options, str(path), Report(len(table), len(table), notes=(_MOVED,)))


def read_eia_api(paths: Sequence[Path], options: Options) -> Imported:
    """Return the mix and its intensity from saved responses of EIA's API; option `zone` overrides the respondent's.

    Responses of one zone are taken to be pages of one table, which may end in the middle of an hour.
    """
    pages: dict[str, list[_Page]] = {}
    for path in paths:
        page = _page(path)
        pages.setdefault(options.get("zone") or _zone(page), []).append(page)
    return join([_pages(zone, found, options) for zone, found in pages.items()])


@dataclass(frozen=True)
class _Page:
    """A response: its rows, and how many the whole table has, NaN if it does not say."""

    source: str
    respondent: str
    items: Sequence[Any]
    total: float


def _page(path: Path) -> _Page:
    response = need(read_json(path), "response", str(path))
    items = rows(response, "data", str(path))
    found = {str(need(row, "respondent", str(path))) for row in items}
    if len(found) != 1:
        raise InputError(f"{path}: found respondents {', '.join(sorted(found)) or 'none'}, expected one")
    return _Page(str(path), found.pop(), items, number(response.get("total"), f"{path}: 'total'"))


def _pages(zone: str, pages: Sequence[_Page], options: Options) -> Imported:
    items = [item for page in pages for item in page.items]
    made = parse_eia(items, zone, options, ", ".join(page.source for page in pages))
    if not any(page.total > len(items) for page in pages):
        return made
    total = max(page.total for page in pages)
    note = f"only {len(items)} of the {total:g} rows that the responses speak of: other pages lack"
    return replace(made, report=replace(made.report, notes=(*made.report.notes, note)))


def parse_eia(items: Sequence[Any], zone: str, options: Options, source: str) -> Imported:
    """Return the mix of one balancing authority from the rows of the API, MW, with its intensity.

    Raises:
        InputError: If a field is missing or no number, the unit is another, or a fuel stands twice in an hour.
    """
    periods = sorted({str(need(row, "period", f"{source}: row {i}")) for i, row in enumerate(items, start=1)})
    place = {period: at for at, period in enumerate(periods)}
    mw: dict[str, FloatArray] = {}
    seen: set[tuple[str, str]] = set()
    for i, row in enumerate(items, start=1):
        where, fuel, period = f"{source}: row {i}", _fuel(row, f"{source}: row {i}"), str(row["period"])
        if (fuel, period) in seen:
            raise InputError(f"{where}: {fuel} of {period} stands twice; expected each once")
        seen.add((fuel, period))
        column = mw.setdefault(fuel, np.full(len(periods), np.nan))
        column[place[period]] = number(need(row, "value", where), f"{where}: 'value'")
    apart = sum(fuel in _STORED for fuel, _ in seen)
    dropped = {"of storage": apart} if apart else {}
    mix = summed({fuel: values for fuel, values in mw.items() if fuel not in _STORED}, _FUELS)
    begun = [hour_begun(period, source) for period in periods]
    return mix_of(zone, begun, mix, options, source, Report(len(items), len(items) - apart, dropped, notes=(_MOVED,)))


def _zone(page: _Page) -> str:
    if page.respondent not in ZONES:
        raise InputError(
            f"{page.source}: respondent {page.respondent!r} has no known grid zone: give one with --set zone=..."
        )
    return ZONES[page.respondent]


def _fuel(row: Any, where: str) -> str:
    unit = row.get("value-units", "megawatthours")
    if unit != "megawatthours":
        raise InputError(f"{where}: 'value-units': found {unit!r}, expected 'megawatthours'")
    fuel = need(row, "fueltype", where)
    if fuel not in (*_FUELS, *_STORED):
        raise InputError(f"{where}: 'fueltype': found {fuel!r}, expected {', '.join((*_FUELS, *_STORED))}")
    return str(fuel)


def hour_begun(period: str, source: str) -> datetime:
    """Return when the hour began that EIA names by its end, such as `2022-01-01T01`."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d", period):
        raise InputError(f"{source}: 'period': found {period!r}, expected an hour of UTC, such as 2022-01-01T01")
    return moments([f"{period}:00"], source, offset_s=0.0)[0] - _HOUR


FORMATS = (
    Format(
        "eia-mix", "mix", "EIA-930 hourly generation by source, as a table", read_eia_mix,
        {"zone": "the grid zone", **OPTION},
    ),
    Format(
        "eia-api", "mix", "eia.gov/opendata, API v2, electricity/rto/fuel-type-data", read_eia_api,
        {"zone": "the grid zone, if the respondent's is not known", **OPTION},
    ),
)  # fmt: skip
"""What this module reads."""
