"""ARIMA and MSTL (statsforecast, extra `classic`), for comparison: each is fitted anew to every history it is given.

That costs a quarter to half a second a forecast. No run uses them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.forecast.extras import need
from sim.forecast.hourly import hours, hours_ahead, in_steps, steps_per_hour
from sim.units import FloatArray

ARIMA_HOURS = 14 * 24
MSTL_HOURS = 28 * 24


@dataclass(frozen=True, eq=False)
class Classic:
    """A model of statsforecast, fitted to the last `most` hours of each history."""

    model: Any
    most: int

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the next steps, shape (..., steps). Raises InputError if a step does not divide an hour."""
        hourly = hours(history, steps_per_hour(step_s))[..., -self.most :]
        ahead = hours_ahead(steps, step_s)
        rows = hourly.reshape(-1, hourly.shape[-1])
        found = np.array([self.model.forecast(y=np.array(row), h=ahead)["mean"] for row in rows], dtype=float)
        return in_steps(found.reshape(*hourly.shape[:-1], ahead), step_s)[..., :steps]


def fit_arima(history: FloatArray, step_s: float, end_s: float) -> Classic:
    """Return ARIMA(2,0,1)(1,1,1) with days as seasons (Box and Jenkins 1970). Raises InputError without its library."""
    models = need("statsforecast.models", "classic")
    return Classic(models.ARIMA(order=(2, 0, 1), season_length=24, seasonal_order=(1, 1, 1)), ARIMA_HOURS)


def fit_mstl(history: FloatArray, step_s: float, end_s: float) -> Classic:
    """Return MSTL (Bandara et al. 2021) of days and weeks, its trend by ETS. Raises InputError without its library."""
    models = need("statsforecast.models", "classic")
    return Classic(models.MSTL(season_length=[24, 168], trend_forecaster=models.AutoETS(model="ZZN")), MSTL_HOURS)
