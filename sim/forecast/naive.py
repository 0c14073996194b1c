"""Forecasts that need no fitting: the last value, yesterday, the days most like today, the usual day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.units import DAY_S, HOUR_S, FloatArray


class Persistence:
    """What is stays."""

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the last value, repeated."""
        return np.repeat(history[..., -1:], steps, axis=-1)


class SeasonalNaive:
    """Tomorrow is like today: value(t) = value(t - 24 h), repeated for longer horizons."""

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the last 24 hours, repeated.

        Raises:
            InputError: If there are less than 24 hours of history.
        """
        day = _day(history, step_s, "a seasonal-naive forecast")
        last_day = history[..., history.shape[-1] - day :]
        return np.concatenate([last_day] * (steps // day + 1), axis=-1)[..., :steps]


@dataclass(frozen=True)
class SimilarDay:
    """What followed the days most like the last 24 hours, as far above or below as those stood.

    Likeness is the mean squared distance of two days' values, hour by hour, among the `days` before.
    """

    neighbours: int = 7
    days: int = 27

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the mean of the days that followed the most similar ones, repeated for longer horizons.

        Raises:
            InputError: If there are less than 24 hours of history; with less than 48 it is the last day again.
        """
        day = _day(history, step_s, "a similar-day forecast")
        count = min(self.days + 1, history.shape[-1] // day)
        past = history[..., history.shape[-1] - count * day :].reshape(*history.shape[:-1], count, day)
        if count == 1:
            return SeasonalNaive().predict(history, step_s, steps)
        distance = ((past[..., :-1, :] - past[..., -1:, :]) ** 2).mean(axis=-1)
        nearest = np.argsort(distance, axis=-1, kind="stable")[..., : self.neighbours, None]
        followers = np.take_along_axis(past[..., 1:, :], nearest, axis=-2).mean(axis=-2)
        level = np.take_along_axis(past[..., :-1, :], nearest, axis=-2).mean(axis=(-2, -1))
        ahead = followers + (past[..., -1, :].mean(axis=-1) - level)[..., None]
        return np.asarray(ahead[..., np.arange(steps) % day])


@dataclass(frozen=True)
class FadingProfile:
    """The usual day, and today's departure from it, which fades.

    The usual day is the mean of the same moments of the last `days` days, each day back weighing `memory` of the one
    after it. How far the current value stands above or below it fades by `persistence` an hour (an AR(1) departure).
    `risk` standard deviations of the error are added, which grow with the lead: 0 predicts the mean, 0.1 the 54 %
    quantile. The numbers were chosen on ten grids of 2021 by the saving that shifting by such a forecast realises.
    """

    days: int = 7
    memory: float = 0.9
    persistence: float = 0.96
    risk: float = 0.0

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the usual day from now on, repeated, and the fading departure, and the risk.

        Raises:
            InputError: If there are less than 24 hours of history.
        """
        past = self._past(history, step_s)
        usual, departure = self._today(past)
        ahead = np.arange(steps)
        fading = self.persistence ** ((ahead + 1) * step_s / HOUR_S)
        expected = usual[..., ahead % usual.shape[-1]] + departure[..., None] * fading
        if not self.risk:
            return np.asarray(expected)
        deviation = (past - past.mean(axis=-2, keepdims=True)).std(axis=(-2, -1))
        unknown = np.sqrt(1.0 - fading**2)  # the share of an AR(1) departure's deviation that is not known now
        return np.asarray(expected + self.risk * deviation[..., None] * unknown)

    def _past(self, history: FloatArray, step_s: float) -> FloatArray:
        """Return the last days, shape (..., days, day)."""
        day = _day(history, step_s, "a forecast by the usual day")
        days = min(self.days, history.shape[-1] // day)
        return np.asarray(history[..., history.shape[-1] - days * day :].reshape(*history.shape[:-1], days, day))

    def _today(self, past: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the usual day from now on, shape (..., day), and the current departure from it, shape (...)."""
        days = past.shape[-2]
        weights = self.memory ** np.arange(days - 1.0, -1.0, -1.0)
        usual = np.asarray((weights / weights.sum()) @ past)
        before = past[..., :-1, -1]  # this moment of the days before
        known = np.asarray(before @ (weights[1:] / weights[1:].sum()) if days > 1 else past[..., -1, -1])
        return usual, np.asarray(past[..., -1, -1] - known)


def _day(history: FloatArray, step_s: float, what: str) -> int:
    """Return the steps of a day; refuse a shorter history."""
    day = round(DAY_S / step_s)
    if history.shape[-1] < day:
        raise InputError(
            f"{what} needs 24 h of history, found {history.shape[-1] * step_s / HOUR_S:g} h; "
            "start the scenario later or give more history"
        )
    return day
