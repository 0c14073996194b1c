"""The agent's epoch with a scripted model: what it chooses, what goes wrong, and that it is never worse."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from langgraph.runtime import Runtime

from agent import case, prompts
from agent.epoch import Agent, Epoch
from agent.graph import State, assembled, checked
from agent.llm.protocol import LanguageModel, Message, ModelFailed, ToolCall, Turn, Usage
from agent.llm.scripted import ReplayedModel, ScriptedModel
from agent.policy.guard import Guard
from agent.policy.rules import Placement, PolicySet, Selector
from agent.record import EpochRecord
from agent.replay import recorded
from agent.run import AgentRun
from agent.settling import Settled
from agent.store import Store
from sim.scenario import ObjectiveSpec
from sim.units import HOUR_S
from sim.world import Accounting, World
from tests.worlds import mock_job, mock_world
from tools import TOOLS

HOME = [300.0, 300, 300, 100, 300, 300] + [300.0] * 18
AWAY = [200.0, 200, 200, 200, 200, 50] + [200.0] * 18
PROMPTS = {name: prompts.load(name) for name in case.PROMPTS}


def small() -> World:
    return mock_world([mock_job("a"), mock_job("b", 2.0, cpus=4)], [HOME, AWAY])


def agent(model: LanguageModel | None, *, mode: str = "rank", **weights: float) -> Agent:
    return Agent(model, mode, ObjectiveSpec(**weights), PROMPTS)


def run(
    model: LanguageModel | None, world: World | None = None, **options: object
) -> tuple[AgentRun, list[EpochRecord]]:
    one = AgentRun(world or small(), agent(model, **options))  # type: ignore[arg-type]
    return one, list(one)


def starts(one: AgentRun) -> list[tuple[str, str, float]]:
    jobs, regions = one.world.workload.jobs, one.world.regions
    rows = [(jobs[s.job].id, regions[s.region].id, s.start_s / HOUR_S) for s in one.run.history.pieces]
    return sorted(rows)


def choosing(planner: str, reason: str = "lowest score") -> ScriptedModel:
    """Return a model that always chooses the plan that stands at a place in the list: A is spatiotemporal."""
    return ScriptedModel(lambda _: json.dumps({"choice": planner, "reason": reason}))


def test_without_a_model_the_best_plan_is_taken():
    one, records = run(None)
    assert starts(one) == [("a", "away", 5), ("b", "home", 3)]
    assert {record.decided_by for record in records} == {"numbers"}
    assert one.llm_figures()["calls"] == 0


def test_a_choice_of_the_best_plan_is_committed_as_the_models():
    one, records = run(choosing("A"))
    assert [record.decided_by for record in records] == ["model", "numbers", "model", *["numbers"] * 3]
    assert starts(one) == starts(run(None)[0])
    assert "Model: A (lowest score)" in records[0].reason


def test_a_worse_choice_is_kept_out_and_logged_as_a_pair():
    one, records = run(choosing("B", "shortest wait"))
    assert records[0].decided_by == "never-worse"
    assert (records[0].proposed, records[0].committed) == ("B", "A")
    assert starts(one) == starts(run(None)[0])
    assert "300.0% worse" in records[0].reason


def test_what_is_worse_depends_on_the_operators_objective():
    """With a heavy weight on waiting, to run at once is the better plan: 200 g now against 50 g five hours on."""
    _, records = run(choosing("B", "shortest wait"), delay_weight_g=100.0)
    assert records[0].decided_by == "model"


def test_the_model_is_asked_once_about_what_is_new():
    """Job a comes at 0 and b at 2 h; both wait for hours, and all that waits is planned anew in each."""
    model = choosing("A")
    _, records = run(model)
    assert len(model.calls) == 2
    assert [bool(record.model) for record in records] == [True, False, True, False, False, False]
    assert "nothing new is pending" in records[1].reason


def test_the_model_is_not_asked_where_the_plans_hardly_differ():
    """Both grids are flat: to start now at home is as good as anything."""
    model = choosing("A")
    one, records = run(model, mock_world([mock_job("a")], [[200.0] * 24, [202.0] * 24]))
    assert not model.calls
    assert "hardly differ" in records[0].reason
    assert starts(one) == [("a", "home", 0)]


@pytest.mark.parametrize("failure", ["down", "no answer within 30 s"])
def test_a_model_that_fails_never_stops_the_schedule(failure: str):
    one, records = run(ScriptedModel(lambda _: ModelFailed(failure)))
    assert starts(one) == starts(run(None)[0])
    assert records[0].decided_by == "fallback"
    assert failure in records[0].reason
    assert records[0].model[0].failure == failure
    assert one.llm_figures()["fallbacks"] == 2


def test_nonsense_is_shown_to_the_model_once_and_then_left():
    model = ScriptedModel(lambda _: '{"choice": "Q", "reason": "lowest score"}')
    _, records = run(model)
    assert len(model.calls) == 4, "two epochs, each with one repair"
    assert "expected choice to be one of A, B" in str(model.calls[1].messages[-1]["content"])
    assert records[0].decided_by == "fallback"


def test_a_repaired_answer_counts():
    one, records = run(ScriptedModel(["prose", *['{"choice": "A", "reason": "lowest score"}'] * 2]))
    assert records[0].decided_by == "model"
    assert one.llm_figures()["repairs"] == 1


def test_tokens_and_seconds_are_summed_and_the_models_own_carbon_counted():
    turn = Turn('{"choice": "A", "reason": "lowest score"}', usage=Usage(100, 80, 10, 3600.0))
    one, _ = run(ScriptedModel(lambda _: turn))
    figures = one.llm_figures()
    assert (figures["prompt_tokens"], figures["completion_tokens"], figures["seconds"]) == (200, 20, 7200)
    assert figures["energy_kwh"] == pytest.approx(0.06)
    assert one.llm_g() == pytest.approx(0.03 * 300 * 2), "30 W for an hour at 300 g/kWh, twice"


def test_the_models_own_carbon_is_that_of_the_region_where_it_runs():
    """50 W for an hour at 200 g/kWh, twice."""
    turn = Turn('{"choice": "A", "reason": "lowest score"}', usage=Usage(100, 80, 10, 3600.0))
    world = replace(small(), accounting=Accounting(llm_w=50.0, llm_region="away"))
    one, _ = run(ScriptedModel(lambda _: turn), world)
    assert one.llm_figures()["energy_kwh"] == pytest.approx(0.1)
    assert one.llm_g() == pytest.approx(20.0)


def test_a_part_of_the_graph_can_be_left_out():
    """Without the check the plan that starts all at once is carried out, though it is worse."""

    def unchecked(state: State, runtime: Runtime[Epoch]) -> State:
        return checked(state, runtime.context, lambda epoch, proposed, base: Settled(proposed))

    one = AgentRun(small(), agent(choosing("B")), graph=assembled(check=unchecked))
    records = list(one)
    assert records[0].decided_by == "model"
    assert starts(one) == [("a", "away", 0), ("b", "away", 2)]


def test_the_record_tells_a_jobs_waiting_once_and_then_its_start():
    _, records = run(choosing("A"))
    told = [(d.job_id, d.action, d.verdict) for record in records for d in record.decisions]
    assert told == [("a", "defer", "ok"), ("b", "defer", "ok"), ("b", "place", "ok"), ("a", "place", "ok")]
    assert [record.waiting for record in records] == [0, 1, 1, 1, 1, 0]


def test_the_agent_obeys_rules():
    world = small()
    rules = PolicySet(
        rules=(Placement(kind="placement", effect="deny", regions=("away",), jobs=Selector(kind="batch"), source="x"),)
    )
    one = AgentRun(world, agent(choosing("A")), Guard(rules, world.regions, world.start, world.epoch_s))
    list(one)
    assert {region for _, region, _ in starts(one)} == {"home"}


# -- tools mode ----------------------------------------------------------------------------------


def tool(name: str, number: int = 0, **arguments: object) -> Turn:
    return Turn("", (ToolCall(f"call-{number}", name, json.dumps(arguments)),))


def test_in_tools_mode_the_model_looks_and_drafts_and_its_plan_is_committed_if_it_is_as_good():
    script = [
        tool("carbon_forecast", region="away", hours=8),
        tool("place_job", job_id="a", region="away", start_s=5 * HOUR_S),
        Turn("Hour five is the cleanest."),
        Turn("Nothing to change."),
    ]
    model = ScriptedModel(script)
    one, records = run(model, mode="tools")
    assert records[0].decided_by == "model"
    assert [call.name for call in records[0].tools if call.by == "model"] == ["carbon_forecast", "place_job"]
    assert starts(one) == [("a", "away", 5), ("b", "home", 3)]
    assert len(model.calls[0].tools) == len(TOOLS), "the schemas were offered"
    answered = model.calls[1].messages[-1]
    shown = answered["content"].removeprefix("<data>\n").removesuffix("\n</data>")
    assert json.loads(shown)["g_per_kwh"][5] == 50


def test_in_tools_mode_a_tool_that_is_left_out_is_not_offered():
    model = ScriptedModel([Turn("", (ToolCall("1", "what_if", "{}"),)), "Done.", *["Done."] * 2])
    one = replace(agent(model, mode="tools"), tools=TOOLS.without(["what_if"]))
    first, *_ = AgentRun(small(), one)
    assert len(model.calls[0].tools) == len(TOOLS) - 1
    assert "no tool 'what_if'" in first.tools[0].result["message"]


def test_in_tools_mode_a_deferral_leaves_the_job_pending_until_then():
    script = [
        tool("defer_job", job_id="a", until_s=5 * HOUR_S),
        Turn("Five o'clock is the cleanest; asked again then."),
        *[Turn("Done.")] * 2,
    ]
    one, records = run(ScriptedModel(script), mode="tools")
    (decision,) = records[0].decisions
    assert (decision.action, records[0].decided_by) == ("defer", "model")
    assert starts(one)[0] == ("a", "away", 5)


def test_in_tools_mode_time_that_runs_out_is_a_failure_that_replays(tmp_path: Path):
    def slow(_: Sequence[Message]) -> Turn:
        time.sleep(0.06)
        return tool("list_jobs")

    store = Store.create(tmp_path / "t.sqlite")
    hasty = replace(agent(ScriptedModel(slow), mode="tools"), deadline_s=0.15)
    first = AgentRun(small(), hasty, store=store)
    records = list(first)
    assert records[0].decided_by == "fallback"
    assert "no finished plan within" in records[0].reason
    replayed = ReplayedModel([recorded(call) for call in store.model_calls()], "scripted")
    assert placements(run(replayed, mode="tools")[0]) == placements(first)


def test_in_tools_mode_a_draft_that_is_worse_is_kept_out():
    script = [tool("place_job", job_id="a", region="home", start_s=0), Turn("Done."), Turn("Done.")]
    one, records = run(ScriptedModel(script), mode="tools")
    assert records[0].decided_by == "never-worse"
    assert starts(one)[0] == ("a", "away", 5)


def test_in_tools_mode_a_mistake_is_answered_and_a_loop_is_stopped():
    script: list[Turn] = [tool("place_job", job_id="a", region="mars", start_s=0)] * 12
    script += [Turn("Done.")]
    _, records = run(ScriptedModel(script), mode="tools")
    mistakes = [call for call in records[0].tools if call.by == "model"]
    assert len(mistakes) == 12
    assert "no region 'mars'" in str(mistakes[0].result)
    assert "limit" in records[0].reason


def test_in_tools_mode_a_refused_draft_leaves_the_job_to_the_best_plan():
    world = small()
    rules = PolicySet(rules=(Placement(kind="placement", effect="deny", regions=("away",), source="no away"),))
    script = [tool("place_job", job_id="a", region="away", start_s=0), Turn("Done."), Turn("Done.")]
    one = AgentRun(
        world,
        agent(ScriptedModel(script), mode="tools"),
        Guard(rules, world.regions, world.start, world.epoch_s),
    )
    records = list(one)
    assert records[0].decided_by == "never-worse"
    assert "could not start so" in records[0].reason
    assert starts(one)[0] == ("a", "home", 3)


# -- determinism, store, replay ------------------------------------------------------------------


def placements(one: AgentRun) -> list[object]:
    return [segment._asdict() for segment in one.run.history.pieces]


def test_two_runs_with_the_same_answers_are_the_same():
    assert placements(run(choosing("B"))[0]) == placements(run(choosing("B"))[0])


def test_a_stored_run_reads_back_as_it_was(tmp_path: Path):
    store = Store.create(tmp_path / "t.sqlite")
    one = AgentRun(small(), agent(choosing("B")), store=store)
    records = list(one)
    assert list(store.epochs()) == records
    store.close()


def test_a_replay_of_the_recorded_answers_gives_the_same_placements(tmp_path: Path):
    store = Store.create(tmp_path / "t.sqlite")
    said = iter(['{"choice": "B", "reason": "fewest late"}', "prose", '{"choice": "A", "reason": "lowest score"}'])

    def answer(_: Sequence[Message]) -> str:
        return next(said)

    first = AgentRun(small(), agent(ScriptedModel(answer)), store=store)
    list(first)
    calls = store.model_calls()
    assert len(calls) == 3
    replayed = ReplayedModel([recorded(call) for call in calls])
    assert placements(run(replayed)[0]) == placements(first)


def test_a_run_with_tool_calls_replays_too(tmp_path: Path):
    script = [tool("place_job", job_id="a", region="away", start_s=5 * HOUR_S), Turn("Done."), Turn("Done.")]
    store = Store.create(tmp_path / "t.sqlite")
    first = AgentRun(small(), agent(ScriptedModel(script), mode="tools"), store=store)
    records = list(first)
    replayed = ReplayedModel([recorded(call) for call in store.model_calls()], "scripted")
    assert run(replayed, mode="tools")[1] == records


def test_a_run_is_the_same_whoever_pulls_it_and_however_slowly():
    """The console pulls an epoch at a time from another thread; the command line runs through."""
    pulled = AgentRun(small(), agent(choosing("A")))
    feed = iter(pulled)
    with ThreadPoolExecutor(1) as thread:
        while thread.submit(next, feed, None).result() is not None:
            pass
    assert placements(pulled) == placements(run(choosing("A"))[0])
