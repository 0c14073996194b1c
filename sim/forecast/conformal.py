"""Intervals around any forecast, from the errors that it made: conformal prediction, lead by lead.

After Vovk, Gammerman and Shafer 2005 (cross-conformal, two folds) and Lei et al. 2018 (errors in units of how restless
the series is). If errors to come are like those of the past, a quantile of them holds as often as it says, whatever the
model. Grids change from year to year, so it holds about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sim.errors import InputError
from sim.forecast.base import Forecaster
from sim.forecast.hourly import LEADS, hours, scale_of, steps_per_hour
from sim.forecast.rolling import WINDOW, histories, rolling
from sim.units import HOUR_S, FloatArray

Trainer = Callable[[FloatArray, float, float], Forecaster]
"""Fits a model to past values, shape (T,), of a step in seconds, which end at a moment."""
LEAST_HOURS = 2 * (WINDOW + LEADS + 1)
"""Hours of the past in which there are errors to learn from."""
LEAST_ERRORS = 24
"""Errors at an hour ahead of which quantiles are taken: each time of day once."""
APART = 5
"""Hours between the origins of errors: in 24 of them each time of day is met."""
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, eq=False)
class Conformal:
    """A forecaster of one series with quantiles of what will be.

    Attributes:
        forecaster: What forecasts the mean.
        scale: Errors are those of asinh(value / scale): they grow with the value.
        errors: The error of each level at each hour ahead, over the unrest of the series, shape (Q, LEADS).
    """

    forecaster: Forecaster
    scale: float
    errors: FloatArray

    def quantiles(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the quantiles at LEVELS of the next steps, shape (..., Q, steps).

        Raises:
            InputError: As the forecaster does, or if there are less than two days of history.
        """
        return self.around(self.forecaster.predict(history, step_s, steps, end_s), history, step_s)

    def around(self, predicted: FloatArray, history: FloatArray, step_s: float) -> FloatArray:
        """Return the same around a forecast, shape (..., steps), that was made from the history."""
        lead = np.minimum((np.arange(predicted.shape[-1]) * step_s // HOUR_S).astype(int), LEADS - 1)
        width = unrest(hours(history, steps_per_hour(step_s)), self.scale)[..., None, None] * self.errors[:, lead]
        return np.asarray(np.sinh(np.arcsinh(predicted / self.scale)[..., None, :] + width) * self.scale)


def unrest(hourly: FloatArray, scale: float) -> FloatArray:
    """Return by how much each hour of the last four weeks differed from the day before, eased, shape (...)."""
    eased = np.arcsinh(hourly[..., -WINDOW:] / scale)
    return np.asarray(np.abs(eased[..., 24:] - eased[..., :-24]).mean(axis=-1)) + 1e-9


def calibrated(train: Trainer, history: FloatArray, end_s: float, apart: int = APART) -> Conformal:
    """Return a model fitted to the hours of the past, shape (T,), with the errors that it makes on the unseen.

    The errors are those on each half of the past of the model fitted to the other half, at moments `apart` hours apart.

    Raises:
        InputError: If half of the past is too little to fit the model, or all of it to make errors.
    """
    if len(history) < LEAST_HOURS:
        raise InputError(f"intervals are learnt from at least {LEAST_HOURS} hours, found {len(history)}; give more")
    half = len(history) // 2
    middle_s = end_s - HOUR_S * (len(history) - half)
    scale = float(scale_of(history)[0])
    first, second = (history[:half], middle_s), (history[half:], end_s)
    errors = [
        _errors(train(learnt, HOUR_S, learnt_s), other, other_s, scale, apart)
        for (learnt, learnt_s), (other, other_s) in ((second, first), (first, second))
    ]
    table = np.quantile(np.concatenate(errors), LEVELS, axis=0)
    return Conformal(train(history, HOUR_S, end_s), scale, table)


def recent(forecaster: Forecaster, history: FloatArray, end_s: float) -> Conformal | None:
    """Return a model that learnt nothing from these hours, shape (T,), with the errors that it would have made in them.

    Each moment of their second half forecasts the rest of it; where too few reach so far ahead, the errors at the last
    hour ahead that enough did hold. None if there are less than four days.

    Raises:
        InputError: As the forecaster does, from half of these hours.
    """
    known = history[-2 * WINDOW :]
    window = len(known) // 2
    if window < 2 * 24:
        return None
    scale = float(scale_of(known)[0])
    origins = np.arange(window, len(known))
    leads = min(LEADS, len(origins) - LEAST_ERRORS)
    start_s = end_s - HOUR_S * len(known)
    pasts = sliding_window_view(known, window)[origins - window]
    predicted = forecaster.predict(pasts, HOUR_S, leads, np.asarray(start_s + HOUR_S * origins, dtype=float))
    at = origins[:, None] + np.arange(leads)
    actual = np.append(known, np.full(leads, np.nan))[at]
    errors = (np.arcsinh(actual / scale) - np.arcsinh(predicted / scale)) / unrest(pasts, scale)[:, None]
    table = np.nanquantile(errors, LEVELS, axis=0)
    return Conformal(forecaster, scale, np.pad(table, ((0, 0), (0, LEADS - leads)), mode="edge"))


def _errors(forecaster: Forecaster, values: FloatArray, end_s: float, scale: float, apart: int) -> FloatArray:
    """Return the eased errors from each origin over the unrest before it, shape (N, LEADS)."""
    origins = np.arange(WINDOW, len(values) - LEADS, apart)
    start_s = end_s - HOUR_S * len(values)
    predicted = rolling(forecaster, values, origins, LEADS, start_s)
    actual = values[origins[:, None] + np.arange(LEADS)]
    before = np.concatenate([unrest(history, scale) for history, _ in histories(values, origins, start_s)])
    return np.asarray((np.arcsinh(actual / scale) - np.arcsinh(predicted / scale)) / before[:, None])
