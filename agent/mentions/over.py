"""Bounds that a text puts where time is over: `by yesterday 5pm`, `was due last Friday`, `needed two hours ago`."""

from __future__ import annotations

import re

from agent.mentions.numbers import ONES

_CLOCK = r"(?:[\d:.]+(?:\s?[ap]\.?m\b|\s?h\b)?|noon|midnight)"
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_COUNT = rf"(?:\d+|an?|a\s+few|a\s+couple\s+of|{'|'.join(ONES)})"
_OVER = (
    r"(?:(?:the\s+)?day\s+before\s+yesterday|yesterday|(?:last|past)\s+(?:night|week|month)"
    rf"|last\s+{_DAY}(?!\s+(?:of|in)\b)|{_COUNT}\s+(?:minute|hour|day|week|month)s?\s+ago)\b(?!['’]s)"
)
_CLOSE = rf"(?:by|before|no(?:t)?\s+later\s+than)\s+(?:(?:the\s+)?(?:end|close)\s+of\s+|{_CLOCK}\s+(?:of\s+|on\s+)?)?"
_LOOSE = r"(?:due|deadline|needed|wanted)\b(?:(?!\b(?:as|like|since|from|of)\b)[^.;!?,]){0,30}?\b"
BOUND = re.compile(
    rf"(?<![a-z0-9])(?:(?:{_CLOSE}|{_LOOSE}){_OVER}(?:\s+(?:at\s+)?{_CLOCK}\b)?|{_OVER}\s+at\s+the\s+latest)", re.I
)
"""A bound and when it was; "the logs from yesterday" and "written by Ann last week" are none."""


def over(text: str) -> tuple[str, ...]:
    """Return the words of a text that bound a job by a moment that was over when they were written.

    Example:
        >>> over("Needs yesterday's logs. It was due yesterday at 17:00!")
        ('due yesterday at 17:00',)
    """
    return tuple(match[0] for match in BOUND.finditer(text))


def without_over(text: str) -> str:
    """Return what a text says apart from such bounds."""
    return BOUND.sub(" ", text)
