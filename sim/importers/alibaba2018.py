"""Alibaba's cluster trace of 2018, table batch_task (github.com/alibaba/clusterdata, cluster-trace-v2018).

Columns: task_name, instance_num, job_name, task_type, status, start_time, end_time (seconds), plan_cpu (100 = a core),
plan_mem (normalised, percent). The published files have no header line; a file may also have one, of any words. Task
names code the precedence: M1, R2_1 (task 2 waits for 1), J5_2_3; a name that is not so formed waits for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import nullable, numbers, read_csv, whole

_NAMES = ("task_name", "instances", "job", "type", "status", "start", "end", "plan_cpu", "plan_mem")
_CODED = re.compile(r"^[A-Z](\d+)((?:_\d+)*)$")


def read_alibaba2018(paths: Sequence[Path], options: Options) -> Imported:
    """Return the tasks of finished (Terminated) jobs' graphs, a row a task; memory stays normalised."""
    source = ", ".join(str(path) for path in paths)
    table = read_csv(paths, list(_NAMES), names=_NAMES)
    rows = len(table)
    header = np.array([str(text).strip().lower() in ("start_time", "start") for text in table["start"].to_pylist()])
    table = table.filter(pa.array(~header))
    read = len(table)
    status = options.get("status", "Terminated")
    done = np.array([text == status for text in table["status"].to_pylist()], dtype=bool)
    dropped = {f"status is not {status}": int((~done).sum())}
    table = table.filter(pa.array(done))
    span_s = numbers(table, "end", source) - numbers(table, "start", source)
    real = span_s >= 0
    dropped["ends before it starts, or never started"] = int((~real).sum())
    table, span_s = table.filter(pa.array(real)), span_s[real]
    names = [precedence(str(name)) for name in table["task_name"].to_pylist()]
    jobs = table["job"].to_pylist()
    deps, lost = _within(jobs, names)
    made = pa.table(
        {
            "dag_id": pa.array(jobs, type=pa.string()),
            "task_id": pa.array([number for number, _ in names], type=pa.string()),
            "deps": pa.array(deps, type=pa.list_(pa.string())),
            "n_instances": whole(numbers(table, "instances", source), pa.int32()),
            "duration_s": nullable(span_s),
            "cpus": nullable(numbers(table, "plan_cpu", source) / 100.0),
            "gpus": pa.nulls(len(table), pa.float64()),
            "memory_gb": pa.nulls(len(table), pa.float64()),
            "mem_norm_pct": nullable(numbers(table, "plan_mem", source)),
            "input_bytes": pa.nulls(len(table), pa.int64()),
            "output_bytes": pa.nulls(len(table), pa.int64()),
            "source": pa.array(["Alibaba 2018"] * len(table), type=pa.string()),
        }
    )
    free = sum(number == str(name) for (number, _), name in zip(names, table["task_name"].to_pylist(), strict=True))
    notes = [f"{lost} predecessors are not in the file and were left out", f"{free} names code no precedence"]
    notes += [f"{int(header.sum())} header lines were skipped"] if rows > read else []
    return Imported("tasks", made, Report(read, len(made), {k: n for k, n in dropped.items() if n}, notes=tuple(notes)))


def precedence(name: str) -> tuple[str, tuple[str, ...]]:
    """Return a task's number and those that it waits for; its name and nothing where the name does not code them.

    Example:
        >>> precedence("J5_2_3"), precedence("task_abc")
        (('5', ('2', '3')), ('task_abc', ()))
    """
    found = _CODED.match(name)
    return (found[1], tuple(found[2].split("_")[1:])) if found else (name, ())


def _within(jobs: Sequence[str], names: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[list[list[str]], int]:
    """Return each task's predecessors that its job has, and how many were named that it lacks."""
    there: dict[str, set[str]] = {}
    for job, (number, _) in zip(jobs, names, strict=True):
        there.setdefault(job, set()).add(number)
    kept = [[dep for dep in deps if dep in there[job]] for job, (_, deps) in zip(jobs, names, strict=True)]
    named = sum(len(deps) for _, deps in names)
    return kept, named - sum(len(deps) for deps in kept)


FORMATS = (
    Format(
        "alibaba2018", "tasks", "github.com/alibaba/clusterdata, cluster-trace-v2018, batch_task", read_alibaba2018,
        {"status": "which tasks to keep; Terminated if not given"},
    ),
)  # fmt: skip
"""What this module reads."""
