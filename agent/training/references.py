"""Two sentences of which the second cannot be read alone: it refers to the first, and the rules are those of both.

The builders of what a second sentence can do to a first are in amendments.py (it changes the rule or whom it binds)
and in followups.py (it says a rule of its own about the same jobs or place, or with another value).
"""

from __future__ import annotations

from collections.abc import Callable

from agent.policy.vocabulary import Vocabulary
from agent.training import amendments, followups
from agent.training.grammar import Rng, capital, chance, one, tidy
from agent.training.meanings import draw_rule
from agent.training.places import Said
from agent.training.reference_words import Told as Told
from agent.training.reference_words import Unsayable, opening

Builder = Callable[[Vocabulary, Rng], Told]


def referring(vocabulary: Vocabulary, rng: Rng) -> tuple[str, list[Said]]:
    """Return a marked text of two or three sentences, and the rules that they say together."""
    told = _drawn(_BUILDERS, vocabulary, rng)
    return _joined(told.sentences, rng), told.rules


def lone(vocabulary: Vocabulary, rng: Rng) -> str:
    """Return a marked sentence that cannot be read without the one before it."""
    return _drawn(_LONE, vocabulary, rng).sentences[-1]


def _drawn(builders: list[Builder], vocabulary: Vocabulary, rng: Rng) -> Told:
    for _ in range(200):
        try:
            return one(rng, builders)(vocabulary, rng)
        except Unsayable:
            continue
    raise AssertionError("unreachable: every vocabulary has a rule to refer to")


def _side_by_side(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Return two sentences that have nothing to do with each other."""
    rules = [draw_rule(vocabulary, rng), draw_rule(vocabulary, rng)]
    return Told([opening(rule, rng) for rule in rules], rules)


def _joined(sentences: list[str], rng: Rng) -> str:
    """Return sentences as they stand in a text, or as the items of a list do that has lost its lines."""
    if chance(rng, 0.07):
        joint = one(rng, [" ", " - ", "; ", " ", "\n"])
        return joint.join(tidy(sentence).rstrip(".") for sentence in sentences)
    ended = [tidy(sentence) for sentence in sentences[:-1]]
    ended = [text if text.endswith((".", "!", "?")) else text + one(rng, [".", ".", ".", ".", "!"]) for text in ended]
    written = [*ended, tidy(sentences[-1])]
    small = chance(rng, 0.05)
    return " ".join(text if small and at else capital(text) for at, text in enumerate(written))


_LONE: list[Builder] = [
    *[amendments.same] * 5,
    *[amendments.exempted] * 5,
    *[amendments.narrowed] * 4,
    amendments.softened,
    amendments.in_zone,
    amendments.less,
]
_BUILDERS: list[Builder] = [
    *[amendments.same] * 14,
    *[amendments.same_elsewhere] * 5,
    *[amendments.exempted] * 14,
    *[amendments.narrowed] * 14,
    *[amendments.softened] * 3,
    *[amendments.in_zone] * 2,
    *[amendments.less] * 3,
    *[amendments.widened] * 3,
    *[followups.other_value] * 13,
    *[followups.loosened] * 3,
    *[followups.subset] * 14,
    *[followups.pronoun] * 11,
    *[followups.possessive] * 4,
    *[followups.after_a_fact] * 5,
    *[followups.priorities] * 8,
    *[followups.both] * 7,
    *[followups.wider] * 6,
    *[followups.suspend_contrast] * 3,
    *[followups.there] * 6,
    *[_side_by_side] * 22,
]
