import logging

import pytest

from agent.llm.protocol import ModelFailed, ModelRefused
from agent.llm.reliable import Reliable
from agent.llm.scripted import Delayed, ScriptedModel

DOWN = ModelFailed("down")
HELLO = [{"role": "user", "content": "hello"}]


class Clock:
    """Time that passes only where someone sleeps."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


def reliable(script, clock, **options):
    model = ScriptedModel(script, sleep=clock.sleep)
    return Reliable(model, sleep=clock.sleep, clock=clock, **options)


def ask(model, deadline_s=60.0):
    return model.complete(HELLO, max_tokens=8, deadline_s=deadline_s)


def test_it_asks_again_after_growing_pauses(clock):
    model = reliable([DOWN, DOWN, "a"], clock)
    assert ask(model).text == "a"
    first, second = clock.slept
    assert 0.25 <= first <= 0.5 <= second <= 1.0


def test_the_pauses_are_the_same_in_every_run():
    pauses = []
    for _ in range(2):
        clock = Clock()
        ask(reliable([DOWN, DOWN, "a"], clock))
        pauses.append(clock.slept)
    assert pauses[0] == pauses[1]


def test_it_gives_up_with_the_last_failure(clock):
    model = reliable([DOWN, DOWN, ModelFailed("still down")], clock)
    with pytest.raises(ModelFailed, match="still down"):
        ask(model)


def test_the_deadline_bounds_all_attempts_together(clock):
    model = reliable([DOWN, Delayed(99, "a"), "never asked"], clock)
    with pytest.raises(ModelFailed, match="no answer within"):
        ask(model, deadline_s=5)
    assert clock.now == pytest.approx(5)
    assert len(model.model.calls) == 2


def test_no_pause_that_would_end_after_the_deadline(clock):
    model = reliable([DOWN, "never asked"], clock)
    with pytest.raises(ModelFailed, match="down"):
        ask(model, deadline_s=0.2)
    assert clock.slept == []


def test_a_refusal_is_final(clock):
    model = reliable([ModelRefused("wrong key"), "never asked"], clock)
    with pytest.raises(ModelRefused, match="wrong key"):
        ask(model)
    assert len(model.model.calls) == 1


def test_a_bug_is_neither_retried_nor_counted(clock):
    def broken(messages):
        raise ZeroDivisionError

    model = reliable(broken, clock, failures=1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            ask(model)


def test_a_dead_endpoint_is_left_alone_and_tried_again(clock, caplog):
    model = reliable([DOWN, DOWN, DOWN, "a", "b"], clock, attempts=1, failures=2, cool_down=3)
    outcomes = []
    with caplog.at_level(logging.WARNING):
        for _ in range(10):
            try:
                outcomes.append(ask(model).text)
            except ModelFailed as failure:
                outcomes.append("skipped" if "not asked" in str(failure) else str(failure))
    assert outcomes == ["down", "down", *["skipped"] * 3, "down", *["skipped"] * 3, "a"]
    assert [record.getMessage() for record in caplog.records] == [
        "scripted is left alone for 3 calls after 2 failures in a row, the last: down",
        "scripted is left alone for 3 calls after 3 failures in a row, the last: down",
        "scripted answers again",
    ]
    assert ask(model).text == "b"
