"""What the model proposes, in each of the three modes: rank, plan, tools."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from agent import byclass, rank
from agent.answers import ask
from agent.classes import classes
from agent.compose import Part
from agent.epoch import Epoch
from agent.exceptions import mask
from agent.llm.protocol import LanguageModel, Message, ModelFailed
from agent.propose import Candidate, label, put_together
from agent.toolloop import Draft, draft_plan
from sim.model import Decision


class Proposal(NamedTuple):
    """A candidate, and the model's words about it."""

    candidate: Candidate
    words: str


def propose_with(epoch: Epoch, model: LanguageModel, base: Candidate) -> Proposal:
    """Return what the model proposes; what it leaves alone is as in the base plan.

    Raises:
        ModelFailed: If it gives no usable turn.
        Malformed: If what it gives is no answer, twice.
    """
    return {"rank": _by_rank, "plan": _by_class, "tools": _by_tools}[epoch.agent.mode](epoch, model, base)


def _by_rank(epoch: Epoch, model: LanguageModel, base: Candidate) -> Proposal:
    found, prompts = epoch.candidates, epoch.agent.prompts
    chosen = ask(
        epoch,
        model,
        prompts["rank"],
        rank.messages(prompts["rank"], prompts["rank_epoch"], found, len(epoch.view.pending), epoch.notes),
        schema=rank.schema(found),
        max_tokens=rank.MAX_TOKENS,
        parse=lambda text: rank.parse(text, found),
    )
    return Proposal(epoch.named(chosen.label), chosen.reason)


def _by_class(epoch: Epoch, model: LanguageModel, base: Candidate) -> Proposal:
    view, found, prompts = epoch.view, list(epoch.candidates), epoch.agent.prompts
    minded = mask(epoch.exceptions, len(view.pending))
    weights = epoch.agent.objective
    groups = byclass.worth_asking(classes(epoch.scales.timetable, epoch.new | minded, minded), found, weights)
    if not groups:
        return _by_rank(epoch, model, base)
    chosen = ask(
        epoch,
        model,
        prompts["plan"],
        byclass.messages(prompts["plan"], prompts["plan_epoch"], found, groups, epoch.notes, weights),
        schema=byclass.schema(groups, found, view.regions),
        max_tokens=byclass.max_tokens(groups),
        parse=lambda text: byclass.parse(text, groups, found, view.regions),
    )
    words = f"{', '.join(f'{name} {choice}' for name, choice in chosen.of.items())}: {chosen.reason}"
    parts = byclass.parts(view, chosen, groups, found, base)
    return Proposal(_with(epoch, base, parts), words) if parts else Proposal(base, words)


def _by_tools(epoch: Epoch, model: LanguageModel, base: Candidate) -> Proposal:
    prompt = epoch.agent.prompts["tools"]
    now = f"Now it is {epoch.view.now_s:g} s; {len(epoch.view.pending)} jobs are pending."
    conversation: list[Message] = [
        {"role": "system", "content": prompt.text},
        {"role": "user", "content": "\n".join(filter(None, (now, rank.minded(epoch.notes))))},
    ]
    began, before = time.monotonic(), len(epoch.model)
    try:
        draft, words = draft_plan(
            model,
            conversation,
            epoch.session,
            tools=epoch.agent.tools,
            deadline_s=epoch.agent.deadline_s,
            on_turn=lambda messages, turn: epoch.note_turn(prompt, messages, turn),
            on_call=epoch.note_call,
        )
    except ModelFailed as failed:
        spent_s = sum(call.seconds for call in epoch.model[before:])  # what the turns before it took is noted with them
        epoch.note_failure(prompt, conversation, failed, max(0.0, time.monotonic() - began - spent_s))
        raise
    parts = _drafted(epoch, draft)
    acts: Mapping[str, Decision] = draft.acts
    return Proposal(_with(epoch, base, parts, acts) if parts or acts else base, words[:300])


def _drafted(epoch: Epoch, draft: Draft) -> list[Part]:
    """Return what was drafted of each pending job."""
    view = epoch.view
    row = {job_id: np.array([i]) for i, job_id in enumerate(view.pending.ids)}
    placed = [Part.placing(view, f"job {j}", row[j], [place]) for j, place in draft.placed.items()]
    waits = [Part.waiting(view, f"job {j}", row[j], until_s) for j, until_s in draft.deferred.items()]
    return [*placed, *waits]


def _with(epoch: Epoch, base: Candidate, parts: list[Part], acts: Mapping[str, Decision] | None = None) -> Candidate:
    """Return the base plan with what the model decided otherwise, as one more candidate."""
    one = put_together(epoch.scales, label(len(epoch.candidates)), "model", base, parts, epoch.agent.objective, acts)
    epoch.candidates.append(one)
    return one
