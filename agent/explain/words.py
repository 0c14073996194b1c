"""How explanations print moments and amounts."""

from __future__ import annotations

from datetime import datetime

from sim.units import HOUR_S, at_time


def moment(start: datetime, t_s: float) -> str:
    """Return `Mon 2022-03-07 11:00`, UTC."""
    return at_time(start, t_s).strftime("%a %Y-%m-%d %H:%M")


def grams(value: float) -> str:
    """Return grams to three digits, kilograms from ten of them on."""
    return f"{_three(value / 1e3)} kg" if abs(value) >= 1e4 else f"{_three(value)} g"


def _three(value: float) -> str:
    for least, decimals in ((100, 0), (10, 1), (1, 2)):
        if abs(value) >= least:
            return f"{value:,.{decimals}f}"
    return f"{value:.3f}"


def hours(seconds: float) -> str:
    """Return hours with two decimals."""
    return f"{seconds / HOUR_S:.2f} h"


def percent(share: float) -> str:
    """Return a share as per cent, without its sign."""
    return f"{abs(share):.0%}"


def compared_to(value: float, base: float) -> str:
    """Return ` (12% more)`, ` (12% less)` or ` (as much)`; nothing beside nothing."""
    if not base:
        return ""
    more = value / base - 1
    if percent(more) == "0%":
        return " (as much)"
    return f" ({percent(more)} {'more' if more >= 0 else 'less'})"
