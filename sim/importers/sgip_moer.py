"""California's SGIP marginal emissions (sgipsignal.com, by WattTime), with the forecasts issued at each moment.

CSV: a time column (`time`, UTC or with an offset), the actual MOER, and the forecasts issued then, one column for each
five minutes ahead, in order (36 reach three hours): the form in which SustainGym ships the signal. kgCO2/kWh become
g/kWh; the layout was not checked against a sample.
A forecast column may only be used at or after its own stamp.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import gaps, moments, nullable, numbers, read_csv, series

G_PER_KG = 1000.0
STEP_MIN = 5


def read_sgip(paths: Sequence[Path], options: Options) -> Imported:
    """Return the MOER of a balancing authority and its issued forecasts, g/kWh; option `zone` names it."""
    if "zone" not in options:
        raise InputError("files of this form name no region: give one with --set zone=SGIP_CAISO_PGE")
    source = ", ".join(str(path) for path in paths)
    if not paths[0].is_file():
        raise InputError(f"{paths[0]}: no such file")
    with paths[0].open(encoding="utf-8-sig") as file:
        header = file.readline().rstrip("\r\n").split(",")
    if len(header) < 2 or header[0] not in ("time", "ts", "timestamp"):
        raise InputError(f"{paths[0]}: columns {', '.join(header)[:80]}; expected time, the MOER, and its forecasts")
    table = read_csv(paths, header)
    stamps = moments(table[header[0]].to_pylist(), source)
    columns: dict[str, pa.Array] = {"moer": nullable(numbers(table, header[1], source) * G_PER_KG)}
    for n, name in enumerate(header[2:], start=1):
        columns[f"moer_fc_{n * STEP_MIN}min"] = nullable(numbers(table, name, source) * G_PER_KG)
    columns["issued_at"] = pa.array(stamps, type=pa.timestamp("us", tz="UTC"))
    made = series([options["zone"]] * len(stamps), stamps, columns, source)
    notes = ("marginal, not average", f"{len(header) - 2} forecasts are kept with each stamp, issued at it")
    return Imported("signal", made, Report(len(table), len(made), gaps=gaps(made), notes=notes))


FORMATS = (
    Format(
        "sgip-moer", "signal", "sgipsignal.com, as SustainGym ships it", read_sgip,
        {"zone": "the balancing authority, such as SGIP_CAISO_PGE"},
    ),
)  # fmt: skip
"""What this module reads."""
