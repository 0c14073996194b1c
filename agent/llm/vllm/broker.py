"""Many threads, one engine: prompts that wait are added to the engine's batch before each of its steps."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple, Protocol

from agent.llm.protocol import Message, ModelFailed, ModelRefused, Schema, Turn

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prompt:
    """What is asked: messages, the most tokens to write, a JSON schema or none, and whether the adapter answers."""

    messages: Sequence[Message]
    max_tokens: int
    schema: Schema | None = None
    adapter: bool = False


class Written(NamedTuple):
    """An answer, and whether it stopped at `max_tokens`."""

    turn: Turn
    cut_off: bool


class Engine(Protocol):
    """Writes the answers of a batch a token at a time. Only one thread uses it."""

    def add(self, number: int, prompt: Prompt) -> None:
        """Take a prompt into the batch. Raises ModelRefused if it cannot be answered."""

    def step(self) -> Iterable[tuple[int, Written | ModelFailed]]:
        """Write a token of each answer, and return those that are finished."""

    def abort(self, number: int) -> None:
        """Take a prompt out of the batch."""


@dataclass
class _Call:
    """A prompt of a thread that waits for its answer."""

    prompt: Prompt
    answer: Future[Written] = field(default_factory=Future)
    unwanted: bool = False

    def end(self, answer: Written | ModelFailed) -> None:
        if isinstance(answer, ModelFailed):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Broker:
    """Lets many threads ask one engine, which lives in a thread of its own.

    There is no waiting for a batch to fill: an answer is written a token a step, and whoever asks meanwhile is in the
    next step. If the engine breaks, every call fails, those that wait and those to come.

    Args:
        build: Makes the engine, in the thread that will use it. What it raises, so does this.
    """

    def __init__(self, build: Callable[[], Engine]) -> None:
        self._inbox: SimpleQueue[_Call] = SimpleQueue()
        self._numbers = itertools.count()
        built: Future[None] = Future()
        # a daemon: who ends in the middle of a run does not wait for its answers
        Thread(target=self._work, args=(build, built), name="vllm", daemon=True).start()
        built.result()

    def ask(self, prompt: Prompt, deadline_s: float) -> Written:
        """Return the engine's answer.

        Raises:
            ModelFailed: If there is none within the deadline, or the engine cannot give one.
        """
        call = _Call(prompt)
        self._inbox.put(call)
        try:
            return call.answer.result(deadline_s)
        except TimeoutError:
            raise ModelFailed(f"vllm: no answer within {deadline_s:g} s") from None
        finally:
            call.unwanted = True

    def _work(self, build: Callable[[], Engine], built: Future[None]) -> None:
        try:
            engine = build()
        except BaseException as error:
            log.debug("vllm did not start", exc_info=True)
            built.set_exception(error)
            return
        built.set_result(None)
        batch: dict[int, _Call] = {}
        try:
            while True:
                self._step(engine, batch)
        except Exception as error:
            log.exception("vllm broke, and answers nobody from now on")
            broken = ModelFailed(f"vllm broke: {type(error).__name__}: {error}")
            for call in itertools.chain(batch.values(), iter(self._inbox.get, None)):
                call.end(broken)

    def _step(self, engine: Engine, batch: dict[int, _Call]) -> None:
        for call in self._arrived(wait=not batch):
            number = next(self._numbers)
            try:
                engine.add(number, call.prompt)
            except ModelRefused as refusal:
                call.end(refusal)
            else:
                batch[number] = call
        for number in [number for number, call in batch.items() if call.unwanted]:
            engine.abort(number)
            del batch[number]
        if batch:
            for number, answer in engine.step():
                batch.pop(number).end(answer)

    def _arrived(self, *, wait: bool) -> Iterator[_Call]:
        """Yield the calls that wait to be taken in; with `wait` at least one."""
        if wait:
            yield self._inbox.get()
        with suppress(Empty):
            while True:
                yield self._inbox.get_nowait()
