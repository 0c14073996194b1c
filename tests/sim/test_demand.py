"""Request rates as a scenario words them: a swing through the day, a series, or a log of single requests."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.demand import ServiceSpec, Span
from sim.errors import InputError
from sim.model import Region
from sim.scenario import build_world, parse_scenario
from sim.services import Service
from sim.units import DAY_S, HOUR_S
from tests.sim.test_scenario import content
from tests.worlds import START, mock_region

DATA = os.environ.get("CWS_DATA_DIR")
HOURS = 4
SPAN = Span(START, -2 * HOUR_S, HOURS * HOUR_S)
WEB = {"id": "web", "cpus": 2, "requests_per_s": 5, "limit_ms": 1000}


def sites() -> list[Region]:
    return [mock_region("home"), mock_region("away")]


def service(folder: Path | None = None, **changes: Any) -> Service:
    return ServiceSpec.model_validate(WEB | changes).service(sites(), SPAN, folder)


def values(one: Service, region: int = 0) -> list[float]:
    signal = one.rates[region]
    assert signal is not None
    return signal.values.tolist()


def test_rates_swing_around_their_mean_and_peak_at_their_hour():
    one = service(mean_rates={"home": 10}, swing=0.5, peak_hour=0)
    assert values(one)[2] == pytest.approx(15)  # the scenario starts at midnight, two hours after the series
    assert one.rates[1] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "has no rates; expected one of mean_rates, rates, requests"),
        (
            {"mean_rates": {"home": 1}, "rates": {"file": "x", "homes": {"home": 1}}},
            "has mean_rates and rates; expected one",
        ),
        ({"rates": {"file": "x", "homes": {}}}, "at least 1 item"),
        ({"rates": {"file": "x", "homes": {"home": 1}}, "swing": 0.1}, "swing and peak_hour shape mean_rates"),
        ({"rates": {"file": "x", "homes": {"home": 1}, "zone": "GB"}}, "Extra inputs are not permitted"),
        ({"requests": {"file": "x", "homes": {"home": 1}, "step_min": 0}}, "greater than 0"),
    ],
)
def test_a_service_has_one_source_of_rates(changes: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        ServiceSpec.model_validate(WEB | changes)


# -- series --------------------------------------------------------------------------------------


def series(tmp_path: Path, key: str, **rates: list[float | None]) -> Path:
    """Write hourly rates of each place from two hours before the start."""
    stamps = [START + timedelta(hours=h) for h in range(-2, HOURS)]
    table = {
        key: [place for place in rates for _ in stamps],
        "ts": pa.array(stamps * len(rates), type=pa.timestamp("us", tz="UTC")),
        "value": [rate for series in rates.values() for rate in series],
    }
    pq.write_table(pa.table(table), tmp_path / "rates.parquet")
    return tmp_path


RISING = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_a_series_is_read_by_zone_and_multiplied(tmp_path: Path):
    folder = series(tmp_path, "zone", HOME=RISING, AWAY=[1.0] * 6)
    one = service(folder, rates={"file": "rates.parquet", "homes": {"home": 10, "away": 1}})
    assert values(one) == [10, 20, 30, 40, 50, 60]
    assert values(one, 1) == [1.0] * 6
    assert one.rates[0] is not None
    assert one.rates[0].at(0.0) == 30


def test_a_series_is_read_by_home_and_nobody_else_asks(tmp_path: Path):
    folder = series(tmp_path, "home", home=RISING, away=RISING)
    one = service(folder, rates={"file": "rates.parquet", "by": "home", "homes": {"away": 1}})
    assert one.rates[0] is None
    assert values(one, 1) == RISING


def test_what_is_wrong_in_a_series_is_named(tmp_path: Path):
    spec = {"file": "rates.parquet", "by": "home", "homes": {"home": 1}}
    with pytest.raises(InputError, match="--data-dir"):
        service(rates=spec)
    with pytest.raises(InputError, match="no home 'home'; near it are hom"):
        service(series(tmp_path, "home", hom=RISING), rates=spec)
    with pytest.raises(InputError, match="home home, column 'value': found -1, expected requests a second"):
        service(series(tmp_path, "home", home=[*RISING[:5], -1.0]), rates=spec)
    with pytest.raises(InputError, match=r"home home, column 'value' has 1 value\(s\) that are null"):
        service(series(tmp_path, "home", home=[*RISING[:5], None]), rates=spec)
    with pytest.raises(InputError, match="column 'zone' is missing"):
        service(series(tmp_path, "home", home=RISING), rates={"file": "rates.parquet", "homes": {"home": 1}})
    with pytest.raises(InputError, match="service web: no region 'x' in homes; regions are home, away"):
        service(tmp_path, rates={"file": "rates.parquet", "homes": {"x": 1}})


# -- logs of requests ----------------------------------------------------------------------------


def log(tmp_path: Path, submit_s: list[float | None], names: list[str] | None = None) -> Path:
    table: dict[str, Any] = {"submit_s": submit_s, "service": names or ["chat"] * len(submit_s)}
    pq.write_table(pa.table(table), tmp_path / "log.parquet")
    return tmp_path


def asked(**changes: Any) -> dict[str, Any]:
    return {"file": "log.parquet", "step_min": 60, "homes": {"home": 1}, **changes}


def test_a_log_is_counted_and_begins_anew_at_the_start(tmp_path: Path):
    """Two requests in hour 0, one in hour 1, three in hour 2; hour 3 is not whole. Hours -2 and -1 are 1 and 2."""
    folder = log(tmp_path, [0.0, 3599.0, 3600.0, 7200.0, 8000.0, 9000.0, 10800.0])
    counts = np.array(values(service(folder, requests=asked()))) * HOUR_S
    assert counts.round(9).tolist() == [1, 3, 2, 1, 3, 2]


def test_requests_of_one_service_are_split_over_homes_by_factors(tmp_path: Path):
    folder = log(tmp_path, [0.0, 1.0, 2.0, 3700.0], ["chat", "code", "chat", "chat"])
    one = service(folder, requests=asked(service="chat", homes={"home": 0.25, "away": 10}))
    assert values(one) == pytest.approx([0.5 / HOUR_S] * 6)
    assert values(one, 1) == pytest.approx([20 / HOUR_S] * 6)


@pytest.mark.parametrize(
    ("submit_s", "changes", "message"),
    [
        ([0.0, 10.0], {}, "no request after 3600 s; expected more than one step of `step_min`"),
        ([0.0, 4000.0], {"service": "code"}, "no service 'code'; it has chat"),
        ([0.0, None], {}, "column 'submit_s', row 1: found None"),
        ([-5.0, 4000.0], {}, "column 'submit_s', row 0: found -5.0"),
    ],
)
def test_what_is_wrong_in_a_log_is_named(
    tmp_path: Path, submit_s: list[float | None], changes: dict[str, Any], message: str
):
    with pytest.raises(InputError, match=message):
        service(log(tmp_path, submit_s), requests=asked(**changes))


def test_a_scenario_builds_a_world_with_a_logged_service_and_is_read_back_as_it_was_written(tmp_path: Path):
    spec = content(services=[WEB | {"requests": asked(homes={"gb": 1})}])
    scenario = parse_scenario(spec, "x")
    world = build_world(scenario, log(tmp_path, [0.0, 4000.0]))
    assert parse_scenario(scenario.model_dump(mode="json"), "run.json") == scenario
    (rate,) = world.services[0].rates
    assert rate is not None
    assert rate.start_s <= -7 * DAY_S
    assert rate.end_s >= world.horizon_s


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="CWS_DATA_DIR does not name the real data")
def test_azures_log_of_requests_keeps_its_mean_rate():
    """12,974 requests of conversations in 36.5 minutes: about 5.9 a second."""
    requests = {
        "file": "workloads/llm_requests_azure2023_first70.parquet",
        "service": "conv",
        "step_min": 1,
        "homes": {"home": 1},
    }
    rates = np.array(values(service(Path(str(DATA)), requests=requests)))
    assert rates.mean() == pytest.approx(12974 / 2187, rel=0.02)
    assert rates.min() > 0
