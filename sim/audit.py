"""The audit: recompute a run's totals from its placements and the input series, by another road than the ledger.

The ledger uses prefix sums; the audit adds up overlaps with every sample. It trusts nothing of the run
folder but the scenario and the placements' job, region, start and end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.runfolder import RunFolder
from sim.scenario import build_world
from sim.signals import Signal
from sim.units import G_PER_KG, J_PER_KWH, FloatArray, IntArray
from sim.world import World

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Fault:
    """Something in a run folder that does not hold: where, what it says, what it should say."""

    where: str
    found: object
    expected: object

    def __str__(self) -> str:
        return f"{self.where}: found {self.found!r}, expected {self.expected!r}"


@dataclass(frozen=True, eq=False)
class _Placements:
    """placements.parquet as arrays, with the position of each row's job and region in the world."""

    ids: list[str]
    job: IntArray
    region: IntArray
    start_s: FloatArray
    end_s: FloatArray
    said: Mapping[str, FloatArray]


def audit(folder: RunFolder, data_dir: Path | None) -> tuple[World, list[Fault]]:
    """Return the world of a run and every fault found in its folder.

    Raises:
        InputError: If the series or the workload cannot be read, or a table lacks a column.
    """
    world = build_world(folder.scenario, data_dir)
    placements = _read_placements(folder, world)
    faults: list[Fault] = []
    if folder.run["scenario_sha256"] != folder.scenario.sha256:
        faults.append(Fault("run.json scenario_sha256", folder.run["scenario_sha256"], folder.scenario.sha256))
    energy, carbon, cost = _recompute(world, placements)
    for name, values in (("energy_kwh", energy), ("carbon_g", carbon), ("cost_usd", cost)):
        faults += _differing(f"placements.{name}", placements.ids, placements.said[name], values)
    faults += _run_faults(world, placements)
    faults += _capacity_faults(world, placements)
    faults += _total_faults(folder, world, placements, (energy, carbon, cost))
    return world, faults


def _read_placements(folder: RunFolder, world: World) -> _Placements:
    table = folder.tables["placements"]
    file = folder.path / "placements.parquet"
    for name in ("job_id", "region", "start_s", "end_s", "energy_kwh", "carbon_g", "cost_usd"):
        if name not in table.column_names:
            raise InputError(f"{file}: column {name!r} is missing; found {', '.join(table.column_names)}")
    position = {job.id: j for j, job in enumerate(world.workload.jobs)}
    ids = [str(i) for i in table["job_id"].to_pylist()]
    regions = [str(r) for r in table["region"].to_pylist()]
    for known, names, kind in ((position, ids, "job"), (world.region_index, regions, "region")):
        strange = next((name for name in names if name not in known), None)
        if strange is not None:
            raise InputError(f"{file}: {kind} {strange!r} is not in the scenario of run.json")

    def numbers(name: str) -> FloatArray:
        return np.asarray(table[name].to_numpy(), dtype=float)

    return _Placements(
        ids=ids,
        job=np.array([position[i] for i in ids], dtype=np.int64),
        region=np.array([world.region_index[r] for r in regions], dtype=np.int64),
        start_s=numbers("start_s"),
        end_s=numbers("end_s"),
        said={name: numbers(name) for name in ("energy_kwh", "carbon_g", "cost_usd")},
    )


def _recompute(world: World, placements: _Placements) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return energy (kWh), carbon (g) and cost (USD) of each placement at the meter."""
    energy, carbon, cost = (np.zeros(len(placements.ids)) for _ in range(3))
    for i in range(len(placements.ids)):
        r, job = int(placements.region[i]), world.workload.jobs[int(placements.job[i])]
        span = float(placements.start_s[i]), float(placements.end_s[i])
        facility_w = world.regions[r].job_power_w(job.cpus, job.gpus) * world.regions[r].pue
        energy[i] = facility_w * (span[1] - span[0]) / J_PER_KWH
        carbon[i] = facility_w * overlap_sum(world.intensity[r], *span) / J_PER_KWH
        cost[i] = facility_w * overlap_sum(world.price[r], *span) / J_PER_KWH / 1000.0
    return energy, carbon, cost


def overlap_sum(signal: Signal, start_s: float, end_s: float) -> float:
    """Return the integral of a signal over [start_s, end_s) as the sum of value x overlap of every sample."""
    first = max(0, int((start_s - signal.start_s) // signal.step_s))
    last = int(np.ceil((end_s - signal.start_s) / signal.step_s))
    left = signal.start_s + signal.step_s * np.arange(first, last)
    overlap = np.minimum(left + signal.step_s, end_s) - np.maximum(left, start_s)
    return float((signal.values[first:last] * overlap).sum())


def _same(found: float, expected: float) -> bool:
    return bool(np.isclose(found, expected, rtol=TOLERANCE, atol=1e-12))


def _differing(where: str, ids: list[str], found: FloatArray, expected: FloatArray) -> Iterator[Fault]:
    wrong = np.flatnonzero(~np.isclose(found, expected, rtol=TOLERANCE, atol=1e-12))
    for i in wrong[:3]:
        yield Fault(f"{where} of job {ids[i]}", float(found[i]), float(expected[i]))
    if len(wrong) > 3:
        yield Fault(where, f"{len(wrong)} rows that differ", "none")


def _run_faults(world: World, placements: _Placements) -> Iterator[Fault]:
    """Each job runs once, not before it was submitted, and for its true duration unless the horizon cut it."""
    doubled = len(placements.ids) - len(set(placements.ids))
    if doubled:
        yield Fault("placements", f"{doubled} jobs that ran twice", "each rigid job at most once")
    submit_s = np.array([world.workload.jobs[j].submit_s for j in placements.job])
    for i in np.flatnonzero(placements.start_s < submit_s - 1e-6)[:3]:
        yield Fault(f"start of job {placements.ids[i]}", float(placements.start_s[i]), f">= {submit_s[i]}")
    ran_s = placements.end_s - placements.start_s
    due_s = np.minimum(world.workload.durations_s[placements.job], world.horizon_s - placements.start_s)
    for i in np.flatnonzero(~np.isclose(ran_s, due_s, rtol=TOLERANCE, atol=1e-6))[:3]:
        yield Fault(f"duration of job {placements.ids[i]}", float(ran_s[i]), float(due_s[i]))


def _capacity_faults(world: World, placements: _Placements) -> Iterator[Fault]:
    """No region ever holds more than its CPUs, GPUs or memory; ends come before starts at equal times."""
    for r, region in enumerate(world.regions):
        mine = np.flatnonzero(placements.region == r)
        jobs = [world.workload.jobs[int(j)] for j in placements.job[mine]]
        held = np.array([[job.cpus, job.gpus, job.memory_gb] for job in jobs]).reshape(-1, 3)
        times = np.concatenate([placements.end_s[mine], placements.start_s[mine]])
        change = np.concatenate([-held, held])
        order = np.argsort(times, kind="stable")
        peak = np.cumsum(change[order], axis=0).max(axis=0, initial=0.0)
        for name, most, limit in zip(("CPUs", "GPUs", "memory GB"), peak, region.capacity, strict=True):
            if most > limit + 1e-6:
                yield Fault(f"peak {name} of region {region.id}", float(most), f"<= {limit:g}")


def _total_faults(
    folder: RunFolder,
    world: World,
    placements: _Placements,
    totals: tuple[FloatArray, FloatArray, FloatArray],
) -> Iterator[Fault]:
    """Compare the summary with totals recomputed here."""
    energy, carbon, cost = (float(values.sum()) for values in totals)
    idle_kwh, idle_g, idle_usd = _idle(world)
    said = folder.summary["carbon_kg"]
    expected: dict[str, float] = {
        "carbon_kg.dynamic": carbon / G_PER_KG,
        "carbon_kg.idle": idle_g / G_PER_KG,
        "carbon_kg.total": sum(float(said.get(k, 0.0)) for k in ("embodied", "transfer", "llm"))
        + (carbon + idle_g) / G_PER_KG,
        "energy_kwh": energy + idle_kwh,
        "cost_usd": cost + idle_usd,
        **_counts(world, placements),
    }
    for name, value in expected.items():
        found = _dig(folder.summary, name)
        if not isinstance(found, int | float) or not _same(float(found), value):
            yield Fault(f"summary.json {name}", found, value)


def _idle(world: World) -> tuple[float, float, float]:
    """Return kWh, g and USD of the idle servers over the horizon, zeros if the scenario does not count them."""
    if not world.accounting.idle:
        return 0.0, 0.0, 0.0
    kwh = carbon = cost = 0.0
    for r, region in enumerate(world.regions):
        facility_w = region.idle_w * region.pue
        kwh += facility_w * world.horizon_s / J_PER_KWH
        carbon += facility_w * overlap_sum(world.intensity[r], 0.0, world.horizon_s) / J_PER_KWH
        cost += facility_w * overlap_sum(world.price[r], 0.0, world.horizon_s) / J_PER_KWH / 1000.0
    return kwh, carbon, cost


def _counts(world: World, placements: _Placements) -> dict[str, float]:
    """Return jobs, unfinished jobs, SLA violations and mean wait."""
    jobs = world.workload.jobs
    ran = {int(j): i for i, j in enumerate(placements.job)}
    late = unfinished = 0
    waits_s = []
    for j, job in enumerate(jobs):
        duration_s = float(world.workload.durations_s[j])
        i = ran.get(j)
        start_s = world.horizon_s if i is None else float(placements.start_s[i])
        finished = i is not None and start_s + duration_s <= world.horizon_s + 1e-6
        unfinished += not finished
        late += start_s + duration_s > job.deadline_s + 1e-6
        if i is not None:
            waits_s.append(start_s - job.submit_s)
    counts: dict[str, float] = {"jobs": len(jobs), "unfinished": unfinished, "sla_violations": late}
    if waits_s:
        counts["wait_s.mean"] = float(np.mean(waits_s))
    return counts


def _dig(summary: Mapping[str, Any], name: str) -> object:
    value: Any = summary
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
