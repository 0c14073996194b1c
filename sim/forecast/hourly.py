"""Series by the hour, eased, as models learn from them: weeks known and what came after."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sim.errors import InputError
from sim.forecast.naive import FadingProfile
from sim.units import HOUR_S, FloatArray

LEADS = 96
"""Hours ahead that are corrected; beyond them the profile stands alone."""
WEEK = 168
PROFILE = FadingProfile()
Correction = Callable[[FloatArray, int], FloatArray]
"""From the last eased week, shape (..., 168), and a number of hours to what to add in them, shape (..., hours)."""


def steps_per_hour(step_s: float) -> int:
    """Return how many steps make an hour. Raises InputError if they do not fill it."""
    count = round(HOUR_S / step_s)
    if count < 1 or count * step_s != HOUR_S:
        raise InputError(f"a step of {step_s:g} s does not divide an hour: give the series by the hour or finer")
    return count


def hours(values: FloatArray, per_hour: int) -> FloatArray:
    """Return the means of whole hours, counted back from the end, shape (..., hours)."""
    whole = values.shape[-1] // per_hour
    cut = values[..., values.shape[-1] - whole * per_hour :]
    return np.asarray(cut.reshape(*values.shape[:-1], whole, per_hour).mean(axis=-1)) if per_hour > 1 else cut


def hours_ahead(steps: int, step_s: float) -> int:
    """Return how many hours have so many steps in them."""
    return -(-steps // steps_per_hour(step_s))


def in_steps(hourly: FloatArray, step_s: float) -> FloatArray:
    """Return values by the hour, shape (..., hours), as steps: each hour's value in all of its steps."""
    per_hour = steps_per_hour(step_s)
    return np.repeat(hourly, per_hour, axis=-1) if per_hour > 1 else hourly


def scale_of(values: FloatArray) -> FloatArray:
    """Return the median absolute value, shape (1,), by which values are eased."""
    return np.array([max(float(np.median(np.abs(values))), 1e-9)])


def eased_week(values: FloatArray, step_s: float, scale: FloatArray) -> FloatArray:
    """Return asinh(value / scale) of the last 168 hours: near 0 as they are, far from it as their logarithms.

    Raises:
        InputError: If there is less than a week, or a step does not divide an hour.
    """
    whole = hours(values, steps_per_hour(step_s))
    if whole.shape[-1] < WEEK:
        raise InputError(f"a fitted forecast needs {WEEK} h of history, found {whole.shape[-1]} h; give more history")
    return np.asarray(np.arcsinh(whole[..., -WEEK:] / scale))


def corrected(
    history: FloatArray,
    scale: FloatArray,
    step_s: float,
    steps: int,
    correction: Callable[[FloatArray, int], FloatArray],
) -> FloatArray:
    """Return the next steps, shape (..., steps): the usual day, and what a model adds to it in the hours it learnt.

    Args:
        history: What is known, shape (..., T).
        scale: By which it is eased.
        step_s: Seconds of a step.
        steps: How many are asked for.
        correction: What the model adds.

    Raises:
        InputError: If there is less than a week of history, or a step does not divide an hour.
    """
    week = eased_week(history, step_s, scale)
    expected = PROFILE.predict(week, HOUR_S, hours_ahead(steps, step_s))
    leads = min(expected.shape[-1], LEADS)
    expected[..., :leads] += correction(week, leads)
    return in_steps(np.sinh(expected) * scale, step_s)[..., :steps]


def lessons(eased: FloatArray, end_s: float, apart: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what can be learnt from an eased past, shape (T,), which ends at `end_s`.

    Returns:
        Weeks, shape (N, 168), one every `apart` hours; how far what came after each stood above the usual day that
        fades, shape (N, LEADS); and when each week ended, shape (N,).
    """
    pasts = sliding_window_view(eased[:-LEADS], WEEK)[::apart]
    departures = sliding_window_view(eased[WEEK:], LEADS)[::apart] - PROFILE.predict(pasts, HOUR_S, LEADS)
    return pasts, departures, end_s - HOUR_S * (len(eased) - WEEK - apart * np.arange(float(len(pasts))))
