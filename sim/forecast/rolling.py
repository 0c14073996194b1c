"""Origins one after another, each with the weeks before it alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sim.forecast.base import Forecaster
from sim.units import HOUR_S, FloatArray, IntArray

WINDOW = 28 * 24
"""Hours of history that a forecast is made from: four weeks."""
_AT_ONCE = 1000


def histories(values: FloatArray, origins: IntArray, start_s: float) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield what is known at the origins, some at a time: histories, shape (n, WINDOW), and when they end, shape (n,).

    Args:
        values: The series by the hour, shape (T,), from `start_s` on.
        origins: The first hour that is not known yet, at least WINDOW, shape (N,).
        start_s: The moment of the first value.
    """
    windows = sliding_window_view(values, WINDOW)
    for part in np.split(origins, np.arange(_AT_ONCE, len(origins), _AT_ONCE)):
        yield windows[part - WINDOW], np.asarray(start_s + HOUR_S * part, dtype=float)


def rolling(forecaster: Forecaster, values: FloatArray, origins: IntArray, leads: int, start_s: float) -> FloatArray:
    """Return what is forecast at each origin for so many hours from it on, shape (N, leads)."""
    known = histories(values, origins, start_s)
    return np.concatenate([forecaster.predict(history, HOUR_S, leads, end_s) for history, end_s in known])
