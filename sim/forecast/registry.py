"""Forecasting models by name, each as what fits it to the past."""

from __future__ import annotations

from collections.abc import Callable

from sim.errors import InputError
from sim.forecast.base import Forecaster
from sim.forecast.classic import fit_arima, fit_mstl
from sim.forecast.conformal import Trainer
from sim.forecast.ensemble import fit_ensemble
from sim.forecast.lightgbm import fit_lightgbm
from sim.forecast.naive import FadingProfile, Persistence, SeasonalNaive, SimilarDay
from sim.forecast.neural import fit_neural
from sim.forecast.ridge import fit_ridge
from sim.units import FloatArray

DEFAULT = "default"


def _ready(make: Callable[[], Forecaster]) -> Trainer:
    """Return the trainer of a model that has nothing to learn."""

    def train(history: FloatArray, step_s: float, end_s: float) -> Forecaster:
        return make()

    return train


MODELS: dict[str, Trainer] = {
    DEFAULT: fit_ridge,
    "persistence": _ready(Persistence),
    "seasonal-naive": _ready(SeasonalNaive),
    "similar-day": _ready(SimilarDay),
    "fading-profile": _ready(FadingProfile),
    "ridge": fit_ridge,
    "ensemble": fit_ensemble,
    "lightgbm": fit_lightgbm,
    "neural": fit_neural,
    "arima": fit_arima,
    "mstl": fit_mstl,
}


def trainer(name: str) -> Trainer:
    """Return what fits a model. Raises InputError for an unknown name."""
    if name not in MODELS:
        raise InputError(f"no forecasting model {name!r}; known are {', '.join(MODELS)}")
    return MODELS[name]
