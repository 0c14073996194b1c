"""Whether a job's hints account for its description and for nothing else; see `crosscheck`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from agent.hints import JobHints
from agent.mentions import stance
from agent.mentions.mention import Meaning, Mention, round_off
from agent.mentions.reading import Mentions, mentions
from agent.policy.crosscheck_moments import days_of, is_said, near_hours, zones_of
from agent.policy.crosscheck_places import regions
from agent.policy.english import number
from agent.policy.rules import DAYS, Placement, Rule
from agent.policy.vocabulary import Vocabulary

END = re.compile(r"(?<![ap]\.m)[.!?]+(?=\s|$)|\n|;")
QUESTION = re.compile(r"^\W*(?:how|why|who|what|when|where|does|did|is|was|are)\b.*\?", re.I | re.S)
SIZES = {"cpus": "cpus", "gpus": "gpus", "memory_gb": "gb"}


def crosscheck_hints(text: str, hints: JobHints, now: datetime, tz: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return what in a description no hint holds, and what in the hints it does not say; empty if all agrees.

    Numbers without a unit and money are left out: descriptions chat, and no hint could hold them.

    Args:
        text: What the submitter wrote.
        hints: Its reading; without any, whatever the text asks for is a finding.
        now: When it was written, with a zone.
        tz: The submitter's IANA zone.
        vocabulary: The names of regions.
    """
    found = asking(mentions(text, vocabulary, now.astimezone(ZoneInfo(tz)).date()))
    findings = (
        *_quantities(found, hints, now),
        *_moments(found, hints, now, tz, vocabulary),
        *regions(found, _as_rules(hints), vocabulary, text="text", by="hint"),
        *_effects(found, hints),
        *_traits(found, hints),
    )
    return tuple(dict.fromkeys(findings))


def asking(found: Mentions) -> Mentions:
    """Return the mentions of a text; those that tell or ask what has been demand nothing, nor places merely liked."""
    ends = [match.end() for match in END.finditer(found.text)]
    begins = [0, *ends]
    told = [
        (begin, end)
        for begin, end in zip(begins, [*ends, len(found.text)], strict=True)
        if any(pattern.search(found.text[begin:end]) for pattern in (stance.TOLD, stance.HISTORY, QUESTION))
    ]
    liked = [
        (begin, end)
        for begin, end in zip(begins, [*ends, len(found.text)], strict=True)
        if stance.WISHED.search(found.text[begin:end])
    ]
    return Mentions(
        found.text,
        tuple(
            one._replace(demanded=one.demanded and not _within(one, [*told, *(liked if one.of("region") else [])]))
            for one in found.all
        ),
    )


def _within(one: Mention, stretches: Sequence[tuple[int, int]]) -> bool:
    return any(begin <= one.begin < end for begin, end in stretches)


def _held(hints: JobHints, now: datetime) -> set[Meaning]:
    """Return the quantities of hints; a moment may be said as hours from now."""
    held: set[Meaning] = {
        ("h", round_off(value)) for value in (hints.max_delay_h, hints.duration_h) if value is not None
    }
    for moment in (hints.deadline, hints.earliest_start):
        if moment is not None:
            held.add(("h", round_off((moment - now).total_seconds() / 3600)))
    for field, dimension in SIZES.items():
        value = getattr(hints, field)
        if value is not None:
            held.add((dimension, round_off(value)))
    return held


def _quantities(found: Mentions, hints: JobHints, now: datetime) -> Iterator[str]:
    held = _held(hints, now)
    moments = [moment for moment in (hints.deadline, hints.earliest_start) if moment]
    for one in found.of("h", "cpus", "gpus", "gb"):
        # "in two days at 17:00" is a day, and not 48 hours; "6h" may be a time of day, if there is a moment for it
        day = any(
            (now + timedelta(hours=hours)).date() == moment.date()
            for hours in near_hours(one.of("h"))
            if hours >= 24
            for moment in moments
        )
        time = bool(moments and one.of("clock"))
        if one.demanded and not (one.meanings & held or day or one.of("g/kwh") or time):
            yield f'the text says "{one.words}", and no hint holds it'
    yield from _bounds(found, hints, now)
    yield from _latest_not_earliest(found, hints, now)
    yield from _of_others(found, hints)
    said = {meaning for one in found.all for meaning in one.meanings}
    said |= {("gpus", 1.0)} if ("gpu", True) in said else set()
    said |= {("gpus", 0.0)} if ("gpu", False) in said else set()
    for field, dimension in {"max_delay_h": "h", "duration_h": "h", **SIZES}.items():
        value = getattr(hints, field)
        meanings = {(dimension, round_off(value or 0.0))} | (
            {("number", round_off(value or 0.0))} if dimension != "h" else set()
        )
        if value is not None and not meanings & said and not (field == "max_delay_h" and value == 0):
            yield f"a hint holds {field} {number(value)}, and the text does not say it"
    if hints.max_delay_h == 0 and not stance.AT_ONCE.search(found.text):
        yield "a hint says to start without delay, and the text does not"
    if stance.SURELY_AT_ONCE.search(found.text) and hints.max_delay_h != 0:
        yield "the text says to start without delay, and no hint holds max_delay_h 0"
    if hints.duration_h is not None and _only_waits(_beside(found, "h", values=[round_off(hints.duration_h)])):
        yield "a hint holds a run time, and the text does not speak of one"
    if hints.max_delay_h and not stance.STARTING.search(_beside(found, "h", values=[round_off(hints.max_delay_h)])):
        yield "a hint bounds the wait before the start, and the text does not"


def _bounds(found: Mentions, hints: JobHints, now: datetime) -> Iterator[str]:
    """Yield where hours from now bound the start and are held as a deadline, or the end and are held as a delay."""
    due_h = None if hints.deadline is None else round_off((hints.deadline - now).total_seconds() / 3600)
    for held_h, wrong, right, says in (
        (due_h, stance.BY_THE_START, stance.BY_THE_END, "a hint holds a deadline, and the text bounds the start"),
        (hints.max_delay_h, stance.BY_THE_END, stance.BY_THE_START, "a hint bounds the start, and the text the end"),
    ):
        said = [one for one in found.of("h") if held_h and round_off(held_h) in one.of("h")]
        before = [found.text[max(0, one.begin - 60) : one.begin] for one in said]
        if before and all(_last(wrong, one) > _last(right, one) for one in before):
            yield says


def _latest_not_earliest(found: Mentions, hints: JobHints, now: datetime) -> Iterator[str]:
    """Yield where "up to 12 hours" is held as an earliest start."""
    begin_h = None if hints.earliest_start is None else round_off((hints.earliest_start - now).total_seconds() / 3600)
    said = [one for one in found.of("h") if begin_h and begin_h in one.of("h")]
    if said and all(stance.UP_TO.search(found.text[max(0, one.begin - 20) : one.begin]) for one in said):
        yield "a hint holds an earliest start, and the text says how long the job may wait at most"


def _of_others(found: Mentions, hints: JobHints) -> Iterator[str]:
    """Yield where what a text says of other jobs is held as a hint about this one."""
    for held, pattern, what in (
        (hints.interruptible is not None, stance.SUSPENSION, "whether the job may be interrupted"),
        (hints.max_delay_h == 0, stance.AT_ONCE, "a start without delay"),
    ):
        said = [part for part in _sentences(found.text) if pattern.search(part)] if held else []
        if said and all(stance.OTHER_JOBS.search(part) for part in said):
            yield f"a hint holds {what}, and the text speaks of other jobs"


def _sentences(text: str) -> list[str]:
    ends = [0, *(match.end() for match in END.finditer(text)), len(text)]
    return [text[begin:end] for begin, end in pairwise(ends)]


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Return where a pattern begins for the last time, -1 if it is not there."""
    return max((match.start() for match in pattern.finditer(text)), default=-1)


def _only_waits(said: str) -> bool:
    return bool(stance.WAITING.search(said)) and not stance.RUN_TIME.search(said)


def _moments(found: Mentions, hints: JobHints, now: datetime, tz: str, vocabulary: Vocabulary) -> Iterator[str]:
    zones = zones_of(found, tz, vocabulary)
    held = {"deadline": hints.deadline, "earliest_start": hints.earliest_start}
    moments = [moment for moment in held.values() if moment is not None]
    for field, moment in held.items():
        if moment is not None and not any(is_said(found, moment, now, zone) for zone in zones):
            local = moment.astimezone(ZoneInfo(tz))
            yield f"a hint holds the {field} {local:%a %Y-%m-%d %H:%M} ({tz}), and the text does not say it"
    walls = [moment.astimezone(zone) for moment in moments for zone in zones]
    times = {f"{wall:%H:%M}" for wall in walls}
    for one in found.of("clock"):
        if one.demanded and not one.of("number") and not one.of("clock") & times and not one.of("h"):
            yield f'the text says "{one.words}", and no hint holds that time'
    dates = {wall.date() for wall in walls} | {(wall - timedelta(minutes=1)).date() for wall in walls}
    for one in found.of("date"):
        if one.demanded and not one.of("date") & dates:
            yield f'the text says "{one.words}", and no hint holds that day'
    for one in found.of("days"):
        if one.demanded and not any(DAYS[day.weekday()] in days_of(one) for day in dates):
            yield f'the text says "{one.words}", and no hint holds that day'
    if hints.deadline and not stance.DEADLINE.search(found.text):
        yield "a hint holds a deadline, and the text does not speak of one"
    if hints.earliest_start and not stance.EARLIEST.search(_beside(found, "clock", "date", "days", "h")):
        yield "a hint holds an earliest start, and the text does not speak of one"
    if hints.deadline and not hints.earliest_start and stance.SURELY_EARLIEST.search(found.text):
        yield "the text says when to start at the earliest, and no hint holds it"


def _as_rules(hints: JobHints) -> Sequence[Rule]:
    """Return the regions of hints as the rules that they would be."""
    lists = (("only", hints.regions_only), ("deny", hints.regions_deny))
    return [
        Placement(kind="placement", effect="only" if effect == "only" else "deny", regions=ids, source="description")
        for effect, ids in lists
        if ids
    ]


def _beside(found: Mentions, *dimensions: str, values: Collection[object] | None = None) -> str:
    """Return the sentences that hold mentions in some dimension, of certain values."""
    ends = [0, *(match.end() for match in END.finditer(found.text)), len(found.text)]
    chosen = [
        one
        for one in found.of(*dimensions)
        if values is None or any(value in values for name in dimensions for value in one.of(name))
    ]
    stretches = pairwise(ends)
    return " ".join(
        found.text[begin:end] for begin, end in stretches if any(begin <= one.begin < end for one in chosen)
    )


def _effects(found: Mentions, hints: JobHints) -> Iterator[str]:
    said = stance.IDIOMS.sub(" ", _beside(found, "region"))
    forbids, confines = stance.NOT.search(said), stance.SURELY_CONFINED.search(said)
    if hints.regions_deny and not forbids:
        yield "a hint forbids regions, and the text forbids nothing"
    if hints.regions_deny and not hints.regions_only and confines and not stance.PLAINLY_NOT.search(said):
        yield "a hint forbids regions, and the text confines the job to them"
    if hints.regions_only and not (stance.CONFINED.search(said) or confines):
        yield "a hint confines the job to regions, and the text confines nothing"


def _traits(found: Mentions, hints: JobHints) -> Iterator[str]:
    said = found.of("at_least", "at_most", "level")
    levels = {value for one in said for name in ("level", "at_least", "at_most") for value in one.of(name)}
    relaxed, hurried = stance.NO_HURRY.search(found.text), stance.HURRY.search(found.text)
    surely = stance.SURELY_HURRIED.search(found.text)
    if hints.priority is None:
        yield from (f'the text says "{one.words}", and no hint holds a priority' for one in said if one.demanded)
    elif hints.priority not in levels and (
        levels or not (relaxed if hints.priority == "low" else hurried and hints.priority != "normal")
    ):
        yield f"a hint holds the priority {hints.priority}, and the text does not say it"
    if hints.priority is None and surely:
        yield f'the text says "{surely[0]}", and no hint holds a priority'
    paused = stance.SURELY_SUSPENSION.search(found.text)
    if hints.interruptible is None and paused:
        yield f'the text says "{paused[0]}", and no hint holds whether it may be interrupted'
    if hints.interruptible is not None and not stance.SUSPENSION.search(found.text):
        yield "a hint says whether the job may be interrupted, and the text does not"
    forbidden, fine = stance.NO_SUSPENSION.search(found.text), stance.NO_MATTER.search(found.text)
    if hints.interruptible is False and not forbidden and not stance.LOSES.search(found.text):
        yield "a hint says that the job may not be interrupted, and the text does not"
    if hints.interruptible and forbidden and not fine:
        yield f'a hint says that the job may be interrupted, and the text says "{forbidden[0]}"'
