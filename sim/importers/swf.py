"""The Standard Workload Format, version 2.2 (Feitelson, parallel workloads archive).

18 fields, `;` comments, -1 for unknown; memory in kB a processor. A job that was checkpointed or swapped out has,
beside the line that sums it up, a line for each partial execution (status 2, 3 and 4): by the format's rules those are
not for workloads, and they are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import nullable, read_text
from sim.importers.jobs_table import counted, from_first, jobs_table
from sim.units import FloatArray

GB_PER_KB = 1024 / 1e9
_FIELDS = 18
_PARTIAL = (2, 3, 4)


def read_swf(paths: Sequence[Path], options: Options) -> Imported:
    """Return the jobs of the Standard Workload Format; those without a run time or a processor are left out."""
    fields = np.concatenate([_read(path) for path in paths])
    known = np.where(fields < 0, np.nan, fields)
    cpus = np.where(np.isnan(known[:, 4]), known[:, 7], known[:, 4])
    memory_kb = np.where(np.isnan(known[:, 6]), known[:, 9], known[:, 6])
    partial, runs, sized = np.isin(fields[:, 10], _PARTIAL), known[:, 3] > 0, cpus > 0
    dropped = {
        "a partial execution of a job that another line sums up": partial,
        "no run time (cancelled before it began)": ~partial & ~runs,
        "no processors": ~partial & runs & ~sized,
    }
    made = jobs_table(
        [f"swf-{number:.0f}" for number in fields[:, 0]],
        "SWF",
        {
            "submit_s": from_first(known[:, 1]),
            "duration_s": known[:, 3],
            "cpus": cpus,
            "memory_gb": memory_kb * cpus * GB_PER_KB,
        },
        {name: nullable(known[:, at]) for name, at in _EXTRA.items()},
        keep=~partial & runs & sized,
        files=", ".join(str(path) for path in paths),
    )
    strange = int(((fields < 0) & (fields != -1)).sum())
    notes = (f"{strange} values are below 0, but not -1 (unknown): null",) if strange else ()
    return Imported("jobs", made, Report(len(fields), len(made), counted(dropped), notes=notes))


_EXTRA = {"estimate_s": 8, "status": 10, "user": 11, "group": 12, "queue": 14}


def _read(path: Path) -> FloatArray:
    """Return the fields of each line, shape (N, 18). Comments may be in any encoding."""
    lines = enumerate(read_text(path, errors="replace").splitlines(), start=1)
    found = [_line(line, f"{path}: line {number}") for number, line in lines if line.strip() and not _comment(line)]
    if not found:
        raise InputError(f"{path}: no jobs in it; expected at least one line of {_FIELDS} fields")
    return np.array(found, dtype=float)


def _comment(line: str) -> bool:
    return line.lstrip().startswith(";")


def _line(line: str, where: str) -> list[float]:
    try:
        values = [float(part) for part in line.split()]
    except ValueError:
        values = [np.nan]
    if not np.isfinite(values).all():
        raise InputError(f"{where}: found {line.strip()[:60]!r}, expected numbers")
    if len(values) != _FIELDS:
        raise InputError(f"{where}: found {len(values)} fields, expected {_FIELDS}")
    return values


FORMATS = (Format("swf", "jobs", "Standard Workload Format 2.2, parallel workloads archive", read_swf),)
"""What this module reads."""
