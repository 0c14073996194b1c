"""Starts at this moment: the present alone shows what the hours ahead would."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine import Engine
from sim.model import Place
from sim.network import Network
from sim.schedulers.openings import Openings
from sim.timetable import Timetable
from sim.units import HOUR_S
from sim.view import View
from sim.world import World
from tests.sim.test_invariants import rich_world
from tests.worlds import mock_job, mock_region, mock_world


def first_view(world: World) -> View:
    view = Engine(world).next_view()
    assert view is not None
    return view


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_where_only_running_jobs_change_the_room_the_present_is_enough(seed: int):
    engine = Engine(rich_world(seed, plain=True))
    while view := engine.next_view():
        assert view.steady
        openings = Openings(view, view.pending)
        assert np.array_equal(openings.fit(), Openings(view, view.pending, Timetable(view)).fit())
        for i, job in enumerate(view.pending):
            r = openings.soonest(i, openings.to(i))
            if r is not None:
                openings.take(i, r)
                engine.place(Place(job.id, view.regions[r].id, view.now_s))


def test_each_start_takes_its_room_from_the_others():
    view = first_view(mock_world([mock_job("a", cpus=6), mock_job("b", cpus=5)], [[100.0], [100.0]]))
    openings = Openings(view, view.pending)
    assert openings.fit().tolist() == [[True, True], [True, True]]
    openings.take(0, 0)
    assert openings.fit().tolist() == [[False, True], [False, True]]
    assert [(run.job.id, run.region) for run in openings.plan()] == [("a", "home")]


def test_a_region_whose_data_would_come_too_late_is_closed_until_the_job_is_late_anyway():
    """1 GB/s: 1,800 GB take four hours."""
    network = Network.uniform(2, rtt_s=0.0, throughput_bps=1e9, energy_kwh_per_gb=0.0, usd_per_gb=0.0)
    regions = [mock_region("home"), mock_region("away")]
    jobs = [mock_job(name, data_gb=1800, slack_h=slack_h) for name, slack_h in (("can", 4), ("cannot", 3))]
    view = first_view(replace(mock_world(jobs, [[100.0], [100.0]], regions=regions), network=network))
    openings = Openings(view, view.pending)
    assert openings.fit().tolist() == [[True, True], [True, False]]
    openings.take(0, 1)
    assert openings.plan()[0].start_s == 4 * HOUR_S
    late = replace(view, now_s=5 * HOUR_S)
    assert Openings(late, late.pending).fit().tolist() == [[True, True], [True, True]]
    assert Openings(late, late.pending).to(0).tolist() == [True, False]


def test_of_equals_home_is_the_best():
    view = first_view(mock_world([mock_job("a", home="away")], [[100.0], [100.0], [100.0]]))
    openings, all_open = Openings(view, view.pending), np.ones(3, dtype=bool)
    assert openings.best(0, np.zeros(3), all_open) == 1
    assert openings.best(0, np.array([0.0, 0.0, 1.0]), all_open) == 2
    assert openings.best(0, np.zeros(3), ~all_open) is None
