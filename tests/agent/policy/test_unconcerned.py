"""Jobs that no rule is about are planned with every lever, beside those that rules bear on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_cases import HOUR, bound, guard, policy

from agent.case import policy_violations
from sim.constraints import Unconstrained
from sim.jobs import Jobs
from sim.model import Checkpoint, Job
from sim.runner import Run, simulate
from sim.schedulers import scheduler
from sim.summary import account
from tests.worlds import mock_job, mock_region, mock_world

DAY = [300.0, 100, 300, 300, 100, 300] + [300.0] * 18
ADS_AT_ONCE = {"kind": "delay", "max_delay_h": 0, "jobs": {"team": "ads"}}


def pieces_h(run: Run) -> list[tuple[str, float, float]]:
    rows = [(run.world.workload.jobs.id_of(p.job), p.start_s / HOUR, p.end_s / HOUR) for p in run.history.pieces]
    return sorted(rows)


def columns(*jobs: Job) -> Jobs:
    return mock_world(list(jobs), [DAY]).workload.jobs


def test_a_rule_about_one_team_leaves_the_pauses_of_the_others():
    """A job of two hours takes the two clean ones with a pause between, while the other team's starts at once."""
    free = mock_job("a", hours=2, slack_h=8, checkpoint=Checkpoint())
    ruled = mock_job("b", hours=2, slack_h=8, checkpoint=Checkpoint(), team="ads")
    world = mock_world([free, ruled], [DAY], regions=[mock_region(servers=2)])
    run = simulate(world, scheduler("plan").told(), bound(world, ADS_AT_ONCE))
    assert pieces_h(run) == [("a", 1, 2), ("a", 4, 5), ("b", 0, 2)]


def test_who_cannot_wait_keeps_its_room_from_a_job_under_a_rule_that_can():
    """There is room for one: the job of no slack runs now, although the other would like this clean hour."""
    clean_now = [100.0, 300, 200] + [300.0] * 21
    world = mock_world([mock_job("now", slack_h=0), mock_job("ruled", slack_h=8, team="ads")], [clean_now])
    rule = {"kind": "placement", "effect": "only", "regions": ["home"], "jobs": {"team": "ads"}}
    assert pieces_h(simulate(world, scheduler("plan").told(), bound(world, rule))) == [("now", 0, 1), ("ruled", 2, 3)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (ADS_AT_ONCE, [True, False]),
        ({"kind": "prefer", "regions": ["gb"], "jobs": {"team": "ads"}}, [True, False]),
        ({"kind": "budget", "metric": "energy_kwh", "max": 1.0, "per": "day", "jobs": {"team": "ads"}}, [True, False]),
        ({"kind": "suspend", "allowed": False}, [True, True]),
        ({"kind": "headroom", "max_utilization": 0.8, "regions": ["gb"]}, [True, True]),
        ({"kind": "headroom", "max_utilization": 0.8, "jobs": {"team": "ads"}}, [True, False]),
    ],
)
def test_a_rule_concerns_the_jobs_it_is_about_and_one_on_the_use_of_cpus_all(
    rule: dict[str, object], expected: list[bool]
):
    jobs = columns(mock_job("a", team="ads"), mock_job("b"))
    assert guard(rule).concerns(jobs).tolist() == expected
    assert Unconstrained(mock_world([], [DAY]).regions).concerns(jobs).tolist() == [False, False]


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_beside_a_rule_that_leaves_no_choice_the_plan_of_the_others_breaks_nothing(seed: int):
    """Whatever is drawn, no decision is refused, no rule is broken, and every job is done."""
    rng = np.random.default_rng(seed)
    jobs = [
        mock_job(f"j{n}", hours=float(rng.integers(1, 4)), submit_h=float(rng.integers(0, 6)), slack_h=12,
                 checkpoint=Checkpoint() if rng.random() < 0.5 else None, team="ads" if rng.random() < 0.3 else None)
        for n in range(6)
    ]  # fmt: skip
    jobs.sort(key=lambda one: one.submit_s)
    sites = [mock_region("home"), mock_region("away")]
    world = mock_world(jobs, [rng.uniform(50, 400, 48), rng.uniform(50, 400, 48)], regions=sites)
    rules = [{"kind": "placement", "effect": "deny", "regions": ["home"], "jobs": {"team": "ads"}},
             {"kind": "suspend", "allowed": False, "jobs": {"team": "ads"}}]  # fmt: skip
    run = simulate(world, scheduler("plan").told(), bound(world, *rules))
    accounts = account(run)
    assert [row.verdict for row in run.decisions if row.verdict != "ok"] == []
    assert policy_violations(run, policy(*rules), accounts) == []
    assert np.isfinite(accounts.jobs.end_s).all()
