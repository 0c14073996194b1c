"""Gradient-boosted trees (LightGBM, extra `forecast`): one model of all hours ahead, on what ridge corrects too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.forecast.extras import need
from sim.forecast.hourly import (
    LEADS,
    corrected,
    hours,
    lessons,
    scale_of,
    steps_per_hour,
)
from sim.units import DAY_S, HOUR_S, FloatArray

if TYPE_CHECKING:
    import lightgbm

APART = 5
"""Hours between the moments that are learnt from: in 24 of them each time of day is met."""
ROUNDS = 100
SETTINGS = {
    "objective": "quantile", "alpha": 0.5, "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 500,
    "feature_fraction": 0.5, "verbosity": -1, "num_threads": 1, "deterministic": True, "seed": 0,
}  # fmt: skip
"""The median of what comes. More leaves, less data in each, or squared errors did worse on five grids of 2022."""


@dataclass(frozen=True, eq=False)
class Boosted:
    """Trees fitted to one series: they correct the usual day, hour by hour ahead, in eased values (see `Ridge`)."""

    booster: lightgbm.Booster
    scale: FloatArray

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the next steps, shape (..., steps); beyond four days the usual day. InputError as for ridge."""

        def correction(week: FloatArray, leads: int) -> FloatArray:
            table = features(week, np.broadcast_to(end_s, week.shape[:-1]), leads)
            found = np.asarray(self.booster.predict(table.reshape(-1, table.shape[-1])))
            return found.reshape(*week.shape[:-1], leads)

        return corrected(history, self.scale, step_s, steps, correction)


def fit_lightgbm(history: FloatArray, step_s: float, end_s: float) -> Boosted:
    """Return trees fitted to past values, shape (T,), which end at `end_s`.

    Raises:
        InputError: If LightGBM is not installed, or a step does not divide an hour.
    """
    lgb = need("lightgbm", "forecast")
    hourly = hours(history, steps_per_hour(step_s))
    scale = scale_of(hourly)
    pasts, departures, ends_s = lessons(np.arcsinh(hourly / scale), end_s, APART)
    table = features(pasts, ends_s, LEADS)
    data = lgb.Dataset(table.reshape(-1, table.shape[-1]), departures.ravel())
    return Boosted(lgb.train(SETTINGS, data, ROUNDS), scale)


def features(week: FloatArray, end_s: FloatArray, leads: int) -> FloatArray:
    """Return a row of features for each hour ahead, shape (..., leads, F), of eased weeks, shape (..., 168)."""
    ahead = np.arange(leads)
    days = week.reshape(*week.shape[:-1], 7, 24)
    mean = week.mean(axis=-1, keepdims=True)
    now = [week[..., -1 - back, None] - mean for back in (0, 1, 3, 6, 12, 24)]
    daily = [mean - days[..., -1 - back, :].mean(axis=-1)[..., None] for back in (0, 1)]
    then = [days[..., day, :][..., ahead % 24] - mean for day in (6, 5, 0)]
    usual = days.mean(axis=-2)[..., ahead % 24] - mean
    moment_s = end_s[..., None] + HOUR_S * ahead
    clock = [moment_s % DAY_S / HOUR_S, moment_s // DAY_S % 7]
    parts = [*now, *daily, *then, usual, *clock, ahead.astype(float), week.std(axis=-1, keepdims=True)]
    return np.stack([np.broadcast_to(part, moment_s.shape) for part in parts], axis=-1)
