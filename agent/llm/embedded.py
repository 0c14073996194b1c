"""The embedded language model: llama.cpp inside this process, no network and no second program."""

from __future__ import annotations

import importlib
import os
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from agent.llm.protocol import Message, ModelFailed, ModelRefused, Schema, Turn, Usage, require_answer
from agent.llm.weights import BASE, sha256_of, verify
from sim.errors import InputError

CONTEXT_TOKENS = 4096
DEADLINE_CHECK_TOKENS = 128  # a prompt is read in pieces of this size; the deadline is looked at between them
CACHE_MIB = 256  # prefixes that alternate (ranking, compiling) are kept; the runtime's own default is 8 GiB
NO_TOOLS = "cannot call tools: use `openai:MODEL` for them"


class Threads(NamedTuple):
    """Threads that write tokens, and threads that read the prompt."""

    decode: int
    batch: int


def default_threads() -> Threads:
    """Return what CWS_LLM_THREADS=decode,batch says, else one thread to write and at most two to read.

    A second writing thread is half as fast again on idle cores and many times slower on busy ones.
    """
    text = os.environ.get("CWS_LLM_THREADS")
    if text is None:
        return Threads(1, min(2, os.cpu_count() or 1))
    try:
        decode, batch = (int(part) for part in text.split(","))
    except ValueError:
        raise _bad_threads(text) from None
    if min(decode, batch) < 1:
        raise _bad_threads(text)
    return Threads(decode, batch)


class EmbeddedModel:
    """SmolLM2-135M-Instruct in this process, with or without the adapter that was trained to read.

    It loads the weights (a second) when it is first asked, or told to start.

    The same prompt gives the same text whatever was asked before, however many threads there are, and whether or
    not its prefix was cached: see `_parameters`.

    Args:
        spec: `local` or `local:base`.
        threads: Threads to write and to read with; from the environment if None.
        adapter: The GGUF file of a LoRA adapter. It changes every answer: the reader has one, the agent that ranks
            plans has none, and each is a runtime of its own, so that neither finds the other's prefixes in its cache.

    Raises:
        InputError: If the runtime or the weights are missing: says how to get them.
    """

    def __init__(self, spec: str = "local", threads: Threads | None = None, adapter: Path | None = None) -> None:
        self.spec = spec
        self.tuned = adapter is not None
        self.api_key = secrets.token_urlsafe(16)
        self._files = (verify(), adapter)
        self._threads = threads or default_threads()
        self._runtime = _import_runtime()
        self.version = _version(spec, adapter)
        self._worker = ThreadPoolExecutor(1, "embedded-model")

    @property
    def base_url(self) -> str:
        """The address on loopback where this model also answers OpenAI clients that know `api_key`."""
        return f"{self._server.listening_address}/v1"

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the next turn; stops writing at the deadline. See `LanguageModel.complete`."""
        if tools:
            raise ModelRefused(f"{self.spec}: {NO_TOOLS}")
        answer = _Answer(deadline_s)
        self._run(self._request(messages, max_tokens, schema), answer)
        return answer.turn(self.spec, schema)

    def _run(self, request: dict[str, Any], answer: _Answer) -> None:
        # Apart from the main thread, whose Ctrl-C would be raised in `take`, where the runtime swallows it.
        written = self._worker.submit(self._server.handle_chat_completions, request, answer.take)
        try:
            written.result()
        finally:
            answer.unwanted = True
            wait([written])

    def _request(self, messages: Sequence[Message], max_tokens: int, schema: Schema | None) -> dict[str, Any]:
        request = {
            "messages": [dict(message) for message in messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": 0,
            "stream": True,  # so that the deadline can stop it
            "return_progress": True,
            "stream_options": {"include_usage": True},
        }
        if schema is not None:
            # compact JSON through llguidance: half the tokens of the runtime's own grammar, and ranges are kept
            compact = {**schema, "x-guidance": {"whitespace_flexible": False}}
            request["grammar"] = self._runtime.json_schema_to_grammar(compact)
            request |= {"logprobs": True, "top_logprobs": 1}
        return request

    def start(self) -> None:
        """Load the weights now, and not with the first question.

        Raises:
            InputError: If the runtime does not take the files.
        """
        self._server  # noqa: B018 - loaded when it is first looked at

    @cached_property
    def _server(self) -> Any:
        try:
            server = self._runtime.Server(self._parameters())
        except RuntimeError as error:
            files = " and ".join(str(file) for file in self._files if file)
            raise InputError(f"the embedded model did not start from {files}: {error}") from None
        # Until its loop has answered once, stopping the runtime can wait for ever: an early exit would hang.
        server.handle_chat_completions({"messages": [{"role": "user", "content": "ok"}], "max_tokens": 1})
        return server

    def _parameters(self) -> Any:
        path, adapter = self._files
        params = self._runtime.CommonParams()
        params.model.path = str(path)
        if adapter is not None:
            params.lora_adapters = [self._runtime.CommonAdapterLoraInfo(str(adapter), 1.0)]
        params.model_alias = {self.spec}
        params.n_ctx = CONTEXT_TOKENS
        params.n_parallel = 1
        params.n_batch = DEADLINE_CHECK_TOKENS
        params.cache_ram_mib = CACHE_MIB
        params.cpuparams.n_threads, params.cpuparams_batch.n_threads = self._threads
        # Flash attention sums in another order for one token than for many, so a cached prefix would change the
        # text (measured: 2 answers of 80). Without it an answer depends on its prompt alone, at the same speed.
        params.flash_attn_type = self._runtime.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.verbosity = -1
        # the runtime always listens on loopback: only we, and no web page in a local browser, may ask
        params.api_keys = [self.api_key]
        params.cors_origins = ""
        return params


@dataclass
class _Answer:
    """Gathers the pieces of one answer as they are written, and asks to stop at the deadline."""

    deadline_s: float
    started: float = field(default_factory=time.monotonic)
    pieces: list[str] = field(default_factory=list)
    tokens: list[tuple[str, float]] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    finish: str | None = None
    error: dict[str, Any] | None = None
    late: bool = False
    unwanted: bool = False

    def take(self, chunk: dict[str, Any]) -> bool:
        """Note one piece; True asks the runtime to stop."""
        self.error = chunk.get("error", self.error)
        self.usage = chunk.get("usage", self.usage)
        for choice in chunk.get("choices", ()):
            self.pieces.append(choice["delta"].get("content") or "")
            self.finish = choice["finish_reason"] or self.finish
            told = (choice.get("logprobs") or {}).get("content") or ()
            self.tokens += [(one["token"], float(one["logprob"])) for one in told]
        # with its last token the answer is there, and only the count of tokens is still to come
        self.late = self.finish is None and self.seconds > self.deadline_s
        return self.late or self.unwanted

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def turn(self, spec: str, schema: Schema | None) -> Turn:
        """Return the finished answer, or raise what prevented it."""
        if self.error is not None:
            raise ModelRefused(f"{spec}: {self.error.get('message', self.error)}")
        if self.late:
            raise ModelFailed(f"{spec}: stopped after {self.seconds:.1f} s, at the deadline of {self.deadline_s:g} s")
        if self.finish is None:
            raise ModelFailed(f"{spec}: the runtime gave up without an answer")
        turn = Turn("".join(self.pieces), usage=self._usage(), tokens=tuple(self.tokens))
        return require_answer(spec, turn, cut_off=self.finish == "length", schema=schema)

    def _usage(self) -> Usage:
        cached = self.usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
        read, written = self.usage.get("prompt_tokens", 0), self.usage.get("completion_tokens", 0)
        return Usage(read, cached, written, self.seconds)


def _version(spec: str, adapter: Path | None) -> str:
    """Return all that an answer depends on beside its prompt, but the processor."""
    tuned = f"adapter {sha256_of(adapter)[:12]}" if adapter else "no adapter"
    return f"{spec}: {BASE.model} {BASE.sha256[:12]}, {tuned}, xllamacpp {metadata.version('xllamacpp')}"


def _import_runtime() -> Any:
    # read once, when OpenMP loads: idle threads then sleep soon, instead of spinning on cores that others need
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        return importlib.import_module("xllamacpp")
    except ModuleNotFoundError:
        raise InputError(
            "the embedded model's runtime, xllamacpp, is not installed (it has wheels for Linux and for macOS on "
            "arm64): use `--llm openai:MODEL` or `--llm none`"
        ) from None
    except ImportError as error:
        raise InputError(
            f"the embedded model's runtime does not load: {error}; on Debian or Ubuntu `apt-get install libgomp1`"
        ) from None


def _bad_threads(text: str) -> InputError:
    return InputError(f"CWS_LLM_THREADS={text!r}: expected two whole numbers from 1 on, such as 1,2 (decode,batch)")
