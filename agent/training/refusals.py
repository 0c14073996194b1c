"""Sentences of a policy that are no rule, and the kind of reason why."""

from __future__ import annotations

from agent.policy.vocabulary import Vocabulary
from agent.training import numerals
from agent.training.clocks import days
from agent.training.grammar import Rng, chance, one, plain, say
from agent.training.places import draw_names, named
from agent.training.references import lone
from agent.training.refusal_patterns import NO_RULES
from agent.training.subjects import draw_selector, subject, title

LONE = 0.5
"""The share of references that are the second sentence of two, without the first."""


def refusal(vocabulary: Vocabulary, rng: Rng) -> tuple[str, str]:
    """Return a text that is no rule, and the kind of reason why."""
    reason = one(rng, list(NO_RULES))
    if reason == "reference" and chance(rng, LONE):
        return plain(lone(vocabulary, rng)), reason
    text = say(
        one(rng, NO_RULES[reason]),
        rng,
        jobs=lambda: _jobs(vocabulary, rng),
        place=lambda: plain(named(one(rng, draw_names(vocabulary, rng)), rng)),
        day=lambda: plain(days(one(rng, ["mon", "tue", "fri", "sat,sun", "mon-fri", "sun"]), rng)),
        team=lambda: title(one(rng, vocabulary.teams or ("ops",)), rng),
        money=lambda: plain(numerals.money(f"{int(rng.integers(1, 60)) * 50} usd", rng)),
        mass=lambda: plain(numerals.mass(f"{int(rng.integers(1, 60)) * 10} kg", rng)),
        feast=lambda: one(
            rng,
            ["Boxing Day", "Labour Day", "Easter Monday", "Christmas Eve", "Thanksgiving", "Diwali", "bank holidays"],
        ),
        n=lambda: str(int(rng.integers(2, 40)) if chance(rng, 0.5) else int(rng.integers(1990, 2030))),
        m=lambda: str(int(rng.integers(4, 20))),
        name=lambda: one(rng, ["Maria", "Jo", "Sam", "Chen", "Olga", "Priya", "Ali", "Ben", "Lena", "Kofi"]),
    )
    return _framed(text.replace("<<>>", "{}"), reason, rng), reason


def _jobs(vocabulary: Vocabulary, rng: Rng) -> str:
    return plain(subject(draw_selector(vocabulary, rng) if chance(rng, 0.8) else None, rng).words)


def _framed(text: str, reason: str, rng: Rng) -> str:
    if reason == "question" or not chance(rng, 0.3):
        return text
    before = (
        "as you know, ",
        "to be honest, ",
        "for the record: ",
        "in general, ",
        "as ever, ",
        "note: ",
        "FYI: ",
        "background: ",
    )
    after = (
        " (thanks!)",
        ", as always",
        ", as everybody knows",
        ", for what it is worth",
        " - just saying",
        ", we think",
    )
    return one(rng, before) + text if chance(rng, 0.5) else text + one(rng, after)
