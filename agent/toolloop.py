"""Tools mode: the model looks through the read tools and drafts placements by calling the acting ones.

The loop is bounded in calls and in seconds. Nothing it drafts reaches the backend from here: the draft becomes
one more candidate, which is evaluated, compared and checked like the others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.llm.protocol import LanguageModel, Message, ModelFailed, ToolCall, Turn
from agent.prompts import data_block
from sim.errors import IllegalAction
from sim.model import Place
from sim.view import View
from tools import TOOLS, Outcome, Session
from tools.read import pending_job, region_index

MAX_TURNS = 12
MAX_CALLS = 40
MAX_TOKENS = 1200

OnTurn = Callable[[Sequence[Message], Turn], None]
OnCall = Callable[[str, dict[str, Any], Outcome], None]


@dataclass
class Draft:
    """A backend that carries nothing out: it keeps the placements and deferrals that the model asked for."""

    view: View
    placed: dict[str, Place] = field(default_factory=dict)
    deferred: dict[str, float] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        """A draft has no epochs of its own."""
        return -1

    def next_view(self) -> View | None:
        """A draft has no later view."""
        return None

    def place(self, decision: Place) -> None:
        """Keep a placement of a pending job; rules and room are checked on the whole draft afterwards."""
        pending_job(self.view, decision.job_id)
        region_index(self.view, decision.region)
        if decision.start_s < self.view.now_s:
            raise IllegalAction(f"start {decision.start_s:g} s is before now, {self.view.now_s:g} s; give now or later")
        self.deferred.pop(decision.job_id, None)
        self.placed[decision.job_id] = decision

    def defer(self, job_id: str, until_s: float) -> None:
        """Keep a deferral of a pending job."""
        pending_job(self.view, job_id)
        self.placed.pop(job_id, None)
        self.deferred[job_id] = until_s


def draft_plan(
    model: LanguageModel,
    conversation: list[Message],
    view: View,
    *,
    deadline_s: float,
    on_turn: OnTurn,
    on_call: OnCall,
) -> tuple[Draft, str]:
    """Return what the model drafted and its closing words.

    Raises:
        ModelFailed: As the model raises it, or if time runs out; what was drafted until then is lost.
    """
    draft = Draft(view)
    session = Session(view, draft)
    schemas = [tool.openai_schema() for tool in TOOLS.values()]
    ends, calls = time.monotonic() + deadline_s, 0
    for _ in range(MAX_TURNS):
        left_s = ends - time.monotonic()
        if left_s <= 0:
            raise ModelFailed(f"{model.spec}: no finished plan within {deadline_s:g} s")
        turn = model.complete(conversation, max_tokens=MAX_TOKENS, deadline_s=left_s, tools=schemas)
        on_turn(conversation, turn)
        if not turn.tool_calls:
            return draft, turn.text
        conversation.append(_assistant(turn))
        for call in turn.tool_calls:
            calls += 1
            conversation.append(_answer(call, session, calls, on_call))
        if calls >= MAX_CALLS:
            break
    return draft, "stopped at the limit of calls"


def _assistant(turn: Turn) -> Message:
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in turn.tool_calls
    ]
    return {"role": "assistant", "content": turn.text or None, "tool_calls": calls}


def _answer(call: ToolCall, session: Session, calls: int, on_call: OnCall) -> Message:
    """Return the tool's message: its result, or what was wrong and how to mend it."""
    if calls > MAX_CALLS:
        outcome = Outcome("invalid", {"message": f"the limit of {MAX_CALLS} tool calls is reached; answer now"})
    else:
        outcome = TOOLS.call(call.name, call.arguments, session)
    on_call(call.name, _as_mapping(call.arguments), outcome)
    content = {"status": outcome.status, **outcome.result}
    return {"role": "tool", "tool_call_id": call.id, "content": data_block(json.dumps(content))}


def _as_mapping(arguments: str) -> dict[str, Any]:
    try:
        content = json.loads(arguments)
    except json.JSONDecodeError:
        return {"text": arguments}
    return content if isinstance(content, dict) else {"value": content}
