"""What a job's free-text description asks for, read by a language model under a schema.

The model copies what is stated; the calendar, zones, units and names are worked out or looked up by code. Text is
data: hints tighten what one job asks for, and reach nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from agent.hints import JobHints
from agent.llm.protocol import LanguageModel, ModelFailed
from agent.mentions.over import over, without_over
from agent.mentions.reading import mentions
from agent.policy.compiler import warning_about
from agent.policy.crosscheck import crosscheck_hints
from agent.policy.crosscheck_moments import is_said, zones_of
from agent.policy.rules import explain
from agent.policy.vocabulary import UnknownName, Vocabulary
from agent.said.asking import DEADLINE_S, Malformed, Understood, ask
from agent.said.hints import SaidHints, resolve
from agent.said.missed import again
from agent.said.names import invented, unknown_names
from agent.said.narrow import narrow_schema
from agent.said.prompt import question
from agent.said.quantity import Unreadable
from agent.said.schema import schema_of
from sim.errors import InputError

MAX_TEXT = 4000
YEAR = timedelta(days=365)
JUST_OVER = timedelta(days=60)


@dataclass(frozen=True)
class HintsReading:
    """What a description was understood to ask for, what to be careful about, and what looks wrong about it."""

    hints: JobHints
    warnings: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def read_hints(
    text: str, now: datetime, tz: str, vocabulary: Vocabulary, model: LanguageModel, *, deadline_s: float = DEADLINE_S
) -> HintsReading:
    """Return what a job's description asks for, as the model reads it.

    A text that cannot be read yields no hints and a warning that says so; a region that is unknown is left out, with
    a warning. A bound that was over when it was written ("by yesterday") is left out, with a question.

    Args:
        text: The description.
        now: When it was submitted, with a time zone.
        tz: The submitter's IANA zone, in which times without a zone are read.
        vocabulary: Its regions may be named.
        model: Who reads. It is not told the time: an answer holds for the same words on another day.
        deadline_s: Wall seconds allowed for each of two calls at most.

    Raises:
        InputError: If the text is too long, the zone unknown, or the model gives no answer.
    """
    if len(text) > MAX_TEXT:
        raise InputError(f"the description has {len(text)} characters, at most {MAX_TEXT} can be read")
    zone = iana_zone(tz)
    stripped = text.strip()

    def understand(answer: Any) -> Understood[HintsReading]:
        found = _understood(stripped, answer, now, zone, vocabulary)
        doubts = crosscheck_hints(stripped, found.hints, now, zone.key, vocabulary)
        late = (*_over(stripped), *_next_year(stripped, found.hints, now))
        return Understood(found, (*_nowhere(found.hints), *late, *doubts))

    asked = question("hints", vocabulary, stripped, tuned=model.tuned)
    always = tuple(warning for warning in (warning_about(model),) if warning)
    try:
        more = partial(again, "hints", vocabulary, stripped)
        schema = narrow_schema("hints", vocabulary, stripped) if model.tuned else schema_of(SaidHints)
        read = ask(model, asked, schema, understand, again=more, deadline_s=deadline_s)
    except Malformed as error:
        return HintsReading(JobHints(), (*always, f"could not be read: {error}"))
    except ModelFailed as error:
        raise InputError(f"{model.spec} did not answer: {error}") from error
    return HintsReading(read.meaning.hints, (*always, *read.meaning.warnings), read.doubts)


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


def _understood(text: str, answer: Any, now: datetime, zone: ZoneInfo, vocabulary: Vocabulary) -> HintsReading:
    try:
        said = SaidHints.model_validate(answer)
        unknown = unknown_names(said, vocabulary)
        if strange := invented(unknown, text):
            raise Malformed(f"it names {', '.join(strange)}, which the text does not say and nobody knows")
        hints = resolve(_without(said, unknown), now, zone.key, vocabulary)
    except ValidationError as error:
        raise Malformed(explain(error)) from error
    except Unreadable as error:
        raise Malformed(str(error)) from error
    except OverflowError as error:
        raise Malformed(f"a moment is out of range: {error}") from error
    hints = _without_over(text, hints, now, zone, vocabulary)
    return HintsReading(hints, (*(f"{name}, left out" for name in unknown), *_past(hints, now)))


def _without(said: SaidHints, unknown: tuple[UnknownName, ...]) -> SaidHints:
    """Return what is said without the regions that are unknown."""
    dropped = {name.name for name in unknown}
    kept = {
        field: tuple(name for name in getattr(said, field) or () if name not in dropped) or None
        for field in ("only", "but", "deny")
    }
    return said.model_copy(update=kept)


def _nowhere(hints: JobHints) -> Iterator[str]:
    """Yield a doubt if no region is left: such hints contradict themselves."""
    if hints.regions_only and hints.regions_deny and not set(hints.regions_only) - set(hints.regions_deny):
        yield f"no region is left: the job may run only in {', '.join(hints.regions_only)}, and must not run there"


def _past(hints: JobHints, now: datetime) -> Iterator[str]:
    if hints.deadline and hints.deadline <= now:
        yield f"the deadline {hints.deadline} is over"


def _without_over(text: str, hints: JobHints, now: datetime, zone: ZoneInfo, vocabulary: Vocabulary) -> JobHints:
    """Return hints without moments that stand for one that is over: there is no way to say "yesterday" in an answer."""
    if not over(text):
        return hints
    rest = mentions(without_over(text), vocabulary, now.astimezone(zone).date())
    zones = zones_of(rest, zone.key, vocabulary) if rest.of("clock", "date", "days") else []
    moments = {"deadline": hints.deadline, "earliest_start": hints.earliest_start}
    unsaid = {name for name, at in moments.items() if at and not any(is_said(rest, at, now, one) for one in zones)}
    return hints.model_copy(update=dict.fromkeys(unsaid))


def _over(text: str) -> Iterator[str]:
    yield from (f'the text says "{words}", which is over: no such bound was read' for words in over(text))


def _next_year(text: str, hints: JobHints, now: datetime) -> Iterator[str]:
    """Yield a doubt for a day without a year that was a few weeks ago: it is read as that of next year."""
    for name, at in (("deadline", hints.deadline), ("earliest start", hints.earliest_start)):
        if at and at - now > YEAR - JUST_OVER and f"{at.year}" not in text:
            yield f"the {name} is read as {at:%Y-%m-%d}, and the same day of {at.year - 1} was a short while ago"
