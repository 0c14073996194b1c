"""The audit: recompute a run from its placements and the input series, and name everything that differs.

Of the run folder it trusts the scenario, and the placements' job, region, start and end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sim.bound import lower_bound
from sim.errors import InputError
from sim.recompute import Placed, Recomputed
from sim.runfolder import RunFolder
from sim.scenario import build_world
from sim.units import FloatArray
from sim.world import ROUNDING_S, World

TOLERANCE = 1e-9
SMALL = 1e-9
"""Absolute: a difference of a nanogram is none. Prefix sums lose it on runs of seconds."""


@dataclass(frozen=True)
class Fault:
    """Something in a run folder that does not hold: where, what it says, what it should say."""

    where: str
    found: object
    expected: object

    def __str__(self) -> str:
        return f"{self.where}: found {self.found!r}, expected {self.expected!r}"


def audit(folder: RunFolder, data_dir: Path | None) -> tuple[World, list[Fault]]:
    """Return the world of a run and every fault found in its folder.

    Raises:
        InputError: If the series or the workload cannot be read, or a table lacks a column.
    """
    scenario = folder.scenario
    world = build_world(scenario, data_dir)
    placed = _placed(folder, world)
    again = Recomputed(world, placed)
    faults = [*_hash_faults(folder, scenario.sha256), *_run_faults(world, placed), *_capacity_faults(world, placed)]
    if faults:  # figures of a run that could not be would only add noise
        return world, faults
    faults += _column_faults(folder, "placements", again.placements)
    faults += _column_faults(folder, "jobs", again.jobs)
    faults += _column_faults(folder, "regions", again.regions)
    faults += _total_faults(folder, again)
    return world, faults


def _column(folder: RunFolder, table: str, name: str) -> pa.ChunkedArray:
    held = folder.tables[table]
    if name not in held.column_names:
        file = folder.path / f"{table}.parquet"
        raise InputError(f"{file}: column {name!r} is missing; found {', '.join(held.column_names)}")
    return held[name]


def _numbers(folder: RunFolder, table: str, name: str) -> FloatArray:
    """Return a column as numbers, null as NaN."""
    try:
        values = _column(folder, table, name).cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InputError(f"{folder.path / f'{table}.parquet'}: column {name!r} is no column of numbers") from None
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=float)


def _placed(folder: RunFolder, world: World) -> Placed:
    """Return the placements' job, region, start and end; names are looked up in the world."""
    positions = {
        "job_id": {job.id: j for j, job in enumerate(world.workload.jobs)},
        "region": world.region_index,
    }
    found = {}
    for name, known in positions.items():
        names = [str(value) for value in _column(folder, "placements", name).to_pylist()]
        strange = next((one for one in names if one not in known), None)
        if strange is not None:
            file = folder.path / "placements.parquet"
            raise InputError(f"{file}: column {name!r}: {strange!r} is not in the scenario of run.json")
        found[name] = np.array([known[one] for one in names], dtype=np.int64)
    start_s, end_s = (_numbers(folder, "placements", name) for name in ("start_s", "end_s"))
    return Placed(found["job_id"], found["region"], start_s, end_s)


def _hash_faults(folder: RunFolder, expected: str) -> Iterator[Fault]:
    found = folder.run["scenario_sha256"]
    if found != expected:
        yield Fault("run.json scenario_sha256", found, expected)


def _run_faults(world: World, placed: Placed) -> Iterator[Fault]:
    """Each job runs once, not before it was submitted, and for its true duration unless the horizon cut it."""
    jobs = world.workload.jobs
    doubled = len(placed.job) - len(set(placed.job.tolist()))
    if doubled:
        yield Fault("placements", f"{doubled} jobs that ran twice", "each rigid job at most once")
    submit_s = np.array([jobs[j].submit_s for j in placed.job])
    inside = (placed.start_s >= submit_s - ROUNDING_S) & (placed.start_s < world.horizon_s)
    for i in np.flatnonzero(~inside)[:3]:
        where = f"start of job {jobs[placed.job[i]].id}"
        yield Fault(where, float(placed.start_s[i]), f"from {submit_s[i]} to {world.horizon_s}")
    ran_s = placed.end_s - placed.start_s
    due_s = np.minimum(world.workload.durations_s[placed.job], world.horizon_s - placed.start_s)
    for i in np.flatnonzero(~np.isclose(ran_s, due_s, rtol=TOLERANCE, atol=ROUNDING_S))[:3]:
        yield Fault(f"duration of job {jobs[placed.job[i]].id}", float(ran_s[i]), float(due_s[i]))


def _capacity_faults(world: World, placed: Placed) -> Iterator[Fault]:
    """No region ever holds more than its CPUs, GPUs or memory; ends come before starts at equal times."""
    for r, region in enumerate(world.regions):
        mine = np.flatnonzero(placed.region == r)
        jobs = [world.workload.jobs[int(j)] for j in placed.job[mine]]
        held = np.array([[job.cpus, job.gpus, job.memory_gb] for job in jobs]).reshape(-1, 3)
        times = np.concatenate([placed.end_s[mine], placed.start_s[mine]])
        order = np.argsort(times, kind="stable")
        peak = np.cumsum(np.concatenate([-held, held])[order], axis=0).max(axis=0, initial=0.0)
        for name, most, limit in zip(("CPUs", "GPUs", "memory GB"), peak, region.capacity, strict=True):
            if most > limit + 1e-6:
                yield Fault(f"peak {name} of region {region.id}", float(most), f"<= {limit:g}")


def _column_faults(folder: RunFolder, table: str, expected: Mapping[str, FloatArray]) -> Iterator[Fault]:
    """Compare columns of a table with what they should be; the first rows that differ are named."""
    for name, values in expected.items():
        found, right = _numbers(folder, table, name), values.reshape(-1)
        where = f"{table}.parquet {name}"
        if len(found) != len(right):
            yield Fault(f"{where}, rows", len(found), len(right))
            continue
        wrong = np.flatnonzero(~np.isclose(found, right, rtol=TOLERANCE, atol=SMALL, equal_nan=True))
        for i in wrong[:2]:
            yield Fault(f"{where}, row {i}", float(found[i]), float(right[i]))
        if len(wrong) > 2:
            yield Fault(where, f"{len(wrong)} rows that differ", "none")


def _total_faults(folder: RunFolder, again: Recomputed) -> Iterator[Fault]:
    """Compare the summary with the totals."""
    llm_kg = _dig(folder.summary, "carbon_kg.llm")
    if not isinstance(llm_kg, int | float) or llm_kg < 0:
        yield Fault("summary.json carbon_kg.llm", llm_kg, "a number, at least 0")
        return
    for name, value in again.totals(llm_kg, lower_bound(again.world).jobs_kg).items():
        found = _dig(folder.summary, name)
        if not _same(found, value):
            yield Fault(f"summary.json {name}", found, value)


def _same(found: object, expected: float | None) -> bool:
    if expected is None or not isinstance(found, int | float):
        return found is expected
    return bool(np.isclose(found, expected, rtol=TOLERANCE, atol=SMALL))


def _dig(summary: Mapping[str, Any], name: str) -> object:
    value: Any = summary
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
