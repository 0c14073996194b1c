"""Units and the calendar: seconds since the scenario's start inside, UTC timestamps in files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MINUTE_S = 60.0
HOUR_S = 3600.0
DAY_S = 86400.0
J_PER_KWH = 3.6e6
W_PER_KW = 1000.0
KWH_PER_MWH = 1000.0
G_PER_KG = 1000.0


def seconds_since(start: datetime, moment: datetime) -> float:
    """Return the seconds from `start` to `moment`; both must carry a time zone."""
    return (moment - start).total_seconds()


def at_time(start: datetime, seconds: float) -> datetime:
    """Return the UTC moment `seconds` after `start`."""
    return (start + timedelta(seconds=seconds)).astimezone(UTC)


def iso(moment: datetime) -> str:
    """Return ISO 8601 in UTC, to the second: `2022-03-07T00:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
