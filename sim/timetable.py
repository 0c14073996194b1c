"""The hours ahead on a grid of epochs: forecast carbon and cost of a run, and the room left for it.

Every planner, and the agent's what-if, reads its options from here, so capacity, deadlines and
rules bind them all alike. The grid's first slot begins now; R regions, K slots, S candidate starts, P jobs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.constraints import Weights, binds
from sim.jobs import Jobs
from sim.model import Job, demand
from sim.objective import objective_g
from sim.signals import Bundle
from sim.slots import first_of_least, g_per_w, slots_touched, timely_starts, watts
from sim.units import HOUR_S, J_PER_KWH, KWH_PER_MWH, BoolArray, FloatArray, IntArray
from sim.view import View
from sim.world import ROUNDING_S

_EPS = 1e-9
_ROOM_EPS = 1e-6
_CHUNK = 256
"""Jobs that are compared at once: their options fit the processor's cache."""


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
    weights: Weights | None = None
    broken: FloatArray | None = None  # (R, S)

    @property
    def objective_g(self) -> FloatArray:
        """What each choice comes to by the rules' weights and wishes, (R, S); its carbon where they say nothing."""
        if self.weights is None and self.broken is None:
            return self.carbon_g
        return objective_g(
            self.weights,
            self.broken,
            self.feasible,
            carbon_g=self.carbon_g,
            cost_usd=self.cost_usd,
            delay_s=self.starts_s - self.job.submit_s,
        )


@dataclass(frozen=True, slots=True)
class Assignment:
    """A job's planned run and its forecast figures, None where none were made. `late` as in Options.

    `scale` is its workers; at `until_s` it is to be suspended if it has not ended.
    """

    job: Job
    region: str
    start_s: float
    carbon_g: float | None
    cost_usd: float | None
    late: bool
    scale: int = 1
    until_s: float = math.inf


@dataclass(frozen=True, eq=False)
class Choices:
    """The best option of each of P jobs by itself: region, slot and carbon; slot -1 where none is feasible in time."""

    region: IntArray
    slot: IntArray
    carbon_g: FloatArray


Score = Callable[[Options], FloatArray]


class Timetable:
    """Forecasts and free capacity per region and slot; assignments made on it take room from later ones.

    Jobs leave room for the replicas that services are expected to hold. A job that cannot be in time beside them may
    start at once in the room of those that are still to come: they will make way for what runs then.
    """

    def __init__(self, view: View, outlook: Bundle | None = None) -> None:
        """Lay out the hours ahead; `outlook` takes the place of the view's own intensity forecast, if given."""
        self.view = view
        self._outlook = outlook or view.intensity_outlook
        slots = int(np.ceil(view.horizon_s / view.epoch_s))
        self.edges_s = view.now_s + view.epoch_s * np.arange(slots + 1.0)
        self._overhead = view.overhead(self.edges_s[:-1])
        self._cpu_w, self._gpu_w = view.cpu_w, view.gpu_w
        self._carbon_g_per_w = self._per_watt(self._outlook)
        self._slots = slots
        self.rules = view.constraints.draft()

    @cached_property
    def free(self) -> FloatArray:
        """Free CPUs, GPUs and memory of each slot, shape (R, K, 3); booking takes from it."""
        return self._room(self._slots)

    @cached_property
    def replicas(self) -> FloatArray | None:
        """What replicas of services are expected to hold in each slot, shape (R, K, 3); None without services."""
        return self.view.replicas if self.view.services else None

    @property
    def staying(self) -> FloatArray:
        """What replicas hold now, in the slots that begin before the next routing step, shape (R, K, 3)."""
        held = np.sum([one.replicas[:, None] * one.service.demand for one in self.view.services], axis=0)
        next_s = (np.floor(self.view.now_s / HOUR_S + _EPS) + 1.0) * HOUR_S
        stays = self.edges_s[:-1] < next_s - _EPS
        return np.asarray(stays[:, None] * held[:, None])

    @property
    def yielding(self) -> FloatArray | None:
        """With what of it replicas will make way for jobs that run by then, shape (R, K, 3); None without services."""
        return None if self.replicas is None else self.replicas - self.staying

    def expect(self, replicas: FloatArray) -> None:
        """Let replicas be expected to hold so much instead, shape (R, K, 3)."""
        self.free = self.beside_jobs - replicas
        self.replicas = replicas

    @property
    def beside_jobs(self) -> FloatArray:
        """What jobs alone leave in each slot, shape (R, K, 3)."""
        return self.free if self.replicas is None else self.free + self.replicas

    @property
    def g_per_w(self) -> FloatArray:
        """Running sums of the forecast carbon per watt of IT power at each slot edge, shape (R, K + 1), grams."""
        return self._carbon_g_per_w

    @property
    def usd_per_w(self) -> FloatArray:
        """The same of the forecast cost of energy, USD."""
        return self._cost_usd_per_w

    def take_amounts(self, r: int, amounts: FloatArray) -> None:
        """Book CPUs, GPUs and memory in region `r` from now on, shape (S, 3), a row a slot; negative gives back."""
        self.free[r, : len(amounts)] -= amounts

    @property
    def free_now(self) -> FloatArray:
        """CPUs, GPUs and memory (GB) that are free in the slot that begins now, shape (R, 3)."""
        return self.free[:, 0].copy()

    def _per_watt(self, outlook: Bundle) -> FloatArray:
        """Return the running sum of signal x overhead per watt of IT power at each slot edge, shape (R, K + 1)."""
        slots = outlook.over_slots(self.edges_s) * self._overhead
        sums = np.zeros((slots.shape[0], slots.shape[1] + 1))
        np.cumsum(slots, axis=1, out=sums[:, 1:])
        sums /= J_PER_KWH
        return sums

    @cached_property
    def _cost_usd_per_w(self) -> FloatArray:
        return self._per_watt(self.view.price_outlook) / KWH_PER_MWH

    @cached_property
    def intensity(self) -> FloatArray:
        """Forecast carbon intensity at each slot's start, shape (R, K)."""
        return self._outlook.at(self.edges_s[:-1])

    @cached_property
    def price(self) -> FloatArray:
        """Forecast price at each slot's start, shape (R, K)."""
        return self.view.price_outlook.at(self.edges_s[:-1])

    def _room(self, slots: int) -> FloatArray:
        """Return free CPUs, GPUs and memory of each slot, shape (R, K, 3), rules on CPU use included."""
        view = self.view
        room = self._summed_room(slots) if view.room is None else view.room.copy()
        if binds(view.constraints):
            limit = view.constraints.cpu_limit(self.edges_s[:-1], view.epoch_s)
            room[:, :, 0] -= (1.0 - limit) * np.array([region.cpus for region in view.regions])[:, None]
        return room

    def _summed_room(self, slots: int) -> FloatArray:
        """Add up the commitments one by one: what the engine's bookings keep up to date."""
        view = self.view
        capacity = np.array([region.capacity for region in view.regions])
        room: FloatArray = np.repeat(capacity[:, None, :], slots, axis=1)
        for held in view.commitments:
            waits = not held.running and held.start_s <= view.now_s  # in a queue: it starts now at the earliest
            start_s = view.now_s if waits else held.start_s
            end_s = view.now_s + held.job.duration_estimate_s if waits else held.end_s
            first = max(0, self._slot(start_s))
            last = max(first + 1, self._slot_after(end_s))  # what runs longer than its estimate still runs now
            room[view.region_index[held.region], first:last] -= demand(held.job) * held.scale
        return room if self.replicas is None else room - self.replicas

    def _slot(self, t_s: float) -> int:
        return int(np.floor((t_s - self.view.now_s) / self.view.epoch_s + _EPS))

    def _slot_after(self, t_s: float) -> int:
        return int(np.ceil((t_s - self.view.now_s) / self.view.epoch_s - _EPS))

    # -- one job at a time -----------------------------------------------------------------------

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
        feasible = self._fits(job, count, length)
        if late:
            feasible[:, 0] |= self._fits_now(job, length)
        feasible &= self._reachable(job, starts_s)
        if binds(self.rules):
            feasible &= self.rules.allowed(
                job, starts_s, intensity=self.intensity[:, :count], price=self.price[:, :count]
            )
        carbon, cost = self._run_sums(job, count)
        if not binds(self.rules):
            return Options(job, starts_s, carbon, cost, feasible, late)
        broken = self.rules.broken(job, starts_s, intensity=self.intensity[:, :count], price=self.price[:, :count])
        return Options(job, starts_s, carbon, cost, feasible, late, self.rules.weights(job), broken)

    def options_at(self, job: Job, starts_s: FloatArray) -> Options:
        """Return the job's options at these moments, now or later, within its deadline and delay rules.

        A run that begins between two slot edges takes every slot that it touches.
        """
        ends_s, outlook = starts_s + job.duration_estimate_s, self._outlook
        feasible = (starts_s <= self.last_start_s(job) + ROUNDING_S) & (ends_s <= self.edges_s[-1])
        feasible = feasible & self._free_throughout(job, starts_s, ends_s) & self._reachable(job, starts_s)
        if binds(self.rules):
            feasible &= self.rules.allowed(
                job, starts_s, intensity=outlook.at(starts_s), price=self.view.price_outlook.at(starts_s)
            )
        watts = (job.cpus * job.utilization * self._cpu_w + job.gpus * self._gpu_w)[:, None]
        carbon, cost = (watts * (self._at(sums, ends_s) - self._at(sums, starts_s)) for sums in self._sums)
        return Options(job, starts_s, carbon, cost, feasible, late=False)

    @property
    def _sums(self) -> tuple[FloatArray, FloatArray]:
        return self._carbon_g_per_w, self._cost_usd_per_w

    def _at(self, sums: FloatArray, times_s: FloatArray) -> FloatArray:
        return np.array([np.interp(times_s, self.edges_s, row) for row in sums])

    def _free_throughout(self, job: Job, starts_s: FloatArray, ends_s: FloatArray) -> BoolArray:
        """Return, shape (R, S), whether every slot that a stay touches has room."""
        full = (self.free < demand(job) - _ROOM_EPS).any(axis=2)
        sums = np.zeros((full.shape[0], full.shape[1] + 1), dtype=np.int64)
        np.cumsum(full, axis=1, out=sums[:, 1:])
        first = np.floor((starts_s - self.view.now_s) / self.view.epoch_s + _EPS).astype(int)
        after = np.ceil((ends_s - self.view.now_s) / self.view.epoch_s - _EPS).astype(int)
        fits: BoolArray = sums[:, np.minimum(after, self._slots)] == sums[:, np.minimum(first, self._slots)]
        return fits

    def _reachable(self, job: Job, starts_s: FloatArray) -> BoolArray:
        """Return, shape (R, S), where the job's data can be by each start."""
        network, regions = self.view.network, range(len(self.view.regions))
        if network is None or not job.data_gb:
            return np.ones((len(regions), len(starts_s)), dtype=bool)
        home = self.view.region_index[job.home]
        away_s = np.array([float(network.transfer_s(home, r, job.data_gb)) for r in regions])
        return np.asarray(starts_s >= self.view.now_s + away_s[:, None] - _EPS)

    def _fits(self, job: Job, count: int, length: int) -> BoolArray:
        """Return, shape (R, S), whether every slot of a run has room, by a running count of full slots."""
        full = (self.free[:, : count + length - 1] < demand(job) - _ROOM_EPS).any(axis=2)
        sums = np.zeros((full.shape[0], full.shape[1] + 1), dtype=np.int64)
        np.cumsum(full, axis=1, out=sums[:, 1:])
        fits: BoolArray = sums[:, length : length + count] == sums[:, :count]
        return fits

    def _fits_now(self, job: Job, length: int) -> BoolArray:
        """Return, shape (R,), where a run from now on has room that replicas make way with; none without services."""
        if (yielding := self.yielding) is None:
            return np.zeros(len(self.view.regions), dtype=bool)
        room = self.free[:, :length] + yielding[:, :length]
        return np.asarray((room >= demand(job) - _ROOM_EPS).all(axis=(1, 2)))

    def _run_sums(self, job: Job, count: int) -> tuple[FloatArray, FloatArray]:
        """Return forecast carbon (g) and cost (USD) of a run from each slot edge, shape (R, S) each.

        What moving its data away from home emits and costs is in it, at the grid and price of the slot of its start.
        """
        watts = (job.cpus * job.utilization * self._cpu_w + job.gpus * self._gpu_w)[:, None]
        seconds = job.duration_estimate_s
        carbon = watts * self._from_each_edge(self._carbon_g_per_w, seconds, count)
        cost = watts * self._from_each_edge(self._cost_usd_per_w, seconds, count)
        network = self.view.network
        if network is None or not job.data_gb:
            return carbon, cost
        home, there = self.view.region_index[job.home], np.arange(len(self.view.regions))
        kwh = network.transfer_kwh(home, there, job.data_gb)[:, None]
        rent = network.transfer_usd(home, there, job.data_gb)[:, None]
        move_usd = rent + kwh * self.price[home, :count] / KWH_PER_MWH
        return carbon + kwh * self.intensity[home, :count], cost + move_usd

    def _from_each_edge(self, sums: FloatArray, seconds: float, count: int) -> FloatArray:
        """Return the part of a running sum that falls on so many seconds from each of the first edges, (R, count)."""
        whole, part = divmod(seconds / self.view.epoch_s, 1.0)
        k = int(whole)
        end = sums[:, k : k + count]
        if part > _EPS:  # linear between edges: exact where slots do not straddle samples
            end = (1 - part) * end + part * sums[:, k + 1 : k + 1 + count]
        return np.asarray(end - sums[:, :count])

    def run_g_per_w(self, seconds: float, count: int) -> FloatArray:
        """Return the grams of one IT watt over so many seconds from each of the first slots' starts, (R, count)."""
        return self._from_each_edge(self._carbon_g_per_w, seconds, count)

    @cached_property
    def slot_g_per_w(self) -> FloatArray:
        """The grams of one IT watt through each slot, shape (R, K); what is equal is equal to the last digit."""
        return np.asarray(self._outlook.over_slots(self.edges_s) * self._overhead / J_PER_KWH)

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

    def _book(self, options: Options, r: int, s: int) -> Assignment:
        job, start_s = options.job, float(options.starts_s[s])
        self.take(job, r, self.touched(start_s, start_s + job.duration_estimate_s))
        self.rules.take(job, r, start_s)
        return Assignment(
            job=job,
            region=self.view.regions[r].id,
            start_s=start_s,
            carbon_g=float(options.carbon_g[r, s]),
            cost_usd=float(options.cost_usd[r, s]),
            late=options.late and start_s > self.last_start_s(job) + ROUNDING_S,
        )

    def assign_at(self, job: Job, starts_s: FloatArray, score: Score) -> Assignment | None:
        """Book the feasible start of the lowest score among these; None if none is feasible in time. Ties as above."""
        return self._assign(options := self.options_at(job, starts_s), score(options))

    def touched(self, start_s: float, end_s: float) -> slice:
        """Return the slots that a stay touches."""
        return slice(self._slot(start_s), self._slot_after(end_s))

    def has_room(self, job: Job, r: int, slots: slice | BoolArray) -> bool:
        """Return whether all these slots of region `r` have room."""
        return bool((self.free[r, slots] >= demand(job) - _ROOM_EPS).all())

    def open_slots(self, jobs: Jobs, region: IntArray) -> BoolArray:
        """Return, shape (P, K), in which slots each job has room in a region of its own, and may start by the rules."""
        kinds, kind = np.unique(jobs.demand, axis=0, return_inverse=True)
        room = np.array([(self.free >= wanted - _ROOM_EPS).all(axis=2) for wanted in kinds])  # (kinds, R, K)
        free = room[kind, region]
        if binds(self.rules):
            for first in range(0, len(jobs), _CHUNK):
                part = np.arange(first, min(first + _CHUNK, len(jobs)))
                allowed = self.rules.allowed_all(
                    jobs.take(part), self.edges_s[:-1], intensity=self.intensity, price=self.price
                )
                free[part] &= allowed[np.arange(len(part)), region[part]]
        return np.asarray(free)

    def take(self, job: Job, r: int, slots: slice | BoolArray) -> None:
        """Take the room of a job in slots of region `r`."""
        self.free[r, slots] -= demand(job)

    # -- many jobs at once -----------------------------------------------------------------------

    def lengths(self, jobs: Jobs) -> IntArray:
        """Return how many slots each job touches when it starts at a slot's edge, shape (P,)."""
        return slots_touched(jobs, self.view.epoch_s)

    def timely_starts(self, jobs: Jobs) -> IntArray:
        """Return how many slots, from now on, each job may start in and be in time, shape (P,)."""
        return self._timely_starts(jobs, self.lengths(jobs))

    def _timely_starts(self, jobs: Jobs, length: IntArray) -> IntArray:
        return timely_starts(jobs, length, self.view.now_s, self.view.epoch_s, self._slots)

    def watts(self, jobs: Jobs) -> FloatArray:
        """Return the dynamic IT watts of each job in each region, shape (P, R)."""
        busy = jobs.cpus * jobs.utilization
        return np.asarray(busy[:, None] * self._cpu_w + jobs.gpus[:, None] * self._gpu_w)

    def slots_away(self, jobs: Jobs) -> IntArray:
        """Return how many slots must pass until each job's data can be in each region, shape (P, R)."""
        network, shape = self.view.network, (len(jobs), len(self.view.regions))
        if network is None:
            return np.zeros(shape, dtype=np.int64)
        there = np.arange(shape[1])
        away_s = network.transfer_s(jobs.home[:, None], there, jobs.data_gb[:, None])
        return np.ceil(np.broadcast_to(away_s, shape) / self.view.epoch_s - _EPS).astype(np.int64)

    def transfer_g(self, jobs: Jobs) -> FloatArray | None:
        """Return what moving each job's data emits at the grid of each slot, shape (P, R, K); None if nothing moves."""
        network = self.view.network
        if network is None or not jobs.data_gb.any():
            return None
        kwh = network.transfer_kwh(jobs.home[:, None], np.arange(len(self.view.regions)), jobs.data_gb[:, None])
        return np.asarray(kwh[:, :, None] * self.intensity[jobs.home][:, None, :])

    def cheapest(self, jobs: Jobs, *, home_only: bool = False, alone: bool = False) -> Choices:
        """Return each job's feasible timely option of least forecast carbon, as if the others were not there.

        `alone` leaves out what runs and is booked too. No rules are looked at: only for Views without any. Ties as in
        `assign`.
        """
        if len(jobs) <= _CHUNK:
            return self._cheapest(jobs, home_only=home_only, alone=alone)
        parts = [self._cheapest(jobs.take(range(p, min(p + _CHUNK, len(jobs)))), home_only=home_only, alone=alone)
                 for p in range(0, len(jobs), _CHUNK)]  # fmt: skip
        columns = zip(*((part.region, part.slot, part.carbon_g) for part in parts), strict=True)
        return Choices(*(np.concatenate(column) for column in columns))

    def _cheapest(self, jobs: Jobs, *, home_only: bool, alone: bool) -> Choices:
        view, each = self.view, np.arange(len(jobs))
        length = self.lengths(jobs)
        last = self._timely_starts(jobs, length) - 1
        start = np.arange(max(1, int(last.max()) + 1))
        regions = jobs.home[None, :] if home_only else np.arange(len(view.regions))[:, None]  # (1, P) or (R, 1)
        carbon = self._many_run_sums(jobs, regions, start)  # (R', P, S)
        feasible = (start <= last[:, None]) & self._many_fit(jobs, regions, start, length, alone=alone)
        carbon = np.where(feasible, carbon, np.inf)
        slot, tie = first_of_least(carbon)
        if home_only:
            region, place = jobs.home, np.zeros_like(each)
        else:
            there = tie[:, each, slot]  # (R, P)
            place = region = np.where(there[jobs.home, each], jobs.home, np.argmax(there, axis=0))
        return Choices(region, slot, carbon[place, each, slot])

    def _many_run_sums(self, jobs: Jobs, regions: IntArray, start: IntArray) -> FloatArray:
        """Return forecast carbon of each job from each slot edge, shape (R', P, S)."""
        sums = self._carbon_g_per_w
        per_w = g_per_w(sums, regions, start, jobs.duration_estimate_s / self.view.epoch_s)
        carbon = np.asarray(watts(jobs, self._cpu_w, self._gpu_w, regions)[:, :, None] * per_w)
        network = self.view.network
        if network is not None and jobs.data_gb.any():
            there = np.broadcast_to(regions, (regions.shape[0], len(jobs)))
            kwh = network.transfer_kwh(jobs.home[None, :], there, jobs.data_gb[None, :])
            carbon += kwh[:, :, None] * self.intensity[jobs.home][:, np.minimum(start, sums.shape[1] - 2)]
        return carbon

    def _many_fit(self, jobs: Jobs, regions: IntArray, start: IntArray, length: IntArray, *, alone: bool) -> BoolArray:
        """Return where each job has room and its data in time, shape (R', P, S) or one that broadcasts to it."""
        fits = np.ones((1, 1, 1), dtype=bool)
        if alone:
            whole = np.array([region.capacity for region in self.view.regions])
            small = np.asarray((jobs.demand[None, :, :] <= whole[:, None, :] + _ROOM_EPS).all(axis=2))  # (R, P)
            fits = (small if regions.shape[1] == 1 else small[jobs.home, np.arange(len(jobs))][None, :])[:, :, None]
        elif not self.view.ample:
            fits = self._runs_of_room(jobs, regions, start, length)
        if self.view.network is not None and jobs.data_gb.any():
            there = np.broadcast_to(regions, (regions.shape[0], len(jobs)))
            away_s = self.view.network.transfer_s(jobs.home[None, :], there, jobs.data_gb[None, :])
            fits = fits & (start * self.view.epoch_s >= np.asarray(away_s)[:, :, None] - _EPS)
        return fits

    def _runs_of_room(self, jobs: Jobs, regions: IntArray, start: IntArray, length: IntArray) -> BoolArray:
        """Return, shape (R', P, S), where all slots of a run have room; jobs of like demand share a count."""
        slots = self.free.shape[1]
        fits = np.empty((regions.shape[0], len(jobs), len(start)), dtype=bool)
        kinds, kind = np.unique(jobs.demand, axis=0, return_inverse=True)
        for n, wanted in enumerate(kinds):
            full = (self.free < wanted - _ROOM_EPS).any(axis=2)
            sums = np.zeros((full.shape[0], slots + 1), dtype=np.int64)
            np.cumsum(full, axis=1, out=sums[:, 1:])
            mine = np.flatnonzero(kind == n)
            at = (regions if regions.shape[1] == 1 else regions[:, mine])[:, :, None]
            end = np.minimum(start + length[mine, None], slots)
            fits[:, mine] = sums[at, end] == sums[at, start]
        return fits

    def book_all(self, jobs: Jobs, choices: Choices) -> bool:
        """Book all these choices if there is room for them together; else book none and return False."""
        if choices.slot.min(initial=0) < 0:
            return False
        if self.view.ample:
            return True
        room, width = self.free.copy(), self.free.shape[1]
        change = np.zeros((len(self.view.regions), width + 1, 3))
        end = np.minimum(choices.slot + self.lengths(jobs), width)
        np.add.at(change, (choices.region, choices.slot), jobs.demand)
        np.subtract.at(change, (choices.region, end), jobs.demand)
        room -= np.cumsum(change, axis=1)[:, :-1]
        if room.min() < -_ROOM_EPS:
            return False
        self.free = room
        return True

    def still_fits(self, job: Job, r: int, s: int, length: int) -> bool:
        """Return whether a run of so many slots from slot `s` in region `r` has room."""
        return bool((self.free[r, s : s + length] >= demand(job) - _ROOM_EPS).all())

    def book(self, job: Job, r: int, s: int, length: int) -> None:
        """Take the room of a run."""
        self.free[r, s : s + length] -= demand(job)
        self.rules.take(job, r, float(self.edges_s[s]))


def earliest(options: Options) -> FloatArray:
    """Score by start time alone, shape (R, S)."""
    return np.broadcast_to(options.starts_s, options.feasible.shape)
