"""GAIA's policies on days that can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sim.jobs import Jobs, Workload
from sim.model import Job, Region
from sim.runner import simulate
from sim.schedulers import SCHEDULERS
from sim.summary import account
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

# hour 2 is the cleanest
DAY = [300.0, 300, 90, 100, 100, 300] + [300.0] * 18


def at_arrivals(jobs: Sequence[Job], *days: Sequence[float], regions: Sequence[Region] | None = None) -> World:
    """Return a world told the truth, with decisions at arrivals too."""
    world = mock_world(jobs, days or [DAY], regions=regions)
    return replace(world, foretold=world.truth(), at_arrivals=True)


def starts_h(world: World, name: str) -> list[tuple[str, str, float]]:
    """Return (job, region, start h) in job order."""
    run = simulate(world, SCHEDULERS[name])
    return [
        (world.workload.jobs[p.job].id, world.regions[p.region].id, p.start_s / HOUR_S)
        for p in sorted(run.history.pieces, key=lambda p: (p.job, p.start_s))
    ]


@pytest.mark.parametrize(
    ("name", "hour"),
    [
        ("gaia-lowest-slot", 2),  # the cleanest moment, whatever follows
        ("gaia-lowest-window", 2.5),  # 45 + 100 + 50, least of 495 at 0.5, 290 at 1.5, 195, 300, ...
        ("gaia-carbon-time", 2.5),  # saves 300 in the 4 h to completion; at 1.5 it saves 205 in 3 h
    ],
)
def test_when_a_job_of_two_hours_starts_that_arrives_at_half_past_midnight(name: str, hour: float):
    assert starts_h(at_arrivals([mock_job("a", 0.5, 2)]), name) == [("a", "home", hour)]


def test_lowest_slot_starts_on_the_clock_and_lowest_window_hours_after_arrival():
    world = at_arrivals([mock_job("a", 0.25, 1)])
    assert starts_h(world, "gaia-lowest-slot")[0][2] == 2
    assert starts_h(world, "gaia-lowest-window")[0][2] == 2.25


def test_carbon_time_prefers_a_small_saving_soon_to_a_large_one_late():
    """One hour: 100 g less in hour 1 is 50 g an hour to completion; 200 g less in hour 9 is 20."""
    day = [300.0, 200] + [300.0] * 7 + [100.0] + [300.0] * 14
    world = at_arrivals([mock_job("a")], day)
    assert starts_h(world, "gaia-carbon-time")[0][2] == 1
    assert starts_h(world, "gaia-lowest-window")[0][2] == 9


def test_windows_are_as_long_as_the_mean_job_of_the_queue_if_queues_are_declared():
    """An hour's job of a queue of three-hour jobs starts where three hours are cleanest, not where one is."""
    day = [300.0, 300, 50, 300, 300, 300, 100, 100, 100] + [300.0] * 15
    assert starts_h(at_arrivals([mock_job("a")], day), "gaia-lowest-window")[0][2] == 2
    world = at_arrivals([mock_job("a", queue_mean_s=3 * HOUR_S)], day)
    assert starts_h(world, "gaia-lowest-window")[0][2] == 6


@pytest.mark.parametrize("name", ["gaia-lowest-slot", "gaia-lowest-window", "gaia-carbon-time"])
def test_no_start_is_later_than_the_slack_allows(name: str):
    world = at_arrivals([mock_job("a", slack_h=1)], [300.0, 200, 50] + [300.0] * 21)
    assert starts_h(world, name) == [("a", "home", 1)]


@pytest.mark.parametrize("name", ["gaia-lowest-slot", "gaia-lowest-window", "gaia-carbon-time"])
def test_where_room_is_short_the_next_best_free_start_is_taken(name: str):
    """Each fills the region: the first gets hour 2, the second the next best hour, 3."""
    assert starts_h(at_arrivals([mock_job("a"), mock_job("b")]), name) == [("a", "home", 2), ("b", "home", 3)]


@pytest.mark.parametrize("name", ["gaia-lowest-slot", "gaia-lowest-window", "gaia-carbon-time", "gaia-res-first"])
def test_elsewhere_only_if_home_has_no_room_in_time(name: str):
    jobs = [mock_job("a", hours=6, slack_h=0), mock_job("b", hours=6, slack_h=1), mock_job("c", 6, hours=1)]
    ran = starts_h(at_arrivals(jobs, [300.0] * 24, [100.0] * 24), name)
    assert [place for _, place, _ in ran] == ["home", "away", "home"]


def test_a_job_that_nobody_can_start_in_time_starts_as_early_as_anybody_can():
    jobs = [mock_job("a", hours=5, slack_h=0), mock_job("b", slack_h=1)]
    assert starts_h(at_arrivals(jobs), "gaia-carbon-time")[1] == ("b", "home", 5)


def reserved(cpus: float, **rents: float) -> list[Region]:
    return [replace(mock_region(), reserved_cpus=cpus, **rents)]  # type: ignore[arg-type]


def test_idle_reserved_cpus_are_used_at_once_and_only_those():
    """Of 5 reserved CPUs a takes 3 and c 2; b would need 3 and waits for the clean hour. Nobody blocks another."""
    jobs = [mock_job("a", cpus=3), mock_job("b", cpus=3), mock_job("c", cpus=2)]
    assert starts_h(at_arrivals(jobs, regions=reserved(5)), "gaia-res-first") == [
        ("a", "home", 0),
        ("b", "home", 1),  # a has ended: its reserved CPUs are idle
        ("c", "home", 0),
    ]


def test_without_reserved_cpus_res_first_is_carbon_time():
    jobs = [mock_job("a", 0.5, 2, cpus=2), mock_job("b", 0.7, 1, cpus=2), mock_job("c", 3.1, 3, cpus=2)]
    assert starts_h(at_arrivals(jobs), "gaia-res-first") == starts_h(at_arrivals(jobs), "gaia-carbon-time")


def test_only_cpus_beyond_the_reserved_ones_are_rented_and_the_reservation_is_paid_whether_used_or_not():
    """8 and 4 CPUs in use for an hour, 6 reserved: half of each job's CPUs are rented at 1 USD.

    The reservation: 6 CPUs x 72 h x 0.1 USD.
    """
    regions = reserved(6, usd_per_cpu_h=1.0, reserved_usd_per_cpu_h=0.1)
    regions = [replace(regions[0], servers=tuple((server, 2) for server, _ in regions[0].servers))]
    jobs = [mock_job("a", cpus=8), mock_job("b", cpus=4)]
    world = mock_world(jobs, [[300.0] * 24], regions=regions, price=[[0.0] * 24], idle=False)
    books = account(simulate(world, SCHEDULERS["fifo"])).books
    assert books.ledger.cost_usd.tolist() == pytest.approx([4.0, 2.0])
    assert books.series.reserved_usd.sum() == pytest.approx(6 * 72 * 0.1)
    assert books.series.cost_usd.sum() == pytest.approx(6 + 6 * 72 * 0.1)


def test_estimates_stand_in_for_queues_that_nobody_declared():
    jobs = Jobs.of([mock_job("a", hours=2), mock_job("b", queue_mean_s=600.0)])
    assert Workload(jobs, jobs.duration_estimate_s).jobs.expected_s.tolist() == [7200, 600]
