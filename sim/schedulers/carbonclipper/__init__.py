"""CarbonClipper (Lechowicz et al., arXiv 2408.07831): wait for a clean hour in any region, but not on trust alone.

The fractional algorithm (`soad`) goes through the slots since a job's submission, at the prices of each (`course`). Its
advice is the best plan in one region by the forecast that was issued first; the bounds of prices are the least and the
greatest of that forecast within the job's window. One job at a time; of its shares, a whole job is made like this:

- A job with a checkpoint runs through the coming slot if by its end the fraction is half a slot of work ahead; else it
  is suspended, or waits. It runs where the largest share does.
- Any other job is one unit, bought at the mean price of its whole run by the forecast of each moment. It starts when
  half of it has been bought, and runs through, with one worker.
- What must start before the next decision to be in time does so at any price. A pending job waits only while a later
  timely start is left, and kept free, for it.

Moves emit what their energy does at the mean of the forecast: data or state over the network, and checkpoints.
"""

from __future__ import annotations

import numpy as np

from sim.constraints import binds
from sim.model import Checkpoint, Decision, Job, Migrate, Resume, Suspend, demand
from sim.open_work import PENDING, RUNNING, SUSPENDED, OpenWork
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.carbonclipper.course import asked
from sim.schedulers.shifting import now_or_earliest
from sim.timetable import Assignment, Options, Timetable
from sim.units import BoolArray, FloatArray, IntArray
from sim.view import View
from sim.world import ROUNDING_S

EPSILON = 0.5
"""How far above its advice a job may end, as a share: of those tried, the least carbon (docs/schedulers.md)."""
_EPS = 1e-6


def plan_carbonclipper(view: View) -> Plan:
    """Run through the coming slot what the fractions are ahead of, and what must be run to be in time."""
    work = view.work
    open_ = np.flatnonzero((work.state != RUNNING) | work.pausable)
    jobs = work.jobs.take(open_)
    wish = asked(view, jobs, EPSILON)
    spare_s = _spare_s(view, work, open_)
    go = _is_due(view, work, open_, wish.done) | (spare_s < 0)
    order = np.lexsort((wish.grams, -wish.x), axis=1)  # by the largest share, then by what the region would emit
    rank = np.argsort(order, axis=1).astype(float)
    timetable = Timetable(view)
    levers = _Levers(view, timetable)
    for i in np.flatnonzero(work.state[open_] != PENDING).tolist():
        levers.decide(work, int(open_[i]), order[i], go=bool(go[i]), spare_s=float(spare_s[i]), share=wish.x[i])
    pending = np.flatnonzero(work.state[open_] == PENDING)
    first = pending[np.lexsort((spare_s[pending], ~go[pending]))]
    if view.ample and not binds(view.constraints) and (view.network is None or not jobs.data_gb.any()):
        now = first[go[first]]
        starts_s, late = np.full(len(now), view.now_s), jobs.latest_start_s[now] + ROUNDING_S < view.now_s
        plan = Plan(view.regions, jobs.take(now), order[now, 0], starts_s, late)
    else:
        runs = (_run(view, timetable, jobs[i], rank[i], go=bool(go[i])) for i in first.tolist())
        plan = Plan.of(view, [run for run in runs if run is not None])
    return plan.doing(tuple(levers.actions))


def _spare_s(view: View, work: OpenWork, at: IntArray) -> FloatArray:
    """Return how long after the next decision each job could still begin, or go on, and be in time, shape (P,).

    Waking servers count, and of what runs the checkpoint that a suspension would write and read.
    """
    wake_s = np.array([region.saving.wake_s if region.saving else 0.0 for region in view.regions])
    state, region = work.state[at], np.where(work.state[at] == PENDING, work.jobs.home[at], work.region[at])
    pauses_s = np.array([trait.checkpoint.save_s + trait.checkpoint.restore_s if trait.checkpoint else 0.0
                         for trait in work.jobs.traits])[work.jobs.trait[at]]  # fmt: skip
    latest_s = work.latest_start_s[at] - wake_s[region] - np.where(state == RUNNING, pauses_s, 0.0)
    if binds(view.constraints):
        ruled = [
            view.constraints.latest_start_s(work.jobs[p]) if work.state[p] == PENDING else np.inf for p in at.tolist()
        ]
        latest_s = np.minimum(latest_s, ruled)
    return np.asarray(latest_s - view.now_s - view.epoch_s)


def _is_due(view: View, work: OpenWork, at: IntArray, done: FloatArray) -> BoolArray:
    """Return whose fraction is ahead: by half a slot of work, or by half of a job that cannot stop, shape (P,)."""
    jobs = work.jobs.take(at)
    reads_s = np.array([trait.checkpoint.restore_s if trait.checkpoint else 0.0 for trait in jobs.traits])[jobs.trait]
    left_s = work.remaining_s[at] - np.where(work.state[at] == SUSPENDED, reads_s, 0.0)
    ahead_s = left_s - (1.0 - done) * jobs.duration_estimate_s
    half_s = np.where(work.pausable[at], np.minimum(view.epoch_s, left_s), jobs.duration_estimate_s) / 2.0
    return np.asarray(ahead_s >= half_s - _EPS)


def _run(view: View, timetable: Timetable, job: Job, rank: FloatArray, *, go: bool) -> Assignment | None:
    """Return a pending job's run, by the rank of regions if it is to go; else None, with a later start kept free."""

    def late_in_the_window(options: Options) -> FloatArray:
        return np.broadcast_to(-options.starts_s, options.feasible.shape)

    if go:
        return timetable.assign(job, lambda options: now_or_earliest(options, rank))
    run = timetable.assign(job, late_in_the_window)
    return run if run and (run.late or run.start_s < view.now_s + view.epoch_s) else None


class _Levers:
    """Suspends, resumes and moves what is under way, within the room there is now."""

    def __init__(self, view: View, timetable: Timetable) -> None:
        self.view = view
        self.free = view.free.copy() if view.ample else np.minimum(view.free, timetable.free[:, 0])
        self.actions: list[Decision] = []

    def decide(self, work: OpenWork, p: int, order: IntArray, *, go: bool, spare_s: float, share: FloatArray) -> None:
        """Decide on one job, its regions in order of preference."""
        job, here, now_s = work.jobs[p], int(work.region[p]), self.view.now_s
        runs = work.state[p] == RUNNING
        best = int(order[0])
        away = (
            go and best != here and (not runs or share[best] > share[here]) and self._may_move(job, here, best, spare_s)
        )
        if away:
            self.actions.append(Migrate(job.id, self.view.regions[best].id, now_s))
            self.free[best] -= demand(job)
        elif runs and not go and work.remaining_s[p] > 0:
            self.actions.append(Suspend(job.id))
        elif not runs and go and (spare_s < 0 or self._fits(job, here)):
            self.actions.append(Resume(job.id, now_s))
            self.free[here] -= demand(job)

    def _fits(self, job: Job, r: int) -> bool:
        return bool((demand(job) <= self.free[r] + _EPS).all())

    def _may_move(self, job: Job, here: int, there: int, spare_s: float) -> bool:
        """Whether there is room elsewhere, and time to move there."""
        network, checkpoint = self.view.network, job.checkpoint or Checkpoint()
        move_s = checkpoint.save_s + (float(network.transfer_s(here, there, job.state_gb)) if network else 0.0)
        wakes_s = saving.wake_s if (saving := self.view.regions[there].saving) else 0.0
        return self._fits(job, there) and spare_s >= move_s + wakes_s


FAMILY = (
    Scheduler(
        "carbonclipper",
        "carbon",
        "CarbonClipper (Lechowicz et al., arXiv 2408.07831): online thresholds held near a forecast's plan, made whole",
        plan_carbonclipper,
        rolling=True,
        acts=True,
    ),
)
