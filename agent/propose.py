"""Candidate plans: what each numeric planner would do now, and what that would come to by the forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.scenario import ObjectiveSpec
from sim.schedulers import SCHEDULERS
from sim.schedulers.base import Plan
from sim.units import HOUR_S
from sim.view import View

PLANNERS = ("spatiotemporal", "spatial-shift", "greedy-carbon", "time-shift", "fifo")

Candidate = dict[str, Any]
"""Plain JSON, as the graph's state must be: label, name, runs, and the figures of `what_if`.

A run holds job_id, region, start_s and `book`: whether a later start is booked now, or the job only deferred.
"""


def candidates(view: View, planners: Sequence[str] = PLANNERS) -> list[Candidate]:
    """Return the distinct plans of the planners, without figures yet; planners that agree share one."""
    found: list[Candidate] = []
    for name in planners:
        scheduler = SCHEDULERS[name]
        runs = _runs(scheduler.plan(view), book=not scheduler.rolling)
        same = next((c for c in found if _places(c["runs"]) == _places(runs)), None)
        if same is not None:
            same["name"] += f"={name}"
            continue
        found.append({"label": label(len(found)), "name": name, "runs": runs})
    return found


def label(position: int) -> str:
    """Return A, B, C ... by position."""
    return chr(ord("A") + position)


def _runs(plan: Plan, *, book: bool) -> list[dict[str, Any]]:
    ordered = sorted(plan, key=lambda run: run.job.id)
    return [{"job_id": run.job.id, "region": run.region, "start_s": run.start_s, "book": book} for run in ordered]


def _places(runs: list[dict[str, Any]]) -> list[tuple[str, str, float]]:
    return [(run["job_id"], run["region"], run["start_s"]) for run in runs]


def objective(candidate: Candidate, pending: int, weights: ObjectiveSpec) -> float:
    """Return what the agent minimises, in grams (ObjectiveSpec); a job left out of the plan counts as late."""
    left_out = pending - len(candidate["runs"])
    return float(
        candidate["carbon_g"]
        + weights.usd_weight_g * candidate["cost_usd"]
        + weights.delay_weight_g * candidate["mean_wait_s"] * len(candidate["runs"]) / HOUR_S
        + weights.late_weight_g * (candidate["late"] + left_out)
    )


def best(found: Sequence[Candidate]) -> Candidate:
    """Return the candidate of the lowest objective among those with the fewest problems, the first of equals."""
    return min(found, key=lambda candidate: (len(candidate["problems"]), candidate["objective"]))
