"""Rank mode: the model chooses one of the candidates by its letter, and says why in one of a few words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.llm.protocol import Message
from agent.prompts import Prompt
from agent.propose import Candidate
from sim.units import HOUR_S

REASONS = ("lowest score", "shortest wait", "fewest late")
MAX_TOKENS = 40


class Malformed(Exception):
    """The model's answer is not a choice; the message says what was expected, so that it can be mended."""


@dataclass(frozen=True)
class Choice:
    """The letter of a candidate, and the model's word for why."""

    label: str
    reason: str


def messages(system: Prompt, epoch: Prompt, found: Sequence[Candidate], count: int) -> list[Message]:
    """Return the conversation about so many jobs: the stable prefix first, so that a prefix cache serves it."""
    lines = "\n".join(_line(candidate) for candidate in found)
    user = epoch.fill(count=str(count), candidates=lines)
    return [{"role": "system", "content": system.text}, {"role": "user", "content": user}]


def _line(candidate: Candidate) -> str:
    """Return a candidate in few tokens: the model reads some 250 a second."""
    wait_h = candidate.mean_wait_s / HOUR_S
    return f"{candidate.label} {candidate.objective:.0f} {wait_h:.0f} {candidate.late}"


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
    try:
        answer = json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"not JSON ({error.msg}); expected an object with choice and reason") from None
    if not isinstance(answer, dict) or answer.get("choice") not in labels:
        raise Malformed(f"found {text[:80]!r}; expected choice to be one of {', '.join(labels)}")
    if answer.get("reason") not in REASONS:
        raise Malformed(f"found reason {str(answer.get('reason'))[:40]!r}; expected one of {', '.join(REASONS)}")
    return Choice(answer["choice"], answer["reason"])
