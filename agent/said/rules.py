"""Rules as a sentence says them, and their resolution to the typed rules that the guard enforces.

A small language model copies names and numbers well and looks things up, converts units and completes lists badly.
So it writes `{"kind": "deny", "in": ["Europe"], "but": ["Britain"], "when": "night", "days": "mon-fri"}`, and code
finds the regions, the clock times and the days. A name that the vocabulary lacks is found out here, not by the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from agent.policy.rules import Name, Part, Priority, Rule, Unenforceable, explain
from agent.policy.vocabulary import Vocabulary
from agent.said.quantity import GRAMS, HOURS, KILOGRAMS, KWH, SHARE, USD, USD_PER_MWH, Quantity, Unreadable, amount
from agent.said.windows import Days, When, window
from agent.said.zones import zone

Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=16)]
RULE: TypeAdapter[Rule] = TypeAdapter(Rule)
REASONS = {
    "wish": "it names no limit, place or time that can be checked",
    "fact": "it states a fact and asks for nothing",
    "question": "it is a question",
    "other": "no kind of rule can say it",
    "order": "it gives orders to the reader of the policy, not a rule for jobs",
    "reference": "it refers to words outside the sentence",
}
Reason = Literal["wish", "fact", "question", "other", "order", "reference"]


class SaidSelector(Part):
    """Which jobs, as said."""

    kind: Literal["batch", "interactive"] | None = None
    team: Name | None = None
    customer: Name | None = None
    tag: Name | None = None
    home: Names | None = None
    at_least: Priority | None = None
    at_most: Priority | None = None
    gpu: bool | None = None
    longer: Quantity | None = None
    shorter: Quantity | None = None


class SaidRule(Part):
    """One rule, as said. `jobs` with several selectors is the same rule for each of them."""

    kind: Literal["only", "deny", "budget", "delay", "headroom", "suspend", "approval", "objective", "prefer"]
    jobs: Annotated[tuple[SaidSelector, ...], Field(min_length=1, max_length=4)] | None = None
    unless: SaidSelector | None = None
    soft: Literal[True] | None = None
    in_: Annotated[Names | None, Field(alias="in")] = None
    but: Names | None = None
    when: When | None = None
    days: Days | None = None
    tz: Name | None = None
    carbon_above: Quantity | None = None
    price_above: Quantity | None = None
    cost_above: Quantity | None = None
    max: Quantity | None = None
    free: Quantity | None = None
    per: Literal["hour", "day", "week", "month"] | None = None
    within: Quantity | None = None
    by: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-4]):[0-5][0-9]$", max_length=5)] | None = None
    allowed: bool | None = None
    times: Annotated[int, Field(ge=0, le=1000)] | None = None
    carbon: Quantity | None = None
    cost: Quantity | None = None
    delay: Quantity | None = None


class SaidAnswer(Part):
    """What a sentence says: rules, or the kind of reason why it is none."""

    rules: Annotated[tuple[SaidRule, ...], Field(min_length=1, max_length=6)] | None = None
    none: Reason | None = None


def written(said: Part) -> str:
    """Return the JSON that a model writes: compact, fields in the order of their definition, none that is absent."""
    return json.dumps(said.model_dump(mode="json", exclude_none=True, by_alias=True), separators=(",", ":"))


def resolve(answer: SaidAnswer, vocabulary: Vocabulary, sentence: str) -> tuple[Rule | Unenforceable, ...]:
    """Return the typed rules of a sentence, or the one reason why it has none."""
    try:
        rules = tuple(rule for said in answer.rules or () for rule in _resolved(said, vocabulary, sentence))
    except Unreadable as error:
        return (Unenforceable(text=sentence, reason=str(error)),)
    except ValidationError as error:
        return (Unenforceable(text=sentence, reason=f"could not be read: {explain(error)}"[:1000]),)
    return rules or (Unenforceable(text=sentence, reason=REASONS[answer.none or "other"]),)


def _resolved(said: SaidRule, vocabulary: Vocabulary, sentence: str) -> list[Rule]:
    _refuse_stray(said)
    fields: dict[str, Any] = {"kind": said.kind, "source": sentence, **_FIELDS[said.kind](said, vocabulary)}
    if said.unless is not None:
        fields["unless"] = _selector(said.unless, vocabulary)
    if said.soft or said.kind in ("objective", "prefer"):
        fields["strength"] = "prefer"
    selectors: list[dict[str, Any] | None] = [
        _without(_selector(one, vocabulary), fields.get("unless")) for one in said.jobs or ()
    ]
    return [RULE.validate_python({**fields, "jobs": one}) for one in selectors or [None]]


def _without(jobs: dict[str, Any], spared: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return jobs without traits that would have the rule spare all of them: "jobs above $9, unless urgent"."""
    if not spared or not spared.items() <= jobs.items():
        return jobs
    return {field: value for field, value in jobs.items() if field not in spared} or None


def _refuse_stray(said: SaidRule) -> None:
    """Refuse fields that a kind does not have: what was said must not be dropped in silence."""
    own = {"kind", "jobs", "unless", "soft", *OWN[said.kind]}
    stray = [name.rstrip("_") for name, value in said if value is not None and name not in own]
    if stray:
        raise Unreadable(f"a rule of kind {said.kind!r} has no {', '.join(stray)}")
    if said.kind == "headroom" and said.max and said.free:
        raise Unreadable(f"a headroom of {said.max!r} used and {said.free!r} free: expected one of both")


def _selector(said: SaidSelector, vocabulary: Vocabulary) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": said.kind,
        "priority_at_least": said.at_least,
        "priority_at_most": said.at_most,
        "gpu": said.gpu,
        "longer_than_h": _converted(said.longer, HOURS),
        "shorter_than_h": _converted(said.shorter, HOURS),
        "home": regions(said.home, None, vocabulary),
    }
    for field in ("team", "customer", "tag"):
        name = getattr(said, field)
        fields[field] = None if name is None else _known(field, name, vocabulary)[0]
    return {field: value for field, value in fields.items() if value is not None}


def regions(named: Iterable[str] | None, but: Iterable[str] | None, vocabulary: Vocabulary) -> tuple[str, ...] | None:
    """Return the ids of the regions named less those of `but`; without names, of all less those of `but`.

    Raises:
        Unreadable: If a name is unknown, or nothing is left.
    """
    if named is None and but is None:
        return None
    every = [region.id for region in vocabulary.regions]
    chosen = every if named is None else [id_ for name in named for id_ in _known("region", name, vocabulary)]
    removed = {id_ for name in but or () for id_ in _known("region", name, vocabulary)}
    left = tuple(dict.fromkeys(id_ for id_ in chosen if id_ not in removed))
    if not left:
        raise Unreadable("no region is left")
    return left


def _known(field: str, name: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    found = vocabulary.find(field, name)
    if not found:
        raise Unreadable(str(vocabulary.nearest(field, name)))
    return found


def _converted(said: str | None, units: dict[str, float]) -> float | None:
    return None if said is None else amount(said, units)


def _where(said: SaidRule, vocabulary: Vocabulary) -> dict[str, Any]:
    return {"regions": regions(said.in_, said.but, vocabulary)}


def _where_and_when(said: SaidRule, vocabulary: Vocabulary) -> dict[str, Any]:
    spoken = None if said.tz is None else zone(said.tz, vocabulary)
    return {**_where(said, vocabulary), "window": window(said.when, said.days, spoken)}


def _placement(said: SaidRule, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "kind": "placement",
        "effect": said.kind,
        **_where_and_when(said, vocabulary),
        "intensity_above": _converted(said.carbon_above, GRAMS),
        "price_above": _converted(said.price_above, USD_PER_MWH),
    }


def _budget(said: SaidRule, vocabulary: Vocabulary) -> dict[str, Any]:
    unit = (said.max or "").partition(" ")[2]
    for metric, units in (("carbon_kg", KILOGRAMS), ("cost_usd", USD), ("energy_kwh", KWH)):
        if unit and unit in units:
            limit = amount(said.max or "", units)
            return {"metric": metric, "max": limit, "per": said.per, **_where(said, vocabulary)}
    raise Unreadable(f"a budget of {said.max!r}: expected an amount of carbon, money or energy")


def _delay(said: SaidRule, vocabulary: Vocabulary) -> dict[str, Any]:
    spoken = None if said.tz is None else zone(said.tz, vocabulary)
    return {"max_delay_h": _converted(said.within, HOURS), "finish_by": said.by, "tz": spoken}


def _headroom(said: SaidRule, vocabulary: Vocabulary) -> dict[str, Any]:
    share = _converted(said.max, SHARE)
    if said.free is not None:
        share = round(1 - amount(said.free, SHARE), 9)
    return {"max_utilization": share, **_where_and_when(said, vocabulary)}


def _suspend(said: SaidRule, vocabulary: Vocabulary) -> dict[str, Any]:
    return {"allowed": said.allowed, "max_times": said.times}


def _approval(said: SaidRule, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        **_where(said, vocabulary),
        "cost_above_usd": _converted(said.cost_above, USD),
        "carbon_above_kg": _converted(said.carbon_above, KILOGRAMS),
    }


def _objective(said: SaidRule, vocabulary: Vocabulary) -> dict[str, Any]:
    spoken = {name: _converted(getattr(said, name), SHARE) for name in ("carbon", "cost", "delay")}
    return {"weights": {name: weight for name, weight in spoken.items() if weight is not None}}


_PLACE = ("in_", "but")
_TIME = ("when", "days", "tz")
OWN: dict[str, tuple[str, ...]] = {
    "only": (*_PLACE, *_TIME),
    "deny": (*_PLACE, *_TIME, "carbon_above", "price_above"),
    "budget": (*_PLACE, "max", "per"),
    "delay": ("within", "by", "tz"),
    "headroom": (*_PLACE, *_TIME, "max", "free"),
    "suspend": ("allowed", "times"),
    "approval": (*_PLACE, "cost_above", "carbon_above"),
    "objective": ("carbon", "cost", "delay"),
    "prefer": _PLACE,
}
"""The fields that each kind has of its own."""
_FIELDS: dict[str, Callable[[SaidRule, Vocabulary], dict[str, Any]]] = {
    "only": _placement,
    "deny": _placement,
    "budget": _budget,
    "delay": _delay,
    "headroom": _headroom,
    "suspend": _suspend,
    "approval": _approval,
    "objective": _objective,
    "prefer": _where,
}
