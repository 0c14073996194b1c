"""All mentions of a text at once, each word belonging to one."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
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
    return Mentions(text.whole, tuple(sorted(found, key=lambda one: (one.begin, one.end))))
