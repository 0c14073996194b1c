"""Times of day, windows, days of the week and zones in the many ways in which people write them."""

from __future__ import annotations

from agent.policy.rules import DAYS
from agent.training.grammar import Rng, chance, keep, one, say
from agent.training.numerals import words

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PERIODS = {
    "business hours": "[during|in|within|throughout] [business hours|office hours|normal business hours]",
    "night": "[at night|overnight|during the night|in the night|at night-time|in the night hours|through the night|every night|by night|at nights]",  # noqa: E501
    "morning": "[in the morning|in the mornings|during the morning|in the morning hours|every morning|of a morning|mornings]",  # noqa: E501
    "afternoon": "[in the afternoon|in the afternoons|during the afternoon|in the afternoon hours|every afternoon|afternoons]",  # noqa: E501
    "evening peak": "[during|in|throughout] the [evening peak|evening peak hours|peak of the evening|evening rush]",
}  # fmt: skip
CITIES = (
    "Berlin", "London", "Paris", "New York", "Chicago", "Los Angeles", "Tokyo", "Sydney", "Singapore", "Stockholm",
    "Dublin", "Madrid", "Rome", "Zurich", "Vienna", "Warsaw", "Helsinki", "Oslo", "Toronto", "Denver", "Amsterdam",
    "Seoul", "Hong Kong", "Dubai", "Sao Paulo", "Johannesburg", "Athens", "Lisbon", "Prague", "Auckland",
)  # fmt: skip


def clock(time: str, rng: Rng, *, part: bool = True) -> str:
    """Return `16:00` as people say it: 4pm, 16h, four in the afternoon, ...; without marks.

    Args:
        time: `HH:MM`, 00:00 to 24:00.
        rng: Draws the form.
        part: Whether a form may name the part of the day.
    """
    hour, minute = (int(piece) for piece in time.split(":"))
    if minute == 0 and hour % 12 == 0 and chance(rng, 0.5):
        return say({0: "[midnight|midnight|00:00|12am]", 12: "[noon|noon|midday|12 noon]", 24: "midnight"}[hour], rng)
    if hour == 24:
        return one(rng, ["midnight", "24:00", "24:00", "24h"])
    half, twelve = ("am" if hour < 12 else "pm"), (hour - 1) % 12 + 1
    forms = [time, time, f"{hour}:{minute:02}", f"{hour:02}.{minute:02}" if hour > 12 else time]
    if minute == 0:
        forms += [f"{twelve}{half}", f"{twelve} {half}", f"{twelve} {half[0]}.m.", f"{hour:02}00h", f"{hour}h"]
        forms += [f"{twelve}{half}", f"{words(twelve)} {half}", f"{twelve} {half.upper()}", f"{twelve} {half}"]
        forms += [f"{twelve}{half}", f"{twelve} {half[0]}.m."] if hour < 12 else []
        if part and hour:
            forms += [say("[{n}|{w}|{n} o'clock|{w} o'clock] {p}", rng, n=str(twelve), w=words(twelve), p=_part(hour))]
    else:
        forms += [f"{twelve}:{minute:02}{half}", f"{twelve}:{minute:02} {half}", f"{hour}h{minute:02}"]
        if part and minute == 30 and hour:
            forms += [f"half past {one(rng, [words(twelve), str(twelve)])} {_part(hour)}"]
        if part and minute in (15, 45):
            near = twelve if minute == 15 else twelve % 12 + 1
            forms += [f"quarter {'past' if minute == 15 else 'to'} {words(near)} {_part(hour)}"]
    return one(rng, forms)


def _part(hour: int) -> str:
    if hour < 12:
        return "in the morning"
    return "in the afternoon" if hour < 18 else "in the evening" if hour < 22 else "at night"


def span(said: str, rng: Rng) -> str:
    """Return the words of a window `16:00-21:00` or of a period's name, as an adverbial."""
    if said in PERIODS:
        return keep(say(PERIODS[said], rng))
    start, end = said.split("-")
    a, b = _alike(start, end, rng)
    if end == "24:00" and start != "00:00" and chance(rng, 0.5):
        return keep(say("[after {a}|from {a}[| on| onwards]|past {a}]", rng, a=a))
    if start == "00:00" and chance(rng, 0.5):
        return keep(f"before {b}")
    short = _shared(start, end, rng) or _figures(start, end, rng)
    if short and chance(rng, 0.4):
        return keep(short)
    return keep(say("[from {a} to {b}|between {a} and {b}|from {a} until {b}|{a} to {b}|{a}-{b}|{a} - {b}|{a}–{b}|from {a} till {b}|from {a} on until {b}|between the hours of {a} and {b}|starting at {a} and ending at {b}]", rng, a=a, b=b))  # noqa: E501 # fmt: skip


def _alike(start: str, end: str, rng: Rng) -> tuple[str, str]:
    """Return two times of day, both by the twelve-hour clock or both by the other: "7pm to 7:30" would be unclear."""
    for _ in range(8):
        a, b = clock(start, rng), clock(end, rng)
        if _is_halved(a) == _is_halved(b) or {a, b} & {"noon", "midday", "midnight"}:
            return a, b
    return start, end


def _is_halved(words_of_time: str) -> bool:
    return any(mark in words_of_time.lower() for mark in ("am", "pm", "a.m", "p.m", " in the ", " at "))


def _shared(start: str, end: str, rng: Rng) -> str:
    """Return a window whose part of the day is said once: `4-9pm`, `from 6 to 9 in the evening`."""
    first, last = int(start[:2]), int(end[:2])
    if start[3:] != "00" or end[3:] != "00" or not (0 < first < last < 24) or (first < 12) != (last < 12):
        return ""
    a, b = (first - 1) % 12 + 1, (last - 1) % 12 + 1
    half = "am" if first < 12 else "pm"
    same = _part(first) == _part(last - 1)
    text = "[{a}-{b}{half}|{a} to {b} {half}|between {a} and {b} {half}|from {a} to {b}{half}"
    text += "|between {a} and {b} {part}|from {wa} to {wb} {part}]" if same else "]"
    return say(text, rng, a=str(a), b=str(b), wa=words(a), wb=words(b), half=half, part=_part(first))


def _figures(start: str, end: str, rng: Rng) -> str:
    """Return a window in bare hours where one of them tells that they are of the 24-hour clock: `from 22 to 6`."""
    first, last = int(start[:2]), int(end[:2])
    if start[3:] != "00" or end[3:] != "00" or max(first, last) < 13:
        return ""
    pattern = "[from {a} to {b}|between {a} and {b}|{a}-{b}|from {a} until {b}][|h| h| hrs|]"
    text = say(pattern, rng, a=str(first), b=str(last))
    return one(rng, [text, text, f"{first}h-{last}h", f"from {first}h to {last}h"])


def part_of_days(period: str, said: str, rng: Rng) -> str:
    """Return a part of the day on some days as one phrase: `weekday mornings`, `on Friday afternoons`."""
    if said == "mon-fri":
        which = one(rng, ["weekday", "weekday", "workday"])
    elif said == "sat,sun":
        which = one(rng, ["weekend", "weekend", "Saturday and Sunday"])
    else:
        joint = " to " if "-" in said else " and "
        which = joint.join(NAMES[DAYS.index(day)] for day in said.replace("-", ",").split(","))
    single = "" if " " in which else f"|[every|each] {which} {period}|on any {which} {period}"
    each = "|{p}s on {w}s" if which in NAMES else ""
    pattern = "[on {w} {p}s|on {w} {p}s|{w} {p}s|during {w} {p}s" + single + each + "]"
    return keep(say(pattern, rng, w=which, p=period))


def days(said: str, rng: Rng) -> str:
    """Return `mon-fri`, `sat,sun`, `tue` or `mon,thu` as an adverbial."""
    if said == "mon-fri":
        return keep(say("[on weekdays|on weekdays|Mon-Fri|Monday to Friday|on working days|on workdays|Monday through Friday|during the week|from Monday to Friday|on week days|on a weekday|Mon to Fri|every weekday]", rng))  # noqa: E501 # fmt: skip
    if said == "sat,sun":
        return keep(say("[on weekends|at the weekend|at weekends|on the weekend|over the weekend|on Saturdays and Sundays|on Saturday and Sunday|Sat-Sun|Sat/Sun|at any weekend|on a weekend|Sat and Sun|every weekend]", rng))  # noqa: E501 # fmt: skip
    if "-" in said:
        a, b = (NAMES[DAYS.index(day)] for day in said.split("-"))
        return keep(say("[{a} to {b}|from {a} to {b}|{a} through {b}|{x}-{y}]", rng, a=a, b=b, x=a[:3], y=b[:3]))
    names = [NAMES[DAYS.index(day)] for day in said.split(",")]
    plural = one(rng, ["s", "s", ""])
    text = " and ".join(filter(None, [", ".join(f"{name}{plural}" for name in names[:-1]), names[-1] + plural]))
    if len(names) == 1:
        return keep(say("[on {d}s|every {d}|on {d}s|each {d}|on a {d}|{d}s]", rng, d=names[0]))
    return keep(f"on {text}")


def zone(said: str, rng: Rng) -> str:
    """Return the words of a zone, to follow a time of day."""
    if said == "local":
        return keep(
            say(
                "[local time|local time|in local time|their local time|by local clocks|of local time|(local time)]", rng
            )
        )
    if said.upper() in ("UTC", "GMT", "CET") or "/" in said:
        return keep(one(rng, [said, said, f"({said})"]))
    return keep(say("[{z} time|in {z} time|({z} time)|by the clocks of {z}|{z} local time]", rng, z=said))


def draw_clock(rng: Rng, first: int = 0, last: int = 23) -> str:
    """Return a time of day between two hours, mostly on the hour."""
    minute = one(rng, ["00", "00", "00", "00", "30", "30", "15", "45"])
    return f"{int(rng.integers(first, last + 1)):02}:{minute}"


def draw_window(rng: Rng) -> dict[str, str]:
    """Return `when`, `days` and `tz` of a window, as said; at least one of the first two."""
    found: dict[str, str] = {}
    if chance(rng, 0.85):
        found["when"] = one(rng, list(PERIODS)) if chance(rng, 0.35) else _draw_span(rng)
    if "when" not in found or (found["when"] != "business hours" and chance(rng, 0.4)):
        found["days"] = draw_days(rng)
    if "-" in found.get("when", "") and chance(rng, 0.2):
        found["tz"] = draw_zone(rng)
    return found


def _draw_span(rng: Rng) -> str:
    start = draw_clock(rng)
    if chance(rng, 0.12):
        return f"{draw_clock(rng, 12, 23)}-24:00"
    if chance(rng, 0.12):
        return f"00:00-{draw_clock(rng, 4, 12)}"
    hour = (int(start[:2]) + int(rng.integers(1, 13))) % 24
    end = f"{hour:02}:{one(rng, ['00', start[3:], '30'])}"
    return f"{start}-{end if end not in ('00:00', start) else '24:00'}"


def draw_days(rng: Rng) -> str:
    """Return days of the week, as said."""
    if chance(rng, 0.45):
        return one(rng, ["mon-fri", "sat,sun"])
    first, last = sorted(int(i) for i in rng.choice(7, 2, replace=False))
    if chance(rng, 0.55):
        return one(rng, [DAYS[first], DAYS[last], "sat", "sun"])
    if chance(rng, 0.15):
        return ",".join(DAYS[int(i)] for i in sorted(rng.choice(7, 3, replace=False)))
    if last - first > 1 and chance(rng, 0.6) and (first, last) != (0, 4):
        return f"{DAYS[first]}-{DAYS[last]}"
    return f"{DAYS[first]},{DAYS[last]}"


def draw_zone(rng: Rng) -> str:
    """Return a zone, as said."""
    return one(rng, ["UTC", "UTC", "GMT", "local", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "CET", *CITIES])
