"""Days as seen from today: tomorrow, the 15th, 24 December, the end of the week."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from agent.mentions.mention import Meaning, Mention, Text, words

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>(?-i:May)|jan(?:uary)?|feb(?:ruary)?|(?-i:Mar)|march|apr(?:il)?|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_AFTER_A_DAY = _MONTH.replace("(?-i:May)", "may").replace("(?-i:Mar)", "mar")
"""Behind the number of a day a month needs no capital: "6 march", though "may 6 machines"."""
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>20\d\d))?"
DATES = (
    re.compile(r"(?<![\w-])(?P<year>20\d\d)-(?P<number>\d\d)-(?P<day>\d\d)(?!\d)"),
    re.compile(rf"(?<![a-z]){_MONTH}\s+(?:the\s+)?{_DAY}(?![\w:]){_YEAR}", re.IGNORECASE),
    re.compile(rf"(?<![\w.:]){_DAY}(?:\.(?!\s+May))?\s+(?:of\s+)?{_AFTER_A_DAY}(?![a-z]){_YEAR}", re.IGNORECASE),
    re.compile(r"(?<![\w.:])(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?:(?P<year>20\d\d))?(?!\d)"),
)
OF_MONTH = re.compile(
    r"(?<![\w.:])(?:the\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th)(?:\s+of\s+(?:the|this)\s+month)?(?![a-z])(?!\s+(?:revision|time|run|version|attempt|try|rerun))",
    re.I,
)
_END = r"(?:(?:the\s+)?(?:end|close)\s+of\s+(?:the\s+|this\s+)?)"
TILL = re.compile(r"\b(?:by|before|until|till|on|after|from|than|due|deadline|is|starts?|at|past)\s*:?\s*$", re.I)
WORDS = {
    "after tomorrow": words(r"(?:the\s+)?day\s+after\s+tomorrow"),
    "tomorrow": words("tomorrow", "tmrw?", "tomorrow['’]s"),
    "end of next week": words(rf"{_END}next\s+week"),
    "end of week": words(rf"{_END}(?:working\s+)?week", "eow", r"this\s+week", r"week['’]s\s+end"),
    "next week": words(r"next\s+week", r"(?:the\s+)?(?:following|coming)\s+week"),
    "end of month": words(rf"{_END}month", "eom", r"month['’]?s?[\s-]end(?!\s+[a-z])", r"this\s+month"),
    "today": words("today", "tonight", rf"{_END}(?:day|today|business)", "eod", "cob", r"this\s+(?:morning|afternoon|evening)"),
}  # fmt: skip


def dates(text: Text, today: date) -> list[Mention]:
    """Return the dates that a text names, and the words for days near today; a date without a year is the next one."""
    found = [
        text.mention(*match.span(), [("date", day) for day in days])
        for pattern in (*DATES, OF_MONTH)
        for match in pattern.finditer(text.left)
        if (days := list(_days(match, today))) and (pattern is not OF_MONTH or TILL.search(text.before(match.start())))
    ]
    for word, pattern in WORDS.items():
        near: list[Meaning] = [("date", day) for day in _near(word, today)]
        found += [text.mention(*match.span(), near) for match in pattern.finditer(text.left)]
    return found


def _days(match: re.Match[str], today: date) -> Iterator[date]:
    groups = match.groupdict()
    named, number = groups.get("month"), groups.get("number")
    month = MONTHS.index(named[:3].lower()) + 1 if named else int(number) if number else None
    years = [int(groups["year"])] if groups.get("year") else [today.year, today.year + 1]
    months = [month] if month else range(1, 13)
    possible = [day for year in years for one in months for day in _valid(year, one, int(groups["day"]))]
    if groups.get("year"):
        yield from possible
    else:
        yield from [day for day in possible if day >= today][:1]


def _valid(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def _near(word: str, today: date) -> Iterable[date]:
    sunday = today + timedelta(days=6 - today.weekday())
    match word:
        case "today":
            return [today]
        case "tomorrow":
            return [today + timedelta(days=1)]
        case "after tomorrow":
            return [today + timedelta(days=2)]
        case "end of week":
            return [sunday]
        case "end of next week":
            return [sunday + timedelta(days=7)]
        case "next week":
            return [sunday + timedelta(days=i) for i in range(1, 8)]
    return [today.replace(day=monthrange(today.year, today.month)[1])]
