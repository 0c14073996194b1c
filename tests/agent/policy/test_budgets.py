"""Budgets by calendar period: what is charged when, what waits, and what the check adds up afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_cases import HOUR, begun, bound, policy

from agent.case import policy_violations
from agent.policy.periods import edges_s
from sim.ceilings import Sites, most_cpu_w
from sim.errors import RuleDenied
from sim.ledger import drawn_between, keep_books
from sim.model import Checkpoint, Place, Suspend
from sim.runner import Run, simulate
from sim.schedulers import SCHEDULERS
from sim.stays import Loads
from sim.summary import account
from sim.world import World
from tests.sim.test_invariants import play, rich_world
from tests.worlds import mock_job, mock_region, mock_world

KWH_AN_HOUR = {"kind": "budget", "metric": "energy_kwh", "max": 1, "per": "hour", "source": "A kWh an hour."}
KG_A_DAY = {"kind": "budget", "metric": "carbon_kg", "max": 1, "per": "day"}


def run_under(world: World, name: str, *rules: dict[str, object]) -> tuple[Run, list[str]]:
    """Return a run under the rules and what the check finds in it."""
    run = simulate(world, SCHEDULERS[name], bound(world, *rules))
    return run, [found.rule for found in policy_violations(run, policy(*rules), account(run))]


@pytest.mark.parametrize(
    ("per", "hours"),
    [
        ("hour", [-0.5, 0.5, 1.5]),
        ("day", [-12.5, 11.5]),
        ("week", [-24 * 2 - 12.5, 24 * 5 - 12.5]),
        ("month", [-24 * 30 - 12.5, 11.5]),
    ],
)
def test_periods_are_those_of_the_calendar_in_utc(per: str, hours: list[float]):
    """From Thursday, 31 March 2022, 12:30 UTC on; weeks begin on Mondays, hour 1 is in the second period of hours."""
    start = datetime(2022, 3, 31, 12, 30, tzinfo=UTC)
    start = start.replace(day=31) if per != "week" else datetime(2022, 3, 30, 12, 30, tzinfo=UTC)
    assert [edge / HOUR for edge in edges_s(per, start, 1.0 * HOUR)][: len(hours)] == hours


def test_a_start_that_would_exceed_the_period_waits_for_the_next():
    """A job of ten CPUs draws 1 kW: one an hour fills the budget of each hour."""
    world = mock_world([mock_job("a", cpus=10), mock_job("b", cpus=5)], [[100.0]], regions=[mock_region(servers=2)])
    engine = begun(world, KWH_AN_HOUR)
    engine.apply(Place("a", "home", 0.0))
    with pytest.raises(RuleDenied, match=r"energy of jobs must stay at or below 1 kWh per hour"):
        engine.apply(Place("b", "home", 0.0))
    with pytest.raises(RuleDenied, match="kWh per hour"):
        engine.apply(Place("b", "home", 0.5 * HOUR))
    engine.apply(Place("b", "home", HOUR))


def test_a_run_is_charged_to_every_period_that_it_touches():
    """An hour and a half of 500 W: of 1 kWh, half is left in hour 0, and three quarters in hour 1."""
    jobs = [mock_job("a", hours=1.5, cpus=5), mock_job("b", cpus=6), mock_job("c", cpus=5)]
    engine = begun(mock_world(jobs, [[100.0]], regions=[mock_region(servers=3)]), KWH_AN_HOUR)
    engine.apply(Place("a", "home", 0.0))
    with pytest.raises(RuleDenied):
        engine.apply(Place("b", "home", 0.0))
    engine.apply(Place("b", "home", HOUR))
    with pytest.raises(RuleDenied):
        engine.apply(Place("c", "home", 0.5 * HOUR))  # 0.25 in each: hour 1 has 0.15 left
    engine.apply(Place("c", "home", 0.0))


def test_what_was_emitted_takes_the_place_of_what_could_have_been():
    """400 g/kWh at worst: two jobs of 2 h could emit 1.6 kg of the day's 1, so the second waits. At hour 1 the first
    has emitted 0.1 kg of 0.4, and can still emit 0.4: the second may take 0.4, if it is short."""
    jobs = [mock_job("a", hours=2, cpus=10), mock_job("b", hours=2, cpus=10), mock_job("c", hours=1, cpus=10)]
    world = mock_world(jobs, [[100.0] * 23 + [400.0]], regions=[mock_region(servers=3)])
    engine = begun(world, KG_A_DAY)
    engine.apply(Place("a", "home", 0.0))  # 0.1 of the present hour, and 0.4
    with pytest.raises(RuleDenied, match="carbon of jobs must stay at or below 1 kg per day"):
        engine.apply(Place("b", "home", HOUR))  # 0.8 more
    engine.apply(Place("b", "home", 0.0))  # 0.5 more
    with pytest.raises(RuleDenied):
        engine.apply(Place("c", "home", 0.0))
    engine.next_view()  # hour 1: 0.2 are spent, and 0.2 at this hour's 100 g to come
    engine.apply(Place("c", "home", HOUR))


def test_only_matching_jobs_in_the_named_regions_count():
    jobs = [mock_job("a", cpus=10, team="ads"), mock_job("b", cpus=10, team="ads"), mock_job("c", cpus=10)]
    world = mock_world(jobs, [[100.0]] * 2, regions=[mock_region(name, servers=3) for name in ("home", "away")])
    engine = begun(world, {**KWH_AN_HOUR, "jobs": {"team": "ads"}, "regions": ["home"]})
    engine.apply(Place("a", "home", 0.0))
    engine.apply(Place("c", "home", 0.0))
    with pytest.raises(RuleDenied):
        engine.apply(Place("b", "home", 0.0))
    engine.apply(Place("b", "away", 0.0))


def test_planners_look_for_the_period_or_region_that_has_something_left():
    """spatiotemporal would run all six jobs in the cleanest hour at home; the budget has one an hour there."""
    jobs = [mock_job(f"j{n}", cpus=10, slack_h=5) for n in range(6)]
    regions = [mock_region(name, servers=6) for name in ("home", "away")]
    world = mock_world(jobs, [[100.0, 50.0, 100.0, 100.0, 100.0, 100.0] * 4, [900.0]], regions=regions)
    run, found = run_under(world, "spatiotemporal", {**KWH_AN_HOUR, "regions": ["home"]})
    assert sorted(piece.start_s / HOUR for piece in run.history.pieces) == [0, 1, 2, 3, 4, 5]
    assert {row.verdict for row in run.decisions} == {"ok"}
    assert found == []


def test_what_outlives_its_estimate_is_charged_with_as_long_again():
    """Declared an hour, it runs five: at hour 3 it is taken to run until 6, so that hour 5 is taken and 6 is not."""
    world = mock_world([mock_job("a", cpus=10), mock_job("b", 3.0, cpus=10)], [[100.0]], durations_h=[5, 1],
                       regions=[mock_region(servers=3)])  # fmt: skip
    engine = begun(world, KWH_AN_HOUR)
    engine.apply(Place("a", "home", 0.0))
    while (view := engine.next_view()) and view.now_s < 3 * HOUR:
        pass
    for start_h in (3, 4, 5):
        with pytest.raises(RuleDenied):
            engine.apply(Place("b", "home", start_h * HOUR))
    engine.apply(Place("b", "home", 6 * HOUR))


def test_a_job_that_is_too_large_for_any_period_never_starts():
    world = mock_world([mock_job("a", cpus=10, hours=2)], [[100.0]])
    run, found = run_under(world, "fifo", {**KWH_AN_HOUR, "max": 0.5})
    assert run.history.pieces == []
    assert found == []


def test_the_check_finds_a_budget_that_nobody_kept_and_names_the_period():
    """Two jobs of 1 kW in hours 0 and 1, one of them in hour 2 too."""
    jobs = [mock_job("a", hours=3, cpus=10), mock_job("b", hours=2, cpus=10)]
    run = simulate(mock_world(jobs, [[100.0]], regions=[mock_region(servers=3)]), SCHEDULERS["fifo"])
    found = policy_violations(run, policy(KWH_AN_HOUR), account(run))
    assert [(one.rule, one.at_s / HOUR) for one in found] == [
        ("The energy of jobs must stay at or below 1 kWh per hour (UTC).", hour) for hour in (0, 1)
    ]
    assert policy_violations(run, policy({**KWH_AN_HOUR, "max": 2}), account(run)) == []


def test_suspending_writes_and_reads_within_the_budget():
    """0.5 kWh for each of both on top of the job's own: they are in what is charged from the start."""
    job = mock_job("a", hours=2, cpus=5, slack_h=20, checkpoint=Checkpoint(600, 600, 0.5, 0.5))
    world = mock_world([job], [[100.0, 900.0, 900.0] * 8])
    engine = begun(world, {**KWH_AN_HOUR, "max": 1.4})
    with pytest.raises(RuleDenied):
        engine.apply(Place("a", "home", 0.0))
    engine = begun(world, {**KWH_AN_HOUR, "max": 1.5})
    engine.apply(Place("a", "home", 0.0))
    engine.next_view()
    engine.apply(Suspend("a"))


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.01, 0.99))
def test_what_is_drawn_in_two_spans_is_what_is_drawn_in_both(seed: int, part: float):
    engine = play(rich_world(seed), seed)
    world, history = engine.world, engine.history
    books = keep_books(world, history)
    cut_s = part * world.horizon_s
    sums = np.zeros((3, len(world.workload.jobs)))
    for from_s, to_s in ((0.0, cut_s), (cut_s, world.horizon_s)):
        pieces, drawn = drawn_between(world, history, history.rows, from_s, to_s)
        for row, amounts in zip(sums, drawn, strict=True):
            np.add.at(row, pieces.job, amounts)
    ledger = books.ledger
    for row, whole in zip(sums, (ledger.energy_kwh, ledger.carbon_g, ledger.cost_usd), strict=True):
        assert np.allclose(row, np.bincount(ledger.pieces.job, whole, len(row)), rtol=1e-9, atol=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_no_second_of_a_job_takes_more_than_its_ceiling(seed: int):
    """With curves, weather, supply on site and rent; signals repeat every day, so that their highest is known."""
    engine = play(rich_world(seed), seed)
    world, rows = engine.world, [row for row in engine.history.rows if row[5] == 0]
    sites = Sites(world)
    for job, r, start_s, end_s, scale, *_ in rows[:6]:
        pieces, drawn = drawn_between(world, engine.history, engine.history.rows, start_s, end_s)
        mine = (pieces.job == job) & (pieces.kind == 0)
        now, later, _ = sites.at(start_s).of(Loads.of([world.workload.jobs[job]], [scale]))
        until_s = sites.at(start_s).until_s
        soon_s, rest_s = max(0.0, min(until_s, end_s) - start_s), max(0.0, end_s - max(until_s, start_s))
        most = now[:, r, 0] * soon_s + later[:, r, 0] * rest_s
        seen = drawn[:, mine].sum(axis=1)
        assert (seen <= most * (1 + 1e-9) + 1e-9).all()


def test_the_most_a_cpu_draws_is_at_the_steepest_part_of_the_curve():
    """The first tenth of the load costs 500 W of ten CPUs: 500 W for one busy CPU, against 110 at full load."""
    server = replace(mock_region().servers[0][0], curve=(100.0, 600.0, *(600.0 + 66.0 * n for n in range(1, 10))))
    region = replace(mock_region(), servers=((server, 1),))
    assert most_cpu_w(region) == pytest.approx(500.0)
