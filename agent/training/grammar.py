"""A tiny language for texts with alternatives, and the slips of people who write them.

`[keep|hold] {jobs} [out of|away from] {place}`: brackets choose one alternative and nest, braces are filled. What
carries meaning (a name, a number, a time) is kept apart by marks, so that slips spare it and tests can find it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np

Rng = np.random.Generator
Slot = str | Callable[[], str]
Item = TypeVar("Item")
OPEN, CLOSE = "\x0e", "\x0f"
NEIGHBOURS = {
    "a": "sqz", "b": "vgn", "c": "xdv", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok",
    "j": "hku", "k": "jli", "l": "kop", "m": "nj", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf",
    "s": "adw", "t": "ryg", "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z": "xa",
}  # fmt: skip


def one(rng: Rng, choices: Sequence[Item]) -> Item:
    """Return one of the choices."""
    return choices[int(rng.integers(len(choices)))]


def chance(rng: Rng, probability: float) -> bool:
    """Return True with that probability."""
    return bool(rng.random() < probability)


def keep(words: str) -> str:
    """Mark words that carry meaning."""
    return f"{OPEN}{words}{CLOSE}"


def kept(text: str) -> list[str]:
    """Return the marked words of a text."""
    return re.findall(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}", text)


def plain(text: str) -> str:
    """Return a text without marks."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def say(pattern: str, rng: Rng, **slots: Slot) -> str:
    """Return one text of a pattern; a slot that is a function is called each time it is filled.

    Example:
        >>> say("[no|no] {what} [here]", np.random.default_rng(0), what="jobs")
        'no jobs here'
    """
    chosen = _expand(pattern, rng)

    def fill(match: re.Match[str]) -> str:
        slot = slots[match[1]]
        return slot if isinstance(slot, str) else slot()

    return re.sub(r"\{(\w+)\}", fill, chosen)


def _expand(pattern: str, rng: Rng) -> str:
    pieces = []
    for text, alternatives in _pieces(pattern):
        pieces.append(text)
        if alternatives:
            pieces.append(_expand(one(rng, alternatives), rng))
    return "".join(pieces)


@lru_cache(maxsize=16384)
def _pieces(pattern: str) -> tuple[tuple[str, list[str]], ...]:
    """Return each stretch of plain text with the alternatives of the bracket after it; most patterns come often."""
    begin, pieces = 0, []
    while (opens := pattern.find("[", begin)) >= 0:
        alternatives, end = _alternatives(pattern, opens + 1)
        pieces.append((pattern[begin:opens], alternatives))
        begin = end
    return (*pieces, (pattern[begin:], []))


def _alternatives(pattern: str, begin: int) -> tuple[list[str], int]:
    found, depth, start = [], 1, begin
    for at in range(begin, len(pattern)):
        letter = pattern[at]
        depth += (letter == "[") - (letter == "]")
        if depth == 0 or (depth == 1 and letter == "|"):
            found.append(pattern[start:at])
            start = at + 1
        if depth == 0:
            return found, at + 1
    raise ValueError(f"a bracket is not closed: {pattern!r}")


def tidy(text: str) -> str:
    """Return a text with single spaces, and none before a stop or a comma."""
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(rf" +([,.;:?!)]|{CLOSE})", r"\1", text)
    text = re.sub(r",(?:\s*,)+", ",", text)
    return re.sub(r",\s*([.;:?!])", r"\1", text).strip(" ,")


def capital(text: str) -> str:
    """Return a text that begins with a capital, unless a name comes first."""
    return text if text.startswith(OPEN) else text[:1].upper() + text[1:]


def slips(text: str, rng: Rng, rate: float) -> str:
    """Return a text with slips of the keyboard in that share of its longer words, never in marked ones."""
    parts = re.split(f"({OPEN}[^{CLOSE}]*{CLOSE})", text)
    return "".join(part if part.startswith(OPEN) else _slipped(part, rng, rate) for part in parts)


def _slipped(text: str, rng: Rng, rate: float) -> str:
    def slip(match: re.Match[str]) -> str:
        word = match[0]
        return _slip(word, rng) if chance(rng, rate) else word

    return re.sub(r"\b[a-z]{4,}\b", slip, text)


def _slip(word: str, rng: Rng) -> str:
    at = int(rng.integers(1, len(word) - 1))
    match int(rng.integers(4)):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + word[at] + word[at:]
        case 2:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + one(rng, NEIGHBOURS[word[at]]) + word[at + 1 :]
