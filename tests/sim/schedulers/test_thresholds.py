"""Thresholds of k-min search and of PCAPS: small cases by hand, and what their papers prove."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.schedulers.thresholds import competitive_ratio, importance_threshold, search_thresholds

lows, spreads = st.floats(1, 500), st.floats(1.01, 20)
counts, shares = st.integers(1, 100), st.floats(0, 1)


def test_one_unit_is_bought_at_the_geometric_mean():
    """sqrt(100 x 400) = 200, and the ratio is sqrt(400 / 100) = 2."""
    assert competitive_ratio(100, 400, 1) == pytest.approx(2)
    assert search_thresholds(100, 400, 1).tolist() == pytest.approx([200])


@given(lows, spreads, counts)
def test_alpha_solves_its_equation(low: float, spread: float, count: int):
    alpha = competitive_ratio(low, low * spread, count)
    assert (1 - 1 / alpha) * (1 + 1 / (alpha * count)) ** count == pytest.approx(1 - 1 / spread)


@given(lows, spreads)
def test_for_endless_work_alpha_is_given_by_lamberts_w(low: float, spread: float):
    """W = 1/alpha - 1 must be the inverse of w e^w at (L/U - 1)/e."""
    w = 1 / competitive_ratio(low, low * spread, math.inf) - 1
    assert w * math.exp(w) == pytest.approx((1 / spread - 1) / math.e)


@given(lows, spreads, counts)
def test_thresholds_fall_from_u_over_alpha_towards_l(low: float, spread: float, count: int):
    high = low * spread
    alpha, thresholds = competitive_ratio(low, high, count), search_thresholds(low, high, count)
    assert thresholds[0] == pytest.approx(high / alpha)
    assert (np.diff(thresholds) < 0).all()
    after = high * (1 - (1 - 1 / alpha) * (1 + 1 / (alpha * count)) ** count)
    assert after == pytest.approx(low)
    assert thresholds[-1] >= low


def test_where_intensity_never_changes_every_unit_is_bought_at_it():
    assert search_thresholds(300, 300, 3).tolist() == [300, 300, 300]
    assert search_thresholds(0, 0, 2).tolist() == [0, 0]


@given(lows, spreads, st.integers(1, 20), st.lists(shares, min_size=1, max_size=30))
def test_no_sequence_costs_more_than_alpha_times_the_optimum(
    low: float, spread: float, count: int, places: list[float]
):
    """Units whose threshold is met are bought, what is left at the end too; the optimum buys all at the least price."""
    high = low * spread
    prices = [low + place * (high - low) for place in places]
    thresholds, bought, cost = search_thresholds(low, high, count), 0, 0.0
    for price in prices:
        due = max(bought, int((thresholds >= price).sum()))
        cost += (due - bought) * price
        bought = due
    cost += (count - bought) * prices[-1]
    assert cost <= competitive_ratio(low, high, count) * count * min(prices) * (1 + 1e-9)


def test_a_threshold_of_pcaps_by_hand():
    """gamma = 0.5, L = 100, U = 300: M = 200 for r = 0, U for r = 1, and 200 + 100 x 0.2840/0.6487 in the middle."""
    low, high = np.array([100.0]), np.array([300.0])
    psi = importance_threshold(np.array([0.0, 0.5, 1.0]), 0.5, low, high)
    assert psi.tolist() == pytest.approx([200, 200 + 100 * (math.exp(0.25) - 1) / (math.exp(0.5) - 1), 300])


@given(lows, spreads, shares, st.lists(shares, min_size=2, max_size=20))
def test_the_threshold_of_pcaps_rises_with_importance_to_u(low: float, spread: float, gamma: float, rs: list[float]):
    high = low * spread
    psi = importance_threshold(np.sort(rs), gamma, np.array(low), np.array(high))
    assert (np.diff(psi) >= 0).all()
    assert importance_threshold(np.array(1.0), gamma, np.array(low), np.array(high)) == high


@given(lows, spreads, shares)
def test_gamma_0_is_blind_to_carbon_and_gamma_1_lets_the_least_important_wait_for_l(
    low: float, spread: float, importance: float
):
    high, r = low * spread, np.array(importance)
    assert importance_threshold(r, 0.0, np.array(low), np.array(high)) == high
    assert importance_threshold(np.array(0.0), 1.0, np.array(low), np.array(high)) == pytest.approx(low)


@given(lows, spreads, shares, shares, shares)
def test_the_more_carbon_counts_the_cleaner_must_the_hour_be(
    low: float, spread: float, r: float, one: float, other: float
):
    assume(one <= other)
    low_g, high_g = np.array(low), np.array(low * spread)
    psi = [float(importance_threshold(np.array(r), gamma, low_g, high_g)) for gamma in (one, other)]
    assert psi[1] <= psi[0] * (1 + 1e-9)
