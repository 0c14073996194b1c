"""A sentence beside its rules, without a model (a stand-in: the real one is merged from its own branch)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agent.hints import JobHints
from agent.policy.rules import Rule
from agent.policy.vocabulary import Vocabulary


def crosscheck(sentence: str, rules: Sequence[Rule], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return what looks wrong about the rules of a sentence."""
    return ()


def crosscheck_hints(text: str, hints: JobHints, now: datetime, tz: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return what looks wrong about the hints of a text."""
    return ()
