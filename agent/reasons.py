"""The reason of an epoch in one line: facts from the what-if figures, and the model's own word in quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.propose import Candidate
from sim.units import HOUR_S


def epoch_reason(
    found: Sequence[Candidate], proposed: Candidate, committed: Candidate, decided_by: str, said: str
) -> str:
    """Return why this plan: who decided, what it comes to, and what the next best would have been."""
    facts = f"{where(committed)}; {figures(committed)}{_beside(found, committed)}"
    if decided_by == "model":
        return f"{facts}. Model chose {committed['label']} ({said})."
    if decided_by == "fallback":
        return f"{facts}. Best by the forecast; model: {said}."
    return (
        f"{facts}. Model chose {proposed['label']} {proposed['name']} ({said}): "
        f"{_excess(proposed, committed)}, so the best was taken."
    )


def where(candidate: Candidate) -> str:
    """Return how many jobs go to which region."""
    counts = Counter(run["region"] for run in candidate["runs"])
    return ", ".join(f"{count} to {region}" for region, count in counts.most_common()) or "nothing to place"


def figures(candidate: Candidate) -> str:
    """Return a plan's name and forecast figures."""
    late = f", {candidate['late']} late" if candidate["late"] else ""
    wait_h = candidate["mean_wait_s"] / HOUR_S
    return f"{candidate['name'].split('=')[0]}: {candidate['carbon_g']:.0f} g, mean wait {wait_h:.1f} h{late}"


def _beside(found: Sequence[Candidate], committed: Candidate) -> str:
    others = [candidate for candidate in found if candidate is not committed]
    if not others:
        return ""
    most = max(others, key=lambda candidate: candidate["carbon_g"])
    if most["carbon_g"] <= committed["carbon_g"] or most["carbon_g"] <= 0:
        return ""
    saved = 1 - committed["carbon_g"] / most["carbon_g"]
    return f", {saved:.0%} below {most['name'].split('=')[0]}"


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
