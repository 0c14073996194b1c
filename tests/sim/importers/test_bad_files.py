"""Files as they come: other line ends and packing change nothing, and what is broken is refused in words."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.errors import InputError
from sim.importers.base import Imported
from sim.importers.registry import FORMATS

EM = "Datetime (UTC),Zone Id,Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA),Data Source\n"
QUARTERS = ",".join([*(f"{minute // 60}:{minute % 60:02d}" for minute in range(15, 1440, 15)), "0:00"])
EVENT = '{{"collection_id": 5, "instance_index": 2, "type": {}, "time": {}}}\n'
TASK = "{}000000,,7,0,,{},u,2,9,0.5,0.2,0,0\n"
FUELS = "timestamp,WND,SUN,WAT,OIL,NG,COL,NUC,OTH\n"


def eia(*rows: tuple[str, str, Any], total: int = 2) -> str:
    data = [{"period": period, "respondent": "NYIS", "fueltype": fuel, "value": value} for period, fuel, value in rows]
    return json.dumps({"response": {"total": total, "data": data}})


def watttime(**meta: Any) -> str:
    rows = [{"point_time": "2024-05-01T00:00Z", "value": 1}]
    return json.dumps({"data": rows, "meta": {"region": "X", "units": "lbs_co2_per_mwh"} | meta})


def weather(**hourly: Any) -> str:
    columns = {"time": ["2022-01-01T00:00"], "temperature_2m": [1.0], "relative_humidity_2m": [50.0],
               "cloudcover": [1], "windspeed_10m": [1.0]}  # fmt: skip
    units = {"temperature_2m": "°C", "relative_humidity_2m": "%", "cloudcover": "%", "windspeed_10m": "km/h"}
    return json.dumps({"utc_offset_seconds": 0, "hourly_units": units, "hourly": columns | hourly})


GOOD: dict[str, tuple[str, dict[str, str]]] = {
    "electricity-maps": (EM + "2022-01-01 00:00:00,GB,50,90,a\n2022-01-01 01:00:00,GB,51,91,a\n", {}),
    "watttime": (watttime(), {}),
    "sgip-moer": ("time,moer,f1\n2021-01-01T00:00:00Z,0.4,0.41\n2021-01-01T00:05:00Z,0.4,0.41\n", {"zone": "Z"}),
    "uk-carbon-intensity": (
        json.dumps({"data": [{"from": "2022-01-01T00:00Z", "intensity": {"forecast": 1, "actual": 2}}]}),
        {},
    ),
    "eia-mix": (FUELS + "2022-01-01T01:00Z,1,2,3,4,5,6,7,8\n", {"zone": "X"}),
    "eia-api": (eia(("2022-01-01T01", "NG", 1), ("2022-01-01T01", "WND", 1)), {}),
    "caiso-supply": ("Time,Wind,Natural Gas\n00:00,1,1\n00:05,1,1\n", {"date": "2024-05-01"}),
    "ercot-fuel-mix": (f"Date,Fuel,{QUARTERS}\n1/2/2024,Gas,{','.join(['1'] * 96)}\n", {}),
    "open-meteo": (weather(), {"zone": "DE"}),
    "gaia": ("arrival_time,length,cpus\n0,5,1\n9,2,3\n", {}),
    "alibaba2018": ("M1,3,j_1,1,Terminated,10,20,100,0.5\nR2_1,1,j_1,1,Terminated,20,50,50,0.2\n", {}),
    "alibaba-gpu2023": ("name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,6000,1000,1,460\n", {}),
    "azure-vm": ("a,s,d,300,600,9,5,8,Unknown,2,4\nb,s,d,300,900,9,5,8,Unknown,2,4\n", {}),
    "swf": ("1 0 -1 10 4 -1 -1 -1 -1 -1 1 -1 4 -1 2 -1 -1 -1\n2 5 -1 10 4 -1 -1 -1 -1 -1 1 -1 4 -1 2 -1 -1 -1\n", {}),
    "google2011": ("".join(TASK.format(s, kind) for s, kind in ((601, 0), (610, 1), (700, 4))), {}),
    "google2019": ("".join(EVENT.format(kind, s * 10**6) for s, kind in ((601, 0), (610, 3), (700, 6))), {}),
    "wfcommons": (
        json.dumps({"schemaVersion": "1.4", "workflow": {"tasks": [{"name": "a", "parents": [], "cores": 2}]}}),
        {},
    ),
    "azure-llm": ("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,7,10\n", {}),
}  # fmt: skip


def read(name: str, folder: Path, content: str | bytes, **options: str) -> Imported:
    file = folder / "file"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return FORMATS[name].read([file], GOOD[name][1] | options)


def test_every_format_has_a_good_file_here():
    assert set(GOOD) == set(FORMATS)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.encode() + b"\n\n",
    ],
    ids=["byte order mark", "carriage returns", "gzip", "empty lines"],
)
def test_the_packing_of_a_file_changes_nothing(name: str, change: Callable[[str], bytes], tmp_path: Path):
    text = GOOD[name][0]
    assert read(name, tmp_path, change(text)).table.equals(read(name, tmp_path, text).table)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"",
        lambda text: b" \n\n",
        lambda text: gzip.compress(text.encode())[:-9],
        lambda text: text.encode("utf-16"),
        lambda text: bytes(range(256)) * 4,
        lambda text: b"[]",
        lambda text: b"[" * 100_000,
    ],
    ids=["empty", "blank", "cut gzip", "utf-16", "binary", "a list", "deep"],
)
def test_what_is_no_such_file_is_refused_in_words(name: str, change: Callable[[str], bytes], tmp_path: Path):
    with pytest.raises(InputError):
        read(name, tmp_path, change(GOOD[name][0]))


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_file_and_a_folder_are_refused_in_words(name: str, tmp_path: Path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            FORMATS[name].read([path], GOOD[name][1])


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("electricity-maps", EM + '2022-01-01 00:00,GB,1,2,"a\n2022-01-01 01:00,GB,1,2,b\n', "1 rows in 2 lines; is a"),
        ("electricity-maps", EM + "2022-01-01 00:00,GB,inf,2,\n", "row 1: found inf, expected a finite number"),
        ("electricity-maps", EM + "2022-01-01 00:00,GB,2e6,2,\n", "row 1: found 2e.06, expected at most 1e.06"),
        ("electricity-maps", EM + "2022-01-01 00:00,GB,1_0,2,\n", "row 1: found '1_0', expected a number"),
        ("electricity-maps", EM + "0001-01-01T00:00+05:00,GB,1,2,\n", "expected a time in ISO 8601"),
        ("electricity-maps", EM + "2022-01-01 00:00, ,1,2,\n", "found 1 empty, expected a zone in each row"),
        ("electricity-maps", "a," + EM.replace("Data Source", "a"), "column 'a' stands twice"),
        ("watttime", watttime(signal_type="co2_aoer"), "signal_type is 'co2_aoer', expected 'co2_moer'"),
        ("watttime", watttime(region=[]), "'region': found .., expected a name"),
        ("watttime", watttime(generated_at=[]), "expected a time"),
        ("sgip-moer", "time,moer\n2021-01-01T00:00,0.4\n", "has no time zone"),
        ("eia-api", eia(("2022-01-01", "NG", 1)), "found '2022-01-01', expected an hour of UTC"),
        ("eia-api", eia(("2022-01-01T01", "STEAM", 1)), "'fueltype': found 'STEAM', expected WND"),
        ("caiso-supply", "Time,Wind,Steam\n00:00,1,1\n", "found columns Time, Wind, Steam, expected Time, solar"),
        ("ercot-fuel-mix", f"Date,Fuel,{QUARTERS}\n1/2/2024,Gas,{','.join(['9e9'] * 96)}\n", "at most 1e.06 MW"),
        ("open-meteo", weather(relative_humidity_2m=[101]), "value 1: found 101, expected at most 100"),
        ("open-meteo", weather().replace('"utc_offset_seconds": 0', '"utc_offset_seconds": null'), "found null"),
        ("gaia", "arrival_time,length,cpus\n0,,1\n", "column 'length', row 1: found nan, expected a number"),
        ("alibaba2018", GOOD["alibaba2018"][0].replace("R2_1", "R1"), "job j_1: task 1 stands twice"),
        ("alibaba2018", "M1,2.5,j_1,1,Terminated,10,20,100,0.5\n", "found 2.5, expected a whole number"),
        ("azure-vm", "a,s,d,300,600,9,5,8,Unknown,many,4\n", "column 'cores', row 1: found 'many'"),
        ("swf", "1 0 -1 inf 4 -1 -1 -1 -1 -1 1 -1 4 -1 2 -1 -1 -1\n", "expected numbers"),
        ("google2011", "601000000,,7.5,0,,0,u,2,9,0.5,0.2,0,0\n", "column 'job', row 1: found 7.5, expected a whole"),
        ("google2019", EVENT.format(99, 1), "column 'type', row 1: found 99, expected at most 10"),
        ("google2019", "{}\n[1]\n", "line 2: found list, expected an object"),
        ("azure-llm", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17,7.5,1\n", "expected a whole number"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_place(name: str, text: str, why: str, tmp_path: Path):
    with pytest.raises(InputError, match=why):
        read(name, tmp_path, text)


def test_pages_of_eia_may_end_within_an_hour_and_a_page_that_lacks_is_told(tmp_path: Path):
    """Gas in one response, wind in the next: half and half."""
    files = [tmp_path / name for name in ("1.json", "2.json")]
    for file, fuel in zip(files, ("NG", "WND"), strict=True):
        file.write_text(eia(("2022-01-01T01", fuel, 1)))
    both = FORMATS["eia-api"].read(files, {})
    assert both.table["ci_lifecycle"].to_pylist() == [(490 + 11) / 2]
    assert not any("other pages lack" in note for note in both.report.notes)
    assert "only 1 of the 2 rows that the responses speak of: other pages lack" in (
        FORMATS["eia-api"].read(files[:1], {}).report.notes
    )


def test_sun_with_batteries_of_its_own_is_sun(tmp_path: Path):
    made = read("eia-api", tmp_path, eia(("2022-01-01T01", "SUN", 1), ("2022-01-01T01", "SNB", 2)))
    assert made.table["sun_mw"].to_pylist() == [3]


def test_caisos_rows_may_stand_in_any_order_and_columns_that_lack_are_told(tmp_path: Path):
    made = read("caiso-supply", tmp_path, "Time,Wind,Natural Gas\n00:10,1,1\n00:05,1,1\n00:00,1,1\n")
    assert len(made.table) == 3
    assert any(note.startswith("no column of solar, geothermal") for note in made.report.notes)


def test_swf_reads_no_other_negative_number(tmp_path: Path):
    made = read("swf", tmp_path, "1 0 -1 10 4 -1 -5 -1 -1 -1 1 -1 4 -1 2 -1 -1 -1\n")
    assert made.table["memory_gb"].to_pylist() == [None]
    assert made.report.notes == ("1 values are below 0, but not -1 (unknown): null",)
