"""Schedulers that know nothing of carbon."""

from __future__ import annotations

import numpy as np

from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.immediate import home_first, start_now
from sim.timetable import Assignment, Options, Timetable, earliest
from sim.units import FloatArray
from sim.view import View


def plan_fifo(view: View) -> Plan:
    """First in, first out: each job as early as a region can take it, home first.

    No job overtakes an earlier one in the same region (no backfilling), whatever its size.
    """
    at_once = start_now(view, view.pending, home_first(len(view.regions)))
    return at_once if at_once is not None else queue_up(view)


def queue_up(view: View) -> Plan:
    """Plan first in, first out over the hours ahead, where somebody must wait."""
    timetable = Timetable(view)
    not_before_s = np.full(len(view.regions), view.now_s)
    runs: list[Assignment] = []

    def score(options: Options) -> FloatArray:
        return np.where(options.starts_s >= not_before_s[:, None], earliest(options), np.inf)

    for job in view.pending:
        if run := timetable.assign(job, score, late_score=score):
            r = view.region_index[run.region]
            not_before_s[r] = max(not_before_s[r], run.start_s)
            runs.append(run)
    return Plan.of(view, runs)


FAMILY = (
    Scheduler("fifo", "agnostic", "first in, first out; home region first, no backfilling", plan_fifo, True, False),
)
