"""The typed form of an operator's policy: what the compiler writes, a person confirms and the guard enforces.

Every list and string has a greatest length: the JSON schema of these models constrains generation, and
a small model fills an unbounded list until its tokens run out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    model_validator,
)

MAX_SENTENCE = 2000
CLOCK = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clock(text: str) -> str:
    if not re.fullmatch(CLOCK, text):
        raise ValueError(f"{text!r} is not a time of day; write HH:MM from 00:00 to 24:00")
    return text


def _zone(text: str) -> str:
    if text in ("UTC", "local"):
        return text
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f"{text!r} is not a time zone; write an IANA zone such as Europe/Berlin, UTC or local"
        ) from error
    return text


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise ValueError(f"named more than once: {', '.join(repeated)}")
    return values


def _absent_if_empty(value: Any) -> Any:
    """Read `{}` as "every job": models write it where they mean nothing."""
    return None if isinstance(value, dict) and all(field is None for field in value.values()) else value


Name = Annotated[str, Field(min_length=1, max_length=64)]
Regions = Annotated[tuple[Name, ...], Field(min_length=1, max_length=32), AfterValidator(_distinct)]
Clock = Annotated[str, AfterValidator(_clock), Field(json_schema_extra={"pattern": CLOCK})]
Zone = Annotated[str, AfterValidator(_zone), Field(min_length=1, max_length=40)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Priority = Literal["low", "normal", "high", "critical"]
# strict: a number is not a string or a boolean that happens to convert
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Share = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Count = Annotated[int, Field(strict=True, ge=0, le=1000)]
Sentence = Annotated[str, Field(min_length=1, max_length=MAX_SENTENCE)]


class Part(BaseModel):
    """Base of every model here: unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def _given(self, *names: str) -> bool:
        return any(getattr(self, name) is not None for name in names)


class Selector(Part):
    """Which jobs: all given fields must match. Hours are of the job's duration estimate, exclusive."""

    kind: Literal["batch", "interactive"] | None = None
    team: Name | None = None
    customer: Name | None = None
    tag: Name | None = None
    home: Regions | None = None
    priority_at_least: Priority | None = None
    priority_at_most: Priority | None = None
    gpu: StrictBool | None = None
    longer_than_h: NonNegative | None = None
    shorter_than_h: NonNegative | None = None

    @model_validator(mode="after")
    def _can_match(self) -> Self:
        if not self._given(*type(self).model_fields):
            raise ValueError("a selector names at least one field; leave it out to mean every job")
        order = ("low", "normal", "high", "critical")
        low, high = self.priority_at_least, self.priority_at_most
        if low and high and order.index(low) > order.index(high):
            raise ValueError(f"no priority is at least {low} and at most {high}")
        longer, shorter = self.longer_than_h, self.shorter_than_h
        if longer is not None and shorter is not None and longer >= shorter:
            raise ValueError(f"no job is longer than {longer:g} h and shorter than {shorter:g} h")
        return self


class Window(Part):
    """A daily time of day: `end` before `start` runs past midnight; `days` are those on which it starts."""

    start: Clock
    end: Clock
    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7), AfterValidator(_distinct)] | None = None
    tz: Zone = "local"

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.start == "24:00":
            raise ValueError("a window starts at 00:00, not 24:00")
        if self.start == self.end:
            raise ValueError(f"the window {self.start}-{self.end} is empty; a whole day is 00:00-24:00")
        return self


class RuleBase(Part):
    """What every rule has. `source` holds the verbatim words it came from."""

    kind: str
    jobs: Annotated[Selector | None, BeforeValidator(_absent_if_empty)] = None
    unless: Selector | None = None
    strength: Literal["must", "prefer"] = "must"
    source: Sentence


class Placement(RuleBase):
    """Where and when matching jobs may run. Intensity in gCO2e/kWh, price in USD/MWh.

    Each condition of a `deny` forbids by itself: a run that overlaps the window, a start while the
    intensity is above its limit, a start while the price is above its own.
    """

    kind: Literal["placement"]
    effect: Literal["only", "deny"]
    regions: Regions | None = None
    window: Window | None = None
    intensity_above: NonNegative | None = None
    price_above: Number | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._given("regions", "window", "intensity_above", "price_above"):
            raise ValueError("a placement needs at least one of regions, window, intensity_above and price_above")
        if self.effect == "only" and self._given("intensity_above", "price_above"):
            raise ValueError(
                "`only` takes regions and a window; "
                "write a limit on intensity or price as a placement of its own with effect `deny`"
            )
        return self


class Budget(RuleBase):
    """A sum over matching jobs per calendar period (UTC) that is not exceeded."""

    kind: Literal["budget"]
    metric: Literal["carbon_kg", "cost_usd", "energy_kwh"]
    max: NonNegative
    per: Literal["hour", "day", "week", "month"]
    regions: Regions | None = None


class Delay(RuleBase):
    """A start bound in hours after submission, a finish bound at the next such time of day, or both."""

    kind: Literal["delay"]
    max_delay_h: NonNegative | None = None
    finish_by: Clock | None = None
    tz: Zone | None = None

    @model_validator(mode="before")
    @classmethod
    def _local_by_default(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("finish_by") and data.get("tz") is None:
            return {**data, "tz": "local"}
        return data

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._given("max_delay_h", "finish_by"):
            raise ValueError("a delay needs max_delay_h or finish_by")
        if self.tz and not self.finish_by:
            raise ValueError("tz goes with finish_by")
        return self


class Headroom(RuleBase):
    """A bound on the share of a region's CPUs that are busy, 0 to 1."""

    kind: Literal["headroom"]
    max_utilization: Share
    regions: Regions | None = None
    window: Window | None = None


class Suspend(RuleBase):
    """Whether, or how often, a running job may be suspended."""

    kind: Literal["suspend"]
    allowed: StrictBool | None = None
    max_times: Count | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self._given("allowed", "max_times"):
            raise ValueError("a suspend rule needs allowed or max_times")
        if self.allowed is False and self.max_times:
            raise ValueError(f"suspension is both forbidden and allowed {self.max_times} times")
        return self

    @property
    def most(self) -> float:
        """How often a job may be suspended."""
        if self.allowed is False:
            return 0.0
        return float("inf") if self.max_times is None else float(self.max_times)


class Approval(RuleBase):
    """Placements that need a person's yes: all matching ones, or those above a cost or a carbon limit."""

    kind: Literal["approval"]
    regions: Regions | None = None
    cost_above_usd: NonNegative | None = None
    carbon_above_kg: NonNegative | None = None


class Weights(Part):
    """Relative importance in the objective; only those named."""

    carbon: NonNegative | None = None
    cost: NonNegative | None = None
    delay: NonNegative | None = None

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if not (self.carbon or self.cost or self.delay):
            raise ValueError("weights name at least one of carbon, cost and delay above 0")
        return self


class Objective(RuleBase):
    """What matters more. Always a preference."""

    kind: Literal["objective"]
    strength: Literal["prefer"] = "prefer"
    weights: Weights


class Prefer(RuleBase):
    """Favoured regions. Always a preference."""

    kind: Literal["prefer"]
    strength: Literal["prefer"] = "prefer"
    regions: Regions


Rule = Annotated[
    Placement | Budget | Delay | Headroom | Suspend | Approval | Objective | Prefer,
    Field(discriminator="kind"),
]


class Unenforceable(Part):
    """A sentence that no rule can express, and why."""

    text: Sentence
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class PolicySet(Part):
    """A policy as read: rules, and the sentences that are none."""

    rules: Annotated[tuple[Rule, ...], Field(max_length=1000)] = ()
    unenforceable: Annotated[tuple[Unenforceable, ...], Field(max_length=1000)] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, null fields left out."""
        return self.model_dump(mode="json", exclude_none=True)


def merge(policy_sets: Iterable[PolicySet]) -> PolicySet:
    """Return one policy of all the rules, in order: every one of them binds."""
    sets = list(policy_sets)
    return PolicySet(
        rules=tuple(rule for one in sets for rule in one.rules),
        unenforceable=tuple(item for one in sets for item in one.unenforceable),
    )


def explain(error: ValidationError) -> str:
    """Return what is wrong in one line: each field by its path, and what was expected of it."""
    faults = []
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"])
        what = fault["msg"].removeprefix("Value error, ")
        faults.append(f"{where}: {what}" if where else what)
    return "; ".join(faults)
