"""What of vLLM's engine can be held without vLLM: its arguments, and how an output of it is read."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.llm.protocol import ModelFailed
from agent.llm.vllm.engine import _written, context, users_arguments
from sim.errors import InputError


@pytest.mark.parametrize(("own", "kept"), [(8192, 8192), (131_072, 16_384), (None, None)])
def test_room_is_kept_for_a_context_of_the_models_or_of_ours_if_that_is_shorter(tmp_path: Path, own, kept):
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": own}))
    assert context(tmp_path) == kept


def test_the_users_arguments_are_a_json_object(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CWS_VLLM", '{"enforce_eager": true}')
    assert users_arguments() == {"enforce_eager": True}
    monkeypatch.delenv("CWS_VLLM")
    assert users_arguments() == {}
    for wrong in ("eager", "[1]"):
        monkeypatch.setenv("CWS_VLLM", wrong)
        with pytest.raises(InputError, match="expected a JSON object, such as"):
            users_arguments()


def output(finish_reason: str) -> SimpleNamespace:
    tokens = [("{}", -0.5), ("<|im_end|>", -0.1)]
    answer = SimpleNamespace(
        text="{}",
        token_ids=[5, 2],
        finish_reason=finish_reason,
        logprobs=[{n: SimpleNamespace(decoded_token=text, logprob=p)} for n, (text, p) in enumerate(tokens)],
    )
    return SimpleNamespace(outputs=[answer], prompt_token_ids=[1] * 40, num_cached_tokens=32)


def test_an_output_is_an_answer_with_its_tokens_and_what_it_cost():
    written = _written(output("stop"))
    assert not isinstance(written, ModelFailed)
    assert (written.turn.text, written.cut_off) == ("{}", False)
    assert written.turn.tokens == (("{}", -0.5),), "without the one that ends it"
    assert written.turn.probability(0, 2) == 0.606531
    usage = written.turn.usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (40, 32, 2)
    cut = _written(output("length"))
    assert not isinstance(cut, ModelFailed)
    assert cut.cut_off


def test_an_output_that_was_given_up_is_a_failure():
    failed = _written(output("error"))
    assert isinstance(failed, ModelFailed)
    assert str(failed) == "vllm: no answer (error)"
