"""A run's figures once more, from its placements and the input series, by another road than the ledger.

The ledger uses prefix sums; this adds up overlaps with every sample. It shares no code with engine, ledger, summary.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.signals import Signal
from sim.units import G_PER_KG, J_PER_KWH, KWH_PER_MWH, FloatArray, IntArray
from sim.world import ROUNDING_S, World


@dataclass(frozen=True, eq=False)
class Placed:
    """What ran, as the placements say: positions of job and region in the world, start and end; shape (S,) each."""

    job: IntArray
    region: IntArray
    start_s: FloatArray
    end_s: FloatArray


def overlap_sum(signal: Signal, start_s: float, end_s: float) -> float:
    """Return the integral of a signal over [start_s, end_s) as the sum of value x overlap of every sample."""
    first = max(0, int((start_s - signal.start_s) // signal.step_s))
    last = int(np.ceil((end_s - signal.start_s) / signal.step_s))
    left = signal.start_s + signal.step_s * np.arange(first, last)
    overlap = np.minimum(left + signal.step_s, end_s) - np.maximum(left, start_s)
    return float((signal.values[first:last] * overlap).sum())


@dataclass(frozen=True, eq=False)
class Recomputed:
    """The figures of a world in which this ran."""

    world: World
    placed: Placed

    @cached_property
    def facility_w(self) -> FloatArray:
        """Power of each placement at the meter, shape (S,)."""
        jobs, regions = self.world.workload.jobs, self.world.regions
        return np.array(
            [
                regions[r].job_power_w(jobs[j].cpus, jobs[j].gpus) * regions[r].pue
                for j, r in zip(self.placed.job, self.placed.region, strict=True)
            ],
            dtype=float,
        )

    @cached_property
    def placements(self) -> dict[str, FloatArray]:
        """Energy, carbon and cost of each placement, and what it holds."""
        span_s = self.placed.end_s - self.placed.start_s
        held = [self.world.workload.jobs[j] for j in self.placed.job]
        return {
            "cpus": np.array([job.cpus for job in held], dtype=float),
            "gpus": np.array([job.gpus for job in held], dtype=float),
            "energy_kwh": self.facility_w * span_s / J_PER_KWH,
            "carbon_g": self.facility_w * self._overlaps(self.world.intensity) / J_PER_KWH,
            "cost_usd": self.facility_w * self._overlaps(self.world.price) / J_PER_KWH / KWH_PER_MWH,
        }

    def _overlaps(self, signals: tuple[Signal, ...]) -> FloatArray:
        rows = zip(self.placed.region, self.placed.start_s, self.placed.end_s, strict=True)
        return np.array([overlap_sum(signals[r], float(start), float(end)) for r, start, end in rows], dtype=float)

    @cached_property
    def jobs(self) -> dict[str, FloatArray]:
        """What became of every job, shape (J,) each; NaN where it never started or ended."""
        world, placed = self.world, self.placed
        count = len(world.workload.jobs)
        start_s, end_s = np.full(count, np.nan), np.full(count, np.nan)
        sums = {name: np.full(count, np.nan) for name in ("energy_kwh", "carbon_g", "cost_usd")}
        late = np.zeros(count)
        ran = {int(j): i for i, j in enumerate(placed.job)}
        for j, job in enumerate(world.workload.jobs):
            duration_s, i = float(world.workload.durations_s[j]), ran.get(j)
            begun_s = world.horizon_s if i is None else float(placed.start_s[i])
            late[j] = begun_s + duration_s > job.deadline_s + ROUNDING_S
            if i is None:
                continue
            start_s[j] = begun_s
            if begun_s + duration_s <= world.horizon_s + ROUNDING_S:
                end_s[j] = placed.end_s[i]
            for name, values in sums.items():
                values[j] = self.placements[name][i]
        submit_s = np.array([job.submit_s for job in world.workload.jobs])
        times = {"start_s": start_s, "end_s": end_s, "wait_s": start_s - submit_s, "jct_s": end_s - submit_s}
        return {**times, "violated": late, **sums}

    @cached_property
    def regions(self) -> dict[str, FloatArray]:
        """Busy CPUs, facility watts and carbon of each region and epoch, idle servers included, shape (R, E)."""
        world = self.world
        edges_s = np.append(np.arange(0.0, world.horizon_s, world.epoch_s), world.horizon_s)
        shape = (len(world.regions), len(edges_s) - 1)
        busy, joules, grams = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for r, region in enumerate(world.regions):
            idle_w = region.idle_w * region.pue
            for e, (left, right) in enumerate(itertools.pairwise(edges_s)):
                joules[r, e] = idle_w * (right - left)
                grams[r, e] = idle_w * overlap_sum(world.intensity[r], left, right) / J_PER_KWH
        for i, r in enumerate(self.placed.region):
            start_s, end_s = float(self.placed.start_s[i]), float(self.placed.end_s[i])
            cpus, watts = self.placements["cpus"][i], self.facility_w[i]
            for e in range(int(start_s // world.epoch_s), min(shape[1], int(np.ceil(end_s / world.epoch_s)))):
                left, right = max(start_s, edges_s[e]), min(end_s, edges_s[e + 1])
                busy[r, e] += cpus * (right - left)
                joules[r, e] += watts * (right - left)
                grams[r, e] += watts * overlap_sum(world.intensity[r], left, right) / J_PER_KWH
        span_s = np.diff(edges_s)
        return {"busy_cpus": busy / span_s, "power_w": joules / span_s, "carbon_g": grams}

    @cached_property
    def idle(self) -> dict[str, float]:
        """kWh, g and USD of the idle servers over the horizon, zeros if the scenario does not count them."""
        kwh = grams = usd = 0.0
        for r, region in enumerate(self.world.regions if self.world.accounting.idle else ()):
            facility_w, end_s = region.idle_w * region.pue, self.world.horizon_s
            kwh += facility_w * end_s / J_PER_KWH
            grams += facility_w * overlap_sum(self.world.intensity[r], 0.0, end_s) / J_PER_KWH
            usd += facility_w * overlap_sum(self.world.price[r], 0.0, end_s) / J_PER_KWH / KWH_PER_MWH
        return {"energy_kwh": kwh, "carbon_g": grams, "cost_usd": usd}

    def totals(self, llm_kg: float, bound_jobs_kg: float) -> dict[str, float | None]:
        """Return the summary's totals by dotted name. What the language model emitted cannot be recomputed."""
        world, jobs, idle = self.world, self.jobs, self.idle
        count = len(world.workload.jobs)
        dynamic_kg, idle_kg = float(self.placements["carbon_g"].sum()) / G_PER_KG, idle["carbon_g"] / G_PER_KG
        energy_kwh = float(self.placements["energy_kwh"].sum()) + idle["energy_kwh"]
        total_kg, bound_kg = dynamic_kg + idle_kg + llm_kg, bound_jobs_kg + idle_kg
        violations, done = float(jobs["violated"].sum()), jobs["end_s"][~np.isnan(jobs["end_s"])]
        cpu_s = float((self.placements["cpus"] * (self.placed.end_s - self.placed.start_s)).sum())
        first_s = min((job.submit_s for job in world.workload.jobs), default=0.0)
        totals: dict[str, float | None] = {
            "carbon_kg.dynamic": dynamic_kg,
            "carbon_kg.idle": idle_kg,
            "carbon_kg.embodied": 0.0,
            "carbon_kg.transfer": 0.0,
            "carbon_kg.total": total_kg,
            "energy_kwh": energy_kwh,
            "cost_usd": float(self.placements["cost_usd"].sum()) + idle["cost_usd"],
            "intensity_g_per_kwh": _ratio((dynamic_kg + idle_kg) * G_PER_KG, energy_kwh),
            "g_per_job": _ratio(dynamic_kg * G_PER_KG, count),
            "makespan_s": float(done.max()) - first_s if len(done) else None,
            "jobs": count,
            "unfinished": count - len(done),
            "sla_violations": violations,
            "violation_rate": _ratio(violations, count),
            "utilization": _ratio(cpu_s, sum(region.cpus for region in world.regions) * world.horizon_s),
            "bound_kg": bound_kg,
            "bound_jobs_kg": bound_jobs_kg,
            "gap": _ratio(total_kg - bound_kg, bound_kg),
            "gap_jobs": _ratio(dynamic_kg - bound_jobs_kg, bound_jobs_kg),
        }
        for name in ("wait_s", "jct_s"):
            known = jobs[name][~np.isnan(jobs[name])]
            totals[f"{name}.mean"] = float(np.mean(known)) if len(known) else None
            for share in (50, 95, 99):
                totals[f"{name}.p{share}"] = float(np.percentile(known, share)) if len(known) else None
        return totals


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
