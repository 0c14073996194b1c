"""The cheapest way to carry each load under a tariff: some at a time, so that it is quick and needs little memory.

What runs in one go costs the integral of its tariff from its start on; as a function of the start that is linear
between the moments at which the start or the end crosses the edge of a slot, so the least is at one of those moments
or at an end of the window. What can be suspended, resized or moved takes the cheapest seconds of its window, wherever
they are; an elastic job takes more workers in them than its thriftiest number if that is worth it.

No load costs more than its work at the dirtiest moment of the dirtiest region: so much a late one is taken to emit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.loads import Loads
from sim.tariff import Tariff
from sim.units import FloatArray, IntArray

_ROWS = 64
_CELLS = 100_000
"""Of a batch at most: loads; and loads times regions times slots of a window, about."""


class Choice(NamedTuple):
    """The cheapest way of P loads: its grams, and how many seconds of workers it holds where in S slots.

    Regions have shape (P, S), or (P, 1) for one that stays; seconds have shape (P, S).
    """

    least_g: FloatArray
    region: IntArray
    held_s: FloatArray


class _Batch:
    """P loads with similar windows, and the slots [lo, hi) that these touch."""

    def __init__(self, loads: Loads, which: IntArray, tariff: Tariff, lo: int, hi: int) -> None:
        self.which, self.loads = which, loads
        self.lo, self.hi, self.step_s = lo, hi, tariff.step_s
        self.barred = np.where(loads.fits, 0.0, np.inf)
        self.most_g = (loads.watts * tariff.carbon.max(axis=1)[:, None]).max(axis=0) * loads.work_s

    def costs(self, tariff: Tariff) -> FloatArray:
        """Return grams a second of one worker in each region and slot, shape (R, P, S); nothing beyond the grid."""
        count = max(0, min(self.hi, tariff.carbon.shape[1]) - self.lo)
        costs = np.zeros((*self.loads.watts.shape, self.hi - self.lo))
        inside, span = costs[:, :, :count], slice(self.lo, self.lo + count)
        np.multiply(self.loads.watts[:, :, None], tariff.carbon[:, None, span], out=inside)
        for of_all, of_each in zip(tariff.prices.swapaxes(0, 1)[:, :, span], self.loads.demand, strict=True):
            if of_all.any() and of_each.any():
                inside += of_each[:, None] * of_all[:, None, :]
        return costs

    def add_usage(self, choice: Choice, usage: FloatArray, weights: FloatArray) -> None:
        """Add to `usage`, unit-seconds of shape (R, 3, T), what the choice holds."""
        regions, _, total = usage.shape
        slots = self.hi - self.lo
        place = (choice.region * slots + np.arange(slots)).ravel()
        count = min(self.hi, total) - self.lo
        for k, of_each in enumerate(self.loads.demand * weights):
            if of_each.any():
                sums = np.bincount(place, (of_each[:, None] * choice.held_s).ravel(), regions * slots)
                usage[:, k, self.lo : self.lo + count] += sums.reshape(regions, slots)[:, :count]

    def _or_late(self, least_g: FloatArray, region: IntArray, held_s: FloatArray) -> Choice:
        held_s[least_g > self.most_g] = 0.0
        return Choice(np.minimum(least_g, self.most_g), region, held_s)


class Rigid(_Batch):
    """Loads that run in one go. Moments are counted in slots from the first of the batch."""

    def __init__(self, loads: Loads, which: IntArray, tariff: Tariff) -> None:
        first = (loads.first_s - tariff.start_s) / tariff.step_s
        length = loads.work_s / tariff.step_s
        last = np.maximum(first, (loads.end_s - tariff.start_s) / tariff.step_s - length)
        begin, whole = np.floor(first), np.floor(length)
        lo, count = int(begin.min()), int((np.floor(last) - begin).max()) + 1
        super().__init__(loads, which, tariff, lo, int((begin + whole).max()) + count + 2)
        self._length, self._part = length[:, None], (length - whole)[:, None]
        self._rows = np.arange(len(loads))
        self._edge = (self._rows * (self.hi - lo + 1))[:, None]  # of each load's first in a flat row of sums
        edges = (begin - lo)[:, None] + np.arange(count + 2.0)
        self._begins = self._edge + edges[:, :-1].astype(np.int64)
        self._ends = self._edge + (edges + whole[:, None]).astype(np.int64)
        inner = np.concatenate([edges[:, :-1], edges[:, 1:-1] - self._part], axis=1)
        window = np.stack([first, last], axis=1) - lo
        self._outside = np.where((inner < window[:, :1]) | (inner > window[:, 1:]), np.inf, 0.0)
        self._window, self._starts = window, np.concatenate([inner, window], axis=1)

    def cheapest(self, tariff: Tariff) -> Choice:
        """Return the cheapest start of each."""
        options = self._options(self.costs(tariff))
        best = options.argmin(axis=2)
        least = np.take_along_axis(options, best[:, :, None], axis=2)[:, :, 0] * self.step_s + self.barred
        region = least.argmin(axis=0)
        start = self._starts[self._rows, best[region, self._rows]]
        return self._or_late(least[region, self._rows], region[:, None], self._held_s(start[:, None]))

    def _options(self, costs: FloatArray) -> FloatArray:
        """Return the sum over a run from each start that may be the best: edges, ends at edges, first and last."""
        sums = np.zeros((*costs.shape[:2], costs.shape[2] + 1))
        np.cumsum(costs, axis=2, out=sums[:, :, 1:])
        sums = sums.reshape(len(costs), -1)
        part, count = self._part, self._begins.shape[1]
        begins, ends = sums.take(self._begins, axis=1), sums.take(self._ends, axis=1)
        options = np.empty((*costs.shape[:2], 2 * count + 1))
        options[:, :, :count] = ends[:, :, :-1] * (1 - part) + ends[:, :, 1:] * part - begins
        options[:, :, count:-2] = ends[:, :, 1:-1] - begins[:, :, :-1] * part - begins[:, :, 1:] * (1 - part)
        options[:, :, :-2] += self._outside
        options[:, :, -2:] = self._upto(sums, self._window + self._length) - self._upto(sums, self._window)
        return options

    def _upto(self, sums: FloatArray, moments: FloatArray) -> FloatArray:
        """Return the sum up to moments of each load, shape (P, M), as (R, P, M)."""
        whole = moments.astype(np.int64)
        part, at = moments - whole, self._edge + whole
        return np.asarray(sums.take(at, axis=1) * (1 - part) + sums.take(at + 1, axis=1) * part)

    def _held_s(self, start: FloatArray) -> FloatArray:
        edges = np.arange(self.hi - self.lo + 1.0)
        return np.asarray(np.diff(np.clip(edges, start, start + self._length), axis=1) * self.step_s)


class Flexible(_Batch):
    """Loads that can stop, go on, and change their place and their number of workers."""

    def __init__(self, loads: Loads, which: IntArray, tariff: Tariff) -> None:
        first, last = ((t_s - tariff.start_s) / tariff.step_s for t_s in (loads.first_s, loads.end_s))
        lo = int(np.floor(first.min()))
        super().__init__(loads, which, tariff, lo, int(np.ceil(last.max())))
        edges = np.arange(lo, self.hi + 1.0)
        open_s = np.diff(np.clip(edges, first[:, None], last[:, None]), axis=1) * tariff.step_s
        most = max(len(lever) for lever in loads.levers)
        padded = np.array([(*lever, *[(0.0, 0.0)] * (most - len(lever))) for lever in loads.levers])
        rate, self._workers = padded[loads.lever, None, :, 0], padded[loads.lever, None, :, 1]
        self._room_s = (open_s[:, :, None] * rate).reshape(len(loads), -1)
        self.most_g = self.most_g * self._workers.max(axis=(1, 2))

    def cheapest(self, tariff: Tariff) -> Choice:
        """Return the cheapest moments, regions and numbers of workers of each."""
        costs = self.costs(tariff) + self.barred[:, :, None]
        region, least = costs.argmin(axis=0), costs.min(axis=0)
        marginal = (least[:, :, None] * self._workers).reshape(len(least), -1)
        order = marginal.argsort(axis=1, kind="stable")
        room_s = np.take_along_axis(self._room_s, order, axis=1)
        before_s = np.cumsum(room_s, axis=1) - room_s
        work_s = np.clip(self.loads.work_s[:, None] - before_s, 0.0, room_s)
        grams = (work_s * np.take_along_axis(marginal, order, axis=1)).sum(axis=1)
        done_s = np.empty_like(work_s)
        np.put_along_axis(done_s, order, work_s, axis=1)
        held_s = (done_s.reshape(*least.shape, -1) * self._workers).sum(axis=2)
        return self._or_late(grams, region, held_s)


Batch = Rigid | Flexible


def batches(loads: Loads, tariff: Tariff) -> Iterator[Batch]:
    """Yield the loads in batches of similar windows: those that touch as many slots, in the order of their time."""
    slots = np.maximum((loads.end_s - loads.first_s) / tariff.step_s, 1.0)
    order = np.lexsort((loads.first_s, np.ceil(2 * np.log2(slots))))
    flexible = loads.lever[order] >= 0
    for kind, like in ((Rigid, order[~flexible]), (Flexible, order[flexible])):
        first = 0
        while first < len(like):
            rows = 1 + int(_CELLS / slots[like[first]]) // len(loads.fits)
            which = like[first : first + min(rows, _ROWS)]
            yield kind(loads.take(which), which, tariff)
            first += len(which)
