"""An explanation in one paragraph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from agent.explain.alternatives import Alternative, cleanest
from agent.explain.explanation import Compared, Explanation
from agent.explain.words import compared_to, grams, hours, moment
from sim.units import HOUR_S


def paragraph(explanation: Explanation) -> str:
    """Return what happened, why, and what came of the forecast."""
    return " ".join([*_what_happened(explanation), *_why(explanation), *_what_came(explanation.compared)])


def _what_happened(explanation: Explanation) -> Iterator[str]:
    evidence, job = explanation.evidence, explanation.evidence.job
    start, scheduler = evidence.world.start, evidence.folder.run["scheduler"]
    submitted, deadline = moment(start, job.submit_s), moment(start, job.deadline_s)
    yield f"Job {job.id} was submitted in {job.home} at {submitted} and had to end by {deadline}."
    placed = [one for one in explanation.decisions if one.action == "place" and one.verdict == "ok"]
    if placed:
        who, one = "The agent" if scheduler == "agent" else f"Scheduler {scheduler}", placed[-1]
        yield f"{who} placed it at {moment(start, one.now_s)}, in {one.region} for {moment(start, one.start_s)}."
    if not evidence.segments:
        yield f"It never ran: {len(explanation.decisions)} decisions were made about it."
        return
    first, last = evidence.segments[0], evidence.segments[-1]
    where = " and ".join(dict.fromkeys(row["region"] for row in evidence.segments))
    span = f"from {moment(start, first['start_s'])} to {moment(start, last['end_s'])}"
    yield f"It ran in {where} {span} and emitted {grams(explanation.alternatives.carbon_g or 0.0)}."
    if evidence.outcome["end_s"] is None:
        yield "It did not finish before the run's horizon."
    elif evidence.outcome["violated"]:
        yield "It ended after its deadline."


def _why(explanation: Explanation) -> Iterator[str]:
    found, start = explanation.alternatives, explanation.evidence.world.start
    if found.carbon_g is not None:
        yield from _best("elsewhere at the same time", found.regions, found.carbon_g, lambda one: one.region)
        yield from _best("there at another time", found.starts, found.carbon_g, lambda one: moment(start, one.start_s))
    if not explanation.bound:
        yield "No rule, deadline or want of room kept it from a cleaner run."
        return
    bound = explanation.bound[0]
    if bound.alternative is None:
        yield f"What bound it: it was refused in {bound.times} decisions, {bound.limit.says}."
        return
    other = bound.alternative
    kept = f"{other.region} at {moment(start, other.start_s)}, {grams(other.carbon_g)}"
    yield f"What bound it: it was kept from {kept}, by {bound.limit.kind}: {bound.limit.says}."


def _best(
    where: str, found: Sequence[Alternative], actual_g: float, name: Callable[[Alternative], str]
) -> Iterator[str]:
    """Yield the cleanest of some alternatives that was open to the job."""
    if not found:
        return
    best = cleanest([one for one in found if one.is_open])
    if best is None:
        yield f"No run was open to it {where}."
        return
    than = compared_to(best.carbon_g, actual_g)
    yield f"The cleanest run open to it {where}, {name(best)}, would have emitted {grams(best.carbon_g)}{than}."


def _what_came(found: Compared | None) -> Iterator[str]:
    if not found or found.carbon_g is None:
        return
    more = compared_to(found.actual_carbon_g, found.carbon_g)
    yield f"The forecast was {grams(found.carbon_g)}, what came is {grams(found.actual_carbon_g)}{more}:"
    length = f"it ran {hours(found.ran_s)}, as declared"
    if abs(found.ran_s - found.estimate_s) > 0.01 * HOUR_S:
        length = f"it ran {hours(found.ran_s)} where {hours(found.estimate_s)} were declared"
    if found.intensity is None:
        yield f"{length}."
        return
    grid = f"{found.actual_intensity:.0f} g/kWh where {found.intensity:.0f} g/kWh were forecast"
    yield f"{length}, and the grid came to {grid}."
