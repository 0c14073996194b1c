"""Traces with a row a job or a virtual machine: Alibaba's GPUs of 2023, Azure's VMs, the Standard Workload Format.

- Alibaba GPU 2023 (github.com/alibaba/clusterdata, cluster-trace-gpu-v2023): pods with milli-CPUs, MiB and milli-GPUs;
  creation, deletion and scheduled times in seconds, where the file has them.
- Azure VMs, V1 and V2 (github.com/Azure/AzurePublicDataset, vmtable.csv, no header): created and deleted in seconds,
  CPU figures in percent, buckets of cores and GB (V2 writes the largest as `>24`: unknown). A VM that was there at the
  beginning or at the end of the trace is censored: its lifetime is longer than what is seen.
- SWF (Feitelson, parallel workloads archive): 18 fields, `;` comments, -1 for unknown; memory in kB a processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import nullable, numbers, read_csv
from sim.units import BoolArray, FloatArray

GB_PER_MIB = 1024**2 / 1e9
GB_PER_KB = 1024 / 1e9
_VM = (
    "vm_id", "subscription", "deployment", "created_s", "deleted_s", "max_cpu", "avg_cpu", "p95_cpu", "category",
    "cores", "memory_gb",
)  # fmt: skip
_SWF_FIELDS = 18


def _jobs(
    ids: Sequence[str], source: str, numeric: dict[str, FloatArray | None], extra: dict[str, pa.Array]
) -> pa.Table:
    """Return a table of jobs; a column that is None is unknown throughout."""
    rows = len(ids)
    columns = {
        name: pa.nulls(rows, pa.float64()) if values is None else nullable(values)
        for name, values in ((n, numeric.get(n)) for n in ("submit_s", "duration_s", "cpus", "gpus", "memory_gb"))
    }
    ours = pa.array([source] * rows, type=pa.string())
    return pa.table({"job_id": pa.array(ids, type=pa.string()), **columns, "source": ours, **extra})


def read_alibaba_gpu2023(paths: Sequence[Path], options: Options) -> Imported:
    """Return the pods; submission and duration are null where the file has no times, or a pod never ended."""
    source = ", ".join(str(path) for path in paths)
    needed = ["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"]
    timed = _has(paths[0], "creation_time")
    table = read_csv(paths, [*needed, *(_POD_TIMES if timed else ())])
    created = numbers(table, "creation_time", source) if timed else None
    first_s = 0.0 if created is None else float(np.nanmin(created))
    ran, extra = _pod_times(table, source) if timed else (None, {})
    gpus = numbers(table, "num_gpu", source) * numbers(table, "gpu_milli", source) / 1000.0
    made = _jobs(
        table["name"].to_pylist(),
        "Alibaba GPU 2023",
        {
            "submit_s": None if created is None else created - first_s,
            "duration_s": ran,
            "cpus": numbers(table, "cpu_milli", source, least=0.0) / 1000.0,
            "gpus": gpus,
            "memory_gb": numbers(table, "memory_mib", source, least=0.0) * GB_PER_MIB,
        },
        extra,
    )
    notes = (
        ("seconds count from the first pod",) if timed else ("the file has no times: submit_s, duration_s are null",)
    )
    return Imported("jobs", made, Report(len(table), len(made), notes=notes))


_POD_TIMES = ("creation_time", "deletion_time", "scheduled_time", "qos", "pod_phase")


def _pod_times(table: pa.Table, source: str) -> tuple[FloatArray, dict[str, pa.Array]]:
    """Return the run time from when a pod was scheduled (unknown if it never was), and the columns about it."""
    created, deleted, scheduled = (numbers(table, name, source) for name in _POD_TIMES[:3])
    extra = {
        "wait_s": nullable(scheduled - created),
        "lifetime_s": nullable(deleted - created),
        "qos": table["qos"].combine_chunks(),
        "status": table["pod_phase"].combine_chunks(),
    }
    return deleted - scheduled, extra


def _has(path: Path, column: str) -> bool:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open(encoding="utf-8") as file:
        return column in file.readline().strip().split(",")


def read_azure_vm(paths: Sequence[Path], options: Options) -> Imported:
    """Return the VMs; `censored` says that a VM was there at the beginning or the end of the trace."""
    source = ", ".join(str(path) for path in paths)
    table = read_csv(paths, list(_VM), names=_VM)
    created, deleted = numbers(table, "created_s", source, least=0.0), numbers(table, "deleted_s", source, least=0.0)
    censored: BoolArray = (created <= 0) | (deleted >= np.nanmax(deleted))
    real = deleted > created
    made = _jobs(
        table["vm_id"].to_pylist(),
        "Azure VM",
        {
            "submit_s": created,
            "duration_s": deleted - created,
            "cpus": _bucket(table, "cores"),
            "memory_gb": _bucket(table, "memory_gb"),
        },
        {"avg_cpu_pct": nullable(numbers(table, "avg_cpu", source)), "category": table["category"].combine_chunks(),
         "censored": pa.array(censored)},
    ).filter(pa.array(real))  # fmt: skip
    dropped = {"deleted when created": int((~real).sum())} if (~real).any() else {}
    notes = (f"{int(censored[real].sum())} VMs are censored", "an open bucket such as >24 is not known: null")
    return Imported("jobs", made, Report(len(table), len(made), dropped, notes=notes))


def _bucket(table: pa.Table, name: str) -> FloatArray:
    texts = table[name].to_pylist()
    return np.array([np.nan if text is None or ">" in text else float(text) for text in texts])


def read_swf(paths: Sequence[Path], options: Options) -> Imported:
    """Return the jobs of the Standard Workload Format; those without a run time or a processor are left out."""
    rows = [row for path in paths for row in _swf_rows(path)]
    fields = np.array(rows, dtype=float).reshape(-1, _SWF_FIELDS)
    known = np.where(fields == -1, np.nan, fields)
    cpus = np.where(np.isnan(known[:, 4]), known[:, 7], known[:, 4])
    memory_kb = np.where(np.isnan(known[:, 6]), known[:, 9], known[:, 6])
    runs, sized = known[:, 3] > 0, cpus > 0
    keep = runs & sized
    first_s = float(np.nanmin(known[:, 1])) if len(known) else 0.0
    made = _jobs(
        [f"swf-{int(number)}" for number in fields[:, 0]],
        "SWF",
        {"submit_s": known[:, 1] - first_s, "duration_s": known[:, 3], "cpus": cpus,
         "memory_gb": memory_kb * cpus * GB_PER_KB},
        {"estimate_s": nullable(known[:, 8]), "status": nullable(known[:, 10]), "user": nullable(known[:, 11]),
         "group": nullable(known[:, 12]), "queue": nullable(known[:, 14])},
    ).filter(pa.array(keep))  # fmt: skip
    dropped = {
        "no run time (cancelled before it began)": int((~runs).sum()),
        "no processors": int((runs & ~sized).sum()),
    }
    return Imported("jobs", made, Report(len(fields), len(made), {k: n for k, n in dropped.items() if n}))


def _swf_rows(path: Path) -> list[list[float]]:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith(";"):
            continue
        parts = line.split()
        try:
            values = [float(part) for part in parts]
        except ValueError:
            raise InputError(f"{path}: line {number}: found {line.strip()[:60]!r}, expected numbers") from None
        if len(values) != _SWF_FIELDS:
            raise InputError(f"{path}: line {number}: found {len(values)} fields, expected {_SWF_FIELDS}")
        found.append(values)
    return found


FORMATS = (
    Format(
        "alibaba-gpu2023", "jobs", "github.com/alibaba/clusterdata, cluster-trace-gpu-v2023, pods", read_alibaba_gpu2023
    ),
    Format("azure-vm", "jobs", "github.com/Azure/AzurePublicDataset, vmtable.csv V1 and V2", read_azure_vm),
    Format("swf", "jobs", "Standard Workload Format 2.2, parallel workloads archive", read_swf),
)
"""What this module reads."""
