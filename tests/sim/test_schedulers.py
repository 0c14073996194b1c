"""Each scheduler on a day that can be worked out by hand: the forecast repeats yesterday, and so does the grid."""

from __future__ import annotations

import pytest

from sim.engine import Engine
from sim.errors import InputError
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS, scheduler
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

# home is cleanest at hour 3, away is cleaner than home now and cleanest at hour 5
HOME = [300.0, 300, 300, 100, 300, 300] + [300.0] * 18
AWAY = [200.0, 200, 200, 200, 200, 50] + [200.0] * 18


def ran(run: Run) -> list[tuple[str, str, float]]:
    """Return (job, region, start h) in job order."""
    return [
        (run.world.workload.jobs[s.job].id, run.world.regions[s.region].id, s.start_s / HOUR_S)
        for s in sorted(run.history.pieces, key=lambda s: s.job)
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fifo", ("home", 0)),
        ("greedy-carbon", ("away", 0)),
        ("spatial-shift", ("away", 0)),
        ("time-shift", ("home", 3)),
        ("spatiotemporal", ("away", 5)),
    ],
)
def test_where_and_when_one_job_runs(name: str, expected: tuple[str, float]):
    world = mock_world([mock_job("a")], [HOME, AWAY])
    assert ran(simulate(world, SCHEDULERS[name])) == [("a", *expected)]


def test_greedy_looks_at_this_moment_and_spatial_shift_at_the_whole_run():
    """Away is cleaner now, but not over the two hours of the run."""
    world = mock_world([mock_job("a", hours=2)], [[300.0] * 24, [200.0, 500] + [200.0] * 22])
    assert ran(simulate(world, SCHEDULERS["greedy-carbon"])) == [("a", "away", 0)]
    assert ran(simulate(world, SCHEDULERS["spatial-shift"])) == [("a", "home", 0)]


def test_pue_makes_a_clean_region_dear():
    regions = [mock_region("home"), mock_region("away", pue=2.0)]
    world = mock_world([mock_job("a")], [[300.0] * 24, [200.0] * 24], regions=regions)
    assert ran(simulate(world, SCHEDULERS["greedy-carbon"])) == [("a", "home", 0)]


def test_no_slack_leaves_no_time_to_shift():
    world = mock_world([mock_job("a", slack_h=0)], [HOME, AWAY])
    assert ran(simulate(world, SCHEDULERS["time-shift"])) == [("a", "home", 0)]


def test_the_shift_ends_at_the_deadline():
    """Hour 3 is out of reach with two hours of slack: the first of the equal hours is taken."""
    world = mock_world([mock_job("a", slack_h=2)], [HOME, AWAY])
    assert ran(simulate(world, SCHEDULERS["time-shift"])) == [("a", "home", 0)]


def test_two_jobs_do_not_share_the_room_of_one():
    world = mock_world([mock_job("a"), mock_job("b")], [[100.0] * 24, [200.0] * 24])
    assert ran(simulate(world, SCHEDULERS["spatial-shift"])) == [("a", "home", 0), ("b", "away", 0)]


def test_the_job_of_most_energy_chooses_first():
    world = mock_world([mock_job("small", cpus=1), mock_job("large", cpus=10)], [HOME], hours=96)
    assert ran(simulate(world, SCHEDULERS["spatiotemporal"])) == [("small", "home", 0), ("large", "home", 3)]


def test_fifo_takes_the_next_region_when_home_is_full_and_never_overtakes():
    jobs = [mock_job("a", hours=3), mock_job("b", hours=3), mock_job("c", hours=3), mock_job("d", 1.0, cpus=1)]
    world = mock_world(jobs, [[100.0] * 24, [100.0] * 24])
    assert ran(simulate(world, SCHEDULERS["fifo"])) == [
        ("a", "home", 0),
        ("b", "away", 0),
        ("c", "home", 3),
        ("d", "away", 3),
    ]


def test_fifo_lets_no_late_or_small_job_overtake():
    """b waits for the whole region; c would fit beside a, and must start at once to be in time, yet came after b."""
    jobs = [
        mock_job("a", hours=5, cpus=5),
        mock_job("b", cpus=10),
        mock_job("c", 0.5, cpus=5, slack_h=0),
        mock_job("d", 0.5, cpus=5, slack_h=3),
    ]
    world = mock_world(jobs, [HOME])
    assert ran(simulate(world, SCHEDULERS["fifo"])) == [
        ("a", "home", 0),
        ("b", "home", 5),
        ("c", "home", 6),
        ("d", "home", 6),
    ]


@pytest.mark.parametrize("name", ["greedy-carbon", "spatial-shift", "time-shift", "spatiotemporal"])
def test_a_job_that_must_start_now_goes_before_one_that_can_wait(name: str):
    world = mock_world([mock_job("large", hours=3), mock_job("urgent", cpus=1, slack_h=0)], [[100.0] * 24])
    assert ran(simulate(world, SCHEDULERS[name]))[1] == ("urgent", "home", 0)


def test_a_gpu_job_beside_a_region_without_gpus():
    regions = [mock_region("home"), mock_region("away", gpus=4)]
    world = mock_world([mock_job("a", gpus=1)], [[1.0] * 24, [500.0] * 24], regions=regions)
    assert ran(simulate(world, SCHEDULERS["spatiotemporal"])) == [("a", "away", 0)]


def test_a_late_job_runs_as_early_as_it_can():
    jobs = [mock_job("a", hours=5), mock_job("b", hours=1, slack_h=1)]
    world = mock_world(jobs, [HOME])
    assert ran(simulate(world, SCHEDULERS["time-shift"]))[1] == ("b", "home", 5)


@pytest.mark.parametrize("name", sorted(SCHEDULERS))
def test_a_plan_is_a_pure_function_of_the_view(name: str):
    world: World = mock_world([mock_job("a"), mock_job("b", cpus=3)], [HOME, AWAY])
    view = Engine(world).next_view()
    assert view is not None
    assert tuple(SCHEDULERS[name].plan(view)) == tuple(SCHEDULERS[name].plan(view))


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="did you mean time-shift"):
        scheduler("timeshift")
