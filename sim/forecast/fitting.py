"""What a run forecasts with: models fitted once, to what came before its start, when they are first asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache

from sim.errors import InputError
from sim.forecast.base import Forecaster, row_of
from sim.forecast.conformal import Conformal, calibrated, recent
from sim.forecast.hourly import hours, steps_per_hour
from sim.forecast.naive import FadingProfile
from sim.forecast.registry import DEFAULT, trainer
from sim.signals import Bundle, Signal, SignalFile
from sim.units import DAY_S, FloatArray, seconds_since

PAST_DAYS = 365
"""Days before the start that a model is fitted to, or as many as there are."""


@dataclass(frozen=True, eq=False)
class FittedLater:
    """A model of the signals of several zones, fitted when it is first asked.

    `default` is ridge, or the usual day where there is too little past or a gap in it; any other model then fails.
    """

    name: str
    file: SignalFile
    zones: tuple[str, ...]
    start: datetime

    @cached_property
    def model(self) -> Forecaster:
        """The fitted model. Raises InputError if what came before the start is not enough."""
        try:
            return _fitted(self.name, self.file, self.zones, self.start, self.file.path.stat().st_mtime_ns)
        except InputError:
            if self.name != DEFAULT:
                raise
            return FadingProfile()

    def row(self, r: int) -> Forecaster:
        """Return the model of one of the zones."""
        return row_of(self.model, r)

    def intervals(self, r: int) -> Conformal | None:
        """Return one of the zones' model with the errors it makes on what came before the start; None if too little."""
        try:
            return _calibrated(self.name, self.file, self.zones[r], self.start, self.file.path.stat().st_mtime_ns)
        except InputError:
            return None

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the next steps, shape (..., steps), of histories of all zones; `end_s` is since the start."""
        return self.model.predict(history, step_s, steps, end_s)


@lru_cache(maxsize=32)
def _fitted(name: str, file: SignalFile, zones: tuple[str, ...], start: datetime, written_ns: int) -> Forecaster:
    """Return the model; `written_ns` tells a file from what it was before."""
    past = before(file, zones, start)
    return trainer(name)(past.values, past.step_s, past.end_s)


@lru_cache(maxsize=64)
def _calibrated(name: str, file: SignalFile, zone: str, start: datetime, written_ns: int) -> Conformal:
    """Return a zone's model with its errors: two fits more than the model alone, so it is made when asked for."""
    past = before(file, (zone,), start)
    return calibrated(trainer(name), hours(past.values[0], steps_per_hour(past.step_s)), past.end_s)


def intervals_of(forecaster: Forecaster, r: int, known: Signal) -> Conformal | None:
    """Return how wrong the forecasts of the r-th series are; None if too little of its past is known to tell.

    By the year before the start where the model was fitted to it, else by what is known of the series itself.
    """
    model = forecaster.forecaster if isinstance(forecaster, Remembering) else forecaster
    if isinstance(model, FittedLater) and (fitted := model.intervals(r)):
        return fitted
    try:
        return recent(row_of(model, r), hours(known.values, steps_per_hour(known.step_s)), known.end_s)
    except InputError:  # steps that do not fill an hour, or a model that needs more of the past than half of it
        return None


def before(file: SignalFile, zones: Sequence[str], start: datetime) -> Bundle:
    """Return the signals of the year before `start`, a row a zone, or since the last of them begins.

    Raises:
        InputError: If the file or a zone is missing, or the series has a gap.
    """
    return Bundle.of([file.read(zone, start, -_past_s(file, zone, start), 0.0) for zone in zones])


def _past_s(file: SignalFile, zone: str, start: datetime) -> float:
    first, _ = file.span(zone)
    return min(max(seconds_since(first, start), 0.0), PAST_DAYS * DAY_S)


@dataclass(eq=False)
class Remembering:
    """A forecaster for one run: asked again before more is known, it answers as before."""

    forecaster: Forecaster
    _last: tuple[float, FloatArray] | None = field(default=None, init=False)

    def row(self, r: int) -> Forecaster:
        """Return the forecaster of one of the signals."""
        return row_of(self.forecaster, r)

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the next steps, shape (..., steps), of histories that differ only in where they end."""
        last, moment_s = self._last, float(end_s)
        if last is None or last[0] != moment_s or last[1].shape[-1] < steps:
            last = (moment_s, self.forecaster.predict(history, step_s, steps, moment_s))
            self._last = last
        return last[1][..., :steps]
