"""Pending work in classes: jobs alike in where they may run, in shape, and in slack."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.constraints import binds
from sim.timetable import Timetable
from sim.units import HOUR_S, BoolArray, FloatArray, IntArray
from sim.view import View

SLACK_H = (1.0, 6.0, 24.0)
"""The edges of the slack buckets, hours."""
AHEAD_H = 24.0
"""A region is open to a job if the rules let it start there at some moment so far ahead."""
_CHUNK = 500


@dataclass(frozen=True, eq=False)
class JobClass:
    """A class: its number as it is shown, which pending jobs it has, and how they are.

    CPUs, hours and slack are means; `regions` says which are open to them, shape (R,); `exceptional`, whether
    something is to be minded of them that figures do not say.
    """

    name: str
    rows: IntArray
    cpus: float
    gpus: float
    hours: float
    slack_h: float
    regions: BoolArray
    exceptional: bool


def classes(timetable: Timetable, which: BoolArray, exceptional: BoolArray) -> list[JobClass]:
    """Return the classes of some of the pending jobs, of most work first; others are in none.

    Args:
        timetable: The hours ahead.
        which: Which pending jobs are looked at, shape (P,).
        exceptional: Of which something is to be minded, shape (P,); they are in classes of their own, which come first.
    """
    view, rows = timetable.view, np.flatnonzero(which)
    if not len(rows):
        return []
    jobs = view.pending.take(rows)
    open_ = open_regions(timetable, rows)
    slack_h = np.maximum(jobs.latest_start_s - view.now_s, 0.0) / HOUR_S
    work = jobs.cpus * jobs.duration_estimate_s / HOUR_S
    key = np.column_stack([
        exceptional[rows], open_ @ (2.0 ** np.arange(open_.shape[1])), jobs.gpus > 0, jobs.levers[jobs.trait],
        np.floor(np.log2(np.maximum(work, 0.01)) / 2.0), np.digitize(slack_h, SLACK_H),
    ])  # fmt: skip
    kind = np.unique(key, axis=0, return_inverse=True)[1].reshape(-1)
    groups = [np.flatnonzero(kind == k) for k in range(int(kind.max()) + 1)]
    groups.sort(key=lambda mine: (not exceptional[rows[mine[0]]], -float(work[mine].sum())))
    return [
        JobClass(
            name=str(number),
            rows=rows[mine],
            cpus=float(jobs.cpus[mine].mean()),
            gpus=float(jobs.gpus[mine].mean()),
            hours=float(jobs.duration_estimate_s[mine].mean()) / HOUR_S,
            slack_h=float(slack_h[mine].mean()),
            regions=open_[mine[0]],
            exceptional=bool(exceptional[rows[mine[0]]]),
        )
        for number, mine in enumerate(groups, start=1)
    ]


def open_regions(timetable: Timetable, rows: IntArray) -> BoolArray:
    """Return, shape (P, R), in which regions pending jobs could run: large enough, and allowed within a day."""
    view: View = timetable.view
    jobs = view.pending.take(rows)
    capacity: FloatArray = np.array([region.capacity for region in view.regions])
    open_: BoolArray = np.asarray((jobs.demand[:, None, :] <= capacity + 1e-6).all(axis=2))
    if not binds(view.constraints):
        return open_
    count = min(len(timetable.edges_s) - 1, max(1, round(AHEAD_H * HOUR_S / view.epoch_s)))
    ahead = slice(0, count, max(1, count // 24))
    starts_s, intensity, price = timetable.edges_s[:-1][ahead], timetable.intensity[:, ahead], timetable.price[:, ahead]
    for first in range(0, len(rows), _CHUNK):
        part = slice(first, first + _CHUNK)
        few = jobs.take(np.arange(len(rows))[part])
        allowed = view.constraints.allowed_all(few, starts_s, intensity=intensity, price=price)
        open_[part] &= allowed.any(axis=2)
    return open_
