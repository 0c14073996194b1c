"""Windows, days and zones: whether sentence and rules agree on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.mentions import stance
from agent.mentions.mention import Mention
from agent.mentions.reading import Mentions
from agent.policy.facts import clock, windows
from agent.policy.rules import DAYS, Budget, Delay, Rule, Window
from agent.said.windows import PERIODS

WINTER, SUMMER = datetime(2026, 1, 15), datetime(2026, 7, 15)  # noqa: DTZ001 - read in many zones


def window_times(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield what is wrong with the times of day of windows, and with the parts of the day that are named."""
    held = windows(rules)
    for window in held:
        yield from _unsaid_times(found, window)
    for one in found.of("period"):
        if one.demanded and not _held_period(found, one, held):
            yield f'the sentence says "{one.words}", and no rule has a window for it'


def _unsaid_times(found: Mentions, window: Window) -> Iterator[str]:
    if any((window.start, window.end) == PERIODS[str(name)][:2] for name in found.meanings("period")):
        return
    said = found.meanings("clock")
    whole_day = window.start == "00:00" and clock(window.end) == "00:00"
    if whole_day and (window.days or found.of("days")):
        return
    opens = clock(window.start) in said or (window.start == "00:00" and stance.BEFORE.search(found.text))
    closes = clock(window.end) in said or (clock(window.end) == "00:00" and stance.AFTER.search(found.text))
    if not (opens and closes):
        yield f"a rule has the window {window.start}-{window.end}, and the sentence does not say it"
    elif not whole_day and _is_reversed(found, window):
        yield f"a rule has the window {window.start}-{window.end}, and the sentence names them the other way round"


def _is_reversed(found: Mentions, window: Window) -> bool:
    """Tell whether every time that could be the end comes before every one that could be the start."""
    begins, ends = (
        [one for one in found.of("clock") if clock(time) in one.of("clock")] for time in (window.start, window.end)
    )
    if (
        not begins
        or not ends
        or any(stance.FROM.search(found.text[max(0, one.begin - 12) : one.begin]) for one in begins)
    ):
        return False
    return max(one.begin for one in ends) < min(one.begin for one in begins)


def _held_period(found: Mentions, one: Mention, held: Sequence[Window]) -> bool:
    """Tell whether a window holds a part of the day; times that are said beside it define it anew."""
    usual = {PERIODS[str(name)][:2] for name in one.of("period")}
    return any((window.start, window.end) in usual for window in held) or bool(held and found.of("clock"))


def days(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield the days that are said and not held, or held and not said; "not on Sundays" may hold the other six."""
    held = [frozenset(window.days) for window in windows(rules) if window.days and len(window.days) < len(DAYS)]
    said = found.of("days")
    every = frozenset[object]().union(*(days for one in said for days in _days(one)))
    chosen = frozenset[object]().union(*held)
    rest = frozenset(DAYS) - every
    for one in said:
        wanted = frozenset[object]().union(*_days(one))
        if (
            one.demanded
            and wanted < frozenset(DAYS)
            and not wanted <= chosen
            and not (chosen and chosen == rest and _is_excepted(found, one))
        ):
            yield f'the sentence says "{one.words}", and no rule holds {_listed(wanted - chosen)}'
    usual = (
        frozenset(PERIODS["business hours"][2] or ()) if "business hours" in found.meanings("period") else frozenset()
    )
    if usual and not said and not found.of("clock") and windows(rules) and usual not in held:
        yield f"the sentence says business hours, and no rule holds {_listed(usual)}"
    for days_ in held:
        if not days_ <= (every | usual) and not (days_ == rest and all(_is_excepted(found, one) for one in said)):
            yield f"a rule holds {_listed(days_ - every - usual)}, and the sentence does not say it"


def _is_excepted(found: Mentions, one: Mention) -> bool:
    return bool(stance.SURELY_EXEMPT.search(found.text[max(0, one.begin - 25) : one.begin]))


def _days(one: Mention) -> list[frozenset[str]]:
    return [days for days in one.of("days") if isinstance(days, frozenset)]


def _listed(days_: frozenset[object]) -> str:
    return ", ".join(day for day in DAYS if day in days_)


def zones(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield the zones that are said and not held, or held and not said."""
    held = {window.tz for window in windows(rules)} | {rule.tz for rule in rules if isinstance(rule, Delay) and rule.tz}
    utc = {"UTC"} if any(isinstance(rule, Budget) for rule in rules) else set()
    for one in found.of("zone", "abbreviation"):
        if one.demanded and not any(same_zone(one, tz) for tz in held | utc) and "local" not in one.of("zone"):
            yield f'the sentence says "{one.words}", and no rule is in that time zone'
    for tz in sorted(held - {"local"}):
        if not any(same_zone(one, tz) for one in found.of("zone", "abbreviation")):
            yield f"a rule is in the time zone {tz}, and the sentence does not name it"
    if held and "local" not in held and "local" in found.meanings("zone") and len(found.of("zone")) == 1:
        yield "the sentence says local time, and no rule is in local time"


def same_zone(one: Mention, tz: str) -> bool:
    """Tell whether a mention of a zone or of its abbreviation, in winter or in summer, is of this one."""
    if tz in one.of("zone"):
        return True
    names = {tz, *(ZoneInfo(tz).tzname(moment) for moment in (WINTER, SUMMER))} if tz != "local" else set()
    short = {f"{name[0]}{name[-1]}" for name in names if name and len(name) == 3}
    return bool(one.of("abbreviation") & (names | short))
