"""What every language model looks like to us: messages in, one turn out, and a count of what it cost."""

from __future__ import annotations

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
    """One answer of a model."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)


class LanguageModel(Protocol):
    """A chat model. Implementations raise `ModelFailed` and nothing else for what is not our bug."""

    spec: str
    """How the user named it: `local`, `openai:gpt-x`."""

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
