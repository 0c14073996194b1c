"""The reason of an epoch in one line: facts from the what-if figures, and the model's own word in quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.propose import Candidate
from sim.units import HOUR_S


def epoch_reason(
    found: Sequence[Candidate], proposed: Candidate, committed: Candidate, decided_by: str, said: str
) -> str:
    """Return why this plan: where its jobs go, what it comes to, and what the model said."""
    facts = f"{where(committed)}; {figures(committed)}{_beside(found, committed)}"
    if decided_by == "model":
        return f"{facts}. Model: {committed['label']} ({said})"
    if decided_by == "fallback":
        return f"{facts}. Best by the forecast; {said}"
    return (
        f"{facts}. Model: {proposed['label']} {first_name(proposed)} ({said}), "
        f"{_excess(proposed, committed)}: overruled"
    )


def first_name(candidate: Candidate) -> str:
    """Return the planner's name; of several that agree, the first."""
    return str(candidate["name"]).split("=")[0]


def where(candidate: Candidate) -> str:
    """Return how many jobs go to which region."""
    counts = Counter(run["region"] for run in candidate["runs"])
    return ", ".join(f"{count} {region}" for region, count in counts.most_common()) or "nothing can be placed"


def figures(candidate: Candidate) -> str:
    """Return a plan's name and forecast figures."""
    late = f", {candidate['late']} late" if candidate["late"] else ""
    wait_h = candidate["mean_wait_s"] / HOUR_S
    return f"{first_name(candidate)} {candidate['carbon_g']:.0f} g, wait {wait_h:.1f} h{late}"


def _beside(found: Sequence[Candidate], committed: Candidate) -> str:
    """Return how much carbon the plan saves against the one that emits most."""
    most = max(found, key=lambda candidate: float(candidate["carbon_g"]))
    if most["carbon_g"] <= committed["carbon_g"]:
        return ""
    return f", {1 - committed['carbon_g'] / most['carbon_g']:.0%} under {first_name(most)}"


def _excess(proposed: Candidate, committed: Candidate) -> str:
    if proposed["problems"]:
        job_id, problem = next(iter(proposed["problems"].items()))
        return f"job {job_id} could not start so ({problem})"
    more_late = proposed["late"] - committed["late"]
    if more_late > 0:
        return f"{more_late} more late"
    if committed["objective"] > 0:
        return f"{proposed['objective'] / committed['objective'] - 1:.1%} worse"
    return "worse"
