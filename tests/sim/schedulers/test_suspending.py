"""Wait-Awhile and Ecovisor on days that can be worked out by hand, and what holds in all worlds with room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model import Checkpoint, Job
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.summary import account
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

FREE = Checkpoint()
POLICIES = ["wait-awhile", "ecovisor"]
# two clean hours with a dirty one in between
DAY = [300.0, 100, 300, 100, 300, 300] + [300.0] * 18


def told(jobs: Sequence[Job], *days: Sequence[float], **fields: object) -> World:
    """Return a world that tells schedulers the truth."""
    world = mock_world(jobs, days or [DAY], **fields)  # type: ignore[arg-type]
    return replace(world, foretold=world.truth())


def stays_h(run: Run, job: int = 0) -> list[tuple[float, float]]:
    """Return the (start h, end h) of a job's pieces."""
    return [(p.start_s / HOUR_S, p.end_s / HOUR_S) for p in run.history.pieces if p.job == job]


def played(world: World, name: str) -> Run:
    return simulate(world, SCHEDULERS[name])


def test_wait_awhile_runs_in_the_cleanest_hours_and_is_suspended_in_between():
    run = played(told([mock_job("a", hours=2, checkpoint=FREE)]), "wait-awhile")
    assert stays_h(run) == [(1, 2), (3, 4)]
    assert account(run).books.ledger.carbon_g.sum() == pytest.approx(200)


def test_wait_awhile_takes_the_first_part_of_the_last_hour_that_it_needs():
    """2.5 hours: the two clean ones, and the first half of the first of the equal others, hour 0."""
    run = played(told([mock_job("a", hours=2.5, slack_h=4, checkpoint=FREE)]), "wait-awhile")
    assert stays_h(run) == [(0, 0.5), (1, 2), (3, 4)]


def test_ecovisor_runs_below_the_30th_percentile_until_its_slack_is_used_up():
    """7 of 24 hours are clean, so the threshold is 300. A job of three hours with 3 of slack:

    waits in hour 0, runs in 1, waits in 2, runs in 3, waits in 4, and then must run on in hour 5.
    """
    day = [300.0, 100, 300, 100, 300, 300] + [300.0] * 13 + [100.0] * 5
    run = played(told([mock_job("a", hours=3, slack_h=3, checkpoint=FREE)], day), "ecovisor")
    assert stays_h(run) == [(1, 2), (3, 4), (5, 6)]


def test_ecovisors_threshold_is_that_of_the_day_after_submission_whenever_it_is_asked():
    """The first day's is 300. That of the day ahead of hour 7 would be 100, and hour 24 not below it."""
    course = [300.0] * 24 + [100.0] * 7 + [300.0] * 17 + [100.0] * 7 + [50.0] * 41  # from a day before the start
    run = played(told([mock_job("a", hours=8, slack_h=24, checkpoint=FREE)], course), "ecovisor")
    assert stays_h(run) == [(0, 7), (24, 25)]


@pytest.mark.parametrize("name", POLICIES)
def test_a_job_without_a_checkpoint_runs_in_one_go_as_under_time_shift(name: str):
    jobs = [mock_job("rigid", hours=2, cpus=1), mock_job("soft", hours=2, cpus=1, checkpoint=FREE)]
    run = played(told(jobs), name)
    assert stays_h(run) == stays_h(played(told(jobs), "time-shift")) == [(0, 2)]
    assert stays_h(run, 1) == [(1, 2), (3, 4)]


@pytest.mark.parametrize("name", POLICIES)
def test_no_pause_is_shorter_than_its_checkpoint(name: str):
    """Half an hour to save and half an hour to restore: the dirty hour 2 is not worth a pause."""
    jobs = [mock_job("a", hours=3, slack_h=2, checkpoint=Checkpoint(1800, 1800))]
    assert played(told(jobs), name).history.suspensions == []


@pytest.mark.parametrize("name", POLICIES)
def test_a_suspended_job_goes_on_where_its_state_lies(name: str):
    """Home is full until 8: b begins away, and stays there though home is free and cleaner by then."""
    jobs = [mock_job("a", hours=8, slack_h=0), mock_job("b", hours=3, slack_h=3, checkpoint=FREE)]
    run = played(told(jobs, [1.0] * 24, DAY), name)
    assert {p.region for p in run.history.pieces if p.job == 1} == {1}


def test_where_room_is_short_wait_awhile_takes_the_cleanest_hours_that_are_left():
    """Each of two jobs fills the region: they share the two clean hours and the first two of the equal others."""
    jobs = [mock_job(name, hours=2, slack_h=4, checkpoint=FREE) for name in "ab"]
    run = played(told(jobs), "wait-awhile")
    assert sorted(stays_h(run, 0) + stays_h(run, 1)) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert stays_h(run, 0)[0] == (1, 2)


@pytest.mark.parametrize("name", POLICIES)
def test_a_late_suspended_job_goes_on_as_soon_as_there_is_room(name: str):
    """b wants the hours 0 and 3; when it is suspended a rigid job without slack has come, and takes hours 1 to 4."""
    day = [100.0, 300, 300, 100, 300, 300] + [300.0] * 18
    jobs = [mock_job("b", hours=2, slack_h=3, checkpoint=FREE), mock_job("a", 0.5, hours=4, slack_h=0)]
    run = played(told(jobs, day), name)
    assert stays_h(run) == [(0, 1), (5, 6)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(1, 900), min_size=24, max_size=24),
    st.floats(0.1, 12),
    st.floats(0, 20),
    st.floats(0, 3),
    st.sampled_from([0.25, 0.5, 1.0]),
    st.tuples(st.sampled_from([0.0, 60.0, 900.0, 5400.0]), st.sampled_from([0.0, 60.0, 1800.0, 4000.0])),
    st.booleans(),
    st.sampled_from(POLICIES),
)
def test_with_room_no_checkpoint_costs_a_deadline(
    day: list[float],
    hours: float,
    slack_h: float,
    submit_h: float,
    epoch_h: float,
    costs_s: tuple[float, float],
    truth: bool,
    name: str,
):
    slack_h += epoch_h  # decisions fall on epochs: a job waits for its first
    jobs = [mock_job("a", submit_h, hours, slack_h=slack_h, cpus=1, checkpoint=Checkpoint(*costs_s))]
    world = mock_world(jobs, [day], epoch_h=epoch_h)
    run = played(replace(world, foretold=world.truth()) if truth else world, name)
    assert not account(run).jobs.violated.any()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(1, 900), min_size=24, max_size=24), st.integers(1, 20), st.integers(0, 20))
def test_told_the_truth_and_without_costs_wait_awhile_emits_the_least_that_any_schedule_could(
    day: list[float], hours: int, slack_h: int
):
    jobs = [mock_job("a", hours=hours, slack_h=slack_h, checkpoint=FREE)]
    run = played(told(jobs, day, regions=[mock_region()]), "wait-awhile")
    window = np.resize(day, hours + slack_h)
    assert account(run).books.ledger.carbon_g.sum() == pytest.approx(np.sort(window)[:hours].sum(), rel=1e-9)
