"""What a run forecasts with: a model fitted to what came before its start, and to nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.forecast import FadingProfile, SeasonalNaive
from sim.forecast.fitting import FittedLater, Remembering, before
from sim.forecast.ridge import Ridge
from sim.scenario import build_world, parse_scenario
from sim.signals import SignalFile
from sim.units import HOUR_S, FloatArray
from sim.world import World
from tests.sim.test_backtest import series
from tests.sim.test_forecast import Says, restless
from tests.sim.test_scenario import content
from tests.worlds import START

DAYS_BEFORE = 430  # from the first of 2021 to the scenario's start


def world(folder: Path, model: str = "default", values: FloatArray | None = None, **changes: Any) -> World:
    """Return a world whose grid is in a file: two years of waves with noise, if not given."""
    series(folder / "carbon.parquet", {"GB": restless(2 * 8760) if values is None else values})
    signals = {"kind": "files", "carbon": {"file": "carbon.parquet", "column": "ci_lifecycle"}}
    scenario = content(signals=signals, forecast={"model": model}, **changes)
    return build_world(parse_scenario(scenario, "x"), folder)


def model_of(made: World) -> object:
    """Return the model of the intensity, fitted."""
    model = made.models.intensity
    return model.model if isinstance(model, FittedLater) else model


def test_a_run_forecasts_by_ridge_if_its_files_reach_back_far_enough(tmp_path: Path):
    assert isinstance(model_of(world(tmp_path)), Ridge)


def test_with_too_little_past_it_forecasts_by_the_usual_day(tmp_path: Path):
    assert isinstance(model_of(world(tmp_path, start="2021-06-01T00:00:00Z")), FadingProfile)
    with pytest.raises(InputError, match="at least 180 days of history, found 151"):
        world(tmp_path, "ridge", start="2021-06-01T00:00:00Z")


def test_generated_signals_are_forecast_by_yesterdays_profile_and_ridge_is_refused():
    made = build_world(parse_scenario(content(), "x"), None)
    assert isinstance(made.models.intensity, SeasonalNaive)
    with pytest.raises(InputError, match="ridge learns from the past of files; generated signals have none"):
        build_world(parse_scenario(content(forecast={"model": "ridge"}), "x"), None)


def test_a_model_is_fitted_to_the_year_before_the_start_alone(tmp_path: Path):
    file = SignalFile(series(tmp_path / "x.parquet", {"GB": np.arange(2.0 * 8760)}), "ci_lifecycle", "g")
    past = before(file, ["GB"], START)
    assert (past.start_s, past.end_s) == (-365 * 24 * HOUR_S, 0.0)
    assert past.values[0, -1] == DAYS_BEFORE * 24 - 1


def test_what_comes_after_the_start_does_not_change_the_model(tmp_path: Path):
    values = restless(2 * 8760)
    first = model_of(world(tmp_path / "a", values=values))
    values[DAYS_BEFORE * 24 :] = 7.0
    second = model_of(world(tmp_path / "b", values=values))
    assert isinstance(first, Ridge)
    assert isinstance(second, Ridge)
    assert (first.weights == second.weights).all()


def test_a_run_asks_once_for_all_that_is_known_at_a_moment():
    class Counts(Says):
        asked = 0

        def predict(
            self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0
        ) -> FloatArray:
            self.asked += 1
            return super().predict(history, step_s, steps, end_s)

    counted = Counts(5.0)
    model = Remembering(counted)
    known = np.ones((2, 24))
    assert model.predict(known, HOUR_S, 9, 0.0).shape == (2, 9)
    assert model.predict(known, HOUR_S, 4, 0.0).shape == (2, 4)
    assert counted.asked == 1
    model.predict(known, HOUR_S, 10, 0.0)
    model.predict(known, HOUR_S, 10, HOUR_S)
    assert counted.asked == 3, "further ahead, and an hour later"


def test_a_past_with_a_gap_is_no_past_to_learn_from(tmp_path: Path):
    values = restless(2 * 8760)
    values[300 * 24] = np.nan
    assert isinstance(model_of(world(tmp_path, values=values)), FadingProfile)
