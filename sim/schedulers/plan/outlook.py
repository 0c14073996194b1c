"""What `plan` expects of the grid: the issued forecast, or a better use of the same history."""

from __future__ import annotations

import numpy as np

from sim.forecast import FadingProfile, SeasonalNaive
from sim.signals import Bundle
from sim.units import KWH_PER_MWH
from sim.view import View

RISK = 0.1
"""A cleaner hour to come must be cleaner by more than noise: a tenth of a standard deviation kept the most savings."""


def expected(view: View, *, risk: float = RISK, usd_weight_g: float = 0.0) -> Bundle:
    """Return the intensity that is planned with, gCO2eq/kWh, a row a region.

    What is told, or issued by a better forecaster than yesterday's profile, is taken as it is. Where the run forecasts
    by yesterday's profile, the same history is read again (`sim.forecast.FadingProfile`). A weight of cost, grams a
    dollar, adds the price of energy to it: what is planned by the sum minimises the sum.
    """
    ahead = view.intensity_outlook if reads_as_issued(view) else _read_again(view, risk)
    if not usd_weight_g:
        return ahead
    times_s = ahead.start_s + ahead.step_s * np.arange(ahead.values.shape[1])
    price = view.price_outlook
    within_s = np.clip(times_s, price.start_s, price.end_s - price.step_s)
    return Bundle(ahead.start_s, ahead.step_s, ahead.values + usd_weight_g * price.at(within_s) / KWH_PER_MWH)


def reads_as_issued(view: View) -> bool:
    """Return whether the issued forecast is planned with, and no risk is added to it."""
    return view.told or not isinstance(view.models.intensity, SeasonalNaive)


def _read_again(view: View, risk: float) -> Bundle:
    return view.intensity_measured.outlook(FadingProfile(risk=risk), view.span_s)
