"""The PUE model over a year of real weather: within what is published, and higher where it is hotter."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.cooling import Cooling
from sim.signals import SignalFile
from sim.units import DAY_S, FloatArray

DATA = os.environ.get("CWS_DATA_DIR")
PAGE = Path(__file__).parents[2] / "docs" / "world.md"
HALF_LOAD = 0.5
UPTIME_2022 = 1.55
"""The mean annual PUE of Uptime Institute's Global Data Center Survey 2022."""

real = [pytest.mark.data, pytest.mark.skipif(not DATA, reason="CWS_DATA_DIR does not name the real data")]


@given(st.lists(st.floats(-50, 60), min_size=2), st.floats(0.05, 1))
def test_pue_never_falls_as_it_gets_warmer_nor_as_the_load_gets_lower(temps: list[float], load: float):
    pue = Cooling().pue(load, np.sort(temps), 1.0)
    assert (np.diff(pue) >= -1e-12).all()
    assert (Cooling().pue(load / 2, np.sort(temps), 1.0) > pue).all()


@pytest.fixture(scope="module")
def year() -> dict[str, FloatArray]:
    """Return the 8760 hourly temperatures of 2022 by zone, degC (of one more: Mumbai's stamps are at half past)."""
    path = Path(str(DATA)) / "weather" / "weather_2021_2022.parquet"
    zones = sorted(pq.read_table(path, columns=["zone"])["zone"].unique().to_pylist())
    file, start = SignalFile(path, "temp_c", "degC"), datetime(2022, 1, 1, tzinfo=UTC)
    return {zone: file.read(zone, start, 0.0, 365 * DAY_S).values[:8760] for zone in zones}


@pytest.fixture(scope="module")
def annual(year: dict[str, FloatArray]) -> dict[str, float]:
    """Return each site's annual PUE under an even IT load: facility energy over IT energy."""
    return {zone: float(Cooling().pue(HALF_LOAD, temp_c, 1.0).mean()) for zone, temp_c in year.items()}


class TestRealWeather:
    pytestmark = real

    def test_annual_pue_lies_between_the_best_published_site_and_the_mean_of_the_industry(
        self, annual: dict[str, float]
    ):
        constants = pq.read_table(Path(str(DATA)) / "power" / "ccf_constants.parquet").to_pylist()
        published = [row["value"] for row in constants if row["name"] in ("pue_avg", "pue_ttm")]
        assert len(annual) == 16
        assert min(published) < min(annual.values())
        assert max(annual.values()) < UPTIME_2022

    def test_a_site_that_is_hotter_throughout_the_year_has_the_higher_pue(
        self, year: dict[str, FloatArray], annual: dict[str, float]
    ):
        """Hotter throughout: its coldest hour is hotter than the other's coldest, and so on to the hottest."""
        ranked = {zone: np.sort(temp_c) for zone, temp_c in year.items()}
        pairs = [(a, b) for a in year for b in year if a != b and (ranked[a] > ranked[b]).all()]
        assert len(pairs) >= 10
        assert [(a, b) for a, b in pairs if annual[a] <= annual[b]] == []

    def test_sites_are_nearly_in_the_order_of_their_mean_temperature(
        self, year: dict[str, FloatArray], annual: dict[str, float]
    ):
        """Nearly: what counts is the hours above `free_cooling_c`, so a hot summer weighs more than a cold winter."""
        means = np.argsort(np.argsort([temp_c.mean() for temp_c in year.values()]))
        pues = np.argsort(np.argsort(list(annual.values())))
        assert np.corrcoef(means, pues)[0, 1] > 0.8

    def test_the_table_of_annual_pue_is_true(self, year: dict[str, FloatArray], annual: dict[str, float]):
        rows = re.findall(r"^\| ([A-Z-]+) \| [A-Z].* \| (-?[\d.]+) \| ([\d.]+) \|$", PAGE.read_text("utf-8"), re.M)
        assert rows == [
            (zone, f"{year[zone].mean():.1f}", f"{annual[zone]:.2f}")
            for zone in sorted(annual, key=lambda zone: annual[zone])
        ]
