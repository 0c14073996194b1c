"""Foretold signals: the truth, with or without an error, in place of forecasts, and only for those who may have it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.engine import Engine
from sim.errors import InputError
from sim.foresight import Foretold
from sim.runner import simulate
from sim.scenario import build_world, parse_scenario
from sim.schedulers import SCHEDULERS, scheduler
from sim.signals import Signal
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import mock_job, mock_world


def surprising_world() -> World:
    """Yesterday hour 3 was clean; today it is hour 5."""
    world = mock_world([mock_job("a")], [[300.0] * 24], hours=48)
    values = world.intensity[0].values.copy()
    values[3], values[24 + 5] = 100.0, 50.0
    return replace(world, intensity=(replace(world.intensity[0], values=values),))


def starts_h(world: World, name: str) -> list[float]:
    return [piece.start_s / HOUR_S for piece in simulate(world, scheduler(name)).history.pieces]


def test_an_oracle_starts_where_the_truth_is_clean_and_its_plain_twin_where_yesterday_was():
    world = surprising_world()
    assert starts_h(world, "time-shift") == [3]
    assert starts_h(world, "time-shift-oracle") == [5]


def test_a_world_that_foretells_tells_every_scheduler():
    world = surprising_world()
    assert starts_h(replace(world, foretold=world.truth()), "time-shift") == [5]


def test_only_carbon_schedulers_have_oracles():
    assert scheduler("time-shift-oracle").kind == "oracle"
    with pytest.raises(InputError, match="no scheduler 'fifo-oracle'"):
        scheduler("fifo-oracle")
    assert not any(each.foresight for each in SCHEDULERS.values())


def test_beyond_the_end_of_the_series_its_last_day_is_told_again():
    world = replace(surprising_world(), foretold=surprising_world().truth())
    view = Engine(world).next_view()
    assert view is not None
    outlook = view.intensity_outlook
    assert outlook.end_s >= view.now_s + view.span_s > world.intensity[0].end_s
    assert outlook.at(np.array([47.0 * HOUR_S, 49.0 * HOUR_S])).tolist() == [[300.0, 300.0]]


def test_the_single_forecasts_of_a_view_say_what_the_outlook_says():
    world = replace(surprising_world(), foretold=surprising_world().truth())
    view = Engine(world).next_view()
    assert view is not None
    assert view.intensity_forecast[0].at(5 * HOUR_S) == 50.0
    assert view.intensity_forecast[0].issued_at_s == view.now_s


def test_an_error_is_the_same_at_every_decision_and_as_large_as_it_says():
    steady = Signal("X", "gCO2eq/kWh", 0.0, HOUR_S, np.full(10_000, 200.0))
    told = Foretold.of([steady], [steady], [None], [None], error=0.1, rng=np.random.default_rng(3))
    noise = told.intensity.values[0] - 200.0
    assert abs(noise.mean()) < 1
    assert noise.std() == pytest.approx(20, rel=0.05)
    assert (told.price.values == 200.0).all()


def test_the_current_interval_is_measured_whatever_the_error():
    world = surprising_world()
    told = Foretold.of(world.intensity, world.price, (None,), (None,), error=0.5, rng=np.random.default_rng(1))
    view = Engine(replace(world, foretold=told)).next_view()
    assert view is not None
    assert view.intensity_outlook.at(np.array([0.0]))[0, 0] == world.intensity[0].at(0.0)


def scenario(forecast: dict[str, object]) -> dict[str, object]:
    site = {"id": "gb", "zone": "GB", "tz": "UTC", "pue": 1,
            "servers": [{"model": "m", "count": 1, "cpus": 64, "memory_gb": 512, "idle_w": 1, "max_w": 2}]}  # fmt: skip
    load = {"kind": "synthetic", "count": 3, "slack_h": 4, "gpus": False}
    return {"name": "x", "start": "2022-01-01T00:00:00Z", "days": 1, "regions": [site], "workload": load,
            "signals": {"kind": "synthetic", "seed": 1}, "forecast": forecast, "seed": 5}  # fmt: skip


def test_a_scenario_may_foretell_with_an_error_from_its_seed():
    first, second = (
        build_world(parse_scenario(scenario({"model": "perfect", "error": 0.1}), "s"), None).foretold for _ in range(2)
    )
    assert first is not None
    assert second is not None
    assert (first.intensity.values == second.intensity.values).all()
    assert build_world(parse_scenario(scenario({"model": "seasonal-naive"}), "s"), None).foretold is None


def test_an_error_without_the_truth_is_refused():
    with pytest.raises(InputError, match="goes with model perfect"):
        parse_scenario(scenario({"model": "seasonal-naive", "error": 0.1}), "s")
