from __future__ import annotations

import numpy as np
import pytest

from agent.policy.vocabulary import Vocabulary
from agent.training.pairs import Group, Pair
from agent.training.rows import Row, row

VOCABULARY = Vocabulary.model_validate({"regions": [{"id": "de", "zone": "DE", "tz": "Europe/Berlin"}]})
PAIRS = (Pair("Be kind.", (), (), '{"none":"wish"}', ()), Pair("Stay in de.", ("de",), (), '{"rules":[]}', ()))


def letters(text: str) -> list[int]:
    """A tokenizer: each letter is a token."""
    return [ord(letter) % 97 for letter in text]


def packed(*pairs: Pair) -> Row:
    return row(Group("rules", VOCABULARY, pairs), letters)


def test_a_pair_in_a_row_has_the_tokens_and_positions_that_it_has_alone():
    both, alone = packed(*PAIRS), packed(PAIRS[1])
    seen = (both.segments == 0) | (both.segments == 2)
    assert both.tokens[seen].tolist() == alone.tokens.tolist()
    assert both.positions[seen].tolist() == alone.positions.tolist()


def test_a_pair_sees_the_prefix_and_itself_only():
    both = packed(*PAIRS)
    last = both.mask()[-1]
    assert last[both.segments == 0].all()
    assert last[both.segments == 2].all()
    assert not last[both.segments == 1].any()
    assert not np.triu(both.mask(), 1).any()


def test_what_is_learnt_is_the_answers_and_their_end():
    both = packed(*PAIRS)
    assert both.tokens[both.predict + 1].tolist() == both.target.tolist()
    for number, pair in enumerate(PAIRS):
        assert both.target[both.pair == number].tolist() == letters(pair.answer + "<|im_end|>")


def test_a_model_predicts_pairs_in_a_row_as_it_does_alone():
    torch = pytest.importorskip("torch", reason="needs the extra `train`")
    from transformers import LlamaConfig, LlamaForCausalLM

    from agent.training.lora_model import adapted, predict

    torch.manual_seed(0)
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    model = adapted(LlamaForCausalLM(LlamaConfig(vocab_size=97, num_key_value_heads=2, **size)))
    together = predict(model, packed(*PAIRS))
    apart = [predict(model, packed(pair)) for pair in PAIRS]
    assert together.loss.item() == pytest.approx(sum(one.loss.item() for one in apart), rel=2e-3)
    assert together.tokens == sum(one.tokens for one in apart)
