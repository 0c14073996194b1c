"""The bundled generator of workloads: when jobs come, how long they run and what they ask for.

The parameters in `synthetic_jobs.json` were fitted by `bench/fit_synthetic.py` to public traces:

- CPUs and duration to the PAI trace in GAIA's form (Alibaba's GPU cluster of 2020; jobs of 5 min to
  72 h; what it calls CPUs is a size, 1 for three jobs in four). The common counts have their share;
  each class of counts has its own durations: exp of a curve, linear between its values at given
  probabilities. So large jobs run longer, as there.
- GPUs and memory to Alibaba's GPU cluster trace of 2023: the shares of none, tenths of a card, and
  whole cards, apart for jobs of few and of many CPUs; a lognormal of GB a CPU, within the trace's
  range. No job is in both traces, so that a job's duration does not depend on its GPUs is our assumption.
- The daily and weekly cycle of submissions to the SURF Lisa cluster, Netherlands, July to October
  2022 (the submit times of PAI are not calendar time), with bursts damped by a square root.

Not fitted: bursts (submissions are independent given the cycle; real ones come in arrays), users,
and all that a scenario sets itself: slack, homes, priorities, labels.
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
from sim.units import DAY_S, HOUR_S, FloatArray

MONDAY = datetime(2022, 1, 3, tzinfo=UTC)


@dataclass(frozen=True)
class JobShapes:
    """Jobs in submit order, as arrays of shape (count,): seconds since the start, CPUs, GPUs, GB."""

    submit_s: FloatArray
    duration_s: FloatArray
    cpus: FloatArray
    gpus: FloatArray
    memory_gb: FloatArray


def generate(
    count: int,
    days: float,
    rng: np.random.Generator,
    *,
    start: datetime = MONDAY,
    max_cpus: float = np.inf,
) -> JobShapes:
    """Return `count` jobs submitted within `days`.

    Args:
        count: How many jobs, at least 0.
        days: Length of the submission window, above 0; submissions are in [0, days) days.
        rng: Source of all draws.
        start: The moment of second 0; its own clock and weekday set the cycle, so give it in the
            submitters' time zone.
        max_cpus: Jobs that would ask for more ask for this many, at least 1.

    Raises:
        InputError: If an argument is out of its range.
    """
    if count < 0 or not 0 < days < np.inf or not max_cpus >= 1:
        raise InputError(
            f"count {count}, days {days:g} and max_cpus {max_cpus:g} were asked for; "
            "a workload needs count >= 0, finite days > 0 and max_cpus >= 1"
        )
    fitted = _parameters()
    cpus = _discrete(fitted["cpus"], count, rng)
    duration_s = _durations_s(fitted["duration"], cpus, rng)
    cpus = np.minimum(cpus, max_cpus)
    return JobShapes(
        submit_s=_submissions_s(count, days, start, rng),
        duration_s=duration_s,
        cpus=cpus,
        gpus=_gpus(fitted["gpus"], cpus, rng),
        memory_gb=cpus * _gb_per_cpu(fitted["gb_per_cpu"], count, rng),
    )


def arrival_rate(start: datetime, hours: int) -> FloatArray:
    """Return the relative submission rate of whole clock hours, shape (hours,), the first holding `start`.

    exp of two daily harmonics of the clock's hour, times the weekday's weight.
    """
    cycle = _parameters()["arrivals"]
    hour = start.hour + np.arange(hours)
    turn = 2 * np.pi * (hour + 0.5) / 24
    daily = np.stack([np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)])
    weekday = (start.weekday() + hour // 24) % 7
    rate: FloatArray = np.exp(np.array(cycle["daily"]) @ daily) * np.array(cycle["weekdays"])[weekday]
    return rate


def _submissions_s(count: int, days: float, start: datetime, rng: np.random.Generator) -> FloatArray:
    """Return sorted submit times: a Poisson process of the cycle's rate, given its count.

    Given their count, the points of a Poisson process are independent draws of its rate's shape.
    """
    into_hour_s = timedelta(minutes=start.minute, seconds=start.second).total_seconds()
    end_s = days * DAY_S
    edges_s = np.arange(np.ceil((end_s + into_hour_s) / HOUR_S) + 1) * HOUR_S - into_hour_s
    expected = np.append(0.0, np.cumsum(arrival_rate(start, len(edges_s) - 1)))
    window = np.interp([0.0, end_s], edges_s, expected)
    submit_s = np.interp(np.sort(rng.uniform(window[0], window[1], count)), expected, edges_s)
    return np.clip(submit_s, 0.0, np.nextafter(end_s, 0.0))


def _discrete(entry: dict[str, Any], count: int, rng: np.random.Generator) -> FloatArray:
    weights = np.array(entry["weights"])
    return rng.choice(np.array(entry["values"], dtype=float), size=count, p=weights / weights.sum())


def _durations_s(entry: dict[str, Any], cpus: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return durations, each from the curve of its CPU class."""
    chance = rng.uniform(size=len(cpus))
    classes = np.searchsorted(entry["classes_up_to_cpus"], cpus)
    curves = [np.interp(chance, entry["probabilities"], np.log(curve)) for curve in entry["curves_s"]]
    duration_s: FloatArray = np.exp(np.stack(curves)[classes, np.arange(len(cpus))])
    return duration_s


def _gpus(entry: dict[str, Any], cpus: FloatArray, rng: np.random.Generator) -> FloatArray:
    few, many = (_discrete(entry[size], len(cpus), rng) for size in ("few_cpus", "many_cpus"))
    return np.where(cpus <= entry["few_up_to_cpus"], few, many)


def _gb_per_cpu(entry: dict[str, float], count: int, rng: np.random.Generator) -> FloatArray:
    drawn: FloatArray = entry["median"] * np.exp(entry["log_sd"] * rng.standard_normal(count))
    return drawn.clip(entry["low"], entry["high"])


@cache
def _parameters() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files("sim").joinpath("synthetic_jobs.json").read_text("utf-8"))
    return document
