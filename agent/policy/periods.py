"""Calendar periods in UTC as seconds since the scenario's start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from sim.units import FloatArray, at_time, seconds_since


def edges_s(per: str, start: datetime, until_s: float) -> FloatArray:
    """Return the edges of the hours, days, weeks (from Monday on) or months that make up [0, until_s].

    The first edge is not after 0, the last not before `until_s`.
    """
    last, edges = at_time(start, until_s), [_beginning(per, start.astimezone(UTC))]
    while edges[-1] < last or len(edges) < 2:
        edges.append(_following(per, edges[-1]))
    return np.array([seconds_since(start, edge) for edge in edges])


def _beginning(per: str, moment: datetime) -> datetime:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    if per == "hour":
        return hour
    day = hour.replace(hour=0)
    if per == "day":
        return day
    return day - timedelta(days=day.weekday()) if per == "week" else day.replace(day=1)


def _following(per: str, edge: datetime) -> datetime:
    if per == "month":
        return (edge + timedelta(days=32)).replace(day=1)
    return edge + {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}[per]
