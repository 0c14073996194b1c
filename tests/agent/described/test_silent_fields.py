"""Jobs whose fields are silent: schedulers see defaults, a reader what the text says, the account the truth."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from agent.audit import audit_run
from agent.case import Case, run_agent, run_scheduler, start_agent
from agent.described.bounds import stated_deadline_s
from agent.described.reading import Descriptions
from agent.hints import JobHints
from agent.job_hints import HintsReading
from agent.llm.scripted import ScriptedModel
from agent.policy.rules import PolicySet
from agent.run import AgentRun
from sim.bound import lower_bound
from sim.engine import Engine
from sim.model import Job
from sim.runner import simulate
from sim.scenario import build_world, load_scenario, parse_scenario
from sim.schedulers import SCHEDULERS
from sim.summary import account
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import START, mock_job


@pytest.fixture(scope="module")
def case() -> Case:
    content = load_scenario("demo").model_dump(mode="json") | {"days": 1, "policies": []}
    content["workload"] |= {
        "count": 60,
        "described": {"share": 0.6, "speaks_for_fields": True, "default_slack_h": 1},
        "interruptible": {"share": 0.5, "save_s": 60},
    }
    content["regions"] = [one for one in content["regions"] if one["id"] != "ca-east"]  # where waiting gains nothing
    scenario = parse_scenario(content, "test")
    return Case(scenario, build_world(scenario, None), (), PolicySet(rules=()))


@pytest.fixture(scope="module")
def world(case: Case) -> World:
    return case.world


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


class Told(Descriptions):
    """A reader that is told what each text asks for: the truth, or what a test makes of it."""

    hints: dict[str, JobHints]
    questions: tuple[str, ...] = ()

    def _understand(self, job: Job) -> HintsReading:
        return HintsReading(self.hints[job.id], questions=self.questions)


def told_run(case: Case, hints: dict[str, JobHints]) -> AgentRun:
    """Return the agent's run, ready to be pulled, with a reader that is told."""
    descriptions = Told(case.world, None, ScriptedModel([]), 1.0)
    descriptions.hints = hints
    return AgentRun(case.world, start_agent(case, None).agent, descriptions=descriptions)


def truth_of(world: World) -> dict[str, JobHints]:
    lists = ("regions_only", "regions_deny")
    return {
        world.workload.jobs.id_of(j): JobHints(**{k: tuple(v) if k in lists else v for k, v in said.items()})
        for j, said in world.workload.said.items()
    }


def test_a_true_reading_emits_less_than_none_and_its_run_folder_holds_in_the_audit(case: Case, tmp_path: Path):
    blind = run_scheduler(case, "plan").accounts
    read = run_agent(told_run(case, truth_of(case.world)), case, tmp_path, lambda _: None).accounts
    assert read.books.ledger.carbon_g.sum() < 0.97 * blind.books.ledger.carbon_g.sum()
    assert read.jobs.violated.sum() == 0
    assert audit_run(tmp_path, None) == ([], [], [])


def test_a_reading_that_overshoots_the_truth_is_late_in_the_account(case: Case):
    hints = dict.fromkeys(truth_of(case.world), JobHints(max_delay_h=48.0))
    finished = run_agent(told_run(case, hints), case, None, lambda _: None)
    assert finished.accounts.jobs.violated.sum() > 3


def test_a_wait_that_looks_wrong_beside_the_text_grants_no_more_than_the_site_does(case: Case):
    run = told_run(case, dict.fromkeys(truth_of(case.world), JobHints(max_delay_h=48.0)))
    assert isinstance(run.descriptions, Told)
    run.descriptions.questions = ("a hint holds max_delay_h 48, and the text does not say it",)
    finished = run_agent(run, case, None, lambda _: None)
    blind = run_scheduler(case, "plan")
    assert finished.accounts.jobs.violated.sum() <= blind.accounts.jobs.violated.sum()
    assert finished.accounts.jobs.wait_s.max() == pytest.approx(blind.accounts.jobs.wait_s.max())
