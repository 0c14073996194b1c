"""An explanation of a run: its facts are the run's, its alternatives what the ledger says, its numbers all stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.case import Case, prepare, run_agent, run_scheduler, start_agent
from agent.explain.elsewhere import Elsewhere
from agent.explain.evidence import Evidence
from agent.explain.explanation import Explanation
from agent.explain.report import json_of, text_of, unproven_in
from agent.explain.weighed import Reason, split
from agent.llm.protocol import LanguageModel, ToolCall, Turn
from agent.llm.scripted import ScriptedModel
from agent.policy.rules import PolicySet
from sim.audit import placed_in
from sim.model import Job
from sim.recompute import Recomputed
from sim.runfolder import RunFolder, read_run
from sim.scenario import load_scenario
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

HOME = [300.0, 300, 300, 100, 300, 300] + [300.0] * 18
AWAY = [200.0, 200, 200, 200, 200, 50] + [200.0] * 18
NOT_AWAY = {"kind": "placement", "effect": "deny", "regions": ["away"], "source": "Nothing away from home."}


def case_of(world: World, *rules: dict[str, Any]) -> Case:
    """Return a case of a small world; its scenario stands for none that could be built."""
    return Case(load_scenario("demo"), world, (), PolicySet.model_validate({"rules": list(rules)}))


def explained(
    case: Case, out: Path, job_id: str, *, by: str = "spatiotemporal", model: LanguageModel | None = None, **how: Any
) -> Explanation:
    """Run a case and explain one of its jobs."""
    if by == "agent":
        run_agent(start_agent(case, model, out=out, **how), case, out, lambda record: None)
    else:
        run_scheduler(case, by, out)
    jobs = case.world.workload.jobs
    return Explanation.of(Evidence(read_run(out), case.world, jobs[jobs.position[job_id]]))


def small(*jobs: Job) -> World:
    return mock_world(jobs or [mock_job("a"), mock_job("b", 2.0, cpus=4)], [HOME, AWAY])


# -- alternatives --------------------------------------------------------------------------------


def test_alternatives_are_by_the_true_series(tmp_path: Path):
    """10 CPUs draw 1 kW for an hour: as many grams as the grid has a kWh."""
    found = explained(case_of(small()), tmp_path, "a").alternatives
    assert found.carbon_g == pytest.approx(50), "away, in the sixth hour"
    assert [(one.region, one.carbon_g) for one in found.regions] == [("home", pytest.approx(300))]
    assert found.starts[0].start_s == 0
    assert {round(one.carbon_g) for one in found.starts} == {200}
    assert all(one.is_open for one in found.starts if one.start_s <= 24 * HOUR_S)


def test_what_rules_an_alternative_out_is_named(tmp_path: Path):
    sites = [mock_region("home"), mock_region("away"), mock_region("far")]
    small_site = replace(sites[2], servers=((replace(sites[2].servers[0][0], cpus=4.0), 1),))
    world = mock_world([mock_job("a", slack_h=4)], [HOME, AWAY, AWAY], regions=[*sites[:2], small_site])
    found = explained(case_of(world, NOT_AWAY), tmp_path, "a")
    kinds = {one.region: [limit.kind for limit in one.ruled_out_by] for one in found.alternatives.regions}
    assert kinds == {"away": ["rule"], "far": ["size"]}
    late = [one for one in found.alternatives.starts if one.start_s > 4 * HOUR_S]
    assert late
    assert all([limit.kind for limit in one.ruled_out_by] == ["deadline"] for one in late)


def test_the_rule_that_bound_is_the_one_that_kept_the_job_from_a_cleaner_run(tmp_path: Path):
    """At the third hour home has 100 g and away 200 g; the job may wait five hours, when away has 50 g."""
    world = mock_world([mock_job("a", slack_h=24)], [[300.0] * 24, AWAY])
    found = explained(case_of(world, NOT_AWAY), tmp_path, "a")
    (bound,) = found.bound
    assert bound.limit.kind == "rule"
    assert 'policy: "Nothing away from home."' in bound.limit.says
    assert bound.alternative
    assert bound.alternative.region == "away"
    free = explained(case_of(world), tmp_path / "free", "a")
    assert free.bound == []


def test_a_description_is_quoted_and_what_it_asks_for_rules_out(tmp_path: Path):
    asked = "Urgent 4711:\n done by 05:00 on 7 March, at home, 3 retries."
    world = small(mock_job("a", description=asked))
    hints = {"deadline": "2022-03-07T05:00:00Z", "regions_only": ["home"], "priority": "high"}
    entry = {"job_id": "a", "hints": hints, "left_out": {"priority": "a text changes no priority"}, "warnings": []}
    run_scheduler(case_of(world), "fifo", tmp_path)
    folder = read_run(tmp_path)
    told = replace(folder, run={**folder.run, "descriptions": [{"text": asked, "jobs": [entry]}]})
    found = Explanation.of(Evidence(told, world, world.workload.jobs[0]))
    assert unproven_in(found) == []
    assert "hint        priority: high (left out: a text changes no priority)" in text_of(found)
    kinds = {one.region: one.ruled_out_by[0].kind for one in found.alternatives.regions}
    assert kinds == {"away": "description"}
    late = [one for one in found.alternatives.starts if one.start_s > 4 * HOUR_S]
    assert all(one.ruled_out_by[0].kind == "description" for one in late)


def test_a_region_that_others_filled_is_no_room(tmp_path: Path):
    world = mock_world([mock_job("a", slack_h=0), mock_job("b", slack_h=2)], [[100.0] * 3 + [300.0] * 21])
    found = explained(case_of(world), tmp_path, "b", by="fifo")
    assert found.alternatives.starts[0].start_s == 0
    (limit,) = found.alternatives.starts[0].ruled_out_by
    assert limit.kind == "room"
    assert "10 CPUs needed, 0 there" in limit.says


def test_a_start_that_headroom_forbids_is_ruled_out_by_it(tmp_path: Path):
    """Half of home may be busy; with `b` beside it `a` would take 8 of 10 CPUs."""
    half = {"kind": "headroom", "max_utilization": 0.5, "regions": ["home"], "source": "Half stays free."}
    world = mock_world([mock_job("a", cpus=4, slack_h=3), mock_job("b", cpus=4, slack_h=3)], [[100.0] * 24])
    found = explained(case_of(world, half), tmp_path, "b", by="fifo")
    assert [limit.kind for limit in found.alternatives.starts[0].ruled_out_by] == ["headroom"]


BUDGET = {"kind": "budget", "metric": "carbon_kg", "max": 0.15, "per": "day", "regions": ["home"], "source": "Less."}


def test_a_budget_of_which_others_left_too_little_rules_out(tmp_path: Path):
    """Each job emits 100 g at home; 150 g a day are allowed there, and the first job has used 100 of them."""
    world = mock_world([mock_job("a", slack_h=30), mock_job("b", 1.0, slack_h=30)], [[100.0] * 24])
    found = explained(case_of(world, BUDGET), tmp_path, "b", by="fifo")
    today = [one for one in found.alternatives.starts if one.start_s < 24 * HOUR_S]
    assert {tuple(limit.kind for limit in one.ruled_out_by) for one in today} == {("budget",)}
    assert next(one for one in found.alternatives.starts if one.start_s > 24 * HOUR_S).is_open
    assert today[0].ruled_out_by[0].says.endswith("of 150 g, others had used 100 g")
    assert unproven_in(found) == []


def test_an_approval_that_nobody_gave_rules_out_and_bound(tmp_path: Path):
    ask = {"kind": "approval", "regions": ["away"], "source": "Ask before anything goes away."}
    found = explained(case_of(small(), ask), tmp_path, "a", by="agent")
    assert found.bound[0].limit.kind == "approval"
    assert "awaiting approval" in found.bound[0].limit.says
    assert unproven_in(found) == []


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[RunFolder, World]]:
    """Return runs of the demo, made short: of the agent, and of schedulers that suspend and resize."""
    found = {}
    case = prepare("demo", None, days=0.1)
    for name in ("agent", "plan", "wait-awhile"):
        out = tmp_path_factory.mktemp("runs") / name
        if name == "agent":
            run_agent(start_agent(case, None, out=out), case, out, lambda record: None)
        else:
            run_scheduler(case, name, out)
        found[name] = read_run(out), case.world
    return found


def explanations(run: tuple[RunFolder, World], every: int = 1) -> Iterator[Explanation]:
    folder, world = run
    for j in range(0, len(world.workload.jobs), every):
        yield Explanation.of(Evidence(folder, world, world.workload.jobs[j]))


@pytest.mark.parametrize(("name", "every"), [("agent", 1), ("plan", 5), ("wait-awhile", 5)])
def test_every_number_of_every_explanation_stands_in_the_trace(runs, name: str, every: int):
    for found in explanations(runs[name], every):
        assert unproven_in(found) == [], found.evidence.job.id


def test_where_it_ran_the_grams_are_those_of_the_ledger(runs):
    for found in explanations(runs["plan"], 4):
        elsewhere = Elsewhere(found.evidence)
        assert elsewhere.emitted_g(elsewhere.parts, moved=False) == pytest.approx(found.alternatives.carbon_g, rel=1e-9)


def test_elsewhere_the_grams_are_those_of_the_independent_walk(runs):
    """Move one job's run to another region and time in the placements, and let the audit's reckoning go over it."""
    folder, world = runs["agent"]
    placed = placed_in(folder, world)
    for found in explanations(runs["agent"], 10):
        for one in (found.alternatives.regions[0], found.alternatives.starts[-1]):
            mine = placed.job == found.evidence.position
            start_s, region = placed.start_s.copy(), placed.region.copy()
            shift_s = one.start_s - start_s[mine].min()
            start_s[mine] += shift_s
            end_s = placed.end_s + np.where(mine, shift_s, 0.0)
            region[mine] = world.region_index[one.region]
            moved = replace(placed, start_s=start_s, end_s=end_s, region=region)
            again = Recomputed(world, moved).placements["carbon_g"][mine].sum()
            assert one.carbon_g == pytest.approx(again, rel=1e-9)


# -- decisions, and the model's words ------------------------------------------------------------


def test_what_the_agent_weighed_is_told_with_where_it_stands(tmp_path: Path):
    model = ScriptedModel(lambda _: json.dumps({"choice": "A", "reason": "lowest score"}))
    found = explained(case_of(small()), tmp_path, "a", by="agent", model=model)
    first = found.decisions[0]
    assert [plan.label for plan in first.weighed if plan.committed] == ["A"]
    assert len(first.weighed) > 1
    assert first.weighed[1].source == "trajectory.sqlite, epoch 0, candidate B"
    assert first.words == "lowest score"
    assert "    weighed A plan, all its jobs: " in text_of(found)


def tools_model(words: str) -> ScriptedModel:
    """Return a model that looks at the forecast, puts job a where the planner would, and says why."""
    look = ToolCall("1", "carbon_forecast", json.dumps({"region": "away", "hours": 8}))
    place = ToolCall("2", "place_job", json.dumps({"job_id": "a", "region": "away", "start_s": 5 * HOUR_S}))
    script = [Turn("", (look,)), Turn("", (place,)), Turn(words)]
    return ScriptedModel(lambda messages: script[min(sum(one["role"] == "assistant" for one in messages), 2)])


TRUE = "At 05:00 away comes to 50 g/kWh, and job b is smaller."


def said_by_a_model(words: str, out: Path) -> Explanation:
    return explained(case_of(small()), out, "a", by="agent", model=tools_model(words), mode="tools")


def test_a_models_words_are_quoted_where_their_numbers_stand(tmp_path: Path):
    found = said_by_a_model(TRUE, tmp_path)
    assert found.decisions[0].words == TRUE
    assert f"the model said: {TRUE}" in text_of(found)
    assert unproven_in(found) == []


def test_a_models_words_with_a_number_that_stands_nowhere_are_dropped_and_said_to_be(tmp_path: Path):
    found = said_by_a_model("It saves 4711 kg, trust me.", tmp_path)
    assert (found.decisions[0].words, found.decisions[0].unproven) == ("", ("4711 kg",))
    assert "4711" not in text_of(found)
    assert "the model's words are left out" in text_of(found)
    assert json_of(found)["decisions"][0]["unproven"] == ("4711 kg",)
    assert unproven_in(found) == []


def test_what_a_model_wrote_into_its_own_calls_proves_nothing(tmp_path: Path):
    """It placed the job at 18,000 s: that it says so again makes it no fact; nor what it asked in vain."""
    found = said_by_a_model("I asked for 8 hours.", tmp_path)
    assert found.decisions[0].unproven == ("8 hours",)


def test_without_its_trajectory_a_runs_words_prove_nothing(tmp_path: Path):
    case = case_of(small())
    explained(case, tmp_path, "a", by="agent", model=tools_model(TRUE), mode="tools")
    (tmp_path / "trajectory.sqlite").unlink()
    found = Explanation.of(Evidence(read_run(tmp_path), case.world, case.world.workload.jobs[0]))
    assert "50 g/kWh" in found.decisions[0].unproven
    assert unproven_in(found) == []


def test_a_reason_falls_into_facts_and_words():
    assert split("1 gb; fifo 8 g. Best by the forecast; no model is in use").words == ""
    overruled = split("1 gb; fifo 8 g. Model: B fifo (short (very)), 300.0% worse: overruled")
    assert overruled == Reason("1 gb; fifo 8 g", "B fifo", "short (very)", ", 300.0% worse: overruled")


# -- forecast, and jobs that never ran -----------------------------------------------------------


def test_forecast_and_what_came_stand_side_by_side(tmp_path: Path):
    """Two hours of work where one was declared, on a grid as it was forecast."""
    world = mock_world([mock_job("a", slack_h=0)], [[100.0] * 24], durations_h=[2.0])
    found = explained(case_of(world), tmp_path, "a").compared
    assert found
    assert (found.carbon_g, found.actual_carbon_g) == (pytest.approx(100), pytest.approx(200))
    assert (found.intensity, found.actual_intensity) == (pytest.approx(100), pytest.approx(100))
    assert (found.estimate_s, found.ran_s) == (HOUR_S, 2 * HOUR_S)


def test_the_first_forecast_stands_below_the_last_where_it_was_another(tmp_path: Path):
    """`spatial-shift` runs at once, `plan` waits for the fourth hour, which was forecast from the first on."""
    world = mock_world([mock_job("a", slack_h=6)], [HOME])
    found = explained(case_of(world), tmp_path, "a", by="agent").compared
    assert found
    assert (found.first_issued_s, found.issued_s) == (0, 3 * HOUR_S)
    assert found.first_carbon_g == pytest.approx(100)
    once = explained(case_of(world), tmp_path / "once", "a", by="spatial-shift")
    assert "first forecast" not in text_of(once)


def test_a_job_that_never_ran_is_explained_too(tmp_path: Path):
    never = NOT_AWAY | {"regions": ["home", "away"], "source": "Nothing at all."}
    found = explained(case_of(small(), never), tmp_path, "a", by="agent")
    assert found.alternatives.carbon_g is None
    text = text_of(found)
    assert "It never ran" in text
    assert "Nothing at all." in text
    assert unproven_in(found) == []
