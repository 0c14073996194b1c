"""Starts at this moment, one after another: the ground of schedulers that decide who starts now and who waits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sim.constraints import binds
from sim.model import Job, demand
from sim.pool import EPS
from sim.schedulers.base import Plan
from sim.schedulers.immediate import home_first
from sim.timetable import Assignment, Timetable, earliest
from sim.units import BoolArray, IntArray
from sim.view import View
from sim.world import ROUNDING_S


class Present:
    """What is free now, less what was started here. Every start is checked against capacity, rules and closures.

    The hours ahead are only looked at where they can matter: where more than running jobs will change the room, where
    rules stand or data must move, or once a job that must start found no room and is booked for later.

    Attributes:
        free: CPUs, GPUs and memory (GB) free in each region.
        runs: The starts made, and the bookings, in order.
    """

    def __init__(self, view: View) -> None:
        self.free: list[list[float]] = [room.copy() for room in view.free_now]
        self.runs: list[Assignment] = []
        self._view = view
        self._timetable: Timetable | None = None
        if not view.steady or (view.network is not None and view.pending.data_gb.any()):
            self._look_ahead()

    def hosts(self) -> IntArray:
        """Return where each pending job waits: at home; if it is too large for it, or the rules bar it, elsewhere.

        That is the first other region, in scenario order, that can take it; shape (P,).
        """
        view, jobs = self._view, self._view.pending
        order = np.array(home_first(len(view.regions)))[jobs.home]  # (P, R)
        capacity = np.array([region.capacity for region in view.regions])
        takes = (jobs.demand[:, None, :] <= capacity[order] + EPS).all(axis=2)
        if binds(view.constraints):
            for p, job in enumerate(jobs):
                if not self._allowed_now(job)[jobs.home[p]]:
                    takes[p] &= self._in_time(job)[order[p]]
        return np.asarray(order[np.arange(len(jobs)), takes.argmax(axis=1)])

    def _allowed_now(self, job: Job) -> BoolArray:
        """Return in which regions the rules let a job start now, shape (R,)."""
        view = self._view
        now = view.intensity_measured.current[:, None], view.price_measured.current[:, None]
        at = np.array([view.now_s])
        return np.asarray(view.constraints.allowed(job, at, intensity=now[0], price=now[1])[:, 0])

    def _in_time(self, job: Job) -> BoolArray:
        """Return in which regions a job has any timely start, shape (R,)."""
        options = self._look_ahead().options(job, late=False)
        return np.zeros(len(self.free), dtype=bool) if options is None else np.asarray(options.feasible.any(axis=1))

    def busy_cpus(self, r: int) -> float:
        """Return the CPUs of a region that are not free."""
        return self._view.regions[r].cpus - self.free[r][0]

    def workers(self, job: Job, r: int, most: int) -> int:
        """Return how many workers of a job, at most so many, there is room for; 0 if there is none for one."""
        fit = [(room + EPS) / wanted for room, wanted in zip(self.free[r], demand(job).tolist(), strict=True) if wanted]
        return _fewest(job, max(0, int(min([most, *fit]))))

    def start(self, job: Job, r: int, most: int) -> int:
        """Start a job in a region with at most so many workers; return with how many, 0 if it cannot start now."""
        workers = self.workers(job, r, most)
        for count in dict.fromkeys((workers, min(workers, 1))):
            shape = _with_workers(job, count) if count else None
            if shape and self._may_start(shape, r):
                self._take(shape, r)
                self.runs.append(self._run(job, r, count))
                return count
        return 0

    def start_or_book(self, job: Job, r: int, most: int) -> None:
        """Start a job that must not wait in this region; or as early as any region can take it, with one worker."""
        if self.start(job, r, most):
            return
        if run := self._look_ahead().assign(job, earliest):
            self.runs.append(run)
            self.free = self._look_ahead().free_now.tolist()

    def plan(self) -> Plan:
        """Return the plan of all that was started and booked."""
        plan = Plan.of(self._view, self.runs)
        scale = np.array([run.scale for run in self.runs], dtype=np.int64)
        return replace(plan, scale=scale) if (scale > 1).any() else plan

    def _run(self, job: Job, r: int, workers: int) -> Assignment:
        late = job.latest_start_s + ROUNDING_S < self._view.now_s
        start_s = self._view.now_s + self._slots_away(job, r) * self._view.epoch_s
        return Assignment(job, self._view.regions[r].id, start_s, None, None, late, workers)

    def _slots_away(self, job: Job, r: int) -> int:
        """Return how many slots pass until a job's data, if they leave now, are in a region."""
        network, home = self._view.network, self._view.region_index[job.home]
        if network is None:
            return 0
        return math.ceil(float(network.transfer_s(home, r, job.data_gb)) / self._view.epoch_s - EPS)

    def _look_ahead(self) -> Timetable:
        """Return the timetable of the hours ahead with all starts in it."""
        if self._timetable is None:
            self._timetable = Timetable(self._view)
            for run in self.runs:
                self._book(_with_workers(run.job, run.scale), self._view.region_index[run.region])
            self.free = self._timetable.free_now.tolist()
        return self._timetable

    def _may_start(self, shape: Job, r: int) -> bool:
        if self._timetable is None:
            return True  # there is room, and nothing else to look at
        late = self._timetable.last_start_s(shape) + ROUNDING_S < self._view.now_s
        options = self._timetable.options(shape, late=late)
        slot = self._slots_away(shape, r)
        return options is not None and slot < len(options.starts_s) and bool(options.feasible[r, slot])

    def _take(self, shape: Job, r: int) -> None:
        self.free[r] = [room - wanted for room, wanted in zip(self.free[r], demand(shape).tolist(), strict=True)]
        if self._timetable is not None:
            self._book(shape, r)

    def _book(self, shape: Job, r: int) -> None:
        assert self._timetable is not None
        slots = math.ceil(shape.duration_estimate_s / self._view.epoch_s - EPS)
        self._timetable.book(shape, r, self._slots_away(shape, r), slots)


def _fewest(job: Job, workers: int) -> int:
    """Return the fewest workers that are as fast as so many."""
    if workers <= 1:
        return workers
    return int(np.searchsorted(job.throughput, job.throughput[workers - 1])) + 1


def _with_workers(job: Job, count: int) -> Job:
    """Return the rigid job that an elastic one is with so many workers."""
    if count == 1:
        return job
    cpus, gpus, memory_gb = (demand(job) * count).tolist()
    seconds = job.duration_estimate_s / job.throughput[count - 1]
    return replace(job, cpus=cpus, gpus=gpus, memory_gb=memory_gb, duration_estimate_s=seconds)


def must_start(view: View) -> BoolArray:
    """Return which pending jobs must start before the next decision to keep deadline and delay rules, shape (P,)."""
    last_s = view.pending.latest_start_s
    if binds(view.constraints):
        last_s = np.minimum(last_s, [view.constraints.latest_start_s(job) for job in view.pending])
    return np.asarray(last_s < view.now_s + view.epoch_s)
