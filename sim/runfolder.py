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
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.history import KINDS, Refusal
from sim.runner import WHY_LATE, DecisionRow, PlanRows, Run
from sim.scenario import Scenario, parse_scenario
from sim.schedulers.base import Plan
from sim.summary import Accounts
from sim.units import FloatArray, IntArray
from sim.world import World, origins

FORMAT = 2
TABLES = ("placements", "jobs", "regions", "decisions", "transfers", "switches", "services")
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
    descriptions: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write a run folder: run.json, summary.json and the Parquet tables.

    Args:
        policies: File name, text and sha256 of each policy.
        rules: The typed rules in force, as JSON.
        descriptions: Jobs' descriptions as they were read, as JSON.
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
        "signals": _signals(run.world),
        "versions": versions(),
        "timings": {"wall_s": run.wall_s, "scheduler_s": run.scheduler_s},
    }
    if asked := run.approvals.record():
        recipe["approvals"] = asked
    if descriptions:
        recipe["descriptions"] = list(descriptions)
    write_json(path / "run.json", recipe)
    write_json(path / "summary.json", summary)
    for name, table in _tables(run, accounts).items():
        pq.write_table(table, path / f"{name}.parquet", compression="zstd")


def _signals(world: World) -> list[dict[str, Any]]:
    """Return where each region's signals come from, and how much of each is estimated; null where nothing says."""
    return [
        {
            "signal": name,
            "region": region.id,
            "zone": region.zone,
            "file": origin and origin.file,
            "column": origin and origin.column,
            "estimated_share": origin and origin.estimated_share,
        }
        for name, region, origin in origins(world)
    ]


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
        "transfers": _transfers(run, accounts),
        "switches": _switches(run),
        "services": _services(run, accounts),
    }


def _names(names: Sequence[str], codes: IntArray) -> pa.Array:
    """Return names by their codes as text."""
    return pa.array(names, type=pa.string()).take(pa.array(codes))


def _placements(run: Run, accounts: Accounts) -> pa.Table:
    ledger, world = accounts.books.ledger, run.world
    pieces = ledger.pieces
    return pa.table(
        {
            "job_id": _names(world.workload.jobs.ids, pieces.job),
            "segment": pieces.segment.astype(np.int32),
            "region": _names([region.id for region in world.regions], pieces.region),
            "start_s": pieces.start_s,
            "end_s": pieces.end_s,
            "cpus": ledger.cpus,
            "gpus": ledger.gpus,
            "scale": pieces.scale.astype(float),
            "energy_kwh": ledger.energy_kwh,
            "carbon_g": ledger.carbon_g,
            "cost_usd": ledger.cost_usd,
            "kind": _names(KINDS, pieces.kind),
        }
    )


def _jobs(run: Run, accounts: Accounts) -> pa.Table:
    table, jobs = accounts.jobs, run.world.workload.jobs
    never = np.isnan(table.start_s)
    return pa.table(
        {
            "job_id": pa.array(jobs.ids, type=pa.string()),
            "submit_s": jobs.submit_s,
            "start_s": _nullable(table.start_s),
            "end_s": _nullable(table.end_s),
            "deadline_s": jobs.deadline_s,
            "wait_s": _nullable(table.wait_s),
            "jct_s": _nullable(table.jct_s),
            "violated": table.violated,
            "suspensions": table.suspensions.astype(np.int32),
            "energy_kwh": pa.array(table.energy_kwh, mask=never),
            "carbon_g": pa.array(table.carbon_g, mask=never),
            "cost_usd": pa.array(table.cost_usd, mask=never),
            "cancelled": np.isin(np.arange(len(jobs)), list(run.history.cancelled)),
        }
    )


def _nullable(values: FloatArray) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


_SERIES = {
    "busy_cpus": "busy", "busy_gpus": "busy", "busy_memory_gb": "busy", "servers_on": "servers_on",
    "power_w": "power_w", "pue": "pue", "intensity_g_per_kwh": "intensity", "dynamic_it_kwh": "dynamic_it_kwh",
    "idle_it_kwh": "idle_it_kwh", "overhead_kwh": "overhead_kwh", "onsite_kwh": "onsite_kwh",
    "energy_kwh": "grid_kwh", "carbon_g": "carbon_g", "cost_usd": "cost_usd",
}  # fmt: skip
"""Columns of regions.parquet and the series that they hold; the three of `busy` are its resources in order."""


def _regions(run: Run, accounts: Accounts) -> pa.Table:
    series, regions = accounts.books.series, run.world.regions
    epochs = len(series.epoch_start_s)
    busy = iter(np.moveaxis(series.busy, 2, 0))
    columns = {name: (next(busy) if of == "busy" else getattr(series, of)).reshape(-1) for name, of in _SERIES.items()}
    return pa.table(
        {
            "region": _names([region.id for region in regions], np.repeat(np.arange(len(regions)), epochs)),
            "epoch": np.tile(np.arange(epochs), len(regions)),
            "start_s": np.tile(series.epoch_start_s, len(regions)),
            **columns,
        }
    )


def _transfers(run: Run, accounts: Accounts) -> pa.Table:
    moves, costs = run.history.moves, accounts.books.moves
    ids = [run.world.workload.jobs.id_of(move.job) for move in moves]
    regions = [region.id for region in run.world.regions]
    text, number = pa.string(), pa.float64()
    return pa.table(
        {
            "job_id": pa.array(ids, type=text),
            "src": pa.array([regions[move.src] for move in moves], type=text),
            "dst": pa.array([regions[move.dst] for move in moves], type=text),
            "start_s": pa.array([move.start_s for move in moves], type=number),
            "end_s": pa.array([move.end_s for move in moves], type=number),
            "gb": pa.array([move.gb for move in moves], type=number),
            "energy_kwh": pa.array(costs.energy_kwh, type=number),
            "carbon_g": pa.array(costs.carbon_g, type=number),
            "cost_usd": pa.array(costs.cost_usd, type=number),
        }
    )


def _switches(run: Run) -> pa.Table:
    switches, regions = run.history.switches, run.world.regions
    return pa.table(
        {
            "region": pa.array([regions[switch.region].id for switch in switches], type=pa.string()),
            "t_s": pa.array([switch.t_s for switch in switches], type=pa.float64()),
            "servers_on": pa.array([switch.servers_on for switch in switches], type=pa.int64()),
        }
    )


def _services(run: Run, accounts: Accounts) -> pa.Table:
    served, costs, world = run.history.served, accounts.books.services, run.world
    number = pa.float64()
    finite = [None if np.isinf(step.response_s) else step.response_s for step in served]
    return pa.table(
        {
            "service_id": pa.array([world.services[step.service].id for step in served], type=pa.string()),
            "region": pa.array([world.regions[step.region].id for step in served], type=pa.string()),
            "start_s": pa.array([step.start_s for step in served], type=number),
            "end_s": pa.array([step.end_s for step in served], type=number),
            "replicas": pa.array([step.replicas for step in served], type=pa.int64()),
            "rate_per_s": pa.array([step.rate_per_s for step in served], type=number),
            "response_s": pa.array(finite, type=number),
            "late_per_s": pa.array([step.late_per_s for step in served], type=number),
            "energy_kwh": pa.array(costs.energy_kwh, type=number),
            "carbon_g": pa.array(costs.carbon_g, type=number),
            "cost_usd": pa.array(costs.cost_usd, type=number),
        }
    )


_TEXT, _NUMBER = pa.string(), pa.float64()
_DECISION_TYPES = {
    "epoch": pa.int32(), "now_s": _NUMBER, "job_id": _TEXT, "action": _TEXT, "region": _TEXT, "start_s": _NUMBER,
    "candidate": _TEXT, "forecast_carbon_g": _NUMBER, "reason": _TEXT, "verdict": _TEXT,
}  # fmt: skip


def _decisions(run: Run, accounts: Accounts) -> pa.Table:
    """The decisions, and what rules refused later; actual carbon stands on the placement of a job that ran."""
    refused = [_refused(refusal, run.world.epoch_s) for refusal in run.history.refusals]
    rows = sorted([*refused, *run.decisions], key=lambda row: row.now_s)
    single = pa.table(
        {name: pa.array([getattr(row, name) for row in rows], type=kind) for name, kind in _DECISION_TYPES.items()}
    )
    table = pa.concat_tables([_planned(run), single])
    return table.append_column("actual_carbon_g", _nullable(_actual_g(run, accounts, table)))


def _planned(run: Run) -> pa.Table:
    """Return the plans that were carried out whole, a row a run."""
    plans: list[PlanRows] = run.plans
    if not plans:
        return pa.schema(_DECISION_TYPES).empty_table()

    def each(column: str) -> Any:
        return np.concatenate([np.broadcast_to(getattr(rows, column), len(rows.plan)) for rows in plans])

    def joined(column: str) -> Any:
        return np.concatenate([getattr(rows.plan, column) for rows in plans])

    placed, late = each("placed"), joined("late")
    count = len(placed)
    whose, by = np.unique([rows.candidate or run.scheduler for rows in plans], return_inverse=True)
    why, said = np.unique([rows.reason for rows in plans], return_inverse=True)
    of = np.repeat(np.arange(len(plans)), [len(rows.plan) for rows in plans])
    return pa.table(
        {
            "epoch": pa.array(each("epoch"), type=pa.int32()),
            "now_s": each("now_s"),
            "job_id": _names(run.world.workload.jobs.ids, np.concatenate([rows.plan.jobs.positions for rows in plans])),
            "action": _names(("defer", "place"), placed.astype(np.int64)),
            "region": _names([region.id for region in run.world.regions], joined("region")),
            "start_s": joined("start_s"),
            "candidate": _names(whose.tolist(), by[of]),
            "forecast_carbon_g": _nullable(np.concatenate([_forecast_g(rows.plan) for rows in plans])),
            "reason": _names([*why.tolist(), WHY_LATE], np.where(late, len(why), said[of])),
            "verdict": _names(("ok",), np.zeros(count, dtype=np.int64)),
        }
    )


def _forecast_g(plan: Plan) -> FloatArray:
    return np.full(len(plan), np.nan) if plan.carbon_g is None else plan.carbon_g


def _actual_g(run: Run, accounts: Accounts, table: pa.Table) -> FloatArray:
    """Return what the job emitted, on its last placement that was carried out; NaN elsewhere."""
    actual = np.full(len(table), np.nan)
    placed = pc.and_(pc.equal(table["action"], "place"), pc.equal(table["verdict"], "ok"))
    at = np.flatnonzero(placed.to_numpy())
    position = run.world.workload.jobs.position
    jobs = np.array([position[name] for name in table["job_id"].take(at).to_pylist()], dtype=np.int64)
    last = np.full(len(position), -1)
    last[jobs] = at
    ran = (last >= 0) & ~np.isnan(accounts.jobs.start_s)
    actual[last[ran]] = accounts.jobs.carbon_g[ran]
    return actual


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
        forecast_carbon_g=None,
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
