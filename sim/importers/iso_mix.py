"""Generation by source as two US system operators publish it: CAISO every five minutes, ERCOT every quarter hour.

`caiso-supply`: CAISO's Today's Outlook, `outlook/history/YYYYMMDD/fuelsource.csv`: `Time` (HH:MM, Pacific time) and a
column a source in MW. The file names no day: it is taken from eight digits in the file's name, or from option `date`.

`ercot-fuel-mix`: a month's sheet of ERCOT's Fuel Mix Report (`IntGenbyFuelYYYY.xlsx`), saved as CSV: `Date`, `Fuel`,
`Settlement Type`, `Total`, then MWh of each quarter hour under the time at which it ends (Central time): 0:15 to 0:00.

Neither operator documents the form; both are read as public code reads them, without a sample at hand. Taken on
trust: that CAISO stamps the start of an interval, and ERCOT's names of fuels. Hours that the clocks skip or repeat
cannot be told and are dropped. Storage and imports stand in the table, but not in the intensity.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import join, local_utc
from sim.importers.csvfile import header, numbers, read_csv
from sim.importers.emission_factors import OPTION, mix_of, summed
from sim.units import BoolArray, FloatArray

_CAISO = {
    "solar": "sun", "wind": "wnd", "geothermal": "geo", "biomass": "bio", "biogas": "bio", "small hydro": "wat",
    "coal": "col", "nuclear": "nuc", "natural gas": "ng", "large hydro": "wat", "batteries": "bat", "imports": "imp",
    "other": "oth",
}  # fmt: skip
_ERCOT = {
    "biomass": "bio", "coal": "col", "gas": "ng", "gas-cc": "ng", "hydro": "wat", "nuclear": "nuc", "other": "oth",
    "solar": "sun", "wind": "wnd", "wsl": "bat", "power storage": "bat",
}  # fmt: skip
_QUARTERS_PER_HOUR = 4.0
_LATE = time(23)
"""Midnight after a sample as late as this is that of the next day."""
_CLOCK_CHANGE = "in an hour that the clocks skip or repeat"


def read_caiso(paths: Sequence[Path], options: Options) -> Imported:
    """Return California's mix (MW) and its intensity, five-minutely, a file a day."""
    if "date" in options and len(paths) > 1:
        raise InputError(f"option date: found {len(paths)} files, expected one: name files by their day instead")
    return join([_caiso_day(path, options) for path in paths])


def _caiso_day(path: Path, options: Options) -> Imported:
    names, day = header(path), _day(path, options)
    there = [name for name in _CAISO if name in names]
    if "time" not in names or not there or set(names) - {"time", *_CAISO}:
        raise InputError(f"{path}: found columns {', '.join(names.values())}, expected Time, {', '.join(_CAISO)}")
    table = read_csv([path], [names[name] for name in ("time", *there)])
    values = {name: numbers(table, names[name], str(path)) for name in there}
    empty = np.all([np.isnan(column) for column in values.values()], axis=0)
    clock, dropped = ZoneInfo("America/Los_Angeles"), Counter[str]()
    stamps: list[datetime | None] = []
    before = time(0)
    for row, text in enumerate(table[names["time"]].to_pylist(), start=1):
        local = _clock_time(text, f"{path}: row {row}")
        why = "of a time without any value" if empty[row - 1] else ""
        why = why or ("the first sample of the next day" if local == time(0) and before >= _LATE else "")
        before = local
        stamps.append(None if why else local_utc(datetime.combine(day, local), clock))
        if stamps[-1] is None:
            dropped[why or _CLOCK_CHANGE] += 1
    keep = np.array([stamp is not None for stamp in stamps], dtype=bool)
    mw = summed({name: column[keep] for name, column in values.items()}, _CAISO)
    kept = [stamp for stamp in stamps if stamp is not None]
    lacking = [name for name in _CAISO if name not in names]
    notes = (f"no column of {', '.join(lacking)}: not in the mix",) if lacking else ()
    report = Report(len(table), len(kept), dict(dropped), notes=notes)
    return mix_of("US-CAL-CISO", kept, mw, options, str(path), report)


def _day(path: Path, options: Options) -> date:
    digits = re.search(r"(?<!\d)(\d{8})(?!\d)", path.name)
    text = options.get("date") or (digits.group(1) if digits else "")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{path}: the file names no day (found {text!r}): give it with --set date=2022-01-01, or name the file "
            "20220101_fuelsource.csv"
        ) from None


def _clock_time(text: str | None, where: str) -> time:
    try:
        return time.fromisoformat(f"{text or '':0>5}")
    except ValueError:
        raise InputError(f"{where}: 'Time': found {text!r}, expected HH:MM") from None


def read_ercot(paths: Sequence[Path], options: Options) -> Imported:
    """Return the mix of Texas (MW) and its intensity, quarter-hourly."""
    return join([_ercot_month(path, options) for path in paths])


def _ercot_month(path: Path, options: Options) -> Imported:
    names = header(path)
    if lacking := [name for name in ("date", "fuel") if name not in names]:
        raise InputError(f"{path}: column {lacking[0]!r} is missing; found {', '.join(names.values())}")
    ends = {actual: end for name, actual in names.items() if (end := _minutes(name)) is not None}
    if not ends:
        raise InputError(f"{path}: no quarter hours: found {', '.join(names.values())}, expected 0:15 ... 0:00")
    table = read_csv([path], [names["date"], names["fuel"], *ends])
    days = [_date(text, f"{path}: row {i}") for i, text in enumerate(table[names["date"]].to_pylist(), start=1)]
    fuels = [_fuel(text, f"{path}: row {i}") for i, text in enumerate(table[names["fuel"]].to_pylist(), start=1)]
    stamps, keep = _quarter_hours(sorted(set(days)), sorted(ends.values()))
    mwh = _by_fuel(path, table, days, fuels, ends)
    mw = summed({fuel: values[keep] * _QUARTERS_PER_HOUR for fuel, values in mwh.items()}, _ERCOT)
    dropped = {_CLOCK_CHANGE: int((~keep).sum())} if not keep.all() else {}
    return mix_of("US-TEX-ERCO", stamps, mw, options, str(path), Report(len(keep), len(stamps), dropped))


def _quarter_hours(days: list[date], ends: list[int]) -> tuple[list[datetime], BoolArray]:
    """Return the UTC starts that can be told, and which of all quarter hours those are."""
    clock = ZoneInfo("America/Chicago")
    local = [datetime.combine(day, time(0)) + timedelta(minutes=end - 15) for day in days for end in ends]
    found = [local_utc(stamp, clock) for stamp in local]
    return [stamp for stamp in found if stamp is not None], np.array([stamp is not None for stamp in found], dtype=bool)


def _by_fuel(
    path: Path, table: pa.Table, days: list[date], fuels: list[str], ends: Mapping[str, int]
) -> dict[str, FloatArray]:
    """Return the MWh of each fuel over all days and quarter hours, NaN where a day lacks the fuel."""
    order = sorted(ends, key=lambda name: ends[name])
    values = np.column_stack([numbers(table, name, str(path)) for name in order])
    place = {day: at for at, day in enumerate(sorted(set(days)))}
    found = {fuel: np.full((len(place), len(order)), np.nan) for fuel in dict.fromkeys(fuels)}
    seen: set[tuple[date, str]] = set()
    for row, key in enumerate(zip(days, fuels, strict=True)):
        if key in seen:
            raise InputError(f"{path}: row {row + 1}: {key[1]} of {key[0]} stands twice; expected each once")
        seen.add(key)
        found[key[1]][place[key[0]]] = values[row]
    return {fuel: mwh.ravel() for fuel, mwh in found.items()}


def _minutes(name: str) -> int | None:
    """Return the minute of the day at which a column's quarter hour ends, None if it is not of that kind."""
    match = re.fullmatch(r"(\d{1,2}):(00|15|30|45)(?::00)?", name)
    if not match or int(match.group(1)) > 24:
        return None
    return (int(match.group(1)) * 60 + int(match.group(2))) or 24 * 60


def _date(text: str | None, where: str) -> date:
    for form in ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y"):
        try:
            return datetime.strptime((text or "").split(" ")[0], form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise InputError(f"{where}: 'Date': found {text!r}, expected such as 1/31/2022 or 2022-01-31")


def _fuel(text: str | None, where: str) -> str:
    name = (text or "").strip().lower()
    if name not in _ERCOT:
        raise InputError(f"{where}: 'Fuel': found {text!r}, expected {', '.join(_ERCOT)}")
    return name


FORMATS = (
    Format(
        "caiso-supply", "mix", "caiso.com, Today's Outlook, fuelsource.csv", read_caiso,
        {"date": "the day of the file, if its name does not say", **OPTION},
    ),
    Format("ercot-fuel-mix", "mix", "ercot.com, Fuel Mix Report, a sheet as CSV", read_ercot, dict(OPTION)),
)  # fmt: skip
"""What this module reads."""
