"""GAIA's job traces (ASPLOS 2024): CSV with `arrival_time`, `length` and `cpus`, in file order.

`src/cluster_traces/pai_1k.csv` is in seconds, the three files of 100,000 jobs are in hours (option `unit=h`). What
`cpus` means for PAI is not documented; GAIA takes it as cores. GPUs and memory are not known: null.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import known_option
from sim.importers.csvfile import known_numbers, read_csv
from sim.importers.jobs_table import jobs_table
from sim.units import HOUR_S, FloatArray

_COLUMNS = ("arrival_time", "length", "cpus")
_UNITS = {"s": 1.0, "h": HOUR_S}


def read_gaia(paths: Sequence[Path], options: Options) -> Imported:
    """Return the jobs of GAIA's files, one after the other.

    Raises:
        InputError: If a file is missing, a column is missing or no number, a value is negative, or the unit unknown.
    """
    unit_s = _UNITS[known_option(options, "unit", _UNITS, "s")]
    arrival, length, cpus = np.concatenate([_read(path) for path in paths], axis=1)
    jobs = jobs_table(
        [f"gaia-{row:06d}" for row in range(len(cpus))],
        "GAIA",
        {"submit_s": arrival * unit_s, "duration_s": length * unit_s, "cpus": cpus},
        {},
        files=", ".join(str(path) for path in paths),
    )
    return Imported("jobs", jobs, Report(len(jobs), len(jobs), notes=("GPUs and memory are not in the trace: null",)))


def _read(path: Path) -> FloatArray:
    """Return the columns of a file, shape (3, N)."""
    table = read_csv([path], _COLUMNS)
    return np.array([known_numbers(table, name, str(path), least=0.0) for name in _COLUMNS])


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
