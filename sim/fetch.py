"""Fetching series from their publishers: UK Carbon Intensity, Electricity Maps, WattTime, EIA.

Keys come from the environment and go into headers (EIA's into the query, which is why no URL is ever shown or logged
here). A request is tried again on timeouts, 429 and 5xx, as long as the server asks (Retry-After) or exponentially
longer; then the error says what to do. What comes back goes through the same parsers as files.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pyarrow as pa
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from sim.errors import InputError
from sim.importers.base import Imported, Report
from sim.importers.checks import field, number, rows
from sim.importers.csvfile import need, nullable
from sim.importers.generation_mix import parse_eia
from sim.importers.series import gaps, moments, series
from sim.importers.uk_carbon_intensity import parse_uk
from sim.importers.watttime import parse_watttime
from sim.units import iso

ATTEMPTS = 5
TIMEOUT_S = 30.0
LONGEST_WAIT_S = 60.0


class _Again(Exception):
    """A failure that may pass: `wait_s` is what the server asked for, if it did."""

    def __init__(self, what: str, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Span:
    """What to fetch: a zone as the publisher names it, from one moment to another, UTC."""

    zone: str
    start: datetime
    end: datetime

    def chunks(self, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Yield the span in parts of at most so many days."""
        left = self.start
        while left < self.end:
            right = min(left + timedelta(days=days), self.end)
            yield left, right
            left = right


class Client:
    """Asks one publisher, patiently. `backoff_s` is the first wait of a retry."""

    def __init__(self, name: str, base_url: str, headers: Mapping[str, str], *, backoff_s: float = 1.0) -> None:
        self._name = name
        self._http = httpx.Client(base_url=base_url, headers=dict(headers), timeout=TIMEOUT_S)
        self._backoff_s = backoff_s
        # httpx logs every URL at INFO, and httpcore its headers at DEBUG: a key may be in either
        for library in ("httpx", "httpcore"):
            logging.getLogger(library).setLevel(logging.WARNING)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None) -> Any:
        """Return the JSON of a resource.

        Raises:
            InputError: If the publisher refuses, goes on failing, or answers with something else than JSON.
        """
        patience = Retrying(
            retry=retry_if_exception_type(_Again),
            stop=stop_after_attempt(ATTEMPTS),
            wait=self._wait,
            reraise=True,
        )
        try:
            return patience(self._once, path, params, auth)
        except _Again as gave_up:
            raise InputError(f"{self._name}: {gave_up}, {ATTEMPTS} times; try again later") from None

    def _wait(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.wait_s if isinstance(failure, _Again) else None
        longer = wait_exponential(multiplier=self._backoff_s, max=LONGEST_WAIT_S)(state)
        return min(LONGEST_WAIT_S, asked) if asked is not None else longer

    def _once(self, path: str, params: Mapping[str, str] | None, auth: tuple[str, str] | None) -> Any:
        try:
            answer = self._http.get(path, params=params, auth=auth)
        except httpx.TransportError as error:
            raise _Again(f"no answer ({type(error).__name__})") from None
        if answer.status_code == 429 or answer.status_code >= 500:
            after = answer.headers.get("Retry-After", "")
            raise _Again(f"answered {answer.status_code}", float(after) if after.isdigit() else None)
        if answer.status_code in (401, 403):
            raise InputError(
                f"{self._name}: answered {answer.status_code}: the key is missing, wrong or may not do this"
            )
        if answer.status_code != 200:
            raise InputError(f"{self._name}: answered {answer.status_code} for {path}; is the zone right?")
        try:
            return answer.json()
        except ValueError:
            raise InputError(f"{self._name}: the answer is not JSON") from None


def _key(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise InputError(f"environment variable {name} is not set: it holds the key that this source wants")
    return value


def fetch_ukgrid(span: Span, base_url: str | None = None, *, backoff_s: float = 1.0) -> Imported:
    """Return Great Britain's half-hourly intensity. No key; at most 14 days a request."""
    items: list[Any] = []
    with Client(
        "UK Carbon Intensity", base_url or "https://api.carbonintensity.org.uk", {}, backoff_s=backoff_s
    ) as api:
        for left, right in span.chunks(14):
            items += rows(api.get(f"/intensity/{_minute(left)}/{_minute(right)}"), "data", "UK Carbon Intensity")
    content = {"data": _distinct(items, "from", "UK Carbon Intensity")}
    return parse_uk(content, "UK Carbon Intensity")


def _distinct(items: list[Any], key: str, source: str) -> list[Any]:
    """Return rows with each stamp once: both ends of a part of a span may belong to it. The later answer holds."""
    return list({need(row, key, source): row for row in items}.values())


def _minute(moment: datetime) -> str:
    return iso(moment)[:-4] + "Z"


def fetch_electricitymaps(span: Span, base_url: str | None = None, *, backoff_s: float = 1.0) -> Imported:
    """Return a zone's hourly life-cycle intensity (`/v3/carbon-intensity/past-range`). Key: ELECTRICITYMAPS_TOKEN."""
    headers = {"auth-token": _key("ELECTRICITYMAPS_TOKEN")}
    items: list[Any] = []
    with Client("Electricity Maps", base_url or "https://api.electricitymaps.com", headers, backoff_s=backoff_s) as api:
        for left, right in span.chunks(10):
            query = {"zone": span.zone, "start": iso(left), "end": iso(right)}
            items += rows(api.get("/v3/carbon-intensity/past-range", query), "data", "Electricity Maps")
    items = _distinct(items, "datetime", "Electricity Maps")
    stamps = moments([row["datetime"] for row in items], "Electricity Maps")
    values = field(items, "carbonIntensity", "Electricity Maps", least=0.0)
    flags = pa.array([row.get("isEstimated") for row in items], type=pa.bool_())
    columns = {"ci_lifecycle": nullable(values), "estimated": flags}
    table = series([span.zone] * len(stamps), stamps, columns, "Electricity Maps")
    return Imported("signal", table, Report(len(items), len(table), gaps=gaps(table)))


def fetch_watttime(span: Span, base_url: str | None = None, *, backoff_s: float = 1.0) -> Imported:
    """Return a region's marginal emissions, g/kWh. Account: WATTTIME_USER and WATTTIME_PASSWORD; 32 days a request."""
    account = (_key("WATTTIME_USER"), _key("WATTTIME_PASSWORD"))
    base = base_url or "https://api.watttime.org"
    with Client("WattTime", base, {}, backoff_s=backoff_s) as api:
        token = str(need(api.get("/login", auth=account), "token", "WattTime"))
    items: dict[str, Any] = {}
    meta: Any = {}
    with Client("WattTime", base, {"Authorization": f"Bearer {token}"}, backoff_s=backoff_s) as api:
        for left, right in span.chunks(31):
            query = {"region": span.zone, "start": iso(left), "end": iso(right), "signal_type": "co2_moer"}
            answer = api.get("/v3/historical", query)
            meta = need(answer, "meta", "WattTime")
            items |= {need(row, "point_time", "WattTime"): row for row in rows(answer, "data", "WattTime")}
    return parse_watttime({"data": list(items.values()), "meta": meta}, "WattTime")


def fetch_eia(span: Span, base_url: str | None = None, *, backoff_s: float = 1.0) -> Imported:
    """Return a balancing authority's hourly mix (MW) and its intensity. Key: EIA_API_KEY; 5,000 rows a request.

    EIA's periods name the hour that ends then: an hour is taken off. Pages are asked for in one order, so that none is
    missed or had twice.
    """
    key = _key("EIA_API_KEY")
    items: list[Any] = []
    with Client("EIA", base_url or "https://api.eia.gov", {}, backoff_s=backoff_s) as api:
        while True:
            query = {
                "api_key": key, "frequency": "hourly", "data[0]": "value", "facets[respondent][]": span.zone,
                "start": iso(span.start + timedelta(hours=1))[:13], "end": iso(span.end)[:13],
                "sort[0][column]": "period", "sort[0][direction]": "asc",
                "sort[1][column]": "fueltype", "sort[1][direction]": "asc",
                "offset": str(len(items)), "length": "5000",
            }  # fmt: skip
            page = need(api.get("/v2/electricity/rto/fuel-type-data/data/", query), "response", "EIA")
            items += rows(page, "data", "EIA")
            total = number(need(page, "total", "EIA"), "EIA: 'total'")
            if len(items) >= total or not page["data"]:
                break
    if len(items) < total:
        raise InputError(f"EIA: the pages ended after {len(items)} of {total:g} rows; try again later")
    return parse_eia(items, span.zone, {}, "EIA")


SOURCES: dict[str, Callable[..., Imported]] = {
    "ukgrid": fetch_ukgrid,
    "electricitymaps": fetch_electricitymaps,
    "watttime": fetch_watttime,
    "eia": fetch_eia,
}
"""What `cws data fetch` knows."""
