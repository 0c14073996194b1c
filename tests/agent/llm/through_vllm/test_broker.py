"""The broker, with an engine that a test steps by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

import pytest

from agent.llm.protocol import ModelFailed, ModelRefused, Turn
from agent.llm.vllm.broker import Broker, Prompt, Written


class StepEngine:
    """Answers each prompt with its own words, a letter a step; each step waits for the test's leave."""

    def __init__(self) -> None:
        self.leave: SimpleQueue[Exception | None] = SimpleQueue()
        self.steps: SimpleQueue[list[str]] = SimpleQueue()  # what was in the batch at each step
        self.aborted: SimpleQueue[str] = SimpleQueue()
        self._batch: dict[int, str] = {}
        self._left: dict[int, int] = {}

    def add(self, number: int, prompt: Prompt) -> None:
        text = prompt.messages[0]["content"]
        if text == "too long":
            raise ModelRefused("too long")
        self._batch[number], self._left[number] = text, len(text)

    def step(self) -> list[tuple[int, Written]]:
        self.steps.put(sorted(self._batch.values()))
        if error := self.leave.get(timeout=20):
            raise error
        self._left = {number: left - 1 for number, left in self._left.items()}
        ended = [number for number, left in self._left.items() if left == 0]
        return [(number, Written(Turn(self._end(number)), False)) for number in ended]

    def abort(self, number: int) -> None:
        self.aborted.put(self._end(number))

    def _end(self, number: int) -> str:
        del self._left[number]
        return self._batch.pop(number)


@pytest.fixture
def engine() -> Iterator[StepEngine]:
    made = StepEngine()
    yield made
    made.leave.put(RuntimeError("the test is over"))


@pytest.fixture
def broker(engine: StepEngine) -> Broker:
    return Broker(lambda: engine)


def prompt(text: str) -> Prompt:
    return Prompt([{"role": "user", "content": text}], max_tokens=9)


def ask(broker: Broker, *texts: str, deadline_s: float = 20) -> list[Future[Written]]:
    """Ask in a thread each."""
    pool = ThreadPoolExecutor(len(texts))
    answers = [pool.submit(broker.ask, prompt(text), deadline_s) for text in texts]
    pool.shutdown(wait=False)
    return answers


def begin(engine: StepEngine, broker: Broker, text: str) -> Future[Written]:
    """Ask, and return once the engine is in its first step with it."""
    (answer,) = ask(broker, text)
    assert engine.steps.get(timeout=20) == [text]
    return answer


def ask_meanwhile(broker: Broker, *texts: str) -> list[Future[Written]]:
    """Ask while the engine is in a step, and return once all wait."""
    answers = ask(broker, *texts)
    while broker._inbox.qsize() < len(texts):
        time.sleep(0.001)
    return answers


def test_prompts_that_come_during_a_step_are_all_in_the_next_one(engine, broker):
    begin(engine, broker, "aaaa")
    ask_meanwhile(broker, "bbb", "ccc", "ddd")
    engine.leave.put(None)
    assert engine.steps.get(timeout=20) == ["aaaa", "bbb", "ccc", "ddd"]


def test_each_answer_goes_to_who_asked_as_soon_as_it_is_there(engine, broker):
    first = begin(engine, broker, "aaa")
    (second,) = ask_meanwhile(broker, "b")
    for _ in range(2):
        engine.leave.put(None)
    assert second.result(timeout=20).turn.text == "b"
    assert not first.done()
    engine.leave.put(None)
    assert first.result(timeout=20).turn.text == "aaa"


def test_a_prompt_that_is_refused_fails_alone(engine, broker):
    good = begin(engine, broker, "aa")
    (bad,) = ask_meanwhile(broker, "too long")
    for _ in range(2):
        engine.leave.put(None)
    with pytest.raises(ModelRefused, match="too long"):
        bad.result(timeout=20)
    assert good.result(timeout=20).turn.text == "aa"


def test_an_engine_that_breaks_fails_every_call_and_all_to_come(engine, broker):
    answers = [begin(engine, broker, "a"), *ask_meanwhile(broker, "b", "c")]
    engine.leave.put(RuntimeError("out of memory"))
    for answer in answers:
        with pytest.raises(ModelFailed, match="vllm broke: RuntimeError: out of memory"):
            answer.result(timeout=20)
    with pytest.raises(ModelFailed, match="out of memory"):
        broker.ask(prompt("d"), deadline_s=20)


def test_at_the_deadline_the_caller_goes_on_and_the_engine_stops_writing(engine, broker):
    begin(engine, broker, "aaaaaa")
    with pytest.raises(ModelFailed, match=r"no answer within 0.05 s"):
        broker.ask(prompt("bbbb"), deadline_s=0.05)
    engine.leave.put(None)
    assert engine.aborted.get(timeout=20) == "bbbb"
    assert engine.steps.get(timeout=20) == ["aaaaaa"]


def test_an_engine_that_cannot_be_built_says_why_to_who_wanted_it():
    def build() -> StepEngine:
        raise ValueError("no such weights")

    with pytest.raises(ValueError, match="no such weights"):
        Broker(build)
