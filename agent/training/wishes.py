"""How people say that a rule is a wish, and how they are polite about one that is none.

A wish is in the verb (`should ideally`), in the frame (`it would be nice if`, `try to`) or beside the clause (`where
possible`, `nice to have`). Words such as please are in neither: a polite order is an order.
"""

from __future__ import annotations

from agent.training.grammar import Rng, chance, one, say
from agent.training.wish_patterns import (
    AFTER,
    BEFORE,
    DONT,
    HARD,
    HOPED,
    HOPES,
    MILD,
    PLEASE,
    SINGULAR,
    SOFT,
    TRY,
    TRY_NOT,
)


def verb(name: str, style: str, rng: Rng, *, plural: bool) -> str:
    """Return the words of `must`, `mustnt` or `mayonly`.

    Args:
        name: Which of the three.
        style: `hard`, or how the clause says that it is a wish: `verb`, `hoped` or `beside`.
        rng: Draws the form.
        plural: Of the subject.
    """
    words = say({"hard": HARD, "verb": SOFT, "hoped": HOPED, "beside": MILD}[style][name], rng)
    for many, single in () if plural else SINGULAR.items():
        words = words.replace(many, single)
    return words


def wished(words: str, rng: Rng) -> str:
    """Return a whole clause with a wish beside it."""
    return say(one(rng, BEFORE if chance(rng, 0.5) else AFTER), rng, v=words)


def all_wished(words: str, rng: Rng) -> str:
    """Return several rules with one wish before them all."""
    return say(one(rng, BEFORE), rng, v=words)


def hoped(words: str, rng: Rng) -> str:
    """Return a clause whose verb is in the conditional as something that would be nice."""
    return say(one(rng, HOPES), rng, v=words)


def urged(form: str, words: str, rng: Rng, *, soft: bool) -> str:
    """Return an imperative (`I`), or one that `do not` goes before (`N`), as an order or as a wish."""
    patterns = {"I": (PLEASE, TRY), "N": (DONT, TRY_NOT)}[form][soft]
    return say(one(rng, patterns), rng, v=words)
