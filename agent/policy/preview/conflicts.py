"""Rules that cannot all be kept: jobs to which they together leave no region, or no start in time.

What is tried is what the guard decides, on every quarter of an hour, for a job of each class that the rules tell apart
and, where there is a scenario, for jobs of it. A conflict names the fewest rules that make it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agent.policy.guard import Guard
from agent.policy.preview.classes import bound_by, classes
from agent.policy.preview.findings import Finding, sentences
from agent.policy.preview.ground import STEP_S, Ground
from agent.policy.preview.laid import Laid, Times, holds, kinds, laid_over
from agent.policy.preview.words import job_words
from agent.policy.rules import Budget, Delay, Headroom, Placement, PolicySet, RuleBase
from sim.jobs import Jobs
from sim.model import Job
from sim.units import HOUR_S, BoolArray, FloatArray, IntArray

LOOKED_AT = 32
"""So many jobs of each class of a scenario are looked at, the shortest and the longest among them."""
WEEK_H = 7 * 24
DAYS_AHEAD = 15.0
"""So far starts are looked for that are to be in time."""

Core = tuple[int, ...]
"""The places of the fewest rules that make a conflict."""


@dataclass(frozen=True)
class Tried:
    """A job to try rules with. `real`: it is one of a scenario."""

    job: Job
    real: bool


def conflicts(policy_set: PolicySet, ground: Ground) -> list[Finding]:
    """Return the conflicts among the rules of strength `must`."""
    return [*nowhere(policy_set, ground), *too_late(policy_set, ground)]


# -- nowhere -------------------------------------------------------------------------------------


def nowhere(
    policy_set: PolicySet, ground: Ground, *, looked_at: int = LOOKED_AT, only_real: bool = False
) -> Iterator[Finding]:
    """Yield a finding for each set of rules that leaves some jobs no region at any time.

    An error, but a warning where a scenario has no such job. With `only_real` its jobs alone are tried.
    """
    rules = [rule for rule in _strict(policy_set) if isinstance(rule, Placement | Headroom | Budget)]
    # of a made-up world intensity and price are not known: limits on them stand in nobody's way
    times = Times.blind(ground, DAYS_AHEAD) if ground.made_up else Times.of_run(ground)
    laid = laid_over(rules, ground)
    found: dict[Core, list[Tried]] = {}
    for tried in _to_try(rules, ground, looked_at, only_real=only_real):
        core = _without_place(laid, tried.job, times, ground)
        if core:
            found.setdefault(core, []).append(tried)
    for core, hit in found.items():
        yield _nowhere([rules[n] for n in core], hit, ground)


def _without_place(laid: Sequence[Laid], job: Job, times: Times, ground: Ground) -> Core:
    """Return the fewest rules that leave a job no place; none if it has one."""
    # a run that goes on after the horizon would not be charged to any budget, and would not end
    ends_in_time = times.starts_s + job.duration_estimate_s <= ground.world.horizon_s
    room = holds(ground, job) & ends_in_time
    mine = sorted(bound_by([one.rule for one in laid], job))
    if not mine or not room.any():
        return ()
    left = {n: laid[n].leaves(job, times) & room for n in mine}
    return _fewest(mine, lambda some: not _all(room, (left[n] for n in some)).any())


def _all(room: BoolArray, masks: Iterable[BoolArray]) -> BoolArray:
    left = room.copy()
    for mask in masks:
        left &= mask
    return left


def _fewest(rules: Sequence[int], conflict: Callable[[Sequence[int]], bool]) -> Core:
    """Return a smallest set of rules that are in conflict: none of them could be left out; none if they are not."""
    if not conflict(rules):
        return ()
    kept = list(rules)
    for rule in rules:
        without = [one for one in kept if one != rule]
        if conflict(without):
            kept = without
    return tuple(kept)


def _nowhere(core: Sequence[RuleBase], hit: Sequence[Tried], ground: Ground) -> Finding:
    first = next((tried for tried in hit if tried.real), hit[0])
    those = "this rule leaves" if len(core) == 1 else "these rules together leave"
    when = "at any time of its run" if first.real else "at any time"
    says = f"{those} no place to some jobs{' of the scenario' if first.real else ''}, {when}"
    return _finding(_kind(core), says, core, first, ground)


def _finding(kind: str, says: str, core: Sequence[RuleBase], first: Tried, ground: Ground, when: str = "") -> Finding:
    """Return a conflict; it is but a warning where there is a scenario that has no such job."""
    example = job_words(first.job, named=first.real) + when
    if first.real or ground.made_up:
        return Finding("error", kind, says, sentences(core), example)
    return Finding("warning", kind, f"{says}; the scenario has no such job", sentences(core), example)


def _kind(core: Sequence[RuleBase]) -> str:
    if any(isinstance(rule, Budget) for rule in core):
        return "budget smaller than a job"
    if any(isinstance(rule, Headroom) for rule in core):
        return "headroom smaller than a job"
    effects = {rule.effect for rule in core if isinstance(rule, Placement)}
    return "`only` against `deny`" if effects == {"only", "deny"} else "no region left"


# -- too late ------------------------------------------------------------------------------------


def too_late(policy_set: PolicySet, ground: Ground) -> Iterator[Finding]:
    """Yield a finding for each set of rules of which some let a job start only when others have it started already.

    A job of each class is taken to be submitted at each hour of a week.
    """
    rules = [rule for rule in _strict(policy_set) if isinstance(rule, Placement | Delay)]
    if not any(isinstance(rule, Delay) for rule in rules):
        return
    laid, times = laid_over(rules, ground), Times.blind(ground, DAYS_AHEAD)
    found: dict[Core, dict[float, Tried]] = {}
    for tried in _to_try(rules, ground, 4):
        for submit_s, core in _late_submissions(laid, tried.job, times, ground):
            found.setdefault(core, {}).setdefault(submit_s, tried)
    for core, hit in found.items():
        yield _too_late([rules[n] for n in core], hit, ground)


def _late_submissions(laid: Sequence[Laid], job: Job, times: Times, ground: Ground) -> Iterator[tuple[float, Core]]:
    """Yield when a job is submitted that cannot start in time, and the fewest rules that make it so."""
    mine = sorted(bound_by([one.rule for one in laid], job))
    delays = [n for n in mine if isinstance(laid[n].rule, Delay)]
    placements = [n for n in mine if n not in delays]
    if not (delays and placements):
        return
    room = np.broadcast_to(holds(ground, job), times.intensity.shape)
    left = {n: laid[n].leaves(job, times) & room for n in placements}
    if not _all(room, left.values()).any():
        return  # it has no place at all, which is another finding
    submits_s = HOUR_S * np.arange(float(WEEK_H))
    bounds = {n: _bounds_s(laid[n].guard, job, submits_s) for n in delays}

    def late(some: Sequence[int]) -> BoolArray:
        """Return at which submissions these rules leave no start in time, shape (168,)."""
        open_: BoolArray = np.any(_all(room, (left[n] for n in some if n in left)), axis=0)
        bound_s = np.min([bounds[n] for n in some if n in bounds] or [np.full(WEEK_H, np.inf)], axis=0)
        return np.asarray(_next_open_s(open_, submits_s) > bound_s)

    for at in np.flatnonzero(late(mine)).tolist():
        yield float(submits_s[at]), _fewest(mine, lambda some, at=at: bool(late(some)[at]))  # type: ignore[misc]


def _bounds_s(guard: Guard, job: Job, submits_s: FloatArray) -> FloatArray:
    return np.array([guard.latest_start_s(replace(job, submit_s=float(t_s))) for t_s in submits_s])


def _next_open_s(open_: BoolArray, submits_s: FloatArray) -> FloatArray:
    """Return the first open quarter at or after each submission; where none is in sight, the end of the sight."""
    opens_s = STEP_S * np.append(np.flatnonzero(open_), len(open_))
    return np.asarray(opens_s[np.searchsorted(opens_s, submits_s)])


def _too_late(core: Sequence[RuleBase], hit: dict[float, Tried], ground: Ground) -> Finding:
    submit_s = min(hit, key=lambda t_s: (not hit[t_s].real, t_s))
    says = (
        f"these rules close every region until it is too late: jobs submitted at {len(hit)} of the {WEEK_H} hours of "
        "a week cannot start in time"
    )
    when = f", submitted {ground.clock(submit_s)}"
    return _finding("deadline that cannot be met", says, core, hit[submit_s], ground, when)


# -- jobs to try ---------------------------------------------------------------------------------


def _strict(policy_set: PolicySet) -> list[Any]:
    return [rule for rule in policy_set.rules if rule.strength == "must"]


def _to_try(rules: Sequence[RuleBase], ground: Ground, looked_at: int, *, only_real: bool = False) -> Iterator[Tried]:
    """Yield jobs of a scenario, at most so many of each class, and then a job of each class that is possible."""
    if not ground.made_up:
        jobs, alike = ground.world.workload.jobs, dict[frozenset[int], list[IntArray]]()
        for job, members in kinds(rules, ground):
            alike.setdefault(bound_by(rules, job), []).append(members)
        for parts in alike.values():
            for j in _spread(jobs, np.concatenate(parts), looked_at):
                yield Tried(jobs[j], real=True)
    if not only_real:
        for job in classes(rules, ground.homes).jobs:
            yield Tried(job, real=False)


def _spread(jobs: Jobs, members: IntArray, most: int) -> list[int]:
    """Return so many of these positions: from the shortest to the longest, and from the least CPU hours to the most."""
    seconds, found = jobs.duration_estimate_s[members], set[int]()
    for size in (seconds, seconds * jobs.cpus[members]):
        order = members[np.argsort(size, kind="stable")]
        found |= set(order[np.unique(np.linspace(0, len(order) - 1, max(2, most // 2)).astype(int))].tolist())
    return sorted(found)
