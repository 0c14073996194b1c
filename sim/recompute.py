"""A run's figures once more, from its tables and the input series, by another road than the ledger.

The ledger cuts a region's time at every change and takes prefix sums with numpy. This walks each region's events
in order, one interval after the other, in plain Python: it looks up what is there, works out what a watt draws and
emits at that moment, and hands every running piece its part. It shares no code with engine, pool, fleet, ledger or
summary; of the world it takes the scenario's facts and the series.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.model import Region, Server
from sim.signals import Signal
from sim.units import G_PER_KG, J_PER_KWH, KWH_PER_MWH, FloatArray, IntArray
from sim.world import ROUNDING_S, World


@dataclass(frozen=True, eq=False)
class Placed:
    """What ran, as the placements say: positions of job and region, times, workers and kind; shape (P,) each."""

    job: IntArray
    region: IntArray
    start_s: FloatArray
    end_s: FloatArray
    scale: FloatArray
    kind: Sequence[str]


@dataclass(frozen=True, slots=True)
class Moved:
    """A data transfer, as the folder says."""

    src: int
    dst: int
    start_s: float
    end_s: float
    gb: float


@dataclass(frozen=True, slots=True)
class Switched:
    """From a moment on, so many servers of a region draw power."""

    region: int
    t_s: float
    servers_on: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A routing step of a service in a region."""

    service: int
    region: int
    start_s: float
    end_s: float
    replicas: int
    rate_per_s: float
    late_per_s: float


@dataclass(slots=True)
class _Load:
    """Something that holds a region for a time, and what it has drawn, emitted and cost so far."""

    start_s: float
    end_s: float
    held: tuple[float, float, float]
    busy_cpus: float
    extra_w: float
    kwh: float = 0.0
    grams: float = 0.0
    usd: float = 0.0


def overlap_sum(signal: Signal, start_s: float, end_s: float) -> float:
    """Return the integral of a signal over [start_s, end_s) as the sum of value x overlap of every sample."""
    first = max(0, int((start_s - signal.start_s) // signal.step_s))
    last = math.ceil((end_s - signal.start_s) / signal.step_s)
    total = 0.0
    for k in range(first, last):
        left_s = signal.start_s + signal.step_s * k
        total += float(signal.values[k]) * (min(left_s + signal.step_s, end_s) - max(left_s, start_s))
    return total


def value_at(signal: Signal, t_s: float) -> float:
    """Return the sample whose interval holds a moment."""
    return float(signal.values[int((t_s - signal.start_s) // signal.step_s)])


@dataclass(frozen=True, eq=False)
class Recomputed:
    """The figures of a world in which this happened."""

    world: World
    placed: Placed
    moved: Sequence[Moved] = ()
    switched: Sequence[Switched] = ()
    answered: Sequence[Answered] = ()
    cancelled: frozenset[int] = frozenset()

    @cached_property
    def _piece_loads(self) -> list[_Load]:
        return [self._piece_load(p) for p in range(len(self.placed.job))]

    def _piece_load(self, p: int) -> _Load:
        placed = self.placed
        job, workers = self.world.workload.jobs[int(placed.job[p])], float(placed.scale[p])
        start_s, end_s = float(placed.start_s[p]), float(placed.end_s[p])
        extra_w = 0.0
        if placed.kind[p] == "save" and job.checkpoint:
            extra_w = job.checkpoint.save_kwh / job.checkpoint.save_s * J_PER_KWH
        if placed.kind[p] == "restore" and job.checkpoint:
            extra_w = job.checkpoint.restore_kwh / job.checkpoint.restore_s * J_PER_KWH
        held = (job.cpus * workers, job.gpus * workers, job.memory_gb * workers)
        return _Load(start_s, end_s, held, held[0] * job.utilization, extra_w)

    @cached_property
    def _service_loads(self) -> list[_Load]:
        loads = []
        for step in self.answered:
            service = self.world.services[step.service]
            busy = min(step.rate_per_s / service.service_rate_per_s, float(step.replicas))
            held = (step.replicas * service.cpus, 0.0, step.replicas * service.memory_gb)
            loads.append(_Load(step.start_s, step.end_s, held, busy * service.cpus, 0.0))
        return loads

    @cached_property
    def _walked(self) -> list[dict[str, FloatArray]]:
        """Walk every region; afterwards the loads know what they drew."""
        regions = [*self.placed.region.tolist(), *(step.region for step in self.answered)]
        loads = [*self._piece_loads, *self._service_loads]
        return [
            _Walk(self.world, r, [load for load, at in zip(loads, regions, strict=True) if at == r], self.switched).go()
            for r in range(len(self.world.regions))
        ]

    @cached_property
    def placements(self) -> dict[str, FloatArray]:
        """Energy, carbon and cost of each placement, and what it holds."""
        assert self._walked
        loads = self._piece_loads
        return {
            "cpus": np.array([load.held[0] for load in loads], dtype=float),
            "gpus": np.array([load.held[1] for load in loads], dtype=float),
            **_drawn(loads),
        }

    @cached_property
    def services(self) -> dict[str, FloatArray]:
        """Energy, carbon and cost of each service step."""
        assert self._walked
        return _drawn(self._service_loads)

    @cached_property
    def transfers(self) -> dict[str, FloatArray]:
        """Energy, carbon and cost of each transfer: at the grid and price of where it came from."""
        rows = [self._transfer(move) for move in self.moved]
        columns = list(zip(*rows, strict=True)) or [()] * 3
        return dict(
            zip(("energy_kwh", "carbon_g", "cost_usd"), (np.array(c, dtype=float) for c in columns), strict=True)
        )

    def _transfer(self, move: Moved) -> tuple[float, float, float]:
        network, world = self.world.network, self.world
        if network is None:
            return 0.0, 0.0, 0.0
        kwh = move.gb * float(network.energy_kwh_per_gb[move.src, move.dst])
        means = []
        for signal in (world.intensity[move.src], world.price[move.src]):
            span_s = move.end_s - move.start_s
            means.append(
                overlap_sum(signal, move.start_s, move.end_s) / span_s if span_s > 0 else value_at(signal, move.start_s)
            )
        rent = move.gb * float(network.usd_per_gb[move.src, move.dst])
        return kwh, kwh * means[0], rent + kwh * means[1] / KWH_PER_MWH

    @cached_property
    def regions(self) -> dict[str, FloatArray]:
        """The columns of regions.parquet, shape (R, E)."""
        own = [name for name in self._walked[0] if name not in ("idle_kwh", "idle_g", "idle_usd")]
        found = {name: np.array([row[name] for row in self._walked]) for name in own}
        it_kwh = found["dynamic_it_kwh"] + found["idle_it_kwh"]
        found["pue"] = np.divide(it_kwh + found["overhead_kwh"], it_kwh, out=np.ones_like(it_kwh), where=it_kwh > 0)
        return found

    @cached_property
    def idle(self) -> dict[str, float]:
        """kWh, g and USD at the meter of the switched-on servers without load, over all regions."""
        return {name: float(sum(row[f"idle_{name}"].sum() for row in self._walked)) for name in ("kwh", "g", "usd")}

    @cached_property
    def work_s(self) -> FloatArray:
        """The work of each job that was done and kept, in seconds of one worker, shape (J,)."""
        done = np.zeros(len(self.world.workload.jobs))
        for j, load, scale, kind in zip(
            self.placed.job, self._piece_loads, self.placed.scale, self.placed.kind, strict=True
        ):
            if kind == "run":
                done[j] += (load.end_s - load.start_s) * rate(self.world, int(j), scale)
        return done

    @cached_property
    def jobs(self) -> dict[str, FloatArray]:
        """What became of every job, shape (J,) each; NaN where it never started or ended."""
        world, placed, drawn = self.world, self.placed, self.placements
        count = len(world.workload.jobs)
        sums = {name: np.full(count, np.nan) for name in ("energy_kwh", "carbon_g", "cost_usd")}
        start_s, last_s = np.full(count, np.nan), np.full(count, np.nan)
        for p, j in enumerate(placed.job.tolist()):
            start_s[j] = min(start_s[j], placed.start_s[p]) if start_s[j] == start_s[j] else placed.start_s[p]
            last_s[j] = max(last_s[j], placed.end_s[p]) if last_s[j] == last_s[j] else placed.end_s[p]
            for name, values in sums.items():
                values[j] = drawn[name][p] + (values[j] if values[j] == values[j] else 0.0)
        end_s, late = np.full(count, np.nan), np.zeros(count)
        for j in range(count):
            job, left_s = world.workload.jobs[j], float(world.workload.durations_s[j] - self.work_s[j])
            if left_s <= ROUNDING_S * max(1.0, float(world.workload.durations_s[j])):
                end_s[j] = last_s[j]
            fastest = max((1.0, *job.throughput))
            soonest_s = end_s[j] if end_s[j] == end_s[j] else world.horizon_s + left_s / fastest
            late[j] = soonest_s > job.deadline_s + ROUNDING_S or j in self.cancelled
        submit_s, deadline_s = (
            np.array([getattr(job, name) for job in world.workload.jobs]) for name in ("submit_s", "deadline_s")
        )
        times = {"submit_s": submit_s, "start_s": start_s, "end_s": end_s, "deadline_s": deadline_s,
                 "wait_s": start_s - submit_s, "jct_s": end_s - submit_s}  # fmt: skip
        return {**times, "violated": late, **sums}

    def totals(self, llm_kg: float, bound_jobs_kg: float) -> dict[str, float | None]:
        """Return the summary's totals by dotted name. What the language model emitted cannot be recomputed."""
        world, jobs, counts = self.world, self.jobs, self.world.accounting
        count = len(world.workload.jobs)
        own = [self.placements, self.services]
        dynamic_kg = sum(float(one["carbon_g"].sum()) for one in own) / G_PER_KG
        idle_kg = self.idle["g"] / G_PER_KG if counts.idle else 0.0
        embodied_kg = self._embodied_g() / G_PER_KG if counts.embodied else 0.0
        moves = {name: float(values.sum()) for name, values in self.transfers.items()}
        transfer_kg = moves["carbon_g"] / G_PER_KG if counts.transfer else 0.0
        energy_kwh = sum(float(one["energy_kwh"].sum()) for one in own)
        cost_usd = sum(float(one["cost_usd"].sum()) for one in own)
        cost_usd += sum(region.reserved_usd_per_h for region in world.regions) * world.horizon_s / 3600
        if counts.idle:
            energy_kwh, cost_usd = energy_kwh + self.idle["kwh"], cost_usd + self.idle["usd"]
        if counts.transfer:
            energy_kwh, cost_usd = energy_kwh + moves["energy_kwh"], cost_usd + moves["cost_usd"]
        fixed_kg = self._floor_idle_kg + embodied_kg
        total_kg, bound_kg = dynamic_kg + idle_kg + embodied_kg + transfer_kg + llm_kg, bound_jobs_kg + fixed_kg
        violations, done = float(jobs["violated"].sum()), jobs["end_s"][~np.isnan(jobs["end_s"])]
        cpu_s = sum(load.held[0] * (load.end_s - load.start_s) for load in [*self._piece_loads, *self._service_loads])
        first_s = min((job.submit_s for job in world.workload.jobs), default=0.0)
        parts = {
            name: float(self.regions[f"{name}_kwh"].sum()) for name in ("dynamic_it", "idle_it", "overhead", "onsite")
        }
        requests = sum(step.rate_per_s * (step.end_s - step.start_s) for step in self.answered)
        late = sum(step.late_per_s * (step.end_s - step.start_s) for step in self.answered)
        totals: dict[str, float | None] = {
            "carbon_kg.dynamic": dynamic_kg,
            "carbon_kg.idle": idle_kg,
            "carbon_kg.embodied": embodied_kg,
            "carbon_kg.transfer": transfer_kg,
            "carbon_kg.total": total_kg,
            "energy_kwh": energy_kwh,
            **{f"energy_parts_kwh.{name}": value for name, value in parts.items()},
            "energy_parts_kwh.grid": float(self.regions["energy_kwh"].sum()),
            "energy_parts_kwh.transfer": moves["energy_kwh"],
            "cost_usd": cost_usd,
            "services.requests": requests,
            "services.late": late,
            "intensity_g_per_kwh": _ratio((dynamic_kg + idle_kg) * G_PER_KG, energy_kwh),
            "g_per_job": _ratio(dynamic_kg * G_PER_KG, count),
            "makespan_s": float(done.max()) - first_s if len(done) else None,
            "jobs": count,
            "unfinished": count - len(done),
            "sla_violations": violations,
            "cancelled": len(self.cancelled),
            "violation_rate": _ratio(violations, count),
            "utilization": _ratio(cpu_s, sum(region.cpus for region in world.regions) * world.horizon_s),
            "bound_kg": bound_kg,
            "bound_jobs_kg": bound_jobs_kg,
            "gap": _ratio(total_kg - bound_kg, bound_kg),
            "gap_jobs": _ratio(dynamic_kg - bound_jobs_kg, bound_jobs_kg),
        }
        for name in ("wait_s", "jct_s", "delay_s"):
            # who worked with more workers may end sooner than one alone would: that is no delay, and no negative one
            late_s = np.clip(jobs["jct_s"] - world.workload.durations_s, 0.0, None)
            values = late_s if name == "delay_s" else jobs[name]
            known = values[~np.isnan(values)]
            totals[f"{name}.mean"] = float(np.mean(known)) if len(known) else None
            for share in (50, 95, 99):
                totals[f"{name}.p{share}"] = float(np.percentile(known, share)) if len(known) else None
        return totals

    def _embodied_g(self) -> float:
        hours = self.world.horizon_s / 3600
        return hours * sum(s.embodied_g_per_h * count for region in self.world.regions for s, count in region.servers)

    @cached_property
    def _floor_idle_kg(self) -> float:
        """What the idle servers emit if nothing ever runs, kg: no schedule emits less."""
        if not self.world.accounting.idle:
            return 0.0
        grams = 0.0
        for r, region in enumerate(self.world.regions):
            moments = sorted({t for closure in region.closures for t in (closure.start_s, closure.end_s)})
            whole = sum(count for _, count in region.servers)
            least = [Switched(r, t, whole - sum(c.servers for c in region.closures if c.start_s <= t < c.end_s))
                     for t in moments]  # fmt: skip
            if region.saving:
                least = [Switched(r, 0.0, 0)]
            grams += float(_Walk(self.world, r, [], least).go()["idle_g"].sum())
        return grams / G_PER_KG


class _Walk:
    """One region from 0 to the horizon, interval by interval."""

    def __init__(self, world: World, r: int, loads: list[_Load], switched: Sequence[Switched]) -> None:
        self.world, self.r, self.region, self.loads = world, r, world.regions[r], loads
        mine = sorted((s for s in switched if s.region == r), key=lambda s: s.t_s)
        self.switch_times = [s.t_s for s in mine]
        self.switch_counts = [sum(count for _, count in self.region.servers), *(s.servers_on for s in mine)]
        self.epochs = math.ceil(world.horizon_s / world.epoch_s - 1e-9)
        names = (
            "busy_cpus", "busy_gpus", "busy_memory_gb", "servers_on", "power_w", "intensity_g_per_kwh",
            "dynamic_it_kwh", "idle_it_kwh", "overhead_kwh", "onsite_kwh", "energy_kwh", "carbon_g", "cost_usd",
            "idle_kwh", "idle_g", "idle_usd",
        )  # fmt: skip
        self.out = {name: np.zeros(self.epochs) for name in names}

    def go(self) -> dict[str, FloatArray]:
        """Return the region's series, shape (E,) each; means where regions.parquet has means."""
        moments = self._moments()
        starting = sorted(self.loads, key=lambda load: load.start_s)
        here: list[_Load] = []
        n = 0
        for left_s, right_s in itertools.pairwise(moments):
            while n < len(starting) and starting[n].start_s <= left_s:
                here.append(starting[n])
                n += 1
            here = [load for load in here if load.end_s > left_s]
            self._interval(left_s, right_s, here)
        spans_s = [min(self.world.epoch_s, self.world.horizon_s - e * self.world.epoch_s) for e in range(self.epochs)]
        for name in ("busy_cpus", "busy_gpus", "busy_memory_gb", "servers_on", "power_w", "intensity_g_per_kwh"):
            self.out[name] /= np.array(spans_s)
        return self.out

    def _moments(self) -> list[float]:
        world, r, end_s = self.world, self.r, self.world.horizon_s
        found = {0.0, end_s, *self.switch_times}
        found |= {e * world.epoch_s for e in range(self.epochs)}
        for load in self.loads:
            found |= {load.start_s, load.end_s}
        for signal in (world.intensity[r], world.price[r], world.temperature[r], world.onsite[r]):
            if signal:
                found |= {signal.start_s + signal.step_s * k for k in range(len(signal.values))}
        return sorted(t for t in found if 0.0 <= t <= end_s)

    def _interval(self, left_s: float, right_s: float, here: list[_Load]) -> None:
        world, region, r = self.world, self.region, self.r
        middle_s = (left_s + right_s) / 2
        span_s = right_s - left_s
        on = self.switch_counts[bisect.bisect_right(self.switch_times, middle_s)]
        idle_w, cpu_w, gpu_w = watts(region, on, math.fsum(load.busy_cpus for load in here))
        dynamic_w = [cpu_w * load.busy_cpus + gpu_w * load.held[1] + load.extra_w for load in here]
        it_w = idle_w + math.fsum(dynamic_w)
        facility_w = it_w * region.pue
        temperature = world.temperature[r]
        if region.cooling and temperature:
            most_w = sum((s.max_w + s.gpus * s.gpu_max_w) * count for s, count in region.servers)
            factor = float(region.cooling.factor(value_at(temperature, middle_s)))
            facility_w = region.cooling.fixed_share * most_w + factor * it_w
        onsite = world.onsite[r]
        onsite_w = min(facility_w, value_at(onsite, middle_s)) if onsite else 0.0
        grid_w = facility_w - onsite_w
        share = grid_w / it_w if it_w > 0 else region.pue
        g_per_j = value_at(world.intensity[r], middle_s) / J_PER_KWH
        usd_per_j = value_at(world.price[r], middle_s) / J_PER_KWH / KWH_PER_MWH
        held_cpus = math.fsum(load.held[0] for load in here)
        beyond = max(0.0, held_cpus - region.reserved_cpus)  # what is not prepaid
        rent = region.usd_per_cpu_h / 3600 * (beyond / held_cpus if held_cpus else 0.0)
        for load, own_w in zip(here, dynamic_w, strict=True):
            joules = own_w * share * span_s
            load.kwh += joules / J_PER_KWH
            load.grams += joules * g_per_j
            load.usd += joules * usd_per_j + load.held[0] * rent * span_s
        idle_j = (idle_w * share if it_w > 0 else grid_w) * span_s
        amounts = {
            "busy_cpus": held_cpus * span_s,
            "busy_gpus": math.fsum(load.held[1] for load in here) * span_s,
            "busy_memory_gb": math.fsum(load.held[2] for load in here) * span_s,
            "servers_on": on * span_s,
            "power_w": facility_w * span_s,
            "intensity_g_per_kwh": g_per_j * J_PER_KWH * span_s,
            "dynamic_it_kwh": (it_w - idle_w) * span_s / J_PER_KWH,
            "idle_it_kwh": idle_w * span_s / J_PER_KWH,
            "overhead_kwh": (facility_w - it_w) * span_s / J_PER_KWH,
            "onsite_kwh": onsite_w * span_s / J_PER_KWH,
            "energy_kwh": grid_w * span_s / J_PER_KWH,
            "carbon_g": grid_w * span_s * g_per_j,
            "cost_usd": grid_w * span_s * usd_per_j
            + held_cpus * rent * span_s
            + region.reserved_usd_per_h / 3600 * span_s,
            "idle_kwh": idle_j / J_PER_KWH,
            "idle_g": idle_j * g_per_j,
            "idle_usd": idle_j * usd_per_j,
        }
        epoch = min(int(middle_s // world.epoch_s), self.epochs - 1)
        for name, amount in amounts.items():
            self.out[name][epoch] += amount


def watts(region: Region, on: int, busy_cpus: float) -> tuple[float, float, float]:
    """Return idle watts, and dynamic watts a busy CPU and a busy GPU, with the first `on` servers switched on."""
    idle_w = cpus = gpus = gpu_w = 0.0
    lit = list(_lit(region, on))
    for server, count in lit:
        idle_w += count * (server.idle_w + server.gpus * server.gpu_idle_w)
        cpus += count * server.cpus
        gpus += count * server.gpus
        gpu_w += count * server.gpus * (server.gpu_max_w - server.gpu_idle_w)
    used = min(1.0, busy_cpus / cpus) if cpus else 0.0
    cpu_w = sum(count * _above_idle_w(server, used) for server, count in lit)
    return idle_w, cpu_w / busy_cpus if busy_cpus else 0.0, gpu_w / gpus if gpus else 0.0


def _lit(region: Region, on: int) -> Iterator[tuple[Server, int]]:
    for server, count in region.servers:
        yield server, min(count, on)
        on -= min(count, on)


def _above_idle_w(server: Server, used: float) -> float:
    if not server.curve:
        return (server.max_w - server.idle_w) * used
    place = used * (len(server.curve) - 1)
    k = min(int(place), len(server.curve) - 2)
    return server.curve[k] + (server.curve[k + 1] - server.curve[k]) * (place - k) - server.curve[0]


def rate(world: World, j: int, scale: float) -> float:
    """Return the work a second of a job with so many workers."""
    throughput = world.workload.jobs[j].throughput
    return 1.0 if scale <= 1 else throughput[int(scale) - 1]


def _drawn(loads: Sequence[_Load]) -> dict[str, FloatArray]:
    columns = zip(*((load.kwh, load.grams, load.usd) for load in loads), strict=True)
    found = [np.array(column, dtype=float) for column in columns] or [np.zeros(0)] * 3
    return dict(zip(("energy_kwh", "carbon_g", "cost_usd"), found, strict=True))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
