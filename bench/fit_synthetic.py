"""Fit the bundled generators to the real data and rewrite their parameter files in `sim/`.

    python bench/fit_synthetic.py --data-dir DIR

Deterministic: the same data give the same files. A signal is fitted in four steps, the first two in
normal scores (each value's rank, as a standard normal quantile), where spikes cannot dominate:

1. the calendar, by least squares;
2. the residual's processes, to its autocovariance at lags of 0 to 7 days, by least squares over a
   grid of time constants with non-negative variances;
3. the curve back to the signal's unit: the real quantiles against those of simulated scores;
4. three factors, on the fast variance, the slow variance and the daily amplitude, so that simulated
   series have the real daily swing and autocorrelation in the signal's own unit (the method of
   simulated moments). Step 3 is repeated for every trial, so the marginal distribution stays.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script beside the package, not in it

from sim import synthetic  # noqa: E402
from sim.synthetic import Process, Signal  # noqa: E402
from sim.units import FloatArray  # noqa: E402

FIRST = datetime(2021, 1, 1, tzinfo=UTC)
HOURS = 17520
UTC_OFFSET_H = {
    "AU-NSW": 10, "AU-VIC": 10, "BR-CS": -3, "CA-ON": -5, "CL-SEN": -4, "DE": 1, "ES": 1, "GB": 0,
    "IN-WE": 5.5, "JP-TK": 9, "KR": 9, "SG": 8, "US-CAL-CISO": -8, "US-MIDA-PJM": -5, "US-NY-NYIS": -5,
    "US-TEX-ERCO": -6, "ZA": 2,
}  # fmt: skip
PRICE_FLOOR_QUANTILE = 0.001
PRICE_CLIP_QUANTILE = 0.99
TEXAS_CLIP_QUANTILE = 0.98
"""The storm of February 2021 alone is one hour in a hundred of Texas."""

LAGS_H = np.arange(169)
TAUS_H = {
    "fast": (1, 1.5, 2, 3, 4, 6, 8, 12, 18),
    "slow": (24, 36, 48, 72, 96, 144, 240),
    "daily": (12, 24, 48, 96, 192, 384, 768),
}
REPLICAS = 4
QUANTILES = 2000

CPU_CLASSES = (1, 8, 32)
FEW_CPUS = 8
PROBABILITIES = (0, 0.02, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 1)
SURF_CLOCK = np.timedelta64(2, "h")
"""The whole trace is of Dutch summer time."""


def real_series(data_dir: Path, signal: str) -> dict[str, FloatArray]:
    """Return zone -> hourly values of 2021-2022, shape (17520,), NaN where absent."""
    path, column = {
        "carbon": ("carbon/em_hourly_2021_2022.parquet", "ci_lifecycle"),
        "price": ("prices/electricity_prices_2021_2022.parquet", "price_usd"),
    }[signal]
    table = pq.read_table(data_dir / path, columns=["zone", "ts", column])
    zone = np.array(table["zone"].to_pylist())
    hour = (table["ts"].to_numpy().astype("datetime64[h]") - np.datetime64("2021-01-01T00", "h")).astype(int)
    values = table[column].to_numpy().astype(float)
    inside = (hour >= 0) & (hour < HOURS)
    series = {}
    for name in sorted(set(zone)):
        rows = inside & (zone == name)
        series[name] = np.full(HOURS, np.nan)
        series[name][hour[rows]] = values[rows]
    return series


def without_spikes(prices: FloatArray, zone: str) -> FloatArray:
    """Return the prices clipped at the zone's quantiles, NaN kept."""
    top = TEXAS_CLIP_QUANTILE if zone == "US-TEX-ERCO" else PRICE_CLIP_QUANTILE
    return np.clip(prices, *np.nanquantile(prices, [PRICE_FLOOR_QUANTILE, top]))


def normal_scores(values: FloatArray) -> FloatArray:
    """Return each value's mid-rank as a standard normal quantile, NaN kept."""
    known = np.isfinite(values)
    ordered = np.sort(values[known])
    rank = (np.searchsorted(ordered, values[known]) + np.searchsorted(ordered, values[known], "right")) / 2
    grid = np.linspace(0, 1, 4001)[1:-1]
    normal = np.array([NormalDist().inv_cdf(p) for p in grid])
    scores = np.full(len(values), np.nan)
    scores[known] = np.interp(rank / len(ordered), grid, normal)
    return scores


def hours_axis() -> FloatArray:
    """Return the fitted hours since the model's epoch, shape (17520,)."""
    return (FIRST - synthetic.EPOCH).total_seconds() / 3600 + np.arange(HOURS, dtype=float)


def fit_calendar(scores: FloatArray, utc_offset_h: float) -> FloatArray:
    """Return the calendar's coefficients by least squares; no trend if a fifth of the hours is absent."""
    columns = synthetic.regressors(hours_axis(), utc_offset_h)
    known = np.isfinite(scores)
    if known.mean() < 0.8:
        columns[:, 1] = 0.0
    return np.linalg.lstsq(columns[known], scores[known], rcond=None)[0]


def autocovariance(residual: FloatArray) -> FloatArray:
    """Return the autocovariance at `LAGS_H`, over the pairs of known hours."""
    known = np.isfinite(residual)
    centred = np.where(known, residual - np.nanmean(residual), 0.0)
    size = 2 ** int(np.ceil(np.log2(len(residual) + LAGS_H[-1])))
    sums, pairs = (
        np.fft.irfft(np.abs(np.fft.rfft(series, size)) ** 2)[LAGS_H] for series in (centred, known.astype(float))
    )
    return sums / np.round(pairs)


def fit_processes(target: FloatArray) -> dict[str, Process]:
    """Return the processes whose summed autocovariance is nearest to the target."""
    turn = np.cos(2 * np.pi * LAGS_H / 24)
    shape = {
        (name, tau): np.exp(-LAGS_H / tau) * (turn if name == "daily" else 1.0)
        for name, taus in TAUS_H.items()
        for tau in taus
    }
    best = (np.inf, (), np.zeros(3))
    weights = np.where(LAGS_H % 24 == 0, 3.0, 1.0) * np.where(LAGS_H <= 24, 3.0, 1.0)
    for taus in itertools.product(*TAUS_H.values()):
        columns = np.stack([shape[key] for key in zip(TAUS_H, taus, strict=True)], axis=1)
        variances = nonnegative(columns * weights[:, None], target * weights)
        error = float(np.sum(((columns @ variances - target) * weights) ** 2))
        if error < best[0]:
            best = (error, taus, variances)
    return {name: Process(float(v), float(t)) for name, t, v in zip(TAUS_H, best[1], best[2], strict=True)}


def nonnegative(columns: FloatArray, target: FloatArray) -> FloatArray:
    """Return the least-squares coefficients, those that would be negative left out one at a time."""
    active = list(range(columns.shape[1]))
    while True:
        solution = np.zeros(columns.shape[1])
        solution[active] = np.linalg.lstsq(columns[:, active], target, rcond=None)[0]
        if solution.min() >= 0:
            return solution
        active.remove(int(np.argmin(solution)))


def quantiles(sample: FloatArray) -> FloatArray:
    """Return evenly spaced quantiles, shape (QUANTILES,): a sort is faster here than numpy's selection."""
    places = (np.arange(len(sample)) + 0.5) / len(sample)
    return np.interp((np.arange(QUANTILES) + 0.5) / QUANTILES, places, np.sort(sample))


def fit_curve(values: FloatArray, scores: FloatArray) -> FloatArray:
    """Return the curve's values at `SCORES`: least squares of the real quantiles on simulated ones.

    The hat functions sum to one, so the generated mean is the real one. A knot beyond the scores is
    held by a weak row of its own: the real quantile where the simulated one would be.
    """
    real, simulated = quantiles(values[np.isfinite(values)]), quantiles(scores)
    unit = np.eye(len(synthetic.SCORES))
    hats = np.stack([np.interp(simulated, synthetic.SCORES, row) for row in unit], axis=1)
    columns = np.vstack([hats, unit])
    target = np.concatenate([real, np.interp(synthetic.SCORES, simulated, real)])
    curve = np.linalg.lstsq(columns, target, rcond=None)[0]
    return np.maximum.accumulate(np.clip(curve, real[0], real[-1]))


def moments(values: FloatArray) -> FloatArray:
    """Return mean daily swing over the mean, and the autocorrelation at 1, 24 and 168 h; NaN skipped."""
    mean = np.nanmean(values)
    days = values.reshape(-1, 24)
    days = days[np.isfinite(days).all(axis=1)]
    centred = values - mean
    lagged = [np.nanmean(centred[lag:] * centred[:-lag]) for lag in (1, 24, 168)]
    return np.array([np.mean(np.ptp(days, axis=1)) / mean, *(lagged / np.nanvar(values))])


def scaled(model: Signal, log_factors: FloatArray) -> Signal:
    """Return the model with fast variance, slow variance and daily amplitude times exp(log_factors)."""
    fast, slow, day = np.exp(log_factors)
    calendar = model.calendar.copy()
    calendar[synthetic.FIRST_DAILY :] *= day
    return replace(
        model,
        calendar=calendar,
        fast=replace(model.fast, variance=model.fast.variance * fast),
        slow=replace(model.slow, variance=model.slow.variance * slow),
        daily=replace(model.daily, variance=model.daily.variance * day**2),
    )


def parts(model: Signal, seed: int) -> FloatArray:
    """Return the score's parts that sum to it, shape (4, 17520): level, fast, slow, daily."""
    without = np.full(3, -np.inf)  # factors of zero
    masks = np.vstack([without, np.where(np.eye(3, dtype=bool), 0.0, without)])
    scores = [scaled(model, mask).score(hours_axis(), np.random.default_rng(seed)) for mask in masks]
    return np.stack([scores[0], *(score - scores[0] for score in scores[1:])])


def with_curve(scores: Sequence[FloatArray], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the curve fitted to simulated scores, and the mean moments of the series it then gives."""
    known = np.isfinite(values)
    curve = fit_curve(values, np.concatenate([score[known] for score in scores]))
    drawn = [np.where(known, np.interp(score, synthetic.SCORES, curve), np.nan) for score in scores]
    return curve, np.mean([moments(series) for series in drawn], axis=0)


def calibrate(model: Signal, values: FloatArray) -> Signal:
    """Return the model scaled to the real moments: a compass search over the three factors."""
    real = moments(values)
    worth = np.array([0.08 * real[0], 0.05, 0.05, 0.15])
    pieces = [parts(model, seed) for seed in range(REPLICAS)]

    def scores(at: FloatArray) -> FloatArray:
        factors = np.exp(at * [0.5, 0.5, 1.0])  # variances to amplitudes
        return np.stack([piece[0] + factors @ piece[1:] for piece in pieces])

    def loss(at: FloatArray) -> float:
        found = with_curve(standard(scores(at)), values)[1]
        return float(np.sum(((found - real) / worth) ** 2))

    best = compass(loss, np.zeros(3))
    curve, _ = with_curve(standard(scores(best)), values)
    return replace(standardised(scaled(model, best), scores(best)), values=curve)


def standard(scores: FloatArray) -> FloatArray:
    """Return the scores with mean 0 and standard deviation 1, so that `SCORES` span them."""
    return (scores - scores.mean()) / scores.std()


def standardised(model: Signal, scores: FloatArray) -> Signal:
    """Return the model whose scores are these ones made standard."""
    spread = float(scores.std())
    calendar = model.calendar / spread
    calendar[0] -= scores.mean() / spread
    return replace(
        model,
        calendar=calendar,
        fast=replace(model.fast, variance=model.fast.variance / spread**2),
        slow=replace(model.slow, variance=model.slow.variance / spread**2),
        daily=replace(model.daily, variance=model.daily.variance / spread**2),
    )


def compass(loss: Callable[[FloatArray], float], start: FloatArray) -> FloatArray:
    """Return where a compass search from `start` ends: a neighbour better by 2 %, or else half the step."""
    best, least, step = start, loss(start), 0.6
    while step > 0.07:
        tried = [best + step * sign * axis for axis in np.eye(len(start)) for sign in (1, -1)]
        losses = [loss(at) for at in tried]
        if min(losses) < 0.98 * least:
            best, least = tried[int(np.argmin(losses))], min(losses)
        else:
            step /= 2
    return best


def fit_signal(values: FloatArray, utc_offset_h: float) -> Signal:
    """Return the model of one series."""
    scores = normal_scores(values)
    calendar = fit_calendar(scores, utc_offset_h)
    residual = scores - synthetic.regressors(hours_axis(), utc_offset_h) @ calendar
    processes = fit_processes(autocovariance(residual))
    model = Signal(utc_offset_h, calendar, **processes, values=synthetic.SCORES)
    return calibrate(model, values)


def rounded(value: Any) -> Any:
    """Return numbers, however nested, to four significant digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [rounded(item) for item in value]
    return value if isinstance(value, str | int) else float(f"{value:.4g}")


def signal_entry(model: Signal) -> dict[str, Any]:
    """Return a model as the parameter file writes it."""
    names, daily = synthetic.CALENDAR, 2 * synthetic.DAILY_HARMONICS
    ends = np.cumsum([1, 1, 1, 2 * synthetic.ANNUAL_HARMONICS, daily, daily])
    processes = {"fast": model.fast, "slow": model.slow, "daily_wander": model.daily}
    return {
        **dict(zip(names, np.split(model.calendar, ends), strict=True)),
        **{name: asdict(process) for name, process in processes.items()},
        "values": model.values,
    }


def fit_zones(data_dir: Path) -> dict[str, Any]:
    """Return the document of `synthetic_zones.json`."""
    carbon, prices = (real_series(data_dir, signal) for signal in ("carbon", "price"))
    zones = {}
    for zone, offset_h in UTC_OFFSET_H.items():
        print(f"fitting {zone}", file=sys.stderr)
        series = {"carbon": carbon[zone], "price": without_spikes(prices[zone], zone)}
        fitted = {name: signal_entry(fit_signal(values, offset_h)) for name, values in series.items()}
        zones[zone] = {"utc_offset_h": offset_h, **fitted}
    about = "Fitted by bench/fit_synthetic.py to hourly data of 2021-2022; the model is in sim/synthetic.py"
    return {"about": about, "zones": zones}


def columns_of(path: Path, names: Sequence[str]) -> list[FloatArray]:
    """Return columns of a Parquet file as float arrays."""
    table = pq.read_table(path, columns=list(names))
    return [table[name].to_numpy().astype(float) for name in names]


def discrete(values: FloatArray, *, least_share: float) -> dict[str, Any]:
    """Return the common values and their shares; a rarer value counts as the nearest common one."""
    seen, counts = np.unique(values, return_counts=True)
    common = seen[counts >= least_share * len(values)]
    nearest = common[np.argmin(np.abs(values[:, None] - common), axis=1)]
    return {"values": common, "weights": np.unique(nearest, return_counts=True)[1] / len(values)}


def fit_durations(duration_s: FloatArray, cpus: FloatArray) -> dict[str, Any]:
    """Return each CPU class's durations at `PROBABILITIES`."""
    classes = np.searchsorted(CPU_CLASSES, cpus)
    curves = [np.quantile(duration_s[classes == i], PROBABILITIES) for i in range(len(CPU_CLASSES) + 1)]
    return {"classes_up_to_cpus": CPU_CLASSES, "probabilities": PROBABILITIES, "curves_s": curves}


def fit_gpus(gpus: FloatArray, cpus: FloatArray) -> dict[str, Any]:
    """Return the shares of GPU counts, to a tenth of a card, of jobs of few and of many CPUs."""
    tenths, few = np.round(gpus, 1), cpus <= FEW_CPUS
    return {
        "few_up_to_cpus": FEW_CPUS,
        "few_cpus": discrete(tenths[few], least_share=0.002),
        "many_cpus": discrete(tenths[~few], least_share=0.002),
    }


def fit_gb_per_cpu(memory_gb: FloatArray, cpus: FloatArray) -> dict[str, Any]:
    """Return the lognormal of memory a CPU, and the range of 98 % of it."""
    ratio = (memory_gb / cpus)[memory_gb > 0]
    low, high = np.quantile(ratio, [0.01, 0.99])
    return {"median": np.exp(np.log(ratio).mean()), "log_sd": np.log(ratio).std(), "low": low, "high": high}


def fit_arrivals(submit: NDArray[np.datetime64]) -> dict[str, Any]:
    """Return two harmonics of the log hourly rate, and the weekdays' weights (mean 1, Monday first).

    The mean of square roots, squared, damps the bursts of job arrays.
    """
    hour = (submit + SURF_CLOCK).astype("datetime64[h]").astype(int)
    first = hour.min() // 24 + 1
    per_hour = np.bincount(hour[hour >= 24 * first] - 24 * first)
    per_hour = per_hour[: len(per_hour) // 168 * 168].reshape(-1, 24)
    profile = np.sqrt(per_hour).mean(axis=0) ** 2
    turn = 2 * np.pi * (np.arange(24) + 0.5) / 24
    columns = np.stack([np.ones(24), np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)], axis=1)
    weekday = (first + 3 + np.arange(len(per_hour))) % 7  # 1970-01-01 was a Thursday
    daily = np.sqrt(per_hour.sum(axis=1))
    weights = np.array([daily[weekday == day].mean() ** 2 for day in range(7)])
    return {
        "daily": np.linalg.lstsq(columns, np.log(profile), rcond=None)[0][1:],
        "weekdays": weights / weights.mean(),
    }


def fit_jobs(data_dir: Path) -> dict[str, Any]:
    """Return the document of `synthetic_jobs.json`."""
    folder = data_dir / "workloads"
    duration_s, cpus = columns_of(folder / "jobs_pai_first70.parquet", ["duration_s", "cpus"])
    pod_cpus, pod_gpus, pod_gb = columns_of(
        folder / "jobs_alibaba_gpu2023_first70.parquet", ["cpus", "gpus", "memory_gb"]
    )
    surf = pq.read_table(folder / "jobs_surf2022_first70.parquet", columns=["submit_ts"])
    return {
        "about": "Fitted by bench/fit_synthetic.py to public traces; sim/synthetic_jobs.py says which",
        "cpus": discrete(cpus, least_share=0.0005),
        "duration": fit_durations(duration_s, cpus),
        "gpus": fit_gpus(pod_gpus, pod_cpus),
        "gb_per_cpu": fit_gb_per_cpu(pod_gb, pod_cpus),
        "arrivals": fit_arrivals(surf["submit_ts"].to_numpy()),
    }


def write(name: str, document: dict[str, Any]) -> None:
    """Write a parameter file of `sim/`, one line for each list of numbers."""
    text = json.dumps(rounded(document), indent=1)
    text = re.sub(r"\[[^][{}]*\]", lambda match: " ".join(match[0].split()), text)
    (ROOT / "sim" / name).write_text(text + "\n", "utf-8")


def main() -> None:
    """Fit both generators and rewrite their files."""
    parser = argparse.ArgumentParser(description="Fit the bundled generators to the real data.")
    parser.add_argument("--data-dir", type=Path, required=True, help="folder of Parquet files; see its README")
    data_dir = parser.parse_args().data_dir
    write("synthetic_jobs.json", fit_jobs(data_dir))
    write("synthetic_zones.json", fit_zones(data_dir))


if __name__ == "__main__":
    main()
