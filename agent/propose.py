"""Candidate plans: what numeric planners would do now, and what that comes to by the forecast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from agent.compose import Part, composed, problems
from sim.constraints import binds
from sim.model import Decision
from sim.scenario import ObjectiveSpec
from sim.schedulers import SCHEDULERS
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.plan import plan
from sim.schedulers.plan.outlook import expected, reads_as_issued
from sim.schedulers.plan.settings import Settings
from sim.schedulers.plan.weigh import Scales, Weighed, weigh_runs
from sim.timetable import Timetable
from sim.units import HOUR_S, FloatArray
from sim.view import View
from sim.world import ROUNDING_S

REFERENCE = SCHEDULERS["plan"]
"""The planner whose plan is committed where nothing speaks for another: the best of the registry."""

MANY = 2000
"""Above so many pending jobs only the alternative that waits for nothing is planned."""
HASTE, CAUTION, ROOMY = 0.5, 1.0, 2.0
"""`soon` leaves half of all slack unused; `cautious` adds a standard deviation (the 84 % quantile) to the forecast;
`roomy` holds back twice what is expected to come."""
EQUAL = 1e-9
"""Relative: what is nearer than that is equal."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A plan with its forecast figures, and what each pending job comes to under it where plans are compared.

    `problems` says of jobs why they could not start so; `parts` are what was decided otherwise than in the first plan,
    where it is put together.
    """

    label: str
    name: str
    plan: Plan
    figures: Weighed
    carbon_g: float
    cost_usd: float
    mean_wait_s: float
    late: int
    objective: float
    problems: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    @property
    def carrier(self) -> Scheduler:
        """By whose manner the plan is carried out: what begins before the next epoch is done, the rest planned anew."""
        return Scheduler(self.name, REFERENCE.kind, "", REFERENCE.plan, rolling=True, acts=True)


def reference(view: View, weights: ObjectiveSpec) -> Candidate:
    """Return the plan of the best numeric scheduler, as that would carry it out; cost counts as the operator weighs it.

    Its figures are those of the runs that it plans: jobs that wait undecided are in none of them.
    """
    made = plan(view, usual(weights)) if weights.usd_weight_g else REFERENCE.plan(view)
    return _candidate("A", REFERENCE.name, made, weigh_runs(Timetable(view, expected(view)), made), weights)


def usual(weights: ObjectiveSpec) -> Settings:
    """Return the settings of `plan` under the operator's weights."""
    return Settings(usd_weight_g=weights.usd_weight_g)


def alternatives(scales: Scales, first: Candidate, weights: ObjectiveSpec) -> list[Candidate]:
    """Return the first candidate and others beside it, all weighed alike: by what every pending job comes to.

    They differ in what pending jobs do; what is done with jobs under way is as in the first. Who plans what another
    plans is left out, and so is who is worse than another in everything.
    """
    begun_g = scales.under_way_g(first.plan)
    found = [weighed(scales, first.label, first.name, first.plan, weights, begun_g)]
    for name, other in _others(scales, found[0], usual(weights)):
        made = replace(other, actions=first.plan.actions)
        if not any(_same(made, one.plan) for one in found):
            found.append(weighed(scales, "", name, made, weights, begun_g))
    kept = [found[0], *(one for one in found[1:] if not any(_beats(other, one) for other in found))]
    return [replace(one, label=label(n)) for n, one in enumerate(kept)]


def _others(scales: Scales, first: Candidate, usual: Settings) -> Iterator[tuple[str, Plan]]:
    """Yield plans by name: `now` waits for nothing; the others are of `plan` with other settings."""
    view = scales.view
    yield "now", SCHEDULERS["spatial-shift"].plan(view)
    if len(view.pending) > MANY:
        return
    yield "soon", _on_time(scales, plan(view, replace(usual, haste=HASTE)))
    if first.cost_usd > 0:
        even_g = max(first.carbon_g / first.cost_usd, 2 * usual.usd_weight_g)
        yield "cheap", _reckoned(scales, plan(view, replace(usual, usd_weight_g=even_g)))
    if not reads_as_issued(view):
        yield "cautious", plan(view, replace(usual, risk=CAUTION))
    if not view.ample and not binds(view.constraints):
        yield "roomy", plan(view, replace(usual, spare=ROOMY * usual.spare))


def _on_time(scales: Scales, hurried: Plan) -> Plan:
    """Return a plan made for earlier deadlines with the jobs' own: late is what misses those."""
    view, table = scales.view, scales.timetable
    jobs = view.pending.take(np.searchsorted(view.pending.positions, hurried.jobs.positions))
    late = hurried.late.copy()
    for p in np.flatnonzero(late).tolist():
        late[p] = hurried.start_s[p] > table.last_start_s(jobs[p]) + ROUNDING_S
    return replace(hurried, jobs=jobs, late=late)


def _reckoned(scales: Scales, made: Plan) -> Plan:
    """Return a plan made by other weights with the carbon of its runs."""
    return replace(made, carbon_g=weigh_runs(scales.timetable, made).carbon_g)


def _same(one: Plan, other: Plan) -> bool:
    """Whether two plans have the same runs."""
    return all(
        np.array_equal(mine[np.argsort(one.jobs.positions)], theirs[np.argsort(other.jobs.positions)])
        for mine, theirs in (
            (one.jobs.positions, other.jobs.positions), (one.region, other.region), (one.start_s, other.start_s),
        )
        if len(mine) == len(theirs)
    ) and len(one) == len(other)  # fmt: skip


def _beats(one: Candidate, other: Candidate) -> bool:
    """Whether one is better than another in something, and as good in all the rest."""
    mine = (one.carbon_g, one.cost_usd, one.mean_wait_s, one.late)
    theirs = (other.carbon_g, other.cost_usd, other.mean_wait_s, other.late)
    slack = [EQUAL * max(abs(a), abs(b)) for a, b in zip(mine, theirs, strict=True)]
    no_worse = all(a <= b + s for a, b, s in zip(mine, theirs, slack, strict=True))
    return no_worse and any(a < b - s for a, b, s in zip(mine, theirs, slack, strict=True))


def weighed(
    scales: Scales, label: str, name: str, plan: Plan, weights: ObjectiveSpec, under_way_g: float | None = None
) -> Candidate:
    """Return a plan as a candidate, weighed by what every open job comes to; those under way may be weighed already."""
    begun_g = scales.under_way_g(plan) if under_way_g is None else under_way_g
    return _candidate(label, name, plan, scales.weigh(plan), weights, begun_g)


def put_together(
    scales: Scales,
    label: str,
    name: str,
    base: Candidate,
    parts: Sequence[Part],
    weights: ObjectiveSpec,
    acts: Mapping[str, Decision] | None = None,
) -> Candidate:
    """Return a plan with parts (and actions on jobs under way) decided otherwise, weighed, and checked."""
    view = scales.view
    made = composed(view, base.plan, parts, acts)
    changed = {job_id for part in parts for job_id in view.pending.take(part.rows).ids}
    one = weighed(scales, label, name, made, weights)
    return replace(one, problems=problems(view, made, changed), parts=tuple(parts))


def _candidate(
    label: str, name: str, plan: Plan, figures: Weighed, weights: ObjectiveSpec, under_way_g: float = 0.0
) -> Candidate:
    count = len(figures.late)
    return Candidate(
        label=label,
        name=name,
        plan=plan,
        figures=figures,
        carbon_g=float(figures.carbon_g.sum()) + under_way_g,
        cost_usd=float(figures.cost_usd.sum()),
        mean_wait_s=float(figures.wait_s.sum()) / count if count else 0.0,
        late=int(figures.late.sum()),
        objective=float(objective_g(figures, weights).sum()) + under_way_g,
    )


def objective_g(figures: Weighed, weights: ObjectiveSpec) -> FloatArray:
    """Return what the agent minimises, of each job (ObjectiveSpec), grams."""
    return np.asarray(
        figures.carbon_g
        + weights.usd_weight_g * figures.cost_usd
        + weights.delay_weight_g * figures.wait_s / HOUR_S
        + weights.late_weight_g * figures.late
    )


def label(position: int) -> str:
    """Return A, B, C ... by position."""
    return chr(ord("A") + position)


def best(found: Sequence[Candidate]) -> Candidate:
    """Return the candidate of the lowest objective among those with the fewest problems, the first of equals."""
    return min(found, key=lambda one: (len(one.problems), one.objective))
