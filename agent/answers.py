"""An answer of a model that is checked, and asked for once more with what was wrong if it is none."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from agent.epoch import Epoch
from agent.llm.protocol import LanguageModel, Message, ModelFailed, Turn
from agent.prompts import Prompt

Answer = TypeVar("Answer")


class Malformed(Exception):
    """The model's answer is not of the form; the message says what was expected, so that it can be mended."""


def ask(
    epoch: Epoch,
    model: LanguageModel,
    prompt: Prompt,
    conversation: Sequence[Message],
    *,
    schema: Mapping[str, Any],
    max_tokens: int,
    parse: Callable[[str], Answer],
) -> Answer:
    """Return what the model answers; every call is written down.

    Raises:
        ModelFailed: As the model raises it.
        Malformed: If the second answer is none either.
    """
    ends = time.monotonic() + epoch.agent.deadline_s
    for last_try in (False, True):
        turn = _complete(epoch, model, prompt, conversation, schema, max_tokens, ends - time.monotonic())
        try:
            answer = parse(turn.text)
        except Malformed as malformed:
            epoch.note_turn(prompt, conversation, turn, failure=str(malformed))
            if last_try:
                raise
            conversation = [
                *conversation,
                {"role": "assistant", "content": turn.text},
                {"role": "user", "content": str(malformed)},
            ]
            continue
        epoch.note_turn(prompt, conversation, turn, confidence=confidence(turn))
        return answer
    raise AssertionError("unreachable: the last try returns or raises")


def confidence(turn: Turn) -> float | None:
    """Return how probable the model found what it chose: all but the names of the fields, and the reason.

    None where the backend does not tell. A schema leaves it little else to say: its own words might have been others.
    """
    found = 1.0
    for match in re.finditer(r'"(?!reason")\w+":"([^"]*)"', turn.text):
        probability = turn.probability(*match.span(1))
        if probability is None:
            return None
        found *= probability
    return found if turn.tokens else None


def _complete(
    epoch: Epoch,
    model: LanguageModel,
    prompt: Prompt,
    conversation: Sequence[Message],
    schema: Mapping[str, Any],
    max_tokens: int,
    left_s: float,
) -> Turn:
    began = time.monotonic()
    try:
        return model.complete(conversation, max_tokens=max_tokens, deadline_s=max(0.1, left_s), schema=schema)
    except ModelFailed as failed:
        epoch.note_failure(prompt, conversation, failed, time.monotonic() - began)
        raise
