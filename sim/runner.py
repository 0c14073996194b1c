"""One run of a numeric scheduler: pull views from the engine, apply decisions, write down what was decided."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sim.approvals import Approvals
from sim.constraints import Constraints, binds
from sim.engine import Engine
from sim.errors import IllegalAction, RuleDenied
from sim.history import History
from sim.model import Cancel, Decision, Defer, Migrate, Place, PowerServers, Resize, Resume, Route, Suspend
from sim.schedulers.base import Plan, Scheduler
from sim.units import BoolArray, FloatArray, IntArray
from sim.view import View
from sim.world import World


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision as it is kept. `verdict` is `ok`, or the rule that denied it; no carbon where nothing was forecast."""

    epoch: int
    now_s: float
    job_id: str
    action: str
    region: str
    start_s: float
    candidate: str
    forecast_carbon_g: float | None
    reason: str
    verdict: str


@dataclass(frozen=True, slots=True)
class PlanRows:
    """Decisions that were all carried out: the plan, and which runs were placed, not deferred.

    Epoch and time are those of one decision point, or of each run's, shape (P,). Whose plan it was and why it was
    taken are told where somebody chose it.
    """

    epoch: int | IntArray
    now_s: float | FloatArray
    plan: Plan
    placed: BoolArray
    candidate: str = ""
    reason: str = ""


class Done(NamedTuple):
    """What came of carrying a plan out: decisions one by one, and the runs that went through as a whole, if they did.

    Its actions are always told one by one.
    """

    decisions: list[DecisionRow]
    whole: PlanRows | None


@dataclass
class Run:
    """What a finished run left behind, before any accounting."""

    world: World
    scheduler: str
    history: History
    approvals: Approvals = field(default_factory=Approvals)
    decisions: list[DecisionRow] = field(default_factory=list)
    plans: list[PlanRows] = field(default_factory=list)
    scheduler_s: float = 0.0
    wall_s: float = 0.0

    def keep(self, done: Done) -> None:
        """Write down what was done at a decision point."""
        self.decisions += done.decisions
        if done.whole:
            self.plans.append(done.whole)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep Python's cycle collector from walking through hundreds of thousands of live records again and again.

    A run makes no cycles worth collecting, and reference counting goes on as ever.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def simulate(
    world: World,
    scheduler: Scheduler,
    constraints: Constraints | None = None,
    *,
    until_s: float = math.inf,
    approvals: Approvals | None = None,
) -> Run:
    """Return the run of a numeric scheduler on a world, the rules binding it if any are given.

    It ends at the horizon, or before the first decision point that is not before `until_s`. Where the rules want a
    person's yes, `approvals` are asked; without them nobody says yes.
    """
    began = time.perf_counter()
    engine = Engine(
        world,
        constraints,
        looks_ahead=scheduler.looks_ahead,
        acts=scheduler.acts,
        foretold=world.truth() if scheduler.foresight else None,
        approvals=approvals,
    )
    run = Run(world, scheduler.name, engine.history, engine.approvals)
    with _without_collector():
        made = _plan_alone(run, engine, scheduler)
        while (due := engine.next_due()) is not None and engine.now_s < until_s:
            if due and due[-1] < len(made.jobs):
                engine.place_all(*made.of(due))
                continue
            asked, view = time.perf_counter(), engine.view_of(due)
            plan = scheduler.plan(view)
            run.scheduler_s += time.perf_counter() - asked
            run.keep(carry_out_plan(engine, scheduler, view, plan))
    run.wall_s = time.perf_counter() - began
    return run


class _Made(NamedTuple):
    """Runs of the first of all jobs that are planned already, in the order of their decision points."""

    jobs: list[int]
    regions: list[int]
    starts_s: list[float]

    def of(self, due: Sequence[int]) -> _Made:
        """Return the runs of the jobs of one decision point."""
        point = slice(due[0], due[-1] + 1)
        return _Made(self.jobs[point], self.regions[point], self.starts_s[point])


def _plan_alone(run: Run, engine: Engine, scheduler: Scheduler) -> _Made:
    """Plan at once what is planned of each job by itself, as long as there surely is room for all; note these plans."""
    began, asked, plan = time.perf_counter(), None, None
    if scheduler.each_alone:
        asked = engine.submissions()
        plan = scheduler.each_alone(asked) if asked and len(asked.jobs) else None
    if asked is None or plan is None:
        return _Made([], [], [])
    plan = plan.first(asked.with_room(plan.jobs, plan.region, plan.start_s))
    run.scheduler_s += time.perf_counter() - began
    point = asked.point[: len(plan)]
    run.plans.append(PlanRows(asked.epoch[point], asked.point_s[point], plan, np.ones(len(plan), dtype=bool)))
    return _Made(plan.jobs.positions.tolist(), plan.region.tolist(), plan.start_s.tolist())


def carry_out_plan(engine: Engine, scheduler: Scheduler, view: View, plan: Plan, *, reason: str = "") -> Done:
    """Carry out a plan for this view, its actions first; what is not due by the scheduler is deferred."""
    decisions = _act(engine, scheduler, view, plan.actions, reason)
    if binds(engine.constraints) or plan.until_s is not None:
        return Done(decisions + _one_by_one(engine, scheduler, view, plan, reason), None)
    return Done(decisions, _at_once(engine, scheduler, view, plan, reason) if len(plan) else None)


def _act(
    engine: Engine, scheduler: Scheduler, view: View, actions: Sequence[Decision], reason: str
) -> list[DecisionRow]:
    """Carry out what is done beside starting pending jobs.

    Once a rule has refused one, a later one may not be possible any more: its verdict then says why.
    """
    rows: list[DecisionRow] = []
    refused = False
    for action in actions:
        try:
            verdict = carry_out(engine, action)
        except IllegalAction as impossible:
            if not refused:
                raise
            verdict = str(impossible)
        refused |= verdict != "ok"
        rows.append(
            DecisionRow(
                epoch=engine.epoch,
                now_s=view.now_s,
                job_id=getattr(action, "job_id", getattr(action, "service_id", "")),
                action=ACTION_NAMES[type(action)],
                region=getattr(action, "region", getattr(action, "origin", "")),
                start_s=getattr(action, "start_s", getattr(action, "until_s", view.now_s)),
                candidate=scheduler.name,
                forecast_carbon_g=None,
                reason=reason,
                verdict=verdict,
            )
        )
    return rows


ACTION_NAMES: dict[type, str] = {
    Defer: "defer", Suspend: "suspend", Resume: "resume", Migrate: "migrate", Resize: "resize", Cancel: "cancel",
    PowerServers: "power_servers", Route: "route",
}  # fmt: skip


def _at_once(engine: Engine, scheduler: Scheduler, view: View, plan: Plan, reason: str) -> PlanRows:
    """Carry out a whole plan; without rules nothing can be denied."""
    due = scheduler.due(view, plan)
    rows = PlanRows(engine.epoch, view.now_s, plan, due, scheduler.name, reason)
    if due.all():
        _place(engine, plan, slice(None))
        return rows
    _place(engine, plan, due)
    engine.defer_all(plan.jobs.positions[~due].tolist(), view.now_s + view.epoch_s)
    return rows


def _place(engine: Engine, plan: Plan, which: BoolArray | slice) -> None:
    jobs, regions, starts_s = plan.jobs.positions[which], plan.region[which], plan.start_s[which]
    scales = None if plan.scale is None else plan.scale[which].astype(np.int64).tolist()
    engine.place_all(jobs.tolist(), regions.tolist(), starts_s.tolist(), scales)


def _one_by_one(engine: Engine, scheduler: Scheduler, view: View, plan: Plan, reason: str) -> list[DecisionRow]:
    rows = []
    for planned in plan:
        decision = scheduler.commit(view, planned)
        rows.append(
            DecisionRow(
                epoch=engine.epoch,
                now_s=view.now_s,
                job_id=planned.job.id,
                action="place" if isinstance(decision, Place) else "defer",
                region=planned.region,
                start_s=planned.start_s,
                candidate=scheduler.name,
                forecast_carbon_g=planned.carbon_g,
                reason=WHY_LATE if planned.late else reason,
                verdict=carry_out(engine, decision),
            )
        )
    return rows


def carry_out(engine: Engine, decision: Decision) -> str:
    """Apply a decision and return the guard's verdict: `ok`, or the rule that denied it."""
    try:
        engine.apply(decision)
    except RuleDenied as denied:
        return denied.rule
    return "ok"


WHY_LATE = "no timely start was left: earliest possible"
