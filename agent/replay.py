"""Replay: the answers of a recorded run, given again to the same prompts."""

from __future__ import annotations

from pathlib import Path

from agent.llm.protocol import ModelFailed, ToolCall, Turn, Usage
from agent.llm.scripted import Recorded, ReplayedModel
from agent.record import ModelRecord
from agent.store import FILE, Store
from sim.errors import InputError

TUNED = "said_hints"
"""The prompt with which the tuned model alone is asked what a description says."""


def open_replay(run_dir: Path, scenario_sha256: str) -> ReplayedModel | None:
    """Return a model that answers as the run in this folder recorded; None if it ran without one.

    Raises:
        InputError: If there is no such run, or it was of another scenario.
    """
    store = Store.open(run_dir / FILE)
    if store.run().scenario_sha256 != scenario_sha256:
        raise InputError(
            f"--llm replay:{run_dir}: recorded on another scenario ({store.run().title}); replay it on its own"
        )
    if store.run().llm == "none":
        return None
    calls = list(store.model_calls())
    tuned = any(call.prompt == TUNED for call in calls)
    return ReplayedModel([recorded(call) for call in calls], spec=store.run().llm, tuned=tuned)


def recorded(call: ModelRecord) -> Recorded:
    """Return a logged call as it is replayed: one that failed before it gave anything fails again.

    A malformed answer is given again, and refused again.
    """
    if call.failure and not call.text and not call.tool_calls:
        return Recorded(call.prompt_sha256, ModelFailed(call.failure))
    calls = tuple(ToolCall(**asked) for asked in call.tool_calls)
    usage = Usage(call.prompt_tokens, call.cached_tokens, call.completion_tokens, call.seconds)
    return Recorded(call.prompt_sha256, Turn(call.text, calls, usage))
