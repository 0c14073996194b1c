"""CASPER: its flow against every other, and requests that go where they are answered cleanly and in time."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model import PowerSaving
from sim.network import Network
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.schedulers.routing import least_carbon_flow
from sim.services import Service
from sim.summary import account
from sim.units import FloatArray
from sim.world import World
from tests.worlds import hourly, mock_job, mock_region, mock_world


def test_the_cheap_region_takes_what_reaches_it_and_gives_way_to_whom_it_alone_serves():
    """Region 0 is cheap and holds 2; origin 0 could also go to region 1, origin 1 could not."""
    reach = np.array([[True, True], [True, False]])
    flow = least_carbon_flow(np.array([2.0, 2.0]), reach, np.array([2.0, 9.0]), np.array([1.0, 5.0]))
    assert flow.tolist() == [[0, 2], [2, 0]]


counts = st.integers(0, 3)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(counts, min_size=3, max_size=3),
    st.lists(counts, min_size=3, max_size=3),
    st.lists(st.booleans(), min_size=9, max_size=9),
    st.lists(st.integers(1, 9), min_size=3, max_size=3),
)
def test_no_flow_sends_more_or_as_much_for_less(rates: list[int], room: list[int], able: list[bool], price: list[int]):
    """Against every flow of whole requests: with whole rates and room, one of them is optimal."""
    reach = np.array(able).reshape(3, 3)
    flow = least_carbon_flow(np.array(rates, float), reach, np.array(room, float), np.array(price, float))
    assert (flow >= 0).all()
    assert not flow[~reach].any()
    assert (flow.sum(axis=1) <= np.array(rates) + 1e-9).all()
    assert (flow.sum(axis=0) <= np.array(room) + 1e-9).all()
    splits = [[s for s in itertools.product(range(rate + 1), repeat=3) if sum(s) <= rate] for rate in rates]
    best = min(
        (-int(sent.sum()), float(sent.sum(axis=0) @ price))
        for rows in itertools.product(*splits)
        if not (sent := np.array(rows))[~reach].any() and (sent.sum(axis=0) <= room).all()
    )
    assert (-round(flow.sum(), 6), pytest.approx(float(flow.sum(axis=0) @ price))) == best


# -- in a run ----------------------------------------------------------------------------------------


def world(
    *,
    limit_s: float = 1.0,
    rtt_s: float = 0.1,
    rate: float | list[float] = 4.0,
    hours: int = 6,
    jobs: list | None = None,
) -> World:
    """Home emits 300, away 100; a service asked from home, whose replica holds 2 CPUs and answers 5 a second."""
    rates = hourly("HOME", "requests/s", np.atleast_1d(rate), hours)
    service = Service("web", 2.0, 1.0, 5.0, limit_s, (rates, None))
    network = Network.uniform(2, rtt_s=rtt_s, throughput_bps=1e9, energy_kwh_per_gb=0.0, usd_per_gb=0.0)
    made = mock_world(jobs or [mock_job("a", cpus=1)], [[300.0] * 24, [100.0] * 24], hours=hours)
    return replace(made, services=(service,), network=network)


def served(run: Run) -> list[tuple[int, int]]:
    """Return (region, replicas) hour by hour."""
    return [(step.region, step.replicas) for step in run.history.served]


@pytest.mark.parametrize("name", ["casper", "plan"])
def test_requests_go_to_the_clean_region_from_the_next_hour_on(name: str):
    """At home 4 a second need one replica (1 s); with a tenth of a second on the way away needs two."""
    assert served(simulate(world(), SCHEDULERS[name])) == [(0, 1)] + [(1, 2)] * 5


def test_requests_stay_where_the_way_is_too_long():
    """A fifth of a second to answer and 0.85 on the way are more than the second that is promised."""
    run = simulate(world(rtt_s=0.85), SCHEDULERS["casper"])
    assert served(run) == [(0, 1)] * 6


def test_the_route_follows_the_forecast_of_the_coming_hour():
    """Away is dirty at hours 3 and 4: requests of those hours stay at home."""
    made = world(hours=6)
    away = hourly("AWAY", "gCO2eq/kWh", [100, 100, 100, 900, 900, 100] + [100.0] * 18, 6)
    run = simulate(replace(made, intensity=(made.intensity[0], away)), SCHEDULERS["casper"])
    assert [region for region, _ in served(run)] == [0, 1, 1, 0, 0, 1]
    assert [d.action for d in run.decisions].count("route") == 3


def test_what_the_clean_region_cannot_answer_in_time_goes_to_the_other():
    """Five replicas of two CPUs answer less than 25 a second; of 30 a part must stay."""
    run = simulate(world(rate=30.0), SCHEDULERS["casper"])
    steps = [step for step in run.history.served if step.start_s > 0]
    assert {step.region for step in steps} == {0, 1}
    assert all(step.late_per_s == 0 for step in steps)


def test_it_is_asked_at_every_hour_even_when_no_job_is_left():
    made = world(hours=30)
    away = hourly("AWAY", "gCO2eq/kWh", [100.0] * 20 + [900.0] * 4, 30)
    run = simulate(replace(made, intensity=(made.intensity[0], away)), SCHEDULERS["casper"])
    assert [region for region, _ in served(run)][19:25] == [1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("name", ["casper", "plan"])
def test_jobs_leave_room_for_the_replicas(name: str):
    """Away's ten CPUs are wanted by the replicas (four) and by a job of eight: it runs at home."""
    jobs = [mock_job("a", 1.0, hours=2, cpus=8, home="away")]
    run = simulate(world(jobs=jobs, hours=9), SCHEDULERS[name])
    assert [(p.region, p.start_s) for p in run.history.pieces] == [(0, 3600)]
    assert all(step.late_per_s == 0 for step in run.history.served)


def test_a_job_that_cannot_wait_takes_the_room_of_the_replicas():
    """Neither region has nine CPUs free at hour 1: requests go home at the next step, and the job starts then."""
    jobs = [mock_job("a", hours=9, cpus=8), mock_job("b", 0.5, hours=3, cpus=9, home="away", slack_h=0.5)]
    run = simulate(world(jobs=jobs, hours=9), SCHEDULERS["casper"])
    assert [(p.job, p.region, p.start_s / 3600) for p in sorted(run.history.pieces)] == [(0, 0, 0), (1, 1, 2)]
    assert served(run)[2:4] == [(0, 1), (0, 1)]


def test_sleeping_servers_wake_for_what_is_routed_to_them():
    made = world(hours=8)
    regions = (made.regions[0], replace(mock_region("away", servers=3), saving=PowerSaving(600.0, 60.0)))
    run = simulate(replace(made, regions=regions), SCHEDULERS["casper"])
    assert all(step.late_per_s == 0 for step in run.history.served)
    assert {region for region, _ in served(run)[1:]} == {1}


def test_the_looser_the_limit_the_less_is_emitted():
    """Three regions in a row, each cleaner and a tenth of a second further."""

    def grams(limit_s: float) -> float:
        made = mock_world([mock_job("a", cpus=1)], [[300.0], [200.0], [100.0]], hours=6)
        place = np.arange(3) * 0.1
        nothing: FloatArray = np.zeros((3, 3))
        network = Network(np.abs(place[:, None] - place), nothing + np.inf, nothing, nothing)
        service = Service("web", 1.0, 1.0, 50.0, limit_s, (hourly("HOME", "requests/s", [40.0], 6), None, None))
        run = simulate(replace(made, network=network, services=(service,)), SCHEDULERS["casper"])
        return float(account(run).books.services.carbon_g.sum())

    tight, middle, loose = grams(0.05), grams(0.15), grams(0.3)
    assert middle == pytest.approx(tight * (1 + 5 * 2 / 3) / 6)
    assert loose == pytest.approx(tight * (1 + 5 * 1 / 3) / 6)


def test_without_services_it_is_fifo():
    plain = mock_world([mock_job("a"), mock_job("b", hours=2)], [[100.0] * 24, [50.0] * 24])
    one, other = (simulate(plain, SCHEDULERS[name]).history.pieces for name in ("casper", "fifo"))
    assert one == other
