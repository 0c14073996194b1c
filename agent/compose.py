"""A plan with parts decided otherwise, put together and checked: who could not start so, and why."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sim.model import Decision, Defer, Migrate, Place, Resize, Resume, Suspend
from sim.reckoning import Runs, reckon
from sim.schedulers.base import Plan
from sim.timetable import Timetable
from sim.units import FloatArray, IntArray
from sim.view import View


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the pending jobs, decided by themselves.

    Attributes:
        name: What it is called: a class, or a job.
        rows: Which pending jobs, by their place in the view.
        runs: Their runs; a job without one waits.
        until_s: Who of them is left alone until when, by id.
    """

    name: str
    rows: IntArray
    runs: Plan
    until_s: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of_plan(cls, view: View, name: str, rows: IntArray, plan: Plan) -> Part:
        """Return what a plan does with some of the pending jobs."""
        mine = np.isin(plan.jobs.positions, view.pending.positions[rows])
        return cls(name, rows, without_actions(plan.only(mine)))

    @classmethod
    def placing(cls, view: View, name: str, rows: IntArray, places: Sequence[Place]) -> Part:
        """Return placements of pending jobs."""
        return cls(name, rows, Plan.acting(view, places))

    @classmethod
    def waiting(cls, view: View, name: str, rows: IntArray, until_s: float) -> Part:
        """Return that pending jobs wait until a moment."""
        return cls(name, rows, Plan.acting(view, ()), dict.fromkeys(view.pending.take(rows).ids, until_s))


def without_actions(plan: Plan) -> Plan:
    """Return the runs of a plan alone."""
    return Plan(
        plan.regions, plan.jobs, plan.region, plan.start_s, plan.late, plan.carbon_g, plan.cost_usd, plan.scale,
        plan.until_s,
    )  # fmt: skip


def composed(view: View, base: Plan, parts: Sequence[Part], acts: Mapping[str, Decision] | None = None) -> Plan:
    """Return the plan with parts decided otherwise; deferrals are added to its actions.

    `acts` by job id take the place of its actions on these jobs.
    """
    plan = base
    if parts:
        rows = np.concatenate([part.rows for part in parts])
        plan = base.only(~np.isin(base.jobs.positions, view.pending.positions[rows]))
    for part in parts:
        plan = plan.joined(part.runs) if len(part.runs) else plan
    defers = tuple(Defer(job_id, t_s) for part in parts for job_id, t_s in part.until_s.items())
    if acts:
        kept = tuple(action for action in plan.actions if getattr(action, "job_id", "") not in acts)
        plan = replace(plan, actions=(*kept, *acts.values()))
    return plan.doing(defers)


def problems(view: View, plan: Plan, changed: Collection[str]) -> dict[str, str]:
    """Return why changed jobs of a plan could not start as planned: a rule, or no room beside all that is unchanged."""
    table = Timetable(view)
    _book_actions(table, plan)
    mine = np.array([job_id in changed for job_id in plan.jobs.ids], dtype=bool)
    reckon(table, _runs(plan.only(~mine)))
    runs = _runs(plan.only(mine))
    found = zip(runs.jobs.ids, reckon(table, runs).problems, strict=True)
    return {job_id: problem for job_id, problem in found if problem}


def _runs(plan: Plan) -> Runs:
    scale = np.ones(len(plan), dtype=np.int64) if plan.scale is None else plan.scale.astype(np.int64)
    return Runs(plan.jobs, plan.region, plan.start_s, scale)


def _book_actions(table: Timetable, plan: Plan) -> None:
    """Take what jobs under way will hold besides, and give back what they let go."""
    view, work = table.view, table.view.work
    at = work.jobs.position if plan.actions else {}
    for action in plan.actions:
        if not isinstance(action, Suspend | Resume | Migrate | Resize) or action.job_id not in at:
            continue
        row = at[action.job_id]
        here, demand = int(work.region[row]), work.jobs.demand[row]
        held = int(work.scale[row])
        if held:
            _hold(table, here, -held * demand, float(work.remaining_s[row]))
        if not isinstance(action, Suspend):
            there = view.region_index[action.region] if isinstance(action, Migrate) else here
            _hold(table, there, action.scale * demand, float(work.remaining_s[row]))


def _hold(table: Timetable, r: int, amounts: FloatArray, seconds: float) -> None:
    slots = max(1, math.ceil(seconds / table.view.epoch_s))
    table.free[r, :slots] -= amounts
