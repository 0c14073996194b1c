"""The values that an answer about a text can have: quantities in a field's unit, times, days and zones.

A small model that may write any number now and then writes one that nobody said, or another's. What code does not find
in a text the answer cannot hold; where code finds nothing, the field is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

from agent.mentions.reading import Mentions
from agent.policy.rules import DAYS
from agent.said.notes import hours, number, spelled_days

Values = list[str] | list[int] | list[bool] | None
"""The values of a field; None where any may stand."""
DAY_ENDS = ("00:00", "24:00")
AT_ONCE = "0 h"


def values_of(field: str, kind: str, found: Mentions) -> Values:
    """Return what a field of an answer can hold, None for one that this does not bound.

    Args:
        field: The name of a field of a rule, a selector or hints, as said.
        kind: The kind of the rule; empty for hints.
        found: The mentions of the text.
    """
    find = _OF.get(field) or _OF.get(f"{field} of {kind}")
    return None if find is None else find(found)


def _in(found: Mentions, *dimensions: str) -> list[float]:
    """Return the numbers mentioned in a dimension, and those without a unit."""
    held = {value for name in (*dimensions, "number") for value in found.meanings(name) if isinstance(value, float)}
    return sorted(held)


def _unit(unit: str, *dimensions: str) -> Callable[[Mentions], list[str]]:
    """Return what spells amounts of a unit; a number that may be a time of day is none without its unit."""

    def spelled(found: Mentions) -> list[str]:
        bare = {value for one in found.of("number") if not one.of("clock") for value in one.of("number")}
        given = {value for name in dimensions for value in found.meanings(name)} | bare
        return [f"{number(value)} {unit}" for value in sorted(one for one in given if isinstance(one, float))]

    return spelled


def _hours(found: Mentions) -> list[str]:
    return [hours(value) for value in _in(found, "h")]


def _within(found: Mentions) -> list[str]:
    return list(dict.fromkeys([*_hours(found), AT_ONCE]))


def _most(found: Mentions) -> list[str] | None:
    """Return the limits of a budget; where a text gives none with a unit, any may stand: a budget must have one."""
    units = (("kg", "kg"), ("usd", "usd"), ("kwh", "kwh"))
    given = [f"{number(value)} {unit}" for dimension, unit in units for value in sorted(_floats(found, dimension))]
    return given or None


def _floats(found: Mentions, dimension: str) -> Iterable[float]:
    return (value for value in found.meanings(dimension) if isinstance(value, float))


def _shares(found: Mentions) -> list[str]:
    """Return shares in per cent, and as they are if they are said so: "0.8 of the CPUs"."""
    shares = [f"{number(100 * value)} %" for value in sorted(_floats(found, "share"))]
    bare = [number(value) + (" %" if value > 1 else "") for value in sorted(_floats(found, "number")) if value <= 100]
    return list(dict.fromkeys([*shares, *bare]))


def _counts(*dimensions: str) -> Callable[[Mentions], list[int]]:
    return lambda found: [int(value) for value in _in(found, *dimensions) if value == int(value) and value >= 0]


def _cpus(found: Mentions) -> list[int]:
    return [count for count in _counts("cpus")(found) if count >= 1]


def _gpus(found: Mentions) -> list[int]:
    named = [int(value) for value in found.meanings("gpu") if isinstance(value, bool)]
    return sorted({*_counts("gpus")(found), *named})


def _clocks(found: Mentions) -> list[str]:
    return sorted(str(value) for value in found.meanings("clock"))


def _when(found: Mentions) -> list[str]:
    """Return the periods that are named, and windows between any two times."""
    times = _clocks(found)
    begins, ends = sorted({*times, DAY_ENDS[0]}), sorted({*times, DAY_ENDS[1]})
    spans = [f"{begin}-{end}" for begin in begins for end in ends if times and begin != end]
    return [*sorted(map(str, found.meanings("period"))), *spans]


def _days(found: Mentions) -> list[str]:
    """Return the days that are named: each mention's, those of two and of all together, and all but those."""
    named = [frozenset(map(str, value)) for value in found.meanings("days") if isinstance(value, frozenset)]
    if not named:
        return []
    every = frozenset().union(*named)
    sets = {*named, every, frozenset(DAYS) - every, *(a | b for a, b in combinations(named, 2))}
    return sorted(spelled_days(one) for one in sets if one)


def _levels(bound: str) -> Callable[[Mentions], list[str]]:
    return lambda found: sorted({str(value) for name in (bound, "level") for value in found.meanings(name)})


def _gpu(found: Mentions) -> list[bool]:
    return sorted(value for value in found.meanings("gpu") if isinstance(value, bool))


def _zones(found: Mentions) -> list[str] | None:
    """Return the zones that are named; None where an abbreviation may mean several."""
    return None if found.of("abbreviation") else sorted(map(str, found.meanings("zone")))


_OF: dict[str, Callable[[Mentions], Values]] = {
    "within": _within,
    "longer": _hours,
    "shorter": _hours,
    "takes": _hours,
    "carbon_above of deny": _unit("g", "g/kwh"),
    "carbon_above of approval": _unit("kg", "kg"),
    "price_above": _unit("usd", "usd/mwh", "usd"),
    "cost_above": _unit("usd", "usd"),
    "max of budget": _most,
    "max of headroom": _shares,
    "free": _shares,
    "times": _counts("times"),
    "at_least": _levels("at_least"),
    "at_most": _levels("at_most"),
    "gpu": _gpu,
    "cpus": _cpus,
    "gpus": _gpus,
    "memory": _unit("gb", "gb"),
    "by": _clocks,
    "when": _when,
    "days": _days,
    "tz": _zones,
}
