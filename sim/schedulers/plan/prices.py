"""Prices of room: what a slot of a region costs because others want it too.

The packing problem with its room priced instead of limited falls apart into single jobs, each of which takes its
cheapest spot at once. Prices rise where more is asked for than there is, and fall where less: a projected subgradient
with Polyak's step, deflected (Held, Wolfe and Crowder 1974; Camerini et al. 1975). At its best prices this Lagrangian
is as high as the start-time LP relaxation, above the preemptive LP, and needs no solver.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.schedulers.plan.packing import Packing
from sim.units import FloatArray, IntArray

WORK = 100_000_000
"""Spots looked at in all: so many rounds as that allows, at most ROUNDS."""
ROUNDS, FEWEST = 250, 40
_DEFLECTION, _PATIENCE, _SHRINK = 0.5, 10, 0.7


def room_prices(packing: Packing, target_g: float) -> FloatArray | None:
    """Return grams for holding a unit of each resource through each slot, shape (R, K, 3); None if it would take long.

    Args:
        packing: Its room is what the jobs compete for; nobody may stand in it.
        target_g: What a schedule without prices emits: the step is as large as if that were the optimum.
    """
    size = len(packing.jobs) * packing.free.shape[0] * int(packing.most.max(initial=0))
    rounds = min(ROUNDS, WORK // max(1, size))
    if rounds < FEWEST or not size:
        return None
    return ascend(_Spots(packing).respond, packing.free.shape, rounds, _PATIENCE, lambda _: target_g)


def ascend(
    respond: Callable[[FloatArray], tuple[float, FloatArray]],
    shape: tuple[int, ...],
    rounds: int,
    patience: int,
    target_g: Callable[[float], float],
) -> FloatArray:
    """Return the prices of highest value that so many rounds find, from 0 on, by deflected subgradients.

    Args:
        respond: Prices to their value, and to the excess of demand over room at them.
        shape: Of the prices.
        rounds: At most so many.
        patience: So many without a better value make the steps smaller.
        target_g: The value that is hoped for, given the highest so far: a step is as large as if it were the optimum.
    """
    prices = best = np.zeros(shape)
    direction, highest, step, waited = np.zeros_like(prices), -1.0, 1.0, 0
    for _ in range(rounds):
        value, excess = respond(prices)
        if value > highest + 1e-4 * abs(highest):
            highest, best, waited = value, prices, 0
        else:
            waited += 1
            if waited == patience:
                step, waited = step * _SHRINK, 0
        direction = _DEFLECTION * direction + excess
        if not _useful(direction, prices).any():
            direction = excess  # what was learnt before points nowhere: begin anew
        useful = _useful(direction, prices)
        length = float((useful**2).sum())
        if not length:
            break
        prices = np.maximum(0.0, prices + step * max(target_g(highest) - value, 0.0) / length * useful)
    return best


def _useful(direction: FloatArray, prices: FloatArray) -> FloatArray:
    """Return the direction without what would make a price negative."""
    return np.where((prices <= 0) & (direction < 0), 0.0, direction)


class _Spots:
    """The candidate spots of P jobs as one array of grams, shape (P, R, S); infinite where a job may not start."""

    def __init__(self, packing: Packing) -> None:
        self.room, self.demand, self.length = np.maximum(packing.free, 0.0), packing.demand, packing.length
        count, most = len(packing.jobs), int(packing.most.max(initial=0))
        self.grams = np.full((count, self.room.shape[0], most), np.inf)
        for rows, part in packing.alone():
            self.grams[rows[:, None], part.region, part.slot] = part.carbon_g
        able = np.isfinite(self.grams).any(axis=(1, 2))
        self.grams, self.demand, self.length = self.grams[able], self.demand[able], self.length[able]
        self._begin: IntArray = np.arange(most)
        self._end = np.minimum(self._begin + self.length[:, None], self.room.shape[1])  # (P, S)

    def respond(self, prices: FloatArray) -> tuple[float, FloatArray]:
        """Return the value of these prices (a lower bound), and how much more than the room is asked for, (R, K, 3)."""
        sums = np.zeros((prices.shape[0], prices.shape[1] + 1, 3))
        np.cumsum(prices, axis=1, out=sums[:, 1:])
        total = self.grams.copy()
        for q in np.flatnonzero(prices.any(axis=(0, 1))).tolist():
            held = sums[:, self._end, q].transpose(1, 0, 2) - sums[:, self._begin, q]
            total += self.demand[:, q, None, None] * held
        flat = total.reshape(len(total), -1)
        chosen = flat.argmin(axis=1)
        value = float(flat[np.arange(len(flat)), chosen].sum() - (prices * self.room).sum())
        region, slot = np.divmod(chosen, total.shape[2])
        change = np.zeros_like(sums)
        np.add.at(change, (region, slot), self.demand)
        np.subtract.at(change, (region, np.minimum(slot + self.length, self.room.shape[1])), self.demand)
        return value, np.cumsum(change, axis=1)[:, :-1] - self.room
