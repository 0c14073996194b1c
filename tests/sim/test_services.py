"""Interactive services: M/M/c in closed form, and requests that are answered where they are sent."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine import Engine
from sim.errors import IllegalAction
from sim.ledger import keep_books
from sim.model import Place, Route
from sim.network import Network
from sim.queueing import erlang_c, mean_response_s, servers_needed
from sim.services import Service
from sim.world import World
from tests.worlds import hourly, mock_job, mock_world


def test_erlang_c_has_its_textbook_values():
    """M/M/2 at half load: 1/3. M/M/1: the load itself."""
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_c(3, 2.0) == pytest.approx(4 / 9)


def test_one_server_answers_in_one_over_what_it_has_to_spare():
    assert mean_response_s(3.0, 1, 5.0) == pytest.approx(1 / 2)
    assert mean_response_s(5.0, 1, 5.0) == math.inf


@given(st.floats(0.1, 500), st.floats(0.5, 20), st.floats(1.05, 5))
def test_the_servers_needed_are_enough_and_one_less_is_not(rate: float, service_rate: float, slack: float):
    target_s = slack / service_rate
    found = servers_needed(rate, service_rate, target_s, most=5000)
    assert found is not None
    assert mean_response_s(rate, found, service_rate) <= target_s * (1 + 1e-9)
    assert found == 1 or mean_response_s(rate, found - 1, service_rate) > target_s * (1 - 1e-9)


def test_what_no_number_of_servers_can_keep_is_none():
    assert servers_needed(1.0, 5.0, 0.2, most=100) is None
    assert servers_needed(100.0, 5.0, 1.0, most=19) is None


def world(rate: float = 4.0, *, limit_s: float = 1.0, rtt_s: float = 0.0, hours: int = 4) -> World:
    """Two regions; a service asked from home whose replica holds 2 CPUs and answers 5 a second."""
    service = Service("web", 2.0, 1.0, 5.0, limit_s, (hourly("HOME", "requests/s", [rate], hours), None))
    network = Network.uniform(2, rtt_s=rtt_s, throughput_bps=1e9, energy_kwh_per_gb=0.0, usd_per_gb=0.0)
    made = mock_world([mock_job("a", hours=2, cpus=4)], [[100], [10]], hours=hours)
    return replace(made, services=(service,), network=network)


def run(one: World, *decisions: Route | Place) -> Engine:
    engine = Engine(one)
    engine.next_view()
    for decision in decisions:
        engine.apply(decision)
    while engine.next_view():
        pass
    return engine


def test_requests_stay_at_home_and_the_busy_share_of_the_replicas_draws_power():
    """4 a second on one replica of 5: answered in 1 s, 80 % of 2 CPUs busy, 160 W."""
    engine = run(world(), Place("a", "away", 0.0))
    served = engine.history.served
    assert [(s.region, s.replicas, s.response_s, s.late_per_s) for s in served] == [(0, 1, pytest.approx(1.0), 0.0)] * 4
    books = keep_books(engine.world, engine.history)
    assert books.services.energy_kwh.tolist() == pytest.approx([0.16] * 4)
    assert books.series.busy[0, :, 0].tolist() == [2] * 4


def test_routed_requests_are_answered_elsewhere_from_the_next_step_on_and_the_way_counts():
    """Half a second there and back leaves half a second: two replicas instead of one."""
    engine = run(world(rtt_s=0.5), Route("web", "home", (("away", 1.0),)), Place("a", "home", 0.0))
    assert [(s.region, s.replicas) for s in engine.history.served] == [(0, 1), (1, 2), (1, 2), (1, 2)]


def test_requests_that_no_replica_can_answer_in_time_are_late():
    engine = run(world(limit_s=0.1), Place("a", "home", 0.0))
    assert all(s.late_per_s == pytest.approx(4.0) for s in engine.history.served)


def test_a_service_that_finds_too_little_room_is_late_and_takes_what_there_is():
    """60 a second need 12 replicas and more; 10 CPUs hold 5."""
    engine = run(world(60.0), Place("a", "away", 0.0))
    assert [(s.replicas, s.response_s, s.late_per_s) for s in engine.history.served] == [(5, math.inf, 60.0)] * 4


def test_shares_that_are_no_whole_are_refused():
    engine = Engine(world())
    engine.next_view()
    with pytest.raises(IllegalAction, match=r"shares add up to 0\.5"):
        engine.apply(Route("web", "home", (("away", 0.5),)))
    with pytest.raises(IllegalAction, match="no service 'mail'; services are web"):
        engine.apply(Route("mail", "home", (("away", 1.0),)))


def test_a_view_shows_the_rates_so_far_and_the_routes():
    view = Engine(world()).next_view()
    assert view is not None
    (service,) = view.services
    assert service.rates[0] is not None
    assert service.rates[0].end_s == 3600
    assert service.shares.tolist() == np.eye(2).tolist()
