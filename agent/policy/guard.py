"""The guard: an operator's rules as arrays, in the form that binds every scheduler alike."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

import numpy as np

from agent.policy.enforced import require_enforced
from agent.policy.english import quoted
from agent.policy.periods import edges_s
from agent.policy.rules import Approval, Budget, Delay, Headroom, Placement, PolicySet, RuleBase, Suspend, Window
from agent.policy.selection import about
from agent.policy.windows import WindowTimes, next_moment, zone_of
from sim.constraints import Allowance, Consent, CpuShare, Quota
from sim.errors import InputError
from sim.jobs import Jobs
from sim.model import Job, Region
from sim.units import G_PER_KG, HOUR_S, BoolArray, FloatArray, IntArray, at_time, seconds_since


@dataclass(frozen=True)
class ZonedWindow:
    """A window as it holds in those regions (rows of the arrays) that keep the same time."""

    rows: IntArray
    times: WindowTimes


Lengths = tuple[FloatArray | float, FloatArray | float]
"""How long jobs will stay, and their duration estimates, seconds: numbers of one, or shape (J, 1)."""


@dataclass(frozen=True)
class PlacementLimit:
    """A placement rule over the regions of a scenario. `rows` are the regions that it names."""

    rule: Placement
    rows: IntArray
    other_rows: IntArray
    windows: tuple[ZonedWindow, ...]

    def narrow(
        self, allowed: BoolArray, starts_s: FloatArray, intensity: FloatArray, price: FloatArray, lengths: Lengths
    ) -> None:
        """Strike out of `allowed`, shape (R, S) or (J, R, S), what the rule forbids to jobs of these lengths."""
        if self.rule.effect == "only":
            self._keep_inside(allowed, starts_s, lengths)
        else:
            self._deny(allowed, starts_s, intensity, price, lengths)

    def _keep_inside(self, allowed: BoolArray, starts_s: FloatArray, lengths: Lengths) -> None:
        if len(self.other_rows):
            allowed[..., self.other_rows, :] = False
        for window in self.windows:
            allowed[..., window.rows, :] &= window.times.inside(starts_s, *lengths)[..., None, :]

    def _deny(
        self, allowed: BoolArray, starts_s: FloatArray, intensity: FloatArray, price: FloatArray, lengths: Lengths
    ) -> None:
        rule, rows = self.rule, self.rows
        if rule.window is None and rule.intensity_above is None and rule.price_above is None:
            allowed[..., rows, :] = False
        for window in self.windows:
            allowed[..., window.rows, :] &= window.times.clear(starts_s, lengths[0])[..., None, :]
        if rule.intensity_above is not None:
            allowed[..., rows, :] &= ~(intensity[rows] > rule.intensity_above)
        if rule.price_above is not None:
            allowed[..., rows, :] &= ~(price[rows] > rule.price_above)


@dataclass(frozen=True)
class CpuLimit:
    """A headroom rule over the regions of a scenario; without windows it always holds."""

    rule: Headroom
    rows: IntArray
    windows: tuple[ZonedWindow, ...]

    def lower(self, limit: FloatArray, times_s: FloatArray, step_s: float) -> None:
        """Lower `limit`, shape (R, T), in the slots that the rule touches."""
        most = self.rule.max_utilization
        if self.rule.window is None:
            limit[self.rows] = np.minimum(limit[self.rows], most)
        for window in self.windows:
            slots = np.where(window.times.clear(times_s, step_s), 1.0, most)
            limit[window.rows] = np.minimum(limit[window.rows], slots)


class About(NamedTuple):
    """The rules about a class of jobs that no selector tells apart."""

    placements: tuple[PlacementLimit, ...]
    delays: tuple[Delay, ...]
    suspends: tuple[Suspend, ...]
    quotas: tuple[Headroom | Budget, ...]
    approvals: tuple[Approval, ...]


class Guard:
    """Enforces the rules of a policy (see `sim.constraints.Constraints`).

    Delay bounds are apart from placement: `allowed` and `why_not` do not look at them, because a job
    that has missed its bound still has to run; `latest_start_s` does.
    """

    def __init__(self, policy_set: PolicySet, regions: Sequence[Region], start: datetime, epoch_s: float) -> None:
        """Prepare the rules.

        Args:
            policy_set: Rules of the kinds and strength that this version enforces.
            regions: The scenario's regions, in scenario order.
            start: The scenario's start, with a time zone.
            epoch_s: Seconds between decisions.

        Raises:
            InputError: If a rule would not be enforced.
        """
        require_enforced(policy_set)
        self._regions = tuple(regions)
        self._row = {region.id: row for row, region in enumerate(regions)}
        self._start = start
        self._epoch_s = epoch_s
        rules = policy_set.rules
        self._placements = tuple(self._placement(rule) for rule in rules if isinstance(rule, Placement))
        headrooms = [rule for rule in rules if isinstance(rule, Headroom)]
        shares = [rule for rule in headrooms if rule.jobs or rule.unless]
        self._cpu_limits = tuple(self._cpu_limit(rule) for rule in headrooms if rule not in shares)
        self._shared: tuple[Headroom | Budget, ...] = (*shares, *(rule for rule in rules if isinstance(rule, Budget)))
        self.quotas = tuple(self._quota(rule) for rule in self._shared)
        self._asked = tuple(rule for rule in rules if isinstance(rule, Approval))
        self.consents = tuple(self._consent(rule) for rule in self._asked)
        self._delays = tuple(rule for rule in rules if isinstance(rule, Delay))
        self._suspends = tuple(rule for rule in rules if isinstance(rule, Suspend))
        self._lengths_s = _lengths_s(rules)
        self._about: dict[tuple[object, ...], About] = {}

    def allowed(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return, shape (R, S), where and when the placement rules let the job start.

        See `sim.constraints.Constraints.allowed`. Delay bounds are not in it.
        """
        allowed = np.ones((len(self._regions), len(starts_s)), dtype=bool)
        if len(starts_s):
            for limit in self._rules_about(job).placements:
                limit.narrow(allowed, starts_s, intensity, price, (job.duration_estimate_s, job.duration_estimate_s))
        return allowed

    def allowed_all(self, jobs: Jobs, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return the same of many jobs, shape (J, R, S): rule by rule, for all the jobs that it is about at once."""
        allowed = np.ones((len(jobs), len(self._regions), len(starts_s)), dtype=bool)
        if not allowed.size:
            return allowed
        members: dict[int, list[IntArray]] = {}
        for one, mine in self._alike(jobs):
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

    def _alike(self, jobs: Jobs) -> Iterator[tuple[Job, IntArray]]:
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
        return min((self._bound_s(rule, job) for rule in self._rules_about(job).delays), default=math.inf)

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
        return next((quoted(rule) for rule in self._rules_about(job).suspends if times >= rule.most), None)

    def draft(self) -> Self:
        """Return itself: what is used up of quotas is no concern of the rules alone."""
        return self

    def take(self, job: Job, r: int, start_s: float) -> None:
        """Note nothing, likewise."""

    def _quota(self, rule: Headroom | Budget) -> Quota:
        """Return a rule on what jobs use up together."""

        def counts(job: Job) -> bool:
            return rule in self._rules_about(job).quotas

        return self._share(rule, counts) if isinstance(rule, Headroom) else self._budget(rule, counts)

    def _budget(self, rule: Budget, counts: Callable[[Job], bool]) -> Allowance:
        metric, factor = ("carbon_g", G_PER_KG) if rule.metric == "carbon_kg" else (rule.metric, 1.0)
        return Allowance(
            rule=quoted(rule),
            about=counts,
            rows=self._rows(rule.regions),
            metric=metric,
            most=rule.max * factor,
            edges_s=lambda until_s: edges_s(rule.per, self._start, until_s),
        )

    def _consent(self, rule: Approval) -> Consent:
        """Return a rule under which people are asked."""
        return Consent(
            rule=quoted(rule),
            about=lambda job: rule in self._rules_about(job).approvals,
            rows=frozenset(self._rows(rule.regions).tolist()),
            most_g=None if rule.carbon_above_kg is None else rule.carbon_above_kg * G_PER_KG,
            most_usd=rule.cost_above_usd,
        )

    def _share(self, rule: Headroom, counts: Callable[[Job], bool]) -> CpuShare:
        limit = self._cpu_limit(rule)

        def bound(times_s: FloatArray, step_s: float) -> FloatArray:
            share = np.ones((len(self._regions), len(times_s)))
            limit.lower(share, times_s, step_s)
            return share

        return CpuShare(quoted(rule), counts, bound)

    def _rules_about(self, job: Job) -> About:
        key = self._key(job)
        found = self._about.get(key)
        if found is None:
            found = self._about[key] = About(
                tuple(limit for limit in self._placements if about(limit.rule, job)),
                tuple(rule for rule in self._delays if about(rule, job)),
                tuple(rule for rule in self._suspends if about(rule, job)),
                tuple(rule for rule in self._shared if about(rule, job)),
                tuple(rule for rule in self._asked if about(rule, job)),
            )
        return found

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

    def _bound_s(self, rule: Delay, job: Job) -> float:
        bounds_s = []
        if rule.max_delay_h is not None:
            bounds_s.append(job.submit_s + rule.max_delay_h * HOUR_S)
        if rule.finish_by is not None:
            zone = zone_of(rule.tz or "local", self._home_tz(rule, job))
            finish = next_moment(at_time(self._start, job.submit_s), rule.finish_by, zone)
            bounds_s.append(seconds_since(self._start, finish) - job.duration_estimate_s)
        first_decision_s = math.ceil(job.submit_s / self._epoch_s) * self._epoch_s
        return max(min(bounds_s), first_decision_s)

    def _home_tz(self, rule: Delay, job: Job) -> str:
        if job.home in self._row:
            return self._regions[self._row[job.home]].tz
        if rule.tz == "local":
            raise InputError(
                f"job {job.id} was submitted in {job.home!r}, which is no region of the scenario, "
                f"but rule {quoted(rule)} needs its time zone; name a zone in the rule"
            )
        return "UTC"

    def _placement(self, rule: Placement) -> PlacementLimit:
        rows = self._rows(rule.regions)
        others = np.setdiff1d(np.arange(len(self._regions)), rows)
        return PlacementLimit(rule, rows, others, self._zoned(rule.window, rows))

    def _cpu_limit(self, rule: Headroom) -> CpuLimit:
        rows = self._rows(rule.regions)
        return CpuLimit(rule, rows, self._zoned(rule.window, rows))

    def _rows(self, regions: Sequence[str] | None) -> IntArray:
        """Return the rows of the regions that are in the scenario; all where none is named."""
        chosen = self._row if regions is None else regions
        return np.array([self._row[region] for region in chosen if region in self._row], dtype=np.int64)

    def _zoned(self, window: Window | None, rows: IntArray) -> tuple[ZonedWindow, ...]:
        if window is None:
            return ()
        zones: dict[str, list[int]] = {}
        for row in rows.tolist():
            zones.setdefault(zone_of(window.tz, self._regions[row].tz).key, []).append(row)
        return tuple(
            ZonedWindow(np.array(group), WindowTimes(window, zone_of(key, key), self._start))
            for key, group in zones.items()
        )


def _lengths_s(rules: Sequence[RuleBase]) -> list[float]:
    """Return the job lengths that the selectors compare with, ascending."""
    selectors = [part for rule in rules for part in (rule.jobs, rule.unless) if part]
    hours = [hour for part in selectors for hour in (part.longer_than_h, part.shorter_than_h)]
    return sorted({hour * HOUR_S for hour in hours if hour is not None})
