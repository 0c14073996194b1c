"""A mention: words of a text that must be accounted for, and what they could mean."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import NamedTuple

Meaning = tuple[str, Hashable]


class Mention(NamedTuple):
    """Words of a text, where they stand, and what they could mean: `("h", 2.0)`, `("clock", "16:00")`.

    One that is not `demanded` may explain what a rule holds, and need not be in one ("a day" in "once a day").
    """

    words: str
    begin: int
    end: int
    meanings: frozenset[Meaning]
    demanded: bool = True

    def of(self, dimension: str) -> frozenset[Hashable]:
        """Return the values that the words can have in a dimension."""
        return frozenset(value for name, value in self.meanings if name == dimension)


class Text:
    """A text of which stretches are taken, so that no later search finds them again; positions stay."""

    def __init__(self, text: str) -> None:
        self.whole = text
        self.left = text

    def take(self, begin: int, end: int) -> None:
        """Leave a stretch out of what is left to be searched."""
        self.left = self.left[:begin] + "\0" * (end - begin) + self.left[end:]

    def mention(self, begin: int, end: int, meanings: Iterable[Meaning], *, demanded: bool = True) -> Mention:
        """Return the mention that a stretch is, and take it."""
        self.take(begin, end)
        return Mention(self.whole[begin:end].strip(), begin, end, frozenset(meanings), demanded)

    def before(self, begin: int) -> str:
        """Return what stands before a position, to its last forty letters."""
        return self.whole[max(0, begin - 40) : begin]


def round_off(value: float) -> float:
    """Return a number with six digits: sums in other units give the same."""
    return float(f"{value:.6g}")


def words(*alternatives: str) -> re.Pattern[str]:
    """Return a pattern that finds whole words, in any case."""
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(alternatives)})(?![a-z0-9])", re.IGNORECASE)


def listed(alternatives: str, *patterns: str) -> re.Pattern[str]:
    """Return a pattern that finds the phrases of a list with commas, `*` for any ending, and what other patterns find.

    Example:
        >>> bool(listed("try to, prefer*").search("we would Prefer-ably")), bool(listed("try to").search("try  to"))
        (True, True)
    """
    phrases = sorted((" ".join(phrase.split()) for phrase in alternatives.split(",")), key=len, reverse=True)
    ready = (re.escape(phrase).replace(r"\ ", r"[\s-]+").replace(r"\*", r"[\w'’]*") for phrase in phrases if phrase)
    return words(*patterns, *ready)
