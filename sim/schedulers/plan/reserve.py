"""Room held back for urgent jobs that are still to come.

As much as jobs of little slack hold now will be wanted by such jobs at any later hour: those that hold it end, and
others come (Little's law, where arrivals are steady). So that much is held back in every slot, less what the urgent
ones that run now will still hold of it then. It stands where it costs least: in the dirtiest regions.
"""

from __future__ import annotations

import numpy as np

from sim.model import demand
from sim.timetable import Timetable
from sim.units import HOUR_S, FloatArray
from sim.view import View

SHORT_SLACK_S = 4 * HOUR_S
"""A job that could wait no longer than this when it came is urgent."""
SPARE = 1.5
"""What is held back over what urgent jobs hold now: arrivals are not steady."""


def held_back(view: View, timetable: Timetable) -> FloatArray:
    """Return what is held back of each region and slot, shape (R, K, 3), never more than is free."""
    wanted = _wanted(view, timetable.free.shape[1])
    held = np.zeros_like(timetable.free)
    slots = np.arange(len(wanted))
    for regions in np.argsort(-timetable.slot_g_per_w, axis=0, kind="stable"):  # the dirtiest of each slot, and so on
        held[regions, slots] = np.clip(timetable.free[regions, slots], 0.0, wanted)
        wanted = wanted - held[regions, slots]
    return held


def _wanted(view: View, slots: int) -> FloatArray:
    """Return what urgent jobs that are not here yet will want in each slot, shape (K, 3)."""
    now = np.zeros(3)
    known = np.zeros((slots, 3))
    for held in view.commitments:
        job = held.job
        if held.running and job.latest_start_s - job.submit_s <= SHORT_SLACK_S:
            holds = held.scale * demand(job)
            now += holds
            known[: max(1, int(np.ceil((held.end_s - view.now_s) / view.epoch_s)))] += holds
    return np.maximum(SPARE * now - known, 0.0)
