"""Models that say what they were told to: a script for tests, a recording for replays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.llm.protocol import Message, ModelFailed, Schema, Turn, prompt_sha256
from sim.errors import InputError


@dataclass(frozen=True)
class Delayed:
    """A reply that comes after `seconds`, or not at all if the deadline is sooner."""

    seconds: float
    reply: Turn | str | ModelFailed


Reply = Turn | str | ModelFailed | Delayed


@dataclass(frozen=True)
class Call:
    """One call that a scripted model received."""

    messages: tuple[Message, ...]
    max_tokens: int
    deadline_s: float
    schema: Schema | None
    tools: tuple[Schema, ...]


class ScriptedModel:
    """Gives the replies of a script in order, or those of a function of the messages.

        model = ScriptedModel(['{"choice":"A"}', ModelFailed("down"), Delayed(30, "too late")])

    Args:
        script: The replies, or a function that makes one.
        spec: What the model calls itself.
        tuned: Whether it is asked as the model is that was trained to read.
        sleep: Waits so many seconds; a test may count instead.
    """

    def __init__(
        self,
        script: Sequence[Reply] | Callable[[Sequence[Message]], Reply],
        spec: str = "scripted",
        sleep: Callable[[float], None] = time.sleep,
        *,
        tuned: bool = False,
    ) -> None:
        self.spec = self.version = spec
        self.tuned = tuned
        self.calls: list[Call] = []
        self._script = script
        self._sleep = sleep

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the next reply of the script. See `LanguageModel.complete`.

        Raises:
            InputError: If the script has come to its end.
        """
        reply = self._next(messages)
        self.calls.append(Call(tuple(messages), max_tokens, deadline_s, schema, tuple(tools)))
        if isinstance(reply, Delayed):
            reply = self._wait(reply, deadline_s)
        if isinstance(reply, ModelFailed):
            raise reply
        return Turn(reply) if isinstance(reply, str) else reply

    def _next(self, messages: Sequence[Message]) -> Reply:
        if callable(self._script):
            return self._script(messages)
        if len(self.calls) == len(self._script):
            raise InputError(f"{self.spec}: call {len(self.calls)}, but the script has {len(self._script)} replies")
        return self._script[len(self.calls)]

    def _wait(self, delayed: Delayed, deadline_s: float) -> Turn | str | ModelFailed:
        self._sleep(min(delayed.seconds, deadline_s))
        if delayed.seconds > deadline_s:
            return ModelFailed(f"{self.spec}: no answer within {deadline_s:g} s")
        return delayed.reply


class Recorded(NamedTuple):
    """One recorded call: the hash of its prompt, and the turn that came back or the failure."""

    prompt_sha256: str
    reply: Turn | ModelFailed


class ReplayedModel:
    """Gives recorded answers in order, each only to the prompt that it was given to.

    Args:
        records: The recorded calls.
        spec: What the recorded model called itself.
        tuned: Whether it was asked as the model is that was trained to read.
    """

    def __init__(self, records: Iterable[Recorded], spec: str = "replayed", *, tuned: bool = False) -> None:
        self.spec = self.version = spec
        self.tuned = tuned
        self._records = list(records)
        self._index = 0

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the recorded answer to `messages`. See `LanguageModel.complete`.

        Raises:
            ModelFailed: If the recorded call failed.
            InputError: If the recording has another prompt here, or ends before.
        """
        reply = self._record(prompt_sha256(messages)).reply
        if isinstance(reply, ModelFailed):
            raise reply
        return reply

    @property
    def is_over(self) -> bool:
        """Whether every recorded answer was given."""
        return self._index == len(self._records)

    def _record(self, found: str) -> Recorded:
        index = self._index
        if index == len(self._records):
            raise InputError(f"replay of {self.spec}: call {index}, but {len(self._records)} calls were recorded")
        record = self._records[index]
        if record.prompt_sha256 != found:
            raise InputError(
                f"replay of {self.spec}: call {index} has another prompt than was recorded: "
                f"found {found}, expected {record.prompt_sha256}"
            )
        self._index += 1
        return record
