"""Fetching, against a real server on this machine: retries, keys that stay secret, pages, and what cannot be had."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sim.errors import InputError
from sim.fetch import Span, fetch_eia, fetch_electricitymaps, fetch_ukgrid, fetch_watttime

SECRET = "s3cret-key"
START = datetime(2022, 1, 1, tzinfo=UTC)
Answer = tuple[int, Any, dict[str, str]]


class Server:
    """Answers each request by a function of its path, query and headers; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.answer: Callable[[str, dict[str, list[str]], int], Answer] = lambda path, query, n: (404, {}, {})
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = parse_qs(parts.query)
                owner.asked.append((parts.path, query, dict(self.headers)))
                status, content, headers = owner.answer(parts.path, query, len(owner.asked))
                body = json.dumps(content).encode() if not isinstance(content, bytes) else content
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Server:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def half_hours(first: datetime, count: int) -> list[dict[str, Any]]:
    return [
        {"from": f"{first + timedelta(minutes=30 * n):%Y-%m-%dT%H:%MZ}", "intensity": {"forecast": 90, "actual": 100}}
        for n in range(count)
    ]


def test_a_long_span_is_asked_for_in_parts_that_the_api_allows(server: Server):
    """Twenty days are 14 and 6; the half hour at their common end is kept once."""
    server.answer = lambda path, query, n: (200, {"data": half_hours(START + timedelta(days=14 * (n - 1)), 3)}, {})
    made = fetch_ukgrid(Span("GB", START, START + timedelta(days=20)), server.url)
    assert [path for path, _, _ in server.asked] == [
        "/intensity/2022-01-01T00:00Z/2022-01-15T00:00Z",
        "/intensity/2022-01-15T00:00Z/2022-01-21T00:00Z",
    ]
    assert len(made.table) == 6
    assert len(made.report.gaps) == 1


def test_a_server_that_is_busy_is_asked_again_and_waited_for_as_it_says(server: Server):
    busy: Answer = (429, {}, {"Retry-After": "0"})
    server.answer = lambda path, query, n: busy if n < 3 else (200, {"data": half_hours(START, 4)}, {})
    assert len(fetch_ukgrid(Span("GB", START, START + timedelta(days=1)), server.url, backoff_s=0.001).table) == 4
    assert len(server.asked) == 3


def test_a_server_that_stays_broken_is_given_up_with_a_reason(server: Server):
    server.answer = lambda path, query, n: (503, {}, {})
    with pytest.raises(InputError, match="UK Carbon Intensity: answered 503, 5 times; try again later"):
        fetch_ukgrid(Span("GB", START, START + timedelta(days=1)), server.url, backoff_s=0.001)
    assert len(server.asked) == 5


def test_what_is_no_json_is_refused(server: Server):
    server.answer = lambda path, query, n: (200, b"<html>", {})
    with pytest.raises(InputError, match="the answer is not JSON"):
        fetch_ukgrid(Span("GB", START, START + timedelta(days=1)), server.url)


def test_a_missing_key_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ELECTRICITYMAPS_TOKEN", raising=False)
    with pytest.raises(InputError, match="environment variable ELECTRICITYMAPS_TOKEN is not set"):
        fetch_electricitymaps(Span("GB", START, START + timedelta(days=1)))


def test_a_key_is_sent_and_never_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Not in logs at any level, and not in the error of a refusal, wherever the key travels."""
    for name in ("ELECTRICITYMAPS_TOKEN", "EIA_API_KEY", "WATTTIME_USER", "WATTTIME_PASSWORD"):
        monkeypatch.setenv(name, SECRET)
    server.answer = lambda path, query, n: (401, {"error": "no"}, {})
    span = Span("GB", START, START + timedelta(days=1))
    with caplog.at_level(logging.DEBUG):
        for fetch in (fetch_electricitymaps, fetch_eia, fetch_watttime):
            with pytest.raises(InputError, match="answered 401") as refused:
                fetch(span, server.url)
            assert SECRET not in str(refused.value)
    assert SECRET not in caplog.text
    assert server.asked[0][2]["auth-token"] == SECRET
    assert server.asked[1][1]["api_key"] == [SECRET]
    assert server.asked[2][2]["Authorization"].startswith("Basic ")


def test_electricity_maps_rows_keep_their_nulls(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELECTRICITYMAPS_TOKEN", SECRET)
    rows = [
        {"datetime": "2022-01-01T00:00:00.000Z", "carbonIntensity": 90, "isEstimated": False},
        {"datetime": "2022-01-01T01:00:00.000Z", "carbonIntensity": None, "isEstimated": True},
    ]
    server.answer = lambda path, query, n: (200, {"zone": "GB", "data": rows}, {})
    made = fetch_electricitymaps(Span("GB", START, START + timedelta(hours=2)), server.url)
    assert made.table["ci_lifecycle"].to_pylist() == [90, None]
    assert made.table["estimated"].to_pylist() == [False, True]


def test_watttime_logs_in_first_and_then_asks_with_its_token(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WATTTIME_USER", "me")
    monkeypatch.setenv("WATTTIME_PASSWORD", SECRET)
    meta = {"region": "CAISO_NORTH", "units": "lbs_co2_per_mwh"}
    data = {"data": [{"point_time": "2022-01-01T00:00:00+00:00", "value": 1000}], "meta": meta}
    server.answer = lambda path, query, n: (200, {"token": "t"} if path == "/login" else data, {})
    made = fetch_watttime(Span("CAISO_NORTH", START, START + timedelta(days=1)), server.url)
    assert server.asked[1][2]["Authorization"] == "Bearer t"
    assert made.table["moer"].to_pylist() == [pytest.approx(453.59237)]


def test_eia_is_read_page_by_page_and_its_hours_begin_an_hour_before_they_end(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("EIA_API_KEY", SECRET)
    rows = [
        {"period": "2022-01-01T01", "fueltype": "NG", "value": 50},
        {"period": "2022-01-01T01", "fueltype": "WND", "value": 50},
        {"period": "2022-01-01T01", "fueltype": "BAT", "value": 7},
    ]

    def answer(path: str, query: dict[str, list[str]], n: int) -> Answer:
        offset = int(query["offset"][0])
        return 200, {"response": {"total": "3", "data": rows[offset : offset + 2]}}, {}

    server.answer = answer
    made = fetch_eia(Span("NYIS", START, START + timedelta(hours=2)), server.url)
    assert len(server.asked) == 2
    assert made.table["ts"].to_pylist() == [START]
    assert made.table["ci_lifecycle"].to_pylist() == [pytest.approx((490 + 11) / 2)]
    assert made.report.dropped == {"of storage": 1}


def test_a_fetch_leaves_the_logging_of_the_process_as_it_was(server: Server, caplog: pytest.LogCaptureFixture):
    """Others may want to read what httpx logs: nothing is switched off, and only the query is taken off."""
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    before = [(logger.level, list(logger.filters)) for logger in loggers]
    server.answer = lambda path, query, n: (200, {"data": half_hours(START, 4)}, {})
    with caplog.at_level(logging.INFO):
        fetch_ukgrid(Span("GB", START, START + timedelta(days=1)), server.url)
    assert [(logger.level, list(logger.filters)) for logger in loggers] == before
    assert "/intensity/2022-01-01" in caplog.text


def test_a_key_that_no_header_can_hold_is_refused_by_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELECTRICITYMAPS_TOKEN", "clé")
    with pytest.raises(InputError, match="ELECTRICITYMAPS_TOKEN holds characters that no key has"):
        fetch_electricitymaps(Span("GB", START, START + timedelta(days=1)))


def test_an_answer_that_cannot_be_unpacked_is_tried_again_and_given_up_in_words(server: Server):
    server.answer = lambda path, query, n: (200, b"not gzip", {"Content-Encoding": "gzip"})
    with pytest.raises(InputError, match=r"no answer .DecodingError., 5 times"):
        fetch_ukgrid(Span("GB", START, START + timedelta(days=1)), server.url, backoff_s=0.001)
