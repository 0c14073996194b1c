"""The totals of a run: carbon, energy, cost, waiting, violations, and how far above the bound."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.bound import Bound
from sim.history import RUN
from sim.ledger import Books, keep_books
from sim.runner import Run
from sim.units import G_PER_KG, BoolArray, FloatArray, IntArray
from sim.world import ROUNDING_S


@dataclass(frozen=True, eq=False)
class JobTable:
    """A row per job in submit order, shape (J,) each; NaN (null in files) where it never started or ended."""

    start_s: FloatArray
    end_s: FloatArray
    wait_s: FloatArray
    jct_s: FloatArray
    violated: BoolArray
    suspensions: IntArray
    energy_kwh: FloatArray
    carbon_g: FloatArray
    cost_usd: FloatArray


@dataclass(frozen=True, eq=False)
class Accounts:
    """Everything that is computed from what happened in a run."""

    books: Books
    jobs: JobTable


def account(run: Run) -> Accounts:
    """Return the run's accounts. Raises AssertionError if the parts of a region do not make its total."""
    books = keep_books(run.world, run.history)
    return Accounts(books, job_table(run, books))


def job_table(run: Run, books: Books) -> JobTable:
    """Return what became of every job.

    A job unfinished at the horizon is a violation if its deadline has passed, or can no longer be met; a cancelled
    job always is.
    """
    jobs, pieces = run.world.workload.jobs, books.ledger.pieces
    start_s, end_s = np.full(len(jobs), np.nan), np.full(len(jobs), np.nan)
    np.fmin.at(start_s, pieces.job, pieces.start_s)
    end_s[pieces.job[pieces.finished]] = pieces.end_s[pieces.finished]
    late = np.where(np.isnan(end_s), _earliest_end_s(run, books), end_s) > jobs.deadline_s + ROUNDING_S
    late[list(run.history.cancelled)] = True

    def per_job(values: FloatArray) -> FloatArray:
        return np.bincount(pieces.job, weights=values, minlength=len(jobs)).astype(float)

    return JobTable(
        start_s=start_s,
        end_s=end_s,
        wait_s=start_s - jobs.submit_s,
        jct_s=end_s - jobs.submit_s,
        violated=late,
        suspensions=np.bincount(np.array(run.history.suspensions, dtype=np.int64), minlength=len(jobs)),
        energy_kwh=per_job(books.ledger.energy_kwh),
        carbon_g=per_job(books.ledger.carbon_g),
        cost_usd=per_job(books.ledger.cost_usd),
    )


def _earliest_end_s(run: Run, books: Books) -> FloatArray:
    """Return when each job could end at the soonest if the world went on after the horizon, shape (J,)."""
    jobs, pieces = run.world.workload.jobs, books.ledger.pieces
    work = (pieces.kind == RUN) * (pieces.end_s - pieces.start_s)
    for p in np.flatnonzero(pieces.scale > 1).tolist():
        work[p] *= jobs.traits[jobs.trait[pieces.job[p]]].throughput[pieces.scale[p] - 1]
    done_s = np.bincount(pieces.job, weights=work, minlength=len(jobs))
    fastest = np.array([max((1.0, *trait.throughput)) for trait in jobs.traits] or [1.0])
    left_s = np.maximum(run.world.workload.durations_s - done_s, 0.0)
    return np.asarray(run.world.horizon_s + left_s / fastest[jobs.trait])


def summarise(
    run: Run,
    accounts: Accounts,
    bound: Bound,
    *,
    policy_violations: int,
    hint_violations: int = 0,
    llm: Mapping[str, float] | None = None,
    llm_g: float = 0.0,
) -> dict[str, Any]:
    """Return the summary as the run folder's contract words it; kilograms, seconds, USD, fractions."""
    world, jobs, books = run.world, accounts.jobs, accounts.books
    carbon = carbon_kg(run, books, llm_g)
    energy_kwh, cost_usd = _drawn(run, books)
    finished = ~np.isnan(jobs.end_s)
    count = len(world.workload.jobs)
    bound_kg = bound.total_kg
    return {
        "scheduler": run.scheduler,
        "carbon_kg": carbon,
        "energy_kwh": energy_kwh,
        "energy_parts_kwh": energy_parts_kwh(books),
        "cost_usd": cost_usd,
        "intensity_g_per_kwh": ratio((carbon["dynamic"] + carbon["idle"]) * G_PER_KG, energy_kwh),
        "g_per_job": ratio(carbon["dynamic"] * G_PER_KG, count),
        "wait_s": _spread(jobs.wait_s),
        "jct_s": _spread(jobs.jct_s),
        "delay_s": _spread(np.maximum(jobs.jct_s - world.workload.durations_s, 0.0)),
        "makespan_s": _makespan(run, jobs),
        "jobs": count,
        "unfinished": int(count - finished.sum()),
        "sla_violations": int(jobs.violated.sum()),
        "violation_rate": ratio(int(jobs.violated.sum()), count),
        "policy_violations": policy_violations,
        "hint_violations": hint_violations,
        "utilization": _utilization(run, books),
        "suspensions": len(run.history.suspensions),
        "migrations": len(run.history.migrations),
        "cancelled": len(run.history.cancelled),
        "services": _service_figures(run),
        "scheduler_s": run.scheduler_s,
        "wall_s": run.wall_s,
        "jobs_per_s": ratio(count, run.wall_s),
        "peak_rss_mb": peak_rss_mb(),
        "llm": dict(llm or NO_LLM),
        "bound_kg": bound_kg,
        "bound_jobs_kg": bound.dynamic_kg,
        "gap": ratio(carbon["total"] - bound_kg, bound_kg),
        "gap_jobs": ratio(carbon["dynamic"] - bound.dynamic_kg, bound.dynamic_kg),
    }


NO_LLM: dict[str, float] = {
    "calls": 0,
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "seconds": 0.0,
    "energy_kwh": 0.0,
    "p50_s": 0.0,
    "p95_s": 0.0,
    "fallbacks": 0,
    "repairs": 0,
}


def ratio(part: float, whole: float) -> float | None:
    """Return part / whole, or None where the whole is nothing."""
    return part / whole if whole else None


def _spread(values: FloatArray) -> dict[str, float | None]:
    """Return mean and percentiles over the jobs that have a value; None if none has."""
    known = values[~np.isnan(values)]
    if not len(known):
        return {"mean": None, "p50": None, "p95": None, "p99": None}
    p50, p95, p99 = np.percentile(known, [50, 95, 99])
    return {"mean": float(known.mean()), "p50": float(p50), "p95": float(p95), "p99": float(p99)}


def _makespan(run: Run, jobs: JobTable) -> float | None:
    ends = jobs.end_s[~np.isnan(jobs.end_s)]
    return float(ends.max() - run.world.workload.jobs.submit_s.min()) if len(ends) else None


def _utilization(run: Run, books: Books) -> float | None:
    """Return busy CPU time over CPU time of all regions, up to the horizon."""
    span_s = np.diff(np.append(books.series.epoch_start_s, run.world.horizon_s))
    busy = float((books.series.busy[:, :, 0] * span_s).sum())
    return ratio(busy, sum(region.cpus for region in run.world.regions) * run.world.horizon_s)


def carbon_kg(run: Run, books: Books, llm_g: float) -> dict[str, float]:
    """Return the carbon of each component that the scenario counts, and their sum, kg."""
    counts = run.world.accounting
    grams = {
        "dynamic": float(books.ledger.carbon_g.sum() + books.services.carbon_g.sum()),
        "idle": float(books.series.idle_g.sum()) if counts.idle else 0.0,
        "embodied": books.embodied_g if counts.embodied else 0.0,
        "transfer": float(books.moves.carbon_g.sum()) if counts.transfer else 0.0,
        "llm": llm_g if counts.llm else 0.0,
    }
    carbon = {name: value / G_PER_KG for name, value in grams.items()}
    return {**carbon, "total": sum(carbon.values())}


def _drawn(run: Run, books: Books) -> tuple[float, float]:
    """Return the energy (kWh, at the meter) and the cost (USD) of what the scenario counts."""
    counts, ledger, services, moves, series = (
        run.world.accounting,
        books.ledger,
        books.services,
        books.moves,
        books.series,
    )
    kwh = float(ledger.energy_kwh.sum() + services.energy_kwh.sum())
    usd = float(ledger.cost_usd.sum() + services.cost_usd.sum() + series.reserved_usd.sum())
    if counts.idle:
        kwh, usd = kwh + float(series.idle_kwh.sum()), usd + float(series.idle_usd.sum())
    if counts.transfer:
        kwh, usd = kwh + float(moves.energy_kwh.sum()), usd + float(moves.cost_usd.sum())
    return kwh, usd


def energy_parts_kwh(books: Books) -> dict[str, float]:
    """Return what the regions used (IT load, idle servers, overhead) and where it came from (on-site, grid), kWh."""
    series = books.series
    return {
        "dynamic_it": float(series.dynamic_it_kwh.sum()),
        "idle_it": float(series.idle_it_kwh.sum()),
        "overhead": float(series.overhead_kwh.sum()),
        "onsite": float(series.onsite_kwh.sum()),
        "grid": float(series.grid_kwh.sum()),
        "transfer": float(books.moves.energy_kwh.sum()),
    }


def _service_figures(run: Run) -> dict[str, float | None]:
    """Return the requests of all services, and the share that came late or could not be served."""
    served = run.history.served
    requests = sum(s.rate_per_s * (s.end_s - s.start_s) for s in served)
    late = sum(s.late_per_s * (s.end_s - s.start_s) for s in served)
    return {"requests": requests, "late": late, "late_rate": ratio(late, requests)}


def peak_rss_mb() -> float:
    """Return the most memory that this process has held, MB (Linux counts kB, macOS bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3
