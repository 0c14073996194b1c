"""What the grids and the sites will give: carbon intensity, prices and on-site power, hour by hour from now."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, Field

from sim.forecast.conformal import LEVELS
from sim.signals import Signal
from sim.units import HOUR_S, FloatArray
from sim.view import View
from tools.read.names import Hours, RegionId, region_index
from tools.spec import Registry, Request, Session

SIGNALS = Registry()

W_PER_KW = 1000.0


class Quantile(BaseModel):
    """What each coming hour stays below with a probability of `level`."""

    level: float
    values: list[float]


class Spread(BaseModel):
    """How sure a forecast is: its quantiles, in the unit of its means; none, with the reason, where it is not known."""

    quantiles: list[Quantile]
    reason: str = ""


class CarbonForecast(Request):
    """Forecast the carbon intensity of a region's grid, hour by hour from now. Lower is cleaner."""

    region: RegionId
    hours: Hours = 24
    quantiles: bool = Field(False, description="Whether to give the 5, 25, 50, 75 and 95 % quantiles too.")


class CarbonForecastResult(BaseModel):
    """Mean intensity of each coming hour, gCO2eq/kWh; the first hour begins now."""

    region: str
    issued_at_s: float
    g_per_kwh: list[float]
    spread: Spread | None = None


@SIGNALS.tool(CarbonForecast, effect="read")
def carbon_forecast(request: CarbonForecast, session: Session) -> CarbonForecastResult:
    """Return the forecast issued now."""
    view, r = session.view, region_index(session.view, request.region)
    means = hourly(view.intensity_forecast[r], view, request.hours)
    return CarbonForecastResult(
        region=request.region,
        issued_at_s=view.now_s,
        g_per_kwh=[round(mean, 1) for mean in means],
        spread=_spread(view, view.intensity_forecast[r], view.intensity_quantiles(r), request.hours, 1)
        if request.quantiles
        else None,
    )


class PriceForecast(Request):
    """Forecast the electricity price of a region, hour by hour from now. It may be below 0."""

    region: RegionId
    hours: Hours = 24
    quantiles: bool = Field(False, description="Whether to give the 5, 25, 50, 75 and 95 % quantiles too.")


class PriceForecastResult(BaseModel):
    """Mean price of each coming hour, USD/MWh; the first hour begins now."""

    region: str
    issued_at_s: float
    usd_per_mwh: list[float]
    spread: Spread | None = None


@SIGNALS.tool(PriceForecast, effect="read")
def price_forecast(request: PriceForecast, session: Session) -> PriceForecastResult:
    """Return the forecast issued now."""
    view, r = session.view, region_index(session.view, request.region)
    means = hourly(view.price_forecast[r], view, request.hours)
    return PriceForecastResult(
        region=request.region,
        issued_at_s=view.now_s,
        usd_per_mwh=[round(mean, 2) for mean in means],
        spread=_spread(view, view.price_forecast[r], view.price_quantiles(r), request.hours, 2)
        if request.quantiles
        else None,
    )


class RenewablesForecast(Request):
    """Forecast the on-site solar and wind power of a region, hour by hour from now. It is used before the grid's."""

    region: RegionId
    hours: Hours = 24


class RenewablesForecastResult(BaseModel):
    """Mean on-site power of each coming hour, kW, and what of the site's present load it would cover, from 0 to 1.

    Both are 0 where the region has no on-site supply. The first hour begins now.
    """

    region: str
    issued_at_s: float
    onsite: bool
    kw: list[float]
    load_kw: float
    covered: list[float]


@SIGNALS.tool(RenewablesForecast, effect="read")
def renewables_forecast(request: RenewablesForecast, session: Session) -> RenewablesForecastResult:
    """Return the forecast issued now, beside the load that the site has now."""
    view, r = session.view, region_index(session.view, request.region)
    supply, load_w = view.onsite_forecast(r), view.site_w(r)
    watts = hourly(supply, view, request.hours) if supply else np.zeros(request.hours)
    return RenewablesForecastResult(
        region=request.region,
        issued_at_s=view.now_s,
        onsite=supply is not None,
        kw=[round(w / W_PER_KW, 3) for w in watts],
        load_kw=round(load_w / W_PER_KW, 3),
        covered=[round(min(w / load_w, 1.0), 3) if load_w else 1.0 for w in watts],
    )


def hourly(signal: Signal, view: View, hours: int) -> FloatArray:
    """Return the mean of each coming hour, the first from now on, as far as the signal reaches."""
    edges_s = view.now_s + HOUR_S * np.arange(min(hours, int((signal.end_s - view.now_s) // HOUR_S)) + 1.0)
    return np.diff(signal.cumulative(edges_s)) / HOUR_S


def _spread(view: View, expected: Signal, found: FloatArray | None, hours: int, digits: int) -> Spread:
    if view.told:
        return Spread(quantiles=[], reason="these values are told, not forecast")
    if found is None:
        return Spread(quantiles=[], reason="too little of the past is known to tell how wrong forecasts are")
    rows = (
        Signal(expected.zone, expected.unit, expected.start_s, expected.step_s, values, view.now_s) for values in found
    )
    return Spread(
        quantiles=[
            Quantile(level=level, values=[round(float(v), digits) for v in hourly(row, view, hours)])
            for level, row in zip(LEVELS, rows, strict=True)
        ]
    )
