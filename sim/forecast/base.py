"""What a forecaster is, and what is known of signals at a moment. Nothing here can see beyond `now`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from sim.signals import Bundle, Signal
from sim.units import FloatArray


class Forecaster(Protocol):
    """From history to future values."""

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the next `steps` values after `history` (shape (..., T), oldest first), shape (..., steps).

        `end_s` is when the history ends, by the clock of whoever fitted the model; one moment, or one a row (...).
        """


@runtime_checkable
class Fitted(Forecaster, Protocol):
    """A forecaster fitted to several series, a row each: histories are given in the same order."""

    def row(self, r: int) -> Forecaster:
        """Return the forecaster of one of the series."""


def row_of(forecaster: Forecaster, r: int) -> Forecaster:
    """Return what forecasts the r-th series: a model fitted to several serves each by its own row."""
    return forecaster.row(r) if isinstance(forecaster, Fitted) else forecaster


class Models(NamedTuple):
    """What forecasts the carbon intensity of all regions, and what their prices."""

    intensity: Forecaster
    price: Forecaster


def forecast(forecaster: Forecaster, history: Signal, now_s: float, horizon_s: float) -> Signal:
    """Return the forecast issued at `now_s` from a history that ends with the current interval.

    The current interval keeps its measured value; what follows, to at least now + horizon_s, is predicted.
    """
    steps = max(0, int(np.ceil((now_s + horizon_s - history.end_s) / history.step_s)))
    predicted = forecaster.predict(history.values, history.step_s, steps, history.end_s)
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
            alone = (forecast(row_of(forecaster, r), s, self.now_s, horizon_s) for r, s in enumerate(self.signals))
            return Bundle.of(list(alone))
        known = self._stacked.up_to(self.now_s)
        steps = max(0, int(np.ceil((self.now_s + horizon_s - known.end_s) / known.step_s)))
        predicted = forecaster.predict(known.values, known.step_s, steps, known.end_s)
        values = np.concatenate([known.values[:, -1:], predicted], axis=1)
        return Bundle(known.end_s - known.step_s, known.step_s, values)


def stacked(signals: Sequence[Signal]) -> Bundle | None:
    """Return the signals as one matrix if they share a grid, else None."""
    first = signals[0]
    grids = {(signal.start_s, signal.step_s, len(signal.values)) for signal in signals}
    return Bundle(first.start_s, first.step_s, np.array([s.values for s in signals])) if len(grids) == 1 else None
