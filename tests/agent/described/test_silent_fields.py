"""Jobs whose fields are silent: schedulers see defaults, a reader what the text says, the account the truth."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from agent.described.bounds import stated_deadline_s
from agent.hints import JobHints
from sim.bound import lower_bound
from sim.engine import Engine
from sim.runner import simulate
from sim.scenario import build_world, load_scenario, parse_scenario
from sim.schedulers import SCHEDULERS
from sim.summary import account
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import START, mock_job


@pytest.fixture(scope="module")
def world() -> World:
    content = load_scenario("demo").model_dump(mode="json") | {"days": 1, "policies": []}
    content["workload"] |= {
        "count": 60,
        "described": {"share": 0.6, "speaks_for_fields": True, "default_slack_h": 1},
        "interruptible": {"share": 0.5, "save_s": 60},
    }
    return build_world(parse_scenario(content, "test"), None)


def test_a_silent_job_is_shown_with_the_default_slack_and_no_checkpoint_while_the_world_holds_the_truth(world: World):
    true, shown = world.workload.jobs, world.workload.shown()
    silent = [j for j, job in enumerate(true) if job.assumed]
    assert 20 < len(silent) < 50
    assert all(shown[j].latest_start_s == pytest.approx(true[j].submit_s + HOUR_S) for j in silent)
    assert all(shown[j].checkpoint is None for j in silent)
    assert any(true[j].checkpoint for j in silent)
    assert any(true[j].deadline_s > shown[j].deadline_s + 5 * HOUR_S for j in silent)
    assert all(shown[j] == true[j] for j in range(len(true)) if j not in silent)


def test_what_is_shown_and_revealed_in_one_run_leaves_the_truth_and_other_runs_alone(world: World):
    before, engine = world.workload.jobs.numbers.copy(), Engine(world)
    while not (view := engine.next_view()) or not any(job.assumed for job in view.pending):
        pass
    job = next(job for job in view.pending if job.assumed)
    assert engine.reveal(job.id, deadline_s=job.deadline_s + HOUR_S).deadline_s == job.deadline_s + HOUR_S
    assert engine.view().pending_by_id[job.id].deadline_s == job.deadline_s + HOUR_S
    assert np.array_equal(before, world.workload.jobs.numbers)
    assert world.workload.shown()[world.workload.jobs.position[job.id]] == job


def test_reveal_changes_no_field_that_is_stated(world: World):
    engine = Engine(world)
    while not (view := engine.next_view()) or all(job.assumed for job in view.pending):
        pass
    job = next(job for job in view.pending if not job.assumed)
    assert engine.reveal(job.id, deadline_s=job.deadline_s + HOUR_S, pausable=True) == job


def test_being_said_to_pause_gives_no_checkpoint_to_a_job_that_has_none(world: World):
    shown = world.workload.shown()
    for j, job in enumerate(world.workload.jobs):
        if job.assumed:
            assert world.workload.reveal(shown, j, deadline_s=None, pausable=True).checkpoint == job.checkpoint


def test_being_late_is_judged_by_what_the_text_says(world: World):
    late = account(simulate(world, SCHEDULERS["plan"])).jobs
    assert late.violated.tolist() == (late.end_s > world.workload.jobs.deadline_s + 1e-6).tolist()


def test_no_scheduler_emits_less_than_the_bound_by_the_truth(world: World):
    least_kg = lower_bound(world).jobs_kg
    for name in ("plan", "spatiotemporal"):
        assert account(simulate(world, SCHEDULERS[name])).books.ledger.carbon_g.sum() / 1000 >= least_kg


def test_the_earlier_of_deadline_and_longest_wait_is_stated_and_a_deadline_that_is_over_is_not():
    job = mock_job("j", 0, 2)
    assert stated_deadline_s(job, JobHints(), START) is None
    assert stated_deadline_s(job, JobHints(max_delay_h=3.0), START) == 5 * HOUR_S
    both = JobHints(max_delay_h=3.0, deadline=START + timedelta(hours=4))
    assert stated_deadline_s(job, both, START) == 4 * HOUR_S
    assert stated_deadline_s(job, JobHints(deadline=START - timedelta(hours=1)), START) is None
