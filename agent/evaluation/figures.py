"""The figures of a run as columns of an evaluation: the summary, flat, and what response times add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from agent.case import Case, Finished, cancelled_in, check_descriptions, segments_of
from agent.described.truth import as_record, true_hints
from sim.history import Served
from sim.units import FloatArray

TIMINGS = (
    "scheduler_s",
    "wall_s",
    "jobs_per_s",
    "peak_rss_mb",
    "llm_seconds",
    "llm_energy_kwh",
    "llm_p50_s",
    "llm_p95_s",
)
"""Columns that differ from run to run on the same input: they have a table of their own."""


def figures_of(case: Case, finished: Finished) -> dict[str, float | None]:
    """Return every figure of a run.

    Those of the summary, keys joined with `_`, and:

    - `carbon_kg`: what a schedule can change directly, i.e. dynamic + transfer + llm, kg
    - `g_per_kwh`: gCO2-eq per kWh of what the jobs and services drew
    - `text_violations`: breaches of what texts that speak for fields truly say; None without such texts
    - `undone`: the share of all work, CPU seconds, that no job had finished by the horizon
    - `response_mean_s`, `response_p95_s`, `response_p99_s`: of the services' requests, each step's mean weighted by
      its requests; None without any
    """
    summary = finished.summary
    carbon = summary["carbon_kg"]
    flat = {name: value for name, value in _flat(summary) if isinstance(value, int | float) or value is None}
    kwh = _jobs_kwh(finished)
    return {
        **flat,
        "carbon_kg": carbon["dynamic"] + carbon["transfer"] + carbon["llm"],
        "g_per_kwh": 1000 * carbon["dynamic"] / kwh if kwh else None,
        "text_violations": _against_texts(case, finished),
        "undone": _undone(case, finished),
        **response_times(finished.run.history.served),
    }


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}_")
        else:
            yield f"{prefix}{key}", value


def _jobs_kwh(finished: Finished) -> float:
    books = finished.accounts.books
    return float(books.ledger.energy_kwh.sum() + books.services.energy_kwh.sum())


def _against_texts(case: Case, finished: Finished) -> int | None:
    truth = true_hints(case.world)
    if not truth:
        return None
    segments, gone = segments_of(finished.run, finished.accounts), cancelled_in(finished.run)
    return len(check_descriptions(case.world, as_record(truth), segments, cancelled=gone))


def _undone(case: Case, finished: Finished) -> float:
    workload = case.world.workload
    work = workload.durations_s * workload.jobs.cpus
    return float(work[np.isnan(finished.accounts.jobs.end_s)].sum() / work.sum()) if work.sum() else 0.0


def response_times(served: list[Served]) -> dict[str, float | None]:
    """Return the response times of requests that were answered; those that never were have none."""
    answered = [s for s in served if np.isfinite(s.response_s) and s.rate_per_s]
    if not answered:
        return {"response_mean_s": None, "response_p95_s": None, "response_p99_s": None}
    times_s = np.array([s.response_s for s in answered])
    requests = np.array([s.rate_per_s * (s.end_s - s.start_s) for s in answered])
    return {
        "response_mean_s": float(np.average(times_s, weights=requests)),
        "response_p95_s": weighted_quantile(times_s, requests, 0.95),
        "response_p99_s": weighted_quantile(times_s, requests, 0.99),
    }


def weighted_quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    """Return the least value that, with all below it, has this share of the weight.

    Example:
        Of ten requests nine took 1 s and one 5 s:

        >>> weighted_quantile(np.array([5.0, 1.0]), np.array([1.0, 9.0]), 0.95)
        5.0
    """
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / np.sum(weights)
    return float(values[order][min(int(np.searchsorted(reached, share - 1e-12)), len(values) - 1)])
