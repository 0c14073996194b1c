"""Carbon-aware schedulers that move rigid jobs in space, in time, or in both.

They differ only in which starts and regions they look at and in what they compare; capacity,
deadlines and rules come from the Timetable.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.model import Job
from sim.schedulers.base import Plan
from sim.timetable import Options, Score, Timetable, earliest
from sim.units import FloatArray
from sim.view import View


def _assign_all(view: View, jobs: Sequence[Job], timetable: Timetable, score: Score) -> Plan:
    """Book the jobs in order, but those first that must start before the next decision to be in time."""
    urgent_first = sorted(jobs, key=lambda job: timetable.last_start_s(job) >= view.now_s + view.epoch_s)
    runs = (timetable.assign(job, score) for job in urgent_first)
    return tuple(run for run in runs if run is not None)


def _now_or_earliest(options: Options, now: FloatArray) -> FloatArray:
    """Score slot 0 by `now` (R,); where no region can start the job now, score later slots by their start."""
    if options.feasible[:, 0].any():
        points = np.full(options.feasible.shape, np.inf)
        points[:, 0] = now
        return points
    return earliest(options)


def plan_greedy_carbon(view: View) -> Plan:
    """At once, where the grid is cleanest this moment: lowest measured intensity x PUE."""
    current = np.array([s.values[-1] * r.pue for s, r in zip(view.intensity, view.regions, strict=True)])
    return _assign_all(view, view.pending, Timetable(view), lambda options: _now_or_earliest(options, current))


def plan_spatial_shift(view: View) -> Plan:
    """At once, where the whole run would emit least by the forecast."""
    return _assign_all(
        view,
        view.pending,
        Timetable(view),
        lambda options: _now_or_earliest(options, options.carbon_g[:, 0]),
    )


def plan_time_shift(view: View) -> Plan:
    """At home, in the window of its slack that emits least by the forecast; elsewhere only if home cannot."""

    def score(options: Options) -> FloatArray:
        home = view.region_index[options.job.home]
        if not options.feasible[home].any():
            return options.carbon_g
        points = np.full(options.feasible.shape, np.inf)
        points[home] = options.carbon_g[home]
        return points

    return _assign_all(view, view.pending, Timetable(view), score)


def plan_spatiotemporal(view: View) -> Plan:
    """Where and when the run would emit least by the forecast, the jobs of most energy choosing first."""
    jobs = sorted(view.pending, key=lambda job: -job.cpus * job.duration_estimate_s)
    return _assign_all(view, jobs, Timetable(view), lambda options: options.carbon_g)
