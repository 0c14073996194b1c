"""Rigid jobs packed into the hours ahead: where each stands, what it emits there, and what room is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from sim.jobs import Jobs
from sim.schedulers.plan.spots import ROOM_EPS, Spot, Spots, runs_of_room
from sim.timetable import Timetable
from sim.units import BoolArray, FloatArray, IntArray

_EPS = 1e-9
ROUNDS_OF_SECOND_THOUGHTS = 5


def _kinds(length: IntArray, demand: FloatArray) -> IntArray:
    """Return a number for each job: the same for those that touch as many slots and ask for the same."""
    return np.unique(np.column_stack([length, demand]), axis=0, return_inverse=True)[1].reshape(-1)


State = tuple[FloatArray, IntArray, IntArray, FloatArray]
"""Where all stand: the room left, and region, slot and grams of each."""


class Packing:
    """P rigid jobs on a timetable, whose room they share; `region` and `slot` are -1 where a job stands nowhere.

    Attributes:
        length: Slots that each touches, shape (P,).
        most: Candidate starts of each, slots 0 .. most - 1, within its deadline and the hours ahead; 0: none.
        free: Room of each region and slot, shape (R, K, 3); the timetable's own.
        carbon_g: What each emits where it stands.
        least_g: What each would emit at its best spot if it were alone, shape (P,); infinite without any.
    """

    def __init__(self, timetable: Timetable, jobs: Jobs) -> None:
        self.timetable, self.jobs = timetable, jobs
        self.length: IntArray = timetable.lengths(jobs)
        self.most: IntArray = timetable.timely_starts(jobs)
        self.free: FloatArray = timetable.free
        self.demand: FloatArray = jobs.demand
        self._move_g = timetable.transfer_g(jobs)
        self.away: IntArray | None = None if self._move_g is None else timetable.slots_away(jobs)
        self.kind: IntArray = _kinds(self.length, jobs.demand)
        self._watts: FloatArray = timetable.watts(jobs)
        self.region: IntArray = np.full(len(jobs), -1)
        self.slot: IntArray = np.full(len(jobs), -1)
        self.carbon_g = np.zeros(len(jobs))
        self._capacity = np.array([region.capacity for region in timetable.view.regions])
        self.least_g = np.full(len(jobs), np.inf)
        for rows, spots in self.alone():
            self.least_g[rows] = spots.carbon_g.min(axis=1, initial=np.inf)

    def alone(self) -> Iterator[tuple[IntArray, Spots]]:
        """Yield the jobs of each kind that can be in time, and the spots that they would have if they were alone."""
        whole = np.broadcast_to(self._capacity[:, None, :], self.free.shape)
        for rows in runs_of_a_kind(self, np.argsort(self.kind, kind="stable")):
            yield rows, Spots(self, rows, whole)

    def costs(self, p: int) -> FloatArray:
        """Return what job p would emit in each region from each candidate start, shape (R, most), grams."""
        seconds = float(self.jobs.duration_estimate_s[p])
        grams = self.timetable.run_g_per_w(seconds, int(self.most[p])) * self._watts[p][:, None]
        return np.asarray(grams if self._move_g is None else grams + self._move_g[p][:, : self.most[p]])

    def grams(self, rows: IntArray, region: IntArray, slot: IntArray) -> FloatArray:
        """Return what jobs of one kind would emit in each of C spots, shape (len(rows), C)."""
        length, jobs, table = int(self.length[rows[0]]), self.jobs, self.timetable
        last = slot + length - 1
        start, almost, end = (table.g_per_w[region, at] for at in (slot, last, last + 1))
        part = jobs.duration_estimate_s[rows] / table.view.epoch_s - (length - 1)  # of the last slot
        busy, gpus = (jobs.cpus * jobs.utilization)[rows], jobs.gpus[rows]
        weights, terms = [busy, busy * part], [table.view.cpu_w[region] * of for of in (almost - start, end - almost)]
        if gpus.any():
            weights += [gpus, gpus * part]
            terms += [table.view.gpu_w[region] * of for of in (almost - start, end - almost)]
        grams = np.column_stack(weights) @ np.array(terms)
        return np.asarray(grams if self._move_g is None else grams + self._move_g[rows][:, region, slot])

    def fits(self, p: int) -> BoolArray:
        """Return where job p has room through its whole run, and its data in time, shape (R, most)."""
        count, length = int(self.most[p]), int(self.length[p])
        room = runs_of_room(self.free[:, : count + length - 1], self.demand[p], length, count)
        return room if self.away is None else np.asarray(room & (np.arange(count) >= self.away[p][:, None]))

    def best(self, p: int, priced: FloatArray | None = None) -> Spot | None:
        """Return the spot of least carbon that has room, the earlier and then the home region of equals.

        `priced` are running sums of prices of room (R, K + 1, 3), which count beside the carbon in the choice.
        """
        if self.most[p] < 1:
            return None
        carbon = grams = np.where(self.fits(p), self.costs(p), np.inf)
        if priced is not None:
            count, length = int(self.most[p]), int(self.length[p])
            grams = grams + (priced[:, length : length + count] - priced[:, :count]) @ self.demand[p]
        least = float(grams.min())
        if not np.isfinite(least):
            return None
        tie = grams <= least + _EPS * max(1.0, abs(least))
        slot = int(np.argmax(tie.any(axis=0)))
        home = int(self.jobs.home[p])
        region = home if tie[home, slot] else int(np.argmax(tie[:, slot]))
        return Spot(region, slot, float(carbon[region, slot]))

    def has_room(self, p: int, region: int, slot: int) -> bool:
        """Return whether job p fits there now."""
        return bool((self.free[region, slot : slot + self.length[p]] >= self.demand[p] - ROOM_EPS).all())

    def put(self, p: int, spot: Spot) -> None:
        """Let job p take a spot."""
        self.free[spot.region, spot.slot : spot.slot + self.length[p]] -= self.demand[p]
        self.region[p], self.slot[p], self.carbon_g[p] = spot

    def take_out(self, p: int) -> Spot:
        """Give the room of job p back and return where it stood."""
        spot = Spot(int(self.region[p]), int(self.slot[p]), float(self.carbon_g[p]))
        self.free[spot.region, spot.slot : spot.slot + self.length[p]] += self.demand[p]
        self.region[p] = self.slot[p] = -1
        return spot

    def clear(self, free: FloatArray) -> None:
        """Put every job nowhere, the room as given."""
        self.free[:] = free
        self.region[:] = self.slot[:] = -1
        self.carbon_g[:] = 0.0

    @contextmanager
    def keeping(self, spare: FloatArray) -> Iterator[None]:
        """Keep this room free, shape (R, K, 3), as far as it is."""
        kept = np.minimum(spare, np.maximum(self.free, 0.0))
        self.free -= kept
        yield
        self.free += kept

    def state(self) -> State:
        """Return a copy of where all stand, to `restore`."""
        return self.free.copy(), self.region.copy(), self.slot.copy(), self.carbon_g.copy()

    def restore(self, state: State) -> None:
        """Put all back to where they stood."""
        self.free[:], self.region[:], self.slot[:], self.carbon_g[:] = state

    @property
    def placed(self) -> BoolArray:
        """Which jobs stand somewhere, shape (P,)."""
        return np.asarray(self.slot >= 0)

    @property
    def loss_g(self) -> FloatArray:
        """Grams above its best of each job that stands somewhere, 0 for the others, shape (P,)."""
        return np.where(self.placed, self.carbon_g - np.where(np.isfinite(self.least_g), self.least_g, 0.0), 0.0)


def fill(packing: Packing, order: IntArray, prices: FloatArray | None = None) -> None:
    """Let the jobs choose in this order: each takes the best spot that is free.

    With prices of room (R, K, 3) the best spot is that of least carbon and price, so that it leaves to others what they
    need more; then those that lose choose once more by their carbon alone.
    """
    sums = None
    if prices is not None:
        sums = np.zeros((prices.shape[0], prices.shape[1] + 1, 3))
        np.cumsum(prices, axis=1, out=sums[:, 1:])
    for rows in runs_of_a_kind(packing, order):
        spots = Spots(packing, rows, packing.free, sums)
        for n, p in enumerate(rows.tolist()):
            if spot := spots.choose(n):
                packing.put(p, spot)
                spots.take(spot, packing.free)
    if prices is None:
        return
    for _ in range(ROUNDS_OF_SECOND_THOUGHTS):
        if not _think_again(packing):
            break


def runs_of_a_kind(packing: Packing, order: IntArray) -> list[IntArray]:
    """Return the order cut where the kind changes, without the jobs that have no start in time."""
    order = order[packing.most[order] > 0]
    return np.split(order, np.flatnonzero(np.diff(packing.kind[order])) + 1) if len(order) else []


def _think_again(packing: Packing) -> bool:
    """Let each job that loses move to the best free spot, who loses most first; return whether any did."""
    moved = False
    loss_g = packing.loss_g
    for p in np.argsort(-loss_g, kind="stable").tolist():
        if loss_g[p] <= _EPS:
            break
        old = packing.take_out(p)
        spot = packing.best(p)
        better = spot is not None and spot.carbon_g < old.carbon_g - _EPS
        packing.put(p, spot if spot is not None and better else old)
        moved |= better
    return moved
