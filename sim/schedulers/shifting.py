"""Carbon-aware schedulers that move rigid jobs in space, in time, or in both.

They differ only in which starts and regions they look at and in what they compare; capacity,
deadlines and rules come from the Timetable. Where no rule stands in the way, the best options of all
jobs are found at once, then booked in turn: what is still free when a job's turn comes is still its best.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.constraints import binds
from sim.jobs import Jobs
from sim.model import Job
from sim.schedulers.alone import least_at_home, now_where_cleanest
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.immediate import home_first, start_now
from sim.timetable import Assignment, Choices, Options, Score, Timetable, earliest
from sim.units import FloatArray, IntArray
from sim.view import View


def urgent_first(view: View, jobs: Jobs) -> IntArray:
    """Return the jobs in order, but those first that must start before the next decision to be in time."""
    return np.argsort(jobs.latest_start_s >= view.now_s + view.epoch_s, kind="stable")


def _assign_all(view: View, jobs: Sequence[Job], timetable: Timetable, score: Score) -> Plan:
    """Book the jobs in order, the urgent ones first."""
    urgent_first = sorted(jobs, key=lambda job: timetable.last_start_s(job) >= view.now_s + view.epoch_s)
    runs = (timetable.assign(job, score) for job in urgent_first)
    return Plan.of(view, [run for run in runs if run is not None])


def now_or_earliest(options: Options, now: FloatArray) -> FloatArray:
    """Score slot 0 by `now` (R,); where no region can start the job now, score later slots by their start."""
    if options.feasible[:, 0].any():
        points = np.full(options.feasible.shape, np.inf)
        points[:, 0] = now
        return points
    return earliest(options)


def plan_greedy_carbon(view: View) -> Plan:
    """At once, where the grid is cleanest this moment: lowest measured intensity x PUE."""
    current = view.intensity_measured.current * view.overhead(np.array([view.now_s]))[:, 0]
    at_once = start_now(view, _in_order(view, urgent_first(view, view.pending)), _cleanest_first(current.tolist()))
    return at_once if at_once is not None else greedy_ahead(view, current)


def _cleanest_first(current: Sequence[float]) -> Sequence[Sequence[int]]:
    """Return for each home the regions by current intensity; of equals home comes first, then scenario order."""
    if len(set(current)) == len(current):
        return [sorted(range(len(current)), key=current.__getitem__)] * len(current)
    return [sorted(order, key=current.__getitem__) for order in home_first(len(current))]


def _in_order(view: View, order: IntArray) -> Jobs:
    """Return the pending jobs in an order; as they are, if that is theirs."""
    return view.pending if (order[1:] > order[:-1]).all() else view.pending.take(order)


def greedy_ahead(view: View, current: FloatArray) -> Plan:
    """Plan greedily over the hours ahead, where not every job finds room now."""
    return _assign_all(view, view.pending, Timetable(view), lambda options: now_or_earliest(options, current))


def plan_spatial_shift(view: View) -> Plan:
    """At once, where the whole run would emit least by the forecast."""
    return _assign_all(
        view,
        view.pending,
        Timetable(view),
        lambda options: now_or_earliest(options, options.objective_g[:, 0]),
    )


def plan_time_shift(view: View) -> Plan:
    """At home, in the window of its slack that emits least by the forecast; elsewhere only if home cannot."""
    jobs = _in_order(view, urgent_first(view, view.pending))
    return shift_at_home(view, jobs, Timetable(view))


def shift_at_home(view: View, jobs: Jobs, timetable: Timetable) -> Plan:
    """Book the jobs in this order as `plan_time_shift` does, in what room a timetable has left."""
    return least_carbon(view, jobs, timetable, at_home(view), home_only=True)


def at_home(view: View) -> Score:
    """Return a score by forecast carbon that looks elsewhere only if home is not feasible."""

    def score(options: Options) -> FloatArray:
        home = view.region_index[options.job.home]
        if not options.feasible[home].any():
            return options.objective_g
        points = np.full(options.feasible.shape, np.inf)
        points[home] = options.objective_g[home]
        return points

    return score


def plan_spatiotemporal(view: View) -> Plan:
    """Where and when the run would emit least by the forecast, the jobs of most energy choosing first."""
    pending = view.pending
    by_energy = np.argsort(-pending.cpus * pending.duration_estimate_s, kind="stable")
    urgent = pending.latest_start_s[by_energy] < view.now_s + view.epoch_s
    order = by_energy[np.argsort(~urgent, kind="stable")]
    jobs = _in_order(view, order)
    return least_carbon(view, jobs, Timetable(view), lambda options: options.objective_g, home_only=False)


def least_carbon(view: View, jobs: Jobs, timetable: Timetable, score: Score, *, home_only: bool) -> Plan:
    """Book the jobs in this order (rules may make others urgent first), each at its option of least carbon."""
    if binds(view.constraints):
        return _assign_all(view, jobs, timetable, score)
    if not len(jobs):
        return Plan.of(view, [])
    choices = timetable.cheapest(jobs, home_only=home_only)
    if timetable.book_all(jobs, choices):
        return _as_chosen(view, timetable, jobs, choices)
    return _in_turn(view, timetable, jobs, choices, score)


def _as_chosen(view: View, timetable: Timetable, jobs: Jobs, choices: Choices) -> Plan:
    return Plan(
        regions=view.regions,
        jobs=jobs,
        region=choices.region,
        start_s=timetable.edges_s[choices.slot],
        late=np.zeros(len(jobs), dtype=bool),
        carbon_g=choices.carbon_g,
    )


def _in_turn(view: View, timetable: Timetable, jobs: Jobs, choices: Choices, score: Score) -> Plan:
    """Book each job's best option if it is still free, else what is best of the rest."""
    runs: list[Assignment] = []
    lengths = timetable.lengths(jobs).tolist()
    columns = (choices.region.tolist(), choices.slot.tolist(), choices.carbon_g.tolist())
    for job, length, r, s, carbon_g in zip(jobs, lengths, *columns, strict=True):
        if s >= 0 and timetable.still_fits(job, r, s, length):
            timetable.book(job, r, s, length)
            start_s = float(timetable.edges_s[s])
            runs.append(Assignment(job, view.regions[r].id, start_s, carbon_g, None, late=False))
        elif run := timetable.assign(job, score):
            runs.append(run)
    return Plan.of(view, runs)


FAMILY = (
    Scheduler(
        "greedy-carbon",
        "carbon",
        "lowest current intensity, as `lowest_carbon` of SustainCluster (NeurIPS 2025)",
        plan_greedy_carbon,
        rolling=True,
        looks_ahead=False,
        each_alone=now_where_cleanest,
    ),
    Scheduler(
        "time-shift",
        "carbon",
        "Let's Wait Awhile (Wiesner et al., Middleware 2021), non-interruptible, with capacity",
        plan_time_shift,
        rolling=False,
        each_alone=least_at_home,
    ),
    Scheduler(
        "spatial-shift",
        "carbon",
        "spatial migration at submission, as in Sukprasert et al. (EuroSys 2024), with capacity",
        plan_spatial_shift,
        rolling=True,
    ),
    Scheduler(
        "spatiotemporal",
        "carbon",
        "least forecast carbon over regions x starts, largest job first, booked when first seen; ours",
        plan_spatiotemporal,
        rolling=False,
    ),
)
