"""Jobs that can be suspended or resized: what it costs to work, or wait, through the coming slot.

A job with a checkpoint may take the cheapest pieces of its window, and with a throughput curve each piece at the scale
that pays there: pieces in the order of grams per unit of work, until the work is done (CarbonScaler's greedy, which is
optimal where more workers never help more than fewer). So there are two figures for each region: what the work costs
if it waits through the coming slot, and what if it runs there now. Jobs alike in window, curve, and demand share the
sorted pieces. Only the coming slot is decided: the rest is looked at again at the next decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.open_work import RUNNING, OpenWork
from sim.timetable import Timetable
from sim.units import FloatArray, IntArray

_EPS = 1e-9


@dataclass(frozen=True, eq=False)
class Scales:
    """The numbers of workers that pay, ascending from 1, and the work per second of each: a concave hull."""

    workers: IntArray
    rate: FloatArray

    @classmethod
    def of(cls, throughput: tuple[float, ...]) -> Scales:
        """Return the upper concave hull of a throughput curve through nothing at 0 workers; a rigid job has one point.

        Example:
            Three workers are worth no more than two: never taken.

            >>> Scales.of((1.0, 1.8, 1.8)).workers.tolist()
            [1, 2]
        """
        points = [(0, 0.0)]
        for workers, rate in enumerate(throughput or (1.0,), start=1):
            while len(points) > 1 and _slope(points[-2], points[-1]) < _slope(points[-2], (workers, rate)) - _EPS:
                points.pop()
            if rate > points[-1][1] + _EPS:
                points.append((workers, rate))
        return cls(np.array([n for n, _ in points[1:]], dtype=np.int64), np.array([rate for _, rate in points[1:]]))


def _slope(a: tuple[int, float], b: tuple[int, float]) -> float:
    return (b[1] - a[1]) / (b[0] - a[0])


@dataclass(frozen=True, eq=False)
class Figures:
    """Grams of what is left of W jobs: if they wait through the coming slot, (R, W); if they run now, (R, I, W).

    Infinite where that misses the deadline or, after the coming slot, the room.
    """

    wait_g: FloatArray
    run_g: FloatArray


def figures(timetable: Timetable, work: OpenWork, rows: IntArray, scales: Scales, *, margin: float) -> Figures:
    """Return the figures of the jobs at `rows`, which share one set of scales.

    Args:
        margin: The share of the time to its deadline that a job leaves unused, for where room is short.
    """
    regions = len(timetable.view.regions)
    wait_g = np.full((regions, len(rows)), np.inf)
    run_g = np.full((regions, len(scales.workers), len(rows)), np.inf)
    booked = _booked(timetable, work, rows, scales)
    for members, window_s in _alike(timetable, work, rows, booked, margin):
        first = members[0]
        demand = work.jobs.demand[rows[first]]
        for r in range(regions):
            own = booked[first] if r == work.region[rows[first]] else 0
            room = _room(timetable, r, demand, own, int(work.scale[rows[first]]))
            pieces = _Pieces.of(timetable, r, window_s, scales, demand, room)
            watts = timetable.watts(work.jobs.take(rows[members]))[:, r]
            left_s = work.remaining_s[rows[members]]
            wait_g[r, members] = watts * pieces.g_per_w(left_s)
            for i in range(len(scales.workers)):
                run_g[r, i, members] = watts * pieces.g_per_w_from_now(left_s, i)
    return Figures(wait_g, run_g)


def _booked(timetable: Timetable, work: OpenWork, rows: IntArray, scales: Scales) -> IntArray:
    """Return in how many slots from now on each job is booked where it runs, shape (W,); 0 if it does not run."""
    left_s = work.remaining_s[rows] / np.interp(work.scale[rows], scales.workers, scales.rate)
    slots = np.ceil(left_s / timetable.view.epoch_s - _EPS).astype(np.int64)
    return np.where(work.state[rows] == RUNNING, slots, 0)


def _room(timetable: Timetable, r: int, demand: FloatArray, booked: int, scale: int) -> FloatArray:
    """Return the free room of a region, shape (K, 3), with what the job itself holds of it given back."""
    room: FloatArray = timetable.free[r]
    if booked:
        room = room.copy()
        room[:booked] += scale * demand
    return room


def _alike(
    timetable: Timetable, work: OpenWork, rows: IntArray, booked: IntArray, margin: float
) -> Iterator[tuple[IntArray, float]]:
    """Yield the jobs that share window (in tenths of a slot), demand, and what they hold: places in `rows`, window."""
    now_s, slot_s = timetable.view.now_s, timetable.view.epoch_s
    jobs = work.jobs.take(rows)
    window_s = (jobs.deadline_s - jobs.tail_s - now_s) * (1.0 - margin)
    tenths = np.floor(np.clip(window_s, 0.0, None) / slot_s * 10.0 + 1e-6)
    keys = tenths[:, None]
    if not timetable.view.ample:
        held = np.column_stack([booked, work.region[rows], work.scale[rows]]) * (booked > 0)[:, None]
        keys = np.column_stack([tenths, jobs.demand, held])
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    order = np.argsort(kind, kind="stable")
    for members in np.split(order, np.cumsum(np.bincount(kind, minlength=len(kinds)))[:-1]):
        yield members, float(tenths[members[0]]) / 10.0 * slot_s


@dataclass(frozen=True, eq=False)
class _Pieces:
    """The pieces after the coming slot in the order of grams per work, summed up; and the coming slot itself."""

    work_s: FloatArray
    grams: FloatArray
    now_g: float
    now_s: float
    scales: Scales

    @classmethod
    def of(
        cls, timetable: Timetable, r: int, window_s: float, scales: Scales, demand: FloatArray, room: FloatArray
    ) -> _Pieces:
        slot_s = timetable.view.epoch_s
        per_slot = timetable.slot_g_per_w[r]
        count = min(len(per_slot), int(np.ceil(window_s / slot_s - _EPS)))
        span_s = np.full(count, slot_s)
        if count:
            span_s[-1] = min(slot_s, window_s - (count - 1) * slot_s)
        g = per_slot[:count] * span_s / slot_s
        more, faster = np.diff(scales.workers, prepend=0), np.diff(scales.rate, prepend=0.0)
        fits = np.ones((max(0, count - 1), len(more)), dtype=bool)
        if not timetable.view.ample and count > 1:
            fits = np.asarray((room[1:count, None, :] >= scales.workers[:, None] * demand - 1e-6).all(axis=2))
        unit = g[1:, None] / np.maximum(span_s[1:, None], _EPS) * (more / faster)
        order = np.argsort(unit[fits], kind="stable")
        work_s = (span_s[1:, None] * faster)[fits][order]
        grams = (g[1:, None] * more)[fits][order]
        now_s = float(span_s[0]) if count else 0.0
        return cls(
            np.concatenate([[0.0], np.cumsum(work_s)]), np.concatenate([[0.0], np.cumsum(grams)]),
            float(g[0]) if count else 0.0, now_s, scales,
        )  # fmt: skip

    def g_per_w(self, left_s: FloatArray) -> FloatArray:
        """Return the least grams per watt of one worker of so much work; infinite if it does not fit."""
        grams = np.interp(left_s, self.work_s, self.grams)
        return np.where(left_s <= self.work_s[-1] + 1e-6, grams, np.inf)

    def g_per_w_from_now(self, left_s: FloatArray, i: int) -> FloatArray:
        """Return the same with the coming slot used at scale i; what ends within it pays for its part alone."""
        done_s = self.scales.rate[i] * self.now_s
        share = np.minimum(1.0, left_s / done_s) if done_s else np.zeros_like(left_s)
        rest = self.g_per_w(np.maximum(left_s - done_s, 0.0))
        return np.asarray(share * self.now_g * self.scales.workers[i] + rest)
