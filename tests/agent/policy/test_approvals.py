"""Approval rules: what waits for a person's yes, where it may go meanwhile, and what the check finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from policy_cases import HOUR, begun, bound, policy

from agent.audit import audit_run
from agent.case import Case, policy_violations, run_scheduler
from sim.approvals import Approvals
from sim.errors import RuleDenied
from sim.model import Closure, Place
from sim.runner import Run, simulate
from sim.scenario import build_world, load_scenario, scenario_file
from sim.schedulers import SCHEDULERS
from sim.summary import account
from tests.worlds import mock_job, mock_region, mock_world

ASK_AWAY = {"kind": "approval", "regions": ["away"], "source": "Ask."}
ASK_ABOVE = {"kind": "approval", "carbon_above_kg": 0.3}
REASON = 'awaiting approval: "Jobs in away need a person\'s approval." (policy: "Ask.")'


def verdicts(run: Run) -> list[str]:
    return [row.verdict for row in run.decisions if row.verdict != "ok"]


def test_without_a_yes_the_placement_is_refused_and_the_ask_is_kept():
    engine = begun(mock_world([mock_job("a")], [[100.0], [100.0]]), ASK_AWAY)
    for _ in range(2):
        with pytest.raises(RuleDenied, match="awaiting approval"):
            engine.apply(Place("a", "away", 0.0))
    assert [(ask.job_id, ask.region, ask.at_s, ask.carbon_kg) for ask in engine.approvals.waiting] == [
        ("a", "away", 0.0, pytest.approx(0.1))
    ]
    engine.apply(Place("a", "home", 0.0))
    assert engine.approvals.waiting == [], "it went elsewhere"
    assert [one["yes"] for one in engine.approvals.record()] == [None]


def test_a_later_yes_lets_it_start_and_a_no_does_not():
    for yes in (True, False):
        engine = begun(mock_world([mock_job("a")], [[100.0], [100.0]]), ASK_AWAY)
        with pytest.raises(RuleDenied, match="awaiting"):
            engine.apply(Place("a", "away", 0.0))
        (ask,) = engine.approvals.waiting
        engine.approvals.answer(ask.job_id, ask.region, ask.rule, yes=yes)
        assert engine.approvals.waiting == []
        if yes:
            engine.apply(Place("a", "away", 0.0))
            continue
        with pytest.raises(RuleDenied, match="not approved"):
            engine.apply(Place("a", "away", 0.0))


def test_a_job_that_was_asked_about_in_vain_goes_elsewhere_or_waits():
    """away is cleaner; nobody says yes: the scheduler tries once, and the job runs at home an hour later."""
    world = mock_world([mock_job("a")], [[300.0], [100.0]])
    run = simulate(world, SCHEDULERS["spatiotemporal"], bound(world, ASK_AWAY))
    assert verdicts(run) == [REASON]
    assert [(piece.region, piece.start_s / HOUR) for piece in run.history.pieces] == [(0, 1)]
    alone = mock_world([mock_job("a", home="away")], [[100.0]], regions=[mock_region("away")])
    run = simulate(alone, SCHEDULERS["fifo"], bound(alone, ASK_AWAY))
    assert (run.history.pieces, verdicts(run)[0]) == ([], REASON)


def test_a_script_says_yes_for_its_jobs():
    jobs = [mock_job(name, cpus=2) for name in "ab"]
    world = mock_world(jobs, [[300.0], [100.0]])
    run = simulate(world, SCHEDULERS["spatial-shift"], bound(world, ASK_AWAY), approvals=Approvals.of_jobs(["b"]))
    assert {(piece.job, piece.region) for piece in run.history.pieces} == {(0, 0), (1, 1)}
    assert [(one["job_id"], one["yes"]) for one in run.approvals.record()] == [("a", None), ("b", True)]
    assert policy_violations(run, policy(ASK_AWAY), account(run)) == []


def test_limits_ask_about_runs_that_could_be_above_them():
    """Grids of at most 200 g: two hours of 1 kW can emit 0.3 kg (100 now, then 200), and three hours more than that."""
    jobs = [mock_job("a", hours=2), mock_job("b", hours=3)]
    world = mock_world(jobs, [[100.0] * 23 + [200.0]], regions=[mock_region(servers=2)])
    engine = begun(world, ASK_ABOVE)
    engine.apply(Place("a", "home", 0.0))
    with pytest.raises(RuleDenied, match=r"emits more than 0\.3 kg"):
        engine.apply(Place("b", "home", 0.0))


def test_what_a_job_has_used_up_counts_towards_its_limit():
    """An hour at 100 g before it was lost to a closure is a part of what the job comes to."""
    region = replace(mock_region(), closures=(Closure(HOUR, 2 * HOUR, 1, announced=False),))
    world = mock_world([mock_job("a", hours=3)], [[100.0]], regions=[region])
    engine = begun(world, {**ASK_ABOVE, "carbon_above_kg": 0.35})
    engine.apply(Place("a", "home", 0.0))
    view = engine.next_view()
    assert view is not None
    assert view.now_s == HOUR
    with pytest.raises(RuleDenied, match=r"emits more than 0\.35 kg"):
        engine.apply(Place("a", "home", 2 * HOUR))


def test_the_check_finds_who_ran_without_a_yes():
    jobs = [mock_job("a", hours=4, cpus=5), mock_job("b", hours=2, cpus=5)]
    run = simulate(mock_world(jobs, [[100.0]]), SCHEDULERS["fifo"])
    for rule, expected in (
        ({"kind": "approval"}, ["a", "b"]),
        ({"kind": "approval", "carbon_above_kg": 0.1}, ["a"]),
        ({"kind": "approval", "cost_above_usd": 0.05}, ["a"]),
        ({"kind": "approval", "carbon_above_kg": 0.2}, []),
        ({"kind": "approval", "regions": ["away"]}, []),
    ):
        assert [found.job_id for found in policy_violations(run, policy(rule), account(run))] == expected


def test_a_run_folder_keeps_what_was_asked_and_is_audited_by_it(tmp_path: Path):
    scenario = load_scenario(scenario_file("demo")).shortened(0.2)
    world = build_world(scenario, None)
    rules = policy({"kind": "approval", "jobs": {"team": "ads"}}, {"kind": "budget", "metric": "carbon_kg",
                                                                   "max": 1e6, "per": "day"})  # fmt: skip
    case = Case(scenario, world, (), rules)
    done = run_scheduler(case, "fifo", tmp_path, approvals=Approvals.of_jobs())
    assert done.summary["policy_violations"] == 0
    assert audit_run(tmp_path, None) == ([], [], [])
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert '"yes": true' in text
    (tmp_path / "run.json").write_text(text.replace('"yes": true', '"yes": null', 1), encoding="utf-8")
    faults, broken, _ = audit_run(tmp_path, None)
    assert [fault.where for fault in faults] == ["summary.json policy_violations"]
    assert len(broken) == 1
