"""Wishes and weights: what planners do where they can, and what nobody enforces."""

from __future__ import annotations

import numpy as np
import pytest
from policy_cases import HOUR, begun, bound, guard, job, policy

from agent.case import policy_violations
from agent.policy.guard import Guard
from sim.engine import Engine
from sim.model import Checkpoint, Place, Suspend
from sim.objective import WISH, objective_g
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.summary import account
from sim.timetable import Timetable
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

NIGHT = {"start": "00:00", "end": "06:00", "tz": "UTC"}
PLANNERS = ["spatiotemporal", "time-shift", "plan"]


def wish(kind: str, **fields: object) -> dict[str, object]:
    return {"kind": kind, "strength": "prefer", **fields}


def run_under(world: World, name: str, *rules: dict[str, object]) -> Run:
    """Return a run in which nothing was refused and the check found nothing."""
    run = simulate(world, SCHEDULERS[name], bound(world, *rules))
    assert [row.verdict for row in run.decisions if row.verdict != "ok"] == []
    assert policy_violations(run, policy(*rules), account(run)) == []
    return run


def placed(run: Run) -> list[tuple[int, float]]:
    """Return the region and start (h) of every job."""
    return [(piece.region, piece.start_s / HOUR) for piece in sorted(run.history.pieces)]


def test_a_broken_wish_costs_a_share_of_the_mean_carbon():
    carbon = np.array([[100.0, 300.0]])
    found = objective_g(None, np.array([[1.0, 0.0]]), carbon > 0, carbon_g=carbon, cost_usd=carbon, delay_s=np.zeros(2))
    assert found.tolist() == [[100 + WISH * 200, 300]]


def test_carbon_alone_weighed_orders_starts_as_no_weight_does():
    carbon = np.array([[100.0, 300.0, 200.0]])
    found = objective_g(
        guard({"kind": "objective", "weights": {"carbon": 3}}).weights(job()), None, carbon > 0,
        carbon_g=carbon, cost_usd=-carbon, delay_s=np.zeros(3),
    )  # fmt: skip
    assert found == pytest.approx(carbon)


def test_weights_of_several_rules_add_up_and_are_about_their_jobs():
    rules = guard(
        {"kind": "objective", "weights": {"carbon": 1}},
        {"kind": "objective", "weights": {"cost": 2}, "jobs": {"team": "ads"}},
    )
    assert rules.weights(job(team="ads")) == (1, 2, 0)
    assert rules.weights(job()) == (1, 0, 0)
    assert guard({"kind": "suspend", "allowed": True}).weights(job()) is None


def test_wishes_count_by_start_and_region():
    """Regions are us-west, us-south, ca-east, gb, de; starts at hours 0 and 5 of a job of two hours."""
    rules = guard(
        wish("placement", effect="deny", regions=["gb"]),
        wish("placement", effect="only", window=NIGHT),
        wish("delay", max_delay_h=3),
        {"kind": "prefer", "regions": ["ca-east", "gb"]},
    )
    shape = (5, 2)
    broken = rules.broken(job(hours=2), np.array([0.0, 5.0]) * HOUR, intensity=np.zeros(shape), price=np.zeros(shape))
    assert broken is not None
    assert broken.tolist() == [[1, 3], [1, 3], [0, 2], [1, 3], [1, 3]]
    assert rules.why_not(job(), "gb", 0.0, intensity=0.0, price=0.0) is None
    assert rules.latest_start_s(job()) == np.inf
    assert guard({"kind": "suspend", "allowed": True}).broken(
        job(), np.zeros(1), intensity=np.zeros((5, 1)), price=np.zeros((5, 1))
    ) is None  # fmt: skip


@pytest.mark.parametrize(("away", "region"), [(90.0, 0), (50.0, 1)])
@pytest.mark.parametrize("name", ["spatiotemporal", "spatial-shift", "plan"])
@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "prefer", "regions": ["home"]},
        wish("placement", effect="deny", regions=["away"]),
        wish("approval", regions=["away"]),
        wish("approval", regions=["away"], carbon_above_kg=0.04),
        wish("budget", metric="carbon_kg", max=0.04, per="day", regions=["away"]),
        wish("headroom", max_utilization=0.5, regions=["away"]),
    ],
)
def test_a_wish_keeps_a_job_out_of_a_region_unless_it_is_much_cleaner(
    away: float, region: int, name: str, rule: dict[str, object]
):
    """Home has 100 g/kWh; the mean is 95, or 75: a wish is worth a quarter of it."""
    run = run_under(mock_world([mock_job("a", slack_h=0)], [[100.0], [away]]), name, rule)
    assert placed(run) == [(region, 0)]


@pytest.mark.parametrize("name", PLANNERS)
@pytest.mark.parametrize(("clean", "start_h"), [(90.0, 0), (20.0, 5)])
def test_a_wish_to_start_soon_holds_unless_waiting_pays(name: str, clean: float, start_h: float):
    world = mock_world([mock_job("a", slack_h=8)], [[100.0] * 5 + [clean] + [100.0] * 18])
    assert placed(run_under(world, name, wish("delay", max_delay_h=2))) == [(0, start_h)]


@pytest.mark.parametrize("name", PLANNERS)
@pytest.mark.parametrize(
    ("weights", "start_h"), [({"carbon": 1}, 2), ({"cost": 1}, 4), ({"delay": 1}, 0), ({"carbon": 1, "cost": 9}, 4)]
)
def test_weights_change_what_planners_minimise(name: str, weights: dict[str, float], start_h: float):
    """Cleanest in hour 2, cheapest in hour 4."""
    world = mock_world(
        [mock_job("a", slack_h=8)],
        [[100.0, 100.0, 50.0] + [100.0] * 21],
        price=[[50.0, 50.0, 50.0, 50.0, 10.0] + [50.0] * 19],
    )
    assert placed(run_under(world, name, {"kind": "objective", "weights": weights})) == [(0, start_h)]


def test_a_wish_not_to_suspend_is_heeded_by_schedulers_and_enforced_by_nobody():
    jobs = [mock_job("a", hours=4, slack_h=20, cpus=4, checkpoint=Checkpoint())]
    world = mock_world(jobs, [[100.0, 900.0, 900.0] * 8])
    rule = wish("suspend", allowed=False)
    assert run_under(world, "wait-awhile", rule).history.suspensions == []
    engine = begun(world, rule)
    engine.apply(Place("a", "home", 0.0))
    engine.next_view()
    engine.apply(Suspend("a"))


def test_what_a_plan_has_put_somewhere_counts_for_the_wishes_of_the_next():
    """Half the CPUs of away are wished for at most: the first job goes there, the second stays at home."""
    jobs = [mock_job(name, cpus=5, slack_h=0) for name in "ab"]
    world = mock_world(jobs, [[100.0], [90.0]], regions=[mock_region(name) for name in ("home", "away")])
    rules = policy(wish("headroom", max_utilization=0.5, regions=["away"]))
    engine = Engine(world, Guard(rules, world.regions, world.start, world.epoch_s))
    engine.next_view()
    timetable = Timetable(engine.view())
    runs = [timetable.assign(one, lambda options: options.objective_g) for one in jobs]
    assert [run.region for run in runs if run] == ["away", "home"]


def test_without_rules_the_objective_is_the_carbon_itself():
    engine = Engine(mock_world([mock_job("a")], [[100.0]]))
    view = engine.next_view()
    assert view is not None
    options = Timetable(view).options(view.pending[0], late=False)
    assert options is not None
    assert options.objective_g is options.carbon_g
