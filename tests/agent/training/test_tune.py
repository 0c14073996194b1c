from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError

torch = pytest.importorskip("torch", reason="needs the extra `train`")
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402 - after the skip

from agent.training.lora_model import Learner, adapted, predict  # noqa: E402
from agent.training.rows import Row  # noqa: E402
from agent.training.tune import Run, Settings, _check_folder, rate_at  # noqa: E402

SIZE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


class TinyLearner(Learner):
    """A random model of two thin layers whose tokens are letters."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.tokenize = lambda text: [ord(letter) % 97 for letter in text]
        self.model = adapted(LlamaForCausalLM(LlamaConfig(vocab_size=97, num_key_value_heads=2, **SIZE)))
        self.parameters = [one for one in self.model.parameters() if one.requires_grad]

    def learn(self, row: Row) -> Any:
        return predict(self.model, row)


class Clock:
    """A clock that goes on by half a minute each time it is read: a step takes a minute, less what is beside it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 30.0
        return self.now_s


def run(out: Path, hours: float, *, resume: bool = False) -> Run:
    out.mkdir(exist_ok=True)
    one = Run(Settings(out, hours, rows_a_step=1), TinyLearner(), Clock())
    one.held_out = one.held_out[:1]
    if resume:
        one.restore()
    one.train()
    return one


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_budget_ends_the_run_and_the_loss_falls(tmp_path: Path):
    done = run(tmp_path, hours=0.5)
    assert done.progress.step == 30
    losses = [line["loss"] for line in lines(tmp_path) if "loss" in line]
    assert losses[-1] < losses[0]


def test_a_resumed_run_goes_on_with_the_next_pairs_and_the_same_weights(tmp_path: Path):
    first = run(tmp_path, hours=0.1)
    first.save()
    again = Run(first.settings, TinyLearner(), Clock())
    again.restore()
    assert again.progress == first.progress
    for name, tensor in first.learner.state().items():
        assert torch.equal(tensor, again.learner.state()[name])
    assert run(tmp_path, hours=0.2, resume=True).progress.groups == 12


def test_another_seed_is_not_resumed(tmp_path: Path):
    first = run(tmp_path, hours=0.05)
    first.save()
    with pytest.raises(InputError, match="was trained with seed 0, not 3"):
        Run(Settings(tmp_path, 1.0, seed=3), TinyLearner(), Clock()).restore()


def test_a_folder_is_neither_overwritten_nor_resumed_from_nothing(tmp_path: Path):
    with pytest.raises(InputError, match="no checkpoint"):
        _check_folder(tmp_path, resume=True)
    (tmp_path / "checkpoint.pt").touch()
    with pytest.raises(InputError, match="--resume"):
        _check_folder(tmp_path, resume=False)


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine(tmp_path: Path):
    settings = Settings(tmp_path, 1.0, rate=1.0, warm_up=0.1)
    assert rate_at(0.05, settings) == pytest.approx(0.5)
    assert rate_at(0.1, settings) == pytest.approx(1.0)
    assert rate_at(0.55, settings) == pytest.approx(0.51)
    assert rate_at(1.0, settings) == pytest.approx(0.02)


def test_a_run_may_start_from_an_adapter_that_was_saved(tmp_path: Path):
    first = run(tmp_path / "first", hours=0.1)
    first.save()
    other = TinyLearner()
    other.load(tmp_path / "first" / "adapter_model.safetensors")
    for name, tensor in first.learner.state().items():
        assert torch.allclose(tensor, other.state()[name], atol=1e-3)
    assert json.loads((tmp_path / "first" / "adapter_config.json").read_text())["r"] == 16
