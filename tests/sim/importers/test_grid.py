"""Grid importers: what is unknown stays unknown, clocks that change, and files that are not what they should be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.importers.base import Imported
from sim.importers.emission_factors import FACTORS
from sim.importers.registry import importer


def read(name: str, folder: Path, *texts: str, **options: str) -> Imported:
    files = [folder / f"{at}.{name}" for at in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    return importer(name).read(files, options)


def eia(*rows: tuple[str, str, Any], **more: Any) -> str:
    data = [{"period": p, "respondent": "NYIS", "fueltype": f, "value": v, "value-units": "megawatthours"} | more
            for p, f, v in rows]  # fmt: skip
    return json.dumps({"response": {"total": len(data), "data": data}})


def test_an_hour_whose_gas_is_unknown_has_no_intensity_rather_than_a_clean_one(tmp_path: Path):
    """Half gas, half wind is 250.5; wind alone would be 11, but gas is only not reported."""
    text = eia(("2022-01-01T01", "NG", 50), ("2022-01-01T01", "WND", 50), ("2022-01-01T02", "WND", 50))
    made = read("eia-api", tmp_path, text)
    assert made.table["ci_lifecycle"].to_pylist() == [250.5, None]
    assert made.table["zone"].to_pylist() == ["US-NY-NYIS"] * 2
    assert "1 rows have no intensity: a source is unknown, or nothing is generated" in made.report.notes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (eia(("2022-01-01T01", "NG", "x")), "row 1: 'value': found 'x', expected a number or null"),
        (eia(("2022-01-01T01", "NG", 1), ("2022-01-01T01", "NG", 1)), "row 2: NG of 2022-01-01T01 stands twice"),
        (eia(("2022-01-01T01", "NG", 1), **{"value-units": "GWh"}), "found 'GWh', expected 'megawatthours'"),
        (eia(("2022-01-01T01", "NG", 1), respondent="ZZ"), "respondent 'ZZ' has no known grid zone"),
        (eia(("2022-01-01T01", "BAT", 1)), "no generation in it"),
    ],
)
def test_a_response_of_eia_that_is_not_what_it_should_be_is_refused(tmp_path: Path, text: str, why: str):
    with pytest.raises(InputError, match=why):
        read("eia-api", tmp_path, text)


def test_the_factors_are_those_of_the_named_set(tmp_path: Path):
    text = eia(("2022-01-01T01", "COL", 100))
    assert read("eia-api", tmp_path, text).table["ci_direct"].to_pylist() == [760]
    direct = read("eia-api", tmp_path, text, factors="eia2023").table["ci_direct"].to_pylist()
    assert direct == [pytest.approx(2.31 * 453.59237)]
    with pytest.raises(InputError, match="option factors: found 'mine', expected ipcc2014, eia2023"):
        read("eia-api", tmp_path, text, factors="mine")


def test_the_default_factors_are_the_medians_that_they_cite():
    medians = {"col": 820, "ng": 490, "bio": 230, "sun": 48, "geo": 38, "wat": 24, "nuc": 12, "wnd": 11}
    assert {name: FACTORS["ipcc2014"].lifecycle[name] for name in medians} == medians


ENDS = ",".join([*(f"{m // 60}:{m % 60:02d}" for m in range(15, 1440, 15)), "0:00"])


def ercot(*rows: tuple[str, str, str]) -> str:
    lines = [f"{day},{fuel},FINAL,0,{','.join([mwh] * 96)}" for day, fuel, mwh in rows]
    return "\n".join([f"Date,Fuel,Settlement Type,Total,{ENDS}", *lines])


def test_ercots_empty_cells_are_unknown_and_not_zero(tmp_path: Path):
    table = read("ercot-fuel-mix", tmp_path, ercot(("1/2/2024", "Wind", "1"), ("1/2/2024", "Coal", ""))).table
    assert (table["col_mw"].null_count, table["ci_lifecycle"].null_count) == (96, 96)


def test_storage_is_no_generation(tmp_path: Path):
    table = read("ercot-fuel-mix", tmp_path, ercot(("1/2/2024", "Wind", "1"), ("1/2/2024", "WSL", "1"))).table
    assert (table["bat_mw"][0].as_py(), table["ci_lifecycle"][0].as_py()) == (4, 11)


@pytest.mark.parametrize(("day", "left"), [("3/10/2024", 92), ("11/3/2024", 92)])
def test_an_hour_that_the_clocks_skip_or_repeat_is_dropped_and_counted(tmp_path: Path, day: str, left: int):
    made = read("ercot-fuel-mix", tmp_path, ercot((day, "Gas", "1")))
    assert len(made.table) == left
    assert made.report.dropped == {"in an hour that the clocks skip or repeat": 4}


def test_an_unknown_fuel_is_refused_and_not_taken_for_another(tmp_path: Path):
    with pytest.raises(InputError, match="row 1: 'Fuel': found 'Steam', expected biomass"):
        read("ercot-fuel-mix", tmp_path, ercot(("1/2/2024", "Steam", "1")))


def test_caisos_file_may_name_its_day_and_ends_with_the_next_one(tmp_path: Path):
    file = tmp_path / "20240501_fuelsource.csv"
    file.write_text("Time,Wind,Natural Gas,Imports\n00:00,1,1,9\n23:55,1,1,9\n00:00,1,1,9\n")
    made = importer("caiso-supply").read([file], {})
    assert made.table["ts"].to_pylist() == [
        datetime(2024, 5, 1, 7, tzinfo=UTC), datetime(2024, 5, 2, 6, 55, tzinfo=UTC),
    ]  # fmt: skip
    assert made.table["imp_mw"].to_pylist() == [9, 9]
    assert made.report.dropped == {"the first sample of the next day": 1}


def watttime(*points: tuple[str, Any], **meta: Any) -> str:
    data = [{"point_time": f"2024-05-01T{hour}:00Z", "value": value} for hour, value in points]
    return json.dumps({"data": data, "meta": {"region": "X", "units": "lbs_co2_per_mwh"} | meta})


def test_saved_responses_become_one_series_in_order(tmp_path: Path):
    made = read("watttime", tmp_path, watttime(("02", 2)), watttime(("00", None), ("01", 1)))
    assert [moment.hour for moment in made.table["ts"].to_pylist()] == [0, 1, 2]
    assert made.table["moer"].null_count == 1
    assert "1 values were null and kept so" in made.report.notes


def test_a_stamp_in_two_files_is_refused_but_not_in_two_forecasts(tmp_path: Path):
    with pytest.raises(InputError, match=r"the files together: zone X: the stamp .* stands twice"):
        read("watttime", tmp_path, watttime(("00", 1)), watttime(("00", 1)))
    forecasts = [watttime(("12", 1), generated_at=f"2024-05-01T0{hour}:00Z") for hour in (0, 1)]
    assert len(read("watttime", tmp_path, *forecasts).table) == 2


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("watttime", json.loads(watttime(("00", "x"))), "row 1: 'value': found 'x', expected a number or null"),
        ("uk-carbon-intensity", {"data": None}, "field 'data': found NoneType, expected a list"),
        ("uk-carbon-intensity", {"data": [{"from": "2022-01-01T00:00Z", "intensity": {"actual": "x", "forecast": 1}}]},
         "row 1: 'actual': found 'x'"),
        ("open-meteo", {"utc_offset_seconds": None, "hourly": {"time": 3}, "hourly_units": {}}, "expected a list"),
    ],
)  # fmt: skip
def test_json_that_is_not_what_it_should_be_is_refused_by_field(tmp_path: Path, name: str, content: Any, why: str):
    with pytest.raises(InputError, match=why):
        read(name, tmp_path, json.dumps(content), **({"zone": "DE"} if name == "open-meteo" else {}))


EM = "Datetime (UTC),Zone Id,Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA),Data Estimated\n"


def test_an_error_names_the_file_and_the_row_in_it(tmp_path: Path):
    with pytest.raises(InputError, match=r"1\.electricity-maps: column 'ci_direct', row 1: found 'x'"):
        read("electricity-maps", tmp_path, EM + "2022-01-01 00:00:00,GB,1,2,", EM + "2022-01-01 01:00:00,GB,x,2,")


def test_an_unknown_flag_is_null_and_a_strange_one_is_refused(tmp_path: Path):
    made = read("electricity-maps", tmp_path, EM + "2022-01-01 00:00:00,GB,1,2,\n2022-01-01 01:00:00,GB,1,2,true")
    assert made.table["estimated"].to_pylist() == [None, True]
    with pytest.raises(InputError, match="row 1: found 'maybe', expected true or false"):
        read("electricity-maps", tmp_path, EM + "2022-01-01 00:00:00,GB,1,2,maybe")


def test_rows_out_of_order_are_sorted_with_a_note(tmp_path: Path):
    made = read("electricity-maps", tmp_path, EM + "2022-01-01 01:00:00,GB,1,2,\n2022-01-01 00:00:00,GB,3,4,")
    assert made.table["ci_direct"].to_pylist() == [3, 1]
    assert made.report.notes == ("rows were not in order of time (1 steps back): sorted",)
