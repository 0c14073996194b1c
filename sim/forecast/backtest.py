"""How good forecasts were: errors, intervals, and the saving that shifting by them realises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.forecast.conformal import APART, LEAST_HOURS, LEVELS, Conformal, Trainer, calibrated
from sim.forecast.hourly import LEADS
from sim.forecast.rolling import histories
from sim.units import HOUR_S, FloatArray, IntArray

SLACK = 24
"""Hours by which the job that a forecast is judged by may start later."""


@dataclass(frozen=True)
class Score:
    """How a model did on a series, over all origins and leads; all are fractions.

    Attributes:
        mape: Mean of |error| / |actual|, over hours that are not 0.
        wape: Sum of |error| / sum of |actual|.
        rmse: Root of the mean squared error / mean |actual|.
        pinball: Mean pinball loss over LEVELS / mean |actual|.
        coverage: How often the truth lay between the 5 % and the 95 % quantile: 0.9 is right.
        realised_saving: The share of what perfect knowledge saves a job of one hour that may start up to 24 h later,
            if it starts in the hour that the forecast of its arrival says; 0 is starting at once. None if nothing
            can be saved.
    """

    mape: float
    wape: float
    rmse: float
    pinball: float
    coverage: float
    realised_saving: float | None


def backtest(train: Trainer, values: FloatArray, split: int, leads: int = LEADS, every: int = 1) -> Score:
    """Return how a model fitted to the hours before `split` forecasts the hours from it on.

    Args:
        train: Fits the model.
        values: The series by the hour, shape (T,).
        split: The first hour that the model is not fitted to; forecasts are issued from then on.
        leads: Hours ahead that are judged, 24 to 96.
        every: Hours from one origin to the next.

    Raises:
        InputError: If there is too little before or after `split`.
    """
    if not SLACK <= leads <= LEADS:
        raise InputError(f"horizon {leads} h: expected {SLACK} to {LEADS} hours")
    # the hour before an origin is known, and is the job's first choice
    origins = np.arange(split + 1, len(values) - leads + 1, every)
    if split < LEAST_HOURS or not len(origins):
        raise InputError(
            f"found {split} hours to fit to and {len(values) - split} to forecast; "
            f"expected at least {LEAST_HOURS} and {leads + 1}"
        )
    return score(calibrated(train, values[:split], HOUR_S * split, max(APART, every)), values, origins, leads)


def score(model: Conformal, values: FloatArray, origins: IntArray, leads: int) -> Score:
    """Return how a model's forecasts issued at `origins`, shape (N,), agree with what came."""
    predicted, quantiles = _forecasts(model, values, origins, leads)
    actual = values[origins[:, None] + np.arange(leads)]
    error, mean = predicted - actual, float(np.abs(actual).mean())
    rounding = 1e-9 * np.abs(actual)
    inside = (quantiles[:, 0] <= actual + rounding) & (actual - rounding <= quantiles[:, -1])
    counted = actual != 0
    return Score(
        mape=float(np.abs(error[counted] / actual[counted]).mean()),
        wape=float(np.abs(error).mean()) / mean,
        rmse=float(np.sqrt((error**2).mean())) / mean,
        pinball=pinball(quantiles, actual) / mean,
        coverage=float(inside.mean()),
        realised_saving=realised_saving(values, origins, predicted),
    )


def _forecasts(model: Conformal, values: FloatArray, origins: IntArray, leads: int) -> tuple[FloatArray, FloatArray]:
    """Return means, shape (N, leads), and quantiles, shape (N, Q, leads)."""
    means, quantiles = [], []
    for history, end_s in histories(values, origins, 0.0):
        means.append(model.forecaster.predict(history, HOUR_S, leads, end_s))
        quantiles.append(model.around(means[-1], history, HOUR_S))
    return np.concatenate(means), np.concatenate(quantiles)


def pinball(quantiles: FloatArray, actual: FloatArray) -> float:
    """Return the mean pinball loss of quantiles at LEVELS, shape (N, Q, H), of what came, shape (N, H).

    Koenker and Bassett 1978: level x what they fall short by, (1 - level) x what they exceed by.
    """
    short = actual[:, None] - quantiles
    levels = np.array(LEVELS)[:, None]
    return float(np.maximum(levels * short, (levels - 1.0) * short).mean())


def realised_saving(values: FloatArray, origins: IntArray, predicted: FloatArray) -> float | None:
    """Return the share of the possible saving that starting where the forecast says brings.

    The job arrives in the hour before the origin, whose value is known, and runs in it or in one of the 24 after it.
    """
    expected = np.concatenate([values[origins - 1, None], predicted[:, :SLACK]], axis=1)
    actual = values[origins[:, None] + np.arange(-1, SLACK)]
    taken = np.take_along_axis(actual, expected.argmin(axis=1)[:, None], axis=1).sum()
    at_once, best = actual[:, 0].sum(), actual.min(axis=1).sum()
    return float((at_once - taken) / (at_once - best)) if at_once > best else None
