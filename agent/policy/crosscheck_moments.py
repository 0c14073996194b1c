"""Whether a text says a moment: by its day and its time of day, or as hours from now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.mentions import stance
from agent.mentions.mention import Mention
from agent.mentions.reading import Mentions
from agent.policy.crosscheck_times import same_zone
from agent.policy.rules import DAYS
from agent.policy.vocabulary import Vocabulary
from agent.said.windows import PERIODS

MOST_H = 100_000.0
WEEK = timedelta(days=7)


def zones_of(found: Mentions, tz: str, vocabulary: Vocabulary) -> list[ZoneInfo]:
    """Return the zones in which a text may tell the time: the submitter's and those that it names."""
    named = {str(zone) for zone in found.meanings("zone") if zone != "local"}
    short = found.of("abbreviation")
    known = {region.tz for region in vocabulary.regions} | {"UTC", "CET", "EET", "EST", "MST", "America/Los_Angeles"}
    named |= {zone for zone in known for one in short if same_zone(one, zone)}
    return [ZoneInfo(zone) for zone in dict.fromkeys((tz, *sorted(named)))]


def near_hours(values: Iterable[object]) -> list[float]:
    """Return the hours that lead to a date: not millions of them."""
    return [value for value in values if isinstance(value, float) and value < MOST_H]


def is_said(found: Mentions, moment: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Tell whether a text says a moment on the clocks of a zone."""
    hours = near_hours(found.meanings("h"))
    if any(abs((now + timedelta(hours=value) - moment).total_seconds()) < 60 for value in hours):
        return True
    wall = moment.astimezone(zone)
    clock = f"{wall:%H:%M}"
    first, last = clock == "00:00", clock == "23:59"
    times = found.meanings("clock")
    for name in found.meanings("period"):
        times |= set(PERIODS[str(name)][:2])
    if not (clock in times or first or last):
        return False
    days = {wall.date()} | ({wall.date() - timedelta(days=1)} if first else set())
    counted = {(now + timedelta(hours=value)).astimezone(zone).date() for value in hours if value >= 24}
    soon = moment - now <= timedelta(days=1)
    return any(_is_said_day(found, day, now, zone, counted, soon=soon) for day in days)


def _is_said_day(found: Mentions, day: date, now: datetime, zone: ZoneInfo, counted: set[date], *, soon: bool) -> bool:
    """Tell whether the day is said; without any, a time of day is the next such time."""
    named = found.meanings("date") | counted
    weekdays = frozenset[str]().union(*(days_of(one) for one in found.of("days")))
    today = now.astimezone(zone).date()
    near = 2 * WEEK if stance.NEXT.search(found.text) else WEEK
    if day in named or (DAYS[day.weekday()] in weekdays and day - today <= near):
        return True
    return not named and not weekdays and soon


def days_of(one: Mention) -> frozenset[str]:
    """Return the days of the week that a mention could mean."""
    return frozenset[str]().union(*(days for days in one.of("days") if isinstance(days, frozenset)))
