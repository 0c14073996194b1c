from types import MappingProxyType

import pytest

from agent.llm.protocol import ModelFailed, ToolCall, Turn, prompt_sha256, require_answer


def test_a_prompt_hash_does_not_depend_on_the_order_of_keys_or_the_kind_of_mapping():
    plain = [{"role": "user", "content": "größer"}]
    turned = [{"content": "größer", "role": "user"}]
    frozen = (MappingProxyType(plain[0]),)
    assert prompt_sha256(plain) == prompt_sha256(turned) == prompt_sha256(frozen)
    assert prompt_sha256(plain).startswith("60407834")


def test_a_prompt_hash_depends_on_the_order_of_messages():
    one, two = {"role": "user", "content": "1"}, {"role": "user", "content": "2"}
    assert prompt_sha256([one, two]) != prompt_sha256([two, one])


def test_an_answer_must_be_whole():
    calls = Turn("", (ToolCall("1", "wait", "{}"),))
    assert require_answer("m", calls, cut_off=True, schema={}) is calls
    assert require_answer("m", Turn("half a sen"), cut_off=True, schema=None).text == "half a sen"
    with pytest.raises(ModelFailed, match="m: empty answer"):
        require_answer("m", Turn(" \n"), cut_off=False, schema=None)
    with pytest.raises(ModelFailed, match="m: not JSON: 'A'"):
        require_answer("m", Turn("A"), cut_off=False, schema={})
    with pytest.raises(ModelFailed, match="m: cut off after 0 tokens"):
        require_answer("m", Turn('{"a":'), cut_off=True, schema={})
