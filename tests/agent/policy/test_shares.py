"""Headroom for some of the jobs: what matching jobs alone hold of a region's CPUs."""

from __future__ import annotations

import numpy as np
import pytest
from policy_cases import HOUR, IDS, begun, guard, job, policy

from agent.case import policy_violations
from sim.errors import RuleDenied
from sim.model import Checkpoint, Place, Resize, Suspend
from sim.reckoning import Runs, reckon
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.summary import account
from sim.timetable import Timetable
from tests.worlds import mock_job, mock_world

HALF_FOR_ADS = {"kind": "headroom", "max_utilization": 0.5, "jobs": {"team": "ads"}, "source": "Ads: half."}
AFTERNOON = {"start": "12:00", "end": "18:00", "tz": "UTC"}


def test_a_share_is_about_its_jobs_and_leaves_the_region_to_others():
    rules = guard(HALF_FOR_ADS)
    (share,) = rules.quotas
    assert (share.about(job(team="ads")), share.about(job())) == (True, False)
    assert share.limit(np.arange(2) * HOUR, HOUR).tolist() == [[0.5, 0.5]] * len(IDS)
    assert rules.cpu_limit(np.arange(2) * HOUR, HOUR).tolist() == [[1.0, 1.0]] * len(IDS)


def test_a_start_beyond_the_share_is_refused_and_others_start():
    """Ten CPUs, five for ads: 3 run, 3 more would be too many, 2 are not; another team's 5 are no matter."""
    jobs = [mock_job(name, hours=2, cpus=cpus, team=team)
            for name, cpus, team in (("a", 3, "ads"), ("b", 3, "ads"), ("c", 2, "ads"), ("d", 5, "web"))]  # fmt: skip
    engine = begun(mock_world(jobs, [[100.0]]), HALF_FOR_ADS)
    engine.apply(Place("a", "home", 0.0))
    with pytest.raises(RuleDenied, match="CPU use of every region by jobs of team ads"):
        engine.apply(Place("b", "home", 0.0))
    engine.apply(Place("c", "home", 0.0))
    engine.apply(Place("d", "home", 0.0))
    assert len(engine.view().held) == 3


def test_a_share_counts_what_is_planned_until_it_ends():
    jobs = [mock_job("a", hours=2, cpus=5, team="ads"), mock_job("b", hours=2, cpus=5, team="ads")]
    engine = begun(mock_world(jobs, [[100.0]]), HALF_FOR_ADS)
    engine.apply(Place("a", "home", 3 * HOUR))
    for start_h in (2, 4):
        with pytest.raises(RuleDenied, match="team ads"):
            engine.apply(Place("b", "home", start_h * HOUR))
    engine.apply(Place("b", "home", 5 * HOUR))


def test_a_share_with_a_window_looks_at_the_whole_stay():
    jobs = [mock_job("a", hours=3, cpus=6, team="ads")]
    engine = begun(mock_world(jobs, [[100.0]]), {**HALF_FOR_ADS, "window": AFTERNOON})
    for start_h, fits in ((10, False), (17, False), (9, True)):
        if fits:
            engine.apply(Place("a", "home", start_h * HOUR))
            continue
        with pytest.raises(RuleDenied, match="daily 12:00-18:00 UTC"):
            engine.apply(Place("a", "home", start_h * HOUR))


def test_what_a_job_gives_back_is_there_for_others_and_more_workers_count():
    jobs = [mock_job("a", hours=4, cpus=3, team="ads", throughput=(1.0, 1.9), checkpoint=Checkpoint()),
            mock_job("b", hours=1, cpus=5, team="ads")]  # fmt: skip
    engine = begun(mock_world(jobs, [[100.0]]), HALF_FOR_ADS)
    engine.apply(Place("a", "home", 0.0))
    with pytest.raises(RuleDenied, match="team ads"):
        engine.apply(Resize("a", 2))
    engine.next_view()
    engine.apply(Suspend("a"))
    engine.apply(Place("b", "home", HOUR))


def test_what_outlives_its_estimate_still_counts():
    jobs = [mock_job("a", cpus=5, team="ads"), mock_job("b", 2.0, cpus=5, team="ads")]
    engine = begun(mock_world(jobs, [[100.0]], durations_h=[5, 1]), HALF_FOR_ADS)
    engine.apply(Place("a", "home", 0.0))
    engine.next_view()
    with pytest.raises(RuleDenied, match="team ads"):
        engine.apply(Place("b", "home", 2 * HOUR))


def test_more_workers_count_towards_headroom_of_all_jobs_too():
    """Two workers of 3 CPUs are 6 of 10: more than half, although one more worker alone is not."""
    engine = begun(
        mock_world([mock_job("a", hours=4, cpus=3, throughput=(1.0, 1.9))], [[100.0]]),
        {"kind": "headroom", "max_utilization": 0.5},
    )
    engine.apply(Place("a", "home", 0.0))
    with pytest.raises(RuleDenied, match="would be 6 of the allowed 5"):
        engine.apply(Resize("a", 2))


def test_planners_put_jobs_of_a_full_share_one_after_another_or_elsewhere():
    """Four jobs of five CPUs, an hour each: two at once, one in each region, until all have run."""
    jobs = [mock_job(f"j{n}", cpus=5, team="ads") for n in range(4)]
    world = mock_world(jobs, [[100.0], [100.0]])
    engine = begun(world, HALF_FOR_ADS)
    timetable = Timetable(engine.view())
    runs = [timetable.assign(one, lambda options: options.starts_s + 0 * options.carbon_g) for one in jobs]
    assert [(run.region, run.start_s / HOUR) for run in runs if run] == [
        ("home", 0), ("away", 0), ("home", 1), ("away", 1),
    ]  # fmt: skip
    view = engine.view()
    alone = Runs(view.pending.take([0]), np.array([0]), np.array([0.0]), np.array([1]))
    assert reckon(Timetable(view), alone).problems == [""]


def seen(run: Run, *rules: dict[str, object]) -> list[str]:
    return [found.rule for found in policy_violations(run, policy(*rules), account(run))]


def test_the_check_adds_up_the_matching_jobs_alone():
    jobs = [mock_job(f"j{n}", cpus=4, team=team) for n, team in enumerate(("ads", "web"))]
    run = simulate(mock_world(jobs, [[100.0]]), SCHEDULERS["fifo"])
    assert seen(run, HALF_FOR_ADS) == []
    assert seen(run, {**HALF_FOR_ADS, "jobs": None}) == ["CPU use of every region must stay at or below 50 %."]
    assert len(seen(run, {**HALF_FOR_ADS, "max_utilization": 0.3})) == 1
