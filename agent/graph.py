"""The graph of one epoch: observe -> propose -> decide -> check -> act -> record.

Compiled once, invoked once an epoch. The state is plain JSON; what cannot be written down (the view, the plans, the
backend, the model) is in the runtime context. Only `act` changes the world.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from typing import Protocol, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from agent.answers import Malformed
from agent.asking import may_ask, why_not_ask
from agent.deciding import propose_with
from agent.epoch import Epoch, region_records
from agent.exceptions import standing
from agent.llm.protocol import ModelFailed
from agent.news import news
from agent.propose import Candidate, alternatives, best, reference
from agent.reasons import epoch_reason
from agent.record import CandidateRecord, EpochRecord
from agent.settling import Settled, settle


class State(TypedDict, total=False):
    """What passes between the nodes: plain JSON. Plans go by their labels."""

    proposed: str
    model_reason: str
    decided_by: str
    committed: str
    reason: str


class Node(Protocol):
    """A node of the graph: what it learns of the state and of the epoch, and what it adds to the state."""

    def __call__(self, state: State, runtime: Runtime[Epoch]) -> State:
        """Return what is new in the state."""


def observe(state: State, runtime: Runtime[Epoch]) -> State:
    """Write down how the regions stand, and what is to be minded."""
    epoch = runtime.context
    epoch.regions = region_records(epoch.view)
    epoch.exceptions = standing(epoch.view, epoch.asks, epoch.texts, epoch.memory.refused)
    return {}


def propose(state: State, runtime: Runtime[Epoch]) -> State:
    """Make the best numeric scheduler's plan; others beside it where somebody might choose them."""
    epoch = runtime.context
    first = reference(epoch.view, epoch.agent.objective)
    weighs_delay = epoch.agent.objective.delay_weight_g > 0  # which no planner minimises
    beside = weighs_delay or may_ask(epoch)
    epoch.candidates = alternatives(epoch.scales, first, epoch.agent.objective) if beside else [first]
    return {}


def decide(state: State, runtime: Runtime[Epoch]) -> State:
    """Ask the model, if there is one and a reason to; whatever goes wrong there, numbers propose."""
    epoch = runtime.context
    base, model = by_numbers(epoch), epoch.agent.model
    if (why_not := why_not_ask(epoch)) or model is None:
        return {"proposed": base.label, "decided_by": "numbers", "model_reason": why_not}
    try:
        proposal = propose_with(epoch, model, base)
    except (ModelFailed, Malformed) as failed:
        return {"proposed": base.label, "decided_by": "fallback", "model_reason": f"the model failed: {failed}"}
    return {"proposed": proposal.candidate.label, "decided_by": "model", "model_reason": proposal.words}


def by_numbers(epoch: Epoch) -> Candidate:
    """Return the plan that numbers would take: the first, but where delay is weighed, which it does not minimise."""
    whole = [one for one in epoch.candidates if not one.parts]
    return best(whole) if epoch.agent.objective.delay_weight_g else whole[0]


def check(state: State, runtime: Runtime[Epoch]) -> State:
    """Commit what of the proposal is no worse than what numbers would take: never worse."""
    return checked(state, runtime.context, settle)


def checked(state: State, epoch: Epoch, settle: Callable[[Epoch, Candidate, Candidate], Settled]) -> State:
    """Return what is committed of the proposal beside the plan of numbers, and why."""
    proposed, base = epoch.named(state["proposed"]), by_numbers(epoch)
    committed, put_back = settle(epoch, proposed, base)
    overruled = committed is base and proposed is not base
    decided_by = "never-worse" if overruled else state["decided_by"]
    said = state["model_reason"] + (f"; put back: {', '.join(put_back)}" if put_back else "")
    reason = epoch_reason(epoch.view, epoch.candidates, proposed, committed, decided_by, said)
    return {"committed": committed.label, "decided_by": decided_by, "reason": reason}


def act(state: State, runtime: Runtime[Epoch]) -> State:
    """Carry the committed plan out; what a rule refuses stays as it is, and the verdict says why."""
    epoch, plan = runtime.context, runtime.context.named(state["committed"])
    epoch.done = epoch.backend.carry_out(epoch.view, plan.carrier, plan.plan, reason=state["reason"])
    return {}


def record(state: State, runtime: Runtime[Epoch]) -> State:
    """Write the epoch down in the one shape that store and console share."""
    epoch = runtime.context
    assert epoch.done is not None
    decisions, waiting = news(epoch.done, epoch.memory.jobs, epoch.memory.told)
    for row in epoch.done.decisions:
        if row.verdict != "ok":
            epoch.memory.refused[row.job_id] = row.verdict
        elif row.action == "place":
            epoch.memory.refused.pop(row.job_id, None)
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
        notes=tuple(epoch.notes),
    )
    return {}


NODES = (observe, propose, decide, check, act, record)
"""The nodes of an epoch, in their order."""


@cache
def compiled() -> CompiledStateGraph[State, Epoch, State, State]:
    """Return the graph, compiled at first use."""
    return assembled()


def assembled(**instead: Node) -> CompiledStateGraph[State, Epoch, State, State]:
    """Return the graph with other nodes in the place of some, by name: an ablation leaves a part out so."""
    graph = StateGraph(State, context_schema=Epoch)
    for node in NODES:
        graph.add_node(node.__name__, instead.get(node.__name__, node))
    names = [START, *(node.__name__ for node in NODES), END]
    for before, after in itertools.pairwise(names):
        graph.add_edge(before, after)
    return graph.compile()
