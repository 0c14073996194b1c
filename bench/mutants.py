"""Wrong readings made of right ones, one slip each: what a check of readings ought to catch."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from agent.hints import JobHints
from agent.policy.normal import normal_rule
from agent.policy.rules import DAYS, Rule
from agent.policy.vocabulary import Vocabulary

Fields = dict[str, Any]
RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
NUMBERS = ("intensity_above", "price_above", "max", "max_delay_h", "max_utilization", "max_times", "cost_above_usd",
           "carbon_above_kg")  # fmt: skip
LEVELS = ("low", "normal", "high", "critical")
NIGHT = {"start": "22:00", "end": "06:00"}


class Mutant(NamedTuple):
    """A wrong reading, and the slip that made it."""

    slip: str
    rules: tuple[Rule, ...]


def mutants(rules: Sequence[Rule], vocabulary: Vocabulary) -> Iterator[Mutant]:
    """Yield readings that each differ from the right one by one slip, and mean something else."""
    right = sorted(normal_rule(rule) for rule in rules)
    for slip, fields in _all(rules, vocabulary):
        try:
            wrong = tuple(RULE.validate_python(one) for one in fields)
        except ValidationError:
            continue
        if wrong and sorted({normal_rule(rule) for rule in wrong}) != sorted(set(right)):
            yield Mutant(slip, wrong)


def _all(rules: Sequence[Rule], vocabulary: Vocabulary) -> Iterator[tuple[str, list[Fields]]]:
    given = [rule.model_dump(exclude_none=True) for rule in rules]
    for i, rule in enumerate(given):
        others = given[:i], given[i + 1 :]
        if len(given) > 1:
            yield "drop a rule", others[0] + others[1]
        for slip, wrong in _of_rule(rule, vocabulary):
            yield slip, [*others[0], wrong, *others[1]]


def _of_rule(rule: Fields, vocabulary: Vocabulary) -> Iterator[tuple[str, Fields]]:
    for change in (_numbers, _regions, _windows, _meaning, _added):
        yield from change(rule, vocabulary)
    for name in ("jobs", "unless"):
        if name in rule:
            yield f"drop {name}", _without(rule, name)
            for slip, wrong in _selector(rule[name], vocabulary):
                yield f"{slip} of {name}" if name == "unless" else slip, {**rule, name: wrong}
    if "unless" in rule and "jobs" not in rule:
        yield "unless as jobs", {**_without(rule, "unless"), "jobs": rule["unless"]}
    if "jobs" in rule and "unless" not in rule:
        yield "jobs as unless", {**_without(rule, "jobs"), "unless": rule["jobs"]}


def _without(fields: Fields, name: str) -> Fields:
    return {key: copy.deepcopy(value) for key, value in fields.items() if key != name}


def _numbers(rule: Fields, _: Vocabulary) -> Iterator[tuple[str, Fields]]:
    for name in NUMBERS:
        if name in rule:
            value = rule[name]
            yield "other number", {**rule, name: value + (1 if isinstance(value, int) else 0.1 * value or 1.0)}
            yield "double", {**rule, name: value * 2}
            yield "unit x 1000", {**rule, name: value * 1000}
            yield "unit / 1000", {**rule, name: value / 1000}
            yield "minutes as hours", {**rule, name: value * 60}
            if name == "max_utilization":
                yield "free as busy", {**rule, name: round(1 - value, 9)}
            if name not in ("max", "max_utilization"):
                yield "drop a limit", _without(rule, name)
    for name, weight in rule.get("weights", {}).items():
        yield "other weight", {**rule, "weights": {**rule["weights"], name: weight + 1.0}}
        yield "drop a weight", {**rule, "weights": _without(rule["weights"], name)}


def _regions(rule: Fields, vocabulary: Vocabulary) -> Iterator[tuple[str, Fields]]:
    every = [region.id for region in vocabulary.regions]
    chosen = list(rule.get("regions", ()))
    other = next((id_ for id_ in every if id_ not in chosen), None)
    if chosen:
        yield "drop regions", _without(rule, "regions")
        if len(chosen) > 1:
            yield "drop a region", {**rule, "regions": chosen[1:]}
        if other:
            yield "other region", {**rule, "regions": [*chosen[1:], other]}
            yield "add a region", {**rule, "regions": [*chosen, other]}
        if "jobs" not in rule:
            yield "regions as home", {**_without(rule, "regions"), "jobs": {"home": chosen}}
    elif rule["kind"] in ("placement", "budget", "headroom", "approval"):
        yield "add regions", {**rule, "regions": [every[0]]}


def _windows(rule: Fields, _: Vocabulary) -> Iterator[tuple[str, Fields]]:
    window = rule.get("window")
    if window:
        yield "drop window", _without(rule, "window")
        for slip, wrong in _window(window):
            yield slip, {**rule, "window": wrong}
    elif rule["kind"] in ("placement", "headroom"):
        yield "add window", {**rule, "window": NIGHT}
    if "finish_by" in rule:
        yield "am for pm", {**rule, "finish_by": _later(rule["finish_by"], 12)}
        yield "an hour later", {**rule, "finish_by": _later(rule["finish_by"], 1)}
        yield "other zone", {**rule, "tz": "local" if rule["tz"] != "local" else "UTC"}


def _window(window: Fields) -> Iterator[tuple[str, Fields]]:
    yield "am for pm", {**window, "start": _later(window["start"], 12)}
    yield "am for pm", {**window, "end": _later(window["end"], 12)}
    yield "an hour later", {**window, "start": _later(window["start"], 1)}
    yield "an hour later", {**window, "end": _later(window["end"], 1)}
    if window["end"] != "24:00":
        yield "start and end swapped", {**window, "start": window["end"], "end": window["start"]}
    yield "other zone", {**window, "tz": "local" if window["tz"] != "local" else "UTC"}
    days = list(window.get("days", ()))
    if days:
        yield "drop days", _without(window, "days")
        left = [day for day in DAYS if day not in days]
        if len(days) > 1:
            yield "drop a day", {**window, "days": days[1:]}
        if left:
            yield "add a day", {**window, "days": [*days, left[0]]}
            yield "the other days", {**window, "days": left}
    else:
        yield "add days", {**window, "days": list(DAYS[:5])}


def _later(clock: str, hours: int) -> str:
    return f"{(int(clock[:2]) + hours) % 24:02}{clock[2:]}"


def _meaning(rule: Fields, _: Vocabulary) -> Iterator[tuple[str, Fields]]:
    if rule["kind"] not in ("objective", "prefer"):
        yield "other strength", {**rule, "strength": "must" if rule["strength"] == "prefer" else "prefer"}
    if rule["kind"] == "placement":
        yield "only and deny swapped", {**rule, "effect": "deny" if rule["effect"] == "only" else "only"}
    if rule["kind"] == "prefer":
        yield "prefer as only", {**rule, "kind": "placement", "effect": "only", "strength": "must"}
    if rule["kind"] == "budget":
        for per in ("day", "month"):
            yield "other period", {**rule, "per": per}
        for metric in ("carbon_kg", "cost_usd", "energy_kwh"):
            yield "other metric", {**rule, "metric": metric}
    if rule["kind"] == "suspend" and "allowed" in rule:
        yield "allowed flipped", {**rule, "allowed": not rule["allowed"]}
    if "intensity_above" in rule:
        yield "carbon as price", {**_without(rule, "intensity_above"), "price_above": rule["intensity_above"]}
    if "price_above" in rule:
        yield "price as carbon", {**_without(rule, "price_above"), "intensity_above": abs(rule["price_above"])}
    if "cost_above_usd" in rule:
        yield "cost as carbon", {**_without(rule, "cost_above_usd"), "carbon_above_kg": rule["cost_above_usd"]}


def _added(rule: Fields, vocabulary: Vocabulary) -> Iterator[tuple[str, Fields]]:
    if "unless" not in rule:
        yield "add unless", {**rule, "unless": {"kind": "interactive"}}
    if "jobs" not in rule:
        yield "add jobs", {**rule, "jobs": {"kind": "batch"}}
        if vocabulary.teams:
            yield "add jobs", {**rule, "jobs": {"team": vocabulary.teams[0]}}


def _selector(selector: Fields, vocabulary: Vocabulary) -> Iterator[tuple[str, Fields]]:
    for name, value in selector.items():
        if len(selector) > 1:
            yield f"drop {name}", _without(selector, name)
        if name in ("team", "customer", "tag"):
            known = getattr(vocabulary, f"{name}s")
            for other in [one for one in known if one != value][:1]:
                yield f"other {name}", {**selector, name: other}
            for field in {"team", "customer", "tag"} - {name} - set(selector):
                for other in getattr(vocabulary, f"{field}s")[:1]:
                    yield f"{name} as {field}", {**_without(selector, name), field: other}
        if name == "kind":
            yield "other kind", {**selector, name: "batch" if value == "interactive" else "interactive"}
        if name == "gpu":
            yield "gpu flipped", {**selector, name: not value}
        if name.startswith("priority"):
            yield "other level", {**selector, name: LEVELS[(LEVELS.index(value) + 1) % 4]}
            other = "priority_at_most" if name == "priority_at_least" else "priority_at_least"
            yield "bound turned", {**_without(selector, name), other: value}
        if name in ("longer_than_h", "shorter_than_h"):
            other = "shorter_than_h" if name == "longer_than_h" else "longer_than_h"
            yield "longer and shorter swapped", {**_without(selector, name), other: value}
            yield "other length", {**selector, name: value * 2}
            yield "minutes as hours", {**selector, name: value * 60}
        if name == "home":
            wrong = next((one.id for one in vocabulary.regions if one.id not in value), None)
            if wrong:
                yield "other home", {**selector, name: [wrong]}


class HintsMutant(NamedTuple):
    """Wrong hints, and the slip that made them."""

    slip: str
    hints: JobHints


def hints_mutants(hints: JobHints, vocabulary: Vocabulary) -> Iterator[HintsMutant]:
    """Yield hints that each differ from the right ones by one slip."""
    given = hints.model_dump(exclude_none=True)
    for slip, fields in _of_hints(given, [region.id for region in vocabulary.regions]):
        try:
            wrong = JobHints.model_validate(fields)
        except ValidationError:
            continue
        if wrong != hints:
            yield HintsMutant(slip, wrong)


def _of_hints(given: Fields, every: list[str]) -> Iterator[tuple[str, Fields]]:
    for name, value in given.items():
        yield f"drop {name}", _without(given, name)
        if isinstance(value, float):
            yield "other number", {**given, name: value + 1}
            yield "unit x 1000", {**given, name: value * 1000}
            yield "minutes as hours", {**given, name: value * 60}
        if isinstance(value, datetime):
            for slip, hours in (("an hour later", 1), ("am for pm", 12), ("a day later", 24), ("a week later", 168)):
                yield slip, {**given, name: value + timedelta(hours=hours)}
        if name in ("regions_only", "regions_deny"):
            other = "regions_deny" if name == "regions_only" else "regions_only"
            yield "only and deny swapped", {**_without(given, name), other: value}
            left = [id_ for id_ in every if id_ not in value]
            if left:
                yield "add a region", {**given, name: [*value, left[0]]}
            if len(value) > 1:
                yield "drop a region", {**given, name: value[1:]}
    if "interruptible" in given:
        yield "interruptible flipped", {**given, "interruptible": not given["interruptible"]}
    if "priority" in given:
        yield "other priority", {**given, "priority": LEVELS[(LEVELS.index(given["priority"]) + 1) % 4]}
    for name, other in (("deadline", "earliest_start"), ("max_delay_h", "duration_h"), ("cpus", "gpus")):
        if name in given and other not in given:
            yield f"{name} as {other}", {**_without(given, name), other: given[name]}
    for name, added in (("priority", "high"), ("interruptible", True), ("gpus", 3.0), ("duration_h", 7.0)):
        if name not in given:
            yield f"add {name}", {**given, name: added}
    if not given.get("regions_only") and not given.get("regions_deny"):
        yield "add regions", {**given, "regions_deny": every[:1]}
