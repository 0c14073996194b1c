"""Hints as a job's description says them, and their resolution to ISO moments, region ids, hours and gigabytes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, ValidationError

from agent.hints import JobHints
from agent.policy.rules import Part, Priority, explain
from agent.policy.vocabulary import Vocabulary
from agent.said.moments import SaidMoment, moment
from agent.said.quantity import HOURS, Quantity, Unreadable, amount
from agent.said.rules import Names, regions

MEMORY = r"^[0-9]{1,6}(\.[0-9]{1,3})? (mb|gb|tb)$"
GB = {"mb": 0.001, "gb": 1.0, "tb": 1000.0}
Number = Annotated[float, Field(ge=0, le=1_000_000)]


class SaidHints(Part):
    """What a description asks for, as said."""

    deadline: SaidMoment | None = None
    earliest: SaidMoment | None = None
    within: Quantity | None = None
    only: Names | None = None
    but: Names | None = None
    deny: Names | None = None
    pause: bool | None = None
    priority: Priority | None = None
    takes: Quantity | None = None
    cpus: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    gpus: Annotated[int, Field(ge=0, le=100_000)] | None = None
    memory: Annotated[str, Field(pattern=MEMORY, max_length=16)] | None = None


def resolve(said: SaidHints, now: datetime, tz: str, vocabulary: Vocabulary) -> JobHints:
    """Return the typed hints.

    Args:
        said: What the text says.
        now: When it was said, with a zone.
        tz: The submitter's IANA zone.
        vocabulary: The names of regions.

    Raises:
        Unreadable: If a name or a moment has no meaning, or the hints contradict each other.
    """
    fields: dict[str, Any] = {
        "deadline": said.deadline and moment(said.deadline, now, tz, vocabulary, last=True),
        "earliest_start": said.earliest and moment(said.earliest, now, tz, vocabulary, last=False),
        "max_delay_h": said.within and amount(said.within, HOURS),
        "regions_only": regions(said.only, said.but, vocabulary),
        "regions_deny": regions(said.deny, None, vocabulary),
        "interruptible": said.pause,
        "priority": said.priority,
        "duration_h": said.takes and amount(said.takes, HOURS),
        "cpus": said.cpus and float(said.cpus),
        "gpus": None if said.gpus is None else float(said.gpus),
        "memory_gb": said.memory and _gigabytes(said.memory),
    }
    try:
        return JobHints.model_validate(fields)
    except ValidationError as error:
        raise Unreadable(explain(error)) from error


def _gigabytes(said: str) -> float:
    digits, unit = said.split(" ")
    return float(digits) * GB[unit]
