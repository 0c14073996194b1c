"""The bundled generator of grid signals: hourly carbon intensity and price of real zones, by a small model.

The parameters in `synthetic_zones.json` were fitted by `bench/fit_synthetic.py` to real series of
2021-2022: lifecycle carbon intensity by Electricity Maps and market prices as the data folder's README
describes them. The file holds some fifty figures a signal, and no hour of the data.

The model of one signal. With t the hours since 2022-01-01T00:00Z, a the phase of the year and h that
of the zone's day (standard time, no daylight saving), a latent score

    z(t) = level + trend * ramp(t) + weekend * [Sat or Sun]
         + sum_k=1..2  annual harmonics  cos(k a), sin(k a)
         + sum_k=1..4  daily harmonics   cos(k h), sin(k h), each times (1, cos a, sin a)
         + fast(t) + slow(t) + u(t) cos(h) + v(t) sin(h)

where ramp rises from -1 to 1 over 2021-2022 and is held there before and after; the seasonal factors
let the solar dip deepen in summer; fast, slow, u and v are independent Gaussian AR(1) processes with
a variance and a time constant in hours (u and v share theirs: the daily amplitude wanders too). A
monotone curve, linear between its values at `SCORES` and flat beyond, turns the score into the unit
of the signal, so the marginal distribution follows the data: its floor, ceiling and skew.

After the fit, three factors (fast and slow variance, daily amplitude) were set so that generated
series have the real mean daily swing and autocorrelation.

What it leaves out. Prices were clipped at their 0.1 % and 99 % quantiles before the fit (98 % in
Texas, where one week of February 2021 would otherwise set the mean), so there are no scarcity
spikes. Zones, and the carbon and price of one zone, share no weather: only their calendars
correlate. Holidays are ordinary days. The price crisis of 2022 is a ramp, so years after 2022 stay
at its end. GB prices were fitted to 2022 alone (no ramp); South Africa's "price" is a tariff, which
the generated one only resembles.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from sim.errors import InputError
from sim.units import FloatArray

EPOCH = datetime(2022, 1, 1, tzinfo=UTC)
"""Hour zero of the model: the middle of the fitted period, and a Saturday."""

HALF_SPAN_H = 8760.0
YEAR_H = 8766.0
SCORES = np.linspace(-3.0, 3.0, 17)
"""Scores at which a signal's curve has its values."""

ANNUAL_HARMONICS = 2
DAILY_HARMONICS = 4
FIRST_DAILY = 3 + 2 * ANNUAL_HARMONICS
CALENDAR = ("level", "trend", "weekend", "annual", "daily", "daily_cos_year", "daily_sin_year")
"""Names of the calendar's coefficients in the parameter file, in the order of `regressors`."""


@dataclass(frozen=True)
class Process:
    """A Gaussian AR(1) process: its stationary variance (squared scores) and time constant, hours."""

    variance: float
    tau_h: float

    def run(self, shocks: FloatArray) -> FloatArray:
        """Return a stationary path driven by standard normal shocks, shape (T,).

        x[t] = r x[t-1] + shock[t], summed by doubling: after k rounds each value holds 2**k shocks.
        """
        decay = float(np.exp(-1.0 / self.tau_h))
        path: FloatArray = shocks * np.sqrt(1.0 - decay**2)
        path[:1] = shocks[:1]
        reach = 1
        while reach < len(path) and decay**reach > 1e-12:
            path[reach:] += decay**reach * path[:-reach]
            reach *= 2
        path *= np.sqrt(self.variance)
        return path


@dataclass(frozen=True)
class Signal:
    """The fitted model of one signal of one zone; see the module's formula.

    Attributes:
        utc_offset_h: Standard time of the zone, hours ahead of UTC.
        calendar: Coefficients of `regressors`, in its order.
        fast: Residual of a few hours.
        slow: Residual of days to weeks: weather.
        daily: Each of the two quadratures of the wandering daily amplitude.
        values: Values of the curve at `SCORES`, in the unit of the signal; never decreasing.
    """

    utc_offset_h: float
    calendar: FloatArray
    fast: Process
    slow: Process
    daily: Process
    values: FloatArray

    def score(self, hours: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return z at consecutive hours since `EPOCH`, shape (T,)."""
        # one row an hour, so that a longer series begins with the shorter one
        shocks = rng.standard_normal((len(hours), 4)).T
        turn = 2 * np.pi * (hours + self.utc_offset_h) / 24
        wander = self.daily.run(shocks[2]) * np.cos(turn) + self.daily.run(shocks[3]) * np.sin(turn)
        noise = self.fast.run(shocks[0]) + self.slow.run(shocks[1]) + wander
        return regressors(hours, self.utc_offset_h) @ self.calendar + noise

    def draw(self, hours: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return the signal at consecutive hours since `EPOCH`, shape (T,), in its unit."""
        return np.interp(self.score(hours, rng), SCORES, self.values)


def intensity(zone: str, start: datetime, hours: int, rng: np.random.Generator) -> FloatArray:
    """Return hourly lifecycle carbon intensity, shape (hours,), gCO2eq/kWh, always positive.

    Args:
        zone: One of `zones()`, an Electricity Maps code.
        start: Start of the first hour; carries a time zone and falls on the hour in UTC.
        hours: How many hours.
        rng: Source of the residuals; the same state gives the same series, and a longer one begins with it.

    Raises:
        InputError: If the zone is unknown, or `start` is naive or not on the hour.
    """
    return _signals(zone)["carbon"].draw(_hours_from(start, hours), rng)


def price(zone: str, start: datetime, hours: int, rng: np.random.Generator) -> FloatArray:
    """Return hourly electricity prices, shape (hours,), USD/MWh, negative where the market's are at times.

    Arguments and errors as for `intensity`. Dollars at the fixed rates of the data; see its README.
    """
    return _signals(zone)["price"].draw(_hours_from(start, hours), rng)


def zones() -> tuple[str, ...]:
    """Return the zones that the generator knows, sorted."""
    return tuple(_parameters())


def regressors(hours: FloatArray, utc_offset_h: float) -> FloatArray:
    """Return the calendar's columns at these hours since `EPOCH`, shape (T, 31).

    In order: level, trend, weekend, annual harmonics, then the daily harmonics, those times cos a,
    and those times sin a.
    """
    local = hours + utc_offset_h
    annual = _harmonics(hours / YEAR_H, ANNUAL_HARMONICS)
    daily = _harmonics(local / 24, DAILY_HARMONICS)
    weekend = np.mod(local, 168) < 48
    ramp = np.clip(hours / HALF_SPAN_H, -1, 1)
    calendar = np.stack([np.ones_like(hours), ramp, weekend], axis=1)
    return np.hstack([calendar, annual, daily, daily * annual[:, :1], daily * annual[:, 1:2]])


def _harmonics(turns: FloatArray, count: int) -> FloatArray:
    """Return cos(2 pi k x), sin(2 pi k x) for k = 1..count, shape (T, 2 count)."""
    circle = np.exp(2j * np.pi * turns)
    powers = np.cumprod(np.repeat(circle[:, None], count, axis=1), axis=1)
    return np.stack([powers.real, powers.imag], axis=2).reshape(len(turns), 2 * count)


def _hours_from(start: datetime, hours: int) -> FloatArray:
    if start.tzinfo is None:
        raise InputError(f"start {start.isoformat()} has no time zone; give a UTC moment, such as {EPOCH}")
    offset = (start - EPOCH) / timedelta(hours=1)
    if offset != round(offset):
        raise InputError(f"start {start.isoformat()} is not on the hour in UTC; the signals are hourly")
    return offset + np.arange(hours, dtype=float)


def _signals(zone: str) -> dict[str, Signal]:
    known = _parameters()
    if zone not in known:
        raise InputError(f"no generator for zone {zone!r}; the bundled zones are {', '.join(known)}")
    return known[zone]


@cache
def _parameters() -> dict[str, dict[str, Signal]]:
    """Return zone -> signal's name -> model, from the bundled file."""
    document = json.loads(files("sim").joinpath("synthetic_zones.json").read_text("utf-8"))
    return {
        zone: {name: _signal(entry["utc_offset_h"], entry[name]) for name in ("carbon", "price")}
        for zone, entry in sorted(document["zones"].items())
    }


def _signal(utc_offset_h: float, entry: dict[str, Any]) -> Signal:
    return Signal(
        utc_offset_h=utc_offset_h,
        calendar=np.concatenate([np.ravel(entry[name]) for name in CALENDAR]),
        fast=Process(**entry["fast"]),
        slow=Process(**entry["slow"]),
        daily=Process(**entry["daily_wander"]),
        values=np.array(entry["values"]),
    )
