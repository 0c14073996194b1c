"""The run folder: what a run leaves on disk so that an outsider can check every number. A contract."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.engine import Refusal
from sim.errors import InputError
from sim.runner import DecisionRow, Run
from sim.scenario import Scenario, parse_scenario
from sim.summary import Accounts
from sim.units import FloatArray

FORMAT = 1
TABLES = ("placements", "jobs", "regions", "decisions")
PACKAGES = ("llm-cws", "numpy", "pyarrow", "simpy", "pydantic", "langgraph", "openai", "xllamacpp")


@dataclass(frozen=True)
class RunFolder:
    """A run folder as read: its recipe, its totals and its tables."""

    path: Path
    run: Mapping[str, Any]
    summary: Mapping[str, Any]
    tables: Mapping[str, pa.Table]

    @property
    def scenario(self) -> Scenario:
        """The scenario that was run."""
        return parse_scenario(self.run.get("scenario"), str(self.path / "run.json"))


def write_run(
    path: Path,
    scenario: Scenario,
    run: Run,
    accounts: Accounts,
    summary: Mapping[str, Any],
    *,
    llm: str | None = None,
    policies: Sequence[Mapping[str, Any]] = (),
    rules: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write a run folder: run.json, summary.json and four Parquet tables.

    Args:
        policies: File name, text and sha256 of each policy.
        rules: The typed rules in force, as JSON.
    """
    path.mkdir(parents=True, exist_ok=True)
    recipe = {
        "format": FORMAT,
        "scenario": scenario.model_dump(mode="json"),
        "scenario_sha256": scenario.sha256,
        "scheduler": run.scheduler,
        "llm": llm,
        "policies": list(policies),
        "rules": list(rules),
        "seed": scenario.seed,
        "versions": versions(),
        "timings": {"wall_s": run.wall_s, "scheduler_s": run.scheduler_s},
    }
    write_json(path / "run.json", recipe)
    write_json(path / "summary.json", summary)
    for name, table in _tables(run, accounts).items():
        pq.write_table(table, path / f"{name}.parquet", compression="zstd")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON without NaN: what is missing is null."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that shape a run."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def _tables(run: Run, accounts: Accounts) -> dict[str, pa.Table]:
    return {
        "placements": _placements(run, accounts),
        "jobs": _jobs(run, accounts),
        "regions": _regions(run, accounts),
        "decisions": _decisions(run, accounts),
    }


def _placements(run: Run, accounts: Accounts) -> pa.Table:
    ledger, jobs = accounts.ledger, run.world.workload.jobs
    return pa.table(
        {
            "job_id": [jobs[j].id for j in ledger.job],
            "segment": pa.array(np.zeros(len(ledger.job), dtype=np.int32)),
            "region": [run.world.regions[r].id for r in ledger.region],
            "start_s": ledger.start_s,
            "end_s": ledger.end_s,
            "cpus": [jobs[j].cpus for j in ledger.job],
            "gpus": [jobs[j].gpus for j in ledger.job],
            "scale": np.ones(len(ledger.job)),
            "energy_kwh": ledger.energy_kwh,
            "carbon_g": ledger.carbon_g,
            "cost_usd": ledger.cost_usd,
        }
    )


def _jobs(run: Run, accounts: Accounts) -> pa.Table:
    table, jobs = accounts.jobs, run.world.workload.jobs
    never = np.isnan(table.start_s)
    return pa.table(
        {
            "job_id": [job.id for job in jobs],
            "submit_s": [job.submit_s for job in jobs],
            "start_s": _nullable(table.start_s),
            "end_s": _nullable(table.end_s),
            "deadline_s": [job.deadline_s for job in jobs],
            "wait_s": _nullable(table.wait_s),
            "jct_s": _nullable(table.jct_s),
            "violated": table.violated,
            "suspensions": pa.array(np.zeros(len(jobs), dtype=np.int32)),
            "energy_kwh": pa.array(table.energy_kwh, mask=never),
            "carbon_g": pa.array(table.carbon_g, mask=never),
            "cost_usd": pa.array(table.cost_usd, mask=never),
        }
    )


def _nullable(values: FloatArray) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _regions(run: Run, accounts: Accounts) -> pa.Table:
    series, regions = accounts.series, run.world.regions
    epochs = len(series.epoch_start_s)

    def flat(values: FloatArray) -> FloatArray:
        return values.reshape(-1)

    return pa.table(
        {
            "region": np.repeat([region.id for region in regions], epochs),
            "epoch": np.tile(np.arange(epochs), len(regions)),
            "start_s": np.tile(series.epoch_start_s, len(regions)),
            "busy_cpus": flat(series.busy[:, :, 0]),
            "busy_gpus": flat(series.busy[:, :, 1]),
            "busy_memory_gb": flat(series.busy[:, :, 2]),
            "power_w": flat(series.power_w),
            "pue": np.repeat([region.pue for region in regions], epochs),
            "intensity_g_per_kwh": flat(series.intensity),
            "carbon_g": flat(series.carbon_g),
            "cost_usd": flat(series.cost_usd),
        }
    )


def _decisions(run: Run, accounts: Accounts) -> pa.Table:
    """The decisions, and what rules refused later; actual carbon stands on the placement of a job that ran."""
    refused = [_refused(refusal, run.world.epoch_s) for refusal in run.refusals]
    rows = sorted([*refused, *run.decisions], key=lambda row: row.now_s)
    last = {row.job_id: row for row in rows if row.action == "place" and row.verdict == "ok"}
    position = {job.id: j for j, job in enumerate(run.world.workload.jobs)}
    carbon, started = accounts.jobs.carbon_g, ~np.isnan(accounts.jobs.start_s)

    def actual(row: DecisionRow) -> float | None:
        j = position.get(row.job_id)
        return float(carbon[j]) if j is not None and row is last.get(row.job_id) and started[j] else None

    columns = {name: [getattr(row, name) for row in rows] for name in DecisionRow.__slots__}
    columns["actual_carbon_g"] = [actual(row) for row in rows]
    text, number = pa.string(), pa.float64()
    types = {
        "epoch": pa.int32(), "now_s": number, "job_id": text, "action": text, "region": text, "start_s": number,
        "candidate": text, "forecast_carbon_g": number, "actual_carbon_g": number, "reason": text, "verdict": text,
    }  # fmt: skip
    return pa.table({name: pa.array(columns[name], type=kind) for name, kind in types.items()})


def _refused(refusal: Refusal, epoch_s: float) -> DecisionRow:
    """Return a refusal at a planned start as a row: the job went back to pending and was decided on again."""
    return DecisionRow(
        epoch=int(refusal.t_s // epoch_s),
        now_s=refusal.t_s,
        job_id=refusal.job_id,
        action="refuse",
        region=refusal.region,
        start_s=refusal.t_s,
        candidate="",
        forecast_carbon_g=0.0,
        reason="the planned start had come, and a rule forbade it",
        verdict=refusal.rule,
    )


def read_run(path: Path) -> RunFolder:
    """Return a run folder. Raises InputError naming the file that is missing or damaged."""
    if not path.is_dir():
        raise InputError(f"{path}: no such run folder")
    tables = {}
    for name in TABLES:
        file = path / f"{name}.parquet"
        try:
            tables[name] = pq.read_table(file)
        except FileNotFoundError:
            raise InputError(f"{file}: missing; expected a run folder with {', '.join(TABLES)}.parquet") from None
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{file}: not a readable Parquet file ({error})") from None
    run = _read_json(path / "run.json", "format", "scenario", "scenario_sha256", "scheduler", "rules")
    if run["format"] != FORMAT:
        raise InputError(f"{path / 'run.json'}: found format {run['format']!r}, expected {FORMAT}")
    return RunFolder(path, run, _read_json(path / "summary.json", "carbon_kg", "energy_kwh", "cost_usd"), tables)


def _read_json(path: Path, *needed: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: missing; is this a run folder?") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: damaged JSON ({error})") from None
    fields: dict[str, Any] = content if isinstance(content, dict) else {}
    for key in needed:
        if key not in fields:
            raise InputError(f"{path}: field {key!r} is missing")
    return fields
