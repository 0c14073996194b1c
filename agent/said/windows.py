"""Windows as people say them: `16:00-21:00` or `night`, and days as `mon-fri` or `sat,sun`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field

from agent.policy.rules import DAYS
from agent.said.quantity import Unreadable

PERIODS = {
    "business hours": ("09:00", "17:00", DAYS[:5]),
    "night": ("22:00", "06:00", None),
    "morning": ("06:00", "12:00", None),
    "afternoon": ("12:00", "18:00", None),
    "evening peak": ("16:00", "21:00", None),
}
"""The conventions of reading: start, end, and the days where the words say them."""
CLOCK = r"([01][0-9]|2[0-4]):[0-5][0-9]"
WHEN = rf"^({'|'.join(PERIODS)}|{CLOCK}-{CLOCK})$"
DAY = f"({'|'.join(DAYS)})"
DAYS_SAID = rf"^{DAY}(-{DAY}|(,{DAY})*)$"
When = Annotated[str, Field(pattern=WHEN, max_length=16)]
Days = Annotated[str, Field(pattern=DAYS_SAID, max_length=32)]


def window(when: str | None, said_days: str | None, tz: str | None) -> dict[str, Any] | None:
    """Return the fields of a Window, or None if no time was said; days without a time are whole days.

    Args:
        when: A period's name or `HH:MM-HH:MM`.
        said_days: Days as `days` reads them; they replace those that a period brings.
        tz: `local`, `UTC` or an IANA name; local if None.

    Raises:
        Unreadable: If it is neither.
    """
    if when is None and said_days is None:
        return None
    if when is None:
        start, end, usual = "00:00", "24:00", None
    elif when in PERIODS:
        start, end, usual = PERIODS[when]
    elif re.fullmatch(WHEN, when):
        start, end, usual = *when.split("-"), None
    else:
        raise Unreadable(f"{when!r} is not a time of day")
    chosen = usual if said_days is None else days(said_days)
    return {"start": start, "end": end, "tz": tz or "local"} | ({} if chosen is None else {"days": chosen})


def days(said: str) -> tuple[str, ...]:
    """Return the days of `mon-fri`, `sat,sun` or `fri-mon` (over the weekend).

    Raises:
        Unreadable: If it is none of these.

    Example:
        >>> days("fri-mon")
        ('fri', 'sat', 'sun', 'mon')
    """
    if not re.fullmatch(DAYS_SAID, said):
        raise Unreadable(f"{said!r} are no days of the week")
    first, _, last = said.partition("-")
    if not last:
        return tuple(dict.fromkeys(said.split(",")))
    begin = DAYS.index(first)
    return tuple(DAYS[(begin + offset) % 7] for offset in range((DAYS.index(last) - begin) % 7 + 1))
