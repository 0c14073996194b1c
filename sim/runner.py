"""One run of a numeric scheduler: pull views from the engine, apply decisions, write down what was decided."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sim.constraints import Constraints
from sim.engine import Engine, Refusal, Segment
from sim.errors import RuleDenied
from sim.model import Decision, Place
from sim.schedulers.base import Scheduler
from sim.world import World


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision as it is kept. `verdict` is `ok`, or the rule that denied it."""

    epoch: int
    now_s: float
    job_id: str
    action: str
    region: str
    start_s: float
    candidate: str
    forecast_carbon_g: float
    reason: str
    verdict: str


@dataclass
class Run:
    """What a finished run left behind, before any accounting."""

    world: World
    scheduler: str
    segments: list[Segment]
    refusals: list[Refusal]
    decisions: list[DecisionRow] = field(default_factory=list)
    scheduler_s: float = 0.0
    wall_s: float = 0.0


def simulate(world: World, scheduler: Scheduler, constraints: Constraints | None = None) -> Run:
    """Return the run of a numeric scheduler on a world, the rules binding it if any are given."""
    began = time.perf_counter()
    engine = Engine(world, constraints)
    run = Run(world, scheduler.name, engine.segments, engine.refusals)
    while view := engine.next_view():
        asked = time.perf_counter()
        plan = scheduler.plan(view)
        run.scheduler_s += time.perf_counter() - asked
        for planned in plan:
            decision = scheduler.commit(view, planned)
            verdict = carry_out(engine, decision)
            run.decisions.append(
                DecisionRow(
                    epoch=engine.epoch,
                    now_s=view.now_s,
                    job_id=decision.job_id,
                    action="place" if isinstance(decision, Place) else "defer",
                    region=planned.region,
                    start_s=planned.start_s,
                    candidate=scheduler.name,
                    forecast_carbon_g=planned.carbon_g,
                    reason=_why(planned.late),
                    verdict=verdict,
                )
            )
    run.wall_s = time.perf_counter() - began
    return run


def carry_out(engine: Engine, decision: Decision) -> str:
    """Apply a decision and return the guard's verdict: `ok`, or the rule that denied it."""
    try:
        engine.apply(decision)
    except RuleDenied as denied:
        return denied.rule
    return "ok"


def _why(late: bool) -> str:
    return "no timely start was left: earliest possible" if late else ""
