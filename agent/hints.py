"""What a job's free-text description asks for: the typed hints that a scheduler may use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, Field, StrictBool, model_validator

from agent.policy.rules import NonNegative, Part, Priority, Regions


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]


class JobHints(Part):
    """Only what the text states: hints tighten what a job asks for, and loosen no policy and no other job's rights.

    Absent means that the text does not say. Moments are in UTC.
    """

    deadline: Instant | None = None
    earliest_start: Instant | None = None
    max_delay_h: NonNegative | None = None
    regions_only: Regions | None = None
    regions_deny: Regions | None = None
    interruptible: StrictBool | None = None
    priority: Priority | None = None
    duration_h: Positive | None = None
    cpus: Positive | None = None
    gpus: NonNegative | None = None
    memory_gb: Positive | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.deadline and self.earliest_start and self.deadline <= self.earliest_start:
            raise ValueError(f"the deadline {self.deadline} is not after the earliest start {self.earliest_start}")
        return self

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, null fields left out."""
        return self.model_dump(mode="json", exclude_none=True)
