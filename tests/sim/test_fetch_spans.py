"""Fetching long spans: what lies in the span is kept, once, and nothing else; pages have an order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sim import fetch
from sim.errors import InputError
from sim.fetch import (
    Span,
    fetch_eia,
    fetch_electricitymaps,
    fetch_ukgrid,
    fetch_watttime,
    fetch_watttime_forecast,
)
from tests.sim.test_fetch import Answer, Server, half_hours

START = datetime(2022, 1, 1, tzinfo=UTC)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("ELECTRICITYMAPS_TOKEN", "EIA_API_KEY", "WATTTIME_USER", "WATTTIME_PASSWORD"):
        monkeypatch.setenv(name, "k")
    with Server() as running:
        yield running


def ends(query: dict[str, list[str]]) -> list[str]:
    return [query[name][0] for name in ("start", "end")]


def test_electricity_maps_may_answer_with_both_ends_of_a_part(server: Server):
    server.answer = lambda path, query, n: (
        200, {"data": [{"datetime": moment, "carbonIntensity": 1} for moment in ends(query)]}, {},
    )  # fmt: skip
    made = fetch_electricitymaps(Span("GB", START, START + timedelta(days=11)), server.url)
    assert [moment.day for moment in made.table["ts"].to_pylist()] == [1, 11]


def test_watttime_may_answer_with_both_ends_of_a_part(server: Server):
    def answer(path: str, query: dict[str, list[str]], n: int) -> Answer:
        if path == "/login":
            return 200, {"token": "t"}, {}
        meta = {"region": "X", "units": "lbs_co2_per_mwh"}
        return 200, {"data": [{"point_time": moment, "value": 1} for moment in ends(query)], "meta": meta}, {}

    server.answer = answer
    made = fetch_watttime(Span("X", START, START + timedelta(days=40)), server.url)
    assert [f"{moment:%m-%d}" for moment in made.table["ts"].to_pylist()] == ["01-01", "02-01"]


def test_eia_is_asked_in_one_order_for_the_hours_of_the_span_and_no_other(server: Server):
    row = {"period": "2022-01-01T01", "fueltype": "NG", "value": 1}
    server.answer = lambda path, query, n: (200, {"response": {"total": "1", "data": [row]}}, {})
    fetch_eia(Span("NYIS", START, START + timedelta(hours=2)), server.url)
    ((_, query, _),) = server.asked
    assert (query["start"], query["end"]) == (["2022-01-01T01"], ["2022-01-01T02"])
    assert (query["sort[0][column]"], query["sort[1][column]"]) == (["period"], ["fueltype"])


def test_pages_that_end_too_early_are_not_taken_for_all(server: Server):
    server.answer = lambda path, query, n: (200, {"response": {"total": "9", "data": []}}, {})
    with pytest.raises(InputError, match="the pages ended after 0 of 9 rows"):
        fetch_eia(Span("NYIS", START, START + timedelta(hours=2)), server.url)


def test_what_a_publisher_answers_beyond_the_span_is_left_out(server: Server):
    """Half hours from 23:00 to 03:00 for a span of 00:00 until 01:00."""
    server.answer = lambda path, query, n: (200, {"data": half_hours(START - timedelta(hours=1), 8)}, {})
    made = fetch_ukgrid(Span("GB", START, START + timedelta(hours=1)), server.url)
    assert made.table["ts"].to_pylist() == [START, START + timedelta(minutes=30)]
    assert made.report.rows_kept == 2


def test_eia_answers_beyond_the_span_are_left_out_and_the_grid_zone_is_named(server: Server):
    rows = [{"period": f"2022-01-01T0{hour}", "fueltype": "NG", "value": 1} for hour in range(1, 5)]
    server.answer = lambda path, query, n: (200, {"response": {"total": "4", "data": rows}}, {})
    made = fetch_eia(Span("NYIS", START, START + timedelta(minutes=90)), server.url)
    assert made.table["ts"].to_pylist() == [START, START + timedelta(hours=1)]
    assert made.table["zone"].to_pylist() == ["US-NY-NYIS"] * 2
    assert server.asked[0][1]["end"] == ["2022-01-01T02"]


def test_a_span_of_which_nothing_is_there_is_an_error(server: Server):
    server.answer = lambda path, query, n: (200, {"data": half_hours(START - timedelta(days=1), 3)}, {})
    with pytest.raises(InputError, match="nothing of zone GB from 2022-01-01T00:00:00Z until 2022-01-02T00:00:00Z"):
        fetch_ukgrid(Span("GB", START, START + timedelta(days=1)), server.url)


def test_ukgrid_has_no_other_zone_than_gb(server: Server):
    with pytest.raises(InputError, match="found zone 'DE', expected GB"):
        fetch_ukgrid(Span("DE", START, START + timedelta(days=1)), server.url)
    assert server.asked == []


def issues(query: dict[str, list[str]]) -> list[dict[str, object]]:
    """A forecast of two values issued at each end of what was asked for."""
    return [
        {
            "generated_at": moment,
            "forecast": [{"point_time": moment.replace("T00:00", f"T00:{m}"), "value": 1000} for m in ("00", "05")],
        }
        for moment in ends(query)
    ]


def test_watttimes_forecasts_are_asked_for_by_day_and_keep_when_they_were_issued(server: Server):
    meta = {"region": "X", "units": "lbs_co2_per_mwh", "signal_type": "co2_moer"}
    server.answer = lambda path, query, n: (
        200, {"token": "t"} if path == "/login" else {"data": issues(query), "meta": meta}, {},
    )  # fmt: skip
    made = fetch_watttime_forecast(Span("X", START, START + timedelta(days=2)), server.url)
    assert [path for path, _, _ in server.asked] == ["/login", *["/v3/forecast/historical"] * 2]
    assert [moment.day for moment in made.table["issued_at"].to_pylist()] == [1, 1, 2, 2]
    assert made.table["moer"].to_pylist() == [pytest.approx(453.59237)] * 4
    assert made.report.gaps == ()


def test_watttimes_token_is_fetched_anew_before_it_ends(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetch, "TOKEN_S", -1.0)
    meta = {"region": "X", "units": "lbs_co2_per_mwh"}
    server.answer = lambda path, query, n: (
        200,
        {"token": "t"} if path == "/login" else {"data": [{"point_time": ends(query)[0], "value": 1}], "meta": meta},
        {},
    )
    fetch_watttime(Span("X", START, START + timedelta(days=40)), server.url)
    assert [path for path, _, _ in server.asked] == ["/login", "/v3/historical"] * 2
