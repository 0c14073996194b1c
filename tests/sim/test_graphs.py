"""Graphs of tasks: precedence, one deadline for the whole, and what a file must say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.errors import InputError
from sim.graphs import critical_path_s, read_graphs
from sim.runner import simulate
from sim.scenario import build_world, parse_scenario
from sim.schedulers import scheduler
from sim.units import HOUR_S
from tests.sim.test_scenario import content

TYPES = pa.schema(
    {
        "dag_id": pa.string(), "task_id": pa.string(), "deps": pa.list_(pa.string()), "n_instances": pa.int32(),
        "duration_s": pa.float64(), "cpus": pa.float64(), "gpus": pa.float64(), "memory_gb": pa.float64(),
        "output_bytes": pa.int64(),
    }
)  # fmt: skip


def task(name: str, deps: list[str], seconds: float = 100.0, **fields: Any) -> dict[str, Any]:
    plain = {"n_instances": 1, "cpus": 1.0, "gpus": None, "memory_gb": 1.0, "output_bytes": None}
    return {"dag_id": "g", "task_id": name, "deps": deps, "duration_s": seconds, **plain, **fields}


def written(path: Path, tasks: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(tasks, schema=TYPES), path)
    return path


def read(path: Path, parallel: int = 4) -> list[Any]:
    return read_graphs(path, parallel=parallel, cpus=None, memory_gb_per_cpu=None)[0]


def test_tasks_come_in_an_order_in_which_they_can_run_with_the_path_behind_them(tmp_path: Path):
    """c waits for a (100 s) and b (300 s), d for c: the longest path is 300 + 100 + 50."""
    rows = [task("d", ["c"], 50), task("c", ["a", "b"]), task("a", []), task("b", [], 300)]
    tasks = read(written(tmp_path / "g.parquet", rows))
    assert [t.name for t in tasks] == ["a", "b", "c", "d"]
    assert [t.tail_s for t in tasks] == [150, 150, 50, 0]
    assert [t.deps for t in tasks] == [(), (), (0, 1), (2,)]
    assert critical_path_s(tasks) == 450


def test_instances_beyond_what_runs_at_once_take_more_rounds(tmp_path: Path):
    (wide,) = read(written(tmp_path / "g.parquet", [task("a", [], n_instances=10)]))
    assert (wide.cpus, wide.memory_gb, wide.duration_s) == (4, 4, 300)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([task("a", ["b"]), task("b", ["a"])], "graph g runs in a circle"),
        ([task("a", ["z"])], "task a: depends on unknown 'z'"),
        ([task("a", []) | {"deps": None}], "task a: what it waits for is unknown .deps is null.; leave the graph out"),
        ([task("a", [], cpus=None)], "cpus is null; state workload.unknown.cpus"),
        ([task("a", [], memory_gb=None)], "memory_gb is null; state workload.unknown.memory_gb_per_cpu"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(tmp_path: Path, rows: list[dict[str, Any]], why: str):
    with pytest.raises(InputError, match=why):
        read(written(tmp_path / "g.parquet", rows))


def test_a_scenario_of_graphs_runs_in_their_order_and_within_their_deadlines(tmp_path: Path):
    written(tmp_path / "g.parquet", [task("a", [], HOUR_S), task("b", ["a"], HOUR_S), task("c", ["a"], 60)])
    workload = {"kind": "graphs", "file": "g.parquet", "count": 4, "slack_h": 12, "unknown": {"gpus": 0}}
    world = build_world(parse_scenario(content(workload=workload), "x"), tmp_path)
    run = simulate(world, scheduler("fifo"))
    starts = {world.workload.jobs[p.job].id: (p.start_s, p.end_s) for p in run.history.pieces}
    assert len(starts) == 12
    for n in range(4):
        assert starts[f"dag-{n:05d}.1"][0] >= starts[f"dag-{n:05d}.0"][1]
    first = world.workload.jobs[0]
    assert first.deadline_s == pytest.approx(first.submit_s + 2 * HOUR_S + 12 * HOUR_S)
    assert first.latest_start_s == pytest.approx(first.deadline_s - 2 * HOUR_S)
