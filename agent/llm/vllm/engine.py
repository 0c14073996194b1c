"""vLLM in this process, as the broker drives it. Needs the extra `vllm`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.llm.protocol import ModelFailed, ModelRefused, Turn, Usage
from agent.llm.vllm.broker import Prompt, Written
from agent.llm.vllm.server import SLOTS, environment, require_vllm
from agent.llm.weights import READER
from sim.errors import InputError

CONTEXT_TOKENS = 16_384
"""The longest context that room is kept for, if the model has a longer one: our prompts are far shorter."""

STRUCTURED = {"backend": "guidance", "disable_any_whitespace": True}
"""JSON is written compactly, by llguidance: half the tokens, and it keeps to ranges of numbers. It cannot do tools."""
ALONE = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_LOGGING_LEVEL": "ERROR"}
"""Settings of an engine that is no server: no helper process, and no log of how it starts."""


class InProcess:
    """A vLLM engine on a folder of Hugging Face weights, with an adapter beside them if there is one.

    Raises:
        InputError: If vLLM is not installed, or does not take the folder.
    """

    def __init__(self, folder: Path, adapter: Path | None) -> None:
        require_vllm()
        # before vLLM is imported: it is told by the environment
        for name, value in (environment() | ALONE).items():
            os.environ.setdefault(name, value)
        from vllm.lora.request import LoRARequest

        self._adapter = LoRARequest(READER, 1, str(adapter)) if adapter else None
        self._engine = _start(folder, lora=adapter is not None)
        self._tokenizer = self._engine.renderer.tokenizer
        self._warm_up(with_adapter=adapter is not None)

    def add(self, number: int, prompt: Prompt) -> None:
        """Take a prompt into the batch. See `Engine.add`."""
        messages = [dict(message) for message in prompt.messages]
        try:
            text = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
            tokens = self._tokenizer.encode(text, add_special_tokens=False)
            self._engine.add_request(
                str(number),
                {"prompt_token_ids": tokens},
                _parameters(prompt),
                lora_request=self._adapter if prompt.adapter else None,
            )
        except Exception as error:  # noqa: BLE001 - too long, a schema, a template: the others in the batch go on
            raise ModelRefused(f"vllm: {' '.join(str(error).split())[:200]}") from None

    def step(self) -> Iterator[tuple[int, Written | ModelFailed]]:
        """Write a token of each answer, and yield those that are finished."""
        for output in self._engine.step():
            if output.finished:
                yield int(output.request_id), _written(output)

    def abort(self, number: int) -> None:
        """Take a prompt out of the batch."""
        self._engine.abort_request([str(number)])

    def _warm_up(self, *, with_adapter: bool) -> None:
        """Answer once, with everything on: some code is compiled for the first answer, which can take minutes."""
        words = [{"role": "user", "content": "ok?"}]
        self.add(0, Prompt(words, 4, {"type": "boolean"}))
        if with_adapter:
            self.add(1, Prompt(words, 4, adapter=True))
        while self._engine.has_unfinished_requests():
            self._engine.step()


def _parameters(prompt: Prompt) -> Any:
    from vllm.sampling_params import RequestOutputKind, SamplingParams, StructuredOutputsParams

    form = json.dumps(prompt.schema, default=dict) if prompt.schema is not None else None
    return SamplingParams(
        temperature=0,
        max_tokens=prompt.max_tokens,
        logprobs=0,  # those of the tokens that are written
        output_kind=RequestOutputKind.FINAL_ONLY,
        structured_outputs=StructuredOutputsParams(json=form) if form else None,
    )


def _start(folder: Path, *, lora: bool) -> Any:
    from vllm.engine.arg_utils import EngineArgs
    from vllm.v1.engine.llm_engine import LLMEngine

    arguments = {
        "model": str(folder),
        "max_model_len": context(folder),
        "enable_prefix_caching": True,
        "enable_lora": lora,
        "max_lora_rank": 16,
        "max_loras": SLOTS,
        "structured_outputs_config": STRUCTURED,
        "disable_log_stats": True,
        **users_arguments(),
    }
    try:
        return LLMEngine.from_engine_args(EngineArgs(**arguments))
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"vLLM did not start from {folder}: {' '.join(str(error).split())[:300]}") from error


def users_arguments() -> dict[str, Any]:
    """Return the arguments of vLLM's EngineArgs in CWS_VLLM, a JSON object. Raises InputError if it is none."""
    text = os.environ.get("CWS_VLLM", "{}")
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InputError(f'CWS_VLLM={text!r}: expected a JSON object, such as {{"tensor_parallel_size": 2}}')
    return given


def context(folder: Path) -> int | None:
    """Return how many tokens prompt and answer may have together; None: vLLM knows it."""
    own = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("max_position_embeddings")
    return min(own, CONTEXT_TOKENS) if isinstance(own, int) else None


def _written(output: Any) -> Written | ModelFailed:
    """Return the answer in an output of vLLM's that is finished."""
    answer = output.outputs[0]
    if answer.finish_reason not in ("stop", "length"):
        return ModelFailed(f"vllm: no answer ({answer.finish_reason})")
    tokens = [next(iter(place.values())) for place in answer.logprobs or ()]
    if answer.finish_reason == "stop":
        tokens = tokens[:-1]  # the last one ends the answer, and is not in the text
    turn = Turn(
        answer.text,
        usage=Usage(len(output.prompt_token_ids), output.num_cached_tokens or 0, len(answer.token_ids)),
        tokens=tuple((one.decoded_token or "", float(one.logprob)) for one in tokens),
    )
    return Written(turn, answer.finish_reason == "length")
