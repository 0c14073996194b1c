"""Times of day, named periods and zones."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.mentions.mention import Meaning, Mention, Text, words
from agent.mentions.names import FUNCTION_WORDS
from agent.mentions.numbers import ONES
from agent.policy.vocabulary import Vocabulary
from agent.said.quantity import Unreadable
from agent.said.zones import iana_zones, zone

_HOUR_WORDS = "|".join(sorted((name for name, value in ONES.items() if 2 <= value <= 12), key=len, reverse=True))
_HOUR_WORDS += r"|(?<!this )(?<!that )(?<!each )(?<!any )one"
_N = rf"(?:\d{{1,2}}|{_HOUR_WORDS})"
_HALF = r"(?:\s?[ap]\.?\s?m\b\.?|\s?(?:o['’]?clock\s+)?(?:in\s+the\s+(?:morning|afternoon|evening|night)|at\s+night)|\s+(?:morning|afternoon|evening)\b)"
_TO = r"\s*(?:-|–|—|to|until|till|til|and|through)\s*"
_START = r"(?<![\w.:$€£])"
SHARED = re.compile(
    rf"{_START}(?P<a>{_N})(?::(?P<am>[0-5]\d))?{_TO}(?P<b>{_N})(?:[:.](?P<bm>[0-5]\d))?(?P<half>{_HALF})", re.I
)
EXACT = re.compile(
    rf"{_START}(?P<h>[01]?\d|2[0-4])(?::|\.(?=[0-5]\d\s?[ap]\.?m))(?P<m>[0-5]\d)(?::[0-5]\d)?(?P<half>{_HALF})?(?![\d%])(?:\s?(?:hrs|hours|h)\b)?",
    re.I,
)
HALVED = re.compile(rf"{_START}(?P<h>{_N})(?P<half>{_HALF})", re.I)
PAST = re.compile(
    rf"{_START}(?P<minutes>half|quarter|a\s+quarter|\d{{1,2}}(?=\s+min)|five|ten|twenty|twenty-five)(?:\s+min(?:ute)?s?)?\s+(?P<way>past|to)\s+(?P<h>{_N})"
    rf"(?P<half>{_HALF})?(?![\w%])",
    re.I,
)
OCLOCK = re.compile(rf"{_START}(?P<h>{_N})\s?o['’]?clock\b", re.I)
H_MINUTES = re.compile(rf"{_START}(?P<h>[01]?\d|2[0-3])h(?P<m>[0-5]\d)(?!\w)", re.I)
NAMED = re.compile(r"(?<![a-z])(?:12\s+)?(?P<name>noon|midday|midnight)(?![a-z])", re.I)
MINUTES = {"half": 30, "quarter": 15, "a quarter": 15, "five": 5, "ten": 10, "twenty": 20, "twenty-five": 25}
PERIODS = {
    "evening peak": words(
        r"evening\s+peak(?:\s+hours)?",
        r"evening\s+rush(?:\s+hours?)?",
        r"peak\s+(?:hours\s+)?(?:of|in)\s+the\s+evening",
    ),
    "business hours": words(r"(?:business|office|working|work)[\s-]hours?"),
    "night": words(r"over[\s-]?night", r"night[\s-]?time", r"(?:week)?nights?"),
    "morning": words("mornings?"),
    "afternoon": words("afternoons?"),
}
ABBREVIATIONS = re.compile(
    r"(?<![A-Za-z/])(?:CES?T|EES?T|WES?T|BST|IST|JST|SGT|AE[SD]T|[ECMP][SD]?T|SAST|KST|NZ[SD]T)(?![A-Za-z/])"
)
UTC = re.compile(r"(?<![A-Za-z0-9/])(?:UTC|GMT|Zulu)(?![A-Za-z0-9])", re.I)
LOCAL = re.compile(
    r"\b(?:local(?:ly)?|(?:their|its)\s+own)\s+(?:time|clocks?|hours)\b|\blocally\b|\b(?:time|clocks?)\s+there\b", re.I
)
IANA = re.compile(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?\b")
CITY_TIME = re.compile(
    r"(?P<name>[A-Za-zÀ-ž][\w-]*(?:\s[A-Za-zÀ-ž][\w-]*){0,2})(?:['’]s)?(?:\s+local)?\s+(?:time|clocks?)\b"
)
CLOCKS_OF = re.compile(
    r"\b(?:clocks?|time)\s+(?:of|in)\s+(?:the\s+)?(?P<name>[A-Za-zÀ-ž][\w-]*(?:\s[A-Za-zÀ-ž][\w-]*){0,2})"
)


def zones(text: Text, vocabulary: Vocabulary) -> list[Mention]:
    """Return the zones named, `Berlin time` too; done before names, as that names no region."""
    known = iana_zones()
    found = [
        text.mention(*m.span(), [("zone", m[0])])
        for m in IANA.finditer(text.left)
        if m[0] in known and not _are_places(m[0], vocabulary)
    ]
    found += [text.mention(*match.span(), [("zone", "UTC")]) for match in UTC.finditer(text.left)]
    for pattern in (CITY_TIME, CLOCKS_OF):
        for match in pattern.finditer(text.left):
            found += _city(text, match, vocabulary)
    found += [text.mention(*match.span(), [("zone", "local")]) for match in LOCAL.finditer(text.left)]
    found += [text.mention(*m.span(), [("abbreviation", m[0])]) for m in ABBREVIATIONS.finditer(text.left)]
    return found


def _are_places(said: str, vocabulary: Vocabulary) -> bool:
    """Tell whether both parts of `Asia/Taipei` are regions: then it is a list of two."""
    return all(vocabulary.find("region", part) for part in said.split("/"))


def _city(text: Text, match: re.Match[str], vocabulary: Vocabulary) -> Iterable[Mention]:
    """Yield the zone of the longest name that is one."""
    said = re.sub(r"\s+local$", "", match["name"], flags=re.I).split(" ")
    starts = [" ".join(said[i:]) for i in range(len(said))]
    ends = [" ".join(said[: len(said) - i]) for i in range(len(said))]
    names = starts if match.re is CITY_TIME else ends
    for name in names:
        if name.lower() in FUNCTION_WORDS:
            continue
        try:
            tz = zone(name.removesuffix("'s").removesuffix("’s"), vocabulary)
        except Unreadable:
            continue
        at = match.start("name") + match["name"].index(name)
        end = match.end() if match.re is CITY_TIME else at + len(name)
        yield text.mention(at if match.re is CITY_TIME else match.start(), end, [("zone", tz)])
        return


def clocks(text: Text) -> list[Mention]:
    """Return the times of day that are sure to be some; 24:00 is 00:00."""
    found: list[Mention] = []
    for match in SHARED.finditer(text.left):
        found += _shared(text, match)
    for pattern in (PAST, EXACT, HALVED, H_MINUTES, OCLOCK):
        for match in pattern.finditer(text.left):
            found.append(text.mention(*match.span(), _times(match)))
    for match in NAMED.finditer(text.left):
        clock = "00:00" if match["name"].lower() == "midnight" else "12:00"
        found.append(text.mention(*match.span(), [("clock", clock)]))
    return found


def periods(text: Text) -> list[Mention]:
    """Return the parts of the day that are named."""
    return [
        text.mention(*match.span(), [("period", name)])
        for name, pattern in PERIODS.items()
        for match in pattern.finditer(text.left)
    ]


def hours(value: float, said: str) -> set[Meaning]:
    """Return the times of day that a number without more could be: 6 and 18, 16.30, 0600."""
    if re.fullmatch(r"\d{1,2}\.[0-5]\d", said) and value < 24.6:
        hour, minute = (int(part) for part in said.split("."))
        return {("clock", _clock(hour, minute))}
    if value != int(value):
        return set()
    if re.fullmatch(r"\d{4}", said) and value <= 2400 and value % 100 < 60:
        return {("clock", _clock(int(value) // 100, int(value) % 100))}
    if not 0 <= value <= 24:
        return set()
    hour = int(value)
    return {("clock", _clock(hour, 0))} | ({("clock", _clock(hour + 12, 0))} if 0 < hour <= 12 else set())


def _times(match: re.Match[str]) -> set[Meaning]:
    groups = match.groupdict()
    hour, half = _hour(groups["h"]), groups.get("half") or ""
    minute = int(groups.get("m") or 0)
    if groups.get("minutes"):
        said = re.sub(r"\s+", " ", groups["minutes"].lower())
        ahead = MINUTES.get(said) or int(said)
        hour, minute = (hour - 1, 60 - ahead) if groups["way"].lower() == "to" else (hour, ahead)
    exact = match.re is H_MINUTES or (match.re is EXACT and (hour > 12 or len(groups["h"]) == 2 or hour == 0))
    return {("clock", _clock(one, minute)) for one in _of_day(hour, half, exact=exact)}


def _shared(text: Text, match: re.Match[str]) -> Iterable[Mention]:
    """Yield the two times of `4-9pm`: the first is the nearest one before the last."""
    last = _of_day(_hour(match["b"]), match["half"], exact=False)[0]
    first = _hour(match["a"])
    minutes, last_minutes = int(match["am"] or 0), int(match["bm"] or 0)
    ahead = min(
        ((last * 60 + last_minutes - one * 60 - minutes) % 1440 or 1440, one) for one in {first % 24, (first + 12) % 24}
    )
    start = ahead[1] if first <= 12 else first
    middle = match.start("b")
    yield text.mention(
        match.start(), match.end("am") if match["am"] else match.end("a"), {("clock", _clock(start, minutes))}
    )
    yield text.mention(middle, match.end(), {("clock", _clock(last, last_minutes))})


def _hour(said: str) -> int:
    return int(said) if said.isdigit() else ONES[said.lower()]


def _of_day(hour: int, half: str, *, exact: bool) -> list[int]:
    """Return the hours of the day that a spoken one could be, by what is said of the half of the day."""
    said = half.lower().replace(".", "").replace(" ", "")
    if said.endswith("am") or "morning" in said:
        return [hour % 12 if hour <= 12 else hour]
    if "night" in said:
        return [hour % 12 + 12 if 6 <= hour < 12 else hour % 12 if hour <= 12 else hour]
    if said:
        return [hour % 12 + 12 if hour <= 12 else hour]
    return [hour] if exact or hour > 12 else [hour, (hour + 12) % 24]


def _clock(hour: int, minute: int) -> str:
    return f"{hour % 24:02}:{minute:02}"
