"""Scenarios and workloads: what is wrong is named by file, field, found, expected."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.scenario import build_world, load_scenario, parse_scenario
from sim.units import DAY_S, HOUR_S, MINUTE_S
from sim.workload_spec import EstimateSpec

SERVER = {"model": "m", "count": 1, "cpus": 10, "memory_gb": 100, "idle_w": 100, "max_w": 1100}


def content(**changes: Any) -> dict[str, Any]:
    return {
        "name": "small",
        "start": "2022-03-07T00:00:00Z",
        "days": 1,
        "regions": [{"id": "gb", "zone": "GB", "tz": "Europe/London", "servers": [SERVER]}],
        "workload": {"kind": "synthetic", "count": 5, "slack_h": 12, "max_cpus": 10, "gpus": False},
        "signals": {"kind": "synthetic", "seed": 1},
    } | changes


@pytest.mark.parametrize("name", ["demo", "real-week"])
def test_the_bundled_scenarios_are_valid(name: str):
    assert load_scenario(name).name == name


def test_the_same_seed_makes_the_same_world_and_another_seed_another():
    first, again, other = (build_world(parse_scenario(content(seed=seed), "x"), None) for seed in (1, 1, 2))
    assert first.workload.jobs == again.workload.jobs
    assert first.workload.jobs != other.workload.jobs
    assert (first.intensity[0].values == again.intensity[0].values).all()


def test_the_demo_has_the_size_that_it_promises():
    scenario = load_scenario("demo")
    assert len(scenario.regions) >= 5
    assert scenario.days >= 3
    assert scenario.epoch_min == 15
    assert scenario.workload.count >= 1000
    assert len(scenario.policies) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dayz": 3}, "unknown key 'dayz'"),
        ({"days": None}, r"field 'days': found None"),
        ({"epoch_min": 4.1234}, "field 'epoch_min': found 4.1234, epochs are not whole seconds"),
        ({"start": "2022-03-07T00:00:00"}, "field 'start': found '2022-03-07T00:00:00', expected its time zone too: "),
        (
            {"start": datetime(2022, 3, 7, 10)},  # noqa: DTZ001 - as YAML reads it
            "field 'start': found 2022-03-07T10:00:00, expected its time zone too: 2022-03-07T10:00:00Z if it is",
        ),
        ({"start": date(2022, 3, 7)}, "field 'start': found 2022-03-07, expected a moment such as"),
        ({"regions": []}, "field 'regions'"),
        ({"accounting": {"llm_region": "mars"}}, "accounting.llm_region: found 'mars', expected a region: gb"),
        ({"start": 0}, "field 'start': found 0, expected a moment"),
        ({"start": "9999-12-31T00:00:00Z"}, "expected a year from 1970 to 2100"),
        ({"seed": -1}, "field 'seed': found -1"),
        ({"name": "../up"}, "field 'name': found '../up'"),
        ({"days": float("inf")}, "field 'days': found inf"),
        (
            {"workload": {"kind": "synthetic", "count": 5, "slack_h": float("inf")}},
            "field 'workload.slack_h': found inf",
        ),
        ({"signals": {"kind": "synthetic"}}, r"field 'signals.seed' is missing"),
        ({"workload": {"kind": "synthetic", "count": 5, "teams": {"a": 0.7, "b": 0.7}}}, "add up to 1.4"),
        ({"workload": {"kind": "synthetic", "count": 5, "slack_h": {"low": 3}}}, "no slack for priority 'normal'"),
        (
            {"workload": {"kind": "synthetic", "count": 5, "slack_h": 3, "queues": [{"slack_h": 6}]}},
            "queues: each has its slack; found slack_h too",
        ),
        (
            {"workload": {"kind": "synthetic", "count": 5, "queues": [{"slack_h": 6}, {"below_h": 2, "slack_h": 6}]}},
            "expected rising ones, and none for the last queue",
        ),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], message: str):
    with pytest.raises(InputError, match=f"^small.yaml: {message}|{message}"):
        parse_scenario(content(**changes), "small.yaml")


def test_a_time_zone_that_is_none_is_refused():
    region = content()["regions"][0] | {"tz": "Europe/Lundun"}
    with pytest.raises(InputError, match="'Europe/Lundun' is no IANA time zone"):
        parse_scenario(content(regions=[region]), "x")


def test_a_key_that_stands_twice_is_refused(tmp_path: Path):
    path = tmp_path / "twice.yaml"
    path.write_text("name: a\ndays: 3\ndays: 1\n")
    with pytest.raises(InputError, match="key 'days' stands twice"):
        load_scenario(path)


def test_idle_above_full_load_is_refused():
    region = content()["regions"][0] | {"servers": [SERVER | {"idle_w": 2000}]}
    with pytest.raises(InputError, match="idle watts exceed maximum"):
        parse_scenario(content(regions=[region]), "x")


def test_a_file_that_is_not_there_and_one_that_is_no_yaml(tmp_path: Path):
    with pytest.raises(InputError, match="no such scenario file; bundled ones are demo, gaia-pai-1k"):
        load_scenario("nowhere")
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [")
    with pytest.raises(InputError, match="not a YAML file"):
        load_scenario(bad)
    bad.write_text(yaml.safe_dump([1, 2]))
    with pytest.raises(InputError, match="found list, expected a mapping"):
        load_scenario(bad)


def test_files_need_a_data_folder():
    with pytest.raises(InputError, match="--data-dir"):
        build_world(load_scenario("real-week"), None)
    with pytest.raises(InputError, match="no such folder"):
        build_world(load_scenario("real-week"), Path("/nowhere/at/all"))


def test_a_shortened_scenario_has_fewer_jobs_in_proportion():
    scenario = load_scenario("demo").shortened(1)
    assert (scenario.days, scenario.workload.count) == (1, round(load_scenario("demo").workload.count / 3))
    with pytest.raises(InputError, match="--days 9"):
        load_scenario("demo").shortened(9)


# -- traces --------------------------------------------------------------------------------------

TRACE: dict[str, list[Any]] = {
    "job_id": ["a", "b", "c"],
    "submit_s": [0.0, 30 * HOUR_S, 5 * HOUR_S],
    "duration_s": [600.0, 600.0, 1200.0],
    "cpus": [1.0, 2.0, 3.0],
    "gpus": [0.0, 0.0, 0.0],
    "memory_gb": [1.0, 1.0, 1.0],
}


def world_of_trace(tmp_path: Path, workload: dict[str, Any] | None = None, **columns: list[Any] | None):
    table = {name: column for name, column in (TRACE | columns).items() if column is not None}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    spec = {"kind": "trace", "file": "t.parquet", "count": 2, "slack_h": 12} | (workload or {})
    return build_world(parse_scenario(content(workload=spec), "x"), tmp_path)


def test_a_trace_is_taken_in_submit_order_within_the_span(tmp_path: Path):
    jobs = world_of_trace(tmp_path).workload.jobs
    assert [(job.id, job.submit_s, job.deadline_s) for job in jobs] == [
        ("a", 0.0, 600 + 12 * HOUR_S),
        ("c", 5 * HOUR_S, 5 * HOUR_S + 1200 + 12 * HOUR_S),
    ]


def test_folding_keeps_the_hour_of_the_day(tmp_path: Path):
    jobs = world_of_trace(tmp_path, {"count": 3, "arrivals": "fold"}).workload.jobs
    assert {job.id: job.submit_s for job in jobs} == {"a": 0.0, "b": 30 * HOUR_S - DAY_S, "c": 5 * HOUR_S}


def test_folding_moves_the_deadline_with_the_submission(tmp_path: Path):
    world = world_of_trace(tmp_path, {"count": 3, "arrivals": "fold"}, deadline_s=[9e4, 31 * HOUR_S, 9e4])
    (job,) = (job for job in world.workload.jobs if job.id == "b")
    assert (job.submit_s, job.deadline_s) == (6 * HOUR_S, 7 * HOUR_S)


def test_columns_of_the_trace_go_before_what_the_scenario_draws(tmp_path: Path):
    world = world_of_trace(tmp_path, team=["ads", "ads", "ops"], deadline_s=[9e4, 9e5, 9e4])
    assert [(job.team, job.deadline_s) for job in world.workload.jobs] == [("ads", 9e4), ("ops", 9e4)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"duration_s": None}, r"t\.parquet: column 'duration_s' is missing; found job_id"),
        ({"duration_s": [600.0, 1.0, None]}, "column 'duration_s', job c: found null, expected a positive number"),
        ({"duration_s": [0.0, 1.0, 2.0]}, "job a: found 0, expected a positive number"),
        ({"cpus": [-1.0, 1.0, 2.0]}, "column 'cpus', job a: found -1"),
        ({"memory_gb": [None, None, None]}, "column 'memory_gb', job a: found null.*workload.unknown"),
        ({"deadline_s": [100.0, 9e5, 9e5]}, "job a: deadline 100 s is before"),
        ({"deadline_s": [None, 9e5, 9e5]}, "column 'deadline_s', job a: found null"),
        ({"job_id": ["a", "b", "a"]}, "job id 'a' stands twice"),
        ({"submit_s": ["0", "1", "2"]}, "column 'submit_s' is string; expected numbers"),
        ({"submit_s": [None, 1.0, 2.0]}, "column 'submit_s', job a: found null"),
        ({"cpus": [True, True, False]}, "column 'cpus' is bool; expected numbers"),
        ({"job_id": ["a", None, "c"]}, "column 'job_id', row 1: found null"),
        ({"team": [["x"], ["y"], ["z"]]}, r"column 'team' of the trace: found \['x'\], expected text"),
        ({"cpus": [11.0, 1.0, 2.0]}, "job a needs 11 CPUs, 0 GPUs, 1 GB, more than any region holds"),
        ({"home": ["mars", "gb", "gb"]}, "job a: home region 'mars' is unknown; regions are gb"),
        ({"priority": ["soon", "low", "low"]}, "job a: priority 'soon' is unknown"),
        ({"submit_s": [0.0, 2e6, 2e6]}, "has 1 jobs in the span of 1 days, expected 2"),
    ],
)
def test_what_is_wrong_in_a_trace_is_named(tmp_path: Path, columns: dict[str, list[Any] | None], message: str):
    with pytest.raises(InputError, match=message):
        world_of_trace(tmp_path, **columns)


def test_what_a_trace_does_not_say_is_the_scenarios_assumption(tmp_path: Path):
    unknown = {"unknown": {"gpus": 0, "memory_gb_per_cpu": 4}}
    world = world_of_trace(tmp_path, unknown, gpus=[None] * 3, memory_gb=[None] * 3)
    assert [(job.gpus, job.memory_gb) for job in world.workload.jobs] == [(0, 4), (0, 12)]


def test_queues_give_slack_by_length_and_tell_the_mean_length_of_their_jobs(tmp_path: Path):
    """Jobs of 1, 2 and 4 hours: the first is short, for two hours are not below two."""
    three = {"submit_s": [0.0, 0.0, 0.0], "duration_s": [HOUR_S, 2 * HOUR_S, 4 * HOUR_S]}
    queues = [{"below_h": 2, "slack_h": 6}, {"slack_h": 24}]
    jobs = world_of_trace(tmp_path, {"count": 3, "slack_h": None, "queues": queues}, **three).workload.jobs
    assert ((jobs.latest_start_s - jobs.submit_s) / HOUR_S).tolist() == [6, 24, 24]
    assert (jobs.expected_s / HOUR_S).tolist() == [1, 3, 3]


def test_shares_are_drawn_from_the_seed(tmp_path: Path):
    spec = content(
        workload={
            "kind": "synthetic",
            "count": 2000,
            "slack_h": 1,
            "max_cpus": 8,
            "gpus": False,
            "teams": {"ads": 0.3},
        }
    )
    jobs = build_world(parse_scenario(spec, "x"), None).workload.jobs
    assert np.mean([job.team == "ads" for job in jobs]) == pytest.approx(0.3, abs=0.03)
    assert {job.team for job in jobs} == {"ads", None}


def test_estimates_are_rounded_up_to_what_users_write_and_the_slack_comes_on_top(tmp_path: Path):
    """10 and 20 minutes are declared as 15 and 30; the run times stay what they are."""
    world = world_of_trace(tmp_path, {"estimate": {"round_min": 15}})
    jobs = world.workload.jobs
    assert jobs.duration_estimate_s.tolist() == [900.0, 1800.0]
    assert world.workload.durations_s.tolist() == [600.0, 1200.0]
    assert (jobs.deadline_s - jobs.submit_s - jobs.duration_estimate_s).tolist() == [12 * HOUR_S] * 2


def test_an_estimate_that_is_whole_already_stays(tmp_path: Path):
    jobs = world_of_trace(tmp_path, {"estimate": {"median": 1.5, "round_min": 15}}).workload.jobs
    assert jobs.duration_estimate_s.tolist() == [900.0, 1800.0]


@given(st.floats(0.1, 5), st.floats(0, 2), st.sampled_from([1, 15, 60]))
def test_rounding_adds_less_than_one_step_and_never_takes(median: float, sigma: float, minutes: int):
    plain, rounded = (EstimateSpec(median=median, sigma=sigma, round_min=m) for m in (0, minutes))
    duration_s = np.geomspace(1, 1e6, 50)
    exact_s, declared_s = (spec.declared_s(duration_s, np.random.default_rng(3)) for spec in (plain, rounded))
    added_s = declared_s - exact_s
    assert (added_s >= -1e-6).all()
    assert (added_s < minutes * MINUTE_S).all()
    assert declared_s % (minutes * MINUTE_S) == pytest.approx(0)
