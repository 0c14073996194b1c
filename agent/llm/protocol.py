"""What every language model looks like to us: messages in, one turn out, and a count of what it cost."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Message = Mapping[str, Any]  # an OpenAI chat message: role, content, perhaps tool_calls or tool_call_id
Schema = Mapping[str, Any]  # a JSON schema


class ModelFailed(Exception):
    """The model gave no usable turn: unreachable, too slow, refused or malformed. The caller falls back."""


@dataclass(frozen=True)
class ToolCall:
    """A tool the model asked for; `arguments` is the JSON text as it wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    """What a turn cost: tokens read (and of these, found in the prefix cache), written, and wall seconds."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Turn:
    """One answer of a model. `tokens` are those of the text with their log-probabilities, where the backend tells."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    tokens: tuple[tuple[str, float], ...] = ()

    def probability(self, begin: int, end: int) -> float | None:
        """Return how probable the tokens were that hold these characters of the text; None if that is not known.

        Example:
            >>> Turn("ABC", tokens=(("A", 0.0), ("BC", math.log(0.25)))).probability(1, 2)
            0.25
        """
        if "".join(token for token, _ in self.tokens) != self.text or not self.text:
            return None
        total, at = 0.0, 0
        for token, logprob in self.tokens:
            if at < end and at + len(token) > begin:
                total += logprob
            at += len(token)
        return round(math.exp(total), 6)


class LanguageModel(Protocol):
    """A chat model. Implementations raise `ModelFailed` and nothing else for what is not our bug."""

    spec: str
    """How the user named it: `local`, `openai:gpt-x`."""
    version: str
    """Which model that is, as exactly as can be known from here: for caches and for who read a policy."""
    tuned: bool
    """Whether it was trained on the short prompts of `agent.said`, and so wants no explanation."""

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the next turn, at temperature 0.

        Args:
            messages: The conversation so far; the stable prefix first, so that it is cached.
            max_tokens: The most tokens to write.
            deadline_s: Wall seconds after which the answer is no longer wanted.
            schema: If given, `text` is JSON of this schema as far as the backend can force it:
                the caller validates again.
            tools: OpenAI function schemas that the model may call.

        Raises:
            ModelFailed: If there is no usable turn within the deadline.
        """


class ModelRefused(ModelFailed):
    """The model said no for good: a wrong key, an unknown model, a prompt too long. Asking again cannot help."""


def prompt_sha256(messages: Sequence[Message]) -> str:
    """Return the SHA-256 of the messages in canonical JSON, by which a recorded answer is matched to its prompt."""
    text = json.dumps(list(messages), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()


def require_answer(spec: str, turn: Turn, *, cut_off: bool, schema: Schema | None) -> Turn:
    """Return `turn` if it can be used at all: not empty and, where a schema was given, whole JSON.

    Args:
        spec: The model, for the message.
        turn: What it answered.
        cut_off: Whether it stopped at `max_tokens`.
        schema: The schema that was asked for, if any.

    Raises:
        ModelFailed: If it is empty or not JSON.
    """
    if turn.tool_calls:
        return turn
    if not turn.text.strip():
        raise ModelFailed(f"{spec}: empty answer")
    if schema is not None and not _is_json(turn.text):
        why = f"cut off after {turn.usage.completion_tokens} tokens" if cut_off else "not JSON"
        raise ModelFailed(f"{spec}: {why}: {turn.text[:80]!r}")
    return turn


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
