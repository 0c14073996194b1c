"""The embedded model in PyTorch with a LoRA adapter: loading, the loss of a row, and saving."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from agent.training.lora_gguf import ALPHA, RANK
from agent.training.rows import Row, Tokenize
from sim.errors import InputError


class Learned(NamedTuple):
    """How well a row was predicted: the summed loss of its answers' tokens, their number, and the pairs all right."""

    loss: Any
    tokens: int
    exact: int


class Learner:
    """The base model, frozen, under an adapter of rank 16 on every linear layer.

    Args:
        weights: The GGUF file of the base model.
        seed: Of the adapter's first values.
    """

    def __init__(self, weights: Path, seed: int) -> None:
        torch.manual_seed(seed)
        folder, name = str(weights.parent), weights.name
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
        base = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
        )
        self.tokenize: Tokenize = lambda text: list(tokenizer(text, add_special_tokens=False)["input_ids"])
        self.model = adapted(base)
        self.parameters = [one for one in self.model.parameters() if one.requires_grad]

    def learn(self, row: Row) -> Learned:
        """Return how well a row is predicted."""
        return predict(self.model, row)

    def state(self) -> dict[str, Any]:
        """Return the adapter's tensors by name."""
        return {name: one.detach() for name, one in self.model.named_parameters() if one.requires_grad}

    def restore(self, state: dict[str, Any]) -> None:
        """Put an adapter's tensors back."""
        self.model.load_state_dict(state, strict=False)

    def save(self, path: Path) -> None:
        """Write the adapter as safetensors in 16 bits, under peft's names, and the settings that peft and vLLM need."""
        tensors = {name.replace(".default.", "."): one.half().contiguous() for name, one in self.state().items()}
        save_file(tensors, str(path))
        self.model.peft_config["default"].save_pretrained(str(path.parent))

    def load(self, path: Path) -> None:
        """Put the tensors of a saved adapter in, to go on from there."""
        known = self.state()
        found = {re.sub(r"(lora_[AB])\.", r"\1.default.", name): one for name, one in load_file(str(path)).items()}
        if found.keys() != known.keys():
            raise InputError(f"{path}: not an adapter of this model: its tensors have other names")
        self.restore({name: one.to(known[name].dtype) for name, one in found.items()})


def adapted(base: Any) -> Any:
    """Return a model with a fresh adapter on every linear layer but the last."""
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM", lora_dropout=0.0)
    return get_peft_model(base, config)


def predict(model: Any, row: Row) -> Learned:
    """Return how well a model predicts the answers of a row; a pair is exact if greedy writing would give its answer.

    Logits are computed at the answers' tokens only: they are most of the cost of a small model. All is in 32 bits:
    without AMX a CPU multiplies 16-bit matrices at half the speed, and attention takes a mask of numbers faster.
    """
    seen = torch.from_numpy(row.mask())
    logits = model(
        input_ids=torch.from_numpy(row.tokens)[None],
        position_ids=torch.from_numpy(row.positions)[None],
        attention_mask=torch.zeros(seen.shape).masked_fill(~seen, float("-inf"))[None, None],
        logits_to_keep=torch.from_numpy(row.predict),
        use_cache=False,
    ).logits[0]
    target = torch.from_numpy(row.target)
    loss = torch.nn.functional.cross_entropy(logits, target, reduction="sum")
    wrong = torch.from_numpy(row.pair)[logits.argmax(-1) != target].unique()
    return Learned(loss, len(target), int(row.pair[-1]) + 1 - len(wrong))
