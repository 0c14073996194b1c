"""Slips of the keyboard in the words that matter: "exept", "prioirty", "onlly"."""

from __future__ import annotations

import re

KEYS = frozenset(
    """
    only except excepting exception excluding excluded anywhere everywhere nowhere outside other priority urgent critical weight weights important
    importance objective suspend suspended suspension paused pause preempted interrupted interruption halfway approval approve approved preferably preferred
    prefer ideally possible possibly delayed delay forbidden forbid avoid submitted submit interactive percent carbon emissions tonnes kilograms never
    unless without within restricted exclusively confined limited always finish finished started weekdays weekends
    """.split()
)
REAL = frozenset(
    """
    one on nly duly oily ugly holy eight eights height freight wait waits through though there where their while whole three mother others another ether order offer
    defer refer prefer preferred cause caused clause pauses fever lever ever nether server expect expected accept accepted excerpt posture possible limit limits
    limited unlimited start starts finishes finite delays relay relayed decay delayed relaxed voided ovoid avoids tones tonne stones caron carton cabron wright
    """.split()
)
WORD = re.compile(r"\b[A-Za-z]{4,}\b")


def mended(text: str) -> str:
    """Return a text in which words one slip away from a word that matters are that word.

    Example:
        >>> mended("no jobs exept those of high prioirty")
        'no jobs except those of high priority'
    """
    return WORD.sub(lambda match: _mended(match[0]), text)


def _mended(word: str) -> str:
    lower = word.lower()
    if lower in KEYS or lower in REAL:
        return word
    near = [key for key in KEYS if abs(len(key) - len(lower)) <= 1 and key[0] == lower[0] and _is_a_slip(lower, key)]
    return near[0] if len(near) == 1 else word


def _is_a_slip(word: str, key: str) -> bool:
    """Tell whether one letter is missing, doubled, beside its place or another one."""
    at = next((i for i, (a, b) in enumerate(zip(word, key, strict=False)) if a != b), min(len(word), len(key)))
    if len(word) == len(key):
        swapped = word[at : at + 2] == key[at : at + 2][::-1] and word[at + 2 :] == key[at + 2 :]
        return swapped or word[at + 1 :] == key[at + 1 :]
    return word[at + 1 :] == key[at:] if len(word) > len(key) else word[at:] == key[at + 1 :]
