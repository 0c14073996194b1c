"""Forecasts: from the history of a signal alone to its future."""

from __future__ import annotations

from sim.forecast.base import Fitted, Forecaster, Measured, Models, forecast, row_of, stacked
from sim.forecast.naive import FadingProfile, Persistence, SeasonalNaive, SimilarDay

__all__ = [
    "FORECASTERS",
    "FadingProfile",
    "Fitted",
    "Forecaster",
    "Measured",
    "Models",
    "Persistence",
    "SeasonalNaive",
    "SimilarDay",
    "forecast",
    "row_of",
    "stacked",
]

FORECASTERS: dict[str, type[Forecaster]] = {
    "persistence": Persistence,
    "seasonal-naive": SeasonalNaive,
    "similar-day": SimilarDay,
    "fading-profile": FadingProfile,
}
"""Those that need no fitting, by name."""
