"""Reminders: fragments of an answer below its text, as the compiler shows them after an answer that missed some."""

from __future__ import annotations

from collections.abc import Iterable

from agent.said.hints import SaidHints
from agent.said.missed import KEYS
from agent.said.notes import NAMED
from agent.said.rules import SaidAnswer, written
from agent.training.grammar import Rng

MOST = 2


def must_hold(answer: SaidAnswer | SaidHints, notes: Iterable[str], rng: Rng) -> tuple[str, ...]:
    """Return one or two fragments of an answer: notes that it holds, keys or kinds that it has; none if it has none."""
    said = written(answer)
    held = [note for note in notes if any(_holds(said, one) for one in note.split("|"))]
    held += [key for key in dict.fromkeys(key for _, key in KEYS) if f'"{key}"' in said]
    count = min(len(held), int(rng.integers(1, MOST + 1)))
    return tuple(held[at] for at in rng.permutation(len(held))[:count])


def _holds(said: str, fragment: str) -> bool:
    """Tell whether an answer holds a note."""
    kind, _, value = fragment.partition(" ")
    if kind in NAMED and value:
        return f'"{kind}":"{value}"' in said or f'"{kind}":{value}' in said
    return f'"{fragment}' in said or f'{fragment}"' in said or f" {fragment} " in said
