"""Names that are not known: what an error says of the known ones."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST = 10
CLOSE = 0.7
"""difflib's ratio from which names are near: at its usual 0.6, Iceland is near Canada."""


def near_or_known(name: str, known: Iterable[str]) -> str:
    """Return `near it are ...` where some known names are close, else `known are ...` with the first ten.

    Example:
        >>> near_or_known("fifoo", ["fifo", "edf"]), near_or_known("Sweden", ["de", "gb"])
        ('near it are fifo', 'known are de, gb')
    """
    spelled = {one.lower(): one for one in reversed(list(known))}
    if near := get_close_matches(name.lower(), spelled, n=3, cutoff=CLOSE):
        return f"near it are {', '.join(spelled[one] for one in near)}"
    return f"known are {some(reversed(spelled.values()))}"


def some(known: Iterable[str], most: int = MOST) -> str:
    """Return the first names of a list, and how many more there are; `none` of an empty one.

    Example:
        >>> some(["a", "b", "c", "d"], most=2)
        'a, b and 2 more'
    """
    names = list(dict.fromkeys(known))
    rest = len(names) - most
    return (", ".join(names[:most]) or "none") + (f" and {rest} more" if rest > 0 else "")
