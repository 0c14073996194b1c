"""One run of a numeric scheduler: pull views from the engine, apply decisions, write down what was decided."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from sim.constraints import Constraints, binds
from sim.engine import Engine
from sim.errors import RuleDenied
from sim.history import History
from sim.model import Cancel, Decision, Defer, Migrate, Place, PowerServers, Resize, Resume, Route, Suspend
from sim.schedulers.base import Plan, Scheduler
from sim.units import BoolArray
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
    """The decisions of an epoch that were all carried out: the plan, and which runs were placed, not deferred."""

    epoch: int
    now_s: float
    plan: Plan
    placed: BoolArray


@dataclass
class Run:
    """What a finished run left behind, before any accounting."""

    world: World
    scheduler: str
    history: History
    decisions: list[DecisionRow] = field(default_factory=list)
    plans: list[PlanRows] = field(default_factory=list)
    scheduler_s: float = 0.0
    wall_s: float = 0.0


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
    world: World, scheduler: Scheduler, constraints: Constraints | None = None, *, until_s: float = math.inf
) -> Run:
    """Return the run of a numeric scheduler on a world, the rules binding it if any are given.

    It ends at the horizon, or before the first decision point that is not before `until_s`.
    """
    began = time.perf_counter()
    engine = Engine(
        world,
        constraints,
        looks_ahead=scheduler.looks_ahead,
        acts=scheduler.acts,
        foretold=world.truth() if scheduler.foresight else None,
    )
    run = Run(world, scheduler.name, engine.history)
    rules = binds(engine.constraints)
    with _without_collector():
        while (view := engine.next_view()) and view.now_s < until_s:
            asked = time.perf_counter()
            plan = scheduler.plan(view)
            run.scheduler_s += time.perf_counter() - asked
            _act(run, engine, scheduler, view, plan.actions)
            if rules or plan.until_s is not None:
                _one_by_one(run, engine, scheduler, view, plan)
            elif len(plan):
                _at_once(run, engine, scheduler, view, plan)
    run.wall_s = time.perf_counter() - began
    return run


def _act(run: Run, engine: Engine, scheduler: Scheduler, view: View, actions: Sequence[Decision]) -> None:
    """Carry out what is done beside starting pending jobs."""
    for action in actions:
        run.decisions.append(
            DecisionRow(
                epoch=engine.epoch,
                now_s=view.now_s,
                job_id=getattr(action, "job_id", getattr(action, "service_id", "")),
                action=ACTION_NAMES[type(action)],
                region=getattr(action, "region", getattr(action, "origin", "")),
                start_s=getattr(action, "start_s", getattr(action, "until_s", view.now_s)),
                candidate=scheduler.name,
                forecast_carbon_g=None,
                reason="",
                verdict=carry_out(engine, action),
            )
        )


ACTION_NAMES: dict[type, str] = {
    Defer: "defer", Suspend: "suspend", Resume: "resume", Migrate: "migrate", Resize: "resize", Cancel: "cancel",
    PowerServers: "power_servers", Route: "route",
}  # fmt: skip


def _at_once(run: Run, engine: Engine, scheduler: Scheduler, view: View, plan: Plan) -> None:
    """Carry out a whole plan; without rules nothing can be denied."""
    due = scheduler.due(view, plan)
    run.plans.append(PlanRows(engine.epoch, view.now_s, plan, due))
    if due.all():
        _place(engine, plan, slice(None))
        return
    _place(engine, plan, due)
    engine.defer_all(plan.jobs.positions[~due].tolist(), view.now_s + view.epoch_s)


def _place(engine: Engine, plan: Plan, which: BoolArray | slice) -> None:
    jobs, regions, starts_s = plan.jobs.positions[which], plan.region[which], plan.start_s[which]
    scales = None if plan.scale is None else plan.scale[which].astype(np.int64).tolist()
    engine.place_all(jobs.tolist(), regions.tolist(), starts_s.tolist(), scales)


def _one_by_one(run: Run, engine: Engine, scheduler: Scheduler, view: View, plan: Plan) -> None:
    for planned in plan:
        decision = scheduler.commit(view, planned)
        run.decisions.append(
            DecisionRow(
                epoch=engine.epoch,
                now_s=view.now_s,
                job_id=planned.job.id,
                action="place" if isinstance(decision, Place) else "defer",
                region=planned.region,
                start_s=planned.start_s,
                candidate=scheduler.name,
                forecast_carbon_g=planned.carbon_g,
                reason=WHY_LATE if planned.late else "",
                verdict=carry_out(engine, decision),
            )
        )


def carry_out(engine: Engine, decision: Decision) -> str:
    """Apply a decision and return the guard's verdict: `ok`, or the rule that denied it."""
    try:
        engine.apply(decision)
    except RuleDenied as denied:
        return denied.rule
    return "ok"


WHY_LATE = "no timely start was left: earliest possible"
