"""Forecasts: from the history of a signal alone to its future. Nothing here can see beyond `now`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from sim.errors import InputError
from sim.signals import Bundle, Signal
from sim.units import DAY_S, HOUR_S, FloatArray


class Forecaster(Protocol):
    """From history to future values."""

    def predict(self, history: FloatArray, step_s: float, steps: int) -> FloatArray:
        """Return the next `steps` values after `history` (shape (..., T), oldest first), shape (..., steps)."""


class SeasonalNaive:
    """Tomorrow is like today: value(t) = value(t - 24 h), repeated for longer horizons."""

    def predict(self, history: FloatArray, step_s: float, steps: int) -> FloatArray:
        """Return the last 24 hours, repeated.

        Raises:
            InputError: If there are less than 24 hours of history.
        """
        day = _day(history, step_s, "a seasonal-naive forecast")
        last_day = history[..., history.shape[-1] - day :]
        return np.concatenate([last_day] * (steps // day + 1), axis=-1)[..., :steps]


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

    def predict(self, history: FloatArray, step_s: float, steps: int) -> FloatArray:
        """Return the usual day from now on, repeated, and the fading departure, and the risk.

        Raises:
            InputError: If there are less than 24 hours of history.
        """
        usual, departure, deviation = self._today(history, step_s)
        ahead = np.arange(steps)
        fading = self.persistence ** ((ahead + 1) * step_s / HOUR_S)
        unknown = np.sqrt(1.0 - fading**2)  # the share of an AR(1) departure's deviation that is not known now
        return np.asarray(
            usual[..., ahead % usual.shape[-1]]
            + departure[..., None] * fading
            + self.risk * deviation[..., None] * unknown
        )

    def _today(self, history: FloatArray, step_s: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the usual day from now on (..., day), the current departure, and departures' standard deviation."""
        day = _day(history, step_s, "a forecast by the usual day")
        days = min(self.days, history.shape[-1] // day)
        past = history[..., history.shape[-1] - days * day :].reshape(*history.shape[:-1], days, day)
        weights = self.memory ** np.arange(days - 1.0, -1.0, -1.0)
        usual = np.tensordot(past, weights / weights.sum(), axes=([-2], [0]))
        before = past[..., :-1, -1]  # this moment of the days before
        known = np.asarray(before @ (weights[1:] / weights[1:].sum()) if days > 1 else past[..., -1, -1])
        deviation = (past - past.mean(axis=-2, keepdims=True)).std(axis=(-2, -1))
        return usual, np.asarray(history[..., -1] - known), deviation


def _day(history: FloatArray, step_s: float, what: str) -> int:
    """Return the steps of a day; refuse a shorter history."""
    day = round(DAY_S / step_s)
    if history.shape[-1] < day:
        raise InputError(
            f"{what} needs 24 h of history, found {history.shape[-1] * step_s / HOUR_S:g} h; "
            "start the scenario later or give more history"
        )
    return day


def forecast(forecaster: Forecaster, history: Signal, now_s: float, horizon_s: float) -> Signal:
    """Return the forecast issued at `now_s` from a history that ends with the current interval.

    The current interval keeps its measured value; what follows, to at least now + horizon_s, is predicted.
    """
    steps = max(0, int(np.ceil((now_s + horizon_s - history.end_s) / history.step_s)))
    predicted = forecaster.predict(history.values, history.step_s, steps)
    values = np.concatenate([history.values[-1:], predicted])
    return Signal(history.zone, history.unit, history.end_s - history.step_s, history.step_s, values, issued_at_s=now_s)


@dataclass(frozen=True, eq=False)
class Measured:
    """Signals of the regions as they are known at `now_s`; what comes later cannot be had from here."""

    _series: tuple[Signal, ...]
    _stacked: Bundle | None
    now_s: float

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """Each signal up to and with its current interval."""
        return tuple(signal.up_to(self.now_s) for signal in self._series)

    @property
    def current(self) -> FloatArray:
        """The value of each signal now, shape (R,)."""
        if self._stacked:
            k = int((self.now_s - self._stacked.start_s) // self._stacked.step_s)
            return np.asarray(self._stacked.values[:, k])
        return np.array([signal.at(self.now_s) for signal in self._series])

    def at(self, times_s: FloatArray) -> FloatArray:
        """Return the values that held at past moments, shape (R, K); the first one known for those before it."""
        past_s = np.minimum(times_s, self.now_s)
        if self._stacked:
            return self._stacked.at(np.maximum(past_s, self._stacked.start_s))
        return np.array([[s.at(max(t_s, s.start_s)) for t_s in past_s.tolist()] for s in self._series])

    def outlook(self, forecaster: Forecaster, horizon_s: float) -> Bundle:
        """Return the forecasts of all signals on one grid, issued now, to at least now + horizon_s."""
        if self._stacked is None:
            return Bundle.of([forecast(forecaster, history, self.now_s, horizon_s) for history in self.signals])
        known = self._stacked.up_to(self.now_s)
        steps = max(0, int(np.ceil((self.now_s + horizon_s - known.end_s) / known.step_s)))
        predicted = forecaster.predict(known.values, known.step_s, steps)
        values = np.concatenate([known.values[:, -1:], predicted], axis=1)
        return Bundle(known.end_s - known.step_s, known.step_s, values)


def stacked(signals: Sequence[Signal]) -> Bundle | None:
    """Return the signals as one matrix if they share a grid, else None."""
    first = signals[0]
    grids = {(signal.start_s, signal.step_s, len(signal.values)) for signal in signals}
    return Bundle(first.start_s, first.step_s, np.array([s.values for s in signals])) if len(grids) == 1 else None


FORECASTERS: dict[str, type[Forecaster]] = {"seasonal-naive": SeasonalNaive, "fading-profile": FadingProfile}
