from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agent.training.lora_gguf import export, gguf_name, permuted

LAYER = "base_model.model.model.layers.0"


def test_rows_of_queries_and_keys_go_from_halves_to_pairs():
    """Three key heads of four rows each: rows 0, 1 and 2, 3 of a head become 0, 2, 1, 3."""
    rows = np.arange(12).reshape(12, 1)
    found = permuted(f"{LAYER}.self_attn.k_proj.lora_B.weight", rows)
    assert found.ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11]


@pytest.mark.parametrize("name", ["self_attn.k_proj.lora_A", "self_attn.v_proj.lora_B", "mlp.up_proj.lora_B"])
def test_other_tensors_keep_their_order(name: str):
    rows = np.arange(12).reshape(12, 1)
    assert permuted(f"{LAYER}.{name}.weight", rows).tolist() == rows.tolist()


def test_a_strange_tensor_is_refused():
    with pytest.raises(ValueError, match="not a tensor of a LoRA adapter"):
        gguf_name("lm_head.weight")


def test_the_file_is_an_adapter_with_every_tensor(tmp_path: Path):
    gguf = pytest.importorskip("gguf", reason="needs the extra `train`")
    safetensors = pytest.importorskip("safetensors.numpy", reason="needs the extra `train`")
    tensors = {f"{LAYER}.mlp.up_proj.lora_A.weight": np.ones((16, 8), np.float32)}
    safetensors.save_file(tensors, str(tmp_path / "a.safetensors"))
    read = gguf.GGUFReader(str(export(tmp_path / "a.safetensors", tmp_path / "a.gguf")))
    assert [tensor.name for tensor in read.tensors] == ["blk.0.ffn_up.weight.lora_a"]
    assert read.fields["adapter.type"].contents() == "lora"
    assert read.fields["adapter.lora.alpha"].contents() == 32.0
