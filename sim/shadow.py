"""Shadow prices of capacity: what a CPU, GPU or GB in a region and slot is worth to a schedule that emits little.

For any prices of at least 0, no schedule within the capacity emits less than

    sum over loads of the least of (its grams + the price of what it holds) - price of all that can be held

(weak Lagrangian duality: what is held is at most what can be held). The best prices make it the optimum of the linear
program in which loads may be shared between starts (Geoffrion 1974). They are sought by projected subgradient ascent:
where more is held than there is, the price rises, elsewhere it falls. Directions are deflected (Camerini, Fratta and
Maffioli 1975); a step is as long as Polyak's (1969), towards an aim that comes nearer whenever it turns out to be
beyond reach (as in Goffin and Kiwiel 1999).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sim.cheapest import Batch, batches
from sim.loads import Loads
from sim.tariff import Tariff
from sim.units import FloatArray, IntArray

_LOOKED_AT = 500_000
"""Combinations of load, region and slot that the search looks at in a round, about; of more loads it takes a sample."""
_IN_ALL = 8_000_000
_ROUNDS = (80, 240)
"""At least and at most; as many as look at so many combinations in all."""
_ENOUGH = 1e-3
"""A gain, as a share of the bound, that is not worth further rounds."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """What loads emit and hold when each takes its cheapest way under a tariff, whatever the others do.

    Attributes:
        least_g: Grams of each with the price of what it holds, shape (N,).
        held: Unit-seconds in each region and slot, shape (R, 3, T).
        dual_g: Grams that no schedule within the capacity goes below.
    """

    tariff: Tariff
    least_g: FloatArray
    held: FloatArray
    dual_g: float

    @classmethod
    def of(cls, loads: Loads, tariff: Tariff) -> Relaxed:
        """Return the cheapest ways of all loads."""
        return cls.in_batches(batches(loads, tariff), tariff, np.ones(len(loads)))

    @classmethod
    def in_batches(cls, parts: Iterable[Batch], tariff: Tariff, weights: FloatArray) -> Relaxed:
        """Return the cheapest ways of loads that each stand for so many like it, shape (N,)."""
        least_g, held = np.zeros(len(weights)), np.zeros_like(tariff.capacity)
        for part in parts:
            choice = part.cheapest(tariff)
            least_g[part.which] = choice.least_g
            part.add_usage(choice, held, weights[part.which])
        return cls(tariff, least_g, held, float((least_g * weights).sum()) - tariff.rent_g())

    @property
    def slope(self) -> FloatArray:
        """How `dual_g` grows with each price, shape (R, 3, T): what is held beyond the capacity; none below 0."""
        excess = self.held - self.tariff.capacity
        return np.where((self.tariff.prices > 0) | (excess > 0), excess, 0.0)

    def fits(self) -> bool:
        """Whether no region and slot holds more than it can: then no prices are better than these at nothing."""
        return bool((self.held <= self.tariff.capacity * (1 + 1e-9)).all())


def shadow_prices(loads: Loads, tariff: Tariff) -> FloatArray:
    """Return prices under which the bound is high, shape (R, 3, T); always the same for the same loads."""
    which, weights = _sample(loads, tariff)
    loads = loads.take(which)
    rounds = int(np.clip(_IN_ALL / _combinations(loads, tariff), *_ROUNDS))
    patience = rounds // 16  # rounds without a tenth of the gain that is aimed at, until half of it is
    parts = list(batches(loads, tariff))
    best = now = Relaxed.in_batches(parts, tariff, weights)
    scale, direction = _scale(now), np.zeros_like(tariff.prices)
    aim_g, stalled = best.dual_g / 2, 0
    for _ in range(rounds):
        direction = _deflected(now.slope, direction, scale)
        steepness = float((scale * direction * direction).sum())
        if steepness == 0.0 or aim_g < _ENOUGH * best.dual_g:
            break
        step = (best.dual_g + aim_g - now.dual_g) / steepness
        prices = np.maximum(now.tariff.prices + step * scale * direction, 0.0)
        now = Relaxed.in_batches(parts, tariff.at(prices), weights)
        stalled = 0 if now.dual_g > best.dual_g + 0.1 * aim_g else stalled + 1
        best = max(best, now, key=lambda each: each.dual_g)
        if stalled == patience:
            now, aim_g, stalled = best, aim_g / 2, 0
            direction = np.zeros_like(direction)
    return best.tariff.prices


def _deflected(slope: FloatArray, last: FloatArray, scale: FloatArray) -> FloatArray:
    """Return the slope, bent towards the last direction if it would undo that one: it zigzags less."""
    if float((scale * slope * last).sum()) >= 0.0:
        return slope
    return np.asarray(slope + last * np.sqrt((scale * slope * slope).sum() / (scale * last * last).sum()))


def _scale(unpriced: Relaxed) -> FloatArray:
    """Return the unit of each price over that of its amount: mean grams a unit-second, over the region's capacity."""
    most = unpriced.tariff.capacity.max(axis=2, keepdims=True)
    total = unpriced.held.sum(axis=(0, 2))
    unit_g = np.divide(unpriced.dual_g, total, out=np.zeros(3), where=total > 0)
    return np.asarray(np.divide(unit_g[:, None], most, out=np.zeros_like(most), where=most > 0))


def _combinations(loads: Loads, tariff: Tariff) -> float:
    """Return how many load, region and slot of its window make, about."""
    return max(1.0, float((loads.end_s - loads.first_s).sum()) / tariff.step_s * len(loads.fits))


def _sample(loads: Loads, tariff: Tariff) -> tuple[IntArray, FloatArray]:
    """Return loads that stand for all, and for how many of its like each: of equal work, evenly through the columns.

    A load is taken in proportion to its work, the share of the capacity that it holds times its seconds (systematic
    sampling with probability proportional to size, Madow 1949).
    """
    share = _LOOKED_AT / _combinations(loads, tariff)
    if share >= 1:
        return np.arange(len(loads)), np.ones(len(loads))
    capacity = np.maximum(tariff.capacity.sum(axis=(0, 2)), 1e-9)
    work = (loads.demand / capacity[:, None]).sum(axis=0) * loads.work_s
    upto = np.cumsum(work)
    each = upto[-1] / max(1.0, len(loads) * share)
    which, counts = np.unique(np.searchsorted(upto, np.arange(each / 2, upto[-1], each)), return_counts=True)
    return which, counts * each / work[which]
