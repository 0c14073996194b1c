"""What typed rules hold, as facts that a sentence must say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from agent.mentions.mention import Meaning, round_off
from agent.policy.english import number
from agent.policy.rules import (
    Approval,
    Budget,
    Delay,
    Headroom,
    Objective,
    Placement,
    Rule,
    Selector,
    Suspend,
    Window,
)


class Fact(NamedTuple):
    """Something that a rule holds: any of the meanings says it; `words` are for people.

    One that is `implied` goes without saying: the lesser weight of "twice as much".
    """

    meanings: frozenset[Meaning]
    words: str
    implied: bool = False


def selectors(rules: Iterable[Rule]) -> list[Selector]:
    """Return the selectors of rules, of exempt jobs too."""
    return [selector for rule in rules for selector in (rule.jobs, rule.unless) if selector is not None]


def windows(rules: Iterable[Rule]) -> list[Window]:
    """Return the windows of rules."""
    found = (getattr(rule, "window", None) for rule in rules)
    return [window for window in found if window is not None]


def clock(time: str) -> str:
    """Return a time of day; 24:00 is 00:00."""
    return "00:00" if time == "24:00" else time


def facts(rules: Sequence[Rule]) -> Iterator[Fact]:
    """Yield the quantities and the names that rules hold; windows and regions are compared as wholes elsewhere."""
    for rule in rules:
        yield from _quantities(rule)
    for selector in selectors(rules):
        yield from selected(selector)


def _quantities(rule: Rule) -> Iterator[Fact]:
    match rule:
        case Placement():
            yield from _amount("g/kwh", rule.intensity_above, "a carbon intensity of {} g/kWh")
            yield from _amount("usd/mwh", rule.price_above, "a price of {} USD/MWh")
        case Budget():
            dimension = {"carbon_kg": "kg", "cost_usd": "usd", "energy_kwh": "kwh"}[rule.metric]
            unit = {"kg": "kg of carbon", "usd": "USD", "kwh": "kWh"}[dimension]
            yield from _amount(dimension, rule.max, f"a budget of {{}} {unit}")
        case Delay():
            if rule.max_delay_h:
                yield from _hours(rule.max_delay_h, "a delay of at most {} h")
            if rule.finish_by:
                yield Fact(frozenset({("clock", clock(rule.finish_by))}), f"a finish by {rule.finish_by}")
        case Headroom():
            share = rule.max_utilization
            meanings: set[Meaning] = {("share", round_off(share)), ("free", round_off(1 - share))}
            numbers: set[Meaning] = {("number", round_off(one)) for one in (share, 100 * share)}
            yield Fact(frozenset(meanings | numbers), f"a CPU use of at most {number(100 * share)} %")
        case Suspend():
            if rule.max_times:
                yield from _amount("times", rule.max_times, "at most {} suspensions")
        case Approval():
            yield from _amount("usd", rule.cost_above_usd, "an approval above {} USD")
            yield from _amount("kg", rule.carbon_above_kg, "an approval above {} kg")
        case Objective():
            yield from _weights(rule)


def _amount(dimension: str, value: float | None, words: str) -> Iterator[Fact]:
    if value is not None:
        meanings: list[Meaning] = [(dimension, round_off(value)), ("number", round_off(value))]
        yield Fact(frozenset(meanings), words.format(number(value)))


def _hours(value: float | None, words: str) -> Iterator[Fact]:
    if value is not None:
        yield Fact(frozenset({("h", round_off(value))}), words.format(number(value)))


def _weights(rule: Objective) -> Iterator[Fact]:
    """Yield the weights; the least of several, or a single one, goes without saying if it is 1."""
    weights = {name: weight for name, weight in rule.weights.model_dump().items() if weight}
    least, total = min(weights.values()), sum(weights.values())
    for name, weight in weights.items():
        numbers: set[Meaning] = {("number", round_off(one)) for one in (weight, 100 * weight, weight / least)}
        shares: set[Meaning] = {("share", round_off(one)) for one in (weight, weight / 100, weight / total)}
        implied = weight == least and least == 1.0
        meanings = numbers | shares | {("times", round_off(weight / least))}
        yield Fact(frozenset(meanings), f"weight {number(weight)} for {name}", implied)


def selected(selector: Selector) -> Iterator[Fact]:
    """Yield what a selector holds, but for regions."""
    for field in ("team", "customer", "tag"):
        name = getattr(selector, field)
        if name is not None:
            yield Fact(frozenset({(field, name)}), f"{field} {name}")
    if selector.kind is not None:
        yield Fact(frozenset({("kind", selector.kind)}), f"{selector.kind} jobs")
    if selector.gpu is not None:
        yield Fact(frozenset({("gpu", selector.gpu)}), f"jobs {'with' if selector.gpu else 'without'} GPUs")
    yield from _hours(selector.longer_than_h, "jobs longer than {} h")
    yield from _hours(selector.shorter_than_h, "jobs shorter than {} h")
    yield from _priorities(selector)


def _priorities(selector: Selector) -> Iterator[Fact]:
    low, high = selector.priority_at_least, selector.priority_at_most
    for name, level, words in (("at_least", low, "or above"), ("at_most", high, "or below")):
        if level is not None:
            meanings: set[Meaning] = {(name, level)}
            if low == high:
                meanings.add(("level", level))
            yield Fact(frozenset(meanings), f"priority {level} {words}")
