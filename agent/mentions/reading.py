"""All mentions of a text at once, each word belonging to one."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from agent.mentions.clocks import clocks, hours, periods, zones
from agent.mentions.dates import dates
from agent.mentions.days import days
from agent.mentions.mention import Mention, Text
from agent.mentions.names import names
from agent.mentions.quantities import bare_numbers, quantities
from agent.mentions.slips import mended
from agent.mentions.traits import traits
from agent.policy.vocabulary import Vocabulary

_FILL = r"[\s,;:.…()–-]*"
_SLIP = (
    r"(?:no|sorry|pardon|i\s+mean|i\s+meant|make\s+that|or\s+rather|rather|er|oh|correction|wait|scratch\s+that|actually|let\s+me\s+correct\s+that"
    r"|that\s+is\s+wrong|that['’]s\s+wrong|it\s+is)"
)
CORRECTION = re.compile(rf"(?!\W*no\s+$){_FILL}(?:{_SLIP}{_FILL})+(?:(?:only|just|in|on|at|by|the){_FILL})*", re.I)
"""What stands between something said by mistake and what is meant; "Texas, no Berlin" is no correction."""


class Mentions(NamedTuple):
    """The mentions of a text, in their order."""

    text: str
    all: tuple[Mention, ...]

    def of(self, *dimensions: str) -> list[Mention]:
        """Return the mentions that could mean something in one of the dimensions."""
        return [one for one in self.all if any(name in dimensions for name, _ in one.meanings)]

    def meanings(self, dimension: str) -> set[object]:
        """Return all that could be meant in a dimension."""
        return {value for one in self.all for value in one.of(dimension)}


@lru_cache(maxsize=64)  # a reading that is repaired is checked again against the same text
def mentions(said: str, vocabulary: Vocabulary, today: date | None = None) -> Mentions:
    """Return what a text mentions; with `today`, dates too.

    Zones come before names ("Berlin time" is no place), names before numbers ("site 12"), times before quantities.
    """
    text = Text(mended(said))
    found = zones(text, vocabulary) + names(text, vocabulary) + (dates(text, today) if today else [])
    found += clocks(text) + days(text) + quantities(text) + traits(text) + periods(text)
    for mention, number in bare_numbers(text):
        times = hours(number.value, text.whole[number.begin : number.end]) if mention.of("number") else set()
        found.append(mention._replace(meanings=mention.meanings | times))
    return Mentions(text.whole, _taken_back(text.whole, sorted(found, key=lambda one: (one.begin, one.end))))


def _taken_back(text: str, found: list[Mention]) -> tuple[Mention, ...]:
    """Return mentions of which those that are corrected at once demand nothing: "Monday, no, Tuesday"."""
    kept = list(found)
    for at, (one, after) in enumerate(pairwise(found)):
        alike = {name for name, _ in one.meanings} & {name for name, _ in after.meanings}
        if alike and CORRECTION.fullmatch(text[one.end : after.begin]):
            kept[at] = one._replace(demanded=False)
    return tuple(kept)
