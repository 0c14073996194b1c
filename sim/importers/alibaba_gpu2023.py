"""Alibaba's GPU trace of 2023 (github.com/alibaba/clusterdata, cluster-trace-gpu-v2023): a row a pod.

Milli-CPUs, MiB and milli-GPUs; creation, deletion and scheduled times in seconds, where the file has them. A pod that
was still running at the end of the trace is censored: it ran longer than what is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import header, nullable, numbers, read_csv
from sim.importers.jobs_table import from_first, jobs_table
from sim.units import FloatArray

GB_PER_MIB = 1024**2 / 1e9
_SIZES = ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli")
_TIMES = ("creation_time", "deletion_time", "scheduled_time", "qos", "pod_phase")


def read_alibaba_gpu2023(paths: Sequence[Path], options: Options) -> Imported:
    """Return the pods; submission and duration are null where the file has no times, or a pod never ran."""
    source = ", ".join(str(path) for path in paths)
    timed = any(name in header(path) for path in paths for name in _TIMES[:3])
    table = read_csv(paths, [*_SIZES, *(_TIMES if timed else ())])
    gpus = numbers(table, "num_gpu", source, least=0.0) * numbers(table, "gpu_milli", source, least=0.0) / 1000.0
    sizes = {
        "cpus": numbers(table, "cpu_milli", source, least=0.0) / 1000.0,
        "gpus": gpus,
        "memory_gb": numbers(table, "memory_mib", source, least=0.0) * GB_PER_MIB,
    }
    times, extra, notes = _times(table, source) if timed else ({}, {}, _UNTIMED)
    made = jobs_table(table["name"].to_pylist(), "Alibaba GPU 2023", sizes | times, extra, files=source)
    return Imported("jobs", made, Report(len(table), len(made), notes=notes))


_UNTIMED = ("the file has no times: submit_s, duration_s are null",)
_Timed = tuple[dict[str, FloatArray], dict[str, pa.Array], tuple[str, ...]]


def _times(table: pa.Table, source: str) -> _Timed:
    """Return when pods came and how long they ran from when they were scheduled, the columns about it, and notes."""
    created, deleted, scheduled = (numbers(table, name, source) for name in _TIMES[:3])
    ran = deleted - scheduled
    reverse = ran < 0
    status = table["pod_phase"].combine_chunks()
    running = pc.fill_null(pc.equal(status, "Running"), False)
    notes = ["seconds count from the first pod", f"{pc.sum(running).as_py() or 0} pods are censored: still running"]
    if reverse.any():
        notes.append(f"{int(reverse.sum())} pods were deleted before they were scheduled: their duration is null")
    extra = {
        "wait_s": nullable(scheduled - created),
        "lifetime_s": nullable(deleted - created),
        "qos": table["qos"].combine_chunks(),
        "status": status,
        "censored": running,
    }
    return {"submit_s": from_first(created), "duration_s": np.where(reverse, np.nan, ran)}, extra, tuple(notes)


FORMATS = (
    Format(
        "alibaba-gpu2023", "jobs", "github.com/alibaba/clusterdata, cluster-trace-gpu-v2023, pods", read_alibaba_gpu2023
    ),
)
"""What this module reads."""
