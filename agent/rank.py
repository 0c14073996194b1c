"""Rank mode: the model chooses one of the candidates by its letter, and says why in one of a few words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.answers import Malformed
from agent.llm.protocol import Message
from agent.prompts import Prompt
from agent.propose import Candidate
from sim.units import HOUR_S

REASONS = ("lowest score", "shortest wait", "fewest late", "what is to be minded")
MAX_TOKENS = 40
MOST_NOTES = 3


@dataclass(frozen=True)
class Choice:
    """The letter of a candidate, and the model's word for why."""

    label: str
    reason: str


def messages(
    system: Prompt, epoch: Prompt, found: Sequence[Candidate], count: int, notes: Sequence[str]
) -> list[Message]:
    """Return the conversation about so many jobs: the stable prefix first, so that a prefix cache serves it."""
    user = epoch.fill(count=str(count), candidates=lines(found), notes=minded(notes)).strip()
    return [{"role": "system", "content": system.text}, {"role": "user", "content": user}]


def lines(found: Sequence[Candidate]) -> str:
    """Return the candidates in few tokens, one a line: a small model reads some 250 a second."""
    return "\n".join(
        f"{one.label} {one.name} {one.objective:.0f} {one.mean_wait_s / HOUR_S:.0f} {one.late}" for one in found
    )


def minded(notes: Sequence[str]) -> str:
    """Return what is to be minded, the first few of it on one line, which comes last; empty where there is nothing."""
    rest = [f"and {len(notes) - MOST_NOTES} more"] if len(notes) > MOST_NOTES else []
    return f"Mind: {'; '.join([*notes[:MOST_NOTES], *rest])}" if notes else ""


def schema(found: Sequence[Candidate]) -> dict[str, Any]:
    """Return the JSON schema of an answer."""
    return {
        "type": "object",
        "properties": {
            "choice": {"enum": [candidate.label for candidate in found]},
            "reason": {"enum": list(REASONS)},
        },
        "required": ["choice", "reason"],
        "additionalProperties": False,
    }


def parse(text: str, found: Sequence[Candidate]) -> Choice:
    """Return the choice in the model's answer. Raises Malformed if it is none: schemas are not always enforced."""
    labels = [candidate.label for candidate in found]
    answer = json_object(text, "choice and reason")
    if answer.get("choice") not in labels:
        raise Malformed(f"found {text[:80]!r}; expected choice to be one of {', '.join(labels)}")
    return Choice(answer["choice"], reason_in(answer))


def json_object(text: str, holding: str) -> dict[str, Any]:
    """Return the JSON object that a text is. Raises Malformed if it is none."""
    try:
        answer = json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"not JSON ({error.msg}); expected an object with {holding}") from None
    if not isinstance(answer, dict):
        raise Malformed(f"found {text[:80]!r}; expected an object with {holding}")
    return answer


def reason_in(answer: dict[str, Any]) -> str:
    """Return the model's reason. Raises Malformed if it is not one of REASONS."""
    if answer.get("reason") not in REASONS:
        raise Malformed(f"found reason {str(answer.get('reason'))[:40]!r}; expected one of {', '.join(REASONS)}")
    return str(answer["reason"])
