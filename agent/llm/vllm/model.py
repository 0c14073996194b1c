"""`--llm vllm` and `--llm vllm:DIR`: a model in this process that many runs ask at once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock

from agent.llm.protocol import Message, ModelRefused, Schema, Turn, require_answer
from agent.llm.vllm.broker import Broker, Prompt
from agent.llm.vllm.engine import InProcess
from agent.llm.vllm.folder import adapter_folder, embedded_folder, weights_in
from agent.llm.vllm.server import require_vllm
from agent.llm.weights import BASE, sha256_of

NO_TOOLS = "cannot call tools: start it with `cws llm serve` and use `openai:MODEL` for them"
_opening = Lock()
"""Held while an engine starts: whoever asks for it meanwhile gets the same one."""


class VllmModel:
    """A model that shares its engine with every other of the same weights in this process.

    An answer may depend on what is in the batch with it: see docs/llm.md.

    Args:
        spec: `vllm` (the embedded model's weights) or `vllm:DIR`.
        reads: Whether it reads texts, with the adapter if one ships; `vllm:DIR` has none.

    Raises:
        InputError: If vLLM or the weights are missing.
    """

    def __init__(self, spec: str, *, reads: bool = False) -> None:
        require_vllm()
        name = spec.partition(":")[2]
        adapter = None if name else adapter_folder()
        folder = weights_in(Path(name)) if name else embedded_folder()
        with _opening:
            self._broker = _broker(folder, adapter)
        self.spec = spec
        self.tuned = reads and adapter is not None
        self.version = _version(spec, folder, adapter if self.tuned else None)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the next turn. See `LanguageModel.complete`."""
        if tools:
            raise ModelRefused(f"{self.spec}: {NO_TOOLS}")
        started = time.monotonic()
        turn, cut_off = self._broker.ask(Prompt(messages, max_tokens, schema, self.tuned), deadline_s)
        turn = replace(turn, usage=replace(turn.usage, seconds=time.monotonic() - started))
        return require_answer(self.spec, turn, cut_off=cut_off, schema=schema)


@cache
def _broker(folder: Path, adapter: Path | None) -> Broker:
    return Broker(lambda: InProcess(folder, adapter))


def _version(spec: str, folder: Path, adapter: Path | None) -> str:
    """Return what an answer depends on beside its prompt and its batch."""
    import vllm

    weights = f"{BASE.model} {BASE.sha256[:12]}" if spec == "vllm" else f"weights {_fingerprint(folder)}"
    tuned = f"adapter {sha256_of(adapter / 'adapter_model.safetensors')[:12]}" if adapter else "no adapter"
    return f"{spec}: {weights}, {tuned}, vllm {vllm.__version__}"


def _fingerprint(folder: Path) -> str:
    """Return a hash of the names, sizes and times of a folder's files: their contents may be many gigabytes."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    text = "".join(f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}\n" for file in files)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
