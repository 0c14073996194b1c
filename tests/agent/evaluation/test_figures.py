"""Response times of services, weighted by requests."""

from __future__ import annotations

import math

import pytest

from agent.evaluation.figures import response_times
from sim.history import Served


def step(seconds: float, rate: float, response_s: float) -> Served:
    return Served(0, 0, 0.0, seconds, replicas=1, rate_per_s=rate, response_s=response_s, late_per_s=0.0)


def test_a_step_counts_by_the_requests_that_it_served():
    found = response_times([step(100, 9, 1.0), step(100, 1, 5.0)])
    assert found["response_mean_s"] == pytest.approx(1.4)
    assert (found["response_p95_s"], found["response_p99_s"]) == (5.0, 5.0)


def test_what_was_never_answered_has_no_response_time():
    assert response_times([step(100, 9, 1.0), step(100, 1, math.inf)])["response_mean_s"] == 1.0
    assert set(response_times([step(100, 0, 1.0)]).values()) == {None}
