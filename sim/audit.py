"""The audit: recompute a run from its placements and the input series, and name everything that differs.

Of the run folder it trusts the scenario; of placements, transfers, switches and services what happened where and when,
after checking that it could have happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sim.bound import lower_bound
from sim.errors import InputError
from sim.recompute import Answered, Moved, Placed, Recomputed, Switched, overlap_sum
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
    world = build_world(folder.scenario, data_dir)
    return world, audit_in(world, folder, lower_bound(world).dynamic_kg)


def audit_in(world: World, folder: RunFolder, bound_jobs_kg: float) -> list[Fault]:
    """Return every fault of a run folder, given the world of its scenario and the bound there.

    Raises:
        InputError: If a table lacks a column.
    """
    placed = placed_in(folder, world)
    if faults := list(_worker_faults(world, placed)):  # nothing can be recomputed of a job that works like this
        return faults
    again = Recomputed(
        world,
        placed,
        _moved(folder, world),
        switched(folder, world),
        answered(folder, world),
        frozenset(np.flatnonzero(_numbers(folder, "jobs", "cancelled") > 0).tolist()),
    )
    faults = [
        *_hash_faults(folder, folder.scenario.sha256),
        *_run_faults(world, placed),
        *_work_faults(world, again),
        *_graph_faults(world, again),
        *_move_faults(world, placed, again.moved),
        *_service_faults(world, again.answered),
        *_capacity_faults(world, placed, again),
    ]
    if faults:  # figures of a run that could not be would only add noise
        return faults
    for table in ("placements", "jobs", "regions", "transfers", "services"):
        faults += _column_faults(folder, table, getattr(again, table))
    faults += _column_faults(folder, "decisions", {"actual_carbon_g": _actual_g(folder, again)})
    return faults + list(_total_faults(folder, again, bound_jobs_kg))


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


def _places(folder: RunFolder, table: str, name: str, known: Mapping[str, int]) -> list[int]:
    """Return a column of names as positions in the world."""
    names = [str(value) for value in _column(folder, table, name).to_pylist()]
    strange = next((one for one in names if one not in known), None)
    if strange is not None:
        file = folder.path / f"{table}.parquet"
        raise InputError(f"{file}: column {name!r}: {strange!r} is not in the scenario of run.json")
    return [known[one] for one in names]


def _job_positions(world: World) -> dict[str, int]:
    return {job.id: j for j, job in enumerate(world.workload.jobs)}


def placed_in(folder: RunFolder, world: World) -> Placed:
    """Return what the placements say of job, region, time, workers and kind."""
    return Placed(
        np.array(_places(folder, "placements", "job_id", _job_positions(world)), dtype=np.int64),
        np.array(_places(folder, "placements", "region", world.region_index), dtype=np.int64),
        _numbers(folder, "placements", "start_s"),
        _numbers(folder, "placements", "end_s"),
        _numbers(folder, "placements", "scale"),
        [str(kind) for kind in _column(folder, "placements", "kind").to_pylist()],
    )


def _rows(folder: RunFolder, table: str, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(_numbers(folder, table, name).tolist() for name in names), strict=True)


def _moved(folder: RunFolder, world: World) -> list[Moved]:
    src, dst = (_places(folder, "transfers", name, world.region_index) for name in ("src", "dst"))
    rows = _rows(folder, "transfers", "start_s", "end_s", "gb")
    return [Moved(a, b, *row) for a, b, row in zip(src, dst, rows, strict=True)]


def switched(folder: RunFolder, world: World) -> list[Switched]:
    """Return what a folder says of servers switched on and off."""
    regions = _places(folder, "switches", "region", world.region_index)
    return [
        Switched(r, t_s, round(count))
        for r, (t_s, count) in zip(regions, _rows(folder, "switches", "t_s", "servers_on"), strict=True)
    ]


def answered(folder: RunFolder, world: World) -> list[Answered]:
    """Return what a folder says of services."""
    services = _places(folder, "services", "service_id", {s.id: n for n, s in enumerate(world.services)})
    regions = _places(folder, "services", "region", world.region_index)
    rows = _rows(folder, "services", "start_s", "end_s", "replicas", "rate_per_s", "late_per_s")
    return [
        Answered(s, r, start_s, end_s, round(replicas), rate, late)
        for s, r, (start_s, end_s, replicas, rate, late) in zip(services, regions, rows, strict=True)
    ]


def _hash_faults(folder: RunFolder, expected: str) -> Iterator[Fault]:
    found = folder.run["scenario_sha256"]
    if found != expected:
        yield Fault("run.json scenario_sha256", found, expected)


def _worker_faults(world: World, placed: Placed) -> Iterator[Fault]:
    """No piece has workers that its job cannot have."""
    jobs = world.workload.jobs
    most = np.array([jobs[j].max_scale for j in placed.job.tolist()], dtype=float)
    whole = (placed.scale >= 1) & (placed.scale <= most) & (placed.scale % 1 == 0)
    for i in np.flatnonzero(~whole)[:3].tolist():
        yield Fault(f"workers of job {jobs[placed.job[i]].id}", float(placed.scale[i]), f"1 to {most[i]:g}")


def _run_faults(world: World, placed: Placed) -> Iterator[Fault]:
    """No piece lies before its job's submission or beyond the horizon, and no job is in two pieces at once."""
    jobs = world.workload.jobs
    submit_s = jobs.submit_s[placed.job]
    inside = (placed.start_s >= submit_s - ROUNDING_S) & (placed.start_s < world.horizon_s)
    inside &= (placed.end_s >= placed.start_s) & (placed.end_s <= world.horizon_s + ROUNDING_S)
    for i in np.flatnonzero(~inside)[:3].tolist():
        where = f"start and end of job {jobs[placed.job[i]].id}"
        found = (float(placed.start_s[i]), float(placed.end_s[i]))
        yield Fault(where, found, f"from {submit_s[i]} to {world.horizon_s}")
    order = np.lexsort((placed.start_s, placed.job))
    same = placed.job[order][1:] == placed.job[order][:-1]
    early = same & (placed.start_s[order][1:] < placed.end_s[order][:-1] - ROUNDING_S)
    for i in np.flatnonzero(early)[:3].tolist():
        piece = order[i + 1]
        yield Fault(
            f"job {jobs[placed.job[piece]].id}",
            f"a piece from {placed.start_s[piece]:g} s",
            f"none before the last ended, at {placed.end_s[order[i]]:g} s",
        )


def _work_faults(world: World, again: Recomputed) -> Iterator[Fault]:
    """Nobody works longer than its true duration, and only the horizon, a cancellation or a suspension cuts a run."""
    durations_s, placed = world.workload.durations_s, again.placed
    over = again.work_s > durations_s * (1 + TOLERANCE) + ROUNDING_S
    for j in np.flatnonzero(over)[:3].tolist():
        yield Fault(f"work of job {world.workload.jobs[j].id}", float(again.work_s[j]), f"<= {durations_s[j]}")
    for i in range(len(placed.job)):
        job = world.workload.jobs[int(placed.job[i])]
        rigid = not (job.checkpoint or job.throughput)
        j = placed.job[i]
        short = again.work_s[j] < durations_s[j] * (1 - TOLERANCE) - ROUNDING_S
        cut = short and placed.end_s[i] < world.horizon_s - ROUNDING_S
        if rigid and cut and placed.kind[i] == "run" and j not in again.cancelled:
            yield Fault(
                f"work of job {job.id}, which cannot be suspended",
                float(again.work_s[placed.job[i]]),
                float(durations_s[placed.job[i]]),
            )
            return


def _graph_faults(world: World, again: Recomputed) -> Iterator[Fault]:
    """No job of a graph starts before all that it depends on have ended."""
    start_s, end_s = again.jobs["start_s"], again.jobs["end_s"]
    positions = _job_positions(world)
    for j, own in world.workload.jobs.particulars.items():
        for dep in own.deps:
            done_s = end_s[positions[dep]]
            if start_s[j] == start_s[j] and not done_s <= start_s[j] + ROUNDING_S:
                yield Fault(
                    f"start of job {world.workload.jobs[j].id}", float(start_s[j]), f"after {dep} ends, {done_s}"
                )


def _move_faults(world: World, placed: Placed, moved: Sequence[Moved]) -> Iterator[Fault]:
    """Every transfer takes the time that its link needs, and no job begins away from its data without one."""
    network = world.network
    if network is None:
        if moved:
            yield Fault("transfers.parquet, rows", len(moved), "none: the scenario has no network")
        return
    for move in moved:
        needs_s = move.gb * 8e9 / float(network.throughput_bps[move.src, move.dst]) + float(
            network.rtt_s[move.src, move.dst]
        )
        if abs(move.end_s - move.start_s - needs_s) > 1e-3:
            yield Fault("seconds of a transfer", move.end_s - move.start_s, needs_s)
    arrived = {(move.src, move.dst, round(move.gb, 6)) for move in moved}
    first: dict[int, int] = {}
    for i in np.argsort(placed.start_s, kind="stable").tolist():
        first.setdefault(int(placed.job[i]), int(placed.region[i]))
    for j, r in first.items():
        job = world.workload.jobs[j]
        home = world.region_index[job.home]
        if job.data_gb and r != home and (home, r, round(job.data_gb, 6)) not in arrived:
            yield Fault(f"data of job {job.id}", f"never moved to {world.regions[r].id}", f"{job.data_gb:g} GB moved")


def _service_faults(world: World, answered: Sequence[Answered]) -> Iterator[Fault]:
    """Every request of a service is sent somewhere, exactly once."""
    for s, service in enumerate(world.services):
        sent = sum(a.rate_per_s * (a.end_s - a.start_s) for a in answered if a.service == s)
        came = sum(overlap_sum(rate, 0.0, world.horizon_s) for rate in service.rates if rate)
        if not np.isclose(sent, came, rtol=1e-6):
            yield Fault(f"requests of service {service.id}", sent, came)


def _capacity_faults(world: World, placed: Placed, again: Recomputed) -> Iterator[Fault]:
    """No region ever holds more than its open, switched-on servers; ends come before starts at equal times."""
    jobs = world.workload.jobs
    for r, region in enumerate(world.regions):
        events: list[tuple[float, int, FloatArray]] = []
        for i in np.flatnonzero(placed.region == r).tolist():
            held = jobs.demand[placed.job[i]] * placed.scale[i]
            events += [(float(placed.end_s[i]), 0, -held), (float(placed.start_s[i]), 2, held)]
        for step in again.answered:
            if step.region == r:
                service = world.services[step.service]
                held = step.replicas * np.array([service.cpus, 0.0, service.memory_gb])
                events += [(step.end_s, 0, -held), (step.start_s, 2, held)]
        limit, load, worst = region.capacity, np.zeros(3), np.zeros(3)
        for switch in again.switched:
            if switch.region == r:
                events.append((switch.t_s, 1, _lit_capacity(world, r, switch.servers_on)))
        for _, what, amount in sorted(events, key=lambda event: event[:2]):
            if what == 1:
                limit = amount
                continue
            load = load + amount
            worst = np.maximum(worst, load - limit)
        for name, over in zip(("CPUs", "GPUs", "memory GB"), worst, strict=True):
            if over > 1e-5:
                yield Fault(f"peak {name} of region {region.id}", f"{over:g} more than there are", "no more")


def _lit_capacity(world: World, r: int, on: int) -> FloatArray:
    """Return what the first `on` servers of a region hold."""
    total = np.zeros(3)
    for server, count in world.regions[r].servers:
        lit = min(count, on)
        total += lit * np.array([server.cpus, server.gpus, server.memory_gb])
        on -= lit
    return total


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


def _actual_g(folder: RunFolder, again: Recomputed) -> FloatArray:
    """Return what stands beside each decision: what its job emitted, on the last placement that was carried out."""
    columns = (_column(folder, "decisions", name).to_pylist() for name in ("job_id", "action", "verdict"))
    last = {job: i for i, (job, action, verdict) in enumerate(zip(*columns, strict=True))
            if action == "place" and verdict == "ok"}  # fmt: skip
    actual = np.full(folder.tables["decisions"].num_rows, np.nan)
    for j, job in enumerate(again.world.workload.jobs):
        if job.id in last:
            actual[last[job.id]] = again.jobs["carbon_g"][j]
    return actual


def _total_faults(folder: RunFolder, again: Recomputed, bound_jobs_kg: float) -> Iterator[Fault]:
    """Compare the summary with the totals."""
    llm_kg = _dig(folder.summary, "carbon_kg.llm")
    if not isinstance(llm_kg, int | float) or llm_kg < 0:
        yield Fault("summary.json carbon_kg.llm", llm_kg, "a number, at least 0")
        return
    for name, value in again.totals(llm_kg, bound_jobs_kg).items():
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
