"""What given runs would come to by the forecast, and which of them could not start so: many at once.

The runs are taken together, in their order: each that can start takes its room, and its share of the rules' quotas,
from those behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.constraints import binds
from sim.jobs import Jobs
from sim.timetable import Timetable
from sim.units import BoolArray, FloatArray, IntArray
from sim.world import ROUNDING_S

BEYOND = "starts before now or ends beyond the planning horizon"
NO_ROOM = "no room"
_EPS = 1e-9
_ROOM_EPS = 1e-6


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of pending jobs as columns, shape (P,): regions as indices, starts in seconds, numbers of workers."""

    jobs: Jobs
    region: IntArray
    start_s: FloatArray
    scale: IntArray

    @property
    def end_s(self) -> FloatArray:
        """When each ends by its estimate."""
        if (self.scale == 1).all():
            return self.start_s + self.jobs.duration_estimate_s
        rates = [job.throughput[n - 1] if n > 1 else 1.0 for job, n in zip(self.jobs, self.scale.tolist(), strict=True)]
        return np.asarray(self.start_s + self.jobs.duration_estimate_s / rates)


@dataclass(frozen=True, eq=False)
class Reckoned:
    """Forecast carbon (g) and cost (USD) of each run, whether it would be late, and why it could not start so.

    Shape (P,) each; a run that could start has an empty problem. One beyond the horizon has neither carbon nor cost.
    """

    carbon_g: FloatArray
    cost_usd: FloatArray
    late: BoolArray
    problems: list[str]


def reckon(timetable: Timetable, runs: Runs) -> Reckoned:
    """Return what the runs come to, and book on the timetable those that can start."""
    end_s = runs.end_s
    beyond = (runs.start_s < timetable.view.now_s) | (end_s > timetable.edges_s[-1])
    carbon_g, cost_usd = (
        np.where(beyond, 0.0, _per_run(timetable, runs, end_s, sums))
        for sums in (timetable.g_per_w, timetable.usd_per_w)
    )
    last_s = runs.jobs.latest_start_s
    if binds(timetable.rules):
        last_s = np.array([timetable.last_start_s(job) for job in runs.jobs])
    return Reckoned(carbon_g, cost_usd, runs.start_s > last_s + ROUNDING_S, list(_book(timetable, runs, end_s, beyond)))


def _per_run(timetable: Timetable, runs: Runs, end_s: FloatArray, sums: FloatArray) -> FloatArray:
    """Return the watts of each run times what a watt comes to over it, shape (P,)."""
    jobs, r, edges_s = runs.jobs, runs.region, timetable.edges_s
    watts = (jobs.cpus * jobs.utilization * timetable.view.cpu_w[r] + jobs.gpus * timetable.view.gpu_w[r]) * runs.scale
    of_a_watt = np.zeros(len(jobs))
    for row in np.unique(r).tolist():
        mine = r == row
        at = [np.interp(times_s[mine], edges_s, sums[row]) for times_s in (runs.start_s, end_s)]
        of_a_watt[mine] = at[1] - at[0]
    return np.asarray(watts * of_a_watt)


def _book(timetable: Timetable, runs: Runs, end_s: FloatArray, beyond: BoolArray) -> Iterator[str]:
    """Yield each run's problem, none for those that could start: they are booked before the next is looked at."""
    now_s, epoch_s = timetable.view.now_s, timetable.view.epoch_s
    free, yielding, bound = timetable.free, timetable.yielding, binds(timetable.rules)
    first = np.floor((runs.start_s - now_s) / epoch_s + _EPS).astype(int).tolist()
    after = np.ceil((end_s - now_s) / epoch_s - _EPS).astype(int).tolist()
    wanted = runs.jobs.demand * runs.scale[:, None]
    for i, (r, s, end, out) in enumerate(zip(runs.region.tolist(), first, after, beyond.tolist(), strict=True)):
        if out:
            yield BEYOND
            continue
        problem, room = _why_not(timetable, runs, i, float(end_s[i])) if bound else None, free[r, s:end]
        if not problem and not (room >= wanted[i] - _ROOM_EPS).all():
            makes_way = s == 0 and yielding is not None and (room + yielding[r, :end] >= wanted[i] - _ROOM_EPS).all()
            problem = None if makes_way else NO_ROOM
        if not problem:
            room -= wanted[i]
            if bound:
                timetable.rules.take(runs.jobs[i], r, float(runs.start_s[i]))
        yield problem or ""


def _why_not(timetable: Timetable, runs: Runs, i: int, end_s: float) -> str | None:
    job, r, start_s = runs.jobs[i], int(runs.region[i]), float(runs.start_s[i])
    s = int(np.floor((start_s - timetable.view.now_s) / timetable.view.epoch_s + _EPS))
    return timetable.rules.why_not(
        job,
        timetable.view.regions[r].id,
        start_s,
        intensity=float(timetable.intensity[r, s]),
        price=float(timetable.price[r, s]),
        seconds=end_s - start_s if runs.scale[i] > 1 else None,
    )
