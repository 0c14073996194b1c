"""WfCommons instances (wfcommons.org): real executions of scientific workflows, JSON, a graph a file.

Schemas 1.5 and 1.6 have what a task is under `workflow.specification` and how it ran under `workflow.execution`; 1.4
has both in `workflow.tasks`, with each task's files in it, and names parents by name. Only sizes of files that the
instance gives are known: a task with another file has unknown bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sim.errors import InputError
from sim.importers.base import Format, Imported, Options, Report
from sim.importers.checks import number, rows
from sim.importers.csvfile import need, nullable, read_json
from sim.units import FloatArray

BYTES_PER_GB = 1e9
_LARGEST_BYTES = 2.0**50
"""A file of a petabyte: what is larger is a broken entry."""
_SPLIT, _WHOLE = ("1.5", "1.6"), ("1.4",)
_NUMBERS = {
    "duration_s": ("runtimeInSeconds",), "cpus": ("coreCount", "cores"), "memory_bytes": ("memoryInBytes",),
    "avg_cpu_pct": ("avgCPU",),
}  # fmt: skip


@dataclass(frozen=True)
class _Task:
    """A task: what it waits for, what was measured, and the sizes of its files; None if they are not listed."""

    dag_id: str
    task_id: str
    name: str
    deps: Sequence[str]
    ran: Mapping[str, float]
    input_bytes: float
    output_bytes: float


def read_wfcommons(paths: Sequence[Path], options: Options) -> Imported:
    """Return the tasks of the instances: run time as measured, cores and memory where recorded, bytes.

    Raises:
        InputError: If a file is of another schema or lacks a field, a task stands twice or waits for none that is
            there, or two files have the same name.
    """
    graphs = [path.name.removesuffix(".gz").removesuffix(".json") for path in paths]
    if again := {graph for graph in graphs if graphs.count(graph) > 1}:
        raise InputError(f"two files are named {sorted(again)[0]}; expected each once, as a graph has its file's name")
    tasks = [task for path, graph in zip(paths, graphs, strict=True) for task in _instance(path, graph)]
    table = _table(tasks)
    notes = [f"{lacking} tasks do not record their {what}: null"
             for column, what in (("duration_s", "run time"), ("cpus", "cores"), ("memory_gb", "memory"))
             if (lacking := table[column].null_count)]  # fmt: skip
    return Imported("tasks", table, Report(len(tasks), len(tasks), notes=tuple(notes)))


def _table(tasks: Sequence[_Task]) -> pa.Table:
    ran = {name: np.array([task.ran[name] for task in tasks]) for name in _NUMBERS}
    text = {name: pa.array([getattr(task, name) for task in tasks], type=pa.string()) for name in ("dag_id", "task_id")}
    return pa.table(
        {
            **text,
            "deps": pa.array([list(task.deps) for task in tasks], type=pa.list_(pa.string())),
            "n_instances": pa.array([1] * len(tasks), type=pa.int32()),
            "duration_s": nullable(ran["duration_s"]),
            "cpus": nullable(ran["cpus"]),
            "gpus": pa.nulls(len(tasks), pa.float64()),
            "memory_gb": nullable(ran["memory_bytes"] / BYTES_PER_GB),
            "input_bytes": _bytes(np.array([task.input_bytes for task in tasks])),
            "output_bytes": _bytes(np.array([task.output_bytes for task in tasks])),
            "source": pa.array(["WfCommons"] * len(tasks), type=pa.string()),
            "task_name": pa.array([task.name for task in tasks], type=pa.string()),
            "avg_cpu_pct": nullable(ran["avg_cpu_pct"]),
        }
    )


def _bytes(sizes: FloatArray) -> pa.Array:
    return nullable(np.round(sizes)).cast(pa.int64())


def _instance(path: Path, graph: str) -> list[_Task]:
    content, source = read_json(path), str(path)
    version, workflow = str(need(content, "schemaVersion", source)), need(content, "workflow", source)
    if version in _SPLIT:
        tasks = _split(workflow, graph, source)
    elif version in _WHOLE:
        tasks = _whole(workflow, graph, source)
    else:
        raise InputError(f"{source}: schemaVersion is {version!r}, expected {', '.join((*_WHOLE, *_SPLIT))}")
    _check(tasks, source)
    return tasks


def _check(tasks: Sequence[_Task], source: str) -> None:
    ids = {task.task_id for task in tasks}
    if not tasks:
        raise InputError(f"{source}: no tasks in it; expected at least one")
    if len(ids) < len(tasks):
        raise InputError(f"{source}: {len(tasks) - len(ids)} ids of tasks stand twice; expected each once")
    for task in tasks:
        for dep in task.deps:
            if dep not in ids:
                raise InputError(f"{source}: task {task.task_id}: its parent {dep!r} is no task of the workflow")


def _split(workflow: Any, graph: str, source: str) -> list[_Task]:
    """Return the tasks of schema 1.5."""
    specification, execution = need(workflow, "specification", source), need(workflow, "execution", source)
    sizes = {str(need(file, "id", source)): _size(file, source) for file in _listed(specification, "files", source)}
    ran = {str(need(task, "id", source)): task for task in rows(execution, "tasks", source)}
    return [
        _task(task, ran.get(str(need(task, "id", source)), {}), graph, source, parents=_parents(task, source),
              into=_sum(task, "inputFiles", sizes, source), out=_sum(task, "outputFiles", sizes, source))
        for task in rows(specification, "tasks", source)
    ]  # fmt: skip


def _whole(workflow: Any, graph: str, source: str) -> list[_Task]:
    """Return the tasks of schema 1.4, whose ids are optional and whose parents are names."""
    items = rows(workflow, "tasks", source)
    known = {str(need(task, "name", source)): _id(task, source) for task in items}
    known |= {own: own for own in known.values()}
    found = []
    for task in items:
        parents = [known.get(parent, parent) for parent in _parents(task, source)]
        into, out = (
            sum((_size(file, source) for file in rows(task, "files", source) if need(file, "link", source) == way), 0.0)
            if "files" in task
            else np.nan
            for way in ("input", "output")
        )
        found.append(_task(task, task, graph, source, parents=parents, into=into, out=out))
    return found


def _task(
    task: Mapping[str, Any], ran: Any, graph: str, source: str, *, parents: Sequence[str], into: float, out: float
) -> _Task:
    own = _id(task, source)
    where = f"{source}: task {own}"
    measured = {
        ours: number(next((ran[name] for name in theirs if name in ran), None), f"{where}: {theirs[0]!r}", least=0.0)
        for ours, theirs in _NUMBERS.items()
    }
    return _Task(graph, own, str(task.get("name") or ""), parents, measured, into, out)


def _id(task: Mapping[str, Any], source: str) -> str:
    return str(task["id"] if isinstance(task, Mapping) and "id" in task else need(task, "name", source))


def _parents(task: Mapping[str, Any], source: str) -> list[str]:
    return [str(parent) for parent in rows(task, "parents", f"{source}: task {_id(task, source)}")]


def _listed(content: Any, key: str, source: str) -> list[Any]:
    return [] if isinstance(content, Mapping) and key not in content else rows(content, key, source)


def _size(file: Any, source: str) -> float:
    """Return the bytes of a file, NaN if they are not given."""
    if not isinstance(file, Mapping):
        raise InputError(f"{source}: a file is {type(file).__name__}, expected an object")
    return number(file.get("sizeInBytes"), f"{source}: 'sizeInBytes'", least=0.0, most=_LARGEST_BYTES)


def _sum(task: Mapping[str, Any], key: str, sizes: Mapping[str, float], source: str) -> float:
    """Return the bytes of a task's files, NaN if they are not listed or one is not known."""
    if key not in task:
        return np.nan
    return sum((sizes.get(str(name), np.nan) for name in rows(task, key, source)), 0.0)


FORMATS = (Format("wfcommons", "tasks", "wfcommons.org, WfFormat 1.4 to 1.6", read_wfcommons),)
"""What this module reads."""
