"""The run folder and its audit: what is written can be recomputed, what is tampered with is found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.audit import audit
from sim.bound import lower_bound
from sim.errors import InputError
from sim.recompute import overlap_sum
from sim.runfolder import read_run, write_run
from sim.runner import simulate
from sim.scenario import build_world, parse_scenario
from sim.schedulers import SCHEDULERS
from sim.signals import Signal
from sim.summary import account, summarise
from tests.sim.test_scenario import content

COLUMNS = {
    "placements": ["job_id", "segment", "region", "start_s", "end_s", "cpus", "gpus", "scale", "energy_kwh",
                   "carbon_g", "cost_usd", "kind"],
    "jobs": ["job_id", "submit_s", "start_s", "end_s", "deadline_s", "wait_s", "jct_s", "violated", "suspensions",
             "energy_kwh", "carbon_g", "cost_usd", "cancelled"],
}  # fmt: skip
SUMMARY = {
    "carbon_kg", "energy_kwh", "cost_usd", "intensity_g_per_kwh", "g_per_job", "wait_s", "jct_s", "makespan_s",
    "jobs", "unfinished", "sla_violations", "violation_rate", "policy_violations", "utilization", "suspensions",
    "migrations", "scheduler_s", "wall_s", "jobs_per_s", "peak_rss_mb", "llm", "bound_kg", "gap",
}  # fmt: skip


def written(path: Path, *, name: str = "time-shift", **changes: object) -> Path:
    scenario = parse_scenario(content(**changes), "x")
    world = build_world(scenario, None)
    run = simulate(world, SCHEDULERS[name])
    accounts = account(run)
    summary = summarise(run, accounts, lower_bound(world), policy_violations=0)
    write_run(path, scenario, run, accounts, summary)
    return path


def test_an_honest_run_has_no_fault(tmp_path: Path):
    _, faults = audit(read_run(written(tmp_path / "run")), None)
    assert faults == []


def test_a_run_that_the_horizon_cuts_has_no_fault(tmp_path: Path):
    folder = read_run(written(tmp_path / "run", drain_days=0, days=0.5))
    assert folder.summary["unfinished"] > 0
    assert audit(folder, None)[1] == []


def test_the_contract_of_the_tables_and_the_summary_holds(tmp_path: Path):
    folder = read_run(written(tmp_path / "run"))
    for name, columns in COLUMNS.items():
        assert folder.tables[name].column_names == columns
    assert set(folder.summary) >= SUMMARY
    assert set(folder.summary["carbon_kg"]) == {"dynamic", "idle", "embodied", "transfer", "llm", "total"}
    parts = [folder.summary["carbon_kg"][part] for part in ("dynamic", "idle", "embodied", "transfer", "llm")]
    assert folder.summary["carbon_kg"]["total"] == pytest.approx(sum(parts))


def test_a_generated_signal_names_no_file(tmp_path: Path):
    signals = read_run(written(tmp_path / "run")).run["signals"]
    nothing = {"file": None, "column": None, "estimated_share": None}
    assert signals == [{"signal": name, "region": "gb", "zone": "GB", **nothing} for name in ("carbon", "price")]


def test_the_same_scenario_and_seed_give_byte_identical_placements(tmp_path: Path):
    first, again = (written(tmp_path / name) / "placements.parquet" for name in ("one", "two"))
    assert first.read_bytes() == again.read_bytes()


def tamper(path: Path, table: str, column: str, change: float) -> None:
    """Change the first number of a column."""
    held = pq.read_table(path / f"{table}.parquet")
    values = held[column].cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    values[0] += change
    moved = held.set_column(held.column_names.index(column), column, pa.array(values))
    pq.write_table(moved, path / f"{table}.parquet")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("placements", column) for column in ("energy_kwh", "carbon_g", "cost_usd", "start_s", "end_s", "cpus")),
        *(("jobs", column) for column in ("carbon_g", "wait_s", "jct_s", "violated", "start_s")),
        *(("regions", column) for column in ("busy_cpus", "power_w", "carbon_g")),
    ],
)
def test_a_figure_that_was_tampered_with_is_found(tmp_path: Path, table: str, column: str):
    path = written(tmp_path / "run")
    tamper(path, table, column, 1.0)
    assert audit(read_run(path), None)[1]


SUMMED = [
    "energy_kwh", "cost_usd", "sla_violations", "unfinished", "carbon_kg.dynamic", "carbon_kg.idle",
    "carbon_kg.total", "wait_s.mean", "wait_s.p95", "jct_s.p50", "makespan_s", "utilization", "violation_rate",
    "bound_kg", "gap", "g_per_job", "intensity_g_per_kwh", "jobs",
]  # fmt: skip


@pytest.mark.parametrize("key", SUMMED)
def test_a_total_that_was_tampered_with_is_named(tmp_path: Path, key: str):
    path = written(tmp_path / "run")
    edit_summary(path, key, 1.001, 1e-3)
    assert f"summary.json {key}" in {fault.where for fault in audit(read_run(path), None)[1]}


def test_a_negative_footprint_of_the_model_is_no_way_to_a_lower_total(tmp_path: Path):
    path = written(tmp_path / "run")
    edit_summary(path, "carbon_kg.llm", 1.0, -0.5)
    edit_summary(path, "carbon_kg.total", 1.0, -0.5)
    assert "summary.json carbon_kg.llm" in {fault.where for fault in audit(read_run(path), None)[1]}


def edit_summary(path: Path, key: str, factor: float, plus: float) -> None:
    summary = json.loads((path / "summary.json").read_text())
    holder = summary
    *parents, last = key.split(".")
    for parent in parents:
        holder = holder[parent]
    holder[last] = holder[last] * factor + plus
    (path / "summary.json").write_text(json.dumps(summary))


def test_more_jobs_than_a_region_holds_are_found(tmp_path: Path):
    workload = content()["workload"] | {"count": 60}
    path = written(tmp_path / "run", name="fifo", workload=workload)
    table = pq.read_table(path / "placements.parquet")
    crowded = table.set_column(table.column_names.index("start_s"), "start_s", pa.array(np.zeros(len(table))))
    pq.write_table(crowded, path / "placements.parquet")
    assert any("peak CPUs" in fault.where for fault in audit(read_run(path), None)[1])


@pytest.mark.parametrize("name", ["placements.parquet", "jobs.parquet", "run.json", "summary.json"])
def test_a_damaged_folder_names_the_file(tmp_path: Path, name: str):
    path = written(tmp_path / "run")
    (path / name).write_text("{damaged")
    with pytest.raises(InputError, match=name):
        read_run(path)
    (path / name).unlink()
    with pytest.raises(InputError, match=f"{name}: missing"):
        read_run(path)


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path):
    with pytest.raises(InputError, match="no such run folder"):
        read_run(tmp_path / "nowhere")


def test_the_audits_own_integral_on_a_case_by_hand():
    signal = Signal("X", "g", 0.0, 3600.0, np.array([100.0, 300.0, 50.0]))
    assert overlap_sum(signal, 1800.0, 2.5 * 3600) == pytest.approx((50 + 300 + 25) * 3600)
