"""Days of the week."""

from __future__ import annotations

import re

from agent.mentions.mention import Mention, Text, words
from agent.policy.rules import DAYS

_DAY = r"(?:mon(?:days?)?|tue(?:s(?:days?)?)?|wed(?:nesdays?|s)?|thu(?:r(?:s(?:days?)?)?)?|fri(?:days?)?|sat(?:urdays?)?|(?<!the )sun(?:days?)?)\.?"
_CLOCK = r"(?:\s+(?:at\s+)?[\d:.]+\s?(?:[ap]\.?m\.?|h)?|\s+(?:night|evening|afternoon|morning|noon|midnight))?"
RANGE = re.compile(
    rf"(?<![a-z])(?P<a>{_DAY}){_CLOCK}\s*(?:-|–|—|/(?=sun)|to|through|thru|until|till|and\s+ends?\s+on)\s*(?P<b>{_DAY})(?![a-z])",
    re.I,
)
DAY = re.compile(rf"(?<![a-z]){_DAY}(?![a-z])", re.I)
WEEKDAYS = words(
    r"week[\s-]?days?", r"work(?:ing)?[\s-]?days?", r"business\s+days?", r"during\s+the\s+week", "mondays?-fridays?"
)
WEEKNIGHTS = re.compile(r"(?<![a-z])(?:week)(?=nights?(?![a-z]))", re.I)
WEEKEND = words(r"week[\s-]?ends?")
EVERY = words(
    r"every\s?day",
    "daily",
    r"each\s+day",
    r"seven\s+days\s+a\s+week",
    r"(?:all|the\s+whole)\s+week",
    r"24/7",
    r"round\s+the\s+clock",
)


def days(text: Text) -> list[Mention]:
    """Return the days of the week that are said, ranges and weekends as sets."""
    found = []
    for match in RANGE.finditer(text.left):
        first, last = (DAYS.index(match[name][:3].lower()) for name in "ab")
        span = frozenset(DAYS[(first + i) % 7] for i in range((last - first) % 7 + 1))
        inner = match[0][len(match["a"]) : -len(match["b"])]
        if re.search(r"\d|night|noon", inner):
            # a time stands between: the first day and the last are said, those between are implied
            found.append(Mention(match[0], *match.span(), frozenset({("days", span)}), demanded=False))
            ends = ((match.span(name), frozenset({match[name][:3].lower()})) for name in "ab")
            found += [text.mention(*span_, {("days", day)}, demanded=False) for span_, day in ends]
        else:
            found.append(text.mention(*match.span(), {("days", span)}))
    for pattern, chosen in (
        (WEEKDAYS, frozenset(DAYS[:5])),
        (WEEKNIGHTS, frozenset(DAYS[:5])),
        (WEEKEND, frozenset(DAYS[5:])),
    ):
        found += [text.mention(*match.span(), {("days", chosen)}) for match in pattern.finditer(text.left)]
    for match in DAY.finditer(text.left):
        found.append(text.mention(*match.span(), {("days", frozenset({match[0][:3].lower()}))}))
    found += [text.mention(*m.span(), {("days", frozenset(DAYS))}, demanded=False) for m in EVERY.finditer(text.left)]
    return found
