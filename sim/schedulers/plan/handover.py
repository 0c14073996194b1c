"""Jobs that take over within the coming slot from those that end in it.

A packing counts whole slots: room that comes free within the coming slot is planned with from the next one on. Where a
region is full, who is planned for the next slot starts as soon as others end, rather than leave their room idle.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from sim.model import demand
from sim.schedulers.base import Plan
from sim.schedulers.plan.spots import ROOM_EPS
from sim.units import FloatArray
from sim.view import View


def take_over(view: View, planned: Plan, free: FloatArray, changed: Collection[str]) -> Plan:
    """Return the plan with runs of the next slot drawn into the coming one, where others end in it by their estimates.

    Who could not wait another slot is not drawn: an estimate may be wrong, and a queue is no promise.

    Args:
        view: The decision point.
        planned: Runs of pending jobs.
        free: Room now, less what starts now, shape (R, 3).
        changed: Ids of running jobs that are suspended, moved or resized now, and so end at another time.
    """
    next_s = view.now_s + view.epoch_s
    ends: list[list[tuple[float, FloatArray]]] = [[] for _ in view.regions]
    for held in view.commitments:
        if held.running and view.now_s < held.end_s < next_s and held.job.id not in changed:
            ends[view.region_index[held.region]].append((held.end_s, held.scale * demand(held.job)))
    start_s, wanted = planned.start_s.copy(), planned.jobs.demand
    after_s = next_s + view.epoch_s
    soon = np.flatnonzero((start_s >= next_s) & (start_s < after_s) & (planned.jobs.latest_start_s >= after_s))
    for r, leaving in enumerate(ends):
        waiting = soon[planned.region[soon] == r] if leaving else soon[:0]
        waiting = waiting[(wanted[waiting] > free[r] + ROOM_EPS).any(axis=1)]
        waiting = waiting[np.argsort(planned.jobs.latest_start_s[waiting], kind="stable")]
        room = free[r].copy()
        for end_s, given_back in sorted(leaving, key=lambda one: one[0]):
            room += given_back
            fits = (start_s[waiting] >= next_s) & (wanted[waiting] <= room + ROOM_EPS).all(axis=1)
            for p in waiting[fits].tolist():
                if (wanted[p] <= room + ROOM_EPS).all():
                    start_s[p] = end_s
                    room -= wanted[p]
    return replace(planned, start_s=start_s)
