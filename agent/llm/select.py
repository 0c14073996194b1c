"""From what the user wrote after `--llm` to a model, and a first word with it."""

from __future__ import annotations

from typing import Any

from agent.llm.cached import Cached, cache_folder
from agent.llm.embedded import EmbeddedModel
from agent.llm.openai_compatible import OpenAIModel
from agent.llm.protocol import LanguageModel, ModelFailed, Turn
from agent.llm.reliable import Reliable
from agent.llm.vllm.model import VllmModel
from agent.llm.weights import find_adapter
from sim.errors import CwsError, InputError

FORMS = "`local`, `local:base`, `openai:MODEL`, `vllm`, `vllm:DIR` or `none`"
PROBE_DEADLINE_S = 30.0


def open_model(spec: str) -> LanguageModel | None:
    """Return the model that `spec` names, ready to decide; None for `none`. The embedded one is without an adapter.

    Raises:
        InputError: If there is no such form, what it needs is missing, or nothing answers at its address.
    """
    kind, _, name = spec.partition(":")
    if spec == "none":
        return None
    if spec in ("local", "local:base"):
        # a second attempt would get the same text: it answers each prompt in one way
        model = EmbeddedModel(spec)
        model.start()
        return Reliable(model, attempts=1)
    if kind == "openai" and name:
        endpoint = OpenAIModel(name)
        endpoint.reach()
        return Reliable(endpoint)
    if is_vllm(spec):
        return Reliable(VllmModel(spec), attempts=1)
    raise InputError(f"--llm {spec!r}: expected {FORMS}")


def open_reader(spec: str) -> LanguageModel | None:
    """Return the model that `spec` names to read texts with; `local` has the adapter that was trained for it.

    What it has read it need not read again: its answers are kept.

    Raises:
        InputError: See `open_model`.
    """
    model = _open(spec)
    return model and Cached(model, cache_folder())


def reader_beside(spec: str) -> LanguageModel | None:
    """Return what reads the texts of a run where the model that decides does not: the embedded one has its adapter.

    Its weights load when it is first asked, in `vllm` they are there. None: the model that decides reads too.
    """
    return open_reader(spec) if spec in ("local", "vllm") else None


def is_vllm(spec: str) -> bool:
    """Whether a model shares an engine with others in its process, so that many runs there are batched."""
    return spec == "vllm" or (spec.startswith("vllm:") and spec != "vllm:")


def _open(spec: str) -> LanguageModel | None:
    """Return the model that reads, which keeps nothing."""
    if spec in ("local", "local:base"):
        # not `Reliable`: an unusable answer says nothing about the next sentence's
        return EmbeddedModel(spec, adapter=find_adapter() if spec == "local" else None)
    if is_vllm(spec):
        return VllmModel(spec, reads=True)
    return open_model(spec)


def probe(spec: str) -> dict[str, Any]:
    """Ask the model for one word; `local` as it reads, with the adapter if one ships.

    Returns:
        `spec`, `version` (which model that is, None if there is none or it did not open), `ok`, `seconds` of the call,
        `tokens_per_s` written (both None without an answer) and `error` (None if ok). `none` is always ok.
    """
    model = None
    try:
        model = _open(spec)
        turn = _say_ok(model)
    except (CwsError, ModelFailed) as error:
        return _report(spec, model, Turn(""), str(error))
    return _report(spec, model, turn, None)


def _say_ok(model: LanguageModel | None) -> Turn:
    if model is None:
        return Turn("")
    messages = [{"role": "user", "content": "Say: ok"}]
    return model.complete(messages, max_tokens=8, deadline_s=PROBE_DEADLINE_S)


def _report(spec: str, model: LanguageModel | None, turn: Turn, error: str | None) -> dict[str, Any]:
    seconds = turn.usage.seconds
    return {
        "spec": spec,
        "version": model.version if model else None,
        "ok": error is None,
        "seconds": seconds or None,
        "tokens_per_s": turn.usage.completion_tokens / seconds if seconds else None,
        "error": error,
    }
