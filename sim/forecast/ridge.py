"""Ridge regression on lags and the calendar: what the usual day misses, learnt from a series' own past. The default.

One linear map leads from what is known to all hours ahead at once (direct, not step by step): a single solve of
(Z'Z + penalty I) W = Z'Y, Hoerl and Kennard 1970. It corrects `FadingProfile`, so that where nothing is to be learnt
that profile remains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.forecast.hourly import (
    LEADS,
    PROFILE,
    WEEK,
    eased_week,
    hours,
    hours_ahead,
    in_steps,
    lessons,
    scale_of,
    steps_per_hour,
)
from sim.units import DAY_S, HOUR_S, FloatArray

LEAST_HOURS = 180 * 24
"""With less past than this the map was worse than the profile it corrects, on grids with much wind (2021)."""
APART = 2
"""Hours between the moments that are learnt from: with each hour a fit takes over twice as long for 0.1 points."""
PENALTY = 0.035
"""Of each moment learnt from. From a tenth to ten times as much changes the saving by 0.3 points."""
WAVES = np.array([*range(1, 15), 21])
"""Waves in a week that make the calendar: down to half a day, and of 8 hours."""
DAILY = [6, 13, 14, 21, 28, 29]
"""Those of 24, 12 and 8 hours among their cosines and sines: the time of day."""


@dataclass(frozen=True, eq=False)
class Ridge:
    """A fitted map, of one series, or of R series stacked along a first axis.

    Values are eased by asinh(value / scale): near 0 as they are, far from it as their logarithms; prices below 0 too.

    Attributes:
        scale: The median absolute value of the past, shape (..., 1).
        weights: From what is known (see `known`) to the eased hours ahead, shape (..., F, LEADS).
        level: What is added, shape (..., LEADS).
        low, high: No forecast is lower or higher, shape (..., 1): a line is no guide far outside of what it was
            fitted to.
    """

    scale: FloatArray
    weights: FloatArray
    level: FloatArray
    low: FloatArray
    high: FloatArray

    def row(self, r: int) -> Ridge:
        """Return the map of one of the stacked series."""
        return Ridge(self.scale[r], self.weights[r], self.level[r], self.low[r], self.high[r])

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the next steps, shape (..., steps); each hour's mean where a step is shorter.

        Raises:
            InputError: If there is less than a week of history, or a step does not divide an hour.
        """
        week = eased_week(history, step_s, self.scale)
        ahead = hours_ahead(steps, step_s)
        expected = (known(week, end_s)[..., None, :] @ self.weights)[..., 0, :] + self.level
        if ahead > LEADS:
            expected = np.concatenate([expected, PROFILE.predict(week, HOUR_S, ahead)[..., LEADS:]], axis=-1)
        bounded = np.clip(expected[..., :ahead], self.low, self.high)
        return in_steps(np.sinh(bounded) * self.scale, step_s)[..., :steps]


def fit_ridge(history: FloatArray, step_s: float, end_s: float) -> Ridge:
    """Return the map fitted to past values, shape (..., T), oldest first, which end at `end_s`.

    Raises:
        InputError: If there are less than 180 days, or a step does not divide an hour.
    """
    hourly = hours(history, steps_per_hour(step_s))
    if hourly.shape[-1] < LEAST_HOURS:
        raise InputError(
            f"a ridge forecast is fitted to at least {LEAST_HOURS // 24} days of history, found "
            f"{hourly.shape[-1] / 24:g}; give more, or take fading-profile"
        )
    if hourly.ndim == 1:
        return _fit(hourly, end_s)
    fitted = [fit_ridge(row, HOUR_S, end_s) for row in hourly]
    return Ridge(*(np.array([getattr(one, name) for one in fitted]) for name in Ridge.__dataclass_fields__))


def _fit(hourly: FloatArray, end_s: float) -> Ridge:
    scale = scale_of(hourly)
    eased = np.arcsinh(hourly / scale)
    pasts, departures, ends_s = lessons(eased, end_s, APART)
    features = np.concatenate([lags(pasts), known(pasts, ends_s)[:, WEEK:]], axis=-1)
    centre, level = features.mean(axis=0), departures.mean(axis=0)
    spread = features.std(axis=0) + 1e-9
    z = (features - centre) / spread
    penalty = PENALTY * len(z) * np.eye(z.shape[1])
    weights = np.linalg.solve(z.T @ z + penalty, z.T @ (departures - level)) / spread[:, None]
    return Ridge(scale, _of_known(weights), level - centre @ weights, *_bounds(eased))


def _of_known(weights: FloatArray) -> FloatArray:
    """Return the map from what is known to values: the profile and the lags are linear in the week, so all is one."""
    each = np.eye(WEEK)
    basis = lags(each)
    of_week = PROFILE.predict(each, HOUR_S, LEADS) + basis @ weights[: basis.shape[1]]
    return np.concatenate([of_week, weights[basis.shape[1] :]])


def lags(week: FloatArray) -> FloatArray:
    """Return the last day, the usual day and the day a week ago, all less the week's mean, shape (..., 72)."""
    days = (week - week.mean(axis=-1, keepdims=True)).reshape(*week.shape[:-1], 7, 24)
    return np.concatenate([days[..., 6, :], days.mean(axis=-2), days[..., 0, :]], axis=-1)


def known(week: FloatArray, end_s: FloatArray | float) -> FloatArray:
    """Return what a forecast is made from, shape (..., F), of the last eased week by the hour, shape (..., 168).

    The week; waves of the week that begins now; and, by the time of day, how far above the week's mean the last hour
    stood, that of three hours ago, and that of a day ago.
    """
    rows = week.shape[:-1]
    turn = np.asarray(end_s)[..., None] * (2.0 * np.pi / (7 * DAY_S)) * WAVES
    calendar = np.broadcast_to(np.concatenate([np.cos(turn), np.sin(turn)], axis=-1), (*rows, 2 * len(WAVES)))
    recent = week[..., [-1, -4, -25]] - week.mean(axis=-1, keepdims=True)
    crossed = (calendar[..., DAILY, None] * recent[..., None, :]).reshape(*rows, -1)
    return np.concatenate([week, calendar, crossed], axis=-1)


def _bounds(eased: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the least and the most that was seen, and half of what lies between them beyond each, shape (1,)."""
    margin = np.ptp(eased) / 2
    return np.array([eased.min() - margin]), np.array([eased.max() + margin])
