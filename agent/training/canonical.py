"""The one spelling of an answer that is taught: quantities in the units, days and zones in the words of the notes."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from agent.policy.rules import Part
from agent.policy.vocabulary import Vocabulary
from agent.said.hints import GB, SaidHints
from agent.said.notes import hours, number, spelled_days, spellings
from agent.said.quantity import GRAMS, HOURS, KILOGRAMS, KWH, USD, USD_PER_MWH, amount
from agent.said.rules import SaidAnswer, SaidRule, SaidSelector
from agent.said.windows import days
from agent.said.zones import zone

Form = TypeVar("Form", bound=Part)


def canonical_answer(said: SaidAnswer, vocabulary: Vocabulary) -> SaidAnswer:
    """Return an answer about a sentence in the taught spelling; it means the same."""
    return said.model_copy(update={"rules": said.rules and tuple(_rule(rule, vocabulary) for rule in said.rules)})


def canonical_hints(said: SaidHints, vocabulary: Vocabulary) -> SaidHints:
    """Return hints in the taught spelling; they mean the same."""
    return _updated(
        said,
        deadline=said.deadline and _moment(said.deadline, vocabulary),
        earliest=said.earliest and _moment(said.earliest, vocabulary),
        within=said.within and _hours(said.within),
        takes=said.takes and _hours(said.takes),
        only=_names(said.only, vocabulary),
        but=_names(said.but, vocabulary),
        deny=_names(said.deny, vocabulary),
        memory=said.memory and _memory(said.memory),
    )


def _rule(rule: SaidRule, vocabulary: Vocabulary) -> SaidRule:
    return _updated(
        rule,
        jobs=rule.jobs and tuple(_selector(one, vocabulary) for one in rule.jobs),
        unless=rule.unless and _selector(rule.unless, vocabulary),
        in_=_names(rule.in_, vocabulary),
        but=_names(rule.but, vocabulary),
        days=rule.days and spelled_days(frozenset(days(rule.days))),
        tz=rule.tz and zone(rule.tz, vocabulary),
        carbon_above=rule.carbon_above and _carbon(rule.carbon_above, rule.kind),
        price_above=rule.price_above and f"{number(amount(rule.price_above, USD_PER_MWH))} usd",
        cost_above=rule.cost_above and f"{number(amount(rule.cost_above, USD))} usd",
        max=rule.max and _most(rule.max),
        within=rule.within and _hours(rule.within),
    )


def _selector(said: SaidSelector, vocabulary: Vocabulary) -> SaidSelector:
    return _updated(
        said,
        longer=said.longer and _hours(said.longer),
        shorter=said.shorter and _hours(said.shorter),
        home=_names(said.home, vocabulary),
    )


def _names(said: tuple[str, ...] | None, vocabulary: Vocabulary) -> tuple[str, ...] | None:
    """Return regions as the vocabulary writes them, those that it lacks as they are said."""
    written = {name.lower(): name for name in reversed(spellings(vocabulary))}
    return said and tuple(written.get(name.lower(), name) for name in said)


def _updated(said: Form, **fields: Any) -> Form:
    return said.model_copy(update=fields)


def _hours(said: str) -> str:
    return hours(amount(said, HOURS))


def _carbon(said: str, kind: str) -> str:
    if kind == "approval":
        return f"{number(amount(said, KILOGRAMS))} kg"
    return f"{number(amount(said, GRAMS))} g"


def _most(said: str) -> str:
    """Return a budget's or a headroom's limit."""
    unit = said.partition(" ")[2]
    if unit in KILOGRAMS:
        return f"{number(amount(said, KILOGRAMS))} kg"
    if unit in KWH:
        return f"{number(amount(said, KWH))} kwh"
    return said


def _memory(said: str) -> str:
    digits, unit = said.split(" ")
    return f"{number(float(digits) * GB[unit])} gb"


def _moment(said: str, vocabulary: Vocabulary) -> str:
    """Return a moment with its lead in hours, or its zone by the IANA name."""
    if said.startswith("+"):
        return f"+{_hours(said[1:])}"
    clock = re.search(r"(?:^| )[0-9]{2}:[0-9]{2}(?= |$)", said)
    spoken = said[clock.end() + 1 :] if clock else ""
    return said if not spoken else said.removesuffix(spoken) + zone(spoken, vocabulary)
