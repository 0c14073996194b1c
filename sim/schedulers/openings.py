"""Starting jobs one after another at this moment, each where its scheduler likes it best of what is still open."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sim.constraints import binds
from sim.jobs import Jobs
from sim.pool import EPS
from sim.schedulers.base import Plan
from sim.timetable import Timetable
from sim.units import BoolArray, FloatArray, IntArray
from sim.view import View
from sim.world import ROUNDING_S

_TIE = 1e-9


class Openings:
    """Where P jobs could start now in R regions; each start takes its room from the others.

    A region is open to a job if it has room for the whole run by the estimates, if the rules let the job start, and if
    its data are there in time for the deadline (those of a late job come from where they come soonest). A job whose
    data must travel is started as soon as they arrive, and holds its room from now on.

    Attributes:
        jobs: In the order that the indices of the methods mean.
        away_s: How long each job's data take to each region, shape (P, R).
    """

    def __init__(self, view: View, jobs: Jobs, timetable: Timetable | None = None) -> None:
        """Look at the present.

        Args:
            timetable: Where runs are also booked ahead; without it, the hours ahead are only looked at if more than
                running jobs will change the room.
        """
        self.jobs = jobs
        self._view = view
        self._demand = jobs.demand
        if timetable is None and not view.steady:
            timetable = Timetable(view)
        self._room = _room(view, timetable)
        self._yielding = timetable.yielding if timetable else None
        self._least = np.minimum.accumulate(self._open(), axis=1)
        self._each = np.arange(len(view.regions))
        self._travels = view.network is not None and bool(jobs.data_gb.any())
        self.away_s = self._transfers_s()
        self._last = self._last_slots()
        self._taken: list[tuple[int, int]] = []

    def _transfers_s(self) -> FloatArray:
        shape = (len(self.jobs), len(self._each))
        if not self._travels:
            return np.zeros(shape)
        assert self._view.network is not None
        return self._view.network.transfer_s(self.jobs.home[:, None], self._each[None, :], self.jobs.data_gb[:, None])

    def _last_slots(self) -> IntArray:
        """Return the last slot that each job touches in each region, shape (P, R)."""
        slots = self._room.shape[1]
        if slots == 1:
            return np.zeros(self.away_s.shape, dtype=np.int64)
        touched = np.ceil((self.away_s + self.jobs.duration_estimate_s[:, None]) / self._view.epoch_s - _TIE)
        return np.clip(touched.astype(np.int64), 1, slots) - 1

    def _open(self, r: int | slice = slice(None)) -> FloatArray:
        """Return the room of each slot for who starts now, of all regions or one; replicas to come make way for it."""
        return self._room[r] if self._yielding is None else self._room[r] + self._yielding[r]

    @property
    def free(self) -> FloatArray:
        """CPUs, GPUs and memory (GB) that are free now, shape (R, 3)."""
        return self._room[:, 0] if self._yielding is None else self._room[:, 0] + self._yielding[:, 0]

    @cached_property
    def capacity(self) -> FloatArray:
        """CPUs, GPUs and memory (GB) of each region, shape (R, 3)."""
        return np.array([region.capacity for region in self._view.regions])

    @cached_property
    def able(self) -> BoolArray:
        """Which regions are large enough for each job, shape (P, R)."""
        return _within(self._demand[:, None, :], self.capacity)

    @cached_property
    def last_start_s(self) -> FloatArray:
        """The last start of each job that keeps its deadline and the delay rules, shape (P,)."""
        last_s, rules = self.jobs.latest_start_s, self._view.constraints
        if not binds(rules):
            return last_s
        return np.minimum(last_s, [rules.latest_start_s(job) for job in self.jobs])

    @cached_property
    def late(self) -> BoolArray:
        """Which jobs no region could start in time any more, shape (P,)."""
        soonest_s = np.where(self.able, self.away_s, np.inf).min(axis=1) if self._travels else 0.0
        return np.asarray(self._view.now_s + soonest_s > self.last_start_s + ROUNDING_S)

    @cached_property
    def allowed(self) -> BoolArray:
        """Where the rules and the deadline let each job start now, room aside, shape (P, R)."""
        permitted = np.ones(self.away_s.shape, dtype=bool)
        if self._travels:
            arrival_s = self._view.now_s + self.away_s
            permitted = (arrival_s <= self.last_start_s[:, None] + ROUNDING_S) | self.late[:, None]
        if binds(self._view.constraints) and not self._travels:
            permitted &= self._permitted_now()
        elif binds(self._view.constraints):
            permitted &= np.array([self._permitted(i) for i in range(len(self.jobs))]).reshape(permitted.shape)
        return permitted

    def _permitted_now(self) -> BoolArray:
        """Return where the rules let each job start now, shape (P, R)."""
        view = self._view
        now = view.intensity_measured.current[:, None], view.price_measured.current[:, None]
        starts_s = np.array([view.now_s])
        return np.asarray(view.constraints.allowed_all(self.jobs, starts_s, intensity=now[0], price=now[1])[:, :, 0])

    def _permitted(self, i: int) -> BoolArray:
        """Return where the rules let a job start: both now and when its data are there, shape (R,)."""
        view = self._view
        starts_s = view.now_s + np.unique(np.append(self.away_s[i], 0.0))
        signals = {"intensity": view.intensity_measured.current, "price": view.price_measured.current}
        shape = (len(self._each), len(starts_s))
        ahead = {name: np.broadcast_to(now[:, None], shape) for name, now in signals.items()}
        allowed = view.constraints.allowed(self.jobs[i], starts_s, **ahead)
        arrival = np.searchsorted(starts_s, view.now_s + self.away_s[i])
        return np.asarray(allowed[:, 0] & allowed[self._each, arrival])

    def fit(self) -> BoolArray:
        """Return which regions are open to each job, shape (P, R)."""
        return self.allowed & _within(self._demand[:, None, :], self._least[self._each, self._last])

    def to(self, i: int) -> BoolArray:
        """Return which regions are open to a job, shape (R,)."""
        open_to = self.allowed[i] & _within(self._demand[i], self._least[self._each, self._last[i]])
        if self._travels and self.late[i] and open_to.any():
            return np.asarray(open_to & (self.away_s[i] <= self.away_s[i, open_to].min()))
        return np.asarray(open_to)

    def best(self, i: int, points: FloatArray, among: BoolArray) -> int | None:
        """Return the region of the most points; of equals home, then scenario order; None if there is none."""
        ranked = np.where(among, points, -np.inf)
        r, home = int(ranked.argmax()), int(self.jobs.home[i])
        most = float(ranked[r])
        if most == -np.inf:
            return None
        return home if ranked[home] >= most - _TIE * max(1.0, abs(most)) else r

    def soonest(self, i: int, among: BoolArray) -> int | None:
        """Return the region in which a job could start first; of equals home, then scenario order."""
        return self.best(i, -self.away_s[i], among)

    def take(self, i: int, r: int) -> None:
        """Start a job in a region."""
        self._room[r, : self._last[i, r] + 1] -= self._demand[i]
        self.look_again(r)
        self._taken.append((i, r))

    def look_again(self, r: int) -> None:
        """Take note that room of a region was booked ahead."""
        np.minimum.accumulate(self._open(r), axis=0, out=self._least[r])

    def plan(self) -> Plan:
        """Return the plan of all starts, in their order."""
        i, region = np.array(self._taken, dtype=np.int64).reshape(-1, 2).T
        return Plan(
            regions=self._view.regions,
            jobs=self.jobs.take(i),
            region=region,
            start_s=self._view.now_s + self.away_s[i, region],
            late=self.late[i],
        )


def _within(demand: FloatArray, room: FloatArray) -> BoolArray:
    return np.asarray((demand <= room + EPS).all(axis=-1))


def _room(view: View, timetable: Timetable | None) -> FloatArray:
    """Return free CPUs, GPUs and memory of each slot, shape (R, K, 3); of one slot where that is all there is to know.

    Where no bookings are kept, nobody has booked a closure, so no more than is free now counts; but servers that are
    off would wake.
    """
    if timetable is None:
        return view.free[:, None, :].copy()
    room = timetable.free
    lit = [r for r, region in enumerate(view.regions) if region.saving is None]
    room[lit, 0] = np.minimum(room[lit, 0], view.free[lit])
    return room
