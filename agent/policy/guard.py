"""The guard: an operator's rules as arrays, in the form that binds every scheduler alike."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Self

import numpy as np

from agent.policy.english import quoted
from agent.policy.limits import Layout, PlacementLimit
from agent.policy.rules import (
    Approval,
    Budget,
    Delay,
    Headroom,
    Objective,
    Placement,
    PolicySet,
    Prefer,
    RuleBase,
    Suspend,
)
from agent.policy.selection import about
from sim.constraints import Quota, Weights
from sim.jobs import Jobs
from sim.model import Job, Region
from sim.units import HOUR_S, BoolArray, FloatArray, IntArray


class About(NamedTuple):
    """The rules about a class of jobs that no selector tells apart. Wishes are those of strength `prefer`."""

    placements: tuple[PlacementLimit, ...]
    delays: tuple[Delay, ...]
    suspends: tuple[Suspend, ...]
    counted: tuple[RuleBase, ...]
    wished_placements: tuple[PlacementLimit, ...]
    wished_delays: tuple[Delay, ...]
    wished_regions: tuple[Prefer, ...]
    weights: Weights | None


class Guard:
    """Enforces the rules of a policy (see `sim.constraints.Constraints`).

    Delay bounds are apart from placement: `allowed` and `why_not` do not look at them, because a job
    that has missed its bound still has to run; `latest_start_s` does.
    """

    def __init__(self, policy_set: PolicySet, regions: Sequence[Region], start: datetime, epoch_s: float) -> None:
        """Prepare the rules.

        Args:
            policy_set: The rules.
            regions: The scenario's regions, in scenario order.
            start: The scenario's start, with a time zone.
            epoch_s: Seconds between decisions.
        """
        self._layout = layout = Layout(regions, start, epoch_s)
        self._regions, self._row = layout.regions, layout.row
        self._rules = rules = policy_set.rules
        self._placements = tuple(layout.placement(rule) for rule in rules if isinstance(rule, Placement))
        headrooms = [rule for rule in rules if isinstance(rule, Headroom)]
        general = [rule for rule in headrooms if rule.strength == "must" and not (rule.jobs or rule.unless)]
        self._cpu_limits = tuple(layout.cpu_limit(rule) for rule in general)
        shared = [rule for rule in rules if isinstance(rule, Headroom | Budget) and rule not in general]
        self.quotas = tuple(self._quota(rule) for rule in shared)
        self.consents = tuple(self._layout.consent(rule, self._counts(rule)) for rule in rules
                              if isinstance(rule, Approval))  # fmt: skip
        self._lengths_s = _lengths_s(rules)
        self._about: dict[tuple[object, ...], About] = {}

    def _counts(self, rule: RuleBase) -> Callable[[Job], bool]:
        return lambda job: rule in self._rules_about(job).counted

    def _quota(self, rule: Headroom | Budget) -> Quota:
        counts = self._counts(rule)
        return self._layout.share(rule, counts) if isinstance(rule, Headroom) else self._layout.allowance(rule, counts)

    def allowed(
        self,
        job: Job,
        starts_s: FloatArray,
        *,
        intensity: FloatArray,
        price: FloatArray,
        seconds: float | None = None,
    ) -> BoolArray:
        """Return, shape (R, S), where and when the placement rules let the job start, to stay for so many seconds.

        See `sim.constraints.Constraints.allowed`. Delay bounds are not in it.
        """
        allowed = np.ones((len(self._regions), len(starts_s)), dtype=bool)
        if len(starts_s):
            stays_s = job.duration_estimate_s if seconds is None else seconds
            for limit in self._rules_about(job).placements:
                limit.narrow(allowed, starts_s, intensity, price, (stays_s, job.duration_estimate_s))
        return allowed

    def allowed_all(self, jobs: Jobs, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return the same of many jobs, shape (J, R, S): rule by rule, for all the jobs that it is about at once."""
        allowed = np.ones((len(jobs), len(self._regions), len(starts_s)), dtype=bool)
        if not allowed.size:
            return allowed
        members: dict[int, list[IntArray]] = {}
        for one, mine in self.alike(jobs):
            for limit in self._rules_about(one).placements:
                members.setdefault(id(limit), []).append(mine)
        for limit in self._placements:
            if id(limit) in members:
                mine = np.concatenate(members[id(limit)])
                length_s = jobs.duration_estimate_s[mine, None]
                if len(mine) == len(jobs):
                    length_s = jobs.duration_estimate_s[:, None]
                    limit.narrow(allowed, starts_s, intensity, price, (length_s, length_s))
                    continue
                part = allowed[mine]
                limit.narrow(part, starts_s, intensity, price, (length_s, length_s))
                allowed[mine] = part
        return allowed

    def alike(self, jobs: Jobs) -> Iterator[tuple[Job, IntArray]]:
        """Yield one of each class of jobs that no selector tells apart, and the places of all of it."""
        length_s, lengths_s = jobs.duration_estimate_s, np.array(self._lengths_s)
        place = np.searchsorted(lengths_s, length_s, "left") + np.searchsorted(lengths_s, length_s, "right")
        code = (jobs.trait * len(jobs.homes) + jobs.home) * 2 + (jobs.gpus > 0)
        _, first, kind = np.unique(code * (2 * len(lengths_s) + 1) + place, return_index=True, return_inverse=True)
        order = np.argsort(kind, kind="stable")
        for at, mine in zip(first.tolist(), np.split(order, np.cumsum(np.bincount(kind))[:-1]), strict=True):
            yield jobs[at], mine

    def latest_start_s(self, job: Job) -> float:
        """Return the last start that the delay rules allow, infinity where none is about the job.

        A bound is never earlier than the first epoch boundary at or after submission: the job cannot
        start before the next decision.
        """
        return min((self._layout.bound_s(rule, job) for rule in self._rules_about(job).delays), default=math.inf)

    def cpu_limit(self, times_s: FloatArray, step_s: float) -> FloatArray:
        """Return, shape (R, T), the share of each region's CPUs that may be busy in [t, t + step_s)."""
        limit = np.ones((len(self._regions), len(times_s)))
        if len(times_s):
            for rule in self._cpu_limits:
                rule.lower(limit, times_s, step_s)
        return limit

    def why_not(
        self, job: Job, region: str, start_s: float, *, intensity: float, price: float, seconds: float | None = None
    ) -> str | None:
        """Return the first placement rule that forbids this start, with its source; None if none does."""
        row, shape = self._row[region], (len(self._regions), 1)
        starts_s = np.array([start_s])
        stays_s = job.duration_estimate_s if seconds is None else seconds
        for limit in self._rules_about(job).placements:
            allowed = np.ones(shape, dtype=bool)
            limit.narrow(
                allowed, starts_s, np.full(shape, intensity), np.full(shape, price), (stays_s, job.duration_estimate_s)
            )
            if not allowed[row, 0]:
                return quoted(limit.rule)
        return None

    def why_not_suspend(self, job: Job, times: int) -> str | None:
        """Return the first suspend rule that forbids it after so many times, with its source; None if none does."""
        forbidding = (rule for rule in self._rules_about(job).suspends if times >= rule.most)
        return next((quoted(rule) for rule in forbidding if rule.strength == "must"), None)

    def may_suspend(self, job: Job, times: int) -> bool:
        """Return whether no rule, not even a wish, speaks against suspending the job again."""
        return all(times < rule.most for rule in self._rules_about(job).suspends)

    def concerns(self, jobs: Jobs) -> BoolArray:
        """Return which jobs rules are about, shape (J,): all of them where the CPU use of all is bounded."""
        found = np.full(len(jobs), bool(self._cpu_limits))
        if len(jobs) and not self._cpu_limits:
            for one, mine in self.alike(jobs):
                found[mine] = any(self._rules_about(one))
        return found

    def broken(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> FloatArray | None:
        """Return how many wishes each start would break, shape (R, S); None if there are none about the job."""
        rules = self._rules_about(job)
        if not (rules.wished_placements or rules.wished_delays or rules.wished_regions):
            return None
        broken = np.zeros((len(self._regions), len(starts_s)))
        lengths = (job.duration_estimate_s, job.duration_estimate_s)
        for limit in rules.wished_placements:
            kept = np.ones(broken.shape, dtype=bool)
            if len(starts_s):
                limit.narrow(kept, starts_s, intensity, price, lengths)
            broken += ~kept
        for delay in rules.wished_delays:
            broken += starts_s > self._layout.bound_s(delay, job)
        for prefer in rules.wished_regions:
            broken += ~np.isin(np.arange(len(self._regions)), self._layout.rows(prefer.regions))[:, None]
        return broken

    def weights(self, job: Job) -> Weights | None:
        """Return what the objective rules weigh for a job, added up; None if none is about it."""
        return self._rules_about(job).weights

    def draft(self) -> Self:
        """Return itself: what is used up of quotas is no concern of the rules alone."""
        return self

    def take(self, job: Job, r: int, start_s: float) -> None:
        """Note nothing, likewise."""

    def _rules_about(self, job: Job) -> About:
        key = self._key(job)
        found = self._about.get(key)
        if found is None:
            found = self._about[key] = self._find(job)
        return found

    def _find(self, job: Job) -> About:
        mine = [rule for rule in self._rules if about(rule, job)]
        limits = [limit for limit in self._placements if about(limit.rule, job)]
        delays = [rule for rule in mine if isinstance(rule, Delay)]
        objectives = [rule.weights for rule in mine if isinstance(rule, Objective)]
        return About(
            placements=tuple(limit for limit in limits if limit.rule.strength == "must"),
            delays=tuple(rule for rule in delays if rule.strength == "must"),
            suspends=tuple(rule for rule in mine if isinstance(rule, Suspend)),
            counted=tuple(rule for rule in mine if isinstance(rule, Headroom | Budget | Approval)),
            wished_placements=tuple(limit for limit in limits if limit.rule.strength == "prefer"),
            wished_delays=tuple(rule for rule in delays if rule.strength == "prefer"),
            wished_regions=tuple(rule for rule in mine if isinstance(rule, Prefer)),
            weights=Weights(*(sum(getattr(one, name) or 0.0 for one in objectives) for name in Weights._fields))
            if objectives
            else None,
        )

    def _key(self, job: Job) -> tuple[object, ...]:
        """Return what selectors see of a job; its length only as a place among the lengths they name."""
        length_s = job.duration_estimate_s
        # even: between two lengths; odd: equal to one (both comparisons of a selector are strict)
        place = bisect_left(self._lengths_s, length_s) + bisect_right(self._lengths_s, length_s)
        return (
            job.kind,
            job.team,
            job.customer,
            job.tags,
            job.home,
            job.priority,
            job.gpus > 0,
            place,
        )


def _lengths_s(rules: Sequence[RuleBase]) -> list[float]:
    """Return the job lengths that the selectors compare with, ascending."""
    selectors = [part for rule in rules for part in (rule.jobs, rule.unless) if part]
    hours = [hour for part in selectors for hour in (part.longer_than_h, part.shorter_than_h)]
    return sorted({hour * HOUR_S for hour in hours if hour is not None})
