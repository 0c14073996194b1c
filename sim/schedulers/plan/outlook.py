"""What `plan` expects of the grid: the issued forecast, or a better use of the same history."""

from __future__ import annotations

from sim.forecast import FadingProfile, SeasonalNaive
from sim.signals import Bundle
from sim.view import View

RISK = 0.1
"""A cleaner hour to come must be cleaner by more than noise: a tenth of a standard deviation kept the most savings."""


def expected(view: View) -> Bundle:
    """Return the intensity that is planned with, gCO2eq/kWh, a row a region.

    What is told, or issued by a better forecaster than yesterday's profile, is taken as it is. Where the run forecasts
    by yesterday's profile, the same history is read again (`sim.forecast.FadingProfile`).
    """
    if view.told or not isinstance(view.models.intensity, SeasonalNaive):
        return view.intensity_outlook
    return view.intensity_measured.outlook(FadingProfile(risk=RISK), view.span_s)
