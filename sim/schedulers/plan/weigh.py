"""What a plan comes to by the forecast: carbon, cost, wait and lateness of jobs, many at once.

Plans are compared by what all pending jobs come to under each, on the forecast that `plan` plans with. A job that a
plan starts now, or books for later, comes to that run. One that waits, or that could pause, is decided on again in
every slot: it comes to the least that `plan` itself reckons for it (`levers`) if it runs, or waits, through the coming
slot. So do jobs under way that have a lever left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.constraints import binds
from sim.jobs import Jobs
from sim.model import Decision, Defer, Migrate, Resize, Resume, Suspend
from sim.open_work import PENDING, OpenWork
from sim.schedulers.base import Plan
from sim.schedulers.plan.coming_slot import margin_of, moving_g, of_one_kind
from sim.schedulers.plan.levers import Figures, figures
from sim.schedulers.plan.outlook import expected
from sim.timetable import Timetable
from sim.units import KWH_PER_MWH, BoolArray, FloatArray, IntArray
from sim.view import View

Value = TypeVar("Value", np.float64, np.bool_)


@dataclass(frozen=True, eq=False)
class Weighed:
    """Forecast figures of P jobs, shape (P,) each."""

    carbon_g: FloatArray
    cost_usd: FloatArray
    wait_s: FloatArray
    late: BoolArray


class Scales:
    """Weighs plans made for one view: all its pending jobs, P of them, in their order."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.timetable = Timetable(view, expected(view))

    def weigh(self, plan: Plan) -> Weighed:
        """Return what every pending job comes to under a plan, shape (P,), whether the plan has a run of it or not."""
        view, pending = self.view, self.view.pending
        at = np.searchsorted(pending.positions, plan.jobs.positions)
        absent = np.ones(len(pending), dtype=bool)
        absent[at] = False
        runs = weigh_runs(self.timetable, plan)
        rest = np.flatnonzero(absent)
        others = self._later(pending.take(rest), _deferred(plan))
        carbon_g = _merged(at, runs.carbon_g, rest, others.carbon_g)
        cost_usd = _merged(at, runs.cost_usd, rest, others.cost_usd)
        wait_s = _merged(at, runs.wait_s, rest, others.wait_s)
        late = _merged(at, runs.late, rest, others.late)
        region, workers = np.full(len(pending), -1), np.ones(len(pending), dtype=np.int64)
        due = np.flatnonzero(plan.begin_s(view) < view.now_s + view.epoch_s)
        region[at[due]] = plan.region[due]
        if plan.scale is not None:
            workers[at] = plan.scale
        self._reckon(carbon_g, late, region, workers)
        return Weighed(carbon_g, cost_usd, wait_s, late)

    def under_way_g(self, plan: Plan) -> float:
        """Return the grams of what is left of all jobs under way that have a lever left, done with as the plan says.

        Those that could not be in time in any way count nothing: their lateness is settled.
        """
        acts = {getattr(action, "job_id", ""): action for action in plan.actions}
        total = 0.0
        for rows, found in self._started:
            for n, row in enumerate(rows.tolist()):
                grams = self._act_g(found, n, row, acts.get(self.view.work.jobs.id_of(self._position(row))))
                total += grams if np.isfinite(grams) else 0.0
        return total

    def _position(self, row: int) -> int:
        return int(self.view.work.jobs.positions[row])

    def _act_g(self, found: Figures, n: int, row: int, act: Decision | None) -> float:
        """Return what one of them comes to under an action, or without."""
        work, index = self.view.work, self.view.region_index
        here, scale = int(work.region[row]), int(work.scale[row])
        if isinstance(act, Migrate):
            moved_g = moving_g(self.timetable, work, row, here)[index[act.region]]
            return float(found.saved_run_g[index[act.region], n] + moved_g)
        if isinstance(act, Suspend):
            return float(found.saved_wait_g[here, n])
        if isinstance(act, Resume | Resize):
            scale = act.scale
        if not scale:
            return float(found.wait_g[here, n])
        at = np.searchsorted(found.workers, min(scale, int(found.workers[-1])))
        return float(found.run_g[here, at, n])

    @cached_property
    def _started(self) -> list[tuple[IntArray, Figures]]:
        """Jobs under way with a lever left, by their traits: their rows in the open work, and what they come to."""
        work = self.view.work
        return self._figures(work, np.flatnonzero(work.state != PENDING))

    def _figures(self, work: OpenWork, rows: IntArray) -> list[tuple[IntArray, Figures]]:
        groups = [rows[mine] for mine in of_one_kind(work, rows)]
        margin = margin_of(self.timetable)
        return [(group, figures(self.timetable, work, group, margin=margin)) for group in groups]

    def _reckon(self, carbon_g: FloatArray, late: BoolArray, region: IntArray, workers: IntArray) -> None:
        """Put in what jobs that could pause come to if they run where they are to now (-1: nowhere), or wait."""
        for rows, found in self._soft:
            where = region[rows]
            scale = np.searchsorted(found.workers, np.minimum(workers[rows], found.workers[-1]))
            each = np.arange(len(rows))
            runs_g = found.run_g[np.maximum(where, 0), scale, each]
            waits_g = found.wait_g.min(axis=0)
            grams = np.where(where >= 0, runs_g, waits_g)
            timely = np.isfinite(grams)
            carbon_g[rows[timely]] = grams[timely]
            late[rows] = np.where(where >= 0, late[rows] & ~timely, ~timely)

    @cached_property
    def _soft(self) -> list[tuple[IntArray, Figures]]:
        """Pending jobs that could pause or be resized, by their traits: their places, and what they come to."""
        view = self.view
        jobs, work = view.pending, view.waiting
        soft = jobs.levers[jobs.trait]
        if binds(view.constraints):
            soft = soft & ~view.constraints.concerns(jobs)  # `plan` takes those for rigid
        if view.network is not None:
            soft = soft & (jobs.data_gb == 0)
        rows = np.flatnonzero(soft & (work.state[: len(jobs)] == PENDING))
        return self._figures(work, rows)

    def _later(self, jobs: Jobs, until_s: dict[str, float]) -> Weighed:
        """Return what jobs without a run come to if each starts when it is best from the next slot on, shape (N,)."""
        starts = list(self._best_later(jobs, until_s))
        placed = [n for n, start in enumerate(starts) if start is not None]
        plan = Plan(
            regions=self.view.regions,
            jobs=jobs.take(placed),
            region=np.array([start[0] for start in starts if start], dtype=np.int64),
            start_s=np.array([start[1] for start in starts if start], dtype=float),
            late=np.zeros(len(placed), dtype=bool),
        )
        found, late = weigh_runs(self.timetable, plan), np.ones(len(jobs), dtype=bool)
        late[placed] = False
        columns: FloatArray = np.zeros((3, len(jobs)))
        columns[:, placed] = found.carbon_g, found.cost_usd, found.wait_s
        return Weighed(columns[0], columns[1], columns[2], late)

    def _best_later(self, jobs: Jobs, until_s: dict[str, float]) -> Iterator[tuple[int, float] | None]:
        """Yield region and start of each job, None where no timely start is left."""
        next_s = self.view.now_s + self.view.epoch_s
        for job in jobs:
            options = self.timetable.options(job, late=False)
            if options is None:
                yield None
                continue
            open_ = options.feasible & (options.starts_s >= max(next_s, until_s.get(job.id, 0.0)) - 1e-6)
            points = np.where(open_, options.objective_g, np.inf)
            r, s = np.unravel_index(int(points.argmin()), points.shape)
            yield (int(r), float(options.starts_s[s])) if np.isfinite(points[r, s]) else None


def _deferred(plan: Plan) -> dict[str, float]:
    return {action.job_id: action.until_s for action in plan.actions if isinstance(action, Defer)}


def _merged(at: IntArray, mine: NDArray[Value], rest: IntArray, theirs: NDArray[Value]) -> NDArray[Value]:
    """Return one column of two: the values at `at`, and those at `rest`."""
    merged: NDArray[Value] = np.empty(len(at) + len(rest), dtype=mine.dtype)
    merged[at], merged[rest] = mine, theirs
    return merged


def weigh_runs(timetable: Timetable, plan: Plan) -> Weighed:
    """Return the figures of a plan's runs: from start to end without a pause, with the transfer of their data.

    What lies beyond the hours ahead is not counted, as in `Timetable.evaluate`.
    """
    jobs, region = plan.jobs, plan.region
    workers: FloatArray = np.ones(len(plan)) if plan.scale is None else plan.scale.astype(float)
    seconds = jobs.duration_estimate_s / _rate(plan)
    watts = timetable.watts(jobs)[np.arange(len(plan)), region] * workers
    end_s = plan.start_s + seconds
    if plan.until_s is not None:
        end_s = np.minimum(end_s, plan.until_s)
    carbon_g, cost_usd = (
        watts * (_at(timetable, sums, region, end_s) - _at(timetable, sums, region, plan.start_s))
        for sums in (timetable.g_per_w, timetable.usd_per_w)
    )
    network = timetable.view.network
    if network is not None and jobs.data_gb.any():
        slot = np.clip(_slots(timetable, plan.start_s).astype(int), 0, timetable.intensity.shape[1] - 1)
        kwh = network.transfer_kwh(jobs.home, region, jobs.data_gb)
        carbon_g = carbon_g + kwh * timetable.intensity[jobs.home, slot]
        rent = network.transfer_usd(jobs.home, region, jobs.data_gb)
        cost_usd = cost_usd + rent + kwh * timetable.price[jobs.home, slot] / KWH_PER_MWH
    return Weighed(carbon_g, cost_usd, plan.start_s - jobs.submit_s, plan.late)


def _rate(plan: Plan) -> FloatArray:
    """Return the work that each run does in a second, in seconds of one worker, shape (P,)."""
    rate = np.ones(len(plan))
    if plan.scale is not None:
        for p in np.flatnonzero(plan.scale > 1).tolist():
            rate[p] = plan.jobs.traits[plan.jobs.trait[p]].throughput[int(plan.scale[p]) - 1]
    return rate


def _slots(timetable: Timetable, times_s: FloatArray) -> FloatArray:
    """Return how many slots from now on each moment is, within the hours ahead."""
    view = timetable.view
    return np.clip((times_s - view.now_s) / view.epoch_s, 0.0, len(timetable.edges_s) - 1.0)


def _at(timetable: Timetable, sums: FloatArray, region: IntArray, times_s: FloatArray) -> FloatArray:
    """Return running sums (R, K + 1) of each one's region at its moment, shape (P,); linear between edges."""
    slots = _slots(timetable, times_s)
    whole = np.minimum(slots.astype(np.int64), sums.shape[1] - 2)
    before = sums[region, whole]
    return np.asarray(before + (slots - whole) * (sums[region, whole + 1] - before))
