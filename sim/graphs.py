"""Workloads of graphs: jobs that wait for one another, from files with a row a task.

Each graph is one request: its tasks come together, and together they have one deadline. A task with n instances
becomes a job of min(n, parallel) instances at a time, in as many rounds as that takes. What a file does not say (CPUs,
memory) the scenario must assume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.units import FloatArray

_COLUMNS = ("dag_id", "task_id", "deps", "n_instances", "duration_s", "cpus", "gpus", "memory_gb", "output_bytes")
BYTES_PER_GB = 1e9


@dataclass(frozen=True)
class Task:
    """A task of a graph, in an order in which it could run: `deps` are places of earlier tasks.

    `tail_s` is the longest path of durations behind it.
    """

    name: str
    deps: tuple[int, ...]
    duration_s: float
    cpus: float
    gpus: float
    memory_gb: float
    output_gb: float
    tail_s: float = 0.0


def read_graphs(path: Path, *, parallel: int, cpus: float | None, memory_gb_per_cpu: float | None) -> list[list[Task]]:
    """Return the graphs of a file, by name.

    Raises:
        InputError: If the file or a column is missing, a value is unknown and nothing is assumed, a task depends on
            one that its graph lacks, or a graph runs in a circle.
    """
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; does --data-dir name the right folder?") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({' '.join(str(error).split())[:200]})") from None
    lacking = [name for name in _COLUMNS if name not in table.column_names]
    if lacking:
        raise InputError(f"{path}: column {lacking[0]!r} is missing; found {', '.join(table.column_names)}")
    graphs: dict[str, list[Mapping[str, Any]]] = {}
    for row in table.select(list(_COLUMNS)).to_pylist():
        graphs.setdefault(row["dag_id"], []).append(row)
    assumed = {"cpus": cpus, "memory_gb_per_cpu": memory_gb_per_cpu}
    return [_graph(graphs[name], path, parallel, assumed) for name in sorted(graphs)]


def _graph(
    rows: Sequence[Mapping[str, Any]], path: Path, parallel: int, assumed: Mapping[str, float | None]
) -> list[Task]:
    order = _order(rows, path)
    place = {rows[i]["task_id"]: n for n, i in enumerate(order)}
    tasks = [_task(rows[i], place, path, parallel, assumed) for i in order]
    tails = np.zeros(len(tasks))
    for n in reversed(range(len(tasks))):
        for dep in tasks[n].deps:
            tails[dep] = max(tails[dep], tails[n] + tasks[n].duration_s)
    return [Task(**{**_fields(task), "tail_s": float(tail)}) for task, tail in zip(tasks, tails, strict=True)]


def _fields(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in Task.__dataclass_fields__}


def _order(rows: Sequence[Mapping[str, Any]], path: Path) -> list[int]:
    """Return the rows in an order in which every task stands behind all that it depends on."""
    at = {row["task_id"]: i for i, row in enumerate(rows)}
    waits = {}
    for i, row in enumerate(rows):
        if row["deps"] is None:
            raise InputError(
                f"{path}: graph {row['dag_id']}, task {row['task_id']}: what it waits for is unknown (deps is null); "
                "leave the graph out, in an import of Alibaba's trace by --set graphs=whole"
            )
        strange = [dep for dep in row["deps"] if dep not in at]
        if strange:
            raise InputError(f"{path}: graph {row['dag_id']}, task {row['task_id']}: depends on unknown {strange[0]!r}")
        waits[i] = {at[dep] for dep in row["deps"]}
    order: list[int] = []
    ready = [i for i, left in waits.items() if not left]
    after: dict[int, list[int]] = {}
    for i, left in waits.items():
        for dep in left:
            after.setdefault(dep, []).append(i)
    while ready:
        i = ready.pop(0)
        order.append(i)
        for later in after.get(i, ()):
            waits[later].discard(i)
            if not waits[later]:
                ready.append(later)
    if len(order) < len(rows):
        raise InputError(f"{path}: graph {rows[0]['dag_id']} runs in a circle; expected precedence without one")
    return order


def _task(
    row: Mapping[str, Any], place: Mapping[str, int], path: Path, parallel: int, assumed: Mapping[str, float | None]
) -> Task:
    instances = max(1, int(row["n_instances"] or 1))
    wide = min(instances, parallel)
    cpus = _known(row, "cpus", assumed["cpus"], path, "cpus") * wide
    per_cpu = assumed["memory_gb_per_cpu"]
    memory = _known(row, "memory_gb", None if per_cpu is None else per_cpu * cpus / wide, path, "memory_gb_per_cpu")
    seconds = row["duration_s"]
    if seconds is None or not seconds >= 0:
        raise InputError(
            f"{path}: graph {row['dag_id']}, task {row['task_id']}: found duration_s {seconds!r}, expected >= 0"
        )
    return Task(
        name=str(row["task_id"]),
        deps=tuple(sorted({place[dep] for dep in row["deps"]})),
        duration_s=max(1e-3, float(seconds) * -(-instances // wide)),
        cpus=cpus,
        gpus=float(row["gpus"] or 0.0) * wide,
        memory_gb=memory * wide,
        output_gb=float(row["output_bytes"] or 0.0) / BYTES_PER_GB,
    )


def _known(row: Mapping[str, Any], name: str, assumed: float | None, path: Path, key: str) -> float:
    value = row[name] if row[name] is not None else assumed
    if value is None:
        raise InputError(
            f"{path}: graph {row['dag_id']}, task {row['task_id']}: {name} is null; state workload.unknown.{key}"
        )
    return float(value)


def critical_path_s(tasks: Sequence[Task]) -> float:
    """Return the least time that a graph takes on machines without end, seconds."""
    return max(task.duration_s + task.tail_s for task in tasks)


def draw_requests(count: int, graphs: int, span_s: float, rng: np.random.Generator) -> tuple[list[int], FloatArray]:
    """Return which graph each of `count` requests asks for, and when it comes: at random, ascending, shape (count,)."""
    return rng.integers(0, graphs, count).tolist(), np.sort(rng.uniform(0.0, span_s, count))
