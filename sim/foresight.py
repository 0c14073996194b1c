"""Foretold series: what schedulers are told instead of a forecast, where an experiment lets them know the future.

Only a scenario that says so (`forecast: {model: perfect}`) and schedulers whose names end in `-oracle` have it. An
error may be put on it, as Let's Wait Awhile does (Wiesner et al., Middleware 2021): what is told is then the truth
plus independent Gaussian noise, drawn once for the whole run, so that every decision hears the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.signals import Bundle, Signal
from sim.units import DAY_S, FloatArray


@dataclass(frozen=True, eq=False)
class Foretold:
    """The whole course of every signal of the regions, as it is told; None where a region has no such signal."""

    intensity: Bundle
    price: Bundle
    temperature: tuple[Signal | None, ...]
    onsite: tuple[Signal | None, ...]

    @classmethod
    def of(
        cls,
        intensity: Sequence[Signal],
        price: Sequence[Signal],
        temperature: Sequence[Signal | None],
        onsite: Sequence[Signal | None],
        *,
        error: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> Foretold:
        """Return the truth, its carbon intensity with an error: a standard deviation, as a share of each zone's mean.

        Raises:
            ValueError: If there is an error and nothing to draw it from.
        """
        if error and rng is None:
            raise ValueError("an error is drawn: give a random generator")
        if error and rng is not None:
            intensity = [_disturbed(signal, error, rng) for signal in intensity]
        return cls(Bundle.of(intensity), Bundle.of(price), tuple(temperature), tuple(onsite))


def _disturbed(signal: Signal, error: float, rng: np.random.Generator) -> Signal:
    noise = error * float(signal.values.mean()) * rng.standard_normal(len(signal.values))
    return replace(signal, values=np.maximum(signal.values + noise, 0.0))


def told_from(told: Bundle, now_s: float, span_s: float, current: FloatArray) -> Bundle:
    """Return what is told from the current interval to now + span_s; the current one is as measured, shape (R,).

    Beyond the end of the series its last day is repeated: a plan may reach further than a run.
    """
    first = int((now_s - told.start_s) // told.step_s)
    count = int(np.ceil((now_s + span_s - told.start_s) / told.step_s)) - first
    values = told.values[:, first : first + max(1, count)].copy()
    values[:, 0] = current
    lacking = count - values.shape[1]
    if lacking > 0:
        values = np.concatenate([values, _repeated(told.values, told.step_s, lacking)], axis=1)
    return Bundle(told.start_s + first * told.step_s, told.step_s, values)


def told_at(told: Signal, times_s: FloatArray) -> FloatArray:
    """Return what is told for these moments, shape (K,); beyond the end the last day again."""
    place = ((times_s - told.start_s) // told.step_s).astype(int)
    lacking = max(0, int(place.max(initial=0)) + 1 - len(told.values))
    return np.asarray(np.concatenate([told.values, _repeated(told.values, told.step_s, lacking)])[place])


def _repeated(values: FloatArray, step_s: float, steps: int) -> FloatArray:
    day = min(round(DAY_S / step_s), values.shape[-1])
    return np.asarray(values[..., values.shape[-1] - day + np.arange(steps) % day])
