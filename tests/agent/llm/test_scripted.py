import pytest

from agent.llm.protocol import ModelFailed, Turn, Usage, prompt_sha256
from agent.llm.scripted import Delayed, Recorded, ReplayedModel, ScriptedModel
from sim.errors import InputError

HELLO = [{"role": "user", "content": "hello"}]
BYE = [{"role": "user", "content": "bye"}]


def ask(model, messages=HELLO, deadline_s=10.0):
    return model.complete(messages, max_tokens=8, deadline_s=deadline_s)


def test_a_script_is_given_in_order():
    told = Turn("b", usage=Usage(prompt_tokens=5))
    model = ScriptedModel(["a", told, ModelFailed("down")])
    assert ask(model) == Turn("a")
    assert ask(model) is told
    with pytest.raises(ModelFailed, match="down"):
        ask(model)
    assert [call.messages for call in model.calls] == [tuple(HELLO)] * 3


def test_a_script_that_ended_says_so():
    model = ScriptedModel(["a"])
    ask(model)
    with pytest.raises(InputError, match="call 1, but the script has 1 replies"):
        ask(model)


def test_a_function_of_the_messages():
    model = ScriptedModel(lambda messages: messages[-1]["content"].upper())
    assert ask(model).text == "HELLO"
    assert ask(model, BYE).text == "BYE"


def test_a_delay_within_and_beyond_the_deadline():
    slept = []
    model = ScriptedModel([Delayed(2, "a"), Delayed(30, "b")], sleep=slept.append)
    assert ask(model).text == "a"
    with pytest.raises(ModelFailed, match="no answer within 10 s"):
        ask(model)
    assert slept == [2, 10]


def test_a_replay_gives_what_was_recorded():
    model = ReplayedModel(
        [Recorded(prompt_sha256(HELLO), Turn("a")), Recorded(prompt_sha256(BYE), ModelFailed("too slow"))], "local"
    )
    assert model.spec == "local"
    assert ask(model).text == "a"
    with pytest.raises(ModelFailed, match="too slow"):
        ask(model, BYE)
    with pytest.raises(InputError, match="call 2, but 2 calls were recorded"):
        ask(model)


def test_a_replay_of_another_prompt_names_the_call_and_both_hashes():
    model = ReplayedModel([Recorded(prompt_sha256(HELLO), Turn("a"))] * 2)
    ask(model)
    with pytest.raises(InputError) as error:
        ask(model, BYE)
    assert "call 1" in str(error.value)
    assert f"found {prompt_sha256(BYE)}, expected {prompt_sha256(HELLO)}" in str(error.value)
