"""Schedulers that know nothing of carbon."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.jobs import Jobs
from sim.model import Job
from sim.schedulers.alone import now_at_home
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.immediate import home_first, start_now
from sim.schedulers.openings import Openings
from sim.timetable import Assignment, Options, Timetable, earliest
from sim.units import FloatArray, IntArray
from sim.view import View


def plan_fifo(view: View) -> Plan:
    """First in, first out: each job as early as a region can take it, home first.

    No job overtakes an earlier one in the same region (no backfilling), whatever its size.
    """
    at_once = start_now(view, view.pending, home_first(len(view.regions)))
    return at_once if at_once is not None else queue_up(view)


def queue_up(view: View) -> Plan:
    """Plan first in, first out over the hours ahead, where somebody must wait."""
    return Plan.of(view, [run for run, _ in _one_after_another(view, view.pending)])


def _one_after_another(view: View, jobs: Jobs) -> Iterator[tuple[Assignment, FloatArray]]:
    """Yield each job's earliest run, none before an earlier job of its region, and from when each region is open."""
    timetable = Timetable(view)
    openings = Openings(view, jobs, timetable)
    open_from_s = np.full(len(view.regions), view.now_s)

    def score(options: Options) -> FloatArray:
        return np.where(options.starts_s >= open_from_s[:, None], earliest(options), np.inf)

    for i in range(len(jobs)):
        now = openings.to(i) & (open_from_s <= view.now_s) & (openings.away_s[i] == 0)
        at_once = openings.soonest(i, now)
        if at_once is not None:
            openings.take(i, at_once)
            late = bool(openings.late[i])
            yield Assignment(jobs[i], view.regions[at_once].id, view.now_s, None, None, late), open_from_s
        elif run := timetable.assign(jobs[i], score, late_score=score):
            r = view.region_index[run.region]
            openings.look_again(r)
            open_from_s[r] = max(open_from_s[r], run.start_s)
            yield run, open_from_s


def plan_sjf(view: View) -> Plan:
    """Shortest job first, by the estimates; else like fifo."""
    return _in_order(view, np.argsort(view.pending.duration_estimate_s, kind="stable"))


def plan_edf(view: View) -> Plan:
    """Earliest deadline first, less the estimates of what follows in a job's graph; else like fifo."""
    return _in_order(view, np.argsort(view.pending.deadline_s - view.pending.tail_s, kind="stable"))


def _in_order(view: View, order: IntArray) -> Plan:
    """Plan the jobs in this order like fifo, until no region is left in which one could start now."""
    jobs = view.pending.take(order)
    at_once = start_now(view, jobs, home_first(len(view.regions)))
    if at_once is not None:
        return at_once
    runs: list[Assignment] = []
    for run, open_from_s in _one_after_another(view, jobs):
        runs.append(run)
        if (open_from_s > view.now_s).all():
            break
    return Plan.of(view, runs)


def plan_easy_backfill(view: View) -> Plan:
    """First in, first out, but a job may start before an earlier one whose reserved start it does not delay.

    Each job waits in the queue of its home, or of the first region that is large enough, and starts wherever there is
    room, home first. Who cannot start and is the first of its queue has its earliest start there reserved.
    """
    jobs, homes = view.pending, home_first(len(view.regions))
    at_once = start_now(view, jobs, homes)
    if at_once is not None:
        return at_once
    timetable = Timetable(view)
    openings, reserved = Openings(view, jobs, timetable), np.zeros(len(view.regions), dtype=bool)
    for i, home in enumerate(jobs.home.tolist()):
        r = openings.soonest(i, openings.to(i))
        queue = next((q for q in homes[home] if openings.able[i, q]), home)
        if r is not None:
            openings.take(i, r)
        elif not reserved[queue]:
            reserved[queue] = _reserve(timetable, jobs[i], queue)
            openings.look_again(queue)
    return openings.plan()


def _reserve(timetable: Timetable, job: Job, r: int) -> bool:
    """Book a job's earliest start in a region; return whether there is one."""

    def here(options: Options) -> FloatArray:
        return np.where(np.arange(len(options.feasible))[:, None] == r, earliest(options), np.inf)

    return timetable.assign(job, here, late_score=here) is not None


FAMILY = (
    Scheduler(
        "fifo",
        "agnostic",
        "first in, first out; home region first, no backfilling",
        plan_fifo,
        rolling=True,
        looks_ahead=False,
        each_alone=now_at_home,
    ),
    Scheduler(
        "sjf",
        "agnostic",
        "shortest job first (Smith 1956), by the estimates; home first, no backfilling",
        plan_sjf,
        True,
    ),
    Scheduler(
        "edf", "agnostic", "earliest deadline first (Liu and Layland 1973); home first, no backfilling", plan_edf, True
    ),
    Scheduler(
        "easy-backfill",
        "agnostic",
        "EASY (Lifka 1995; Mu'alem and Feitelson 2001): a reservation for the head of each region's queue",
        plan_easy_backfill,
        rolling=True,
    ),
)
