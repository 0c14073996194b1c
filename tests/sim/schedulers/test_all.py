"""What every registered scheduler keeps, whatever the world: random worlds with every feature, and with rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.case import policy_violations
from agent.policy.guard import Guard
from agent.policy.rules import PolicySet
from sim.approvals import Approvals
from sim.audit import _capacity_faults, _graph_faults, _move_faults, _run_faults, _service_faults, _work_faults
from sim.jobs import Jobs, Workload
from sim.model import Checkpoint
from sim.network import Network
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.schedulers.base import Plan, Scheduler
from sim.summary import account
from sim.view import View
from sim.world import World
from tests.sim.test_invariants import again, rich_world
from tests.worlds import mock_job, mock_region, mock_world

seeds = st.integers(0, 10_000)
every_scheduler = pytest.mark.parametrize("name", sorted(SCHEDULERS))


def faults(run: Run) -> list[object]:
    """Return what could not have happened, by the audit's own reckoning."""
    world, other = run.world, again(run.world, account(run).books, run.history)
    return [
        *_run_faults(world, other.placed),
        *_work_faults(world, other),
        *_graph_faults(world, other),
        *_capacity_faults(world, other.placed, other),
        *_move_faults(world, other.placed, other.moved),
        *_service_faults(world, other.answered),
    ]


def in_a_graph(world: World) -> World:
    """Return the world with every third job behind the one before it, whose output it reads."""
    jobs = [replace(job, output_gb=5.0) for job in world.workload.jobs]
    for n in range(2, len(jobs), 3):
        jobs[n] = replace(jobs[n], deps=(jobs[n - 1].id,), dag="g")
        tail_s = jobs[n].duration_estimate_s
        jobs[n - 1] = replace(jobs[n - 1], tail_s=tail_s, deadline_s=jobs[n - 1].deadline_s + tail_s)
    workload = Workload(Jobs.of(jobs, [region.id for region in world.regions]), world.workload.durations_s)
    return replace(world, workload=workload)


@every_scheduler
@settings(max_examples=12)
@given(seeds, st.sampled_from(["plain", "rich", "graph"]), st.booleans())
def test_nothing_happens_that_could_not(name: str, seed: int, kind: str, at_arrivals: bool):
    """No illegal action, no region over its capacity, no work done twice, whatever closes, moves or is misjudged."""
    world = replace(rich_world(seed, plain=kind == "plain"), at_arrivals=at_arrivals)
    run = simulate(in_a_graph(world) if kind == "graph" else world, SCHEDULERS[name])
    assert faults(run) == []


@every_scheduler
@settings(max_examples=12)
@given(
    st.integers(0, 30), st.floats(0.2, 8), st.floats(1, 20), st.sampled_from(["rigid", "soft", "elastic"]),
    st.lists(st.floats(0, 900), min_size=48, max_size=48),
)  # fmt: skip
def test_a_job_alone_meets_a_deadline_that_can_be_met(
    name: str, submit_h: int, hours: float, slack_h: float, kind: str, intensity: list[float]
):
    """There are decisions every hour, so a slack of an hour is enough."""
    fields: dict[str, object] = {"soft": {"checkpoint": Checkpoint()}, "elastic": {"throughput": (1.0, 1.8)}}.get(
        kind, {}
    )
    job = mock_job("a", submit_h + 0.3, hours, slack_h=slack_h, home="away", **fields)
    world = mock_world([job], [intensity[:24], intensity[24:], intensity[12:36]], hours=96)
    jobs = account(simulate(world, SCHEDULERS[name])).jobs
    assert jobs.end_s[0] <= job.deadline_s + 1e-6
    assert not jobs.violated[0]


@every_scheduler
@pytest.mark.parametrize("gb", [0.0, 450.0, 900.0])
def test_a_job_that_its_home_cannot_hold_runs_elsewhere_in_time(name: str, gb: float):
    """1 GB/s: 450 GB take half an hour to the GPUs, 900 GB a whole one; the job has three."""
    regions = [mock_region("home"), mock_region("away", gpus=4)]
    network = Network.uniform(2, rtt_s=0.0, throughput_bps=1e9, energy_kwh_per_gb=0.0, usd_per_gb=0.0)
    job = mock_job("a", gpus=1, slack_h=3, data_gb=gb)
    world = replace(mock_world([job], [[100.0], [300.0]], regions=regions), network=network)
    run = simulate(world, SCHEDULERS[name])
    assert [(piece.region, piece.finished) for piece in run.history.pieces] == [(1, True)]
    assert not account(run).jobs.violated[0]


def looking_twice(scheduler: Scheduler) -> Scheduler:
    """Return the scheduler, failing where it does not plan the same again."""

    def plan(view: View) -> Plan:
        one, other = scheduler.plan(view), scheduler.plan(view)
        assert tuple(one) == tuple(other)
        assert one.actions == other.actions
        return one

    return replace(scheduler, plan=plan)


@every_scheduler
@settings(max_examples=6)
@given(seeds, st.booleans())
def test_a_plan_is_a_function_of_the_view_alone(name: str, seed: int, plain: bool):
    simulate(rich_world(seed, plain=plain), looking_twice(SCHEDULERS[name]))


EVENING = {"start": "16:00", "end": "21:00", "tz": "UTC"}
NIGHT = {"start": "20:00", "end": "06:00", "tz": "UTC"}
HOME_IS_OPEN = [
    {"kind": "placement", "effect": "deny", "regions": ["away"], "window": EVENING},
    {"kind": "placement", "effect": "only", "regions": ["home"], "jobs": {"longer_than_h": 4}},
]
"""These leave home open to every job at all hours."""
RULES = [
    *HOME_IS_OPEN,
    {"kind": "placement", "effect": "deny", "regions": ["home"], "jobs": {"home": ["away"]}},
    {"kind": "placement", "effect": "only", "window": NIGHT, "jobs": {"shorter_than_h": 2}},
    {"kind": "placement", "effect": "deny", "regions": ["home"], "intensity_above": 400},
    {"kind": "placement", "effect": "deny", "regions": ["away"], "price_above": 100},
    {"kind": "headroom", "max_utilization": 0.6},
    {"kind": "headroom", "max_utilization": 0.4, "regions": ["home"], "window": EVENING},
    {"kind": "headroom", "max_utilization": 0.4, "jobs": {"home": ["away"]}},
    {"kind": "headroom", "max_utilization": 0.3, "regions": ["home"], "unless": {"longer_than_h": 4}, "window": NIGHT},
    {"kind": "budget", "metric": "carbon_kg", "max": 2, "per": "day"},
    {"kind": "budget", "metric": "energy_kwh", "max": 0.8, "per": "hour", "regions": ["home"]},
    {"kind": "budget", "metric": "cost_usd", "max": 0.3, "per": "week", "jobs": {"home": ["away"]}},
    {"kind": "budget", "metric": "carbon_kg", "max": 0.5, "per": "day", "strength": "prefer"},
    {"kind": "placement", "effect": "only", "window": NIGHT, "strength": "prefer"},
    {"kind": "suspend", "allowed": False, "jobs": {"longer_than_h": 3}, "strength": "prefer"},
    {"kind": "prefer", "regions": ["away"]},
    {"kind": "objective", "weights": {"carbon": 1, "cost": 1, "delay": 1}},
    {"kind": "approval", "regions": ["home"], "jobs": {"home": ["away"]}},
    {"kind": "approval", "carbon_above_kg": 0.4},
    {"kind": "approval", "cost_above_usd": 0.1, "regions": ["away"]},
    {"kind": "suspend", "allowed": False, "jobs": {"home": ["away"]}},
    {"kind": "suspend", "max_times": 1},
]
DELAYS = [
    {"kind": "delay", "max_delay_h": 2, "jobs": {"longer_than_h": 2}},
    {"kind": "delay", "finish_by": "23:00", "tz": "UTC", "jobs": {"longer_than_h": 3}},
]


def rules(*chosen: dict[str, object]) -> PolicySet:
    return PolicySet.model_validate({"rules": [{"source": f"Rule {n}.", **rule} for n, rule in enumerate(chosen)]})


def guarded(world: World, policy: PolicySet, name: str) -> Run:
    """Return the run of a scheduler under the policy, every estimate of a duration being true: none overruns a rule."""
    world = replace(world, workload=replace(world.workload, durations_s=world.workload.jobs.duration_estimate_s.copy()))
    guard = Guard(policy, world.regions, world.start, world.epoch_s)
    return simulate(world, SCHEDULERS[name], guard, approvals=Approvals.of_jobs(["j1", "j2", "j3"]))


@every_scheduler
@settings(max_examples=12)
@given(seeds, st.booleans(), st.lists(st.sampled_from(RULES), min_size=1, max_size=6, unique_by=id))
def test_no_rule_is_broken(name: str, seed: int, plain: bool, chosen: list[dict[str, object]]):
    policy = rules(*chosen)
    run = guarded(rich_world(seed, plain=plain), policy, name)
    assert policy_violations(run, policy, account(run)) == []


@every_scheduler
@settings(max_examples=8)
@given(seeds, st.lists(st.sampled_from([*HOME_IS_OPEN, *DELAYS]), min_size=1, max_size=4, unique_by=id))
def test_where_there_is_room_no_delay_rule_is_broken_and_nothing_refused(
    name: str, seed: int, chosen: list[dict[str, object]]
):
    """These rules do not hang on grids to come, so that they can be planned for: the guard has nothing to refuse."""
    world, policy = rich_world(seed, plain=True), rules(*chosen)
    roomy = tuple(replace(mock_region(region.id, servers=20), pue=region.pue) for region in world.regions)
    run = guarded(replace(world, regions=roomy), policy, name)
    assert policy_violations(run, policy, account(run)) == []
    assert [row.verdict for row in run.decisions if row.verdict != "ok"] == []
    assert run.history.refusals == []
