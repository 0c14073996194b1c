"""Spots for many jobs of one kind: where they have room, and what each would emit there.

Jobs that touch as many slots and ask for the same are of one kind: they find room in the same places, and what one of
them emits from a slot on is a sum of the same few numbers, weighed by its watts and by the part of its last slot that
it needs. So all spots of all of them are one matrix product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.units import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from sim.schedulers.plan.packing import Packing

_EPS = 1e-9
ROOM_EPS = 1e-6


class Spot(NamedTuple):
    """A place for a job: region and first slot, and the grams it would emit there."""

    region: int
    slot: int
    carbon_g: float


class Spots:
    """The C spots with room for jobs of one kind, by slot and then by region; of P jobs, what each emits there.

    Attributes:
        region: Region of each spot, shape (C,).
        slot: First slot of each, shape (C,).
        carbon_g: Grams of each job in each spot, shape (P, C); infinite where it would be late or its data not there.
    """

    def __init__(self, packing: Packing, rows: IntArray, room: FloatArray, priced: FloatArray | None = None) -> None:
        """Find the spots for the jobs at `rows`.

        Args:
            packing: The jobs; those at `rows` are of one kind.
            rows: Which of them.
            room: Free CPUs, GPUs and memory, shape (R, K, 3).
            priced: Running sums of prices of room, shape (R, K + 1, 3), which count beside the carbon in the choice.
        """
        most = packing.most[rows]
        self._length, self._demand = int(packing.length[rows[0]]), packing.demand[rows[0]]
        self._starts = max(0, int(most.max()))
        self._home = packing.jobs.home[rows]
        self.slot, self.region = np.nonzero(self._fits(room).T)
        self._column = np.full((len(room), self._starts), -1)
        self._column[self.region, self.slot] = np.arange(len(self.slot))
        self.carbon_g = packing.grams(rows, self.region, self.slot)
        self.carbon_g[self.slot >= most[:, None]] = np.inf
        if packing.away is not None:
            self.carbon_g[self.slot < packing.away[rows][:, self.region]] = np.inf
        self._choice_g = self.carbon_g
        if priced is not None:
            held = priced[self.region, self.slot + self._length] - priced[self.region, self.slot]
            self._choice_g = self.carbon_g + held @ self._demand

    def _fits(self, room: FloatArray) -> BoolArray:
        """Return where every slot of a run has room, shape (R, starts), by a running count of full slots."""
        return runs_of_room(room[:, : self._starts + self._length - 1], self._demand, self._length, self._starts)

    def choose(self, n: int) -> Spot | None:
        """Return the best spot of the n-th job: of equals the earlier, and then the one in its home region."""
        grams = self._choice_g[n]
        least = float(grams.min(initial=np.inf))
        if least == np.inf:
            return None
        most = least + _EPS * max(1.0, abs(least))
        at = int((grams <= most).argmax())
        at_home = int(self._column[self._home[n], self.slot[at]])
        if at_home >= 0 and grams[at_home] <= most:
            at = at_home
        return Spot(int(self.region[at]), int(self.slot[at]), float(self.carbon_g[n, at]))

    def take(self, spot: Spot, room: FloatArray) -> None:
        """Close the spots of a region that have no room any more, after one was taken."""
        r, end = spot.region, spot.slot + self._length
        if (room[r, spot.slot : end] >= self._demand - ROOM_EPS).all():
            return
        first = max(0, spot.slot - self._length + 1)
        fits = self._fits(room[r : r + 1])[0, first:end]
        gone = self._column[r, first:end][~fits]
        self._choice_g[:, gone[gone >= 0]] = np.inf


def runs_of_room(room: FloatArray, demand: FloatArray, length: int, starts: int) -> BoolArray:
    """Return where `length` slots from a start on all have room for a demand, shape (R, starts)."""
    full = (room < demand - ROOM_EPS).any(axis=2)
    sums = np.zeros((full.shape[0], full.shape[1] + 1), dtype=np.int64)
    np.cumsum(full, axis=1, out=sums[:, 1:])
    return np.asarray(sums[:, length : length + starts] == sums[:, :starts])
