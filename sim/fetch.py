"""Fetching series from their publishers: UK Carbon Intensity, Electricity Maps, WattTime, EIA.

Keys come from the environment and go into headers (EIA's into the query, which is why no URL is ever shown, and none
logged with its query). What comes back goes through the same parsers as files. A span holds its start and not its end:
publishers answer with more, which is left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from sim.client import Client
from sim.errors import InputError
from sim.importers.base import Imported, Report
from sim.importers.checks import field, join, number, rows
from sim.importers.csvfile import need, nullable
from sim.importers.generation_mix import ZONES, hour_begun, parse_eia
from sim.importers.series import gaps, moments, series
from sim.importers.uk_carbon_intensity import parse_uk
from sim.importers.watttime import parse_watttime
from sim.signals import LARGEST
from sim.units import MINUTE_S, iso

_HOUR = timedelta(hours=1)
TOKEN_S = 20 * MINUTE_S
"""WattTime's tokens hold for half an hour."""


@dataclass(frozen=True)
class Span:
    """What to fetch: a zone as the publisher names it, from one moment until another, UTC."""

    zone: str
    start: datetime
    end: datetime

    def chunks(self, days: int) -> Iterator[Span]:
        """Yield the span in parts of at most so many days."""
        left = self.start
        while left < self.end:
            right = min(left + timedelta(days=days), self.end)
            yield Span(self.zone, left, right)
            left = right

    def holds(self, moment: datetime) -> bool:
        """Return whether a moment lies in the span: its start does, its end does not."""
        return self.start <= moment < self.end

    def rows(self, items: Sequence[Any], key: str, source: str) -> list[Any]:
        """Return the rows of an answer that lie in the span by this field."""
        stamps = moments([need(row, key, source) for row in items], source)
        return [row for row, stamp in zip(items, stamps, strict=True) if self.holds(stamp)]

    def some(self, items: list[Any], source: str) -> list[Any]:
        """Return the rows. Raises InputError if there is none."""
        if not items:
            raise InputError(
                f"{source}: nothing of zone {self.zone} from {iso(self.start)} until {iso(self.end)}; "
                "are the zone and the span right?"
            )
        return items


def _key(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise InputError(f"environment variable {name} is not set: it holds the key that this source wants")
    if not (value.isascii() and value.isprintable()):
        raise InputError(f"environment variable {name} holds characters that no key has; was it copied whole?")
    return value


def fetch_ukgrid(span: Span, base_url: str | None = None, *, backoff_s: float = 1.0) -> Imported:
    """Return Great Britain's half-hourly intensity. No key; at most 14 days a request."""
    source, items = "UK Carbon Intensity", list[Any]()
    if span.zone != "GB":
        raise InputError(f"{source}: found zone {span.zone!r}, expected GB: it has no other")
    with Client(source, base_url or "https://api.carbonintensity.org.uk", {}, backoff_s=backoff_s) as api:
        for part in span.chunks(14):
            answer = api.get(f"/intensity/{_minute(part.start)}/{_minute(part.end)}")
            items += part.rows(rows(answer, "data", source), "from", source)
    return parse_uk({"data": span.some(items, source)}, source)


def _minute(moment: datetime) -> str:
    return iso(moment)[:-4] + "Z"


def fetch_electricitymaps(span: Span, base_url: str | None = None, *, backoff_s: float = 1.0) -> Imported:
    """Return a zone's hourly life-cycle intensity (`/v3/carbon-intensity/past-range`). Key: ELECTRICITYMAPS_TOKEN."""
    source, items = "Electricity Maps", list[Any]()
    headers = {"auth-token": _key("ELECTRICITYMAPS_TOKEN")}
    with Client(source, base_url or "https://api.electricitymaps.com", headers, backoff_s=backoff_s) as api:
        for part in span.chunks(10):
            query = {"zone": span.zone, "start": iso(part.start), "end": iso(part.end)}
            answer = api.get("/v3/carbon-intensity/past-range", query)
            items += part.rows(rows(answer, "data", source), "datetime", source)
    stamps = moments([row["datetime"] for row in span.some(items, source)], source)
    values = field(items, "carbonIntensity", source, least=0.0, most=LARGEST)
    columns = {"ci_lifecycle": nullable(values), "estimated": _flags(items, source)}
    table = series([span.zone] * len(stamps), stamps, columns, source)
    return Imported("signal", table, Report(len(items), len(table), gaps=gaps(table)))


def _flags(items: Sequence[Any], source: str) -> pa.Array:
    found = [row.get("isEstimated") for row in items]
    for row, flag in enumerate(found, start=1):
        if flag is not None and not isinstance(flag, bool):
            raise InputError(f"{source}: row {row}: 'isEstimated': found {flag!r}, expected true, false or null")
    return pa.array(found, type=pa.bool_())


class _WattTime:
    """WattTime's API with an account's token, which is fetched anew before it ends."""

    name = "WattTime"

    def __init__(self, base_url: str | None, backoff_s: float) -> None:
        self._account = (_key("WATTTIME_USER"), _key("WATTTIME_PASSWORD"))
        self._base, self._backoff_s = base_url or "https://api.watttime.org", backoff_s
        self._token, self._since = "", -TOKEN_S

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Return the JSON of a resource."""
        if time.monotonic() - self._since > TOKEN_S or not self._token:
            with Client(self.name, self._base, {}, backoff_s=self._backoff_s) as api:
                self._token = str(need(api.get("/login", auth=self._account), "token", self.name))
            self._since = time.monotonic()
        headers = {"Authorization": f"Bearer {self._token}"}
        with Client(self.name, self._base, headers, backoff_s=self._backoff_s) as api:
            return api.get(path, query)

    def parts(self, path: str, span: Span, days: int, key: str) -> Iterator[tuple[list[Any], Any]]:
        """Yield the rows of each part of a span, and what the answer says of them (`meta`)."""
        for part in span.chunks(days):
            query = {"region": span.zone, "start": iso(part.start), "end": iso(part.end), "signal_type": "co2_moer"}
            answer = self.get(path, query)
            yield part.rows(rows(answer, "data", self.name), key, self.name), need(answer, "meta", self.name)


def fetch_watttime(span: Span, base_url: str | None = None, *, backoff_s: float = 1.0) -> Imported:
    """Return a region's marginal emissions, g/kWh. Account: WATTTIME_USER and WATTTIME_PASSWORD; 32 days a request."""
    parts = _WattTime(base_url, backoff_s).parts("/v3/historical", span, 31, "point_time")
    return _watttime(span, parts)


def fetch_watttime_forecast(span: Span, base_url: str | None = None, *, backoff_s: float = 1.0) -> Imported:
    """Return the forecasts of marginal emissions that were issued in the span, g/kWh, with `issued_at`.

    One for each five minutes, 24 hours ahead: some 80,000 rows a day. The account is that of `fetch_watttime`; a day a
    request (`/v3/forecast/historical`).
    """
    parts = _WattTime(base_url, backoff_s).parts("/v3/forecast/historical", span, 1, "generated_at")
    return _watttime(span, parts)


def _watttime(span: Span, parts: Iterator[tuple[list[Any], Any]]) -> Imported:
    made = [parse_watttime({"data": items, "meta": meta}, _WattTime.name) for items, meta in parts if items]
    return join(span.some(made, _WattTime.name))


def fetch_eia(span: Span, base_url: str | None = None, *, backoff_s: float = 1.0) -> Imported:
    """Return a balancing authority's hourly mix (MW) and its intensity. Key: EIA_API_KEY; 5,000 rows a request.

    The zone is EIA's code of the authority; where its grid zone is known, the table names that. EIA's periods name the
    hour that ends then: an hour is taken off. Pages are asked for in one order, so that none is missed or had twice.
    """
    key = _key("EIA_API_KEY")
    items: list[Any] = []
    with Client("EIA", base_url or "https://api.eia.gov", {}, backoff_s=backoff_s) as api:
        while True:
            query = {
                "api_key": key, "frequency": "hourly", "data[0]": "value", "facets[respondent][]": span.zone,
                "start": iso(span.start + _HOUR)[:13], "end": iso(span.end + _HOUR - timedelta(seconds=1))[:13],
                "sort[0][column]": "period", "sort[0][direction]": "asc",
                "sort[1][column]": "fueltype", "sort[1][direction]": "asc",
                "offset": str(len(items)), "length": "5000",
            }  # fmt: skip
            page = need(api.get("/v2/electricity/rto/fuel-type-data/data/", query), "response", "EIA")
            items += rows(page, "data", "EIA")
            total = number(need(page, "total", "EIA"), "EIA: 'total'")
            if not len(items) < total or not page["data"]:
                break
    if not len(items) >= total:
        raise InputError(f"EIA: the pages ended after {len(items)} of {total:g} rows; try again later")
    items = [row for row in items if span.holds(hour_begun(str(need(row, "period", "EIA")), "EIA"))]
    return parse_eia(span.some(items, "EIA"), ZONES.get(span.zone, span.zone), {}, "EIA")


SOURCES: dict[str, Callable[..., Imported]] = {
    "ukgrid": fetch_ukgrid,
    "electricitymaps": fetch_electricitymaps,
    "watttime": fetch_watttime,
    "watttime-forecast": fetch_watttime_forecast,
    "eia": fetch_eia,
}
"""What `cws data fetch` knows."""
