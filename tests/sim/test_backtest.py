"""Backtests: the figures that a forecast is judged by, on numbers that one can add, and on real grids."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.backtests import SeriesFile, find_series
from sim.errors import InputError
from sim.forecast.backtest import SLACK, backtest, pinball, realised_saving
from sim.forecast.registry import trainer
from sim.forecast.rolling import rolling
from sim.units import HOUR_S, FloatArray, IntArray
from tests.sim.test_forecast import restless
from tests.test_cli import cws  # noqa: F401 - a fixture

DATA = os.environ.get("CWS_DATA_DIR")
YEAR = 8760
needs_data = pytest.mark.skipif(not DATA, reason="CWS_DATA_DIR does not name the real data")


def test_realised_saving_is_the_share_of_what_could_be_saved():
    """A job at 100 g could run at 20: a forecast that sends it to an hour of 60 g realises half of 80 g."""
    values = np.full(26, 100.0)
    values[[5, 9]] = 20.0, 60.0
    origin = np.array([1])
    right, half, wrong = np.full((3, 1, 24), 200.0)
    right[0, 4], half[0, 8] = 10.0, 10.0
    assert realised_saving(values, origin, right) == pytest.approx(1.0)
    assert realised_saving(values, origin, half) == pytest.approx(0.5)
    assert realised_saving(values, origin, wrong) == pytest.approx(0.0), "it starts at once"
    assert realised_saving(np.full(26, 100.0), origin, right) is None, "nothing can be saved"


def test_pinball_loss_punishes_the_side_that_a_quantile_should_not_be_on():
    """All quantiles at 90 under a truth of 100: 10 x the mean of the levels; above it by 10: 10 x (1 - level)."""
    assert pinball(np.full((1, 5, 1), 90.0), np.array([[100.0]])) == pytest.approx(10 * 0.5)
    only_upper = np.full((1, 5, 1), 100.0)
    only_upper[0, 4] = 110.0
    assert pinball(only_upper, np.array([[100.0]])) == pytest.approx(10 * 0.05 / 5)


def test_a_series_that_repeats_is_forecast_without_an_error_by_yesterday():
    values = np.tile(100 + np.arange(24.0), 110)
    score = backtest(trainer("seasonal-naive"), values, 70 * 24)
    assert (score.mape, score.wape, score.rmse) == pytest.approx((0, 0, 0))
    assert (score.realised_saving, score.coverage) == pytest.approx((1, 1))


def test_errors_are_fractions_of_what_came():
    """110 is said of what turns out to be 100: 10 % by all three measures."""
    values = np.full(70 * 24 + 25, 110.0)
    values[70 * 24 + 1 :] = 100.0
    score = backtest(trainer("persistence"), values, 70 * 24, 24)
    assert (score.mape, score.wape, score.rmse) == pytest.approx((0.1, 0.1, 0.1))


def test_too_little_to_learn_from_and_a_wrong_horizon_are_refused():
    with pytest.raises(InputError, match="found 240 hours to fit to and 240 to forecast; expected at least 1538"):
        backtest(trainer("persistence"), restless(480), 240)
    with pytest.raises(InputError, match="horizon 12 h: expected 24 to 96"):
        backtest(trainer("persistence"), restless(2400), 1200, 12)


def series(path: Path, zones: dict[str, FloatArray], column: str = "ci_lifecycle") -> Path:
    """Write hourly series from 2021 on."""
    start = datetime(2021, 1, 1, tzinfo=UTC)
    stamps = [start + timedelta(hours=k) for values in zones.values() for k in range(len(values))]
    columns = {
        "zone": [zone for zone, values in zones.items() for _ in values],
        "ts": pa.array(stamps, pa.timestamp("us", tz="UTC")),
        column: np.concatenate(list(zones.values())),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with two years of one grid, and a year of two."""
    series(tmp_path / "carbon" / "long.parquet", {"GB": restless(2 * YEAR)})
    series(tmp_path / "carbon" / "short.parquet", {"GB": restless(YEAR), "DE": restless(YEAR)})
    return tmp_path


def test_the_file_that_is_long_enough_to_learn_from_is_found(folder: Path):
    assert find_series(folder, "carbon").path.name == "long.parquet"
    assert find_series(folder, "carbon", file="carbon/short.parquet").zones == ("DE", "GB")
    with pytest.raises(InputError, match="no series by zone with a column 'price_usd'"):
        find_series(folder, "price")
    with pytest.raises(InputError, match="no signal 'rain'; known are carbon, price"):
        find_series(folder, "rain")


def test_the_command_prints_the_fractions_of_its_contract(cws, folder: Path):  # noqa: F811
    words = ("forecast", "backtest", "--signal", "carbon", "--data-dir", folder)
    score = cws(*words, "--zone", "GB", "--model", "default", "--json").json
    assert list(score) == ["zone", "model", "mape", "wape", "rmse", "pinball", "coverage", "realised_saving"]
    assert (score["zone"], score["model"]) == ("GB", "default")
    assert 0 < score["pinball"] < score["wape"] < score["rmse"] < 0.1
    assert 0.88 < score["coverage"] < 0.92
    table = cws(*words, "--zone", "all", "--model", "fading-profile")
    assert (table.code, "GB            fading-profile" in table.out, "realised_saving" in table.out) == (0, True, True)


def test_the_command_names_what_is_wrong(cws, folder: Path):  # noqa: F811
    words = ("forecast", "backtest", "--data-dir", folder)
    unknown = cws(*words, "--zone", "GR")
    assert (unknown.code, "no zone 'GR'; known are GB" in unknown.err) == (2, True)
    early = cws(*words, "--zone", "GB", "--test-from", "2021-01-08")
    assert (early.code, "zone GB: found 168 hours to fit to" in early.err) == (2, True)
    assert (cws(*words, "--zone", "GB", "--model", "oracle").code) == 2


@pytest.fixture(scope="module")
def grids() -> SeriesFile:
    return find_series(Path(str(DATA)), "carbon")


def saving(grids: SeriesFile, zone: str, name: str) -> float:
    """Return the saving of 2022 that a model realises which was fitted to 2021."""
    values, _ = grids.read(zone)
    origins = np.arange(YEAR + 1, 2 * YEAR - 24)
    model = trainer(name)(values[:YEAR], HOUR_S, YEAR * HOUR_S)
    realised = realised_saving(values, origins, rolling(model, values, origins, 24, 0.0))
    assert realised is not None
    return realised


@needs_data
@pytest.mark.data
@pytest.mark.parametrize(("zone", "known"), [("GB", 0.47), ("US-TEX-ERCO", 0.33), ("DE", 0.69), ("US-CAL-CISO", 0.90)])
def test_yesterdays_profile_realises_what_the_data_say(grids: SeriesFile, zone: str, known: float):
    assert saving(grids, zone, "seasonal-naive") == pytest.approx(known, abs=0.01)


@needs_data
@pytest.mark.data
def test_the_default_realises_more_than_yesterdays_profile_on_every_grid(grids: SeriesFile):
    """12 points more in GB, ERCOT and DE, and more everywhere, of 19 grids of 2022 after 2021."""
    gained = {zone: saving(grids, zone, "default") - saving(grids, zone, "seasonal-naive") for zone in grids.zones}
    assert min(gained[zone] for zone in ("GB", "US-TEX-ERCO", "DE")) > 0.12
    assert min(gained.values()) > 0.02


def saving_anew(values: FloatArray, origins: IntArray, predicted: FloatArray) -> float:
    """Return the share realised if the job asks anew every hour, and starts once none is said to be cleaner."""
    arrivals = np.arange(len(origins) - SLACK)
    taken = np.full(len(arrivals), np.nan)
    for waited in range(SLACK + 1):
        now = values[origins[arrivals + waited] - 1]
        later = predicted[arrivals + waited, : SLACK - waited].min(axis=1, initial=np.inf)
        starts = np.isnan(taken) & (now <= later)
        taken[starts] = now[starts]
    actual = values[origins[arrivals, None] + np.arange(-1, SLACK)]
    return float((actual[:, 0].sum() - taken.sum()) / (actual[:, 0].sum() - actual.min(axis=1).sum()))


@needs_data
@pytest.mark.data
def test_planned_anew_every_hour_the_default_realises_four_fifths(grids: SeriesFile):
    """82 % over 19 grids of 2022, against 53 % by yesterday's profile: `plan` asks so."""
    realised: dict[str, list[float]] = {"default": [], "seasonal-naive": []}
    origins = np.arange(YEAR + 1, 2 * YEAR - 24)
    for zone in grids.zones:
        values, _ = grids.read(zone)
        for name, found in realised.items():
            model = trainer(name)(values[:YEAR], HOUR_S, YEAR * HOUR_S)
            found.append(saving_anew(values, origins, rolling(model, values, origins, 24, 0.0)))
    means = {name: float(np.mean(found)) for name, found in realised.items()}
    assert means == pytest.approx({"default": 0.82, "seasonal-naive": 0.53}, abs=0.01)
