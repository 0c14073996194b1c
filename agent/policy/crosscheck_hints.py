"""Whether a job's hints account for its description and for nothing else; see `crosscheck`."""

from __future__ import annotations

from datetime import datetime

from agent.hints import JobHints
from agent.policy.vocabulary import Vocabulary


def crosscheck_hints(text: str, hints: JobHints, now: datetime, tz: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return what in a description no hint holds, and what in the hints it does not say; empty if all agrees."""
    return ()
