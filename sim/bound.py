"""A lower bound on the emissions of any schedule that meets the deadlines, with perfect knowledge.

Per job: the cleanest run in any region that can hold it, capacity and rules left out. So no feasible
schedule can emit less; how far the bound lies below the optimum is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.ledger import Ledger, open_ledger, region_series
from sim.signals import Signal
from sim.units import G_PER_KG, J_PER_KWH, FloatArray
from sim.world import ROUNDING_S, World


@dataclass(frozen=True)
class Bound:
    """Kilograms: of the jobs, of what no scheduler changes (idle), and their sum."""

    jobs_kg: float
    idle_kg: float

    @property
    def total_kg(self) -> float:
        """What any schedule's counted total is at least."""
        return self.jobs_kg + self.idle_kg


def lower_bound(world: World) -> Bound:
    """Return the per-job bound for all jobs of the world, and the idle carbon of the horizon if it counts."""
    jobs_g = sum(cleanest_run_g(world, j) for j in range(len(world.workload.jobs)))
    return Bound(jobs_kg=jobs_g / G_PER_KG, idle_kg=idle_g(world) / G_PER_KG)


def idle_g(world: World) -> float:
    """Return the idle carbon of all regions over the horizon, grams; 0 if the scenario does not count it."""
    if not world.accounting.idle:
        return 0.0
    nothing: Ledger = open_ledger(world, [])
    return float(region_series(world, nothing).idle_g.sum())


def cleanest_run_g(world: World, j: int) -> float:
    """Return the least carbon that job `j` can emit, grams: over every region and every start in its window.

    0 for a job that no schedule can finish in time, or need finish: its true duration is longer than its window, or
    its deadline lies beyond the horizon.

    The integral over [t, t + d) as a function of t is linear between the moments where t or t + d
    crosses a sample, so its minimum is at one of those moments or at an end of the window.
    """
    job, duration_s = world.workload.jobs[j], float(world.workload.durations_s[j])
    if job.deadline_s > world.horizon_s or job.submit_s + duration_s > job.deadline_s + ROUNDING_S:
        return 0.0
    window = (job.submit_s, max(job.submit_s, job.deadline_s - duration_s))
    least = np.inf
    for region, signal in zip(world.regions, world.intensity, strict=True):
        if job.cpus > region.cpus or job.gpus > region.gpus or job.memory_gb > region.memory_gb:
            continue
        starts_s = _corners(signal, window, duration_s)
        facility_w = region.job_power_w(job.cpus, job.gpus) * region.pue
        sums = signal.integral(starts_s, starts_s + duration_s)
        least = min(least, facility_w * float(sums.min()) / J_PER_KWH)
    return least


def _corners(signal: Signal, window: tuple[float, float], duration_s: float) -> FloatArray:
    first, last = window
    edges_s = signal.start_s + signal.step_s * np.arange(len(signal.values) + 1)
    corners = np.concatenate([[first, last], edges_s, edges_s - duration_s])
    inside: FloatArray = corners[(corners >= first) & (corners <= last)]
    return inside
