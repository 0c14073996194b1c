"""The tools that look ahead: signals with what is known of their errors, on-site power, room by the hour, plans."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.units import HOUR_S
from tests.tools.sessions import HOME, begun, call, later, mixed, running
from tests.worlds import hourly, mock_job, mock_region, mock_world


def test_prices_are_forecast_by_the_hour_and_may_be_below_0():
    world = mock_world([mock_job("a")], [HOME], price=[[50.0, -5.0] + [40.0] * 22])
    assert call(begun(world), "price_forecast", region="home", hours=3).result["usd_per_mwh"] == [50, -5, 40]


@pytest.mark.parametrize("name", ["carbon_forecast", "price_forecast"])
def test_with_a_day_of_the_past_there_are_no_quantiles_and_the_reason_is_told(name: str):
    spread = call(begun(mixed()), name, region="home", quantiles=True).result["spread"]
    assert spread["quantiles"] == []
    assert "too little of the past" in spread["reason"]
    assert call(begun(mixed()), name, region="home").result["spread"] is None


def test_quantiles_of_a_forecast_that_was_never_wrong_are_the_forecast():
    """Every day is like the last: four days of errors of 0."""
    world = mock_world([mock_job("a", 96.0)], [HOME], hours=120)
    result = call(begun(world), "carbon_forecast", region="home", hours=5, quantiles=True).result
    quantiles = {one["level"]: one["values"] for one in result["spread"]["quantiles"]}
    assert list(quantiles) == [0.05, 0.25, 0.5, 0.75, 0.95]
    assert quantiles[0.05] == quantiles[0.95] == result["g_per_kwh"] == [300, 300, 300, 100, 300]


def test_quantiles_of_a_forecast_that_errs_lie_as_far_around_it_and_the_current_hour_is_known():
    """By turns a day of 100 and a day of 300: yesterday's profile is always 200 off, as often too low as too high."""
    world = mock_world([mock_job("a", 96.5)], [HOME], hours=120)
    days = np.repeat([100.0, 300.0], 24)
    world = replace(world, intensity=(replace(world.intensity[0], values=np.resize(days, 24 + 120)),))
    result = call(begun(world), "carbon_forecast", region="home", hours=5, quantiles=True).result
    least, *_, most = (one["values"] for one in result["spread"]["quantiles"])
    assert result["g_per_kwh"] == [300, 100, 100, 100, 100]
    assert (least, most) == ([300, 0, 0, 0, 0], [300] * 5), "no grid emits less than nothing"


def test_values_that_are_told_have_no_quantiles():
    world = mock_world([mock_job("a", 96.0)], [HOME], hours=120)
    one = begun(replace(world, foretold=world.truth()))
    spread = call(one, "carbon_forecast", region="home", quantiles=True).result["spread"]
    assert spread == {"quantiles": [], "reason": "these values are told, not forecast"}


def test_on_site_power_stands_beside_the_load_that_it_would_cover():
    """A site draws 100 W idle, at a PUE of 1.5 150 W: 75 W of solar power are half of that."""
    world = mock_world([mock_job("a")], [HOME, HOME], regions=[mock_region(pue=1.5), mock_region("away")])
    solar = hourly("HOME", "W", [0.0, 75.0, 300.0] + [0.0] * 21, 72)
    one = begun(replace(world, onsite=(solar, None)))
    result = call(one, "renewables_forecast", region="home", hours=3).result
    assert (result["kw"], result["load_kw"], result["covered"]) == ([0, 0.075, 0.3], 0.15, [0, 0.5, 1])
    nothing = call(one, "renewables_forecast", region="away", hours=2).result
    assert (nothing["onsite"], nothing["kw"], nothing["covered"]) == (False, [0, 0], [0, 0])


def test_on_site_power_that_is_told_is_told():
    world = mock_world([mock_job("a")], [HOME])
    solar = replace(hourly("HOME", "W", [0.0] * 24, 72), values=np.arange(96.0) * 1000)
    world = replace(world, onsite=(solar,))
    one = begun(replace(world, foretold=world.truth()))
    assert call(one, "renewables_forecast", region="home", hours=3).result["kw"] == [24, 25, 26]


def test_room_by_the_hour_counts_what_runs_and_what_is_booked():
    """At 1 h `rigid`, `soft` and `wide` hold 8 CPUs for another hour; `next` is booked for 3 h with 5."""
    world = mixed()
    booked = mock_job("next", cpus=5)
    jobs = [*world.workload.jobs, booked]
    one = begun(mock_world(jobs, [HOME, [200.0] * 24]))
    for name in ("rigid", "soft", "wide"):
        call(one, "place_job", job_id=name, region="home", start_s=0)
    call(one, "place_job", job_id="next", region="home", start_s=3 * HOUR_S)
    result = call(later(one), "capacity_over_time", region="home", hours=4).result
    assert (result["now_s"], result["free_cpus"]) == (HOUR_S, [2, 10, 5, 10])
    assert result["free_memory_gb"] == [97, 100, 99, 100]


def test_room_that_a_rule_keeps_free_is_not_there():
    one = begun(mixed(), {"kind": "headroom", "max_utilization": 0.8})
    assert call(one, "capacity_over_time", region="home", hours=2).result["free_cpus"] == [8, 8]


@pytest.mark.parametrize(("epoch_h", "free"), [(0.5, [6, 10]), (2.0, [6, 6])])
def test_an_hour_has_the_least_room_of_its_slots_and_a_longer_slot_counts_for_its_hours(epoch_h: float, free: object):
    """A job of 4 CPUs runs for half an hour."""
    one = begun(mock_world([mock_job("a", hours=0.5, cpus=4)], [HOME], epoch_h=epoch_h))
    call(one, "place_job", job_id="a", region="home", start_s=0)
    view = one.backend._engine.view()  # type: ignore[attr-defined]
    assert call(replace(one, view=view), "capacity_over_time", region="home", hours=2).result["free_cpus"] == free


def test_two_workers_draw_twice_the_power_for_two_thirds_of_the_time():
    """2 CPUs at 100 W each: 200 W for 2 h are 0.4 kWh; 400 W for 4/3 h are 0.533."""
    one = begun(mixed())
    alone = call(one, "power_estimate", job_id="wide", region="home").result
    both = call(one, "power_estimate", job_id="wide", region="home", scale=2).result
    assert (alone["it_w"], alone["energy_kwh"]) == (200, 0.4)
    assert (both["it_w"], both["energy_kwh"]) == (400, pytest.approx(0.4 * 4 / 3, abs=1e-6))


def test_a_job_that_keeps_half_of_its_cpus_busy_is_estimated_so():
    world = mock_world([mock_job("a", utilization=0.5)], [HOME])
    assert call(begun(world), "power_estimate", job_id="a", region="home").result["it_w"] == 500


def test_what_if_counts_all_workers_of_a_run():
    """400 W for 4/3 h at 200 g/kWh; a third worker's CPUs would be there, but it has no use for one."""
    one = begun(mixed())
    runs = [{"job_id": "wide", "region": "away", "start_s": 0, "scale": 2}]
    assert call(one, "what_if", runs=runs).result["carbon_g"] == pytest.approx(0.4 * 4 / 3 * 200)
    mended = call(one, "what_if", runs=[{**runs[0], "scale": 3}])
    assert (mended.status, mended.message) == ("invalid", "job wide runs with 1 to 2 workers, asked for 3")


def test_what_if_names_a_rule_and_books_nothing_for_a_run_that_it_forbids():
    """`rigid` may not be away, so `b` with all ten CPUs has room there."""
    jobs = [*mixed().workload.jobs, mock_job("b")]
    rule = {"kind": "placement", "effect": "deny", "regions": ["away"], "jobs": {"tag": "eu"}}
    jobs[0] = replace(jobs[0], tags=("eu",))
    one = begun(mock_world(jobs, [HOME, [200.0] * 24]), rule)
    runs = [{"job_id": name, "region": "away", "start_s": 0} for name in ("rigid", "b")]
    (problem,) = call(one, "what_if", runs=runs).result["problems"]
    assert problem["job_id"] == "rigid"
    assert "away" in problem["problem"]


def test_a_run_listed_twice_finds_its_own_room_taken():
    runs = [{"job_id": "soft", "region": "home", "start_s": 0}] * 3
    problems = call(begun(mixed()), "what_if", runs=runs).result["problems"]
    assert problems == [{"job_id": "soft", "problem": "no room"}]


def test_a_job_that_runs_is_not_planned_again():
    outcome = call(running(), "what_if", runs=[{"job_id": "soft", "region": "home", "start_s": HOUR_S}])
    assert outcome.message == "no pending job 'soft'; 0 are pending: "
