"""Jobs that can be suspended or resized: what it costs to work, or wait, through the coming slot.

A job with a checkpoint may take the cheapest pieces of its window, and with a throughput curve each piece at the scale
that pays there: pieces in the order of grams per unit of work, until the work is done (CarbonScaler's greedy, which is
optimal where more workers never help more than fewer). Each pause between them is paid for, in checkpoints and in time
in which nothing is worked; where one run without a pause costs less, that counts. So there are two figures for each
region: what the work costs if it waits through the coming slot, and what if it runs there now. Jobs alike in window,
curve, and demand share the sorted pieces. Only the coming slot is decided: the rest is looked at again at the next
decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.model import Checkpoint
from sim.open_work import PENDING, RUNNING, OpenWork
from sim.schedulers.plan.spots import ROOM_EPS
from sim.slots import g_per_w
from sim.timetable import Timetable
from sim.units import BoolArray, FloatArray, IntArray

_EPS = 1e-9
_WORK_EPS_S = 1e-6
_CHUNK = 256
"""Jobs whose runs are compared at once."""


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

    Infinite where that misses the deadline or, after the coming slot, the room. With `saved` a job under way writes and
    reads another checkpoint first.
    """

    wait_g: FloatArray
    run_g: FloatArray
    saved_wait_g: FloatArray
    saved_run_g: FloatArray  # (R, W), at the best scale
    workers: IntArray  # (I,)


def figures(timetable: Timetable, work: OpenWork, rows: IntArray, *, margin: float) -> Figures:
    """Return the figures of the jobs at `rows`, which share their traits.

    Args:
        margin: The share of the time to its deadline that a job leaves unused, for where room is short.
    """
    scales, checkpoint = _traits(work, rows)
    regions = len(timetable.view.regions)
    wait_g, saved_wait_g, saved_run_g = (np.full((regions, len(rows)), np.inf) for _ in range(3))
    run_g = np.full((regions, len(scales.workers), len(rows)), np.inf)
    kwh, seconds = _pause(checkpoint)
    under_way = work.state[rows] != PENDING
    for members, window, watts in _windows(timetable, work, rows, margin):
        pause_g = window.pause_g(kwh, seconds, watts)
        left_s = work.remaining_s[rows[members]]
        wait_g[:, members] = watts * window.wait_g(left_s, pause_g)
        run_g[:, :, members] = watts[:, None] * window.run_g(left_s, pause_g)
        if checkpoint and under_way[members].any():
            save_g, left_s = kwh * timetable.intensity[:, :1], left_s + seconds
            saved_wait_g[:, members] = watts * window.wait_g(left_s, pause_g) + save_g
            saved_run_g[:, members] = watts * window.run_g(left_s, pause_g).min(axis=1) + save_g
    return Figures(wait_g, run_g, saved_wait_g, saved_run_g, scales.workers)


def gains(timetable: Timetable, work: OpenWork, rows: IntArray, *, margin: float, roughly: bool = False) -> FloatArray:
    """Return the share that pauses and more workers save of what jobs emit in one go with one worker, shape (W,).

    The jobs at `rows` are pending and share their traits. 1 for who is in time only so, 0 for who cannot be.

    Args:
        timetable: The hours ahead.
        work: What is open.
        rows: Which of it.
        margin: As in `figures`.
        roughly: Take the time to a deadline as whole slots, and room for granted: so many jobs share a window.
    """
    least_g, straight_g = np.full(len(rows), np.inf), np.full(len(rows), np.inf)
    kwh, seconds = _pause(_traits(work, rows)[1])
    for members, window, watts in _windows(timetable, work, rows, margin, roughly=roughly):
        pause_g, left_s = window.pause_g(kwh, seconds, watts), work.remaining_s[rows[members]]
        run_g = window.run_g(left_s, pause_g).min(axis=1)
        least_g[members] = (watts * np.minimum(window.wait_g(left_s, pause_g), run_g)).min(axis=0)
        straight_g[members] = (watts * window.straight_g(left_s)).min(axis=0)
    timely = np.isfinite(least_g)
    return np.where(timely, 1.0 - np.where(timely, least_g, 0.0) / np.maximum(straight_g, _EPS), 0.0)


def _traits(work: OpenWork, rows: IntArray) -> tuple[Scales, Checkpoint | None]:
    trait = work.jobs.traits[int(work.jobs.trait[rows[0]])]
    return Scales.of(trait.throughput), trait.checkpoint


def _pause(checkpoint: Checkpoint | None) -> tuple[float, float]:
    """Return the kWh and the seconds that a pause costs, nothing for jobs that cannot pause."""
    point = checkpoint or Checkpoint()
    return point.save_kwh + point.restore_kwh, point.save_s + point.restore_s


def _windows(
    timetable: Timetable, work: OpenWork, rows: IntArray, margin: float, *, roughly: bool = False
) -> Iterator[tuple[IntArray, Window, FloatArray]]:
    """Yield the jobs that share a window: their places in `rows`, the window, and their watts a worker, (R, W)."""
    scales = _traits(work, rows)[0]
    booked = _booked(timetable, work, rows, scales)
    watts = np.maximum(timetable.watts(work.jobs.take(rows)).T, _EPS)
    for members, window_s in _alike(timetable, work, rows, booked, margin, roughly):
        room = None if roughly else _room(timetable, work, int(rows[members[0]]), int(booked[members[0]]), scales)
        yield members, Window(timetable, window_s, scales, room), watts[:, members]


def _booked(timetable: Timetable, work: OpenWork, rows: IntArray, scales: Scales) -> IntArray:
    """Return in how many slots from now on each job is booked where it runs, shape (W,); 0 if it does not run."""
    left_s = work.remaining_s[rows] / np.interp(work.scale[rows], scales.workers, scales.rate)
    slots = np.ceil(left_s / timetable.view.epoch_s - _EPS).astype(np.int64)
    return np.where(work.state[rows] == RUNNING, slots, 0)


def _room(timetable: Timetable, work: OpenWork, row: int, booked: int, scales: Scales) -> BoolArray | None:
    """Return in which slots a job has room at each scale, shape (R, K, I), what it holds given back; None: in all."""
    if timetable.view.ample:
        return None
    free, demand = timetable.free, work.jobs.demand[row]
    if booked:
        free = free.copy()
        free[work.region[row], :booked] += work.scale[row] * demand
    wanted = scales.workers[:, None] * demand
    return np.asarray((free[:, :, None, :] >= wanted - ROOM_EPS).all(axis=3))


def _alike(
    timetable: Timetable, work: OpenWork, rows: IntArray, booked: IntArray, margin: float, roughly: bool
) -> Iterator[tuple[IntArray, float]]:
    """Yield the jobs that share window (in tenths of a slot), demand, and what they hold: places in `rows`, window.

    Roughly, those whose windows have as many whole slots.
    """
    now_s, slot_s = timetable.view.now_s, timetable.view.epoch_s
    jobs = work.jobs.take(rows)
    window_s = (jobs.deadline_s - jobs.tail_s - now_s) * (1.0 - margin)
    tenths = np.floor(np.clip(window_s, 0.0, None) / slot_s * 10.0 + 1e-6)
    if roughly:
        tenths = tenths // 10.0 * 10.0
    keys = tenths[:, None]
    if not timetable.view.ample and not roughly:
        held = np.column_stack([booked, work.region[rows], work.scale[rows]]) * (booked > 0)[:, None]
        keys = np.column_stack([tenths, jobs.demand, held])
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    order = np.argsort(kind, kind="stable")
    for members in np.split(order, np.cumsum(np.bincount(kind, minlength=len(kinds)))[:-1]):
        yield members, float(tenths[members[0]]) / 10.0 * slot_s


class Window:
    """The slots from now to a deadline, as W jobs of one curve and one demand may use them; R regions, I scales.

    A piece is a step of the scale in a slot after the coming one: P pieces in the order of grams per work. Of the first
    so many of them, shape (R, P + 1): `_work_s` and `_grams` (per watt of one worker) are sums, `_runs` says in how
    many runs without a pause they lie, `_next` whether one of them is in the slot after the coming one.
    """

    def __init__(self, timetable: Timetable, window_s: float, scales: Scales, room: BoolArray | None) -> None:
        """Sort the pieces.

        Args:
            timetable: The hours ahead.
            window_s: From now to the deadline.
            scales: The jobs' scales.
            room: In which slots there is room at each scale, shape (R, K, I); None: in all.
        """
        slot_s = timetable.view.epoch_s
        self._timetable, self._window_s, self._scales, self._slot_s = timetable, window_s, scales, slot_s
        count = min(timetable.slot_g_per_w.shape[1], int(np.ceil(window_s / slot_s - _EPS)))
        self._span_s = np.full(count, slot_s)
        if count:
            self._span_s[-1] = min(slot_s, window_s - (count - 1) * slot_s)
        self._g = timetable.slot_g_per_w[:, :count] * self._span_s / slot_s
        shape = (len(self._g), count, len(scales.workers))
        self._room = np.ones(shape, dtype=bool) if room is None else room[:, :count]
        self._sort()

    def _sort(self) -> None:
        more, faster = np.diff(self._scales.workers, prepend=0), np.diff(self._scales.rate, prepend=0.0)
        span_s, fits = self._span_s[1:, None], self._room[:, 1:]
        work_s = np.where(fits, span_s * faster, 0.0)  # (R, K - 1, I)
        grams = np.where(fits, self._g[:, 1:, None] * more, 0.0)
        unit = np.where(fits, grams / np.maximum(work_s, _EPS), np.inf)
        order = np.argsort(unit.reshape(len(unit), -1), axis=1, kind="stable")
        rank = np.argsort(order, axis=1).reshape(unit.shape)[:, :, 0]  # of the first worker: it opens the slot
        opens = np.zeros(unit.shape)
        opens[:, :, 0] = 1.0
        opens[:, 1:, 0] -= rank[:, :-1] < rank[:, 1:]  # it goes on with a run, and it meets one
        opens[:, :-1, 0] -= rank[:, 1:] < rank[:, :-1]
        self._work_s, self._grams, self._runs = (_sums(each, order) for each in (work_s, grams, opens))
        self._next = np.arange(order.shape[1] + 1) > rank[:, :1] if rank.shape[1] else np.zeros((len(rank), 1))

    def pause_g(self, kwh: float, seconds: float, watts: FloatArray) -> FloatArray:
        """Return what a pause costs at the mean of these hours, grams per watt of one worker, shape (R, W).

        Args:
            kwh: What a checkpoint takes to write and read.
            seconds: How long that takes: a worker is held and does no work.
            watts: Of one worker of each job in each region, shape (R, W).
        """
        if not len(self._span_s):
            return np.zeros_like(watts)
        count = len(self._span_s)
        idle_g = seconds / self._slot_s * self._timetable.slot_g_per_w[:, :count].mean(axis=1)
        return np.asarray(idle_g[:, None] + kwh * self._timetable.intensity[:, :count].mean(axis=1)[:, None] / watts)

    def wait_g(self, left_s: FloatArray, pause_g: FloatArray) -> FloatArray:
        """Return the least grams per watt of so much work from the next slot on, shape (R, W); infinite if too late.

        Args:
            left_s: Work left, shape (W,).
            pause_g: Of a pause, shape (R, W).
        """
        grams, runs, _ = self._later(left_s)
        pauses = np.maximum(runs - 1.0, 0.0)
        return self._at_most_straight(grams + pauses * pause_g, pauses * pause_g > 0, left_s, None)

    def run_g(self, left_s: FloatArray, pause_g: FloatArray) -> FloatArray:
        """Return the same with the coming slot used at each scale, shape (R, I, W).

        What ends within the coming slot pays for its part alone.
        """
        now_s = float(self._span_s[0]) if len(self._span_s) else 0.0
        now_g = self._g[:, :1] if len(self._span_s) else np.zeros((len(self._g), 1))
        found = []
        for i, (workers, rate) in enumerate(zip(self._scales.workers, self._scales.rate, strict=True)):
            done_s = rate * now_s
            share = np.minimum(1.0, left_s / done_s) if done_s else np.zeros_like(left_s)
            grams, runs, goes_on = self._later(np.maximum(left_s - done_s, 0.0))
            pauses = runs - goes_on
            grams = grams + share * workers * now_g + pauses * pause_g
            found.append(self._at_most_straight(grams, pauses * pause_g > 0, left_s, i))
        return np.stack(found, axis=1)

    def straight_g(self, left_s: FloatArray) -> FloatArray:
        """Return the least grams per watt of one run of one worker, now or later, shape (R, W)."""
        grams = np.full((len(self._g), len(left_s)), np.inf)
        for scale in (0, None):
            grams = self._at_most_straight(grams, np.ones(grams.shape, dtype=bool), left_s, scale)
        return grams

    def _later(self, left_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the grams of so much work in later pieces, their runs, and whether the next slot is in one, (R, W)."""
        row = np.arange(len(self._work_s))[:, None]
        apart_s = float(self._work_s.max() + left_s.max() + 1.0)  # all rows are searched as one
        flat = (self._work_s + row * apart_s).ravel()
        taken = np.searchsorted(flat, left_s + row * apart_s - _WORK_EPS_S) - row * self._work_s.shape[1]
        enough = taken < self._work_s.shape[1]
        taken = np.minimum(taken, self._work_s.shape[1] - 1)
        before = np.maximum(taken - 1, 0)
        work_s, grams = self._work_s[row, before], self._grams[row, before]
        part = (left_s - work_s) / np.maximum(self._work_s[row, taken] - work_s, _EPS)
        grams = np.where(enough, grams + np.clip(part, 0.0, 1.0) * (self._grams[row, taken] - grams), np.inf)
        return grams, self._runs[row, taken], self._next[row, taken]

    def _at_most_straight(
        self, grams: FloatArray, paused: BoolArray, left_s: FloatArray, scale: int | None
    ) -> FloatArray:
        """Return grams, shape (R, W), or those of one run without a pause where it costs less than one with pauses."""
        some = np.flatnonzero(paused.any(axis=0))
        for part in np.split(some, range(_CHUNK, len(some), _CHUNK)):
            if len(part):
                grams[:, part] = np.minimum(grams[:, part], self._straight_g(left_s[part], scale))
        return grams

    def _straight_g(self, left_s: FloatArray, scale: int | None) -> FloatArray:
        """Return the least grams per watt of one run, shape (R, W): from now on at a scale; for None, a later one."""
        i, count = scale or 0, len(self._span_s)
        workers = int(self._scales.workers[i])
        length = left_s / float(self._scales.rate[i]) / self._slot_s  # in slots, (W,)
        last = np.floor(min(self._window_s / self._slot_s, count) - length + _EPS).astype(np.int64)
        starts = np.arange(1, max(1, int(last.max())) + 1) if scale is None else np.zeros(1, dtype=np.int64)
        ends = np.minimum(starts + np.ceil(length - _EPS).astype(np.int64)[:, None], count)  # (W, S)
        full = ~self._room[:, :, i]
        full[:, :1] = False  # whether there is room in the coming slot is looked at elsewhere
        sums = np.zeros((len(full), count + 1), dtype=np.int64)
        np.cumsum(full, axis=1, out=sums[:, 1:])
        fits = (sums[:, ends] == sums[:, None, np.minimum(starts, count)]) & (starts <= last[:, None])  # (R, W, S)
        grams = workers * g_per_w(self._timetable.g_per_w, np.arange(len(full))[:, None], starts, length)
        return np.asarray(np.where(fits, grams, np.inf).min(axis=2))


def _sums(amounts: FloatArray, order: IntArray) -> FloatArray:
    """Return running sums of amounts (R, ...) taken in an order (R, P), from 0 on, shape (R, P + 1)."""
    sums = np.zeros((len(order), order.shape[1] + 1))
    np.cumsum(np.take_along_axis(amounts.reshape(len(order), -1), order, axis=1), axis=1, out=sums[:, 1:])
    return sums
