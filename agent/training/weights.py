"""The weights of an objective in words: multiples, lists in any order, ratios."""

from __future__ import annotations

from agent.training import numerals
from agent.training.grammar import Rng, chance, keep, one, say
from agent.training.places import Said

GOALS = "carbon", "cost", "delay"
NAMES = {
    "carbon": "[carbon|emissions|CO2|carbon|carbon emissions|the carbon footprint|carbon|greenhouse gases]",
    "cost": "[cost|money|price|cost|costs|cost|what it costs|the bill|spending]",
    "delay": "[delay|waiting time|delay|speed|wait|delay|latency|waiting|lateness]",
}
TIMES = {2: "[twice|two times|2x|2 times|double]", 3: "[three times|3 times|3x]"}
LISTS = (
    "{n} [for|on|to|] {f}", "{f} {n}", "{f}[:| =| at| with| to| by] {n}", "{f}={n}", "{f} ({n})",
    "{n} [parts|points for] {f}",
)  # fmt: skip
"""How each weight of a list is said."""


def weights(rule: Said) -> dict[str, str]:
    """Return the weights of an objective, by what is weighed."""
    return {field: str(rule[field]) for field in GOALS if field in rule}


def variants(rule: Said) -> tuple[str, ...]:
    """Return which patterns can say an objective."""
    values = list(weights(rule).values())
    if len(values) == 1:
        return ("one",)
    if values == ["1", "1"]:
        return ("equal",)
    return ("times", "shares") if len(values) == 2 and "1" in values else ("shares",)


def _shuffled(rule: Said, rng: Rng) -> list[tuple[str, str]]:
    """Return the weights in any order: people do not list them as an answer does."""
    found = list(weights(rule).items())
    return [found[int(i)] for i in rng.permutation(len(found))]


def goal(rule: Said, rng: Rng, *, heaviest: bool) -> str:
    """Return the name of what weighs most or, of two, the other one."""
    found = weights(rule)
    chosen = max(found, key=lambda field: float(found[field].rstrip(" %")))
    if not heaviest:
        chosen = next(field for field in found if field != chosen)
    return keep(say(NAMES[chosen], rng))


def multiple(rule: Said, rng: Rng) -> str:
    """Return how many times the heavier of two weighs the lighter."""
    count = max(int(value) for value in weights(rule).values())
    pattern = TIMES.get(count, "{n} times").replace("|double", "")
    return keep(say(pattern, rng, n=numerals.count(count, rng)))


def listed(rule: Said, rng: Rng) -> str:
    """Return all weights: `carbon 5, cost 2 and delay 1`, `3:1 carbon to cost`."""
    found = _shuffled(rule, rng)
    if len(found) == 2 and not found[0][1].endswith("%") and chance(rng, 0.25):
        return _ratio(found, rng)
    pattern = _expanded(one(rng, LISTS), rng)
    each = [_one(pattern, field, value, rng) for field, value in found]
    return (
        one(rng, [", ", ", ", " and ", "; "]).join(each[:-1]) + one(rng, [" and ", " and ", ", ", ", and "]) + each[-1]
    )


def _expanded(pattern: str, rng: Rng) -> str:
    """Return a pattern with its alternatives chosen: the weights of a list are said alike."""
    return say(pattern, rng, n="{n}", f="{f}")


def given(rule: Said, rng: Rng, *, verb: bool) -> str:
    """Return weights as things that are given, or that each goal has: `cost a weight of 3 and carbon 1`."""
    found = _shuffled(rule, rng)
    first = "{f} [gets|has|carries|is given] a weight of {n}" if verb else "{f} [a weight of {n}|weight {n}|{n}]"
    rest = "{f} [|one of |a weight of ]{n}"
    each = [_one(first if at == 0 else rest, field, value, rng) for at, (field, value) in enumerate(found)]
    return ", ".join(each[:-1]) + one(rng, [" and ", ", "]) + each[-1]


def _one(pattern: str, field: str, value: str, rng: Rng) -> str:
    if value.endswith("%"):
        number = numerals.share(value, rng)
        pattern = "[{n} {f}|{f} {n}|{n} on {f}]" if "parts" in pattern or "points" in pattern else pattern
    else:
        number = keep(numerals.count(int(value), rng) if value.isdigit() and chance(rng, 0.8) else value)
    return say(pattern, rng, n=number, f=keep(say(NAMES[field], rng)))


def _ratio(found: list[tuple[str, str]], rng: Rng) -> str:
    (first, n), (second, m) = ((keep(say(NAMES[field], rng)), keep(value)) for field, value in found)
    pattern = "[{f}:{g} = {n}:{m}|{f} : {g} = {n} : {m}|{f} to {g} [at|as|is] {n} to {m}|{f}/{g} {n}/{m}|{n}:{m} for {f} [against|over|to|and] {g}|{f} to {g} {n}:{m}|{n} to {m} for {f} and {g}|{f} and {g} [{n}:{m}|{n} to {m}]|{f} and {g} in the ratio {n}:{m}]"  # noqa: E501 - one list
    return say(pattern, rng, f=first, g=second, n=n, m=m)
