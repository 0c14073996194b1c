"""Moments as people say them: `fri 17:00`, `tomorrow`, `end of week`, `+6 h`. Code does the calendar."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from agent.policy.rules import DAYS
from agent.policy.vocabulary import Vocabulary
from agent.said.quantity import HOURS, Unreadable, amount
from agent.said.windows import CLOCK, DAY
from agent.said.zones import zone as zone_of

ENDS = ("end of day", "end of week", "end of next week", "end of month")
WORDS = ("today", "tomorrow", "day after tomorrow", "next week", *ENDS)
ON = rf"({'|'.join(sorted(WORDS, key=len, reverse=True))}|{DAY}|[0-9]{{1,2}}th|([0-9]{{4}}-)?[0-9]{{2}}-[0-9]{{2}})"
MOMENT = rf"^(\+[0-9]{{1,5}}(\.[0-9]{{1,2}})? (h|min|d)|({ON}|{CLOCK}|{ON} {CLOCK})( [A-Za-z_/ ]{{2,32}})?)$"
PARTS = rf"(?:(?P<day>{ON}) ?)?(?P<clock>{CLOCK})?(?: ?(?P<zone>[A-Za-z_/ ]+))?"
SaidMoment = Annotated[str, Field(pattern=MOMENT, max_length=64)]
LAST = "23:59:59"


def moment(said: str, now: datetime, tz: str, vocabulary: Vocabulary, *, last: bool) -> datetime:
    """Return the UTC moment that is meant.

    Args:
        said: `+6 h`; or a day, a time of day or both, and perhaps a zone. A day is a word of `WORDS`, a weekday (the
            next one, today included if it is not too late), `15th` (of this month or the next), `12-24` or
            `2026-12-24`.
        now: When it was said, with a zone.
        tz: The IANA zone of who said it.
        vocabulary: Whose region names can name zones too.
        last: Whether a day without a time means its last second (a deadline) or its first (an earliest start).

    Raises:
        Unreadable: If there is no such moment.

    Example:
        >>> here = Vocabulary.model_validate({"regions": [{"id": "a", "zone": "A", "tz": "UTC"}]})
        >>> wednesday = datetime(2026, 12, 2, 10, tzinfo=UTC)
        >>> moment("fri 17:00", wednesday, "Europe/Berlin", here, last=True).isoformat()
        '2026-12-04T16:00:00+00:00'
    """
    if not re.fullmatch(MOMENT, said):
        raise Unreadable(f"{said!r} is not a moment")
    if said.startswith("+"):
        return now.astimezone(UTC) + timedelta(hours=amount(said[1:], HOURS))
    day, clock, spoken = _parts(said)
    where = ZoneInfo(zone_of(spoken, vocabulary) if spoken and spoken != "local" else tz)
    local = now.astimezone(where)
    if day is None:
        return _next(clock, local, where)
    chosen = _date(day, clock, local, last=last)
    return _wall(chosen, clock or (LAST if last or day in ENDS else "00:00"), where)


def _parts(said: str) -> tuple[str | None, str, str]:
    """Return the day, the time of day and the zone, each empty where it is not said."""
    found = re.fullmatch(PARTS, said)
    if found is None:
        raise Unreadable(f"{said!r} is not a moment")
    return found["day"], found["clock"] or "", (found["zone"] or "").strip()


def _date(day: str, clock: str, local: datetime, *, last: bool) -> date:
    today = local.date()
    sunday = today + timedelta(days=6 - today.weekday())
    words = {
        "today": today,
        "end of day": today,
        "tomorrow": today + timedelta(days=1),
        "day after tomorrow": today + timedelta(days=2),
        "end of week": sunday,
        "end of next week": sunday + timedelta(days=7),
        "next week": sunday + timedelta(days=7 if last else 1),
        "end of month": today.replace(day=monthrange(today.year, today.month)[1]),
    }
    if day in words:
        return words[day]
    if day in DAYS:
        ahead = (DAYS.index(day) - today.weekday()) % 7
        return today + timedelta(days=7 if ahead == 0 and _is_past(clock, local, last=last) else ahead)
    return _numbered(day, today)


def _is_past(clock: str, local: datetime, *, last: bool) -> bool:
    """Tell whether that time of today is over; a deadline of a mere day is not, an earliest start today is now."""
    return bool(clock) and clock < local.strftime("%H:%M")


def _numbered(day: str, today: date) -> date:
    """Return the next date of `15th` or `12-24`, or the one of `2026-12-24`."""
    try:
        if day.endswith("th"):
            return _next_day_of_month(int(day[:-2]), today)
        if len(day) > 5:
            return date.fromisoformat(day)
        month, number = (int(part) for part in day.split("-"))
        this_year = date(today.year, month, number)
        return this_year if this_year >= today else date(today.year + 1, month, number)
    except ValueError as error:
        raise Unreadable(f"there is no day {day!r}: {error}") from error


def _next_day_of_month(number: int, today: date) -> date:
    if number >= today.day:
        return today.replace(day=number)
    year, month = divmod(today.year * 12 + today.month, 12)
    return date(year, month + 1, number)


def _next(clock: str, local: datetime, where: ZoneInfo) -> datetime:
    moments = (_wall(local.date() + timedelta(days=offset), clock, where) for offset in range(-1, 3))
    return min(one for one in moments if one > local)


def _wall(day: date, clock: str, where: ZoneInfo) -> datetime:
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock; its zone comes below
    wall = midnight + timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))
    return wall.replace(tzinfo=where).astimezone(UTC)
