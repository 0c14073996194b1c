"""Forecasters: what each can learn, and that none can know more than its history."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.forecast import FadingProfile, Measured, Persistence, SimilarDay, stacked
from sim.forecast.conformal import LEVELS, Conformal, calibrated, recent, unrest
from sim.forecast.ensemble import Ensemble
from sim.forecast.registry import MODELS, trainer
from sim.forecast.ridge import fit_ridge
from sim.forecast.rolling import WINDOW, rolling
from sim.signals import Signal
from sim.units import HOUR_S, FloatArray

HOURS = 200 * 24
LIBRARIES = {"lightgbm": "lightgbm", "neural": "torch", "arima": "statsforecast", "mstl": "statsforecast"}


def every_other_day(count: int) -> FloatArray:
    """Return 100 and 300 g/kWh by turns, a day each: the usual day is 200 at all hours."""
    return np.where(np.arange(count) // 24 % 2, 300.0, 100.0)


def restless(count: int, seed: int = 1) -> FloatArray:
    """Return a daily wave with noise, above 0."""
    noise = np.random.default_rng(seed).normal(0, 15, count)
    return 200 + 80 * np.sin(2 * np.pi * np.arange(count) / 24) + noise


def test_persistence_says_that_what_is_stays():
    assert Persistence().predict(np.array([1.0, 5.0]), HOUR_S, 3).tolist() == [5, 5, 5]


def test_the_days_that_followed_similar_days_follow_again():
    """Calm days follow windy ones: after the windy last day a calm one comes, though the day before it was calm too."""
    calm, windy = np.full(24, 400.0), np.arange(24.0)
    history = np.concatenate([windy, calm, calm, windy, calm, calm, windy])
    assert SimilarDay(neighbours=2).predict(history, HOUR_S, 30) == pytest.approx(np.full(30, 400.0))


def test_a_similar_day_keeps_its_distance_from_what_it_resembles():
    """The last day stands 10 above the day that it resembles: so does the next above what followed that."""
    history = np.concatenate([np.arange(24.0), np.full(24, 50.0), np.arange(24.0) + 10])
    assert SimilarDay(neighbours=1).predict(history, HOUR_S, 2) == pytest.approx([60.0, 60.0])


def test_ridge_learns_what_the_usual_day_cannot_say():
    past = every_other_day(HOURS)
    model = fit_ridge(past, HOUR_S, HOURS * HOUR_S)
    known, coming = every_other_day(HOURS + 11), every_other_day(HOURS + 35)[-24:]
    error = np.abs(model.predict(known, HOUR_S, 24, (HOURS + 11) * HOUR_S) - coming).mean()
    usual = np.abs(FadingProfile().predict(known, HOUR_S, 24) - coming).mean()
    assert error < usual / 5


def test_stacked_series_are_each_forecast_by_their_own_fit():
    past = np.array([restless(HOURS, 1), every_other_day(HOURS), restless(HOURS, 2)])
    both = fit_ridge(past, HOUR_S, 0.0)
    for r, row in enumerate(past):
        alone = fit_ridge(row, HOUR_S, 0.0).predict(row, HOUR_S, 100)
        assert both.predict(past, HOUR_S, 100)[r] == pytest.approx(alone)
        assert both.row(r).predict(row, HOUR_S, 100) == pytest.approx(alone)


def test_regions_on_different_grids_are_forecast_by_their_own_rows():
    past = np.array([restless(HOURS), every_other_day(HOURS)])
    model = fit_ridge(past, HOUR_S, HOURS * HOUR_S)
    late = Signal("B", "g", 24 * HOUR_S, HOUR_S, past[1, 24:])
    signals = (Signal("A", "g", 0.0, HOUR_S, past[0]), late)
    assert stacked(signals) is None
    ahead = Measured(signals, None, late.end_s - HOUR_S).outlook(model, 6 * HOUR_S).values
    assert ahead[:, 1:] == pytest.approx(model.predict(past, HOUR_S, 5, late.end_s))


def test_half_hours_have_the_forecast_of_their_hour():
    past = restless(HOURS)
    by_hour = fit_ridge(past, HOUR_S, 0.0)
    fine = np.repeat(past, 2) + np.tile([-1.0, 1.0], HOURS)
    by_half = fit_ridge(fine, HOUR_S / 2, 0.0)
    expected = np.repeat(by_hour.predict(past, HOUR_S, 4), 2)[:7]
    assert by_half.predict(fine, HOUR_S / 2, 7) == pytest.approx(expected)


@pytest.mark.parametrize("factor", [1e-3, 1e6])
def test_ridge_does_not_care_about_units(factor: float):
    past = restless(HOURS)
    grams = fit_ridge(past, HOUR_S, 0.0).predict(past, HOUR_S, 30)
    assert fit_ridge(past * factor, HOUR_S, 0.0).predict(past * factor, HOUR_S, 30) == pytest.approx(grams * factor)


def test_beyond_four_days_the_usual_day_stands_alone():
    past = every_other_day(HOURS)
    ahead = fit_ridge(past, HOUR_S, 0.0).predict(past, HOUR_S, 24 * 9)
    assert ahead[:24] == pytest.approx(past[-48:-24], rel=0.15)
    assert np.ptp(ahead[24 * 8 :]) < 10, "neither low nor high"


def test_ridge_refuses_too_short_a_past_and_a_step_that_fits_no_hour():
    with pytest.raises(InputError, match="at least 180 days of history, found 100"):
        fit_ridge(restless(2400), HOUR_S, 0.0)
    with pytest.raises(InputError, match="a step of 2520 s does not divide an hour"):
        fit_ridge(restless(HOURS), 2520.0, 0.0)


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="no forecasting model 'prophet'; known are default, persistence"):
        trainer("prophet")


def test_a_model_whose_library_is_missing_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(InputError, match=r"needs lightgbm: pip install 'llm-cws\[forecast\]'"):
        trainer("lightgbm")(restless(HOURS), HOUR_S, 0.0)


def test_the_network_learns_what_the_usual_day_misses():
    """Days of 100 and 300 g/kWh by turns: the usual day is wrong by 100 at all hours, the network by under 10."""
    pytest.importorskip("torch", reason="PyTorch is an extra that is not installed")
    values = every_other_day(HOURS + 48)
    model = trainer("neural")(values[:HOURS], HOUR_S, HOURS * HOUR_S)
    error = model.predict(values[:HOURS], HOUR_S, 48, HOURS * HOUR_S) - values[HOURS:]
    assert np.abs(error).mean() < 10


class Says:
    """A forecaster that says always the same."""

    def __init__(self, value: float) -> None:
        self.value = value

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        return np.full((*history.shape[:-1], steps), self.value)


def test_who_was_right_last_week_weighs_most():
    """Errors of 1 and 3 g: weights as 1 to 1/9, that is 0.9 and 0.1."""
    history = np.full(15 * 24, 100.0)
    ensemble = Ensemble((Says(101.0), Says(103.0)))
    assert ensemble.predict(history, HOUR_S, 2) == pytest.approx([101.2, 101.2])
    assert ensemble.predict(history[: 7 * 24], HOUR_S, 1) == pytest.approx([102.0]), "nothing to go by"


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=5)
@given(seed=st.integers(0, 99))
def test_no_forecast_depends_on_what_comes_later(name: str, seed: int):
    if name in LIBRARIES:
        pytest.importorskip(LIBRARIES[name], reason=f"{name} is an extra that is not installed")
    values = restless(HOURS + 200)
    model = trainer(name)(values[:HOURS], HOUR_S, HOURS * HOUR_S)
    other = values.copy()
    other[HOURS + 100 :] = np.random.default_rng(seed).uniform(0, 900, 100)
    origins = np.array([HOURS + 50, HOURS + 100])
    first, second = (rolling(model, series, origins, 48, 0.0) for series in (values, other))
    assert (first == second).all()


def test_quantiles_hold_as_often_as_they_say():
    """A model calibrated on 200 days of noise: of the next 100 days 90 % lie between its 5 % and 95 % quantiles."""
    values = restless(HOURS + 2400)
    model = calibrated(trainer("fading-profile"), values[:HOURS], HOURS * HOUR_S)
    origins = np.arange(HOURS, HOURS + 2300, 7)
    known = np.array([values[o - WINDOW : o] for o in origins])
    quantiles = model.quantiles(known, HOUR_S, 24)
    actual = values[origins[:, None] + np.arange(24)]
    below = (actual[:, None] <= quantiles).mean(axis=(0, 2))
    assert below == pytest.approx(LEVELS, abs=0.02)


def test_errors_on_the_known_past_of_a_series_alone_hold_about_as_often_as_they_say():
    """Two weeks of noise on a daily swing are known: of the next day 90 % lie between the 5 % and 95 % quantiles."""
    values, inside = restless(HOURS), []
    for origin in range(15 * 24, HOURS - 24, 7 * 24):
        known = values[origin - 14 * 24 : origin]
        model = recent(FadingProfile(), known, 0.0)
        assert model is not None
        low, *_, high = model.quantiles(known, HOUR_S, 24)
        inside.append(((low <= values[origin : origin + 24]) & (values[origin : origin + 24] <= high)).mean())
    assert np.mean(inside) == pytest.approx(0.9, abs=0.07)
    assert recent(FadingProfile(), values[:95], 0.0) is None, "less than four days"


def test_intervals_widen_with_the_unrest_of_the_series():
    calm, wild = np.full(15 * 24, 100.0), np.tile([100.0] * 24 + [150.0] * 24, 8)
    assert unrest(calm, 100.0) == pytest.approx(0, abs=1e-6)
    model = Conformal(Says(100.0), 100.0, np.tile(np.array([[-1.0], [0.0], [0.0], [0.0], [1.0]]), 96))
    narrow, wide = (np.ptp(model.quantiles(history, HOUR_S, 3), axis=0) for history in (calm, wild))
    assert (narrow < 0.01).all()
    assert (wide > 30).all()
