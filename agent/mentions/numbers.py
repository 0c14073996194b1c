"""Numbers in figures and in words."""

from __future__ import annotations

import re
from typing import NamedTuple

ONES = {
    name: value
    for value, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen".split()
    )
}
TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True)
)
SIZES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12, "couple": 2}
VULGAR = {"½": 0.5, "¼": 0.25, "¾": 0.75}

_BELOW_20 = "|".join(sorted(ONES, key=len, reverse=True))
_BELOW_100 = rf"(?:(?:{'|'.join(TENS)})(?:[\s-](?:{_BELOW_20}))?|{_BELOW_20})"
_SIZE = r"(?:hundred|thousand|million)"
_SPELLED = (
    rf"(?:(?:{_BELOW_100}|an?|\d+)\s+{_SIZE}(?:\s+{_SIZE})?(?:\s+(?:and\s+)?{_BELOW_100}\s+hundred)?"
    rf"(?:\s+(?:and\s+)?{_BELOW_100})?|an?\s+(?:dozen|couple)(?:\s+of)?|{_BELOW_100}(?:\s+dozen)?)"
)
SPELLED = re.compile(rf"(?<![\w-]){_SPELLED}(?![a-z])", re.IGNORECASE)
FIGURES = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)"
    r"(?:(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\d:])|\d+)(?P<part>\.\d+)?(?P<comma>,\d{1,2}(?!\d))?"
    r"(?P<vulgar>\s?[½¼¾])?(?P<size>\s?(?:k(?![a-z])|thousand\b|million\b))?|(?P<alone>[½¼¾]))",
    re.IGNORECASE,
)


class Number(NamedTuple):
    """A number, where it stands, and whether it is in figures."""

    begin: int
    end: int
    value: float
    figures: bool


def numbers(text: str) -> list[Number]:
    """Return the numbers of a text in their order.

    Example:
        >>> [number.value for number in numbers("two hundred and fifty kg, 1,500 or 2.5")]
        [250.0, 1500.0, 2.5]
    """
    found = [_figures(match) for match in FIGURES.finditer(text)]
    taken = [(number.begin, number.end) for number in found]
    found += [
        Number(match.start(), match.end(), _spelled(match[0]), figures=False)
        for match in SPELLED.finditer(text)
        if not any(begin < match.end() and match.start() < end for begin, end in taken)
    ]
    return sorted(found)


def _figures(match: re.Match[str]) -> Number:
    if match["alone"]:
        return Number(match.start(), match.end(), VULGAR[match["alone"]], figures=True)
    value = float(re.sub(r"\D", "", match["whole"]) + (match["part"] or ""))
    if match["comma"]:
        value += float(match["comma"].replace(",", "0."))
    value += VULGAR[match["vulgar"].strip()] if match["vulgar"] else 0
    if match["size"]:
        value *= 1_000_000 if "million" in match["size"].lower() else 1000
    return Number(match.start(), match.end(), value, figures=True)


def _spelled(said: str) -> float:
    """Return the value of number words: ones and tens add up, a size multiplies what came before it."""
    total, current = 0.0, 0.0
    for word in re.split(r"[\s-]+", said.lower()):
        if word in ("a", "an"):
            current = 1
        elif word in SIZES:
            current = (current or 1) * SIZES[word]
            if SIZES[word] >= 1000:
                total, current = total + current, 0.0
        elif word.isdigit():
            current += float(word)
        else:
            current += ONES.get(word, 0) + TENS.get(word, 0)
    return total + current
