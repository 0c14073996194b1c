"""Fetching long spans: what two answers have in common is kept once, and pages have an order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sim.errors import InputError
from sim.fetch import Span, fetch_eia, fetch_electricitymaps, fetch_watttime
from tests.sim.test_fetch import Answer, Server

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
    assert [moment.day for moment in made.table["ts"].to_pylist()] == [1, 11, 12]


def test_watttime_may_answer_with_both_ends_of_a_part(server: Server):
    def answer(path: str, query: dict[str, list[str]], n: int) -> Answer:
        if path == "/login":
            return 200, {"token": "t"}, {}
        meta = {"region": "X", "units": "lbs_co2_per_mwh"}
        return 200, {"data": [{"point_time": moment, "value": 1} for moment in ends(query)], "meta": meta}, {}

    server.answer = answer
    made = fetch_watttime(Span("X", START, START + timedelta(days=40)), server.url)
    assert [f"{moment:%m-%d}" for moment in made.table["ts"].to_pylist()] == ["01-01", "02-01", "02-10"]


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
