"""One scenario with every feature of the world, run, written and audited; then each table is tampered with."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from sim.audit import audit
from sim.bound import lower_bound
from sim.engine import Engine
from sim.errors import IllegalAction
from sim.model import Migrate, Place, Resize, Resume, Route, Suspend
from sim.runfolder import read_run, write_run
from sim.runner import Run
from sim.scenario import build_world, parse_scenario, scenario_file
from sim.summary import account, summarise
from tests.sim.test_graphs import task, written
from tests.sim.test_invariants import _disturb

START = datetime(2022, 3, 7, tzinfo=UTC)
HOURS = 24 * 12


def series(path: Path, columns: dict[str, np.ndarray[Any, Any]]) -> None:
    """Write hourly series of two zones from a week before the start."""
    stamps = [START - timedelta(days=7) + timedelta(hours=h) for h in range(HOURS)]
    rows = {name: np.tile(values, 2) for name, values in columns.items()}
    table = {"zone": ["A"] * HOURS + ["B"] * HOURS, "ts": pa.array(stamps * 2, pa.timestamp("us", tz="UTC")), **rows}
    pq.write_table(pa.table(table), path)


def everything(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    hour = np.arange(HOURS)
    series(folder / "grid.parquet", {"ci": 300 + 200 * np.sin(hour / 4), "usd": rng.uniform(-10, 90, HOURS)})
    series(folder / "sky.parquet", {"temp_c": 15 + 12 * np.sin(hour / 4), "sun": np.clip(np.sin(hour / 4), 0, 1)})
    written(folder / "g.parquet", [task("a", [], 5000, output_bytes=10**11), task("b", ["a"], 4000), task("c", ["a"])])
    curve = [50, 80, 100, 115, 130, 145, 160, 180, 200, 230, 260]
    server = {"model": "m", "count": 3, "cpus": 8, "memory_gb": 64, "embodied_kg": 900}
    return {
        "name": "everything", "start": "2022-03-07T00:00:00Z", "days": 1, "drain_days": 2, "epoch_min": 30, "seed": 5,
        "regions": [
            {"id": "a", "zone": "A", "tz": "UTC", "servers": [{**server, "curve": curve}], "cooling": {}, "solar_kw": 1,
             "outages": [{"start_h": 8, "hours": 5, "servers": 2}], "usd_per_cpu_h": 0.04},
            {"id": "b", "zone": "B", "tz": "UTC", "servers": [{**server, "idle_w": 60, "max_w": 300}],
             "saving": {"wake_min": 10, "off_after_min": 30},
             "maintenance": [{"start_h": 12, "hours": 3, "servers": 1}]},
        ],
        "network": {"rtt_ms": 40, "mbps": 800},
        "services": [{"id": "web", "cpus": 1, "memory_gb": 2, "requests_per_s": 10, "limit_ms": 250,
                      "mean_rates": {"a": 20, "b": 5}}],
        "workload": {"kind": "graphs", "file": "g.parquet", "count": 8, "slack_h": 24, "unknown": {"gpus": 0},
                     "interruptible": {"share": 0.5, "save_s": 120, "restore_s": 60, "save_kwh": 0.02,
                                       "restore_kwh": 0.01},
                     "elastic": {"share": 0.5, "throughput": [1, 1.7]}, "estimate": {"median": 1, "sigma": 0.2},
                     "data_gb": {"median": 40}, "state_gb": {"median": 20}, "utilization": 0.8},
        "signals": {"kind": "files", "carbon": {"file": "grid.parquet", "column": "ci"},
                    "price": {"file": "grid.parquet", "column": "usd"},
                    "temperature": {"file": "sky.parquet", "column": "temp_c"},
                    "solar": {"file": "sky.parquet", "column": "sun", "full": 1.0}},
    }  # fmt: skip


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """Return the folder of a run in which jobs were placed, disturbed and resumed at random."""
    scenario = parse_scenario(everything(tmp_path), "x")
    world = build_world(scenario, tmp_path)
    engine, rng = Engine(world), np.random.default_rng(8)
    run = Run(world, "random", engine.history)
    while view := engine.next_view():
        wanted: list[Any] = [Place(job.id, str(rng.choice(["a", "b"])), view.now_s) for job in view.pending]
        wanted += [
            _disturb(held.job.id, ["a", "b"], view.now_s, rng) for held in view.commitments if rng.random() < 0.5
        ]
        wanted += [Resume(one.job.id, view.now_s) for one in view.suspended]
        wanted.append(Route("web", "a", (("a", 0.3), ("b", 0.7))))
        for decision in wanted:
            try:
                engine.apply(decision)
            except IllegalAction:
                continue  # what a state does not allow is not this test's subject
    accounts = account(run)
    summary = summarise(run, accounts, lower_bound(world), policy_violations=0)
    write_run(tmp_path / "run", scenario, run, accounts, summary)
    return tmp_path


def test_a_run_with_every_feature_has_no_fault(run_dir: Path):
    folder = read_run(run_dir / "run")
    kinds = set(folder.tables["placements"]["kind"].to_pylist())
    assert {"run", "save", "restore"} <= kinds
    assert all(len(folder.tables[name]) for name in ("transfers", "switches", "services"))
    assert all(folder.summary["carbon_kg"][part] > 0 for part in ("dynamic", "idle", "embodied", "transfer"))
    assert folder.summary["energy_parts_kwh"]["onsite"] > 0
    assert audit(folder, run_dir)[1] == []


def test_jobs_that_end_sooner_with_more_workers_leave_no_fault(tmp_path: Path):
    """Elastic jobs without a queue end sooner than one worker would: their delay is 0 and not negative."""
    content = yaml.safe_load(scenario_file("demo").read_text()) | {"days": 1}
    content["workload"] |= {"count": 30, "elastic": {"share": 1.0, "throughput": [1.0, 1.9, 2.7]}}
    scenario = parse_scenario(content, "elastic")
    engine = Engine(build_world(scenario, None))
    run = Run(engine.world, "wide", engine.history)
    while view := engine.next_view():
        for job in view.pending:
            engine.apply(Place(job.id, view.regions[0].id, view.now_s, scale=3))
    accounts = account(run)
    assert (accounts.jobs.jct_s < run.world.workload.durations_s).any()
    write_run(
        tmp_path / "run", scenario, run, accounts, summarise(run, accounts, lower_bound(run.world), policy_violations=0)
    )
    assert audit(read_run(tmp_path / "run"), None)[1] == []


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("placements", "carbon_g"), ("placements", "energy_kwh"), ("placements", "cost_usd"), ("placements", "end_s"),
        ("jobs", "wait_s"), ("regions", "overhead_kwh"), ("regions", "onsite_kwh"), ("regions", "pue"),
        ("regions", "servers_on"), ("transfers", "carbon_g"), ("transfers", "end_s"), ("services", "energy_kwh"),
        ("services", "rate_per_s"), ("switches", "servers_on"), ("jobs", "submit_s"), ("jobs", "deadline_s"),
    ],
)  # fmt: skip
def test_a_figure_that_was_changed_is_named(run_dir: Path, table: str, column: str):
    path = run_dir / "run" / f"{table}.parquet"
    held = pq.read_table(path)
    values = held[column].to_pylist()
    first = next(i for i, value in enumerate(values) if value)
    values[first] = values[first] + 1 if table == "switches" else values[first] * 1.001
    at = held.schema.get_field_index(column)
    pq.write_table(held.set_column(at, column, pa.array(values, type=held.schema.field(column).type)), path)
    assert audit(read_run(run_dir / "run"), run_dir)[1]


def test_more_workers_than_a_job_can_have_are_named(run_dir: Path):
    path = run_dir / "run" / "placements.parquet"
    held = pq.read_table(path)
    at = held.schema.get_field_index("scale")
    scale = pa.array([50.0, *held["scale"].to_pylist()[1:]]).cast(held.schema.field("scale").type)
    pq.write_table(held.set_column(at, "scale", scale), path)
    faults = audit(read_run(run_dir / "run"), run_dir)[1]
    assert [str(fault)[:14] for fault in faults] == ["workers of job"]


@pytest.mark.parametrize("total", ["embodied", "transfer", "idle", "dynamic"])
def test_a_total_that_was_changed_is_named(run_dir: Path, total: str):
    path = run_dir / "run" / "summary.json"
    summary = json.loads(path.read_text())
    summary["carbon_kg"][total] *= 1.001
    path.write_text(json.dumps(summary))
    faults = audit(read_run(run_dir / "run"), run_dir)[1]
    assert any(f"carbon_kg.{total}" in str(fault) for fault in faults)


def test_the_actions_of_this_test_are_those_that_change_a_run():
    assert {Suspend, Migrate, Resize} <= {type(_disturb("j", ["a"], 0.0, np.random.default_rng(n))) for n in range(50)}
