"""An ensemble: the mean of several forecasts, each weighing as much as it was right in the last days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.forecast.base import Forecaster, row_of
from sim.forecast.hourly import WEEK
from sim.forecast.naive import FadingProfile, SimilarDay
from sim.forecast.ridge import fit_ridge
from sim.units import DAY_S, HOUR_S, FloatArray


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Forecasts weighed by the inverse of their mean squared error over the last `days` days.

    After Bates and Granger 1969, without the covariances. Each day's forecast is made anew from what was known then.
    With a history of no more than a week there are no errors to go by, and all weigh the same.
    """

    members: tuple[Forecaster, ...]
    days: int = 7

    def row(self, r: int) -> Ensemble:
        """Return the ensemble of one of the series that its members are fitted to."""
        return Ensemble(tuple(row_of(member, r) for member in self.members), self.days)

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the weighted mean of the members' forecasts, shape (..., steps). Raises InputError as they do."""
        forecasts = np.array([member.predict(history, step_s, steps, end_s) for member in self.members])
        weights = self._weights(history, step_s, end_s)
        return np.asarray((weights[..., None] * forecasts).sum(axis=0))

    def _weights(self, history: FloatArray, step_s: float, end_s: FloatArray | float) -> FloatArray:
        """Return the share of each member, shape (M, ...)."""
        day = round(DAY_S / step_s)
        back = range(1, 1 + min(self.days, (history.shape[-1] - round(WEEK * HOUR_S / step_s)) // day))
        errors = np.full((len(self.members), *history.shape[:-1]), 1e-12)
        for k in back:
            known, actual = history[..., : -k * day], history[..., history.shape[-1] - k * day :][..., :day]
            then_s = np.asarray(end_s) - k * DAY_S
            for m, member in enumerate(self.members):
                errors[m] += ((member.predict(known, step_s, day, then_s) - actual) ** 2).mean(axis=-1)
        return np.asarray(1.0 / errors / (1.0 / errors).sum(axis=0))


def fit_ensemble(history: FloatArray, step_s: float, end_s: float) -> Ensemble:
    """Return ridge (fitted to past values, shape (..., T)), the usual day and similar days together.

    Raises:
        InputError: If there is too little of the past for ridge.
    """
    return Ensemble((fit_ridge(history, step_s, end_s), FadingProfile(), SimilarDay()))
