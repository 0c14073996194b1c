"""Forecasts: from the history of a signal alone to its future. Nothing here can see beyond `now`."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from sim.errors import InputError
from sim.signals import Signal
from sim.units import DAY_S, FloatArray


class Forecaster(Protocol):
    """From history to future values."""

    def predict(self, history: FloatArray, step_s: float, steps: int) -> FloatArray:
        """Return the next `steps` values after `history` (shape (T,), oldest first), shape (steps,)."""


class SeasonalNaive:
    """Tomorrow is like today: value(t) = value(t - 24 h), repeated for longer horizons."""

    def predict(self, history: FloatArray, step_s: float, steps: int) -> FloatArray:
        """Return the last 24 hours, repeated.

        Raises:
            InputError: If there are less than 24 hours of history.
        """
        day = round(DAY_S / step_s)
        if len(history) < day:
            raise InputError(
                f"a seasonal-naive forecast needs 24 h of history, found {len(history) * step_s / 3600:g} h; "
                "start the scenario later or give more history"
            )
        return np.resize(history[-day:], steps)


def forecast(forecaster: Forecaster, history: Signal, now_s: float, horizon_s: float) -> Signal:
    """Return the forecast issued at `now_s` from a history that ends with the current interval.

    The current interval keeps its measured value; what follows, to at least now + horizon_s, is predicted.
    """
    steps = max(0, int(np.ceil((now_s + horizon_s - history.end_s) / history.step_s)))
    predicted = forecaster.predict(history.values, history.step_s, steps)
    values = np.concatenate([history.values[-1:], predicted])
    return Signal(
        history.zone, history.unit, history.end_s - history.step_s, history.step_s, values, issued_at_s=now_s
    )


FORECASTERS: dict[str, type[SeasonalNaive]] = {"seasonal-naive": SeasonalNaive}
