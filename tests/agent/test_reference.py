"""Without a model the agent does what the best numeric scheduler does, with every lever, to the last digit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from agent import prompts
from agent.case import PROMPTS as PROMPT_NAMES
from agent.case import prepare, run_agent, run_scheduler, start_agent
from agent.epoch import Agent
from agent.record import EpochRecord
from agent.run import AgentRun
from agent.store import FILE, Store
from sim.model import Checkpoint
from sim.network import Network
from sim.runner import simulate
from sim.scenario import ObjectiveSpec
from sim.schedulers import SCHEDULERS
from sim.services import Service
from sim.world import World
from tests.worlds import hourly, mock_job, mock_world, soft_jobs

PROMPTS = {name: prompts.load(name) for name in PROMPT_NAMES}
HOURS = np.arange(24.0)


def soft_world(seed: int) -> World:
    """Eight jobs that can pause, grow and move, and two rigid ones, on two grids that take turns at being clean."""
    jobs = [*soft_jobs(np.random.default_rng(seed), homes=("home", "away"), throughput=(1.0, 1.9, 2.6))]
    jobs += [mock_job("rigid", 1.0, 3.0, cpus=4), mock_job("wide", 2.5, 2.0, cpus=10)]
    jobs = sorted(jobs, key=lambda job: job.submit_s)
    grids = [300 + 250 * np.sin(HOURS / 2), 300 - 250 * np.sin(HOURS / 2)]
    return mock_world(
        jobs, [grid.tolist() for grid in grids], durations_h=[job.duration_estimate_s / 3600 for job in jobs]
    )


def served_world() -> World:
    """A service asked from home, beside jobs that can pause."""
    made = soft_world(3)
    service = Service("web", 2.0, 1.0, 5.0, 1.0, (hourly("HOME", "requests/s", [8.0, 2.0, 12.0], 72), None))
    network = Network.uniform(2, rtt_s=0.01, throughput_bps=1e9, energy_kwh_per_gb=0.01, usd_per_gb=0.01)
    return replace(made, services=(service,), network=network)


def agent_run(world: World) -> tuple[AgentRun, list[EpochRecord]]:
    one = AgentRun(world, Agent(None, "rank", ObjectiveSpec(), PROMPTS))
    return one, list(one)


WORLDS = [soft_world(0), soft_world(1), soft_world(7), served_world()]


def test_the_agent_does_what_plan_does_with_every_lever():
    done: set[str] = set()
    for world in WORLDS:
        numeric, (one, records) = simulate(world, SCHEDULERS["plan"]), agent_run(world)
        assert one.run.history.pieces == numeric.history.pieces
        assert one.run.history.migrations == numeric.history.migrations
        assert one.run.history.served == numeric.history.served
        done |= {decision.action for record in records for decision in record.decisions}
    assert done == {"place", "defer", "suspend", "resume", "resize", "migrate", "route"}


def test_under_the_demos_rules_the_agent_emits_what_plan_emits():
    case = prepare("demo", None, days=0.5)
    numeric = run_scheduler(case, "plan").summary
    agents = run_agent(start_agent(case, None), case, None, lambda _: None).summary
    for name in ("cost_usd", "sla_violations", "policy_violations", "wait_s", "g_per_job"):
        assert agents[name] == numeric[name], name


def test_a_run_with_levers_is_stored_and_reads_back_as_it_was(tmp_path: Path):
    world = soft_world(1)
    store = Store.create(tmp_path / FILE)
    one = AgentRun(world, Agent(None, "rank", ObjectiveSpec(), PROMPTS), store=store)
    records = list(one)
    assert list(store.epochs()) == records
    assert any(decision.forecast_carbon_g is None for record in records for decision in record.decisions)


def test_a_job_that_can_pause_is_held_in_mind_while_it_waits():
    """One job with a checkpoint, an hour's work: dirty now, clean in five hours. It waits, and is not late."""
    job = mock_job("soft", hours=1.0, checkpoint=Checkpoint())
    world = mock_world([job], [[300.0] * 5 + [30.0] * 19])
    _, records = agent_run(world)
    assert "1 wait" in records[0].reason
    assert records[0].candidates[0].late == 0
