"""Azure's VM traces V1 and V2 (github.com/Azure/AzurePublicDataset, vmtable.csv, no header): a row a virtual machine.

Created and deleted in seconds, CPU figures in percent, buckets of cores and GB (V2 writes the largest as `>24`:
unknown). Both traces are of 30 days, sampled every five minutes. A VM that was there at the first or at the last sample
is censored: its lifetime is longer than what is seen. Option `end_s` says where another trace ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import positive
from sim.importers.csvfile import nullable, numbers, read_csv
from sim.importers.jobs_table import counted, jobs_table
from sim.units import DAY_S, MINUTE_S, BoolArray, FloatArray

_VM = (
    "vm_id", "subscription", "deployment", "created_s", "deleted_s", "max_cpu", "avg_cpu", "p95_cpu", "category",
    "cores", "memory_gb",
)  # fmt: skip
END_S = 30 * DAY_S - 5 * MINUTE_S
"""The last sample of V1 and of V2."""


def read_azure_vm(paths: Sequence[Path], options: Options) -> Imported:
    """Return the VMs; `censored` says that a VM was there at the beginning or the end of the trace."""
    source = ", ".join(str(path) for path in paths)
    end_s = positive(options, "end_s") or END_S
    table = read_csv(paths, list(_VM), names=_VM)
    created, deleted = numbers(table, "created_s", source, least=0.0), numbers(table, "deleted_s", source, least=0.0)
    censored: BoolArray = (created <= 0) | (deleted >= end_s)
    known = ~(np.isnan(created) | np.isnan(deleted))
    keep = deleted > created
    made = jobs_table(
        table["vm_id"].to_pylist(),
        "Azure VM",
        {
            "submit_s": created,
            "duration_s": deleted - created,
            "cpus": _bucket(table, "cores", source),
            "memory_gb": _bucket(table, "memory_gb", source),
        },
        {
            "avg_cpu_pct": nullable(numbers(table, "avg_cpu", source)),
            "category": table["category"].combine_chunks(),
            "censored": pa.array(censored),
        },
        keep=keep,
        files=source,
    )
    dropped = counted({"not known when created or deleted": ~known, "deleted when created, or before": known & ~keep})
    notes = (f"{int(censored[keep].sum())} VMs are censored", "an open bucket such as >24 is not known: null")
    return Imported("jobs", made, Report(len(table), len(made), dropped, notes=notes))


def _bucket(table: pa.Table, name: str, source: str) -> FloatArray:
    """Return a column of buckets as numbers, an open one (`>24`) as NaN."""
    texts = [None if text is not None and text.strip().startswith(">") else text for text in table[name].to_pylist()]
    return numbers(pa.table({name: pa.array(texts, type=pa.string())}), name, source, least=0.0)


FORMATS = (
    Format(
        "azure-vm", "jobs", "github.com/Azure/AzurePublicDataset, vmtable.csv V1 and V2", read_azure_vm,
        {"end_s": f"the last sample of the trace, seconds; {END_S:.0f} (30 days) if not given"},
    ),
)  # fmt: skip
"""What this module reads."""
