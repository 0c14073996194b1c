"""Room held back for jobs that are still to come.

If jobs come as they came of late, and start at once, those that come after now will hold in k slots what is summed up
over the lately arrived: demand x min(duration, k slots), per time in which they came (Little's law). So much is held
back in each slot, where it costs least: in the dirtiest regions. Where arrivals ask for nearly all there is, nothing
but the coming hours is left to plan in, and nobody waits for a cleaner hour that will be full.
"""

from __future__ import annotations

import numpy as np

from sim.timetable import Timetable
from sim.units import DAY_S, FloatArray
from sim.view import View

LATELY_S = DAY_S
SPARE = 1.0
"""What is held back as a share of what is expected."""


def held_back(view: View, timetable: Timetable, spare: float = SPARE) -> FloatArray:
    """Return what is held back of each region and slot, shape (R, K, 3), never more than is free."""
    wanted = spare * expected_arrivals(view, timetable.free.shape[1])
    held = np.zeros_like(timetable.free)
    slots = np.arange(len(wanted))
    for regions in np.argsort(-timetable.slot_g_per_w, axis=0, kind="stable"):  # the dirtiest of each slot, and so on
        held[regions, slots] = np.clip(timetable.free[regions, slots], 0.0, wanted)
        wanted = wanted - held[regions, slots]
    return held


def expected_arrivals(view: View, slots: int) -> FloatArray:
    """Return what jobs that come after now are expected to hold in each slot, CPUs, GPUs and GB, shape (K, 3)."""
    span_s = min(LATELY_S, view.now_s)
    if span_s < view.epoch_s:
        return np.zeros((slots, 3))
    jobs = view.arrived(view.now_s - span_s)
    order = np.argsort(jobs.duration_estimate_s, kind="stable")
    duration_s, demand = jobs.duration_estimate_s[order], jobs.demand[order]
    work = np.concatenate([np.zeros((1, 3)), np.cumsum(demand * duration_s[:, None], axis=0)])
    width = np.concatenate([np.zeros((1, 3)), np.cumsum(demand, axis=0)])
    ahead_s = view.epoch_s * np.arange(slots)
    ended = np.searchsorted(duration_s, ahead_s)
    return np.asarray((work[ended] + (width[-1] - width[ended]) * ahead_s[:, None]) / span_s)
