"""A LoRA adapter for tests, written byte by byte: one layer's queries, moved by `strength`."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

WIDTH = 576
"""Of the embedded model's hidden state."""
STRING, FLOAT32 = 8, 6


def write_adapter(path: Path, strength: float) -> Path:
    """Write a GGUF adapter of rank 1 on every layer's `attn_output`; of strength 0 it changes nothing."""
    rng = np.random.default_rng(0)
    tensors: dict[str, tuple[tuple[int, int], np.ndarray]] = {}
    for layer in range(30):
        name = f"blk.{layer}.attn_output.weight"
        tensors[f"{name}.lora_a"] = ((WIDTH, 1), rng.normal(size=WIDTH))
        tensors[f"{name}.lora_b"] = ((1, WIDTH), strength * rng.normal(size=WIDTH))
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), 4)]
    for key, value in (("general.architecture", "llama"), ("general.type", "adapter"), ("adapter.type", "lora")):
        head += [_text(key), struct.pack("<I", STRING), _text(value)]
    head += [_text("adapter.lora.alpha"), struct.pack("<If", FLOAT32, 1.0)]
    data = b""
    for name, (shape, values) in tensors.items():
        head += [_text(name), struct.pack("<IQQIQ", 2, *shape, 0, len(data))]
        data += values.astype("<f4").tobytes()
    header = b"".join(head)
    path.write_bytes(header + b"\0" * (-len(header) % 32) + data)
    return path


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()
