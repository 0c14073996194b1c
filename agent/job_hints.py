"""What a job's free-text description asks for, read by a language model under a schema.

The model copies what is stated, on the user's clock and from a calendar; zones, hours from now and names are
worked out or looked up here. Text is data: hints tighten what one job asks for, and reach nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError, model_validator

from agent.hints import JobHints, Stated
from agent.llm.asking import Malformed, ask
from agent.llm.protocol import LanguageModel, Message, ModelFailed
from agent.policy.compiler import DEADLINE_S, render_regions, warning_about
from agent.policy.rules import NonNegative, Zone, explain
from agent.policy.schema import lean
from agent.policy.vocabulary import Vocabulary
from agent.prompts import load
from sim.errors import InputError

MAX_TEXT = 4000
CALENDAR_DAYS = 15
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"


def _moment(text: str) -> str:
    """Refuse what is no moment; a date without a time is none either, and an offset is welcome."""
    wrong = f"{text!r} is not a moment; write YYYY-MM-DDTHH:MM"
    if "T" not in text:
        raise ValueError(wrong)
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(wrong) from error
    return text


Moment = Annotated[str, AfterValidator(_moment), Field(json_schema_extra={"pattern": MOMENT})]


class Answer(Stated):
    """What the model writes: moments on a clock, or as hours from now."""

    deadline: Moment | None = None
    deadline_in_h: NonNegative | None = None
    earliest_start: Moment | None = None
    earliest_start_in_h: NonNegative | None = None
    tz: Zone | None = None

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        for name in ("deadline", "earliest_start"):
            if self._given(name) and self._given(f"{name}_in_h"):
                raise ValueError(f"give either {name} or {name}_in_h")
        return self


@dataclass(frozen=True)
class HintsReading:
    """What a description was understood to ask for, and what to be careful about."""

    hints: JobHints
    warnings: tuple[str, ...] = ()


def read_hints(
    text: str, now: datetime, tz: str, vocabulary: Vocabulary, model: LanguageModel, *, deadline_s: float = DEADLINE_S
) -> HintsReading:
    """Return what a job's description asks for, as the model reads it.

    A text that cannot be read yields no hints and a warning that says so; so does a region that is unknown.

    Args:
        text: The description.
        now: When it was submitted, with a time zone.
        tz: The submitter's IANA zone, in which times without a zone are read.
        vocabulary: Its regions may be named.
        model: Who reads.
        deadline_s: Wall seconds allowed for each of two calls at most.

    Raises:
        InputError: If the text is too long, the zone unknown, or the model gives no answer.
    """
    if len(text) > MAX_TEXT:
        raise InputError(f"the description has {len(text)} characters, at most {MAX_TEXT} can be read")
    zone = iana_zone(tz)
    prompt = load("job_hints").fill(regions=render_regions(vocabulary))
    question = f"{calendar(now, zone)}\nText: {text.strip()}"
    messages: list[Message] = [{"role": "system", "content": prompt}, {"role": "user", "content": question}]
    always = [warning for warning in (warning_about(model),) if warning]
    try:
        hints = ask(model, messages, hints_schema(), partial(_validated, now, zone), deadline_s=deadline_s)
    except Malformed as error:
        return HintsReading(JobHints(), (*always, f"could not be read: {error}"))
    except ModelFailed as error:
        raise InputError(f"{model.spec} did not answer: {error}") from error
    known, warnings = _with_known_regions(hints, vocabulary)
    return HintsReading(known, (*always, *warnings, *_past(known, now)))


def iana_zone(tz: str) -> ZoneInfo:
    """Return the zone of an IANA name.

    Raises:
        InputError: If there is none.
    """
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"{tz!r} is not a time zone; give an IANA zone such as Europe/Berlin, or UTC") from error


def at_clock(text: str, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, of an ISO 8601 text: its own offset first, else on the clock of `zone`.

    Raises:
        ValueError: If it is not ISO 8601.
    """
    said = datetime.fromisoformat(text)
    return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)


def calendar(now: datetime, zone: ZoneInfo) -> str:
    """Return what the model needs to know of time: now, the days to come, and when the week ends."""
    local = now.astimezone(zone)
    today = local.date()
    days = [f"{day:%a} {day}" for day in (today + timedelta(days=n) for n in range(CALENDAR_DAYS))]
    days[0] += " (today)"
    days[1] += " (tomorrow)"
    sunday = today + timedelta(days=6 - today.weekday())
    return f"Now: {local:%a %Y-%m-%d %H:%M}, {zone.key}\nDays: {', '.join(days)}\nEnd of week: {sunday}T23:59:59"


def hints_schema() -> dict[str, Any]:
    """Return the schema of an answer: fields may be left out, and none may be null."""
    schema: dict[str, Any] = lean(Answer.model_json_schema())
    return schema


def _validated(now: datetime, zone: ZoneInfo, answer: Any) -> JobHints:
    try:
        said = Answer.model_validate(answer)
        stated = said.model_dump(include=set(Stated.model_fields))
        at = partial(_instant, now=now, zone=zone if said.tz in (None, "local") else ZoneInfo(said.tz))
        deadline = at(said.deadline, said.deadline_in_h)
        earliest = at(said.earliest_start, said.earliest_start_in_h)
        return JobHints(**stated, deadline=deadline, earliest_start=earliest)
    except ValidationError as error:
        raise Malformed(explain(error)) from error
    except OverflowError as error:
        raise Malformed(f"a moment is out of range: {error}") from error


def _instant(clock: str | None, in_h: float | None, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the moment that a clock shows, or that so many hours bring."""
    if clock is not None:
        return at_clock(clock, zone)
    return None if in_h is None else now.astimezone(UTC) + timedelta(hours=in_h)


def _with_known_regions(hints: JobHints, vocabulary: Vocabulary) -> tuple[JobHints, list[str]]:
    """Return the hints with unknown regions left out, and a warning for each of these."""
    known: dict[str, Any] = {}
    warnings = []
    for field in ("regions_only", "regions_deny"):
        names = getattr(hints, field) or ()
        unknown = vocabulary.unknown_regions(names)
        warnings += [f"{field}: {name}, left out" for name in unknown]
        kept = tuple(name for name in names if name not in {one.name for one in unknown})
        known[field] = kept or None
    return hints.model_copy(update=known), warnings


def _past(hints: JobHints, now: datetime) -> Iterator[str]:
    if hints.deadline and hints.deadline <= now:
        yield f"the deadline {hints.deadline} is over"
