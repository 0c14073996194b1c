"""Pairs of a text and what it says, drawn without end: the examples from which the embedded model learns to read.

The meaning is drawn first, then a text that says it; what a text says is therefore known, not labelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from agent.policy.vocabulary import Vocabulary
from agent.said.hints import SaidHints
from agent.said.notes import noted
from agent.said.prompt import asked
from agent.said.rules import SaidAnswer, written
from agent.said.task import Task
from agent.training.canonical import canonical_answer, canonical_hints
from agent.training.descriptions import description
from agent.training.grammar import Rng, chance, kept, plain
from agent.training.invented import vocabulary
from agent.training.references import referring
from agent.training.refusals import refusal
from agent.training.reminders import must_hold
from agent.training.sentences import finished, sentence

REFUSALS = 0.1
REFERRING = 0.12
"""The share of texts for rules that are two or three sentences, the later of which refer to the first."""
MISSED = 0.04
"""The share of notes that are left out: in what people write, code finds less than in what is drawn."""
LARGE = 0.12
"""The share of vocabularies with nine to sixteen regions; the others have two to eight."""
REMINDED = 0.12
"""The share of pairs whose text is followed by what the answer must not miss, as after a first answer that did."""


class Pair(NamedTuple):
    """A text, the notes on it and what an answer must not miss; the JSON to write; the words that carry its meaning."""

    text: str
    notes: tuple[str, ...]
    missed: tuple[str, ...]
    answer: str
    said: tuple[str, ...]

    @property
    def asked(self) -> str:
        """What the model is shown."""
        return asked(self.text, self.notes, self.missed)


class Group(NamedTuple):
    """Pairs that share a task and a vocabulary, and so the prefix of their prompt."""

    task: Task
    vocabulary: Vocabulary
    pairs: tuple[Pair, ...]


def groups(seed: int, size: int, *, first: int = 0, hints: float = 0.35) -> Iterator[Group]:
    """Yield groups without end; the same seed gives the same groups, and two seeds share none.

    Args:
        seed: Of all that is drawn.
        size: Pairs in a group.
        first: The number of the group to begin with: a group depends on its number and not on those before it.
        hints: The share of groups about job descriptions.
    """
    for number in count(first):
        rng = np.random.default_rng([seed, number])
        known = vocabulary(rng, 9, 16) if chance(rng, LARGE) else vocabulary(rng)
        task: Task = "hints" if chance(rng, hints) else "rules"
        make = hints_pair if task == "hints" else rules_pair
        yield Group(task, known, tuple(make(known, rng) for _ in range(size)))


def rules_pair(known: Vocabulary, rng: Rng) -> Pair:
    """Return a sentence of a policy, or some that belong together, and the rules; or the reason why it has none."""
    if chance(rng, REFUSALS):
        text, reason = refusal(known, rng)
        meaning: dict[str, Any] = {"none": reason}
    else:
        text, rules = (referring if chance(rng, REFERRING / (1 - REFUSALS)) else sentence)(known, rng)
        meaning = {"rules": rules}
    return _pair("rules", text, canonical_answer(SaidAnswer.model_validate(meaning), known), known, rng)


def hints_pair(known: Vocabulary, rng: Rng) -> Pair:
    """Return a job's description and its hints, perhaps none."""
    text, said = description(known, rng)
    return _pair("hints", text, canonical_hints(SaidHints.model_validate(said), known), known, rng)


def _pair(task: Task, text: str, answer: SaidAnswer | SaidHints, known: Vocabulary, rng: Rng) -> Pair:
    typed = finished(text, rng)
    notes = tuple(note for note in noted(task, known, plain(typed)) if not chance(rng, MISSED))
    missed = must_hold(answer, notes, rng) if chance(rng, REMINDED) else ()
    return Pair(plain(typed), notes, missed, written(answer), tuple(kept(typed)))
