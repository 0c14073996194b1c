"""What a site is made of: server curves, power saving, closures, weather, on-site supply, embodied carbon."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.bound import lower_bound
from sim.cooling import Cooling
from sim.engine import Engine
from sim.errors import IllegalAction
from sim.history import LOST, RUN, History, Switch
from sim.ledger import keep_books
from sim.model import Closure, Place, PowerSaving, PowerServers, Region, Server
from sim.sites import RegionSpec, ServerSpec
from sim.units import HOUR_S
from tests.sim.test_lifecycle import at, play, stays
from tests.worlds import hourly, mock_job, mock_region, mock_world


def region(server: Server, count: int = 1, **changes: object) -> Region:
    return Region("home", "HOME", "UTC", ((server, count),), 1.0, **changes)  # type: ignore[arg-type]


def row(start_h: float, end_h: float, job: int = 0) -> tuple[int, int, float, float, int, int, bool]:
    return (job, 0, at(start_h), at(end_h), 1, RUN, True)


# 100 W idle, 300 W at half load, 400 W at full load
CURVED = Server("c", 10, 0, 100, 100, 400, curve=(100, 140, 180, 220, 260, 300, 320, 340, 360, 380, 400))


def test_a_measured_curve_gives_the_watts_of_the_load_and_jobs_share_them():
    """One job of 5 CPUs: 200 W above idle. Two of them: 300 W above idle, 150 each."""
    world = mock_world([mock_job("a", cpus=5), mock_job("b", cpus=5)], [[100]], regions=[region(CURVED)])
    alone = keep_books(world, History(rows=[row(0, 1)])).ledger.energy_kwh
    assert alone.tolist() == pytest.approx([0.2])
    both = keep_books(world, History(rows=[row(0, 1), row(0, 1, job=1)])).ledger.energy_kwh
    assert both.tolist() == pytest.approx([0.15, 0.15])


def test_a_job_pays_for_its_neighbours_load_only_while_it_is_there():
    """The second hour of `a` is shared with `b`: 200 Wh alone, then 150 Wh."""
    jobs = [mock_job("a", hours=2, cpus=5), mock_job("b", cpus=5)]
    world = mock_world(jobs, [[100]], regions=[region(CURVED)])
    ledger = keep_books(world, History(rows=[row(0, 2), row(1, 2, job=1)])).ledger
    assert ledger.energy_kwh.tolist() == pytest.approx([0.35, 0.15])


def test_a_job_that_keeps_half_of_its_cpus_busy_draws_half_of_their_power():
    world = mock_world([mock_job("a", utilization=0.5)], [[100]])
    assert keep_books(world, History(rows=[row(0, 1)])).ledger.energy_kwh.tolist() == pytest.approx([0.5])


def test_idle_servers_go_off_and_a_job_waits_until_they_are_back():
    """Two servers, off after an hour, half an hour to wake: the job of hour 3 starts at 3.5 on one of them."""
    saving = PowerSaving(wake_s=1800, off_after_s=3600)
    world = mock_world([mock_job("a", 3.0)], [[100]], regions=[replace(mock_region(servers=2), saving=saving)], hours=8)
    engine = play(world, {3: [Place("a", "home", at(3))]})
    assert stays(engine) == [("a", "home", 3.5, 4.5, 1, "run")]
    switches = [(s.t_s / HOUR_S, s.servers_on) for s in engine.history.switches]
    assert switches == [(1, 0), (3, 1), (5.5, 0)]
    series = keep_books(world, engine.history).series
    assert series.idle_it_kwh.sum() == pytest.approx((2 * 1 + 1 * 2.5) * 0.1)


def test_an_operator_can_keep_servers_on_in_a_power_saving_region_and_nowhere_else():
    saving = PowerSaving(wake_s=1800, off_after_s=3600)
    world = mock_world(
        [mock_job("a", 3.0)],
        [[100], [100]],
        regions=[replace(mock_region(servers=2), saving=saving), mock_region("away")],
    )
    engine = play(world, {3: [PowerServers("home", 2), Place("a", "away", at(3))]})
    assert [(s.t_s / HOUR_S, s.servers_on) for s in engine.history.switches] == [(1, 0), (3, 2)]
    with pytest.raises(IllegalAction, match="region away keeps its servers on"):
        engine.apply(PowerServers("away", 0))
    with pytest.raises(IllegalAction, match="has 2 servers, asked for 3"):
        engine.apply(PowerServers("home", 3))


def test_maintenance_is_in_the_room_ahead_and_an_outage_only_once_it_has_begun():
    for announced, seen in ((True, 0.0), (False, 10.0)):
        closed = Closure(at(2), at(4), servers=1, announced=announced)
        world = mock_world([mock_job("a")], [[100]], regions=[replace(mock_region(), closures=(closed,))])
        view = Engine(world).next_view()
        assert view is not None
        assert view.room is not None
        assert view.room[0, :5, 0].tolist() == [10, 10, seen, seen, 10]


def test_an_outage_sends_back_what_began_last_and_its_work_is_lost():
    """Two jobs on two servers, one server fails at 1 h: `b` began last, starts again, and has burnt an hour."""
    closed = Closure(at(1), at(9), servers=1, announced=False)
    jobs = [mock_job("a", hours=2), mock_job("b", hours=2)]
    world = mock_world(jobs, [[100]], regions=[replace(mock_region(servers=2), closures=(closed,))])
    engine = play(
        world,
        {0: [Place("a", "home", 0.0), Place("b", "home", 0.0)], 1: [Place("b", "home", at(1))]},
    )
    assert stays(engine) == [
        ("a", "home", 0, 2, 1, "run"),
        ("b", "home", 0, 1, 1, "lost"),
        ("b", "home", 2, 4, 1, "run"),
    ]
    assert engine.history.rows[0][5] == LOST


def test_a_closure_that_outlasts_the_run_leaves_its_jobs_unfinished_and_the_bound_below():
    closed = Closure(0.0, at(1000), servers=1, announced=True)
    world = mock_world([mock_job("a")], [[100]], regions=[replace(mock_region(), closures=(closed,))], hours=30)
    engine = play(world, {0: [Place("a", "home", 0.0)]})
    assert stays(engine) == []
    assert keep_books(world, engine.history).series.idle_g.sum() == 0
    assert lower_bound(world).idle_kg == 0


def test_the_facility_follows_the_weather_and_the_load():
    """At 5 degC the factor is 1.11, at 25 degC 1.31; the fixed losses are 3 % of 1.1 kW."""
    site = replace(mock_region(), cooling=Cooling())
    world = mock_world([mock_job("a", hours=2)], [[100]], regions=[site], hours=2)
    world = replace(world, temperature=(hourly("HOME", "degC", [5.0, 25.0], 2),))
    series = keep_books(world, History(rows=[row(0, 2)])).series
    assert series.power_w[0].tolist() == pytest.approx([33 + 1.11 * 1100, 33 + 1.31 * 1100])
    assert series.pue[0].tolist() == pytest.approx([33 / 1100 + 1.11, 33 / 1100 + 1.31])
    empty = keep_books(world, History()).series
    assert empty.pue[0, 0] == pytest.approx(33 / 100 + 1.11)  # idle, the fixed losses weigh more


def test_the_sun_on_the_roof_is_taken_before_the_grid_and_shared_by_watts():
    """1.1 kW of IT, half of it from the roof: the job's 1 kWh needs half a kWh of grid, and idle 0.05."""
    world = mock_world([mock_job("a")], [[100]], hours=1)
    world = replace(world, onsite=(hourly("HOME", "W", [550.0], 1),))
    books = keep_books(world, History(rows=[row(0, 1)]))
    assert books.ledger.energy_kwh.tolist() == pytest.approx([0.5])
    assert books.ledger.carbon_g.tolist() == pytest.approx([50])
    assert books.series.idle_kwh.sum() == pytest.approx(0.05)
    assert books.series.onsite_kwh.sum() == pytest.approx(0.55)


def test_more_sun_than_load_is_not_counted_as_used():
    world = replace(mock_world([], [[100]], hours=1), onsite=(hourly("HOME", "W", [5000.0], 1),))
    series = keep_books(world, History()).series
    assert (series.onsite_kwh.sum(), series.grid_kwh.sum()) == (pytest.approx(0.1), 0)


def test_embodied_carbon_counts_every_server_hour_on_or_off():
    """2 servers x 5 g/h x 10 h = 100 g, also while they are off; the bound holds it too."""
    server = Server("s", 10, 0, 100, 100, 1100, embodied_g_per_h=5)
    world = mock_world([], [[100]], regions=[region(server, 2)], hours=10)
    off = History(switches=[Switch(0.0, 0, 0)])
    assert keep_books(world, off).embodied_g == pytest.approx(100)
    assert lower_bound(world).embodied_kg == pytest.approx(0.1)


def test_two_models_fill_in_the_order_in_which_they_are_named():
    """With one server on it is the first: 10 CPUs and 100 W; then the second adds 20 CPUs and 50 W."""
    site = Region("home", "HOME", "UTC", ((mock_server(10, 100), 1), (mock_server(20, 50), 1)), 1.0)
    world = mock_world([], [[100]], regions=[site], hours=3)
    history = History(switches=[Switch(at(1), 0, 1), Switch(at(2), 0, 0)])
    assert keep_books(world, history).series.idle_it_kwh[0].tolist() == pytest.approx([0.15, 0.1, 0])


def mock_server(cpus: float, idle_w: float) -> Server:
    return Server("m", cpus, 0, 100, idle_w, 2 * idle_w)


def test_a_region_words_its_site_and_refuses_what_cannot_be():
    server = {"model": "m", "count": 2, "cpus": 4, "memory_gb": 8, "idle_w": 10, "max_w": 20}
    spec = {
        "id": "home", "zone": "GB", "tz": "UTC", "servers": [{**server, "embodied_kg": 8.766, "lifetime_years": 1}],
        "cooling": {"fans": 0.1}, "saving": {"wake_min": 5, "off_after_min": 10},
        "maintenance": [{"start_h": 3, "hours": 2}], "outages": [{"start_h": 9, "hours": 1, "servers": 1}],
    }  # fmt: skip
    made = RegionSpec.model_validate(spec).region()
    assert made.servers[0][0].embodied_g_per_h == pytest.approx(1)
    assert made.cooling == Cooling(fans=0.1)
    assert made.saving == PowerSaving(300, 600)
    assert made.closures == (Closure(at(3), at(5), 2, announced=True), Closure(at(9), at(10), 1, announced=False))
    with pytest.raises(ValueError, match="closes 3 servers, but has 2"):
        RegionSpec.model_validate({**spec, "outages": [{"start_h": 9, "hours": 1, "servers": 3}]})
    with pytest.raises(ValueError, match="needs idle_w and max_w, or a curve"):
        ServerSpec.model_validate({"model": "m", "count": 1, "cpus": 4, "memory_gb": 8})
    with pytest.raises(ValueError, match="expected 11 watts"):
        ServerSpec.model_validate({"model": "m", "count": 1, "cpus": 4, "memory_gb": 8, "curve": [1, 2]})
