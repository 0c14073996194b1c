"""Arrivals with known dispersion, and descriptions with known truth."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sim.arrivals import bursty, poisson
from sim.descriptions import describe
from sim.errors import InputError
from sim.scenario import build_world, parse_scenario
from tests.sim.test_scenario import content

SPAN_S = 1e7
REGIONS = {"gb": ["UK", "Britain", "London"], "de": ["Germany", "Frankfurt"], "ca-east": ["Ontario", "Toronto"]}


def dispersion(times_s: np.ndarray) -> float:
    """Variance over mean of the counts in a thousand windows."""
    counts = np.histogram(times_s, bins=1000, range=(0, SPAN_S))[0]
    return float(counts.var() / counts.mean())


def test_poisson_arrivals_have_dispersion_one():
    times_s = poisson(100_000, SPAN_S, np.random.default_rng(1))
    assert dispersion(times_s) == pytest.approx(1.0, rel=0.15)
    assert (np.diff(times_s) >= 0).all()


@pytest.mark.parametrize("mean_burst", [1.0, 4.0, 10.0])
def test_bursts_have_the_dispersion_of_their_formula(mean_burst: float):
    times_s = bursty(200_000, SPAN_S, np.random.default_rng(2), mean_burst=mean_burst, spread_s=60.0)
    assert len(times_s) == 200_000
    assert (times_s.min() >= 0, times_s.max() < SPAN_S) == (True, True)
    assert dispersion(times_s) == pytest.approx(2 * mean_burst - 1, rel=0.2)


def test_bursts_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="expected at least 1"):
        bursty(10, SPAN_S, np.random.default_rng(1), mean_burst=0.5, spread_s=1.0)


def test_a_scenario_can_ask_for_bursts():
    workload = content()["workload"] | {"count": 200, "arrivals": {"kind": "bursty", "mean_burst": 8, "spread_s": 30}}
    world = build_world(parse_scenario(content(workload=workload), "x"), None)
    gaps_s = np.diff(world.workload.jobs.submit_s)
    assert np.median(gaps_s) < gaps_s.mean() / 5


def test_two_thousand_descriptions_are_two_thousand_texts_of_many_forms():
    rng = np.random.default_rng(3)
    drawn = [describe(REGIONS, rng) for _ in range(2000)]
    names = "|".join(name for names in REGIONS.values() for name in names)
    forms = {re.sub(rf"\d+|\b({names})\b", "_", one.text) for one in drawn}
    assert len({one.text for one in drawn}) >= 1900
    assert len(forms) >= 1500


def test_a_truth_stands_in_its_text_and_is_a_field_of_a_hint():
    rng = np.random.default_rng(4)
    fields = {"max_delay_h", "regions_only", "regions_deny", "interruptible", "priority", "duration_h", "cpus", "gpus",
              "memory_gb"}  # fmt: skip
    for _ in range(1000):
        one = describe(REGIONS, rng)
        assert set(one.truth) <= fields
        for name in ("regions_only", "regions_deny"):
            for region in one.truth.get(name, ()):
                assert any(called in one.text for called in REGIONS[region])
        assert not ("regions_only" in one.truth and "regions_deny" in one.truth)


def test_some_descriptions_ask_for_nothing_and_the_same_seed_says_the_same():
    drawn, again = ([describe(REGIONS, np.random.default_rng(n)) for n in range(60)] for _ in range(2))
    assert drawn == again
    assert any(not one.truth for one in drawn)
    assert any(len(one.truth) == 3 for one in drawn)
