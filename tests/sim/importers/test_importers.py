"""Importers: what published files become, and what is said of what is left out."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sim.errors import InputError
from sim.importers.alibaba2018 import precedence
from sim.importers.base import Imported
from sim.importers.registry import FORMATS, importer
from sim.importers.series import gaps

DATA = os.environ.get("CWS_DATA_DIR")
real = [
    pytest.mark.data,
    pytest.mark.skipif(DATA is None, reason="CWS_DATA_DIR is not set: no published samples to import"),
]


def read(name: str, path: Path, text: str, **options: str) -> Imported:
    file = path / "file"
    file.write_text(text, encoding="utf-8")
    return importer(name).read([file], options)


def sample(name: str, file: str, **options: str) -> Imported:
    assert DATA is not None
    return importer(name).read([Path(DATA) / "raw" / file], options)


EM = "Datetime (UTC),Zone Id,Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA)\n"


def test_electricity_maps_keeps_gaps_and_nulls_and_lists_them(tmp_path: Path):
    rows = ["2022-01-01 00:00:00,GB,50,90", "2022-01-01 01:00:00,GB,,", "2022-01-01 02:00:00,GB,52,92"]
    rows += ["2022-01-01 05:00:00,GB,55,95", "2022-01-01 06:00:00,GB,56,96"]
    made = read("electricity-maps", tmp_path, EM + "\n".join(rows))
    assert made.table["ci_lifecycle"].to_pylist() == [90, None, 92, 95, 96]
    (gap,) = made.report.gaps
    assert (gap.start, gap.end, gap.samples) == ("2022-01-01T03:00:00Z", "2022-01-01T05:00:00Z", 2)
    assert made.report.notes == ("1 hours without intensity were kept as null",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2", "column 'datetime .utc.' is missing; found a, b"),
        (EM + "2022-01-01 00:00:00,GB,x,90", "column 'ci_direct', row 1: found 'x', expected a number"),
        (EM + "2022-01-01 00:00:00,GB,-1,90", "row 1: found -1, expected at least 0"),
        (EM + "yesterday,GB,1,90", "row 1: found 'yesterday', expected a time"),
        (EM + "2022-01-01 00:00:00,GB,1,9\n2022-01-01 00:00:00,GB,1,9", "the stamp 2022-01-01T00:00:00Z stands twice"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused_by_name(tmp_path: Path, text: str, why: str):
    with pytest.raises(InputError, match=why):
        read("electricity-maps", tmp_path, text)


def test_watttime_becomes_grams_a_kwh_and_a_forecast_keeps_when_it_was_issued(tmp_path: Path):
    """1000 lbs/MWh are 453.59 g/kWh."""
    content = {
        "data": [{"point_time": "2024-05-01T12:00:00+00:00", "value": 1000.0}],
        "meta": {"region": "CAISO_NORTH", "units": "lbs_co2_per_mwh", "generated_at": "2024-05-01T11:00:00+00:00"},
    }
    made = read("watttime", tmp_path, json.dumps(content), zone="US-CAL-CISO")
    assert made.table["moer"].to_pylist() == [pytest.approx(453.59237)]
    assert made.table["issued_at"].to_pylist() == [datetime(2024, 5, 1, 11, tzinfo=UTC)]
    assert made.table["zone"].to_pylist() == ["US-CAL-CISO"]


def test_watttimes_percentile_is_no_intensity(tmp_path: Path):
    content = {"data": [], "meta": {"region": "X", "units": "percentile"}}
    with pytest.raises(InputError, match="units are 'percentile', expected 'lbs_co2_per_mwh'"):
        read("watttime", tmp_path, json.dumps(content))


def test_the_uk_api_gives_forecast_and_actual(tmp_path: Path):
    row = {"from": "2022-01-01T00:00Z", "to": "2022-01-01T00:30Z", "intensity": {"forecast": 100, "actual": None}}
    made = read("uk-carbon-intensity", tmp_path, json.dumps({"data": [row]}))
    assert made.table.to_pylist() == [
        {"zone": "GB", "ts": datetime(2022, 1, 1, tzinfo=UTC), "ci_actual": None, "ci_forecast": 100.0}
    ]


def test_a_mix_is_weighed_by_its_factors_and_its_hours_begin_an_hour_before_they_end(tmp_path: Path):
    text = "timestamp,WND,SUN,WAT,OIL,NG,COL,NUC,OTH\n2022-01-01 01:00:00+00:00,50,0,0,0,50,0,0,0\n"
    made = read("eia-mix", tmp_path, text, zone="X")
    assert made.table["ts"].to_pylist() == [datetime(2022, 1, 1, tzinfo=UTC)]
    assert made.table["ci_lifecycle"].to_pylist() == [pytest.approx((11 + 490) / 2)]
    assert made.table["ci_direct"].to_pylist() == [pytest.approx(370 / 2)]


def test_open_meteo_is_moved_to_utc_and_to_metres_a_second(tmp_path: Path):
    hourly = {"time": ["2022-01-01T00:00"], "temperature_2m": [20.0], "relative_humidity_2m": [50.0],
              "cloudcover": [None], "windspeed_10m": [36.0]}  # fmt: skip
    units = {"temperature_2m": "°C", "relative_humidity_2m": "%", "cloudcover": "%", "windspeed_10m": "km/h"}
    content = {"utc_offset_seconds": 3600, "hourly": hourly, "hourly_units": units}
    (row,) = read("open-meteo", tmp_path, json.dumps(content), zone="DE").table.to_pylist()
    assert row["ts"] == datetime(2021, 12, 31, 23, tzinfo=UTC)
    assert (row["wind_10m_ms"], row["cloud_pct"]) == (10.0, None)
    assert row["wetbulb_c"] == pytest.approx(13.7, abs=0.05)


def test_gaia_is_in_seconds_or_in_hours(tmp_path: Path):
    text = "arrival_time,length,cpus\n0.5,2,3\n"
    assert read("gaia", tmp_path, text).table["duration_s"].to_pylist() == [2]
    assert read("gaia", tmp_path, text, unit="h").table["submit_s"].to_pylist() == [1800]


def test_alibabas_task_names_code_what_waits_for_what(tmp_path: Path):
    assert precedence("M1") == ("1", ())
    assert precedence("R5_2_3") == ("5", ("2", "3"))
    assert precedence("MergeTask") == ("MergeTask", ())
    text = (
        "M1,3,j_1,1,Terminated,10,20,100,0.5\nR2_1_9,1,j_1,1,Terminated,20,50,50,0.2\nM1,1,j_2,1,Failed,5,9,100,0.1\n"
    )
    made = read("alibaba2018", tmp_path, text)
    assert made.table.select(["dag_id", "task_id", "deps", "n_instances", "duration_s", "cpus"]).to_pylist() == [
        {"dag_id": "j_1", "task_id": "1", "deps": [], "n_instances": 3, "duration_s": 10, "cpus": 1},
        {"dag_id": "j_1", "task_id": "2", "deps": ["1"], "n_instances": 1, "duration_s": 30, "cpus": 0.5},
    ]
    assert made.report.dropped == {"status is not Terminated": 1}
    assert "1 predecessors are not in the file and were left out" in made.report.notes


def test_swf_counts_from_its_first_job_and_drops_what_never_ran(tmp_path: Path):
    line = "{} {} -1 {} {} -1 -1 8 7200 1000 1 3 4 -1 2 -1 -1 -1"
    text = "; a comment\n" + "\n".join(
        [line.format(1, 100, 60, 4), line.format(2, 160, 0, 4), line.format(3, 200, 9, -1)]
    )
    made = read("swf", tmp_path, text)
    assert made.table.select(["job_id", "submit_s", "duration_s", "cpus", "estimate_s"]).to_pylist() == [
        {"job_id": "swf-1", "submit_s": 0, "duration_s": 60, "cpus": 4, "estimate_s": 7200},
        {"job_id": "swf-3", "submit_s": 100, "duration_s": 9, "cpus": 8, "estimate_s": 7200},
    ]
    assert made.report.dropped == {"no run time (cancelled before it began)": 1}
    with pytest.raises(InputError, match="line 1: found 3 fields, expected 18"):
        read("swf", tmp_path, "1 2 3")


def test_azures_vms_tell_which_lifetimes_are_cut_off(tmp_path: Path):
    text = "a,s,d,0,600,9,5,8,Delay-insensitive,4,8\nb,s,d,300,2591700,9,5,8,Interactive,>24,>64\n" \
           "c,s,d,300,600,9,5,8,Unknown,2,4\n"  # fmt: skip
    made = read("azure-vm", tmp_path, text)
    rows = made.table.select(["job_id", "duration_s", "cpus", "memory_gb", "censored"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("a", 600, 4, 8, True), ("b", 2591400, None, None, True), ("c", 300, 2, 4, False),
    ]  # fmt: skip


def test_the_gpu_trace_without_times_says_so(tmp_path: Path):
    text = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,6000,1000,1,460\n"
    made = read("alibaba-gpu2023", tmp_path, text)
    (row,) = made.table.to_pylist()
    assert (row["cpus"], row["gpus"], row["submit_s"]) == (6, 0.46, None)
    assert row["memory_gb"] == pytest.approx(1.048576)


def test_google_2011_runs_a_task_from_its_last_schedule_to_its_finish(tmp_path: Path):
    """Task 7-0 is evicted once; 7-1 never finishes. 0.5 of a machine of 32 CPUs are 16."""
    event = "{},,{},{},,{},u,2,{},0.5,0.25,0,0\n"
    rows = [(600e6, 7, 0, 0, 9), (610e6, 7, 0, 1, 9), (620e6, 7, 0, 2, 9), (630e6, 7, 0, 1, 9), (700e6, 7, 0, 4, 9)]
    rows += [(650e6, 7, 1, 0, 0), (660e6, 7, 1, 1, 0), (670e6, 7, 1, 5, 0)]
    text = "".join(event.format(int(t), job, task, kind, priority) for t, job, task, kind, priority in rows)
    made = read("google2011", tmp_path, text, machine_cpus="32", machine_memory_gb="64")
    (row,) = made.table.to_pylist()
    assert (row["job_id"], row["submit_s"], row["duration_s"], row["cpus"], row["memory_gb"]) == ("7-0", 0, 70, 16, 16)
    assert row["priority"] == "high"
    assert made.report.dropped == {"not seen to finish (failed, evicted, killed, or cut off)": 1}


def test_google_2019_without_the_size_of_a_machine_leaves_requests_unknown(tmp_path: Path):
    base = {"collection_id": 5, "instance_index": 2, "priority": 200, "resource_request": {"cpus": 0.1, "memory": 0.2}}
    kinds = (("SUBMIT", 600), ("SCHEDULE", 610), ("FINISH", 640))
    text = "\n".join(json.dumps(base | {"type": kind, "time": int(s * 1e6)}) for kind, s in kinds)
    (row,) = read("google2019", tmp_path, text).table.to_pylist()
    assert (row["job_id"], row["duration_s"], row["cpus"], row["priority"]) == ("5-2", 30, None, "high")


def test_sgip_keeps_each_forecast_with_the_moment_of_its_issue(tmp_path: Path):
    made = read("sgip-moer", tmp_path, "time,moer,f1,f2\n2021-01-01T00:00:00Z,0.4,0.41,0.42\n", zone="SGIP_CAISO_PGE")
    (row,) = made.table.to_pylist()
    assert (row["moer"], row["moer_fc_5min"], row["moer_fc_10min"]) == (400, 410, 420)
    assert row["issued_at"] == row["ts"] == datetime(2021, 1, 1, tzinfo=UTC)


def test_caisos_day_is_moved_from_local_time_to_utc(tmp_path: Path):
    text = "Time,Solar,Wind,Natural Gas,Batteries,Imports\n00:00,0,100,100,50,900\n00:05,0,100,300,50,900\n00:10,,,,,\n"
    made = read("caiso-supply", tmp_path, text, date="2024-05-01")
    assert made.table["ts"].to_pylist()[0] == datetime(2024, 5, 1, 7, tzinfo=UTC)
    assert made.table["ci_lifecycle"].to_pylist() == [pytest.approx((11 + 490) / 2), pytest.approx((11 + 3 * 490) / 4)]


def test_ercots_quarters_become_megawatts_at_their_start(tmp_path: Path):
    text = "Date,Fuel,Settlement Type,Total,00:15,00:30\n01/02/2024,Gas,FINAL,3,1,2\n01/02/2024,Gas-CC,FINAL,3,1,0\n" \
           "01/02/2024,Wind,FINAL,3,2,2\n"  # fmt: skip
    made = read("ercot-fuel-mix", tmp_path, text)
    assert made.table["ts"].to_pylist()[0] == datetime(2024, 1, 2, 6, tzinfo=UTC)
    assert made.table["ng_mw"].to_pylist() == [8, 8]
    assert made.table["ci_lifecycle"].to_pylist() == [pytest.approx((490 + 11) / 2)] * 2


def test_an_unknown_format_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="no format 'watttimes'; did you mean watttime"):
        importer("watttimes")


def test_every_format_names_its_source():
    assert all(one.source and one.name == name for name, one in FORMATS.items())


def cleaned(file: str, **equal: Any) -> Any:
    assert DATA is not None
    table = pq.read_table(Path(DATA) / file)
    for name, value in equal.items():
        table = table.filter(pc.equal(table[name], value))
    return table


class TestPublishedSamples:
    pytestmark = real

    def test_gb_is_what_the_cleaned_series_says(self):
        ours = sample("electricity-maps", "electricitymaps_GB_2022_hourly_first14d.csv").table
        theirs = cleaned("carbon/em_hourly_2021_2022.parquet", zone="GB").sort_by("ts")
        theirs = theirs.filter(pc.is_in(theirs["ts"], ours["ts"].combine_chunks()))
        assert len(ours) == len(theirs) == 14 * 24
        for name in ("ci_direct", "ci_lifecycle"):
            assert np.allclose(ours[name].to_numpy(), theirs[name].to_numpy())

    def test_the_german_week_is_what_the_cleaned_weather_says(self):
        ours = sample("open-meteo", "openmeteo_DE_2022_first7d.json", zone="DE").table
        theirs = cleaned("weather/weather_2021_2022.parquet", zone="DE").sort_by("ts")
        theirs = theirs.filter(pc.is_in(theirs["ts"], ours["ts"].combine_chunks()))
        assert len(ours) == len(theirs) == 7 * 24
        for name, close in (("temp_c", 0.05), ("wind_10m_ms", 0.01), ("wetbulb_c", 0.05)):
            assert np.allclose(ours[name].to_numpy(), theirs[name].to_numpy(), atol=close)

    def test_new_yorks_mix_comes_close_to_the_intensity_that_its_publisher_computed(self):
        """Theirs is by other factors: ours lies within 10 % on average."""
        ours = sample("eia-mix", "eia_mix_ny_sample.csv", zone="US-NY-NYIS").table
        theirs = cleaned("carbon/eia_generation_mix_2022.parquet", zone="US-NY-NYIS").sort_by("ts")
        theirs = theirs.filter(pc.is_in(theirs["ts"], ours["ts"].combine_chunks()))
        ours = ours.filter(pc.is_in(ours["ts"], theirs["ts"].combine_chunks()))
        assert len(ours) == len(theirs) > 150
        assert ours["ng_mw"].to_pylist() == theirs["ng_mw"].to_pylist()
        assert pc.mean(ours["ci_lifecycle"]).as_py() == pytest.approx(pc.mean(theirs["ci_generation"]).as_py(), rel=0.1)

    def test_the_workflow_has_the_edges_that_its_file_names(self):
        table = sample("wfcommons", "wfcommons_sample.json").table
        assert DATA is not None
        content = json.loads((Path(DATA) / "raw" / "wfcommons_sample.json").read_text())
        edges = sum(len(task["children"]) for task in content["workflow"]["specification"]["tasks"])
        assert sum(len(deps) for deps in table["deps"].to_pylist()) == edges > 0

    @pytest.mark.parametrize(
        ("name", "file", "rows"),
        [
            ("gaia", "gaia_pai_1k.csv", 1000),
            ("alibaba2018", "alibaba2018_batch_task_sample.csv", 1968),
            ("alibaba-gpu2023", "alibaba_gpu2023_pods_sample.csv", 1499),
            ("azure-llm", "azure_llm2023_code_sample.csv", 999),
        ],
    )
    def test_every_row_of_a_sample_is_kept_or_counted(self, name: str, file: str, rows: int):
        made = sample(name, file)
        assert len(made.table) == made.report.rows_kept == rows
        assert made.report.rows_read == rows + sum(made.report.dropped.values())


def test_no_gap_is_found_where_none_is(tmp_path: Path):
    rows = [f"2022-01-01 0{h}:00:00,GB,50,90" for h in range(5)]
    assert gaps(read("electricity-maps", tmp_path, EM + "\n".join(rows)).table) == ()
