"""The hours ahead on a grid of epochs: forecast carbon and cost of a run, and the room left for it.

Every planner, and the agent's what-if, reads its options from here, so capacity, deadlines and
rules bind them all alike. The grid's first slot begins now; R regions, K slots, S candidate starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.model import Job, demand
from sim.signals import Signal
from sim.units import J_PER_KWH, KWH_PER_MWH, BoolArray, FloatArray
from sim.view import View
from sim.world import ROUNDING_S

_EPS = 1e-9


@dataclass(frozen=True, eq=False)
class Options:
    """Where and when a job may run, and what each choice would emit and cost by the forecast.

    `late` says that no start within its deadline and delay rules is left: then every later start is offered.
    """

    job: Job
    starts_s: FloatArray  # (S,)
    carbon_g: FloatArray  # (R, S)
    cost_usd: FloatArray  # (R, S)
    feasible: BoolArray  # (R, S)
    late: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """A job's planned run and its forecast figures. `late` as in Options."""

    job: Job
    region: str
    start_s: float
    carbon_g: float
    cost_usd: float
    late: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What a given run would emit and cost by the forecast. `problem` says why it could not start so."""

    carbon_g: float
    cost_usd: float
    late: bool
    problem: str


Score = Callable[[Options], FloatArray]


class Timetable:
    """Forecasts and free capacity per region and slot; assignments made on it take room from later ones."""

    def __init__(self, view: View) -> None:
        self.view = view
        slots = int(np.ceil(view.horizon_s / view.epoch_s))
        self.edges_s = view.now_s + view.epoch_s * np.arange(slots + 1.0)
        self._pue = np.array([region.pue for region in view.regions])
        self._carbon_g_per_w = self._per_watt(view.intensity_forecast)
        self._cost_usd_per_w = self._per_watt(view.price_forecast) / KWH_PER_MWH
        self.intensity = self._at_edges(view.intensity_forecast)
        self.price = self._at_edges(view.price_forecast)
        self._free = self._room(slots)

    def _per_watt(self, signals: tuple[Signal, ...]) -> FloatArray:
        """Return the running sum of signal x PUE per watt of IT power at each slot edge, shape (R, K + 1)."""
        sums = np.array([signal.cumulative(self.edges_s) for signal in signals])
        return np.asarray((sums - sums[:, :1]) * self._pue[:, None] / J_PER_KWH)

    def _at_edges(self, signals: tuple[Signal, ...]) -> FloatArray:
        starts = self.edges_s[:-1]
        return np.array([s.values[((starts - s.start_s) // s.step_s).astype(int)] for s in signals])

    def _room(self, slots: int) -> FloatArray:
        """Return free CPUs, GPUs and memory of each slot, shape (R, K, 3), rules on CPU use included."""
        view = self.view
        capacity = np.array([region.capacity for region in view.regions])
        room: FloatArray = np.repeat(capacity[:, None, :], slots, axis=1)
        room[:, :, 0] *= view.constraints.cpu_limit(self.edges_s[:-1], view.epoch_s)
        for held in view.commitments:
            waits = not held.running and held.start_s <= view.now_s  # in a queue: it starts now at the earliest
            start_s = view.now_s if waits else held.start_s
            end_s = view.now_s + held.job.duration_estimate_s if waits else held.end_s
            first = max(0, self._slot(start_s))
            last = max(first + 1, self._slot_after(end_s))  # what runs longer than its estimate still runs now
            room[view.region_index[held.region], first:last] -= demand(held.job)
        return room

    def _slot(self, t_s: float) -> int:
        return int(np.floor((t_s - self.view.now_s) / self.view.epoch_s + _EPS))

    def _slot_after(self, t_s: float) -> int:
        return int(np.ceil((t_s - self.view.now_s) / self.view.epoch_s - _EPS))

    def last_start_s(self, job: Job) -> float:
        """Return the last start that meets the job's deadline and the delay rules."""
        return min(job.latest_start_s, self.view.constraints.latest_start_s(job))

    def options(self, job: Job, *, late: bool) -> Options | None:
        """Return the job's options within its deadline and delay rules, or all; None if there is no such start."""
        length = self._slot_after(self.view.now_s + job.duration_estimate_s)
        most = len(self.edges_s) - 1 - length
        if not late:
            most = min(most, self._slot(self.last_start_s(job) + ROUNDING_S) + 1)
        return self._options(job, most, length, late=late) if most > 0 else None

    def _options(self, job: Job, count: int, length: int, *, late: bool) -> Options:
        starts_s = self.edges_s[:count]
        feasible = self._fits(job, count, length) & self.view.constraints.allowed(
            job, starts_s, intensity=self.intensity[:, :count], price=self.price[:, :count]
        )
        carbon, cost = self._run_sums(job, count)
        return Options(job, starts_s, carbon, cost, feasible, late)

    def _fits(self, job: Job, count: int, length: int) -> BoolArray:
        """Return, shape (R, S), whether every slot of a run has room, by a running count of full slots."""
        full = (self._free[:, : count + length - 1] < demand(job) - _EPS).any(axis=2)
        sums = np.zeros((full.shape[0], full.shape[1] + 1), dtype=np.int64)
        np.cumsum(full, axis=1, out=sums[:, 1:])
        fits: BoolArray = sums[:, length : length + count] == sums[:, :count]
        return fits

    def _run_sums(self, job: Job, count: int) -> tuple[FloatArray, FloatArray]:
        """Return forecast carbon (g) and cost (USD) of a run from each slot edge, shape (R, S) each."""
        watts = np.array([region.job_power_w(job.cpus, job.gpus) for region in self.view.regions])[:, None]
        whole, part = divmod(job.duration_estimate_s / self.view.epoch_s, 1.0)
        k, used = int(whole), slice(0, count)

        def run(sums: FloatArray) -> FloatArray:
            end = sums[:, k : k + count]
            if part > _EPS:  # linear between edges: exact where slots do not straddle samples
                end = (1 - part) * end + part * sums[:, k + 1 : k + 1 + count]
            return np.asarray(watts * (end - sums[:, used]))

        return run(self._carbon_g_per_w), run(self._cost_usd_per_w)

    def assign(self, job: Job, score: Score, late_score: Score | None = None) -> Assignment | None:
        """Book the feasible option of the lowest score; None if there is none.

        Where no timely start is left, every later one is offered: the earliest is taken, or the one of the lowest
        `late_score`. Ties go to the earlier start, then to the home region, then to scenario order.
        """
        for late, points in ((False, score), (True, late_score or earliest)):
            options = self.options(job, late=late)
            run = self._assign(options, points(options)) if options else None
            if run:
                return run
        return None

    def _assign(self, options: Options, points: FloatArray) -> Assignment | None:
        points = np.where(options.feasible, points, np.inf)
        home = self.view.region_index[options.job.home]
        order = [home, *(r for r in range(len(self.view.regions)) if r != home)]
        ranked = points[order].T  # (S, R): starts first, so that argmin prefers the earlier
        least = float(ranked.min())
        if not np.isfinite(least):
            return None
        # prefix sums differ in their last digits: what is equal within rounding is a tie
        flat = int(np.argmax(ranked <= least + _EPS * max(1.0, abs(least))))
        s, place = divmod(flat, len(order))
        return self._book(options, order[place], s)

    def evaluate(self, job: Job, r: int, start_s: float) -> Figures:
        """Return the figures of a run that starts in region `r` in the slot of `start_s`, and book it.

        A run without room, against a rule or beyond the horizon is not booked: the problem is named.
        """
        late = start_s > self.last_start_s(job) + ROUNDING_S
        end_s = start_s + job.duration_estimate_s
        if start_s < self.view.now_s or end_s > self.edges_s[-1]:
            return Figures(0.0, 0.0, late, "starts before now or ends beyond the planning horizon")
        s = self._slot(start_s)
        length = self._slot_after(end_s) - s
        problem = "" if self._fits(job, s + 1, length)[r, s] else "no room"
        rule = self.view.constraints.why_not(
            job,
            self.view.regions[r].id,
            start_s,
            intensity=float(self.intensity[r, s]),
            price=float(self.price[r, s]),
        )
        problem = rule or problem
        if not problem:
            self._free[r, s : s + length] -= demand(job)
        facility_w = self.view.regions[r].job_power_w(job.cpus, job.gpus) * self.view.regions[r].pue
        carbon, cost = (
            facility_w * float(signals[r].integral(start_s, end_s)) / J_PER_KWH
            for signals in (self.view.intensity_forecast, self.view.price_forecast)
        )
        return Figures(carbon, cost / KWH_PER_MWH, late, problem)

    def _book(self, options: Options, r: int, s: int) -> Assignment:
        job = options.job
        last = s + self._slot_after(self.view.now_s + job.duration_estimate_s)
        self._free[r, s:last] -= demand(job)
        return Assignment(
            job=job,
            region=self.view.regions[r].id,
            start_s=float(options.starts_s[s]),
            carbon_g=float(options.carbon_g[r, s]),
            cost_usd=float(options.cost_usd[r, s]),
            late=options.late,
        )


def earliest(options: Options) -> FloatArray:
    """Score by start time alone, shape (R, S)."""
    return np.broadcast_to(options.starts_s, options.feasible.shape)
