"""Interactive services as a scenario words them, and the requests that they are sent from each home region.

Rates swing through the day around a mean, are read as a series, or are counted from a log of single requests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import Field, model_validator

from sim.errors import InputError
from sim.model import Region
from sim.services import Service
from sim.signals import Signal, SignalFile
from sim.sites import Name, NotNegative, Positive, Spec, need_data_dir
from sim.tables import read_columns
from sim.units import HOUR_S, MINUTE_S, FloatArray, at_time

UNIT = "requests/s"
SWING, PEAK_HOUR = 0.5, 20.0
Homes = Annotated[dict[Name, Positive], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a series must cover: [first_s, last_s), seconds from the scenario's start."""

    start: datetime
    first_s: float
    last_s: float


class RateFile(Spec):
    """A Parquet file of rates, requests a second: `ts`, a value, and whose it is: a grid zone, or a home's id.

    `homes` are the regions that ask, each with the factor by which its series is multiplied.
    """

    file: str
    column: str = "value"
    by: Literal["zone", "home"] = "zone"
    homes: Homes

    def rates(self, asking: Sequence[Region], span: Span, data_dir: Path) -> list[Signal]:
        """Return the rates of each home that asks."""
        file = SignalFile(data_dir / self.file, self.column, UNIT, key=self.by)
        return [self._rate(file, region, span) for region in asking]

    def _rate(self, file: SignalFile, region: Region, span: Span) -> Signal:
        place = region.zone if self.by == "zone" else region.id
        signal = file.read(place, span.start, span.first_s, span.last_s)
        if signal.values.min() < 0:
            raise InputError(
                f"{file.path}: {self.by} {place}, column {self.column!r}: found {signal.values.min():g}, "
                "expected requests a second, at least 0"
            )
        return replace(signal, values=signal.values * self.homes[region.id])


class RequestFile(Spec):
    """A Parquet log with a row a request, `submit_s` from its beginning; `service` picks the rows of that service.

    Requests are counted over steps of `step_min`; the last step, which the log may not fill, is left out. The rates
    begin anew whenever the log ends, and stand at the log's beginning when the scenario starts. `homes` are the regions
    that ask, each with the factor from the log's rate to its own.
    """

    file: str
    service: str | None = None
    step_min: Positive = 5.0
    homes: Homes

    def rates(self, asking: Sequence[Region], span: Span, data_dir: Path) -> list[Signal]:
        """Return the rates of each home that asks."""
        logged, step_s = self._logged(data_dir / self.file), self.step_min * MINUTE_S
        first, end = math.floor(span.first_s / step_s), math.ceil(span.last_s / step_s)
        again = logged[np.arange(first, end) % len(logged)]
        return [Signal(r.zone, UNIT, first * step_s, step_s, again * self.homes[r.id]) for r in asking]

    def _logged(self, path: Path) -> FloatArray:
        """Return the log's rates, a step at a time."""
        rows = read_columns(path, text=("service",) if self.service else (), numbers=("submit_s",))
        submit_s, step_s = rows["submit_s"], self.step_min * MINUTE_S
        if self.service:
            submit_s = submit_s[rows["service"] == self.service]
            if not len(submit_s):
                raise InputError(f"{path}: no service {self.service!r}; it has {', '.join(sorted({*rows['service']}))}")
        steps = int(submit_s.max() // step_s) if len(submit_s) else 0
        if not steps:
            raise InputError(f"{path}: has no request after {step_s:g} s; expected more than one step of `step_min`")
        return np.bincount((submit_s // step_s).astype(np.int64), minlength=steps)[:steps] / step_s


class ServiceSpec(Spec):
    """An interactive service: what a replica holds and answers, its limit, and where its requests come from.

    `mean_rates` are mean requests a second by home: through the day the rate swings around its mean by `swing`, highest
    at `peak_hour` of the home's local time (0.5 and 20 if not given). `rates` or `requests` read a file instead.
    """

    id: Name
    cpus: Positive
    memory_gb: NotNegative = 0.0
    requests_per_s: Positive
    limit_ms: Positive
    mean_rates: dict[Name, Positive] = Field(default_factory=dict)
    swing: Annotated[float, Field(ge=0, le=1)] | None = None
    peak_hour: Annotated[float, Field(ge=0, lt=24)] | None = None
    rates: RateFile | None = None
    requests: RequestFile | None = None

    @model_validator(mode="after")
    def _one_of_the_three(self) -> ServiceSpec:
        given = [name for name in ("mean_rates", "rates", "requests") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"has {' and '.join(given) or 'no rates'}; expected one of mean_rates, rates, requests")
        if not self.mean_rates and (self.swing, self.peak_hour) != (None, None):
            raise ValueError(f"swing and peak_hour shape mean_rates; with {given[0]} remove them")
        return self

    def service(self, regions: Sequence[Region], span: Span, data_dir: Path | None) -> Service:
        """Return the service with its rates over the span. Raises InputError if a region or a file is wrong."""
        homes = self._homes(regions)
        asking = [region for region in regions if region.id in homes]
        file = self.rates or self.requests
        if file:
            series = file.rates(asking, span, need_data_dir(data_dir, "services"))
        else:
            series = [self._daily(region, span) for region in asking]
        found = {region.id: one for region, one in zip(asking, series, strict=True)}
        rates = tuple(found.get(region.id) for region in regions)
        return Service(self.id, self.cpus, self.memory_gb, self.requests_per_s, self.limit_ms / 1000, rates)

    def _homes(self, regions: Sequence[Region]) -> Mapping[str, float]:
        ids = [region.id for region in regions]
        file = self.rates or self.requests
        homes, where = (file.homes, "homes") if file else (self.mean_rates, "mean_rates")
        strange = [home for home in homes if home not in ids]
        if strange:
            raise InputError(f"service {self.id}: no region {strange[0]!r} in {where}; regions are {', '.join(ids)}")
        return homes

    def _daily(self, region: Region, span: Span) -> Signal:
        """Return hourly request rates: mean x (1 + swing x cos(hours from the local peak))."""
        times_s = span.first_s + HOUR_S * np.arange(math.ceil((span.last_s - span.first_s) / HOUR_S))
        zone = ZoneInfo(region.tz)
        local = [at_time(span.start, float(t)).astimezone(zone) for t in times_s]
        hours = np.array([moment.hour + moment.minute / 60 for moment in local])
        swing = SWING if self.swing is None else self.swing
        peak = PEAK_HOUR if self.peak_hour is None else self.peak_hour
        shape = 1.0 + swing * np.cos((hours - peak) / 24 * 2 * np.pi)
        return Signal(region.zone, UNIT, span.first_s, HOUR_S, self.mean_rates[region.id] * shape)
