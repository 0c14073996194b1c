"""Tools mode: the model looks through the read tools and drafts a plan by calling the acting ones.

The loop is bounded in calls and in seconds. Nothing it drafts reaches the backend from here: the draft becomes
one more candidate, which is evaluated, compared and checked like the others. What it asks or tells the operator does.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.llm.protocol import LanguageModel, Message, ModelFailed, ToolCall, Turn
from agent.prompts import data_block
from sim.errors import IllegalAction
from sim.model import Job, Migrate, Place, Resize, Resume, Suspend
from sim.view import View
from tools import Outcome, Registry, Session
from tools.backends.protocol import Actions
from tools.read.names import check_scale, pending_job, region_index, running_job, suspended_job

MAX_TURNS = 12
MAX_CALLS = 40
MAX_TOKENS = 1200

OnTurn = Callable[[Sequence[Message], Turn], None]
OnCall = Callable[[str, dict[str, Any], Outcome], None]


Act = Suspend | Resume | Migrate | Resize
"""What may be done about a job that runs or is suspended."""


@dataclass
class Draft:
    """Actions of which none is carried out: it keeps what the model asked for, the last word about each job.

    `placed` and `deferred` are about pending jobs, `acts` about those that run or are suspended. Rules and room are
    checked on the whole draft afterwards. Requests for approval are passed on: they act on no job.
    """

    view: View
    backend: Actions
    placed: dict[str, Place] = field(default_factory=dict)
    deferred: dict[str, float] = field(default_factory=dict)
    acts: dict[str, Act] = field(default_factory=dict)

    def place(self, decision: Place) -> None:
        """Keep a placement of a pending job."""
        job = pending_job(self.view, decision.job_id)
        region_index(self.view, decision.region)
        self._check_start(job, decision.start_s, decision.scale)
        self._check_until(job, decision)
        self.deferred.pop(job.id, None)
        self.placed[job.id] = decision

    def defer(self, job_id: str, until_s: float) -> None:
        """Keep a deferral of a pending job."""
        pending_job(self.view, job_id)
        if until_s <= self.view.now_s:
            raise IllegalAction(
                f"job {job_id}: {until_s:g} s is not after now, {self.view.now_s:g} s; give a later time"
            )
        self.placed.pop(job_id, None)
        self.deferred[job_id] = until_s

    def suspend(self, decision: Suspend) -> None:
        """Keep a suspension of a running job that has a checkpoint."""
        need_checkpoint(running_job(self.view, decision.job_id).job)
        self.acts[decision.job_id] = decision

    def resume(self, decision: Resume) -> None:
        """Keep that a suspended job goes on."""
        job = suspended_job(self.view, decision.job_id).job
        self._check_start(job, decision.start_s, decision.scale)
        self._check_until(job, decision)
        self.acts[job.id] = decision

    def migrate(self, decision: Migrate) -> None:
        """Keep a move of a suspended job, or of a running one that has a checkpoint."""
        region_index(self.view, decision.region)
        paused = {one.job.id: one for one in self.view.suspended}
        here = paused.get(decision.job_id) or running_job(self.view, decision.job_id)
        need_checkpoint(here.job)
        if here.region == decision.region:
            raise IllegalAction(f"job {here.job.id} is in {here.region} already; name another region")
        self._check_start(here.job, decision.start_s, decision.scale)
        self.acts[here.job.id] = decision

    def resize(self, decision: Resize) -> None:
        """Keep another number of workers of a running elastic job."""
        held = running_job(self.view, decision.job_id)
        check_scale(held.job, decision.scale)
        if decision.scale == held.scale:
            raise IllegalAction(f"job {held.job.id} has {held.scale} workers already; give another number")
        self.acts[held.job.id] = decision

    def ask(self, job_id: str, region: str, start_s: float) -> bool | None:
        """Ask people, now: whether or not the draft is carried out."""
        return self.backend.ask(job_id, region, start_s)

    def _check_start(self, job: Job, start_s: float, scale: int) -> None:
        check_scale(job, scale)
        if start_s < self.view.now_s:
            raise IllegalAction(f"start {start_s:g} s is before now, {self.view.now_s:g} s; give now or later")
        if start_s > (last_s := self.view.now_s + self.view.horizon_s):
            raise IllegalAction(f"start {start_s:g} s is beyond the planning horizon; give one before {last_s:g} s")

    def _check_until(self, job: Job, decision: Place | Resume) -> None:
        if decision.until_s == math.inf:
            return
        need_checkpoint(job)
        if decision.until_s <= decision.start_s:
            raise IllegalAction(f"until {decision.until_s:g} s is not after the start, {decision.start_s:g} s")


def need_checkpoint(job: Job) -> None:
    """Raise IllegalAction if a job cannot be suspended."""
    if job.checkpoint is None:
        raise IllegalAction(f"job {job.id} cannot be suspended or moved: it has no checkpoint; let it run")


def draft_plan(
    model: LanguageModel,
    conversation: list[Message],
    epoch: Session,
    *,
    tools: Registry,
    deadline_s: float,
    on_turn: OnTurn,
    on_call: OnCall,
) -> tuple[Draft, str]:
    """Return what the model drafted with these tools, and its closing words.

    Raises:
        ModelFailed: As the model raises it, or if time runs out; what was drafted until then is lost.
    """
    draft = Draft(epoch.view, epoch.backend)
    session = Session(epoch.view, draft)
    schemas = [tool.openai_schema() for tool in tools.values()]
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
            conversation.append(_answer(call, session, tools, calls, on_call))
        if calls >= MAX_CALLS:
            break
    return draft, "stopped at the limit of calls"


def _assistant(turn: Turn) -> Message:
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in turn.tool_calls
    ]
    return {"role": "assistant", "content": turn.text or None, "tool_calls": calls}


def _answer(call: ToolCall, session: Session, tools: Registry, calls: int, on_call: OnCall) -> Message:
    """Return the tool's message: its result, or what was wrong and how to mend it."""
    if calls > MAX_CALLS:
        outcome = Outcome("invalid", {"message": f"the limit of {MAX_CALLS} tool calls is reached; answer now"})
    else:
        outcome = tools.call(call.name, call.arguments, session)
    on_call(call.name, _as_mapping(call.arguments), outcome)
    content = {"status": outcome.status, **outcome.result}
    return {"role": "tool", "tool_call_id": call.id, "content": data_block(json.dumps(content))}


def _as_mapping(arguments: str) -> dict[str, Any]:
    try:
        content = json.loads(arguments)
    except (ValueError, RecursionError):
        return {"text": arguments}
    return content if isinstance(content, dict) else {"value": content}
