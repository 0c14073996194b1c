"""Ask a model for an answer of a given form; show it the fault of a wrong one, and ask once more."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from agent.llm.protocol import LanguageModel, Message, Schema

ATTEMPTS = 2
MAX_TOKENS = 600
Form = TypeVar("Form", bound=BaseModel)


class Malformed(Exception):
    """An answer that is not of the form; the message tells the model what to mend."""


def ask(
    model: LanguageModel,
    messages: Sequence[Message],
    schema: Schema,
    validate: Callable[[Any], Form],
    *,
    deadline_s: float,
) -> Form:
    """Return the model's answer, validated.

    Args:
        model: Who answers.
        messages: The question.
        schema: The JSON schema that constrains the answer.
        validate: Makes the form of parsed JSON; raises `Malformed`.
        deadline_s: Wall seconds allowed for each of the two calls at most.

    Raises:
        Malformed: If the second answer is wrong too.
        ModelFailed: If there is no answer.
    """
    asked = list(messages)
    for attempt in range(1, ATTEMPTS + 1):
        text = model.complete(asked, max_tokens=MAX_TOKENS, deadline_s=deadline_s, schema=schema).text
        try:
            return validate(_parsed(text))
        except Malformed as error:
            if attempt == ATTEMPTS:
                raise
            correction = f"That answer is not valid: {error}. Answer again, for the same text."
            asked += [{"role": "assistant", "content": text}, {"role": "user", "content": correction}]
    raise AssertionError("unreachable: the last attempt returns or raises")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"it is not JSON: {error}") from error
