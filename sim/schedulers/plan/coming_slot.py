"""What flexible jobs do in the coming slot: work or wait, where, with how many workers; and who has room for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.model import Decision, Migrate, Place, Resize, Resume, Suspend
from sim.open_work import PENDING, RUNNING, OpenWork
from sim.schedulers.plan.levers import Figures, figures, gains
from sim.schedulers.plan.spots import ROOM_EPS
from sim.timetable import Timetable
from sim.units import BoolArray, FloatArray, IntArray

MARGIN = 0.15
"""A job leaves its region only for a gain of at least this share: no forecast is better than that."""
RESIZE_GAIN = 0.02
RESERVE = 0.25
"""Where room is short, jobs that can be suspended plan as if this share of their time were not there."""
WORTH = 0.05
"""A pending job that pauses and more workers save less than this share is packed among the rigid ones."""


@dataclass(frozen=True, eq=False)
class _Case:
    """A flexible job: its figures in each region to wait and to run (R,), with and without another checkpoint."""

    job_id: str
    state: int
    region: int
    scale: int
    demand: FloatArray
    workers: IntArray
    wait_g: FloatArray  # (R,)
    run_g: FloatArray  # (R, I)
    wait_after_save_g: FloatArray
    run_after_move_g: FloatArray

    def best_scale(self, r: int) -> int:
        return int(self.workers[int(np.argmin(self.run_g[r]))])


def decide(
    timetable: Timetable, work: OpenWork, rows: IntArray, free: FloatArray, spare: FloatArray
) -> tuple[list[Decision], list[int]]:
    """Return the actions of the flexible jobs at `rows`, and the pending ones for which it is too late (rows).

    Who can wait least chooses first, then who gains most.

    Args:
        free: Room now, shape (R, 3); what is taken is subtracted.
        spare: What of it is kept from those that can wait.
    """
    cases = _cases(timetable, work, rows)
    urgency = [(np.isfinite(case.wait_g).any(), _gain_g(case)) for case in cases]
    actions: list[Decision] = []
    late: list[int] = []
    held = False
    for n in sorted(range(len(cases)), key=lambda n: (urgency[n][0], -urgency[n][1])):
        case = cases[n]
        if urgency[n][0] and not held:
            free -= np.minimum(spare, np.maximum(free, 0.0))
            held = True
        if case.state == PENDING and not np.isfinite(case.run_g).any():
            late.append(int(rows[n]))
        elif action := _action(timetable, case, free):
            actions.append(action)
        elif case.state == PENDING and not np.isfinite(case.wait_g).any():
            late.append(int(rows[n]))
    return actions, late


def _gain_g(case: _Case) -> float:
    """Return what running now saves per CPU (or GPU) held, grams."""
    wait, run = float(case.wait_g.min()), float(case.run_g.min())
    return (wait - run) / max(float(case.demand.max()), 1e-9) if np.isfinite(wait) and np.isfinite(run) else 0.0


def worth_pausing(timetable: Timetable, work: OpenWork, rows: IntArray, most: int | None = None) -> BoolArray:
    """Return which of the pending jobs at `rows` save enough by pauses or more workers, shape (W,).

    With `most`, roughly so, and at most so many: those that save most.
    """
    share = np.zeros(len(rows))
    for mine in of_one_kind(work, rows):
        share[mine] = gains(timetable, work, rows[mine], margin=margin_of(timetable), roughly=most is not None)
    enough = share >= WORTH
    if most is not None:
        jobs = work.jobs.take(rows)
        saved = np.where(enough, share * jobs.cpus * jobs.duration_estimate_s, 0.0)
        enough[np.argsort(-saved, kind="stable")[most:]] = False
    return enough


def of_one_kind(work: OpenWork, rows: IntArray) -> Iterator[IntArray]:
    """Yield the places in `rows` of jobs that share their traits."""
    traits = work.jobs.trait[rows]
    return (np.flatnonzero(traits == code) for code in np.unique(traits))


def margin_of(timetable: Timetable) -> float:
    """Return the share of its time that a job leaves unused."""
    return 0.0 if timetable.view.ample else RESERVE


def _cases(timetable: Timetable, work: OpenWork, rows: IntArray) -> list[_Case]:
    cases: dict[int, _Case] = {}
    for mine in of_one_kind(work, rows):
        found = figures(timetable, work, rows[mine], margin=margin_of(timetable))
        for n, row in enumerate(rows[mine].tolist()):
            cases[row] = _case(timetable, work, row, found, n)
    return [cases[row] for row in rows.tolist()]


def _case(timetable: Timetable, work: OpenWork, row: int, found: Figures, n: int) -> _Case:
    movable = work.jobs.traits[int(work.jobs.trait[row])].checkpoint is not None
    here, state = int(work.region[row]), int(work.state[row])
    never = np.full(len(found.wait_g), np.inf)
    move_g = moving_g(timetable, work, row, here) if state != PENDING else np.zeros(len(never))
    return _Case(
        job_id=work.jobs.id_of(int(work.jobs.positions[row])),
        state=state,
        region=here,
        scale=int(work.scale[row]),
        demand=work.jobs.demand[row],
        workers=found.workers,
        wait_g=found.wait_g[:, n] if movable or state == PENDING else never,
        run_g=found.run_g[:, :, n],
        wait_after_save_g=found.saved_wait_g[:, n] if movable else never,
        run_after_move_g=found.saved_run_g[:, n] + move_g if movable else never,
    )


def moving_g(timetable: Timetable, work: OpenWork, row: int, here: int) -> FloatArray:
    """Return what moving a job's state to each region emits now, grams; infinite where it does not get there soon."""
    network = timetable.view.network
    count = len(timetable.view.regions)
    if network is None:
        return np.zeros(count)
    state_gb, there = float(work.jobs[row].state_gb), np.arange(count)
    grams = network.transfer_kwh(here, there, state_gb) * timetable.intensity[here, 0]
    soon = network.transfer_s(here, there, state_gb) < timetable.view.epoch_s
    return np.where(soon, grams, np.inf)


def _action(timetable: Timetable, case: _Case, free: FloatArray) -> Decision | None:
    if case.state == PENDING:
        return _start(timetable, case, free)
    if elsewhere := _migration(timetable, case, free):
        return elsewhere
    return _go_on(case, free) if case.state == RUNNING else _resume(timetable, case, free)


def _start(timetable: Timetable, case: _Case, free: FloatArray) -> Decision | None:
    """Start where that is cheapest now, unless waiting for a better hour is cheaper still."""
    by_cost = np.argsort(case.run_g.min(axis=1), kind="stable").tolist()
    for r in by_cost:
        run_g = float(case.run_g[r].min())
        if not np.isfinite(run_g) or run_g > case.wait_g.min() + 1e-9:
            return None
        if scale := _fitting(case, r, free[r]):
            free[r] -= scale * case.demand
            return Place(case.job_id, timetable.view.regions[r].id, timetable.view.now_s, scale)
    return None


def _fitting(case: _Case, r: int, room: FloatArray) -> int:
    """Return the scale to run at, the best one or what fits of it; 0 if not even one worker does."""
    best = case.best_scale(r)
    for workers in case.workers[::-1].tolist():
        if workers <= best and (workers * case.demand <= room + ROOM_EPS).all():
            return int(workers)
    return 0


def _resume(timetable: Timetable, case: _Case, free: FloatArray) -> Decision | None:
    r, now_s = case.region, timetable.view.now_s
    must = not np.isfinite(case.wait_g[r])
    if not must and case.run_g[r].min() > case.wait_g[r] + 1e-9:
        return None
    scale = _fitting(case, r, free[r])
    if not scale and not must:
        return None
    free[r] -= max(scale, 1) * case.demand
    return Resume(case.job_id, now_s, max(scale, 1))


def _go_on(case: _Case, free: FloatArray) -> Decision | None:
    """Suspend a running job if waiting is cheaper, checkpoint included; else give it the scale that pays."""
    r = case.region
    run_g = float(case.run_g[r].min())
    if case.wait_after_save_g[r] < run_g - 1e-9:
        free[r] += case.scale * case.demand
        return Suspend(case.job_id)
    scale = case.best_scale(r)
    at = np.flatnonzero(case.workers == case.scale)
    now_g = float(case.run_g[r, at[0]]) if len(at) else np.inf
    if scale == case.scale or run_g > (1.0 - RESIZE_GAIN) * now_g or not np.isfinite(run_g):
        return None
    more = (scale - case.scale) * case.demand
    if (more > free[r] + ROOM_EPS).any():
        return None
    free[r] -= more
    return Resize(case.job_id, scale)


def _migration(timetable: Timetable, case: _Case, free: FloatArray) -> Decision | None:
    """Move to a region where running now is cheaper by a margin than whatever can be done here."""
    here = case.region
    cost_here = min(float(case.run_g[here].min()), float(case.wait_g[here]))
    grams = np.where(np.arange(len(free)) == here, np.inf, case.run_after_move_g)
    r = int(np.argmin(grams))
    if not grams[r] < (1.0 - MARGIN) * cost_here or not (case.demand <= free[r] + ROOM_EPS).all():
        return None
    free[r] -= case.demand
    if case.state == RUNNING:
        free[here] += case.scale * case.demand
    return Migrate(case.job_id, timetable.view.regions[r].id, timetable.view.now_s)
