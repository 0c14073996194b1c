"""What a job can go through: suspended, resumed, migrated, resized, cancelled, blocked; each with figures to add up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.engine import Engine
from sim.errors import IllegalAction
from sim.history import KINDS
from sim.ledger import keep_books
from sim.model import Cancel, Checkpoint, Decision, Migrate, Place, Resize, Resume, Suspend
from sim.network import Network
from sim.units import HOUR_S
from sim.world import World
from tests.worlds import mock_job, mock_region, mock_world

Script = dict[float, list[Decision]]
"""Decisions by the hour at which they are made."""


def at(hour: float) -> float:
    return hour * HOUR_S


def play(world: World, script: Script) -> Engine:
    """Run a world by a script; every hour of it must be a decision point."""
    engine, left = Engine(world), dict(script)
    while engine.next_view():
        for decision in left.pop(engine.now_s / HOUR_S, []):
            engine.apply(decision)
    assert not left, f"never asked at {sorted(left)} h"
    return engine


def stays(engine: Engine) -> list[tuple[str, str, float, float, int, str]]:
    """Return (job, region, from h, to h, workers, kind) in order of start."""
    world = engine.world
    return [
        (
            world.workload.jobs[p.job].id,
            world.regions[p.region].id,
            p.start_s / HOUR_S,
            p.end_s / HOUR_S,
            p.scale,
            KINDS[p.kind],
        )
        for p in sorted(engine.history.pieces, key=lambda p: (p.start_s, p.job))
    ]


INSTANT = Checkpoint()


def test_suspending_through_the_dirty_hour_saves_its_carbon():
    """1 kW for hours 0 and 2 instead of 0 and 1: 100 + 100 g, not 100 + 900 g."""
    world = mock_world([mock_job("a", hours=2, checkpoint=INSTANT)], [[100, 900, 100]])
    engine = play(world, {0: [Place("a", "home", 0.0)], 1: [Suspend("a")], 2: [Resume("a", at(2))]})
    assert stays(engine) == [("a", "home", 0, 1, 1, "run"), ("a", "home", 2, 3, 1, "run")]
    assert keep_books(world, engine.history).ledger.carbon_g.sum() == pytest.approx(200)


def test_a_checkpoint_takes_its_seconds_and_its_energy_and_makes_no_progress():
    """Half an hour to save and to restore, each with 2 kWh on top of the job's 0.5: 1 + 2.5 + 2.5 + 1 kWh."""
    checkpoint = Checkpoint(save_s=1800, restore_s=1800, save_kwh=2, restore_kwh=2)
    world = mock_world([mock_job("a", hours=2, checkpoint=checkpoint)], [[100]])
    engine = play(world, {0: [Place("a", "home", 0.0)], 1: [Suspend("a")], 3: [Resume("a", at(3))]})
    assert stays(engine) == [
        ("a", "home", 0, 1, 1, "run"),
        ("a", "home", 1, 1.5, 1, "save"),
        ("a", "home", 3, 3.5, 1, "restore"),
        ("a", "home", 3.5, 4.5, 1, "run"),
    ]
    assert keep_books(world, engine.history).ledger.energy_kwh.tolist() == pytest.approx([1, 2.5, 2.5, 1])


def test_what_a_suspended_job_held_is_free_for_another():
    jobs = [mock_job("a", hours=2, checkpoint=INSTANT), mock_job("b", 1.0)]
    world = mock_world(jobs, [[100]])
    engine = play(
        world, {0: [Place("a", "home", 0.0)], 1: [Suspend("a"), Place("b", "home", at(1))], 2: [Resume("a", at(2))]}
    )
    assert stays(engine)[1] == ("b", "home", 1, 2, 1, "run")


def test_a_job_migrates_with_its_state_and_pays_for_the_move():
    """900 GB at 2 Gbit/s take an hour; 0.1 kWh a GB at the origin's 100 g: 9 kg; 0.02 USD a GB and 4.5 for energy."""
    network = Network.uniform(2, rtt_s=0.0, throughput_bps=2e9, energy_kwh_per_gb=0.1, usd_per_gb=0.02)
    world = replace(
        mock_world([mock_job("a", hours=2, checkpoint=INSTANT, state_gb=900.0)], [[100], [10]]), network=network
    )
    engine = play(world, {0: [Place("a", "home", 0.0)], 1: [Migrate("a", "away", at(1))]})
    assert stays(engine) == [("a", "home", 0, 1, 1, "run"), ("a", "away", 2, 3, 1, "run")]
    moves = keep_books(world, engine.history).moves
    assert moves.energy_kwh.tolist() == pytest.approx([90])
    assert moves.carbon_g.tolist() == pytest.approx([9000])
    assert moves.cost_usd.tolist() == pytest.approx([18 + 90 * 0.05])
    assert engine.history.migrations == [0]


def test_data_are_moved_so_as_to_be_there_at_the_planned_start():
    """450 GB at 1 Gbit/s take an hour: planned for hour 3, they leave at hour 2."""
    network = Network.uniform(2, rtt_s=0.0, throughput_bps=1e9, energy_kwh_per_gb=0.0, usd_per_gb=0.0)
    world = replace(mock_world([mock_job("a", data_gb=450.0)], [[100], [10]]), network=network)
    engine = play(world, {0: [Place("a", "away", at(3))]})
    assert [(m.start_s / HOUR_S, m.end_s / HOUR_S) for m in engine.history.moves] == [(2, 3)]
    assert stays(engine) == [("a", "away", 3, 4, 1, "run")]


def test_data_that_cannot_be_there_in_time_put_the_start_off():
    network = Network.uniform(2, rtt_s=0.0, throughput_bps=1e9, energy_kwh_per_gb=0.0, usd_per_gb=0.0)
    world = replace(mock_world([mock_job("a", data_gb=450.0)], [[100], [10]]), network=network)
    assert stays(play(world, {0: [Place("a", "away", 0.0)]})) == [("a", "away", 1, 2, 1, "run")]


def test_two_workers_of_a_job_that_scales_to_one_and_a_half_finish_in_two_thirds_of_the_time():
    """3 h of work: 1 h alone, then 2 / 1.5 h with two workers at 2 kW."""
    world = mock_world([mock_job("a", hours=3, cpus=5, throughput=(1.0, 1.5))], [[100]])
    engine = play(world, {0: [Place("a", "home", 0.0)], 1: [Resize("a", 2)]})
    assert stays(engine) == [
        ("a", "home", 0, 1, 1, "run"),
        ("a", "home", 1, pytest.approx(1 + 2 / 1.5), 2, "run"),
    ]
    assert keep_books(world, engine.history).ledger.energy_kwh.tolist() == pytest.approx([0.5, 2 / 1.5])


def test_a_job_started_with_two_workers_holds_twice_as_much():
    world = mock_world([mock_job("a", cpus=5, throughput=(1.0, 2.0)), mock_job("b", cpus=5)], [[100]])
    engine = play(world, {0: [Place("a", "home", 0.0, 2), Place("b", "home", 0.0)]})
    assert stays(engine) == [("a", "home", 0, 0.5, 2, "run"), ("b", "home", 0.5, 1.5, 1, "run")]


def test_a_job_of_a_graph_is_offered_when_its_predecessors_have_ended_and_not_before():
    jobs = [mock_job("a"), mock_job("b", hours=2), mock_job("c", deps=("a", "b"))]
    world = mock_world(jobs, [[100]], regions=[mock_region(servers=2)])
    engine = Engine(world)
    first = engine.next_view()
    assert first is not None
    assert [job.id for job in first.pending] == ["a", "b"]
    engine.place(Place("a", "home", 0.0))
    engine.place(Place("b", "home", 0.0))
    with pytest.raises(IllegalAction, match="job c is blocked by its predecessors"):
        engine.place(Place("c", "home", 0.0))
    later = engine.next_view()
    assert later is not None
    assert (later.now_s, [job.id for job in later.pending]) == (at(2), ["c"])


def test_the_output_of_a_predecessor_moves_to_where_its_successor_runs():
    network = Network.uniform(2, rtt_s=0.0, throughput_bps=1e9, energy_kwh_per_gb=0.1, usd_per_gb=0.0)
    jobs = [mock_job("a", output_gb=450.0), mock_job("b", deps=("a",))]
    world = replace(mock_world(jobs, [[100], [10]]), network=network)
    engine = play(world, {0: [Place("a", "home", 0.0)], 1: [Place("b", "away", at(1))]})
    assert stays(engine)[1] == ("b", "away", 2, 3, 1, "run")
    assert keep_books(world, engine.history).moves.energy_kwh.tolist() == pytest.approx([45])


def test_cancelling_a_job_cancels_those_that_depend_on_it_and_frees_its_room():
    jobs = [mock_job("a", hours=5), mock_job("b", deps=("a",)), mock_job("c", 1.0)]
    engine = play(
        mock_world(jobs, [[100]]), {0: [Place("a", "home", 0.0)], 1: [Cancel("a"), Place("c", "home", at(1))]}
    )
    assert stays(engine) == [("a", "home", 0, 1, 1, "run"), ("c", "home", 1, 2, 1, "run")]
    assert engine.history.cancelled == {0, 1}


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (Suspend("rigid"), "cannot be suspended: it has no checkpoint"),
        (Suspend("late"), "no job 'late' has been submitted"),
        (Suspend("idle"), "job idle is pending; only running jobs can be suspended"),
        (Resume("rigid", 0.0), "job rigid is running; only suspended jobs can be resumed"),
        (Resize("rigid", 2), "job rigid runs with 1 to 1 workers, asked for 2"),
        (Migrate("soft", "home", 0.0), "job soft is in home already"),
        (Migrate("soft", "moon", 0.0), "no region 'moon'"),
        (Resize("soft", 9), "job soft runs with 1 to 3 workers, asked for 9"),
        (Resize("soft", 3), "home has no room for 3 workers"),
        (Cancel("done"), "job done is finished; only unfinished jobs can be cancelled"),
    ],
)
def test_an_action_that_a_jobs_state_does_not_allow_is_refused_by_name(decision: Decision, why: str):
    jobs = [
        mock_job("done", hours=0.5, cpus=1),
        mock_job("rigid", hours=5, cpus=4),
        mock_job("soft", hours=5, cpus=4, checkpoint=INSTANT, throughput=(1.0, 1.5, 2.0)),
        mock_job("idle", cpus=1),
        mock_job("late", 9.0, cpus=1),
    ]
    engine = Engine(mock_world(jobs, [[100], [100]]))
    engine.next_view()
    for name in ("done", "rigid", "soft"):
        engine.place(Place(name, "home", 0.0))
    engine.next_view()
    with pytest.raises(IllegalAction, match=why):
        engine.apply(decision)
