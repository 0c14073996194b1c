"""The graph of one epoch: observe -> propose -> decide -> check -> act -> record.

Compiled once, invoked once an epoch. The state is plain JSON; what cannot be written down (the view, the plans, the
backend, the model) is in the runtime context. Only `act` changes the world.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from agent import rank
from agent.asking import differ, news_among
from agent.compose import Changes, changed, problems
from agent.epoch import Epoch, region_records
from agent.llm.protocol import LanguageModel, Message, ModelFailed, Turn
from agent.news import news
from agent.prompts import Prompt
from agent.propose import Candidate, alternatives, best, label, reference, weighed
from agent.reasons import epoch_reason
from agent.record import CandidateRecord, EpochRecord
from agent.toolloop import draft_plan

_WORSE = 1e-9
"""Relative: how much higher an objective must be to count as worse (rounding of sums)."""


class State(TypedDict, total=False):
    """What passes between the nodes: plain JSON. Plans go by their labels."""

    proposed: str
    model_reason: str
    decided_by: str
    committed: str
    reason: str


def observe(state: State, runtime: Runtime[Epoch]) -> State:
    """Write down how the regions stand."""
    epoch = runtime.context
    epoch.regions = region_records(epoch.view)
    return {}


def propose(state: State, runtime: Runtime[Epoch]) -> State:
    """Make the best numeric scheduler's plan; others beside it where somebody might choose them."""
    epoch = runtime.context
    first = reference(epoch.view, epoch.agent.objective)
    epoch.candidates = [first]
    weighs_delay = epoch.agent.objective.delay_weight_g > 0  # which no planner minimises
    if weighs_delay or (epoch.agent.model is not None and news_among(epoch.view.pending, epoch.memory.asked)):
        epoch.candidates = alternatives(epoch.scales, first, epoch.agent.objective)
    return {}


def decide(state: State, runtime: Runtime[Epoch]) -> State:
    """Ask the model, if there is one and a reason to; whatever goes wrong there, the best candidate is proposed."""
    epoch = runtime.context
    top = _best(epoch).label
    if (why_not := _settled(epoch)) or epoch.agent.model is None:
        return {"proposed": top, "decided_by": "numbers", "model_reason": why_not}
    try:
        if epoch.agent.mode == "tools":
            return _decide_with_tools(epoch, epoch.agent.model)
        choice = _ask_for_choice(epoch, epoch.agent.model)
    except (ModelFailed, rank.Malformed) as failed:
        return {"proposed": top, "decided_by": "fallback", "model_reason": f"the model failed: {failed}"}
    return {"proposed": choice.label, "decided_by": "model", "model_reason": choice.reason}


def _settled(epoch: Epoch) -> str:
    """Return why numbers decide alone; empty if the model is to be asked. All that is pending counts as asked about."""
    pending, asked = epoch.view.pending, epoch.memory.asked
    if epoch.agent.model is None:
        return "no model is in use"
    if not news_among(pending, asked):
        return "nothing new is pending" if len(pending) else "nothing is pending"
    asked[pending.positions] = True
    return "" if differ(epoch.candidates) else "the plans hardly differ"


def _best(epoch: Epoch) -> Candidate:
    """Return the plan that numbers would take: the first, but where delay is weighed, which it does not minimise."""
    return best(epoch.candidates) if epoch.agent.objective.delay_weight_g else epoch.candidates[0]


def _ask_for_choice(epoch: Epoch, model: LanguageModel) -> rank.Choice:
    """Return the model's choice; an answer that is none is shown to it once more with what is wrong."""
    found, prompt = epoch.candidates, epoch.agent.prompts["rank"]
    count = len(epoch.view.pending)
    conversation = rank.messages(prompt, epoch.agent.prompts["rank_epoch"], found, count)
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
        epoch.note_failure(prompt, conversation, failed, time.monotonic() - began)
        raise


def _decide_with_tools(epoch: Epoch, model: LanguageModel) -> State:
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
            epoch.session,
            deadline_s=epoch.agent.deadline_s,
            on_turn=lambda messages, turn: epoch.note_turn(prompt, messages, turn),
            on_call=epoch.note_call,
        )
    except ModelFailed as failed:
        spent_s = sum(call.seconds for call in epoch.model[before:])  # what the turns before it took is noted with them
        epoch.note_failure(prompt, conversation, failed, max(0.0, time.monotonic() - began - spent_s))
        raise
    drafted = _with_changes(epoch, _best(epoch), Changes(draft.placed, draft.deferred))
    return {"proposed": drafted.label, "decided_by": "model", "model_reason": words[:300]}


def _with_changes(epoch: Epoch, base: Candidate, changes: Changes) -> Candidate:
    """Add a candidate plan with changes, weighed and checked."""
    plan = changed(epoch.view, base.plan, changes)
    wrong = problems(epoch.view, plan, changes.jobs)
    one = weighed(epoch.scales, label(len(epoch.candidates)), "model", plan, epoch.agent.objective, problems=wrong)
    epoch.candidates.append(one)
    return one


def check(state: State, runtime: Runtime[Epoch]) -> State:
    """Commit the proposed plan unless the best candidate has a lower objective: never worse.

    A plan with a run that a rule forbids or that has no room is only committed if every plan has one.
    """
    epoch = runtime.context
    found, proposed, top = epoch.candidates, epoch.named(state["proposed"]), _best(epoch)
    limit = top.objective + abs(top.objective) * _WORSE
    holds = proposed is top or (not proposed.problems and proposed.objective <= limit)
    committed = proposed if holds else top
    decided_by = state["decided_by"] if holds else "never-worse"
    reason = epoch_reason(epoch.view, found, proposed, committed, decided_by, state["model_reason"])
    return {"committed": committed.label, "decided_by": decided_by, "reason": reason}


def act(state: State, runtime: Runtime[Epoch]) -> State:
    """Carry the committed plan out; what a rule refuses stays as it is, and the verdict says why."""
    epoch, plan = runtime.context, runtime.context.named(state["committed"])
    backend = epoch.session.backend
    epoch.done = backend.carry_out(epoch.view, plan.carrier, plan.plan, reason=state["reason"])
    return {}


def record(state: State, runtime: Runtime[Epoch]) -> State:
    """Write the epoch down in the one shape that store and console share."""
    epoch = runtime.context
    assert epoch.done is not None
    decisions, waiting = news(epoch.done, epoch.memory.jobs, epoch.memory.told)
    epoch.record = EpochRecord(
        epoch=epoch.number,
        now_s=epoch.view.now_s,
        pending=len(epoch.view.pending),
        deferred=epoch.view.deferred,
        regions=epoch.regions,
        candidates=tuple(
            CandidateRecord(**{name: getattr(one, name) for name in CandidateRecord.__dataclass_fields__})
            for one in epoch.candidates
        ),
        tools=tuple(epoch.tools),
        model=tuple(epoch.model),
        proposed=state["proposed"],
        committed=state["committed"],
        decided_by=state["decided_by"],
        reason=state["reason"],
        decisions=decisions,
        waiting=waiting,
    )
    return {}


@cache
def compiled() -> CompiledStateGraph[State, Epoch, State, State]:
    """Return the graph, compiled at first use."""
    graph = StateGraph(State, context_schema=Epoch)
    nodes = (observe, propose, decide, check, act, record)
    for node in nodes:
        graph.add_node(node.__name__, node)
    names = [START, *(node.__name__ for node in nodes), END]
    for before, after in itertools.pairwise(names):
        graph.add_edge(before, after)
    return graph.compile()
