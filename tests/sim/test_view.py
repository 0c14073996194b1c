"""The information barrier: a View holds nothing that comes after now."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine import Engine
from sim.errors import InputError
from sim.forecast import SeasonalNaive, forecast
from sim.model import Place
from sim.schedulers import SCHEDULERS
from sim.signals import Signal
from sim.units import DAY_S, HOUR_S
from sim.view import View
from sim.world import World
from tests.worlds import mock_job, mock_world

HOURS = 72
series = st.lists(st.floats(0, 1500), min_size=24 + HOURS, max_size=24 + HOURS)


def with_future(world: World, now_h: int, values: list[float], field: str) -> World:
    """Return the world with every value of a signal that begins after `now_h` replaced."""
    replaced = []
    for signal in getattr(world, field):
        known = 24 + now_h + 1
        mixed = np.concatenate([signal.values[:known], np.array(values)[known:]])
        replaced.append(dataclasses.replace(signal, values=mixed))
    return dataclasses.replace(world, **{field: tuple(replaced)})


def view_at(world: World, now_h: int) -> View:
    """Return the View at an hour, one job started at the outset and the others still to be decided on."""
    engine = Engine(world)
    first = engine.next_view()
    assert first is not None
    engine.place(Place(first.pending[0].id, "home", 0.0))
    view = engine.next_view()
    while view is not None and view.now_s < now_h * HOUR_S:
        view = engine.next_view()
    assert view is not None
    return view


def seen(view: View) -> list[object]:
    """Return everything a scheduler can read from a View, as comparable values."""
    arrays = [
        (signal.start_s, signal.values.tolist(), signal.issued_at_s)
        for group in (view.intensity, view.price, view.intensity_forecast, view.price_forecast)
        for signal in group
    ]
    plain = [view.now_s, view.pending, view.deferred, view.commitments, view.free.tolist()]
    plans = [tuple(SCHEDULERS[name].plan(view)) for name in sorted(SCHEDULERS)]
    return [arrays, plain, plans]


@settings(max_examples=25)
@given(st.integers(1, 47), series, series, st.sampled_from(["intensity", "price"]))
def test_no_view_depends_on_the_future(now_h: int, past: list[float], future: list[float], field: str):
    jobs = [mock_job("a", hours=4), mock_job("b", 1.0), mock_job("c", float(now_h))]
    world = mock_world(jobs, [past, past[::-1]], hours=HOURS)
    assert seen(view_at(world, now_h)) == seen(view_at(with_future(world, now_h, future, field), now_h))


def test_a_view_does_depend_on_the_present_and_the_past():
    """So that the property above could fail: a change before now is seen."""
    world = mock_world([mock_job("a"), mock_job("b", 5.0)], [[100.0] * 24, [200.0] * 24], hours=HOURS)
    other = with_future(world, 2, [900.0] * (24 + HOURS), "intensity")
    assert seen(view_at(world, 5)) != seen(view_at(other, 5))


def test_jobs_that_come_later_are_not_in_the_view():
    """Not even by how far ahead it looks: the later job has the longest slack of all."""
    jobs = [mock_job("a", hours=4), mock_job("b", 1.0), mock_job("c", 3.0)]
    known, more = (mock_world([*jobs, *later], [[100.0] * 24]) for later in ([], [mock_job("d", 5.0, slack_h=60)]))
    assert seen(view_at(known, 3)) == seen(view_at(more, 3))


def test_what_a_view_shows_cannot_be_used_to_rewrite_the_world():
    view = view_at(mock_world([mock_job("a"), mock_job("b", 1.0)], [[100.0] * 24]), 1)
    with pytest.raises(ValueError, match="read-only"):
        view.intensity[0].values[0] = 0.0


def test_the_true_durations_are_not_in_the_view():
    jobs = [mock_job("a", hours=2), mock_job("b", 1.0, hours=2)]
    short, long = (mock_world(jobs, [[100]], durations_h=[2, hours]) for hours in (1, 9))
    assert seen(view_at(short, 1)) == seen(view_at(long, 1))


def test_a_seasonal_naive_forecast_repeats_the_last_day():
    history = Signal("X", "g", 0.0, HOUR_S, np.arange(30.0))
    issued = forecast(SeasonalNaive(), history, 29.5 * HOUR_S, DAY_S)
    assert issued.issued_at_s == 29.5 * HOUR_S
    assert issued.at(29.5 * HOUR_S) == 29, "the current interval is measured"
    assert issued.at(30 * HOUR_S) == 6, "the next is what stood 24 h earlier"
    assert issued.at(53 * HOUR_S) == 29


def test_a_forecast_without_a_day_of_history_is_refused():
    with pytest.raises(InputError, match="needs 24 h of history, found 3 h"):
        SeasonalNaive().predict(np.ones(3), HOUR_S, 4)
