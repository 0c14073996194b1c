"""The totals of a run: carbon, energy, cost, waiting, violations, and how far above the bound."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.bound import Bound
from sim.ledger import Ledger, RegionSeries, check_balance, open_ledger, region_series
from sim.runner import Run
from sim.units import G_PER_KG, BoolArray, FloatArray
from sim.world import ROUNDING_S


@dataclass(frozen=True, eq=False)
class JobTable:
    """A row per job in submit order, shape (J,) each; NaN (null in files) where it never started or ended."""

    start_s: FloatArray
    end_s: FloatArray
    wait_s: FloatArray
    jct_s: FloatArray
    violated: BoolArray
    energy_kwh: FloatArray
    carbon_g: FloatArray
    cost_usd: FloatArray


@dataclass(frozen=True, eq=False)
class Accounts:
    """Everything that is computed from a run's segments."""

    ledger: Ledger
    series: RegionSeries
    jobs: JobTable


def account(run: Run) -> Accounts:
    """Return the run's accounts. Raises AssertionError if jobs plus idle do not equal the regions' totals."""
    ledger = open_ledger(run.world, run.segments)
    series = region_series(run.world, ledger)
    check_balance(run.world, ledger, series)
    return Accounts(ledger, series, job_table(run, ledger))


def job_table(run: Run, ledger: Ledger) -> JobTable:
    """Return what became of every job.

    A job unfinished at the horizon is a violation if its deadline has passed, or can no longer be met.
    """
    jobs = run.world.workload.jobs
    submit_s = np.array([job.submit_s for job in jobs])
    deadline_s = np.array([job.deadline_s for job in jobs])
    start_s, end_s = np.full(len(jobs), np.nan), np.full(len(jobs), np.nan)
    np.fmin.at(start_s, ledger.job, ledger.start_s)
    done = ledger.finished > 0
    end_s[ledger.job[done]] = ledger.end_s[done]
    earliest_end_s = np.where(np.isnan(start_s), run.world.horizon_s, start_s) + run.world.workload.durations_s
    late = np.where(np.isnan(end_s), earliest_end_s, end_s) > deadline_s + ROUNDING_S

    def per_job(values: FloatArray) -> FloatArray:
        return np.bincount(ledger.job, weights=values, minlength=len(jobs)).astype(float)

    return JobTable(
        start_s=start_s,
        end_s=end_s,
        wait_s=start_s - submit_s,
        jct_s=end_s - submit_s,
        violated=late,
        energy_kwh=per_job(ledger.energy_kwh),
        carbon_g=per_job(ledger.carbon_g),
        cost_usd=per_job(ledger.cost_usd),
    )


def summarise(
    run: Run,
    accounts: Accounts,
    bound: Bound,
    *,
    policy_violations: int,
    llm: Mapping[str, float] | None = None,
    llm_g: float = 0.0,
) -> dict[str, Any]:
    """Return the summary as the run folder's contract words it; kilograms, seconds, USD, fractions."""
    world, ledger, jobs, series = run.world, accounts.ledger, accounts.jobs, accounts.series
    counts_idle = world.accounting.idle
    idle = series if counts_idle else None
    carbon = {
        "dynamic": float(ledger.carbon_g.sum()) / G_PER_KG,
        "idle": float(idle.idle_g.sum()) / G_PER_KG if idle else 0.0,
        "embodied": 0.0,
        "transfer": 0.0,
        "llm": llm_g / G_PER_KG if world.accounting.llm else 0.0,
    }
    carbon["total"] = sum(carbon.values())
    energy_kwh = float(ledger.energy_kwh.sum()) + (float(idle.idle_kwh.sum()) if idle else 0.0)
    finished = ~np.isnan(jobs.end_s)
    count = len(world.workload.jobs)
    bound_kg = bound.total_kg
    return {
        "scheduler": run.scheduler,
        "carbon_kg": carbon,
        "energy_kwh": energy_kwh,
        "cost_usd": float(ledger.cost_usd.sum()) + (float(idle.idle_usd.sum()) if idle else 0.0),
        "intensity_g_per_kwh": ratio((carbon["dynamic"] + carbon["idle"]) * G_PER_KG, energy_kwh),
        "g_per_job": ratio(carbon["dynamic"] * G_PER_KG, count),
        "wait_s": _spread(jobs.wait_s),
        "jct_s": _spread(jobs.jct_s),
        "makespan_s": _makespan(run, jobs),
        "jobs": count,
        "unfinished": int(count - finished.sum()),
        "sla_violations": int(jobs.violated.sum()),
        "violation_rate": ratio(int(jobs.violated.sum()), count),
        "policy_violations": policy_violations,
        "utilization": _utilization(run, series),
        "suspensions": 0,
        "migrations": 0,
        "scheduler_s": run.scheduler_s,
        "wall_s": run.wall_s,
        "jobs_per_s": ratio(count, run.wall_s),
        "peak_rss_mb": peak_rss_mb(),
        "llm": dict(llm or NO_LLM),
        "bound_kg": bound_kg,
        "bound_jobs_kg": bound.jobs_kg,
        "gap": ratio(carbon["total"] - bound_kg, bound_kg),
        "gap_jobs": ratio(carbon["dynamic"] - bound.jobs_kg, bound.jobs_kg),
    }


NO_LLM: dict[str, float] = {
    "calls": 0,
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "seconds": 0.0,
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
    return float(ends.max() - min(job.submit_s for job in run.world.workload.jobs)) if len(ends) else None


def _utilization(run: Run, series: RegionSeries) -> float | None:
    """Return busy CPU time over CPU time of all regions, up to the horizon."""
    span_s = np.diff(np.append(series.epoch_start_s, run.world.horizon_s))
    busy = float((series.busy[:, :, 0] * span_s).sum())
    return ratio(busy, sum(region.cpus for region in run.world.regions) * run.world.horizon_s)


def peak_rss_mb() -> float:
    """Return the most memory that this process has held, MB (Linux counts kB, macOS bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3
