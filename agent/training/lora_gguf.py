"""A LoRA adapter from peft's safetensors to the GGUF file that llama.cpp loads over the base model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RANK = 16
ALPHA = 32.0
HEADS = {"q_proj": 9, "k_proj": 3}
NAMES = {
    "q_proj": "attn_q",
    "k_proj": "attn_k",
    "v_proj": "attn_v",
    "o_proj": "attn_output",
    "gate_proj": "ffn_gate",
    "up_proj": "ffn_up",
    "down_proj": "ffn_down",
}
TENSOR = re.compile(r"\.layers\.(\d+)\.\w+\.(\w+)\.lora_([AB])\.weight$")


def gguf_name(name: str) -> str:
    """Return llama.cpp's name of a tensor of peft's.

    Example:
        >>> gguf_name("base_model.model.model.layers.3.self_attn.q_proj.lora_B.weight")
        'blk.3.attn_q.weight.lora_b'
    """
    found = TENSOR.search(name)
    if found is None:
        raise ValueError(f"{name!r} is not a tensor of a LoRA adapter of a Llama model")
    return f"blk.{found[1]}.{NAMES[found[2]]}.weight.lora_{found[3].lower()}"


def permuted(name: str, tensor: NDArray[Any]) -> NDArray[Any]:
    """Return a tensor with its rows in llama.cpp's order: rotary pairs lie side by side there, and in halves here."""
    found = TENSOR.search(name)
    if found is None or found[3] != "B" or found[2] not in HEADS:
        return tensor
    heads = HEADS[found[2]]
    halves = tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, -1)
    return halves.swapaxes(1, 2).reshape(tensor.shape)


def export(adapter: Path, target: Path) -> Path:
    """Write the GGUF adapter of a safetensors file, in 16 bits, and return its path."""
    import gguf  # the extra `train`
    from safetensors.numpy import load_file

    writer = gguf.GGUFWriter(str(target), "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA)
    for name, tensor in sorted(load_file(str(adapter)).items()):
        writer.add_tensor(gguf_name(name), np.ascontiguousarray(permuted(name, tensor)).astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
