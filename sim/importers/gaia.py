"""GAIA's job traces (ASPLOS 2024): CSV with `arrival_time`, `length` and `cpus`, in file order.

`src/cluster_traces/pai_1k.csv` is in seconds, the three files of 100,000 jobs are in hours (option `unit=h`). What
`cpus` means for PAI is not documented; GAIA takes it as cores. GPUs and memory are not known: null.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.units import HOUR_S

_COLUMNS = {"arrival_time": pa.float64(), "length": pa.float64(), "cpus": pa.float64()}
_UNITS = {"s": 1.0, "h": HOUR_S}


def read_gaia(paths: Sequence[Path], options: Options) -> Imported:
    """Return the jobs of GAIA's files, one after the other.

    Raises:
        InputError: If a file is missing, a column is missing or no number, a value is negative, or the unit unknown.
    """
    unit = options.get("unit", "s")
    if unit not in _UNITS:
        raise InputError(f"option unit: found {unit!r}, expected s or h")
    table = pa.concat_tables([_read(path) for path in paths])
    rows = len(table)
    jobs = pa.table(
        {
            "job_id": [f"gaia-{row:06d}" for row in range(rows)],
            "submit_s": pc.multiply(table["arrival_time"], _UNITS[unit]),
            "duration_s": pc.multiply(table["length"], _UNITS[unit]),
            "cpus": table["cpus"],
            "gpus": pa.nulls(rows, pa.float64()),
            "memory_gb": pa.nulls(rows, pa.float64()),
            "source": pa.array(["GAIA"] * rows, type=pa.string()),
        }
    )
    return Imported("jobs", jobs, Report(rows, rows, notes=("GPUs and memory are not in the trace: null",)))


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    convert = pyarrow.csv.ConvertOptions(column_types=_COLUMNS, include_columns=list(_COLUMNS))
    try:
        table = pyarrow.csv.read_csv(path, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError, KeyError) as error:
        raise InputError(
            f"{path}: expected columns {', '.join(_COLUMNS)} of numbers ({' '.join(str(error).split())[:160]})"
        ) from None
    for name in _COLUMNS:
        lowest = pc.min(table[name]).as_py()
        if table[name].null_count or (lowest is not None and lowest < 0):
            raise InputError(f"{path}: column {name!r}: found null or {lowest}, expected numbers, at least 0")
    return table


FORMATS = (
    Format(
        "gaia",
        "jobs",
        "github.com/umassos/GAIA, src/cluster_traces",
        read_gaia,
        {"unit": "s (pai_1k) or h (the 100k files); s if not given"},
    ),
)
"""What this module reads."""
