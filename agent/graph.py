"""The graph of one epoch: observe -> propose -> decide -> check -> act -> record.

Compiled once, invoked once an epoch. The state is plain JSON; what cannot be written down (the view, the
backend, the model) is in the runtime context. Only `act` changes the world.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from agent import rank
from agent.llm.protocol import LanguageModel, Message, ModelFailed, Turn, Usage, prompt_sha256
from agent.prompts import Prompt
from agent.propose import Candidate, best, candidates, label, objective
from agent.reasons import epoch_reason
from agent.record import CandidateRecord, EpochRecord, ModelRecord, RegionRecord, ToolRecord
from agent.toolloop import Draft, draft_plan
from sim.runner import DecisionRow
from sim.scenario import ObjectiveSpec
from sim.view import View
from tools import TOOLS, Outcome, Session

_WORSE = 1e-9
"""Relative: how much higher an objective must be to count as worse (rounding of sums)."""


@dataclass(frozen=True)
class Agent:
    """What stays the same over a run. `model` is None where the deterministic fallback decides alone."""

    model: LanguageModel | None
    mode: str
    objective: ObjectiveSpec
    prompts: Mapping[str, Prompt]
    deadline_s: float = 30.0


@dataclass
class Epoch:
    """The runtime context of one invocation: who decides, on what view, and what has been written down so far."""

    agent: Agent
    session: Session
    number: int
    tools: list[ToolRecord] = field(default_factory=list)
    model: list[ModelRecord] = field(default_factory=list)
    decisions: list[DecisionRow] = field(default_factory=list)
    record: EpochRecord | None = None

    @property
    def view(self) -> View:
        """What may be known."""
        return self.session.view

    def call(self, name: str, arguments: Mapping[str, Any]) -> Outcome:
        """Call a tool and write the call down."""
        outcome = TOOLS.call(name, arguments, self.session)
        self.note_call(name, dict(arguments), outcome, by="agent")
        return outcome

    def note_call(self, name: str, arguments: dict[str, Any], outcome: Outcome, by: str) -> None:
        """Write a tool call down."""
        self.tools.append(ToolRecord(name, arguments, outcome.status, outcome.result, by))

    def note_turn(self, prompt: Prompt, messages: Sequence[Message], turn: Turn, failure: str = "") -> None:
        """Write a model call down."""
        assert self.agent.model is not None
        usage = turn.usage
        self.model.append(
            ModelRecord(
                spec=self.agent.model.spec,
                prompt=prompt.name,
                prompt_version=prompt.version,
                prompt_sha256=prompt_sha256(messages),
                prompt_tokens=usage.prompt_tokens,
                cached_tokens=usage.cached_tokens,
                completion_tokens=usage.completion_tokens,
                seconds=usage.seconds,
                text=turn.text,
                tool_calls=[asdict(call) for call in turn.tool_calls],
                failure=failure,
            )
        )


class State(TypedDict, total=False):
    """What passes between the nodes: plain JSON."""

    candidates: list[Candidate]
    proposed: str
    model_reason: str
    decided_by: str
    committed: Candidate
    reason: str


def observe(state: State, runtime: Runtime[Epoch]) -> State:
    """Look at the queue, the regions and the forecasts, so that the record holds what was known."""
    epoch = runtime.context
    epoch.call("list_jobs", {"limit": 20})
    epoch.call("capacity_query", {})
    for region in epoch.view.regions:
        epoch.call("carbon_forecast", {"region": region.id, "hours": 24})
    return {}


def propose(state: State, runtime: Runtime[Epoch]) -> State:
    """Let every planner make its plan, and evaluate each on the same forecast."""
    epoch = runtime.context
    found = candidates(epoch.view)
    for candidate in found:
        _evaluate(epoch, candidate)
    return {"candidates": found}


def _evaluate(epoch: Epoch, candidate: Candidate) -> None:
    """Add the figures of `what_if`, the problems by job, and the objective to a candidate."""
    candidate.update(carbon_g=0.0, cost_usd=0.0, mean_wait_s=0.0, late=0, problems={})
    if candidate["runs"]:
        runs = [{name: run[name] for name in ("job_id", "region", "start_s")} for run in candidate["runs"]]
        outcome = epoch.call("what_if", {"runs": runs})
        if outcome.status != "ok":
            raise RuntimeError(f"what_if refused a plan of ours: {outcome.message}")
        figures = outcome.result
        candidate.update({name: figures[name] for name in ("carbon_g", "cost_usd", "mean_wait_s", "late")})
        candidate["problems"] = {p["job_id"]: p["problem"] for p in figures["problems"]}
        for run, carbon_g in zip(candidate["runs"], figures["carbon_g_by_run"], strict=True):
            run["carbon_g"] = carbon_g
    candidate["objective"] = objective(candidate, len(epoch.view.pending), epoch.agent.objective)


def decide(state: State, runtime: Runtime[Epoch]) -> State:
    """Ask the model, if there is one; whatever goes wrong there, the best candidate is proposed instead."""
    epoch, found = runtime.context, state["candidates"]
    if epoch.agent.model is None:
        return {"proposed": best(found)["label"], "decided_by": "fallback", "model_reason": "no model is in use"}
    try:
        if epoch.agent.mode == "tools":
            return _decide_with_tools(epoch, epoch.agent.model, found)
        choice = _ask_for_choice(epoch, epoch.agent.model, found)
    except (ModelFailed, rank.Malformed) as failed:
        return {
            "proposed": best(found)["label"],
            "decided_by": "fallback",
            "model_reason": f"the model failed: {failed}",
        }
    return {"proposed": choice.label, "decided_by": "model", "model_reason": choice.reason}


def _ask_for_choice(epoch: Epoch, model: LanguageModel, found: Sequence[Candidate]) -> rank.Choice:
    """Return the model's choice; an answer that is none is shown to it once more with what is wrong."""
    prompt = epoch.agent.prompts["rank"]
    conversation = rank.messages(prompt, epoch.agent.prompts["rank_epoch"], found)
    ends = time.monotonic() + epoch.agent.deadline_s
    for last_try in (False, True):
        turn = _complete(epoch, model, prompt, conversation, rank.schema(found), ends - time.monotonic())
        try:
            choice = rank.parse(turn.text, found)
        except rank.Malformed as malformed:
            epoch.note_turn(prompt, conversation, turn, failure=str(malformed))
            if last_try:
                raise
            conversation = [
                *conversation,
                {"role": "assistant", "content": turn.text},
                {"role": "user", "content": str(malformed)},
            ]
            continue
        epoch.note_turn(prompt, conversation, turn)
        return choice
    raise AssertionError("unreachable: the last try returns or raises")


def _complete(
    epoch: Epoch,
    model: LanguageModel,
    prompt: Prompt,
    conversation: Sequence[Message],
    schema: Mapping[str, Any],
    left_s: float,
) -> Turn:
    began = time.monotonic()
    try:
        return model.complete(conversation, max_tokens=rank.MAX_TOKENS, deadline_s=max(0.1, left_s), schema=schema)
    except ModelFailed as failed:
        _note_failure(epoch, prompt, conversation, failed, time.monotonic() - began)
        raise


def _note_failure(
    epoch: Epoch, prompt: Prompt, conversation: Sequence[Message], failed: ModelFailed, seconds: float
) -> None:
    """Write down a call that gave no turn."""
    epoch.note_turn(prompt, conversation, Turn("", usage=Usage(seconds=seconds)), failure=str(failed))


def _decide_with_tools(epoch: Epoch, model: LanguageModel, found: list[Candidate]) -> State:
    """Let the model draft a plan with tool calls; what it leaves out is taken from the best candidate."""
    prompt = epoch.agent.prompts["tools"]
    now = f"Now it is {epoch.view.now_s:g} s; {len(epoch.view.pending)} jobs are pending."
    conversation: list[Message] = [
        {"role": "system", "content": prompt.text},
        {"role": "user", "content": now},
    ]
    began, before = time.monotonic(), len(epoch.model)
    try:
        draft, words = draft_plan(
            model,
            conversation,
            epoch.view,
            deadline_s=epoch.agent.deadline_s,
            on_turn=lambda messages, turn: epoch.note_turn(prompt, messages, turn),
            on_call=lambda name, arguments, outcome: epoch.note_call(name, arguments, outcome, by="model"),
        )
    except ModelFailed as failed:
        spent_s = sum(call.seconds for call in epoch.model[before:])  # what the turns before it took is noted with them
        _note_failure(epoch, prompt, conversation, failed, max(0.0, time.monotonic() - began - spent_s))
        raise
    drafted = _from_draft(draft, best(found), len(found))
    _evaluate(epoch, drafted)
    return {
        "candidates": [*found, drafted],
        "proposed": drafted["label"],
        "decided_by": "model",
        "model_reason": words[:300],
    }


def _from_draft(draft: Draft, base: Candidate, position: int) -> Candidate:
    kept = [run for run in base["runs"] if run["job_id"] not in draft.placed and run["job_id"] not in draft.deferred]
    mine = [
        {"job_id": place.job_id, "region": place.region, "start_s": place.start_s, "book": True}
        for place in draft.placed.values()
    ]
    waiting = [_later(run, draft.deferred[run["job_id"]]) for run in base["runs"] if run["job_id"] in draft.deferred]
    runs = sorted([*kept, *mine, *waiting], key=lambda run: str(run["job_id"]))
    return {"label": label(position), "name": "model", "runs": runs}


def _later(run: Mapping[str, Any], until_s: float) -> dict[str, Any]:
    """Return a run of the base plan that the model deferred: it is evaluated where it would start at the earliest."""
    return {**run, "start_s": max(run["start_s"], until_s), "book": False, "until_s": until_s}


def check(state: State, runtime: Runtime[Epoch]) -> State:
    """Commit the proposed plan unless the best candidate has a lower objective: never worse.

    A plan with a run that a rule forbids or that has no room is only committed if every plan has one.
    """
    found = state["candidates"]
    proposed = next(candidate for candidate in found if candidate["label"] == state["proposed"])
    top = best(found)
    limit = top["objective"] + abs(top["objective"]) * _WORSE
    holds = proposed is top or (not proposed["problems"] and proposed["objective"] <= limit)
    committed = proposed if holds else top
    decided_by = state["decided_by"] if holds else "never-worse"
    reason = epoch_reason(found, proposed, committed, decided_by, state["model_reason"])
    return {"committed": committed, "decided_by": decided_by, "reason": reason}


def act(state: State, runtime: Runtime[Epoch]) -> State:
    """Carry the committed plan out, run by run; what is refused stays pending and the verdict says why."""
    epoch, plan = runtime.context, state["committed"]
    now_s, next_s = epoch.view.now_s, epoch.view.now_s + epoch.view.epoch_s
    for run in plan["runs"]:
        place = run["book"] or run["start_s"] < next_s
        arguments: dict[str, Any] = {"job_id": run["job_id"], "reason": state["reason"][:300]}
        until = {"until_s": run.get("until_s", next_s)}
        arguments |= {"region": run["region"], "start_s": run["start_s"]} if place else until
        outcome = epoch.call("place_job" if place else "defer_job", arguments)
        epoch.decisions.append(
            DecisionRow(
                epoch=epoch.number,
                now_s=now_s,
                job_id=run["job_id"],
                action="place" if place else "defer",
                region=run["region"],
                start_s=run["start_s"],
                candidate=plan["name"],
                forecast_carbon_g=run["carbon_g"],
                reason=state["reason"],
                verdict="ok" if outcome.status == "ok" else outcome.result.get("rule", outcome.message),
            )
        )
    return {}


def record(state: State, runtime: Runtime[Epoch]) -> State:
    """Write the epoch down in the one shape that store and console share."""
    epoch = runtime.context
    epoch.record = EpochRecord(
        epoch=epoch.number,
        now_s=epoch.view.now_s,
        pending=len(epoch.view.pending),
        deferred=epoch.view.deferred,
        regions=tuple(_region_records(epoch.view)),
        candidates=tuple(
            CandidateRecord(
                **{name: candidate[name] for name in CandidateRecord.__dataclass_fields__}  # the same names
            )
            for candidate in state["candidates"]
        ),
        tools=tuple(epoch.tools),
        model=tuple(epoch.model),
        proposed=state["proposed"],
        committed=state["committed"]["label"],
        decided_by=state["decided_by"],
        reason=state["reason"],
        decisions=tuple(epoch.decisions),
    )
    return {}


def _region_records(view: View) -> list[RegionRecord]:
    rows = []
    for r, region in enumerate(view.regions):
        here = [held for held in view.commitments if held.region == region.id]
        rows.append(
            RegionRecord(
                region=region.id,
                zone=region.zone,
                intensity=float(view.intensity[r].values[-1]),
                price=float(view.price[r].values[-1]),
                busy_cpus=float(region.cpus - view.free[r][0]),
                cpus=region.cpus,
                running=sum(held.running for held in here),
                queued=sum(not held.running for held in here),
            )
        )
    return rows


NODES = (observe, propose, decide, check, act, record)
"""The nodes of an epoch, in their order."""


@cache
def compiled() -> CompiledStateGraph[State, Epoch, State, State]:
    """Return the graph, compiled at first use."""
    graph = StateGraph(State, context_schema=Epoch)
    for node in NODES:
        graph.add_node(node.__name__, node)
    names = [START, *(node.__name__ for node in NODES), END]
    for before, after in itertools.pairwise(names):
        graph.add_edge(before, after)
    return graph.compile()
