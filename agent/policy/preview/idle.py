"""Rules that change nothing: no job can match them, they forbid nothing, or others forbid it already.

What a rule leaves is compared by the guard's answers: for a job of each class and several lengths, at every quarter
of a week, to both sides of all limits on intensity and price. So a rule is found to be implied by others however they
are worded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from agent.policy.preview.classes import bound_by, classes
from agent.policy.preview.findings import Finding, sentences
from agent.policy.preview.ground import STEP_S, Ground
from agent.policy.preview.laid import Laid, Times, laid_over
from agent.policy.rules import Approval, Budget, Delay, Headroom, Placement, PolicySet, RuleBase, Suspend
from sim.model import Job
from sim.units import DAY_S, HOUR_S, FloatArray

DAYS = 8.0
LENGTHS_H = (0.25, 1.0, 6.0, 30.0)
SINGLE = (Placement, Delay, Suspend)
"""Kinds whose rules bind each job by itself: several together leave the least that any of them does."""
SHARED = (Headroom, Budget, Approval)
"""Kinds that bind all their jobs together: one implies another only if it is about all the jobs of the other."""


def idle(policy_set: PolicySet, ground: Ground) -> Iterator[Finding]:
    """Yield a warning for each rule that changes nothing."""
    rules = list(policy_set.rules)
    found = classes(rules, ground.homes)
    bound = [bound_by(rules, job) for job in found.jobs]
    table = _Table(rules, [_lengths(rules, job) for job in found.jobs], bound, ground)
    gone: set[int] = set()
    for n in reversed(range(len(rules))):  # of two that say the same the later one is told of
        if not any(n in mine for mine in bound):
            if found.complete:
                yield _warn("dead rule", "no job can match it", rules[n])
                gone.add(n)
        elif table.loose(n):
            yield _warn("dead rule", "it forbids nothing", rules[n])
            gone.add(n)
        elif why := table.implied_by(n, [m for m in range(len(rules)) if m != n and m not in gone]):
            others = [rules[m] for m in why]
            yield _warn("redundant rule", "others forbid all that it forbids", rules[n], *others)
            gone.add(n)


def _warn(kind: str, says: str, rule: RuleBase, *others: RuleBase) -> Finding:
    return Finding("warning", kind, says, (rule.source,), by=sentences(others))


def _lengths(rules: Sequence[RuleBase], job: Job) -> list[Job]:
    """Return a job in several lengths that the rules do not tell apart."""
    mine = bound_by(rules, job)
    others = (replace(job, duration_estimate_s=hours * HOUR_S) for hours in LENGTHS_H)
    return [job, *(one for one in others if bound_by(rules, one) == mine)]


class _Table:
    """What each rule leaves to each of many jobs, as far as it binds single ones."""

    def __init__(
        self, rules: Sequence[Any], jobs: Sequence[Sequence[Job]], bound: Sequence[frozenset[int]], ground: Ground
    ) -> None:
        self._rules, self._jobs, self._bound, self._ground = rules, jobs, bound, ground
        self._laid, self._times = laid_over(rules, ground), _layers(rules, ground)
        self._known: dict[tuple[int, int], FloatArray] = {}

    def loose(self, n: int) -> bool:
        """Return whether a rule forbids nothing to anybody, as far as can be told."""
        if isinstance(self._rules[n], SHARED):
            return self._never_binds(self._rules[n], self._laid[n])
        if not isinstance(self._rules[n], SINGLE):
            return False
        most = 1.0 if isinstance(self._rules[n], Placement) else math.inf
        return all((self._leaves(n, k) >= most).all() for k, mine in enumerate(self._bound) if n in mine)

    def _never_binds(self, rule: Any, laid: Laid) -> bool:
        if isinstance(rule, Headroom):
            return bool((laid.share(self._times.starts_s) >= 1.0).all())
        return rule.regions is not None and not set(rule.regions) & set(self._ground.homes)

    def implied_by(self, n: int, others: Sequence[int]) -> list[int]:
        """Return the fewest others that imply a rule; none if they do not. A wish implies no strict rule."""
        firm = [m for m in others if self._rules[m].strength == "must"]
        if isinstance(self._rules[n], SHARED):
            return next(([m] for m in firm if self._covers(m, n)), [])
        if not isinstance(self._rules[n], SINGLE):
            return []
        alike = [m for m in firm if type(self._rules[m]) is type(self._rules[n])]
        if not self._imply(alike, n):
            return []
        for m in list(alike):
            if self._imply(without := [one for one in alike if one != m], n):
                alike = without
        return alike

    def _imply(self, some: Sequence[int], n: int) -> bool:
        """Return whether some rules leave nothing to any job of a rule that it does not leave."""
        for k, mine in enumerate(self._bound):
            if n not in mine:
                continue
            together = [self._leaves(m, k) for m in some if m in mine]
            if not together or (np.min(together, axis=0) > self._leaves(n, k)).any():
                return False
        return True

    def _leaves(self, n: int, k: int) -> FloatArray:
        """Return what a rule of a single kind leaves to the jobs of a class: 0 or 1, a bound in seconds, or times."""
        if (n, k) not in self._known:
            rule, laid = self._rules[n], self._laid[n]
            if isinstance(rule, Placement):
                found = np.array([laid.leaves(job, self._times) for job in self._jobs[k]], dtype=float)
            elif isinstance(rule, Delay):
                found = np.array([_bounds_s(laid, job) for job in self._jobs[k]])
            else:
                found = np.array([rule.most])
            self._known[n, k] = found
        return self._known[n, k]

    def _covers(self, m: int, n: int) -> bool:
        """Return whether rule m, of a kind that binds jobs together, implies rule n."""
        strict, loose = self._rules[m], self._rules[n]
        if type(strict) is not type(loose) or any(n in mine and m not in mine for mine in self._bound):
            return False
        if isinstance(strict, Headroom):
            times_s = self._times.starts_s
            return bool((self._laid[m].share(times_s) <= self._laid[n].share(times_s)).all())
        everywhere = self._ground.homes
        if not set(loose.regions or everywhere) <= set(strict.regions or everywhere):
            return False
        if isinstance(strict, Budget):
            return (strict.metric, strict.per) == (loose.metric, loose.per) and strict.max <= loose.max
        return all(a <= b for a, b in zip(_unasked(strict), _unasked(loose), strict=True))


def _unasked(rule: Approval) -> tuple[float, float]:
    """Return how much a run may cost and emit without asking."""
    if rule.cost_above_usd is None and rule.carbon_above_kg is None:
        return -1.0, -1.0
    return tuple(math.inf if one is None else one for one in (rule.cost_above_usd, rule.carbon_above_kg))  # type: ignore[return-value]


def _bounds_s(laid: Laid, job: Job) -> FloatArray:
    """Return the last start that a delay rule allows, for a submission at each hour of a week, shape (168,)."""
    submits_s = HOUR_S * np.arange(7 * 24.0)
    return np.array([laid.guard.latest_start_s(replace(job, submit_s=float(t_s))) for t_s in submits_s])


def _layers(rules: Sequence[RuleBase], ground: Ground) -> Times:
    """Return the quarters of a week, once for each pair of levels of intensity and price that rules tell apart."""
    placements = [rule for rule in rules if isinstance(rule, Placement)]
    levels_g = _levels(rule.intensity_above for rule in placements)
    levels_usd = _levels(rule.price_above for rule in placements)
    starts_s = np.arange(0.0, DAYS * DAY_S, STEP_S)
    pairs = np.array([(g, usd) for g in levels_g for usd in levels_usd])
    shape = (len(ground.regions), len(pairs) * len(starts_s))
    spread = np.repeat(pairs, len(starts_s), axis=0).T
    return Times(np.tile(starts_s, len(pairs)), np.broadcast_to(spread[0], shape), np.broadcast_to(spread[1], shape))


def _levels(limits: Iterable[float | None]) -> list[float]:
    """Return a level that is below all limits, and one just above each."""
    return [-math.inf, *(math.nextafter(one, math.inf) for one in sorted({one for one in limits if one is not None}))]
