"""Paired statistics: every contender beside the baseline on the same scenario, policy and seed."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from agent.evaluation.cell import OK, Row
from sim.units import HOUR_S, FloatArray

RESAMPLES = 2000
LEVEL = 0.95
EQUAL = 1e-4
"""Percent: two runs whose carbon differs by less are a tie."""
UNDONE = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A mean over scenarios and its interval at the level of 95 %; no interval with fewer than two scenarios."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Comparison:
    """A contender under a policy beside the baseline there.

    Attributes:
        saved: Percent less carbon than the baseline's, of what a schedule can change (`carbon_kg`).
        saved_total: The same with idle servers and embodied carbon.
        saved_cost: Percent less energy cost.
        wins: The share of pairs that emit less; a tie counts half. None without a pair.
        scored: Pairs from which these come. unscored: runs that form none; `reasons` says why, and how many.
        means: Mean over the scored runs of other columns, None where no run has one; see MEANS.
    """

    policy: str
    contender: str
    saved: Estimate | None
    saved_total: Estimate | None
    saved_cost: Estimate | None
    wins: float | None
    scored: int
    unscored: int
    reasons: Mapping[str, int]
    means: Mapping[str, float | None]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


MEANS = {
    "violation_rate": 1.0, "unfinished": 1.0, "policy_violations": 1.0, "text_violations": 1.0,
    "services_late_rate": 1.0,
    "wait_s_mean": 1 / HOUR_S, "wait_s_p95": 1 / HOUR_S, "jct_s_mean": 1 / HOUR_S, "jct_s_p99": 1 / HOUR_S,
    "makespan_s": 1 / HOUR_S, "response_mean_s": 1.0, "response_p95_s": 1.0, "response_p99_s": 1.0,
    "carbon_kg": 1.0, "carbon_kg_total": 1.0, "g_per_job": 1.0, "g_per_kwh": 1.0, "energy_kwh": 1.0, "cost_usd": 1.0,
    "utilization": 1.0, "suspensions": 1.0, "migrations": 1.0, "gap_jobs": 1.0, "scheduler_s": 1.0,
    "llm_calls": 1.0, "llm_prompt_tokens": 1.0, "llm_completion_tokens": 1.0, "llm_seconds": 1.0, "llm_fallbacks": 1.0,
    "llm_energy_kwh": 1.0, "carbon_kg_llm": 1.0,
}  # fmt: skip
"""Columns that a comparison has the mean of, and what they are multiplied by: waits and ends are in hours there."""


def compare(rows: Sequence[Row], baseline: str, rng: np.random.Generator) -> list[Comparison]:
    """Return every contender beside the baseline, the baseline included, who saves most first within a policy."""
    base = {_pair(row): row for row in rows if row["contender"] == baseline}
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["policy"], row["contender"]].append(row)
    made = [_comparison(policy, name, own, base, rng) for (policy, name), own in groups.items()]
    return sorted(made, key=lambda one: (one.policy, -(one.saved.mean if one.saved else -np.inf)))


def _pair(row: Row) -> tuple[Any, ...]:
    return row["scenario"], row["policy"], row["seed"]


def _comparison(
    policy: str, name: str, rows: list[Row], base: Mapping[tuple[Any, ...], Row], rng: np.random.Generator
) -> Comparison:
    reasons = {row["cell"]: why_unscored(row, base.get(_pair(row))) for row in rows}
    scored = [row for row in rows if not reasons[row["cell"]]]
    pairs = [(row, base[_pair(row)]) for row in scored]
    carbon = [(own["carbon_kg"], other["carbon_kg"]) for own, other in pairs]
    return Comparison(
        policy=policy,
        contender=name,
        saved=_saved(pairs, "carbon_kg", rng),
        saved_total=_saved(pairs, "carbon_kg_total", rng),
        saved_cost=_saved(pairs, "cost_usd", rng),
        wins=float(np.mean([_win(*pair) for pair in carbon])) if pairs else None,
        scored=len(scored),
        unscored=len(rows) - len(scored),
        reasons=dict(Counter(reason for reason in reasons.values() if reason)),
        means={column: _mean(scored, column, factor) for column, factor in MEANS.items()},
    )


def saved_by_scenario(rows: Sequence[Row], baseline: str) -> dict[tuple[str, str], dict[str, float]]:
    """Return the percentage of carbon saved by policy and contender, and by scenario: means over the scored seeds."""
    base = {_pair(row): row for row in rows if row["contender"] == baseline}
    found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        other = base.get(_pair(row))
        if other and other["status"] == OK and other["carbon_kg"] and not why_unscored(row, other):
            saved = 100 * (1 - row["carbon_kg"] / other["carbon_kg"])
            found[row["policy"], row["contender"]][row["scenario"]].append(saved)
    return {who: {name: float(np.mean(saved)) for name, saved in own.items()} for who, own in found.items()}


def why_unscored(row: Row, base: Row | None) -> str:
    """Return why a run is not compared, or nothing if it is.

    A run is compared if both it and the baseline's hold in the audit, and it finished no less work.
    """
    if row["status"] != OK:
        return f"{row['status']}: {row['reason']}"
    if base is None or base["status"] != OK:
        return "the baseline's run is missing, failed or faulty"
    if row["undone"] > base["undone"] + UNDONE:
        return "it left work undone that the baseline did"
    return ""


def _saved(pairs: Sequence[tuple[Row, Row]], column: str, rng: np.random.Generator) -> Estimate | None:
    """Return the percentage by which a column lies below the baseline's."""
    known = [(own, base) for own, base in pairs if base[column]]
    values = np.array([100 * (1 - own[column] / base[column]) for own, base in known])
    return estimate(values, [own["scenario"] for own, _ in known], rng) if known else None


def _win(own: float, base: float) -> float:
    if abs(own - base) <= EQUAL / 100 * base:
        return 0.5
    return float(own < base)


def _mean(rows: Sequence[Row], column: str, factor: float) -> float | None:
    known = [row[column] for row in rows if row.get(column) is not None]
    return float(np.mean(known)) * factor if known else None


def estimate(values: FloatArray, clusters: Sequence[str], rng: np.random.Generator) -> Estimate:
    """Return the mean over clusters of each one's mean, and a bootstrap interval that resamples clusters.

    Runs of one scenario are alike, so that it is the scenarios that are drawn, with all their seeds (Davison and
    Hinkley 1997, section 3.8). The interval is the expanded percentile interval (Hesterberg 2015, "What teachers should
    know about the bootstrap", section 5.2), without whose correction a bootstrap of few clusters is too narrow.

    Args:
        values: A difference a pair, shape (P,), P > 0.
        clusters: The scenario of each.
    """
    means = np.array(list(_cluster_means(values, clusters)))
    mean, n = float(means.mean()), len(means)
    if n < 2:
        return Estimate(mean, None, None)
    drawn = means[rng.integers(0, n, size=(RESAMPLES, n))].mean(axis=1)
    tail = NormalDist().cdf(-student(n - 1) * math.sqrt(n / (n - 1)))
    low, high = np.percentile(drawn, [100 * tail, 100 * (1 - tail)])
    return Estimate(mean, float(low), float(high))


def student(freedom: int) -> float:
    """Return Student's t that LEVEL of the distribution lies within, by its expansion (Abramowitz and Stegun 26.7.5).

    Example:
        2.262 for 9 degrees of freedom:

        >>> round(student(9), 2)
        2.26
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return float(sum(term / freedom**power for power, term in enumerate(terms)))


def _cluster_means(values: FloatArray, clusters: Sequence[str]) -> Iterator[float]:
    names = np.array(clusters)
    for name in dict.fromkeys(clusters):
        yield float(values[names == name].mean())
