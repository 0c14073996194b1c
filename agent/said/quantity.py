"""Numbers with units, as a text says them: `1.5 t`, `90 min`, `80 %`. Code converts them, no model does sums."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

QUANTITY = r"^[0-9]{1,9}(\.[0-9]{1,4})?( (h|min|d|g|kg|t|usd|ct|kwh|mwh|%))?$"
Quantity = Annotated[str, Field(pattern=QUANTITY, max_length=24)]

HOURS = {"h": 1.0, "min": 1 / 60, "d": 24.0}
GRAMS = {"": 1.0, "g": 1.0, "kg": 1000.0}
USD = {"": 1.0, "usd": 1.0, "ct": 0.01}
USD_PER_MWH = {"": 1.0, "usd": 1.0, "ct": 10.0}
"""A price of electricity is in USD/MWh, or in cents/kWh."""
KILOGRAMS = {"g": 0.001, "kg": 1.0, "t": 1000.0}
KWH = {"kwh": 1.0, "mwh": 1000.0}
SHARE = {"": 1.0, "%": 0.01}


class Unreadable(ValueError):
    """What was said has no meaning here; the message says what and why."""


def amount(text: str, units: Mapping[str, float]) -> float:
    """Return a quantity in the unit whose factor is 1.

    Raises:
        Unreadable: If it is no quantity, or its unit is none of `units`.

    Example:
        >>> amount("1.5 t", KILOGRAMS)
        1500.0
        >>> amount("80 %", SHARE)
        0.8
    """
    if not re.fullmatch(QUANTITY, text):
        raise Unreadable(f"{text!r} is not a number with a unit")
    digits, _, unit = text.partition(" ")
    if unit not in units:
        raise Unreadable(f"{text!r}: expected one of the units {', '.join(filter(None, units))}")
    # rounded: 90 min are 1.5 h and 7 % are 0.07, without a float's tail
    return round(float(digits) * units[unit], 9)
