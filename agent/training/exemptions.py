"""Whom a rule spares: `except backups`, `unless they are urgent`, `this does not apply to the ads team`."""

from __future__ import annotations

from agent.training.exemption_patterns import BEFORE, BEHIND, BEING, BESIDE
from agent.training.grammar import Rng, chance, keep, one, say
from agent.training.numerals import duration
from agent.training.places import Said, listed, named
from agent.training.subjects import Subject, exempt, levels, owner, title


def beside(selector: Said, rng: Rng) -> str:
    """Return the exemption, to follow the jobs that the rule is about."""
    return say(BESIDE, rng, u=_spared(selector, rng).words)


def around(words: str, selector: Said, rng: Rng, *, before: bool) -> str:
    """Return a clause with the exemption behind it, or before it if that is allowed."""
    spared = _spared(selector, rng)
    pattern = one(rng, BEFORE if before and chance(rng, 0.45) else BEHIND)
    return say(pattern, rng, v=words, u=spared.words, b=being(selector, rng), be="are" if spared.plural else "is")


def spared(selector: Said, rng: Rng) -> str:
    """Return who alone may, to follow `nobody but`."""
    return _spared(selector, rng).words


def _spared(selector: Said, rng: Rng) -> Subject:
    who = owner(selector, rng)
    return who if who and chance(rng, 0.5) else Subject(exempt(selector, rng), plural=True)


def being(selector: Said, rng: Rng) -> str:
    """Return what jobs are, to follow `unless they are`: `urgent`, `for Acme and longer than 2 h`."""
    bounds = ("at_least", "at_most") if {"at_least", "at_most"} <= set(selector) else ()
    said = [_being(field, value, rng) for field, value in selector.items() if field not in bounds]
    return one(rng, [" and ", " and ", ", "]).join([*said, *([levels(selector, rng)] if bounds else [])])


def _being(field: str, value: object, rng: Rng) -> str:
    match field:
        case "kind":
            return keep(str(value))
        case "gpu":
            return keep(say("[on GPUs|GPU jobs|using GPUs]" if value else "[without GPUs|CPU-only]", rng))
        case "home" if isinstance(value, list):
            return say(
                "[from|submitted in|submitted from] {w}", rng, w=listed([named(one_, rng) for one_ in value], rng, "or")
            )
        case "longer" | "shorter":
            pattern = (
                "[longer than|over|above|of more than] {d}"
                if field == "longer"
                else "[shorter than|under|below|of less than] {d}"
            )
            return say(pattern, rng, d=duration(str(value), rng))
        case "at_least" if value == "critical" and chance(rng, 0.7):
            return keep("critical")
        case "at_least" if value == "high" and chance(rng, 0.5):
            return keep("urgent")
        case "at_least":
            return say("of {p} priority or [above|higher]", rng, p=keep(str(value)))
        case "at_most":
            return say("of {p} priority or [below|lower]", rng, p=keep(str(value)))
    return say(BEING[field], rng, n=keep(title(str(value), rng)))
