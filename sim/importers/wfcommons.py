"""WfCommons instances (wfcommons.org, schema 1.5): real executions of scientific workflows, JSON, a graph a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import need, read_json


def read_wfcommons(paths: Sequence[Path], options: Options) -> Imported:
    """Return the tasks of the instances: run time as measured, cores and memory where recorded, bytes."""
    rows = [row for path in paths for row in _instance(path)]
    types = {
        "dag_id": pa.string(), "task_id": pa.string(), "deps": pa.list_(pa.string()), "n_instances": pa.int32(),
        "duration_s": pa.float64(), "cpus": pa.float64(), "gpus": pa.float64(), "memory_gb": pa.float64(),
        "input_bytes": pa.int64(), "output_bytes": pa.int64(), "source": pa.string(), "task_name": pa.string(),
        "avg_cpu_pct": pa.float64(),
    }  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=pa.schema(types))
    lacking = sum(row["cpus"] is None for row in rows)
    notes = (f"{lacking} tasks do not record their cores: null",) if lacking else ()
    return Imported("tasks", table, Report(len(rows), len(rows), notes=notes))


def _instance(path: Path) -> list[dict[str, Any]]:
    content = read_json(path)
    workflow = need(content, "workflow", str(path))
    specification = need(workflow, "specification", str(path))
    sizes = {file["id"]: int(file.get("sizeInBytes") or 0) for file in specification.get("files", [])}
    measured = {task["id"]: task for task in need(need(workflow, "execution", str(path)), "tasks", str(path))}
    tasks = need(specification, "tasks", str(path))
    return [_task(path, task, measured.get(task["id"], {}), sizes) for task in tasks]


def _task(path: Path, task: Mapping[str, Any], ran: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    memory = ran.get("memoryInBytes")
    cores = ran.get("coreCount")
    return {
        "dag_id": path.stem,
        "task_id": str(need(task, "id", str(path))),
        "deps": [str(parent) for parent in need(task, "parents", str(path))],
        "n_instances": 1,
        "duration_s": None if ran.get("runtimeInSeconds") is None else float(ran["runtimeInSeconds"]),
        "cpus": None if cores is None else float(cores),
        "gpus": None,
        "memory_gb": None if memory is None else float(memory) / 1e9,
        "input_bytes": sum(sizes.get(name, 0) for name in task.get("inputFiles", [])),
        "output_bytes": sum(sizes.get(name, 0) for name in task.get("outputFiles", [])),
        "source": "WfCommons",
        "task_name": str(task.get("name", "")),
        "avg_cpu_pct": None if ran.get("avgCPU") is None else float(ran["avgCPU"]),
    }


FORMATS = (Format("wfcommons", "tasks", "wfcommons.org, WfFormat 1.5", read_wfcommons),)
"""What this module reads."""
