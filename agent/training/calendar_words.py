"""Moments as people say them: `by Friday 5pm`, `before the end of the week`, `in two days`."""

from __future__ import annotations

from agent.policy.rules import DAYS
from agent.training.clocks import NAMES, clock, draw_clock, draw_zone, zone
from agent.training.grammar import Rng, chance, keep, one, say
from agent.training.numerals import duration
from agent.training.subjects import draw_duration

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
ENDS = {
    "end of day": "[the end of the day|end of day|EOD|the end of today]",
    "end of week": "[the end of the week|end of week|EOW|the end of this week]",
    "end of next week": "[the end of next week|end of next week]",
    "end of month": "[the end of the month|month's end|end of month|the end of this month]",
}


def draw_moment(rng: Rng, *, last: bool) -> str:
    """Return a moment, as said; `last` for a deadline, else for an earliest start."""
    draw = rng.random()
    if draw < 0.18:
        return f"+{draw_duration(rng)}"
    if draw < 0.3 and last:
        return one(rng, list(ENDS))
    if draw < 0.36 and not last:
        return "next week"
    day = _draw_day(rng)
    if draw > 0.88:
        return _with_zone(draw_clock(rng), rng)
    return day if chance(rng, 0.25) else _with_zone(f"{day} {draw_clock(rng)}", rng)


def _draw_day(rng: Rng) -> str:
    draw = rng.random()
    if draw < 0.45:
        return one(rng, DAYS)
    if draw < 0.68:
        return one(rng, ["tomorrow", "tomorrow", "today", "day after tomorrow"])
    if draw < 0.76:
        return f"{int(rng.integers(1, 29))}th"
    month, day = int(rng.integers(1, 13)), int(rng.integers(1, 29))
    year = f"{int(rng.integers(2026, 2029))}-" if chance(rng, 0.3) else ""
    return f"{year}{month:02}-{day:02}"


def _with_zone(said: str, rng: Rng) -> str:
    return f"{said} {draw_zone(rng)}" if chance(rng, 0.2) else said


def moment(said: str, rng: Rng) -> str:
    """Return the words of a moment, to follow `by` or `not before`; for `+6 h` the span alone."""
    if said.startswith("+"):
        return duration(said[1:], rng)
    if said in ENDS:
        return keep(say(ENDS[said], rng))
    if said == "next week":
        return keep("next week")
    day, time, spoken = _parts(said)
    where = " " + zone(spoken, rng) if spoken else ""
    if not day:
        return keep(clock(time, rng)) + where
    if not time:
        return keep(_day(day, rng))
    return _both(day, time, rng) + where


def day_corrected(said: str, rng: Rng) -> str:
    """Return a day of the week and a time, where another day is said first and taken back: `Monday, no, Tuesday, 9:00`.

    Empty if the moment is no such one.
    """
    day, time, spoken = _parts(said)
    if day not in DAYS or not time:
        return ""
    wrong = one(rng, [other for other in DAYS if other != day])
    where = " " + zone(spoken, rng) if spoken else ""
    pattern = "{w}[, I mean |, no, |, sorry, |... er, |, or rather |, pardon, ]{d}[, | at | ]{t}"
    return keep(say(pattern, rng, w=NAMES[DAYS.index(wrong)], d=NAMES[DAYS.index(day)], t=clock(time, rng))) + where


def _parts(said: str) -> tuple[str, str, str]:
    words = said.split(" ")
    at = next((i for i, word in enumerate(words) if word[2:3] == ":"), len(words))
    return " ".join(words[:at]), words[at] if at < len(words) else "", " ".join(words[at + 1 :])


def _both(day: str, time: str, rng: Rng) -> str:
    hour = int(time[:2])
    if day == "today" and 18 <= hour < 24 and chance(rng, 0.5):
        return keep(say("[tonight|tonight|this evening][ at | |, ]{t}", rng, t=clock(time, rng, part=False)))
    if day in ("today", "tomorrow", *DAYS) and chance(rng, 0.3) and 1 <= hour < 22:
        part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
        short = clock(time, rng, part=False)
        named = {"today": f"this {part}", "tomorrow": f"tomorrow {part}"}.get(day, f"{_day(day, rng)} {part}")
        return keep(say("{d}[ at | |, ]{t}", rng, d=named, t=short))
    pattern = "[{d} {t}|{d} at {t}|{t} on {d}|{d}, {t}|{d} {t}]"
    if not (day in DAYS or day[:1].isdigit()):
        pattern = "[{d} {t}|{d} at {t}|{t} {d}|{d}, {t}]"
    return keep(say(pattern, rng, d=_day(day, rng), t=clock(time, rng)))


def _day(day: str, rng: Rng) -> str:
    if day in DAYS:
        name = NAMES[DAYS.index(day)]
        return one(rng, [name, name, name, name[:3], f"this {name}", f"{name[:3]}."])
    if day == "day after tomorrow":
        return "the day after tomorrow"
    if day.endswith("th"):
        number = int(day[:-2])
        return say("the {n}{s}[| of the month|]", rng, n=str(number), s=_suffix(number))
    if day[:1].isdigit():
        return _date(day, rng)
    return day


def _suffix(number: int) -> str:
    return "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _date(day: str, rng: Rng) -> str:
    *year, month, number = day.split("-")
    name, n = MONTHS[int(month) - 1], int(number)
    texts = [
        f"{name} {n}",
        f"{n} {name}",
        f"{name[:3]} {n}",
        f"{name} {n}{_suffix(n)}",
        f"the {n}{_suffix(n)} of {name}",
        f"{n}{_suffix(n)} {name}",
        f"{n}. {name}",
        f"{n} {name[:3]}",
        f"{name} the {n}{_suffix(n)}",
        *(
            [f"{n} {name.lower()}", f"{name.lower()} {n}", f"{n} {name[:3].lower()}"]
            if name not in ("March", "May")
            else []
        ),
    ]
    if year:
        return one(rng, [day, f"{one(rng, texts)} {year[0]}", f"{one(rng, texts)}, {year[0]}"])
    return one(rng, texts)
