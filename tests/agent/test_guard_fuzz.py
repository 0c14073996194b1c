"""No rule is ever broken, whatever a model says: over 500 random and hostile outputs each way, audited by the audit.

In tools mode a draft has to be as good as the best plan; where every call goes straight to the engine, the guard stands
alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.audit import audit_case
from agent.case import Case, finish_agent, start_agent
from agent.policy.rules import PolicySet
from agent.run import AgentRun
from sim.approvals import Approvals, Ask
from sim.jobs import Jobs, Workload
from sim.model import Checkpoint, Job
from sim.scenario import load_scenario, scenario_file
from tests.agent.erratic import Erratic
from tests.worlds import mock_job, mock_world
from tools import TOOLS, Session

SEEDS = (1, 2, 3)
HOURS = 36
RULES: list[dict[str, Any]] = [
    {"kind": "placement", "effect": "deny", "jobs": {"tag": "eu"}, "regions": ["away", "far"]},
    {"kind": "placement", "effect": "deny", "regions": ["far"], "window": {"start": "08:00", "end": "14:00"}},
    {"kind": "placement", "effect": "deny", "jobs": {"team": "ads"}, "price_above": 60},
    {"kind": "placement", "effect": "deny", "unless": {"team": "ads"}, "intensity_above": 420},
    {"kind": "suspend", "max_times": 1},
    {"kind": "suspend", "jobs": {"tag": "eu"}, "allowed": False},
    {"kind": "approval", "jobs": {"team": "web"}, "regions": ["away"]},
    {"kind": "headroom", "max_utilization": 0.8},
    {"kind": "headroom", "jobs": {"team": "ads"}, "max_utilization": 0.4},
    {"kind": "budget", "metric": "carbon_kg", "max": 6, "per": "day"},
]  # fmt: skip


def job(n: int, rng: np.random.Generator) -> Job:
    one = mock_job(
        f"job-{n:02}",
        float(np.round(rng.uniform(0, 28), 2)),
        float(rng.uniform(1, 8)),
        cpus=float(rng.integers(1, 4)),
        home=str(rng.choice(["home", "away", "far"])),
        team=str(rng.choice(["ads", "web"])),
        tags=("eu",) if rng.random() < 0.3 else (),
    )
    checkpoint = Checkpoint(save_s=float(rng.choice([0, 120])), restore_s=60.0) if n % 2 else None
    return replace(one, checkpoint=checkpoint, throughput=(1.0, 1.7, 2.2) if n % 3 else ())


def case(seed: int) -> Case:
    """Return thirty jobs of every kind in three small regions, under rules of every kind that forbids."""
    rng = np.random.default_rng(seed)
    jobs = sorted((job(n, rng) for n in range(30)), key=lambda one: one.submit_s)
    world = mock_world(
        jobs, rng.uniform(50, 500, (3, 24)).tolist(), price=rng.uniform(20, 80, (3, 24)).tolist(), hours=HOURS
    )
    true_s = world.workload.durations_s * rng.uniform(0.6, 1.0, len(jobs))  # who outlives an estimate is not foreseen
    columns = Jobs.of(jobs, [region.id for region in world.regions])
    policy = PolicySet.model_validate({"rules": [{"source": "x", **rule} for rule in RULES]})
    scenario = load_scenario(scenario_file("demo"))
    return Case(scenario, replace(world, workload=Workload(columns, true_s)), (), policy)


def moody(ask: Ask) -> bool | None:
    """Say yes, no or nothing, always the same about the same job."""
    return (True, False, None)[sum(ask.job_id.encode()) % 3]


def started(seed: int, out: Path | None = None, **options: Any) -> tuple[Case, AgentRun, Erratic]:
    """Return a case, a run of it, and the model, which looks at the run's engine."""
    one = case(seed)
    erratic = Erratic(seed)
    run = start_agent(one, erratic if options else None, out=out, approvals=Approvals(moody), **options)
    erratic.look = run._engine.view
    return one, run, erratic


def act_alone(run: AgentRun, erratic: Erratic) -> Counter[str]:
    """Let six outputs act at every decision point, unchecked but by the engine; return what came of the calls."""
    run._engine._acts = True  # so that it asks while jobs run, too
    came_of = Counter[str]()
    while run._backend.next_view():
        for call in [call for _ in range(6) for call in erratic.calls()]:
            session = Session(run._engine.view(), run._backend)
            came_of[f"{call.name} {TOOLS.call(call.name, call.arguments, session).status}"] += 1
    return came_of


def test_in_tools_mode_five_hundred_outputs_break_no_rule(tmp_path: Path):
    outputs, called = 0, Counter[str]()
    for seed in SEEDS:
        one, run, erratic = started(seed, tmp_path, mode="tools")
        for record in run:
            called.update(f"{call.name} {call.outcome}" for call in record.tools if call.by == "model")
        finish_agent(run, one, tmp_path)
        assert audit_case(one, tmp_path) == ([], [], [])
        outputs += erratic.outputs
    assert outputs >= 500
    assert {"place_job ok", "defer_job ok", "request_approval ok", "request_approval denied"} <= set(called), called


def test_with_the_guard_alone_five_hundred_outputs_break_no_rule(tmp_path: Path):
    outputs, came_of = 0, Counter[str]()
    for seed in SEEDS:
        one, run, erratic = started(seed)
        came_of += act_alone(run, erratic)
        finish_agent(run, one, tmp_path)
        assert audit_case(one, tmp_path) == ([], [], [])
        outputs += erratic.outputs
    assert outputs >= 500
    acting = {name for name, tool in TOOLS.items() if tool.effect == "mutate"}
    assert {f"{name} ok" for name in acting} <= set(came_of), came_of
    assert {f"{name} denied" for name in acting - {"defer_job"}} <= set(came_of), came_of


def test_without_the_guard_the_same_outputs_break_rules_of_many_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Case, "guard", lambda _: None)
    one, run, erratic = started(SEEDS[0])
    act_alone(run, erratic)
    finish_agent(run, one, tmp_path)
    assert len({broken.rule for broken in audit_case(one, tmp_path).broken}) >= 4
