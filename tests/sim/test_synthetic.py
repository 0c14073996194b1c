"""The generator of grid signals: its contract, and how near it comes to the series it was fitted to."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sim import synthetic
from sim.errors import InputError
from sim.units import FloatArray

START = datetime(2022, 6, 1, tzinfo=UTC)
GENERATORS = {"carbon": synthetic.intensity, "price": synthetic.price}


@pytest.mark.parametrize("generate", GENERATORS.values())
def test_the_same_seed_gives_the_same_series_and_another_seed_another(generate):
    first, again, other = (generate("DE", START, 48, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("generate", GENERATORS.values())
def test_a_longer_series_begins_with_the_shorter_one(generate):
    short, long = (generate("GB", START, hours, np.random.default_rng(3)) for hours in (30, 300))
    np.testing.assert_allclose(long[:30], short, rtol=1e-9)


@pytest.mark.parametrize("zone", synthetic.zones())
def test_every_zone_has_positive_intensity_and_finite_prices(zone):
    rng = np.random.default_rng(4)
    carbon = synthetic.intensity(zone, START, 24 * 90, rng)
    price = synthetic.price(zone, START, 24 * 90, rng)
    assert carbon.shape == price.shape == (24 * 90,)
    assert carbon.min() > 0
    assert np.isfinite(price).all()


def test_no_hours_is_an_empty_series():
    assert synthetic.intensity("DE", START, 0, np.random.default_rng(0)).shape == (0,)


def test_an_unknown_zone_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"zone 'XX'.*CA-ON.*US-CAL-CISO"):
        synthetic.intensity("XX", START, 24, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("start", "reason"),
    [(START.replace(tzinfo=None), "no time zone"), (START + timedelta(minutes=30), "not on the hour")],
)
def test_a_start_that_is_not_a_utc_hour_is_refused(start, reason):
    with pytest.raises(InputError, match=reason):
        synthetic.price("DE", start, 24, np.random.default_rng(0))


def test_a_start_in_another_time_zone_is_the_same_moment():
    local = START.astimezone(timezone(timedelta(hours=-7)))
    series = [synthetic.price("ES", moment, 24, np.random.default_rng(5)) for moment in (START, local)]
    assert np.array_equal(*series)


def test_californian_noon_is_cleaner_than_its_evening():
    """The solar dip: noon is 20:00 UTC, eight in the evening is 04:00 UTC."""
    carbon = synthetic.intensity("US-CAL-CISO", START, 24 * 60, np.random.default_rng(6)).reshape(-1, 24)
    assert carbon[:, 20].mean() < 0.7 * carbon[:, 4].mean()


def test_german_prices_are_lower_at_weekends():
    price = synthetic.price("DE", datetime(2022, 1, 3, tzinfo=UTC), 168 * 52, np.random.default_rng(7))
    week = price.reshape(52, 7, 24).mean(axis=(0, 2))
    assert week[5:].mean() < 0.95 * week[:5].mean()


# ---- against the real series of 2021-2022

FIRST = datetime(2021, 1, 1, tzinfo=UTC)
HOURS = 17520
SEEDS = range(1000, 1008)
"""Eight draws of the two years: the mean price of a single draw scatters by 5 % (median zone; Singapore
13 %), which would say more of the seed than of the model. None of these seeds was used to fit."""

TOLERANCE = {"mean": 0.05, "variation": 0.10, "swing": 0.10, "lag_24": 0.08}
"""Relative, but lag_24 absolute. Carbon of the real 2022 differs from that of 2021 by 0.075, 0.20, 0.13
and 0.04 (median zone), so that nearer would fit the years' accidents."""

TEXAS_TOP, TOP, BOTTOM = 0.98, 0.99, 0.001
"""Quantiles at which prices are clipped before the fit, and so here; carbon is whole."""

WEAKER = {("ZA", "price"): {"swing": 0.20}}
"""The "price" of South Africa is a tariff of steps on working days alone: no harmonics make its edges."""


@cache
def real_series(signal: str) -> dict[str, FloatArray]:
    """Return zone -> hourly values of 2021-2022, NaN where absent; prices clipped as in the fit."""
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = os.environ.get("CWS_DATA_DIR")
    if not folder:
        pytest.skip("CWS_DATA_DIR is not set: no real series to compare with")
    name, column = {
        "carbon": ("carbon/em_hourly_2021_2022.parquet", "ci_lifecycle"),
        "price": ("prices/electricity_prices_2021_2022.parquet", "price_usd"),
    }[signal]
    table = parquet.read_table(Path(folder) / name, columns=["zone", "ts", column])
    hour = (table["ts"].to_numpy().astype("datetime64[h]") - np.datetime64("2021-01-01T00", "h")).astype(int)
    zone, value = np.array(table["zone"].to_pylist()), table[column].to_numpy().astype(float)
    return {name: placed(hour[zone == name], value[zone == name], name, signal) for name in synthetic.zones()}


def placed(hour: np.ndarray, value: FloatArray, zone: str, signal: str) -> FloatArray:
    if signal == "price":
        value = np.clip(value, *np.quantile(value, [BOTTOM, TEXAS_TOP if zone == "US-TEX-ERCO" else TOP]))
    series = np.full(HOURS, np.nan)
    inside = (hour >= 0) & (hour < HOURS)
    series[hour[inside]] = value[inside]
    return series


def figures(series: FloatArray) -> dict[str, float]:
    """Return mean, coefficient of variation, mean daily swing over the mean, autocorrelation at 24 h."""
    mean, known = np.nanmean(series), np.isfinite(series)
    days = series.reshape(-1, 24)[known.reshape(-1, 24).all(axis=1)]
    pairs = known[24:] & known[:-24]
    return {
        "mean": float(mean),
        "variation": float(np.nanstd(series) / mean),
        "swing": float(np.mean(np.ptp(days, axis=1)) / mean),
        "lag_24": float(np.corrcoef(series[24:][pairs], series[:-24][pairs])[0, 1]),
    }


def generated(zone: str, signal: str, known: np.ndarray) -> dict[str, float]:
    """Return the mean figures of the draws, at the hours for which the real series has a value."""
    draws = [GENERATORS[signal](zone, FIRST, HOURS, np.random.default_rng(seed)) for seed in SEEDS]
    found = [figures(np.where(known, draw, np.nan)) for draw in draws]
    return {name: float(np.mean([each[name] for each in found])) for name in TOLERANCE}


def differences(found: dict[str, float], real: dict[str, float]) -> dict[str, float]:
    relative = {name: abs(found[name] / real[name] - 1) for name in TOLERANCE}
    return {**relative, "lag_24": abs(found["lag_24"] - real["lag_24"])}


@pytest.mark.data
@pytest.mark.parametrize("signal", GENERATORS)
@pytest.mark.parametrize("zone", synthetic.zones())
def test_generated_years_look_like_the_real_ones(zone, signal):
    series = real_series(signal)[zone]
    real = figures(series)
    found = generated(zone, signal, np.isfinite(series))
    allowed = {**TOLERANCE, **WEAKER.get((zone, signal), {})}
    off = {name: gap for name, gap in differences(found, real).items() if gap > allowed[name]}
    assert not off, f"{zone} {signal}: real {real}, generated {found}"


@pytest.mark.data
def test_another_zone_would_not_pass_for_this_one():
    """The comparison can fail: each zone's carbon misses the figures of every other zone."""
    real = {zone: figures(series) for zone, series in real_series("carbon").items()}
    for zone in ("DE", "GB", "US-CAL-CISO"):
        found = generated(zone, "carbon", np.ones(HOURS, dtype=bool))
        alike = [
            other
            for other in real
            if all(gap <= TOLERANCE[name] for name, gap in differences(found, real[other]).items())
        ]
        assert alike == [zone]
