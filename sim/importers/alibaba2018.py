"""Alibaba's cluster trace of 2018, table batch_task (github.com/alibaba/clusterdata, cluster-trace-v2018).

Columns: task_name, instance_num, job_name, task_type, status, start_time, end_time (seconds; 0 is outside the trace),
plan_cpu (100 = a core), plan_mem (normalised, percent; -1 and 101 are invalid). The published files have no header
line; a file may also have one. Task names code the precedence: M1, R2_1 (task 2 waits for 1), J5_2_3, perhaps with a
stage behind it (R4_2_Stg9), which says nothing more: numbers are unique in a job. A name that is not so formed waits
for nothing. The trace cuts names off at 50 characters: what such a task waits for is not known (null).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import known_option
from sim.importers.csvfile import counts, nullable, numbers, read_csv
from sim.importers.jobs_table import counted
from sim.units import BoolArray

_NAMES = ("task_name", "instances", "job", "type", "status", "start", "end", "plan_cpu", "plan_mem")
_CODED = re.compile(r"[A-Z](\d+)((?:_\d+)*)(?:_Stg\d+)?")
_CUT = re.compile(r"[A-Z](\d+)_.*")
_LONGEST_NAME = 50
_GRAPHS = ("all", "whole")

Precedence = tuple[str, tuple[str, ...] | None]
"""A task's number, and the numbers that it waits for; None if that is not known."""


def read_alibaba2018(paths: Sequence[Path], options: Options) -> Imported:
    """Return the tasks of finished (Terminated) jobs' graphs, a row a task; memory stays normalised.

    With option `graphs=whole`, only of jobs all of whose tasks and predecessors are known and there.
    """
    source = ", ".join(str(path) for path in paths)
    table = read_csv(paths, list(_NAMES), names=_NAMES)
    header = np.array([text in ("start_time", "start") for text in table["start"].to_pylist()], dtype=bool)
    events, notes = table.filter(pa.array(~header)), []
    if header.any():
        notes.append(f"{int(header.sum())} header lines were skipped")
    if not len(events):
        raise InputError(f"{source}: no tasks in it; expected at least one")
    reasons = _left_out(events, source, options)
    left = np.any(list(reasons.values()), axis=0)
    names = [precedence(str(name)) for name in events["task_name"].to_pylist()]
    broken = _incomplete(events["job"].to_pylist(), names, left)
    if known_option(options, "graphs", dict.fromkeys(_GRAPHS), "all") == "whole":
        reasons["of a job whose graph is not whole"] = broken & ~left
        left = left | broken
    kept = [name for name, out in zip(names, left, strict=True) if not out]
    made, said = _table(events.filter(pa.array(~left)), kept, source)
    return Imported("tasks", made, Report(len(events), len(made), counted(reasons), notes=(*said, *notes)))


def _left_out(table: pa.Table, source: str, options: Options) -> dict[str, BoolArray]:
    """Return by reason which rows cannot be used, each under its first reason."""
    status = options.get("status", "Terminated")
    start, end = numbers(table, "start", source, least=0.0), numbers(table, "end", source, least=0.0)
    reasons: dict[str, BoolArray] = {
        f"status is not {status}": np.array([text != status for text in table["status"].to_pylist()], dtype=bool),
        "no name of its task or job": np.array(table["task_name"].is_null()) | np.array(table["job"].is_null()),
        "began before the trace or ended after it (time 0), or not known": ~((start > 0) & (end > 0)),
        "ends before it starts": end < start,
    }
    seen = np.zeros(len(table), dtype=bool)
    for why, rows in reasons.items():
        reasons[why] = rows & ~seen
        seen |= rows
    return reasons


def precedence(name: str) -> Precedence:
    """Return a task's number and those that it waits for; its name and nothing where the name does not code them.

    Example:
        >>> precedence("J5_2_3"), precedence("R4_2_Stg9"), precedence("task_abc"), precedence("J37_1_2_")
        (('5', ('2', '3')), ('4', ('2',)), ('task_abc', ()), ('37', None))
    """
    found, cut = _CODED.fullmatch(name), _CUT.fullmatch(name)
    if cut and (name.endswith("_") or len(name) >= _LONGEST_NAME):
        return cut[1], None
    return (found[1], tuple(found[2].split("_")[1:])) if found else (name, ())


def _incomplete(jobs: Sequence[str | None], names: Sequence[Precedence], left: BoolArray) -> BoolArray:
    """Return which rows are of a job that has lost a task, lacks a predecessor, or does not know one."""
    there = _numbers(jobs, names, left)
    broken = {
        job
        for job, (_, deps), out in zip(jobs, names, left, strict=True)
        if out or deps is None or not there[job].issuperset(deps)
    }
    return np.array([job in broken for job in jobs], dtype=bool)


def _numbers(jobs: Sequence[str | None], names: Sequence[Precedence], left: BoolArray) -> dict[str | None, set[str]]:
    """Return the tasks that each job has."""
    there: dict[str | None, set[str]] = {job: set() for job in jobs}
    for job, (number, _), out in zip(jobs, names, left, strict=True):
        if not out:
            there[job].add(number)
    return there


def _table(table: pa.Table, names: Sequence[Precedence], source: str) -> tuple[pa.Table, list[str]]:
    """Return the tasks that are kept, and what to know about them."""
    jobs = table["job"].to_pylist()
    there = _numbers(jobs, names, np.zeros(len(names), dtype=bool))
    deps = [None if waits is None else [dep for dep in waits if dep in there[job]]
            for job, (_, waits) in zip(jobs, names, strict=True)]  # fmt: skip
    memory = numbers(table, "plan_mem", source)
    invalid = (memory < 0) | (memory > 100)
    _refuse_doubles(jobs, names, source)
    made = pa.table(
        {
            "dag_id": pa.array(jobs, type=pa.string()),
            "task_id": pa.array([number for number, _ in names], type=pa.string()),
            "deps": pa.array(deps, type=pa.list_(pa.string())),
            "n_instances": counts(table, "instances", source, pa.int32()),
            "duration_s": nullable(numbers(table, "end", source) - numbers(table, "start", source)),
            "cpus": nullable(numbers(table, "plan_cpu", source, least=0.0) / 100.0),
            "gpus": pa.nulls(len(table), pa.float64()),
            "memory_gb": pa.nulls(len(table), pa.float64()),
            "mem_norm_pct": nullable(np.where(invalid, np.nan, memory)),
            "input_bytes": pa.nulls(len(table), pa.int64()),
            "output_bytes": pa.nulls(len(table), pa.int64()),
            "source": pa.array(["Alibaba 2018"] * len(table), type=pa.string()),
        }
    )
    return made, _notes(table, names, deps, invalid)


def _refuse_doubles(jobs: Sequence[str], names: Sequence[Precedence], source: str) -> None:
    found = Counter((job, number) for job, (number, _) in zip(jobs, names, strict=True))
    for (job, number), count in found.items():
        if count > 1:
            raise InputError(f"{source}: job {job}: task {number} stands twice; expected each once")


def _notes(
    table: pa.Table, names: Sequence[Precedence], deps: Sequence[list[str] | None], invalid: BoolArray
) -> list[str]:
    named = sum(len(waits or ()) for _, waits in names) - sum(len(waits or ()) for waits in deps)
    free = sum(number == name for (number, _), name in zip(names, table["task_name"].to_pylist(), strict=True))
    found = {
        "predecessors are not in the file and were left out": named,
        "names code no precedence": free,
        "names are cut off: their precedence is null": sum(waits is None for waits in deps),
        "memory values are invalid by the trace's schema (-1, 101): null": int(invalid.sum()),
    }
    return [f"{count} {what}" for what, count in found.items() if count]


FORMATS = (
    Format(
        "alibaba2018", "tasks", "github.com/alibaba/clusterdata, cluster-trace-v2018, batch_task", read_alibaba2018,
        {
            "status": "which tasks to keep; Terminated if not given",
            "graphs": "all, or whole: only jobs all of whose tasks are kept and whose precedence is known",
        },
    ),
)  # fmt: skip
"""What this module reads."""
