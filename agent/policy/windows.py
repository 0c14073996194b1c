"""Windows of local time as intervals of seconds since the scenario's start.

Wall clocks jump twice a year. A time that a jump skips is read with the offset before it, a time
that occurs twice is its first occurrence; a window that a jump swallows whole does not occur.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from agent.policy.rules import DAYS, Window
from sim.units import DAY_S, BoolArray, FloatArray, at_time, seconds_since

# merged weekly windows are shorter than this or endless: a start 8 days back never cuts one short
LEAD = timedelta(days=8)


def zone_of(tz: str, region_tz: str) -> ZoneInfo:
    """Return the zone that a rule's `tz` means in a region: `local` is the region's own."""
    return ZoneInfo(region_tz if tz == "local" else tz)


def moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """Return the UTC moment of a wall-clock time on a day; `24:00` is 00:00 of the day after."""
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def next_moment(after: datetime, clock: str, zone: ZoneInfo) -> datetime:
    """Return the first moment later than `after` at which the clock shows this time."""
    day = after.astimezone(zone).date()
    while (found := moment(day, clock, zone)) <= after:
        day += timedelta(days=1)
    return found


class WindowTimes:
    """When a window holds in one zone: sorted, disjoint intervals [begin, end) that grow as asked for.

    Occurrences that touch are one interval, so a weekend is 48 h and not twice 24 h.
    """

    def __init__(self, window: Window, zone: ZoneInfo, start: datetime) -> None:
        self._window = window
        self._zone = zone
        self._start = start
        self._covered_s = -np.inf
        self._begins = np.empty(0)
        self._ends = np.empty(0)

    def clear(self, starts_s: FloatArray, duration_s: FloatArray | float) -> BoolArray:
        """Tell which runs [start, start + duration) do not overlap the window, shape (S,).

        With durations of shape (J, 1) the answer has shape (J, S).
        """
        begins, ends = self._intervals(starts_s, duration_s)
        following = begins[np.searchsorted(ends, starts_s, side="right")]
        # a run holds its first instant even if it lasts no time
        return (following >= starts_s + duration_s) & (following > starts_s)

    def inside(self, starts_s: FloatArray, duration_s: FloatArray | float, whole_s: FloatArray | float) -> BoolArray:
        """Tell which runs lie in the window, or start in it where `whole_s` is longer than it. Shapes as in `clear`."""
        begins, ends = self._intervals(starts_s, duration_s)
        current = np.searchsorted(ends, starts_s, side="right")
        begin, end = begins[current], ends[current]
        fits = (starts_s + duration_s <= end) | (whole_s > end - begin)
        return (begin <= starts_s) & fits

    def _intervals(self, starts_s: FloatArray, duration_s: FloatArray | float) -> tuple[FloatArray, FloatArray]:
        until_s = float(starts_s.max() + np.max(duration_s))
        if until_s >= self._covered_s:
            # half as far again, so that a run that creeps forward rebuilds rarely
            self._build(1.5 * until_s + 30 * DAY_S)
        return self._begins, self._ends

    def _build(self, until_s: float) -> None:
        day = (self._start - LEAD).astimezone(self._zone).date()
        last = at_time(self._start, until_s).astimezone(self._zone).date()
        merged: list[list[float]] = []
        while day <= last:
            begin, end = self._occurrence(day)
            if merged and begin <= merged[-1][1]:
                merged[-1][1] = max(end, merged[-1][1])
            elif begin < end:
                merged.append([begin, end])
            day += timedelta(days=1)
        # the sentinel: beyond the last interval the next one never comes
        array = np.array([*merged, [np.inf, np.inf]])
        self._begins, self._ends, self._covered_s = array[:, 0].copy(), array[:, 1].copy(), until_s

    def _occurrence(self, day: date) -> tuple[float, float]:
        """Return the interval of the window that starts on this day; an empty one where it does not."""
        window = self._window
        if window.days is not None and DAYS[day.weekday()] not in window.days:
            return np.inf, -np.inf
        end_day = day + timedelta(days=1) if window.end < window.start else day
        begin = moment(day, window.start, self._zone)
        end = moment(end_day, window.end, self._zone)
        return seconds_since(self._start, begin), seconds_since(self._start, end)
