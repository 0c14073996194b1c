"""CarbonScaler: its greedy by hand and against every other schedule, and what becomes of it in a run."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model import Checkpoint
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.schedulers.marginal import best_fixed_scale, emitted, most_work_per_carbon, unbroken
from sim.summary import account
from sim.units import HOUR_S
from tests.worlds import mock_job, mock_region, mock_world, soft_jobs

FREE = Checkpoint()
HOME = [300.0, 300, 300, 100, 300, 300] + [300.0] * 18
HOUR = HOUR_S


def ran(run: Run) -> list[tuple[str, float, float, int]]:
    """Return (job, start h, end h, workers) of every piece."""
    jobs = run.world.workload.jobs
    return [(jobs[p.job].id, round(p.start_s / HOUR, 3), round(p.end_s / HOUR, 3), p.scale) for p in run.history.pieces]


def schedule(
    carbon: list[float], throughput: list[float], hours: float, most: list[int] | None = None
) -> tuple[list[int], bool]:
    """Return the greedy's workers of one job in slots of an hour."""
    slots = len(carbon)
    room = np.array([most or [len(throughput)] * slots])
    workers, enough = most_work_per_carbon(
        np.array([carbon]), np.full((1, slots), HOUR), np.array(throughput), np.array([hours * HOUR]), 0 * room, room
    )
    return workers[0].tolist(), bool(enough[0])


def test_the_pairs_of_most_work_per_carbon_are_taken_first():
    """Prices of the pairs: 100, 110 (100 / 0.9), 200, 222 (200 / 0.9), 300, ...; 2.9 hours of work need four? No:
    1 + 0.9 at the clean hour, 1 at the next: exactly 2.9."""
    assert schedule([300, 100, 200], [1.0, 1.9], 2.9) == ([0, 2, 1], True)
    assert schedule([300, 100, 200], [1.0, 1.9], 3.0) == ([0, 2, 2], True)


def test_a_worker_is_taken_only_with_those_before_it():
    """The second worker adds most, yet a slot's first comes before it: at 100 both cost as much as the first."""
    assert schedule([100, 150], [0.5, 2.0], 2.0) == ([2, 0], True)


def test_too_much_work_takes_all_there_is_and_says_so():
    assert schedule([100, 200], [1.0, 1.9], 9.0) == ([2, 2], False)
    assert schedule([100, 200], [1.0, 1.9], 2.0, most=[0, 2]) == ([0, 2], False)


profiles = st.lists(st.floats(0.05, 1.0), min_size=1, max_size=3).map(
    lambda gains: np.cumsum([1.0, *sorted(gains, reverse=True)])
)


@settings(max_examples=60)
@given(st.lists(st.floats(1, 900), min_size=2, max_size=4), profiles, st.integers(1, 12))
def test_no_other_schedule_does_as_much_work_for_less(carbon: list[float], throughput: np.ndarray, pairs: int):
    """Against every schedule there is, for work that a number of pairs does exactly."""
    gains = np.diff(throughput, prepend=0.0)
    ranked = sorted((c / gain, gain) for c in carbon for gain in gains)[:pairs]
    work = sum(gain for _, gain in ranked)
    workers, enough = schedule(carbon, throughput.tolist(), work)
    assert enough
    rate = np.concatenate([[0.0], throughput])
    least = min(
        float(np.dot(carbon, other))
        for other in itertools.product(range(len(rate)), repeat=len(carbon))
        if rate[list(other)].sum() >= work - 1e-6
    )
    assert np.dot(carbon, workers) == pytest.approx(least, rel=1e-6)


@settings(max_examples=60)
@given(st.lists(st.floats(1, 900), min_size=1, max_size=6), profiles, st.floats(0.2, 8))
def test_a_job_that_cannot_stop_never_does_and_is_no_worse_than_any_fixed_scale_from_now_on(
    carbon: list[float], throughput: np.ndarray, hours: float
):
    c, seconds, most = np.array(carbon), np.full(len(carbon), HOUR), np.full(len(carbon), len(throughput))
    workers = unbroken(c, seconds, throughput, hours * HOUR, most)
    fixed = [np.full(len(carbon), n + 1) for n in range(len(throughput)) if throughput[n] * len(carbon) >= hours]
    if workers is None:
        assert not fixed
        return
    assert (np.diff((workers > 0).astype(int)) <= 0).all()
    grams = float(emitted(workers, c, seconds, throughput, hours * HOUR))
    assert workers[0] >= 1
    # a whole slot is taken where a part would do: what that costs is at most one pair
    slack = max(carbon) * 1.0
    assert all(grams <= float(emitted(one, c, seconds, throughput, hours * HOUR)) + slack for one in fixed)


@settings(max_examples=60)
@given(st.lists(st.floats(1, 900), min_size=1, max_size=6), profiles, st.floats(0.2, 8), st.data())
def test_the_best_fixed_scale_is_the_best_of_all_starts_and_scales(
    carbon: list[float], throughput: np.ndarray, hours: float, data: st.DataObject
):
    slots = len(carbon)
    most = data.draw(st.lists(st.integers(0, len(throughput)), min_size=slots, max_size=slots))
    workers, found = best_fixed_scale(
        np.array([carbon]), np.full((1, slots), HOUR), throughput, np.array([hours * HOUR]), np.array([most]), HOUR
    )
    options = {}
    for n, rate in enumerate(throughput, start=1):
        length = hours / rate
        for s in range(slots):
            if s + length <= slots + 1e-9 and min(most[s : int(np.ceil(s + length - 1e-9))]) >= n:
                shares = np.clip(s + length - np.arange(slots), 0, 1) * (np.arange(slots) >= s)
                options[n, s] = n * float(np.dot(shares, carbon))
    assert bool(found[0]) == bool(options)
    if options:
        n = int(workers[0].max())
        assert options[n, int(np.argmax(workers[0] > 0))] == pytest.approx(min(options.values()), rel=1e-6)


# -- in a run ----------------------------------------------------------------------------------------


def test_an_elastic_job_is_wide_in_the_clean_hour_and_suspended_in_the_others():
    """4 hours of work by hour 8: three workers at hour 3 do 2.7; the rest takes the first of the equal hours."""
    world = mock_world([mock_job("a", hours=4, cpus=3, slack_h=4, checkpoint=FREE, throughput=(1, 1.9, 2.7))], [HOME])
    run = simulate(world, SCHEDULERS["carbonscaler"])
    assert ran(run) == [("a", 0, 2, 1), ("a", 3, 3.741, 3)]
    assert [(d.action, d.now_s / HOUR) for d in run.decisions] == [("suspend", 2), ("resume", 3)]


def test_without_a_checkpoint_one_worker_stays():
    """It starts with three at hour 3, and goes on with one: 2.7 + 1.3 hours."""
    world = mock_world([mock_job("a", hours=4, cpus=3, slack_h=4, throughput=(1, 1.9, 2.7))], [HOME])
    assert ran(simulate(world, SCHEDULERS["carbonscaler"])) == [("a", 3, 4, 3), ("a", 4, 5.3, 1)]


def test_what_can_only_be_suspended_takes_the_cleanest_hours():
    carbon = [200.0, 300, 100, 300, 100, 300] + [300.0] * 18
    world = mock_world([mock_job("a", hours=2, slack_h=4, checkpoint=FREE)], [carbon])
    assert ran(simulate(world, SCHEDULERS["carbonscaler"])) == [("a", 2, 3, 1), ("a", 4, 5, 1)]


def test_a_rigid_job_is_shifted():
    world = mock_world([mock_job("a")], [HOME])
    assert ran(simulate(world, SCHEDULERS["carbonscaler"])) == [("a", 3, 4, 1)]


def test_nobody_pauses_for_less_than_the_pause_costs():
    """Half an hour to write and half to read: an hour at 290 for two of the ten grams that each hour would save."""
    carbon = [290.0, 300, 290, 300, 290, 300] + [300.0] * 18
    slow = Checkpoint(save_s=HOUR / 2, restore_s=HOUR / 2)
    world = mock_world([mock_job("a", hours=2, slack_h=4, checkpoint=slow)], [carbon])
    assert ran(simulate(world, SCHEDULERS["carbonscaler"])) == [("a", 0, 2, 1)]


def test_two_elastic_jobs_share_the_clean_hour_by_their_slack():
    """Ten CPUs: b has less slack and takes eight of them at hour 3; a has room for one worker of four there: none."""
    wide = {"checkpoint": FREE, "throughput": (1.0, 2.0), "cpus": 4}
    world = mock_world([mock_job("a", hours=2, slack_h=4, **wide), mock_job("b", hours=2, slack_h=3, **wide)], [HOME])
    run = simulate(world, SCHEDULERS["carbonscaler"])
    assert [row for row in ran(run) if row[0] == "b"] == [("b", 3, 4, 2)]
    assert not account(run).jobs.violated.any()


def test_a_running_job_grows_into_what_is_free_only():
    """Hour 3 is clean, but a rigid job holds six of ten CPUs until hour 5: two workers fit, not three."""
    jobs = [
        mock_job("rigid", hours=5, cpus=6, slack_h=0),
        mock_job("a", hours=6, cpus=2, slack_h=0, throughput=(1, 2, 3)),
    ]
    run = simulate(mock_world(jobs, [HOME]), SCHEDULERS["carbonscaler"])
    assert max(p.scale for p in run.history.pieces if p.start_s < 5 * HOUR) == 2
    assert not account(run).jobs.violated.any()


def test_a_job_that_one_worker_cannot_finish_in_time_runs_with_more():
    """Home is full for three hours; of a's four hours of work the last does all."""
    jobs = [mock_job("rigid", hours=3, slack_h=0), mock_job("a", hours=4, cpus=2, slack_h=0, throughput=(1, 2, 3, 4))]
    assert ran(simulate(mock_world(jobs, [HOME]), SCHEDULERS["carbonscaler"]))[1] == ("a", 3, 4, 4)


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_with_room_for_all_no_deadline_is_missed(seed: int):
    rng = np.random.default_rng(seed)
    jobs = soft_jobs(rng, throughput=(1.0, 1.8, 2.3))
    carbon = rng.uniform(0, 900, 24).tolist()
    world = mock_world(jobs, [carbon], regions=[mock_region("home", servers=8)], epoch_h=float(rng.choice([0.5, 1.0])))
    assert not account(simulate(world, SCHEDULERS["carbonscaler"])).jobs.violated.any()
