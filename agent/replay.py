"""Replay: the answers of a recorded run, given again to the same prompts."""

from __future__ import annotations

from pathlib import Path

from agent.llm.scripted import ReplayedModel
from agent.store import FILE, Store


def open_replay(run_dir: Path) -> ReplayedModel:
    """Return a model that answers as the run in this folder recorded. Raises InputError if there is no such run."""
    calls = Store.open(run_dir / FILE).model_calls()
    # a call that failed before it gave a text fails again; a malformed text is given and refused again
    return ReplayedModel((call.prompt_sha256, call.text, "" if call.text else call.failure) for call in calls)
