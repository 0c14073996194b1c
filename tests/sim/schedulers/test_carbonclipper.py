"""CarbonClipper: what is proved of its fractional algorithms, and how a whole job is made of the fractions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model import Checkpoint, Closure
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS, scheduler
from sim.schedulers.carbonclipper.course import best_plans
from sim.schedulers.carbonclipper.soad import ON, Advice, Bounds, Course, Market, lambert_w
from sim.summary import account
from sim.units import HOUR_S, FloatArray
from tests.optimum import best_path, fractional_optimum
from tests.worlds import mock_job, mock_region, mock_world, soft_jobs

FREE = Checkpoint()
HOME = [300.0, 300, 300, 100, 300, 300] + [300.0] * 18
AWAY = [200.0, 200, 200, 200, 200, 50] + [200.0] * 18
LOW = 100.0


def played(
    price: FloatArray,
    length: float,
    high: float,
    *,
    distance: FloatArray | None = None,
    switch: float = 0.0,
    epsilon: float = math.inf,
    advice: list[tuple[int, bool]] | None = None,
) -> tuple[float, float, float, Course]:
    """Return what a job costs on these prices (T, R), its ratio, what the advice costs, and its course."""
    slots, regions = price.shape
    away = np.zeros((regions, regions)) if distance is None else distance
    market = Market.of(
        np.array([LOW]), np.array([high]), np.array([float(length)]), away[None], np.array([switch]), epsilon
    )
    course, before = Course.begin(np.zeros(1, dtype=np.int64), regions), (0, False)
    for t in range(slots):
        r, on = advice[t] if advice else (0, False)
        move = away[before[0], r] + switch * (on != before[1])
        before = (r, on)
        one = Advice(np.array([r]), np.array([float(on)]), np.array([move]))
        course = market.step(course, price[t][None], one, np.array([float(slots - t)]))
    off = switch * float(course.x[0, ON].sum())
    return (
        float(course.cost[0]) + off,
        float(market.ratio[0]),
        float(course.advice_cost[0]) + switch * before[1],
        course,
    )


@given(st.floats(-1 / math.e, 50))
def test_lambert_w_solves_its_equation(x: float):
    w = float(lambert_w(np.array(x)))
    assert w * math.exp(w) == pytest.approx(x, abs=1e-6)
    assert w >= -1


def test_eta_is_that_of_one_way_trading_where_nothing_moves():
    """U / L = 4: eta = 1 / (1 + W((1/4 - 1) / e)) = 1.7549..., and it solves (1 - 1/eta) e^(1/eta) = 1 - L / U."""
    nothing = np.zeros(1)
    eta = float(Bounds.of(np.array([100.0]), np.array([400.0]), nothing, nothing).eta()[0])
    assert (1 - 1 / eta) * math.exp(1 / eta) == pytest.approx(1 - 1 / 4)


bounds = st.tuples(st.floats(150, 900), st.floats(0, 40), st.floats(0, 20)).map(
    lambda b: Bounds.of(*(np.array([value]) for value in (LOW, *b)))
)


@given(bounds)
def test_thresholds_fall_from_the_greatest_share_of_the_highest_price_to_the_lowest(one: Bounds):
    done = np.linspace(0, 1, 20)
    eta = one.eta()
    phi = np.array([float(one.phi(eta, np.array([z]))[0]) for z in done])
    assert (np.diff(phi) <= 1e-9).all()
    assert phi[0] == pytest.approx(float((one.high / eta + one.diameter)[0]))
    assert phi[-1] == pytest.approx(float((one.low + one.diameter + one.tau)[0]))
    for z, price in zip(done, phi, strict=True):
        assert float(one.done_at(eta, np.array([price]))[0]) == pytest.approx(z, abs=1e-6)


@given(bounds, st.lists(st.floats(0, 10), min_size=2, max_size=2))
def test_the_ratio_left_falls_with_epsilon_from_any_price_to_eta(one: Bounds, epsilons: list[float]):
    strict, loose = (float(one.gamma(epsilon)[0]) for epsilon in sorted(epsilons))
    assert float(one.eta()[0]) - 1e-6 <= loose <= strict + 1e-6 <= float((one.high / one.low)[0]) + 1e-3


prices = st.tuples(st.floats(150, 900), st.integers(1, 4), st.integers(0, 10), st.integers(1, 3), st.integers(0, 9999))


def drawn(case: tuple[float, int, int, int, int]) -> tuple[FloatArray, int, float]:
    """Return prices, length and the highest price: random, falling, or falling and then at their highest to the end."""
    high, length, more, regions, seed = case
    rng, slots = np.random.default_rng(seed), length + more
    price = rng.uniform(LOW, high, (slots, regions))
    if seed % 3:
        price = np.sort(price, axis=0)[::-1].copy()
    if seed % 3 == 2:
        price[-length:] = high
    return price, length, high


@settings(max_examples=60, deadline=None)
@given(prices)
def test_pcm_costs_at_most_eta_times_the_optimum(case: tuple[float, int, int, int, int]):
    price, length, high = drawn(case)
    cost, eta, _, course = played(price, length, high)
    cheapest = np.sort(price.min(axis=1))[:length].mean()
    assert float(course.done[0]) == pytest.approx(1)
    assert cheapest - 1e-6 <= cost <= eta * cheapest * (1 + 1e-6)


@settings(max_examples=40, deadline=None)
@given(prices, st.floats(1, 30))
def test_and_where_regions_are_apart(case: tuple[float, int, int, int, int], apart: float):
    price, length, high = drawn(case)
    place = np.arange(price.shape[1]) * apart
    distance = np.abs(place[:, None] - place)
    cost, eta, _, _ = played(price, length, high + 2 * apart, distance=distance)
    best = fractional_optimum(price, length, distance, 0.0, 0)
    assert best - 1e-3 <= cost <= eta * best * (1 + 1e-6)


def test_the_ratio_is_no_larger_than_it_must_be():
    """Prices that fall slowly and then jump: an adversary takes nearly all of eta."""
    price = np.append(np.linspace(400, 115, 300), 400.0)[:, None]
    cost, eta, _, _ = played(price, 1, 400.0)
    assert 0.97 * eta < cost / 115.0 <= eta


@settings(max_examples=60, deadline=None)
@given(prices, st.sampled_from([0.0, 0.01, 0.1, 0.5, 2.0]), st.sampled_from([(0.0, 0.0), (20.0, 0.0), (15.0, 5.0)]))
def test_carbonclipper_costs_at_most_epsilon_more_than_any_advice(
    case: tuple[float, int, int, int, int], epsilon: float, moves: tuple[float, float]
):
    """The advice is the best plan for other prices."""
    price, length, high = drawn(case)
    place = np.arange(price.shape[1]) * moves[0]
    distance, switch = np.abs(place[:, None] - place), moves[1]
    forecast = np.random.default_rng(case[4] + 1).uniform(LOW, high, price.shape)
    advice, _ = best_path(forecast, length, distance, switch, 0)
    cost, _, advised, course = played(
        price, length, high, distance=distance, switch=switch, epsilon=epsilon, advice=advice
    )
    assert float(course.done[0]) == pytest.approx(1)
    assert cost <= (1 + epsilon) * advised * (1 + 1e-6)


def test_good_advice_is_worth_more_than_caution_and_bad_advice_less():
    price = np.array([[350.0], [300], [100], [400], [400]])
    cautious = played(price, 1, 400.0)[0]
    good = [(0, False), (0, False), (0, True), (0, False), (0, False)]
    bad = [(0, True), (0, False), (0, False), (0, False), (0, False)]
    assert played(price, 1, 400.0, epsilon=0.1, advice=good)[0] == pytest.approx(100, rel=0.1)
    assert played(price, 1, 400.0, epsilon=5.0, advice=bad)[0] <= cautious * 1.01
    assert played(price, 1, 400.0, epsilon=0.1, advice=bad)[0] > cautious


def test_the_best_plan_in_one_region_pays_for_the_way_there():
    """Two and a half slots: 100 + 100 + half of 200 at home are 120 on average, away 50 and the way."""
    expected = np.array([[[100.0, 200, 100, 300], [50, 50, 50, 50]]])
    stay, share = best_plans(expected, np.array([2.5]), np.array([[0.0, 71.0]]))
    assert (stay.tolist(), share.tolist()) == ([0], [[1.0, 0.5, 1.0, 0.0]])
    assert best_plans(expected, np.array([2.5]), np.array([[0.0, 69.0]]))[0].tolist() == [1]


# -- in a run ----------------------------------------------------------------------------------------


def ran(run: Run) -> list[tuple[float, float, int]]:
    return [(p.start_s / HOUR_S, p.end_s / HOUR_S, p.region) for p in run.history.pieces]


def test_a_rigid_job_starts_where_and_when_advice_and_threshold_agree():
    world = mock_world([mock_job("a")], [HOME, AWAY])
    assert ran(simulate(world, SCHEDULERS["carbonclipper"])) == [(5, 6, 1)]


def test_an_unforeseen_clean_hour_is_taken():
    """Yesterday knew nothing of hour 2 at 60, so the advice is hour 3 at 100; the threshold buys at once."""
    world = mock_world([mock_job("a", slack_h=20)], [HOME])
    values = world.intensity[0].values
    values[24 + 2] = 60.0
    assert ran(simulate(world, SCHEDULERS["carbonclipper"])) == [(2, 3, 0)]


def test_without_slack_it_runs_at_once():
    world = mock_world([mock_job("a", hours=2, slack_h=0, checkpoint=FREE)], [HOME])
    assert ran(simulate(world, SCHEDULERS["carbonclipper"])) == [(0, 2, 0)]


def test_a_job_with_a_checkpoint_takes_the_clean_hours_and_is_suspended_between_them():
    carbon = [100.0, 400, 400, 100, 400, 400] + [400.0] * 18
    world = mock_world([mock_job("a", hours=2, slack_h=10, checkpoint=FREE)], [carbon])
    assert ran(simulate(world, SCHEDULERS["carbonclipper"])) == [(0, 1, 0), (3, 4, 0)]


def test_a_waiting_job_does_not_wait_until_its_room_is_gone():
    """The region closes from half past two to 8: a must run before, though hour 3 would be clean."""
    closed = Closure(2.5 * HOUR_S, 8 * HOUR_S, 1, announced=True)
    regions = [replace(mock_region("home"), closures=(closed,))]
    world = mock_world([mock_job("a", hours=1, slack_h=5)], [[300.0, 250, 300, 100] + [300.0] * 20], regions=regions)
    assert ran(simulate(world, SCHEDULERS["carbonclipper"])) == [(1, 2, 0)]


def test_told_the_truth_it_takes_what_a_forecast_missed():
    world = mock_world([mock_job("a", slack_h=20)], [[300.0] * 24])
    world.intensity[0].values[24 + 6] = 50.0
    assert ran(simulate(world, scheduler("carbonclipper-oracle"))) == [(6, 7, 0)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_with_room_for_all_no_deadline_is_missed(seed: int):
    rng = np.random.default_rng(seed)
    jobs = soft_jobs(rng, homes=("home", "away"))
    carbon = [rng.uniform(0, 900, 24).tolist() for _ in range(2)]
    regions = [mock_region(name, servers=4) for name in ("home", "away")]
    world = mock_world(jobs, carbon, regions=regions, epoch_h=float(rng.choice([0.5, 1.0])))
    assert not account(simulate(world, SCHEDULERS["carbonclipper"])).jobs.violated.any()
