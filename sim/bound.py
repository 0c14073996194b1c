"""A lower bound on the emissions of any schedule that meets the deadlines, with perfect knowledge.

Per job: the cleanest run in any region that can hold it, capacity and rules left out. So no feasible
schedule can emit less; how far the bound lies below the optimum is not known.

A watt of a job emits at least `floor` in a region: PUE (with a cooling model its factor, without the fixed losses)
times intensity, times the share of the grid in the supply of a site that carries nothing but its idle servers, for
more load only lowers the share of the sun and wind. Jobs that can be suspended take the cleanest seconds of their
window; elastic ones their whole work at their most efficient scale in its cleanest moment; services count as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.fleet import Fleet
from sim.history import History, Switch
from sim.jobs import Jobs
from sim.ledger import keep_books
from sim.signals import Bundle, Signal
from sim.units import G_PER_KG, J_PER_KWH, BoolArray, FloatArray, IntArray
from sim.world import ROUNDING_S, World

_CHUNK = 512


@dataclass(frozen=True)
class Bound:
    """Kilograms: of the jobs, of what no scheduler changes (idle, embodied), and their sum."""

    jobs_kg: float
    idle_kg: float
    embodied_kg: float = 0.0

    @property
    def total_kg(self) -> float:
        """What any schedule's counted total is at least."""
        return self.jobs_kg + self.idle_kg + self.embodied_kg


def lower_bound(world: World) -> Bound:
    """Return the per-job bound for all jobs of the world, and what counts of the idle and embodied carbon."""
    nothing = keep_books(world, History(switches=_fewest_servers(world)))
    return Bound(
        jobs_kg=float(cleanest_runs_g(world).sum()) / G_PER_KG,
        idle_kg=float(nothing.series.idle_g.sum()) / G_PER_KG if world.accounting.idle else 0.0,
        embodied_kg=nothing.embodied_g / G_PER_KG if world.accounting.embodied else 0.0,
    )


def _fewest_servers(world: World) -> list[Switch]:
    """Return how few servers can be on: none in power-saving regions, elsewhere all but the closed ones."""
    switches = []
    for r, region in enumerate(world.regions):
        if region.saving:
            switches.append(Switch(0.0, r, 0))
            continue
        moments = sorted({t for c in region.closures for t in (c.start_s, c.end_s) if t < world.horizon_s})
        count = Fleet(region).count
        for t_s in moments:
            closed = sum(c.servers for c in region.closures if c.start_s <= t_s < c.end_s)
            switches.append(Switch(t_s, r, max(0, count - closed)))
    return switches


def cleanest_runs_g(world: World) -> FloatArray:
    """Return the least carbon that each job can emit, grams, shape (J,): over every region and start in its window.

    0 for a job that no schedule can finish in time, or need finish: its true work is longer than its window, or
    its deadline lies beyond the horizon.
    """
    jobs, durations_s = world.workload.jobs, world.workload.durations_s
    least = np.full(len(jobs), np.inf)
    fastest = np.array([max((1.0, *trait.throughput)) for trait in jobs.traits])[jobs.trait] if len(jobs) else 1.0
    possible = (jobs.deadline_s <= world.horizon_s) & (
        jobs.submit_s + durations_s / fastest <= jobs.deadline_s + ROUNDING_S
    )
    plain = np.array([not (t.checkpoint or t.throughput) for t in jobs.traits], dtype=bool)[jobs.trait]
    for r in range(len(world.regions)):
        site = _Floor(world, r)
        fits = possible & (jobs.demand <= world.regions[r].capacity).all(axis=1)
        rigid = np.flatnonzero(fits & plain)
        by_window = rigid[np.argsort((jobs.deadline_s - jobs.submit_s - durations_s)[rigid])]
        for first in range(0, len(by_window), _CHUNK):
            some = by_window[first : first + _CHUNK]
            least[some] = np.minimum(least[some], site.rigid_g(jobs.take(some), durations_s[some]))
        for j in np.flatnonzero(fits & ~plain).tolist():
            least[j] = min(least[j], site.flexible_g(jobs, j, float(durations_s[j])))
    return np.where(possible & np.isfinite(least), least, 0.0)


class _Floor:
    """What a watt of IT load in a region emits at least, as a step function of time."""

    def __init__(self, world: World, r: int) -> None:
        self._region, self._fleet = world.regions[r], Fleet(world.regions[r])
        signals = [s for s in (world.intensity[r], world.temperature[r], world.onsite[r]) if s]
        grid = Bundle.of(signals)
        rows = dict(zip([id(s) for s in signals], grid.values, strict=True))
        overhead = self._overhead(world.temperature[r], rows)
        supply = world.onsite[r]
        if supply:
            least_on = _fewest_on(world, r, grid)
            site_w = self._fleet.idle_w(least_on) * overhead
            overhead = overhead * np.clip(1.0 - rows[id(supply)] / np.maximum(site_w, 1e-9), 0.0, 1.0)
        self._signal = Signal("", "g/kWh", grid.start_s, grid.step_s, rows[id(world.intensity[r])] * overhead)

    def _overhead(self, temperature: Signal | None, rows: dict[int, FloatArray]) -> FloatArray:
        if self._region.cooling and temperature:
            return np.asarray(self._region.cooling.factor(rows[id(temperature)]), dtype=float)
        return np.full(len(next(iter(rows.values()))), self._region.pue)

    @cached_property
    def _edges_s(self) -> FloatArray:
        return np.asarray(self._signal.start_s + self._signal.step_s * np.arange(len(self._signal.values) + 1.0))

    def _watts(self, jobs: Jobs) -> FloatArray:
        watts = jobs.cpus * jobs.utilization * self._fleet.least_cpu_w + jobs.gpus * self._fleet.least_gpu_w
        return np.asarray(watts, dtype=float)

    def rigid_g(self, jobs: Jobs, durations_s: FloatArray) -> FloatArray:
        """Return the least grams of each job run in one go, shape (P,).

        The integral over [t, t + d) as a function of t is linear between the moments where t or t + d crosses a
        sample, so its minimum is at one of those moments or at an end of the window.
        """
        first_s = jobs.submit_s
        last_s = np.maximum(first_s, jobs.deadline_s - durations_s)
        least = np.minimum(self._runs(first_s, durations_s), self._runs(last_s, durations_s))
        for shift_s in (np.zeros(len(jobs)), durations_s):
            begin = np.searchsorted(self._edges_s, first_s + shift_s)
            count = int((np.searchsorted(self._edges_s, last_s + shift_s, side="right") - begin).max(initial=0))
            at = np.minimum(begin[:, None] + np.arange(count), len(self._edges_s) - 1)
            starts_s = self._edges_s[at] - shift_s[:, None]
            starts_s = np.clip(starts_s, first_s[:, None], last_s[:, None])
            if count:
                least = np.minimum(least, self._runs(starts_s, durations_s[:, None]).min(axis=1))
        return np.asarray(self._watts(jobs) * least / J_PER_KWH)

    def _runs(self, starts_s: FloatArray, durations_s: FloatArray) -> FloatArray:
        return self._signal.integral(starts_s, starts_s + durations_s)

    def flexible_g(self, jobs: Jobs, j: int, work_s: float) -> float:
        """Return the least grams of a job that can be suspended, resized or both."""
        job, one = jobs[j], jobs.take([j])
        left_s, right_s = self._edges_s[:-1], self._edges_s[1:]
        open_s = np.clip(np.minimum(right_s, job.deadline_s) - np.maximum(left_s, job.submit_s), 0.0, None)
        inside = open_s > 0
        values, spans_s = self._signal.values[inside], open_s[inside]
        watts = float(self._watts(one)[0])
        if job.throughput:
            best = min(scale / rate for scale, rate in enumerate(job.throughput, start=1))
            return watts * work_s * best * float(values.min()) / J_PER_KWH
        order = np.argsort(values)
        before_s = np.concatenate([[0.0], np.cumsum(spans_s[order])[:-1]])
        used_s = np.clip(work_s - before_s, 0.0, spans_s[order])
        return watts * float((used_s * values[order]).sum()) / J_PER_KWH


def _fewest_on(world: World, r: int, grid: Bundle) -> IntArray:
    """Return the fewest servers that can be on in each interval of a grid; a closure that touches it counts wholly."""
    region = world.regions[r]
    count = 0 if region.saving else Fleet(region).count
    left_s = grid.start_s + grid.step_s * np.arange(grid.values.shape[1])
    on = np.full(len(left_s), count)
    for closure in region.closures:
        touched: BoolArray = (left_s < closure.end_s) & (left_s + grid.step_s > closure.start_s)
        on[touched] = np.maximum(on[touched] - closure.servers, 0)
    return on
