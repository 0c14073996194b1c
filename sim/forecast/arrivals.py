"""How many jobs will come: the forecasters of any series, on the arrivals of each hour."""

from __future__ import annotations

import numpy as np

from sim.forecast.base import Forecaster
from sim.forecast.naive import FadingProfile
from sim.units import HOUR_S, FloatArray

ARRIVALS = FadingProfile(days=21, memory=1.0, persistence=0.5)
"""Jobs come in bursts, which are over within hours: the usual day of three weeks, and half of now's departure an hour.

Chosen on one trace (SURF Lisa, 2022): the usual day of a week takes each burst for the start of a trend.
"""


def hourly_counts(submit_s: FloatArray, first_s: float, last_s: float) -> FloatArray:
    """Return the jobs submitted in each whole hour from `first_s` to `last_s`, shape (hours,); a begun one is left out.

    Example:
        Two jobs in the first hour, one in the second; the third has only begun:

        >>> hourly_counts(np.array([60.0, 120.0, 4000.0, 7300.0]), 0.0, 7500.0).tolist()
        [2.0, 1.0]
    """
    count = int((last_s - first_s) // HOUR_S)
    hour = ((submit_s - first_s) // HOUR_S).astype(int)
    return np.bincount(hour[(hour >= 0) & (hour < count)], minlength=count).astype(float)


def expected_arrivals(
    submit_s: FloatArray, first_s: float, now_s: float, hours: int, forecaster: Forecaster = ARRIVALS
) -> FloatArray:
    """Return how many jobs come in each of the next hours, shape (hours,), from the last whole hour before `now_s` on.

    Args:
        submit_s: When jobs were submitted, from `first_s` on; those after `now_s` are not looked at.
        first_s: When the history begins.
        now_s: The moment of issue.
        hours: Hours ahead.
        forecaster: One that needs no fitting, or is fitted to such counts.

    Raises:
        InputError: If the history is too short for the forecaster.
    """
    known = hourly_counts(submit_s[submit_s <= now_s], first_s, now_s)
    return np.maximum(forecaster.predict(known, HOUR_S, hours, first_s + HOUR_S * len(known)), 0.0)
