"""The numbers of a trace, and which numbers of a text do not stand in it.

A number stands if the trace holds one that rounds to it as it is printed: "12.1 g" needs carbon between 12.05 and
12.15 g. With a unit only numbers of that dimension count; without one any number does. Moments stand if the trace holds
a second within that minute. What the trace holds word for word, names and rules, may be quoted as it is.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from agent.mentions.numbers import numbers
from agent.mentions.quantities import UNIT
from sim.units import DAY_S, HOUR_S, MINUTE_S, seconds_since

UNITS: Mapping[str, tuple[str, float]] = {
    "s": ("s", 1.0), "min": ("s", MINUTE_S), "h": ("s", HOUR_S), "d": ("s", DAY_S), "week": ("s", 7 * DAY_S),
    "fortnight": ("s", 14 * DAY_S), "g": ("g", 1.0), "kg": ("g", 1e3), "t": ("g", 1e6), "kwh": ("kwh", 1.0),
    "mwh": ("kwh", 1e3), "gwh": ("kwh", 1e6), "usd": ("usd", 1.0), "ct": ("usd", 0.01), "percent": ("share", 0.01),
    "times": ("share", 1.0), "cpus": ("cpus", 1.0), "gpus": ("gpus", 1.0), "gb": ("gb", 1.0), "mb": ("gb", 1e-3),
    "tb": ("gb", 1e3),
}  # fmt: skip
"""The unit of a text, as `agent.mentions` names it: its dimension, and how much one is in the dimension's own unit."""

INTENSITY = "g_per_kwh"

_BY_KEY: tuple[tuple[str, str, float], ...] = (
    (r"g_per_kwh|(actual_)?intensity(_above)?", INTENSITY, 1.0),
    (r"(.*_)?carbon_g(_by_run)?|.*_g", "g", 1.0),
    (r"(.*_)?kg|carbon_above_kg", "g", 1e3),
    (r".*_kwh", "kwh", 1.0),
    (r".*usd", "usd", 1.0),
    (r".*_s", "s", 1.0),
    (r".*_min", "s", MINUTE_S),
    (r".*_h", "s", HOUR_S),
    (r".*_share|utilization|max_utilization|.*_rate", "share", 1.0),
    (r"(.*_)?cpus", "cpus", 1.0),
    (r"(.*_)?gpus", "gpus", 1.0),
    (r"(.*_)?gb", "gb", 1.0),
)
"""From the key under which JSON holds a number to its dimension: units live in names."""

MOMENT = re.compile(r"\b(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?Z?\b")
_CLOCK = re.compile(r"(?<![\d:.])\d{1,2}:\d\d(?![\d:])")
_NAME = re.compile(r"(?!CO2)[A-Za-z][\w-]*\d\w*")
"""A name with digits in it: one that the trace lacks is as good as a number that it lacks."""
_HIDDEN = "\x00"


class Trace:
    """Numbers by dimension, and what may be quoted. `start` is the moment of second 0, `known` are the jobs' ids."""

    def __init__(self, start: datetime, known: Container[str] = ()) -> None:
        self._start, self._known = start, known
        self._numbers: dict[str, list[float]] = {"": []}
        self._names: set[str] = set()

    def add(self, dimension: str, *values: float | None) -> None:
        """Hold numbers of a dimension, `` for counts; None is none."""
        held = self._numbers.setdefault(dimension, [])
        for value in values:
            if value is not None and abs(value) < float("inf"):
                bisect.insort(held, abs(float(value)))

    def add_all(self, pairs: Iterable[tuple[str, float | None]]) -> None:
        """Hold pairs of dimension and number."""
        for dimension, value in pairs:
            self.add(dimension, value)

    def add_json(self, content: Any, key: str = "") -> None:
        """Hold every number of a JSON value, by the keys under which they stand."""
        if isinstance(content, Mapping):
            for name, value in content.items():
                self.add_json(value, str(name))
        elif isinstance(content, list | tuple):
            for value in content:
                self.add_json(value, key)
        elif isinstance(content, int | float) and not isinstance(content, bool):
            dimension, factor = _dimension(key)
            self.add(dimension, content * factor)

    def quote(self, *texts: str | None) -> None:
        """Let texts be said word for word. A name that is a number counts as one."""
        for text in texts:
            if not text:
                continue
            if re.fullmatch(r"[\d.,]+", text):
                self.add("", *(number.value for number in numbers(text)))
            else:
                self._names.add(text)

    def missing(self, text: str) -> list[str]:
        """Return the numbers of a text that do not stand here, as they are printed, in their order."""
        left = self._without_names(text)
        found: list[tuple[int, str]] = []
        for pattern in (MOMENT, _CLOCK):
            found += [(one.start(), one[0]) for one in pattern.finditer(left) if not self._has_moment(one[0])]
            left = pattern.sub(lambda match: _HIDDEN * len(match[0]), left)
        said = numbers(left)
        for number in said:
            printed = left[number.begin : number.end]
            unit = UNIT.match(left, number.end)
            named = printed in self._known and left[: number.begin].endswith("job ")
            if not named and not self._has(number.value, printed, unit):
                found.append((number.begin, printed + (unit[0] if unit else "")))
        covered = {at for number in said for at in range(number.begin, number.end)}
        names = [one for one in _NAME.finditer(left) if one[0] not in self._known]
        found += [(one.start(), one[0]) for one in names if not covered & set(range(*one.span()))]
        return [printed for _, printed in sorted(found)]

    def _without_names(self, text: str) -> str:
        """Return the text with what may be quoted hidden, the longest first; lengths stay."""
        for name in sorted(self._names, key=len, reverse=True):
            text = re.sub(
                rf"(?<![\w.]){re.escape(name)}(?!\w)", lambda match: re.sub(r"[^\s]", _HIDDEN, match[0]), text
            )
        return text

    def _has_moment(self, printed: str) -> bool:
        """Return whether a second of the trace lies in a minute: of a date, or of any day."""
        held = self._numbers.get("s", [])
        if re.fullmatch(_CLOCK, printed):
            hour, minute = map(int, printed.split(":"))
            midnight_s = seconds_since(self._start.replace(hour=0, minute=0, second=0, microsecond=0), self._start)
            wanted_s = hour * HOUR_S + minute * MINUTE_S
            return any(0 <= (midnight_s + t_s) % DAY_S - wanted_s < MINUTE_S for t_s in held)
        digits = re.sub(r"^[A-Z][a-z]{2} ", "", printed).replace("T", " ")[:16]
        try:
            begin_s = seconds_since(self._start, datetime.strptime(digits, "%Y-%m-%d %H:%M").replace(tzinfo=UTC))
        except ValueError:  # no such day
            return False
        at = bisect.bisect_left(held, begin_s - 1e-3)
        return at < len(held) and held[at] < begin_s + MINUTE_S

    def _has(self, value: float, printed: str, unit: re.Match[str] | None) -> bool:
        step = 10.0 ** -len(printed.partition(".")[2]) if printed[:1].isdigit() else 1.0
        named = _unit(unit)
        if named is None:
            scales = {(dimension, factor) for dimension, factor in (*UNITS.values(), (INTENSITY, 1.0), ("", 1.0))}
            return any(self._near(dimension, value * factor, step * factor) for dimension, factor in scales)
        dimension, factor = named
        return self._near(dimension, value * factor, step * factor)

    def _near(self, dimension: str, value: float, step: float) -> bool:
        """Return whether a number of this dimension rounds to `value` in steps of `step`."""
        held = self._numbers.get(dimension, [])
        slack = step * (0.5 + 1e-6) + 1e-9 * abs(value)
        at = bisect.bisect_left(held, value - slack)
        return at < len(held) and held[at] <= value + slack


def _dimension(key: str) -> tuple[str, float]:
    for pattern, dimension, factor in _BY_KEY:
        if re.fullmatch(pattern, key):
            return dimension, factor
    return "", 1.0


def _unit(match: re.Match[str] | None) -> tuple[str, float] | None:
    """Return the dimension of a unit that was found, and what one of it is; None where it is none of ours."""
    if match is None:
        return None
    groups = match.groupdict()
    if groups.get("per_kwh") and groups.get("g"):
        return INTENSITY, 1.0
    return next((UNITS[name] for name in UNITS if groups.get(name)), None)
