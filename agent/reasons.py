"""The reason of an epoch in one line: facts from the forecast figures, and the model's own word in quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from agent.propose import Candidate
from sim.model import Migrate, Resize, Resume, Suspend
from sim.units import HOUR_S
from sim.view import View

DONE = {Suspend: "suspended", Resume: "resumed", Migrate: "migrated", Resize: "resized"}


def epoch_reason(
    view: View, found: Sequence[Candidate], proposed: Candidate, committed: Candidate, decided_by: str, said: str
) -> str:
    """Return why this plan: where its jobs go, what it comes to, and what the model said."""
    facts = f"{where(view, committed)}; {figures(committed)}{_beside(found, committed)}"
    if decided_by == "model":
        return f"{facts}. Model: {committed.label} ({said})"
    if decided_by == "never-worse":
        return f"{facts}. Model: {proposed.label} {proposed.name} ({said}), {_excess(proposed, committed)}: overruled"
    return f"{facts}. Best by the forecast; {said}"


def where(view: View, candidate: Candidate) -> str:
    """Return how many jobs start in which region before the next epoch, how many wait, and what else is done."""
    plan = candidate.plan
    due = plan.begin_s(view) < view.now_s + view.epoch_s
    counts = np.bincount(plan.region[due], minlength=len(plan.regions))
    order = [r for r in np.argsort(-counts, kind="stable").tolist() if counts[r]]
    parts = [f"{counts[r]} {plan.regions[r].id}" for r in order]
    if waiting := len(view.pending) - int(due.sum()):
        parts.append(f"{waiting} wait")
    acted = Counter(DONE[type(action)] for action in plan.actions if type(action) in DONE)
    parts += [f"{count} {done}" for done, count in acted.items()]
    return ", ".join(parts) or "nothing to place"


def figures(candidate: Candidate) -> str:
    """Return a plan's name and forecast figures."""
    late = f", {candidate.late} late" if candidate.late else ""
    return f"{candidate.name} {candidate.carbon_g:.0f} g, wait {candidate.mean_wait_s / HOUR_S:.1f} h{late}"


def _beside(found: Sequence[Candidate], committed: Candidate) -> str:
    """Return how much carbon the plan saves against the one that emits most."""
    most = max(found, key=lambda one: one.carbon_g)
    if most.carbon_g <= committed.carbon_g:
        return ""
    return f", {1 - committed.carbon_g / most.carbon_g:.0%} under {most.name}"


def _excess(proposed: Candidate, committed: Candidate) -> str:
    if proposed.problems:
        job_id, problem = next(iter(proposed.problems.items()))
        return f"job {job_id} could not start so ({problem})"
    if (more_late := proposed.late - committed.late) > 0:
        return f"{more_late} more late"
    if committed.objective > 0:
        return f"{proposed.objective / committed.objective - 1:.1%} worse"
    return "worse"
