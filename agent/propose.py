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
"""Plain JSON, as the graph's state must be: label, name, books_ahead, runs, and the figures of `what_if`."""


def candidates(view: View, planners: Sequence[str] = PLANNERS) -> list[Candidate]:
    """Return the distinct plans of the planners, without figures yet; planners that agree share one."""
    found: list[Candidate] = []
    for name in planners:
        scheduler = SCHEDULERS[name]
        runs = _runs(scheduler.plan(view))
        books_ahead = not scheduler.rolling
        same = next((c for c in found if c["runs"] == runs), None)
        if same is not None:
            same["name"] += f"={name}"
            continue
        found.append({"label": label(len(found)), "name": name, "books_ahead": books_ahead, "runs": runs})
    return found


def label(position: int) -> str:
    """Return A, B, C ... by position."""
    return chr(ord("A") + position)


def _runs(plan: Plan) -> list[dict[str, Any]]:
    ordered = sorted(plan, key=lambda run: run.job.id)
    return [
        {"job_id": run.job.id, "region": run.region, "start_s": run.start_s, "carbon_g": run.carbon_g}
        for run in ordered
    ]


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
    """Return the candidate of the lowest objective, the first of equals."""
    return min(found, key=lambda candidate: candidate["objective"])
