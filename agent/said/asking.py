"""Ask a model what a text says; show it what is wrong or doubtful about its answer, and ask once more."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from agent.llm.protocol import LanguageModel, Message, ModelFailed, Schema

MAX_TOKENS = 600
DEADLINE_S = 120.0
Meaning = TypeVar("Meaning")


class Malformed(Exception):
    """An answer that cannot be used; the message tells the model what to mend."""


@dataclass(frozen=True)
class Understood(Generic[Meaning]):
    """What an answer means, and what about it looks wrong beside the text, in plain words."""

    meaning: Meaning
    doubts: tuple[str, ...] = ()


def ask(
    model: LanguageModel,
    question: Sequence[Message],
    schema: Schema,
    understand: Callable[[Any], Understood[Meaning]],
    *,
    again: Callable[[Sequence[str]], Sequence[Message] | None] | None = None,
    deadline_s: float,
) -> Understood[Meaning]:
    """Return what the model's answer means: of two, where the first is doubtful, the less doubtful one.

    Args:
        model: Who answers.
        question: The prompt and the text.
        schema: The JSON schema that constrains the answer.
        understand: Makes sense of parsed JSON; raises `Malformed`.
        again: Makes of doubts the question that shows a tuned model what it missed; None if that is nothing. Other
            models are shown their own answer and the doubts.
        deadline_s: Wall seconds allowed for each of the two calls at most.

    Raises:
        Malformed: If no answer can be used.
        ModelFailed: If the first call gives no answer.
    """

    def answer(messages: Sequence[Message]) -> tuple[str, Understood[Meaning] | Malformed]:
        text = model.complete(messages, max_tokens=MAX_TOKENS, deadline_s=deadline_s, schema=schema).text
        try:
            return text, understand(_parsed(text))
        except Malformed as fault:
            return text, fault

    text, best = answer(question)
    second_question = _second(model, question, text, best, again) if _faults(best) else None
    if second_question:
        with suppress(ModelFailed):
            _, second = answer(second_question)
            best = min(best, second, key=_faults)
    if isinstance(best, Malformed):
        raise best
    return best


def _second(
    model: LanguageModel,
    question: Sequence[Message],
    text: str,
    best: Understood[Any] | Malformed,
    again: Callable[[Sequence[str]], Sequence[Message] | None] | None,
) -> Sequence[Message] | None:
    """Return the question after a doubtful answer, None if it would say nothing new."""
    if model.tuned:
        return again(best.doubts) if again and isinstance(best, Understood) else None
    said = {"role": "assistant", "content": text}
    return [*question, said, {"role": "user", "content": _correction(best)}]


def _faults(found: Understood[Any] | Malformed) -> float:
    return math.inf if isinstance(found, Malformed) else len(found.doubts)


def _correction(found: Understood[Any] | Malformed) -> str:
    if isinstance(found, Malformed):
        return f"That answer is not valid: {found}. Answer again, for the same text."
    return f"Is that answer right? {'; '.join(found.doubts)}. Answer again, for the same text."


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"it is not JSON: {error}") from error
