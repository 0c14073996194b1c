"""What a job's free-text description asks for: the typed hints that a scheduler may use."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool

from agent.policy.rules import NonNegative, Part, Priority, Regions


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no zone; write ISO 8601 with Z or an offset")
    return moment


Moment = Annotated[datetime, AfterValidator(_aware)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]


class JobHints(Part):
    """Only what the text states: hints tighten what a job asks for, and loosen no policy and no other job's rights."""

    deadline: Moment | None = None
    earliest_start: Moment | None = None
    max_delay_h: NonNegative | None = None
    regions_only: Regions | None = None
    regions_deny: Regions | None = None
    interruptible: StrictBool | None = None
    priority: Priority | None = None
    duration_h: Positive | None = None
    cpus: Positive | None = None
    gpus: NonNegative | None = None
    memory_gb: Positive | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, null fields left out."""
        return self.model_dump(mode="json", exclude_none=True)
