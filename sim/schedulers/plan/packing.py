"""Rigid jobs packed into the hours ahead: where each stands, what it emits there, and what room is left."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.jobs import Jobs
from sim.timetable import Timetable
from sim.units import BoolArray, FloatArray, IntArray

_EPS = 1e-9
_ROOM_EPS = 1e-6
ROUNDS_OF_SECOND_THOUGHTS = 5


class Spot(NamedTuple):
    """A place for a job: region and first slot, and the grams it would emit there."""

    region: int
    slot: int
    carbon_g: float


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
        self._away: IntArray = timetable.slots_away(jobs)
        self._watts: FloatArray = timetable.watts(jobs)
        self.region: IntArray = np.full(len(jobs), -1)
        self.slot: IntArray = np.full(len(jobs), -1)
        self.carbon_g = np.zeros(len(jobs))
        self._capacity = np.array([region.capacity for region in timetable.view.regions])
        alone = timetable.cheapest(jobs, alone=True)
        self.least_g = np.where(alone.slot >= 0, alone.carbon_g, np.inf)

    def costs(self, p: int) -> FloatArray:
        """Return what job p would emit in each region from each candidate start, shape (R, most), grams."""
        seconds = float(self.jobs.duration_estimate_s[p])
        grams = self.timetable.run_g_per_w(seconds, int(self.most[p])) * self._watts[p][:, None]
        return np.asarray(grams if self._move_g is None else grams + self._move_g[p][:, : self.most[p]])

    def small_enough(self, p: int) -> BoolArray:
        """Return which regions could hold job p at all, shape (R,)."""
        return np.asarray((self.demand[p] <= self._capacity + _ROOM_EPS).all(axis=1))

    def fits(self, p: int) -> BoolArray:
        """Return where job p has room through its whole run, and its data in time, shape (R, most)."""
        count, length = int(self.most[p]), int(self.length[p])
        full = (self.free[:, : count + length - 1] < self.demand[p] - _ROOM_EPS).any(axis=2)
        sums = np.zeros((full.shape[0], full.shape[1] + 1), dtype=np.int64)
        np.cumsum(full, axis=1, out=sums[:, 1:])
        room = sums[:, length : length + count] == sums[:, :count]
        return np.asarray(room & (np.arange(count) >= self._away[p][:, None]))

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
        return bool((self.free[region, slot : slot + self.length[p]] >= self.demand[p] - _ROOM_EPS).all())

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

    def state(self) -> tuple[FloatArray, IntArray, IntArray, FloatArray]:
        """Return a copy of where all stand, to `restore`."""
        return self.free.copy(), self.region.copy(), self.slot.copy(), self.carbon_g.copy()

    def restore(self, state: tuple[FloatArray, IntArray, IntArray, FloatArray]) -> None:
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
    """Let the jobs choose in this order: each takes its best spot if that is still free, else the best of the rest.

    With prices of room (R, K, 3) each takes the spot of least carbon and price, so that it leaves to others what they
    need more; then those that lose choose once more by their carbon alone.
    """
    if prices is None:
        _fill_by_carbon(packing, order)
        return
    sums = np.zeros((prices.shape[0], prices.shape[1] + 1, 3))
    np.cumsum(prices, axis=1, out=sums[:, 1:])
    for p in order.tolist():
        if spot := packing.best(p, sums):
            packing.put(p, spot)
    for _ in range(ROUNDS_OF_SECOND_THOUGHTS):
        if not _think_again(packing):
            break


def _fill_by_carbon(packing: Packing, order: IntArray) -> None:
    choices = packing.timetable.cheapest(packing.jobs)
    for p in order.tolist():
        region, slot = int(choices.region[p]), int(choices.slot[p])
        if slot >= 0 and packing.has_room(p, region, slot):
            packing.put(p, Spot(region, slot, float(choices.carbon_g[p])))
        elif spot := packing.best(p):
            packing.put(p, spot)


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
