"""Packing and kube-scheduler's scores on cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.model import Job, Region
from sim.runner import simulate
from sim.schedulers import SCHEDULERS
from sim.schedulers.packing import resource_score, spread_score
from tests.sim.schedulers.test_agnostic import ran
from tests.worlds import mock_job, mock_region, mock_world

GRID = [100.0] * 24


def runs(
    name: str, jobs: list[Job], count: int = 2, regions: list[Region] | None = None
) -> dict[str, tuple[str, float]]:
    return ran(simulate(mock_world(jobs, [GRID] * count, regions=regions), SCHEDULERS[name]))


def test_tetris_prefers_the_job_that_wants_what_there_is_most_of():
    """After the first job 4 of 10 CPUs and 90 of 100 GB are free, and one of two jobs of 4 CPUs fits.

    Alignments 0.4 x 0.4 + 0.05 x 0.9 = 0.205 and 0.4 x 0.4 + 0.6 x 0.9 = 0.70; work 0.45 and 1; so their ratio of means
    is 0.624, and the scores -0.076 and 0.076.
    """
    jobs = [
        mock_job("runs", hours=5, cpus=6, memory_gb=10),
        mock_job("little memory", 1.0, cpus=4, memory_gb=5),
        mock_job("much memory", 1.0, cpus=4, memory_gb=60),
    ]
    assert runs("tetris", jobs, 1) == {
        "runs": ("home", 0),
        "much memory": ("home", 1),
        "little memory": ("home", 2),
    }


def test_tetris_starts_the_shorter_of_two_alike():
    jobs = [mock_job("long", hours=3, cpus=8), mock_job("short", hours=1, cpus=8)]
    assert runs("tetris", jobs, 1) == {"short": ("home", 0), "long": ("home", 1)}


def test_tetris_fills_what_a_large_job_leaves():
    """The second large job does not fit beside the first and holds nobody up."""
    jobs = [mock_job("a", hours=2, cpus=6), mock_job("b", hours=2, cpus=6), mock_job("small", hours=2, cpus=4)]
    assert {job: start_h for job, (_, start_h) in runs("tetris", jobs, 1).items()} == {"a": 0, "b": 2, "small": 0}


@pytest.mark.parametrize(("busy", "region"), [(0.5, "home"), (2, "away")])
def test_tetris_leaves_home_for_a_region_that_is_more_than_a_tenth_emptier(busy: float, region: str):
    """Home is 5 % full, or 20 %; and a tenth of the alignment is taken off away."""
    jobs = [mock_job("runs", hours=5, cpus=busy, memory_gb=10 * busy), mock_job("next", 1.0, cpus=1, memory_gb=10)]
    assert runs("tetris", jobs)["next"] == (region, 1)


def test_kubernetes_adds_least_allocated_and_balanced_allocation():
    """A half of the CPUs and a quarter of the memory in use: 62.5, and 100 less 12.5."""
    assert resource_score(np.array([[0.5, 0.75], [1.0, 1.0]])).tolist() == [150.0, 200.0]


def test_kubernetes_spreads_over_the_nodes_that_pass():
    """Among two nodes a pod weighs ln 4, and 2 are added as the skew is 3; the emptier node has 100."""
    emptier, fuller = spread_score(np.array([0, 3, 9]), np.array([True, True, False]))[:2]
    assert emptier == pytest.approx(100.0)
    assert fuller == pytest.approx(100 * 2 / (3 * np.log(4) + 2))
    assert spread_score(np.array([4, 4]), np.array([True, True])).tolist() == pytest.approx([100.0, 100.0])


def test_kubernetes_takes_the_emptiest_region():
    jobs = [mock_job("a", cpus=4), mock_job("b", cpus=4), mock_job("c", cpus=1)]
    run = runs("kubernetes", jobs, 3)
    assert {region for region, _ in run.values()} == {"home", "away", "far"}
    assert run["a"] == ("home", 0)


def test_kubernetes_asks_for_the_highest_priority_first_and_lets_nobody_hold_up_the_queue():
    jobs = [
        mock_job("runs", hours=3, cpus=5),
        mock_job("large", 1.0, cpus=6, priority="critical"),
        mock_job("low", 1.0, cpus=5, priority="low"),
        mock_job("high", 1.0, cpus=5, priority="high"),
    ]
    start_h = {job: start_h for job, (_, start_h) in runs("kubernetes", jobs, 1).items()}
    assert start_h == {"runs": 0, "high": 1, "low": 2, "large": 3}


def test_kubernetes_does_not_look_at_gpus_beyond_whether_they_suffice():
    """Home has the GPUs, but is fuller."""
    regions = [mock_region("home", gpus=4), mock_region("away")]
    jobs = [mock_job("runs", hours=9, cpus=5), mock_job("gpu", 1.0, cpus=1, gpus=1), mock_job("cpu", 1.0, cpus=1)]
    run = runs("kubernetes", jobs, 2, regions)
    assert (run["gpu"], run["cpu"]) == (("home", 1), ("away", 1))


@pytest.mark.parametrize("name", ["tetris", "kubernetes"])
def test_a_region_without_a_kind_of_resource_is_no_trouble(name: str):
    regions = [replace(mock_region("home"), servers=((replace(mock_region("x").servers[0][0], memory_gb=0.0), 1),))]
    assert runs(name, [mock_job("a", memory_gb=0.0)], 1, regions) == {"a": ("home", 0)}
