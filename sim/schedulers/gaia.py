"""GAIA: cloud batch jobs that wait within their queue's limit for a cleaner start (Hanafy et al., ASPLOS 2024).

GAIA knows one region, in which capacity has no end. Here a job runs at home, elsewhere only if home has no room for
any start in time; and it starts as early as it can where nobody has. How long it may wait is its slack. Like GAIA the
policies compare the grid's intensity alone, without PUE. GAIA decides when a job arrives (`decide: arrivals`) and does
so once; where decisions fall on epochs, a job's first candidate is the first epoch after its arrival.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from sim.constraints import binds
from sim.jobs import Jobs
from sim.pool import EPS
from sim.schedulers.arrivals import Arrivals, Courses
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.shifting import urgent_first
from sim.submissions import Submissions
from sim.timetable import Assignment, Options, Timetable, earliest
from sim.units import HOUR_S, BoolArray, FloatArray, IntArray
from sim.view import View
from sim.world import ROUNDING_S

_TIE = 1e-9
_POINTS = 512
"""Arrivals that are planned at once: what is forecast at all of them is held at the same time."""

Candidates = tuple[FloatArray, FloatArray]
"""Starts and the score of each, shape (P, C): ascending starts, the first of them now; the lowest score is taken."""

Policy = Callable[["View | Arrivals", Jobs, IntArray], Candidates]
"""From what is known, jobs, and the row of each in it (a View has a row a region), to candidates."""


def slot_intensity(known: View | Arrivals, jobs: Jobs, row: IntArray) -> Candidates:
    """Score now, and the start of every later interval of the signal, by the intensity at that moment."""
    outlook = known.intensity_outlook
    later_s = outlook.start_s + outlook.step_s * np.arange(outlook.values.shape[1])
    return np.maximum(later_s, _now_s(known, jobs)), outlook.values[row]


def _now_s(known: View | Arrivals, jobs: Jobs) -> FloatArray:
    """Return the moment of decision of each job, shape (P, 1)."""
    return np.broadcast_to(known.now_s, len(jobs))[:, None]


def window_carbon(known: View | Arrivals, jobs: Jobs, row: IntArray) -> Candidates:
    """Score whole hours after arrival by the carbon of a run of expected length."""
    starts_s = _hours_after_arrival(known, jobs)
    return starts_s, _run_carbon(known, jobs, row, starts_s)


def carbon_for_time(known: View | Arrivals, jobs: Jobs, row: IntArray) -> Candidates:
    """Score whole hours after arrival by the carbon saved per second to completion, against a start at arrival."""
    starts_s = _hours_after_arrival(known, jobs)
    return starts_s, _lost_per_time(known, jobs, row, starts_s)


def _lost_per_time(known: View | Arrivals, jobs: Jobs, row: IntArray, starts_s: FloatArray) -> FloatArray:
    """Return the carbon that each start adds to that of a start at arrival, per second from arrival to completion."""
    submit_s = jobs.submit_s[:, None]
    carbon = _run_carbon(known, jobs, row, np.concatenate([submit_s, starts_s], axis=1))
    return (carbon[:, 1:] - carbon[:, :1]) / (starts_s - submit_s + jobs.expected_s[:, None])


def _hours_left(jobs: Jobs, from_s: FloatArray | float) -> int:
    """Return the most whole hours between a moment of each job and its latest start."""
    return max(0, int(((jobs.latest_start_s - from_s).max() + ROUNDING_S) // HOUR_S))


def _hours_after_arrival(known: View | Arrivals, jobs: Jobs) -> FloatArray:
    """Return now, and every whole hour after each job's arrival as far as the latest start of any, shape (P, C)."""
    passed = np.floor((known.now_s - jobs.submit_s) / HOUR_S + _TIE) + 1
    later_s = jobs.submit_s[:, None] + HOUR_S * (passed[:, None] + np.arange(1 + _hours_left(jobs, known.now_s)))
    return np.concatenate([_now_s(known, jobs), later_s], axis=1)


def _run_carbon(known: View | Arrivals, jobs: Jobs, row: IntArray, starts_s: FloatArray) -> FloatArray:
    """Return the integral of intensity over a run of expected length from each start, shape (P, C)."""
    course = known.intensity_since(float(jobs.submit_s.min()))
    ends_s = starts_s + jobs.expected_s[:, None]
    return course.cumulative_in(row[:, None], ends_s) - course.cumulative_in(row[:, None], starts_s)


def plan_lowest_slot(view: View) -> Plan:
    """At home, at the moment of lowest forecast intensity within the slack; the earliest of equals."""
    return _plan(view, view.pending, slot_intensity)


def plan_lowest_window(view: View) -> Plan:
    """At home, at the hour after arrival from which a run of expected length would emit least by the forecast."""
    return _plan(view, view.pending, window_carbon)


def plan_carbon_time(view: View) -> Plan:
    """At home, at the hour after arrival that saves most forecast carbon per hour from arrival to completion."""
    return _plan(view, view.pending, carbon_for_time)


def _plan(view: View, jobs: Jobs, policy: Policy) -> Plan:
    """Plan each job at its best candidate at home; where room is short, in turn, at the best that is left."""
    if not len(jobs):
        return Plan.of(view, [])
    start_s = _best_starts(view, jobs, policy)
    if view.ample:
        return Plan(view.regions, jobs, jobs.home, start_s, late=start_s > jobs.latest_start_s + ROUNDING_S)
    return _in_turn(view, jobs, start_s, policy)


def _best_starts(view: View, jobs: Jobs, policy: Policy) -> FloatArray:
    """Return the best candidate of each job at home, as if there were room for all, shape (P,)."""
    last_s = jobs.latest_start_s
    if binds(view.constraints):
        last_s = np.minimum(last_s, [view.constraints.latest_start_s(job) for job in jobs])
    return _timely_best(jobs, last_s, policy(view, jobs, jobs.home))


def _timely_best(jobs: Jobs, last_s: FloatArray, candidates: Candidates) -> FloatArray:
    """Return the best candidate of each job that is not after its last start, shape (P,)."""
    starts_s, scores = candidates
    in_time = starts_s <= last_s[:, None] + ROUNDING_S
    in_time[:, 0] = True  # a late job starts now
    return np.asarray(starts_s[np.arange(len(jobs)), _first_of_least(np.where(in_time, scores, np.inf))])


def _first_of_least(scores: FloatArray) -> IntArray:
    """Return the first column of least score in each row; what is equal within rounding is equal."""
    least = scores.min(axis=1, keepdims=True)
    return np.asarray(np.argmax(scores <= least + _TIE * np.maximum(1.0, np.abs(least)), axis=1))


def _in_turn(view: View, jobs: Jobs, start_s: FloatArray, policy: Policy) -> Plan:
    """Book each job at its best start if there is room for it, else at the best of the rest, the urgent ones first."""
    timetable, rules = Timetable(view), binds(view.constraints)
    runs = []
    for i in urgent_first(view, jobs).tolist():
        job, r, at_s = jobs[i], int(jobs.home[i]), float(start_s[i])
        late, slots = at_s > job.latest_start_s + ROUNDING_S, timetable.touched(at_s, at_s + job.duration_estimate_s)
        if not (rules or late) and timetable.has_room(job, r, slots):
            timetable.take(job, r, slots)
            runs.append(Assignment(job, view.regions[r].id, at_s, None, None, late=False))
        elif run := _best_of_the_rest(view, timetable, jobs.take([i]), policy):
            runs.append(run)
    return Plan.of(view, runs)


def _best_of_the_rest(view: View, timetable: Timetable, one: Jobs, policy: Policy) -> Assignment | None:
    """Book one job at the best free candidate at home, elsewhere if home has none, else as early as anybody can."""
    everywhere = np.arange(len(view.regions))
    starts_s, scores = policy(view, one.take(np.zeros(len(everywhere), dtype=int)), everywhere)

    def home_first(options: Options) -> FloatArray:
        home = int(one.home[0])
        if not options.feasible[home].any():
            return scores
        points = np.full(scores.shape, np.inf)
        points[home] = scores[home]
        return points

    return timetable.assign_at(one[0], starts_s[0], home_first) or timetable.assign(one[0], earliest)


def _at_arrivals(policy: Policy) -> Callable[[Submissions], Plan | None]:
    """Return what plans each job by itself at the best candidate of its arrival, if jobs are decided on then."""

    def plan(asked: Submissions) -> Plan | None:
        if (asked.asked_s != asked.jobs.submit_s).any():
            return None
        bounds = [*range(0, len(asked.point_s), _POINTS), len(asked.point_s)]
        parts = [_some_arrivals(asked, range(*points), policy) for points in itertools.pairwise(bounds)]
        jobs, start_s = asked.jobs, np.concatenate(parts)
        return Plan(asked.world.regions, jobs, jobs.home, start_s, late=start_s > jobs.latest_start_s + ROUNDING_S)

    return plan


def _some_arrivals(asked: Submissions, points: range, policy: Policy) -> FloatArray:
    """Return the best start of each job that arrives at some decision points, shape (P,)."""
    jobs = asked.jobs.take(slice(*np.searchsorted(asked.point, [points.start, points.stop]).tolist()))
    arrivals = Arrivals(jobs.submit_s, Courses.of(asked, points))
    return _timely_best(jobs, jobs.latest_start_s, policy(arrivals, jobs, np.arange(len(jobs))))


def plan_res_first(view: View) -> Plan:
    """As Carbon-Time, but at once where reserved CPUs at home are idle, in the order of arrival (Res-First).

    A job is planned anew at every decision until it begins, always from its arrival: what does not start before the
    next epoch stays pending, for reserved CPUs may be idle by then. So it books no room ahead.
    """
    if not len(view.pending):
        return Plan.of(view, [])
    at_once = view.pending.positions[_on_reserved(view)]

    def policy(known: View | Arrivals, jobs: Jobs, region: IntArray) -> Candidates:
        starts_s, scores = _carbon_for_time_from_arrival(known, jobs, region)
        scores[np.isin(jobs.positions, at_once) & (region == jobs.home), 0] = _BEST
        return starts_s, scores

    due = np.flatnonzero(_best_starts(view, view.pending, policy) < view.next_point_s)
    plan = _plan(view, view.pending.take(due), policy)
    return plan.only(plan.begin_s(view) < view.next_point_s)


_BEST = -1e30


def _carbon_for_time_from_arrival(known: View | Arrivals, jobs: Jobs, row: IntArray) -> Candidates:
    """Score the hours after arrival as Carbon-Time did then; one that has passed means now."""
    grid_s = jobs.submit_s[:, None] + HOUR_S * np.arange(1 + _hours_left(jobs, jobs.submit_s))
    return np.maximum(grid_s, _now_s(known, jobs)), _lost_per_time(known, jobs, row, grid_s)


def _on_reserved(view: View) -> BoolArray:
    """Return which pending jobs find idle reserved CPUs at home, shape (P,), the earlier ones taking theirs first."""
    idle = view.prepaid.copy()
    found = np.zeros(len(view.pending), dtype=bool)
    for i, (home, cpus) in enumerate(zip(view.pending.home.tolist(), view.pending.cpus.tolist(), strict=True)):
        found[i] = cpus <= idle[home] + EPS
        idle[home] -= cpus * found[i]
    return found


FAMILY = (
    Scheduler(
        "gaia-lowest-slot",
        "carbon",
        "GAIA (Hanafy et al., ASPLOS 2024), Lowest-Slot, with capacity",
        plan_lowest_slot,
        rolling=False,
        each_alone=_at_arrivals(slot_intensity),
    ),
    Scheduler(
        "gaia-lowest-window",
        "carbon",
        "GAIA (Hanafy et al., ASPLOS 2024), Lowest-Window, with capacity",
        plan_lowest_window,
        rolling=False,
        each_alone=_at_arrivals(window_carbon),
    ),
    Scheduler(
        "gaia-carbon-time",
        "carbon",
        "GAIA (Hanafy et al., ASPLOS 2024), Carbon-Time, with capacity",
        plan_carbon_time,
        rolling=False,
        each_alone=_at_arrivals(carbon_for_time),
    ),
    Scheduler(
        "gaia-res-first",
        "carbon",
        "GAIA (Hanafy et al., ASPLOS 2024), Res-First-Carbon-Time: idle reserved CPUs at once, with capacity",
        plan_res_first,
        rolling=False,
    ),
)
