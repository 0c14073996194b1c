"""What jobs use up together, CPU shares of some of the jobs and budgets, as it stands at a decision point.

A quota is used up by what runs and by what is planned, each to its end by the estimates. A job that would take more
than is left has to wait, or to go elsewhere.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, Self

import numpy as np

from sim.consents import Consents
from sim.constraints import Constraints, CpuShare, Weights
from sim.jobs import Jobs
from sim.model import Job, Region
from sim.stays import Loads, Stay
from sim.units import BoolArray, FloatArray

_EPS = 1e-9
_ROOM_EPS = 1e-6
_LEAST_SLOTS = 32
_CHUNK = 256


class Use(Protocol):
    """What is taken of one quota."""

    @property
    def rule(self) -> str:
        """The rule that sets it, in canonical English."""

    @property
    def strict(self) -> bool:
        """Whether it must hold, or is a wish."""

    def open_to(self, loads: Loads, starts_s: FloatArray, seconds: FloatArray) -> BoolArray:
        """Return where and when enough is left for stays of J jobs, so many seconds long, shape (J, R, S)."""

    def add(self, stays: Sequence[Stay], sign: float) -> None:
        """Take what stays use (+1), or give it back (-1)."""

    def copy(self) -> Self:
        """Return the same, apart."""


class ShareUse:
    """CPUs that some jobs hold in each region, in the slots [k epoch_s, (k + 1) epoch_s) from now on."""

    def __init__(self, share: CpuShare, cpus: FloatArray, epoch_s: float, now_s: float) -> None:
        self.rule, self.strict = share.rule, share.strict
        self._share, self._cpus, self._epoch_s = share, cpus, epoch_s
        self._first = int(now_s / epoch_s + _EPS)
        self._free = np.empty((len(cpus), 0))
        self._stays: list[tuple[Stay, float]] = []

    def open_to(self, loads: Loads, starts_s: FloatArray, seconds: FloatArray) -> BoolArray:
        """Return where and when the share has room in every slot that a stay touches, shape (J, R, S)."""
        first = np.maximum(np.floor(starts_s / self._epoch_s + _EPS).astype(np.int64) - self._first, 0)
        ends_s = starts_s + seconds[:, None]
        after = np.maximum(np.ceil(ends_s / self._epoch_s - _EPS).astype(np.int64) - self._first, first + 1)  # (J, S)
        self._reach(int(after.max(initial=0)))
        found = np.empty((len(loads), len(self._cpus), len(starts_s)), dtype=bool)
        sizes, size = np.unique(loads.cpus, return_inverse=True)
        for n, cpus in enumerate(sizes.tolist()):
            full = self._free < cpus - _ROOM_EPS
            sums = np.zeros((full.shape[0], full.shape[1] + 1), dtype=np.int64)
            np.cumsum(full, axis=1, out=sums[:, 1:])
            mine = np.flatnonzero(size == n)
            found[mine] = (sums[:, after[mine]] == sums[:, None, first]).swapaxes(0, 1)
        return found

    def add(self, stays: Sequence[Stay], sign: float) -> None:
        """Take the CPUs of stays, or give them back."""
        for stay in stays:
            self._stays.append((stay, sign))
            self._apply(stay, sign)

    def copy(self) -> Self:
        """Return the same, apart."""
        twin = copy.copy(self)
        twin._free, twin._stays = self._free.copy(), self._stays.copy()
        return twin

    def _reach(self, slots: int) -> None:
        """Look so many slots ahead."""
        if slots <= self._free.shape[1]:
            return
        times_s = self._epoch_s * (self._first + np.arange(float(max(slots, 2 * self._free.shape[1], _LEAST_SLOTS))))
        self._free = self._share.limit(times_s, self._epoch_s) * self._cpus[:, None]
        for stay, sign in self._stays:
            self._apply(stay, sign)

    def _apply(self, stay: Stay, sign: float) -> None:
        first = max(0, int(stay.start_s / self._epoch_s + _EPS) - self._first)
        after = max(first + 1, math.ceil(stay.end_s / self._epoch_s - _EPS) - self._first)
        self._free[stay.region, first:after] -= sign * stay.scale * stay.job.cpus


class Quotas:
    """All quotas of the rules as they stand now."""

    def __init__(
        self, about: Callable[[Job], Sequence[int]], uses: Iterable[Use], stays: Mapping[int, Stay], regions: int
    ) -> None:
        """Begin with the stays of all jobs that hold or will hold something, by position, in so many regions.

        `about` says towards which of the uses a job counts.
        """
        self._regions = regions
        self._about, self._uses, self._stays = about, list(uses), dict(stays)
        self._strict = [use.strict for use in self._uses]
        for n, mine in self._by_use(list(stays.values())).items():
            self._uses[n].add(mine, 1.0)

    def _by_use(self, stays: Sequence[Stay]) -> dict[int, list[Stay]]:
        found: dict[int, list[Stay]] = {}
        for stay in stays:
            for n in self._about(stay.job):
                found.setdefault(n, []).append(stay)
        return found

    def take(self, j: int, stay: Stay) -> None:
        """Take what a job's stay uses."""
        self._stays[j] = stay
        self.note(stay)

    def note(self, stay: Stay, sign: float = 1.0) -> None:
        """Take what a stay of a plan uses."""
        for n in self._about(stay.job):
            self._uses[n].add([stay], sign)

    def drop(self, j: int) -> Stay | None:
        """Give back what a job had taken, if it had; return the stay for which it had."""
        if stay := self._stays.pop(j, None):
            self.note(stay, -1.0)
        return stay

    def open_to(self, job: Job, starts_s: FloatArray, seconds: float, scale: int = 1) -> BoolArray | bool:
        """Return where and when a job could stay so long, shape (R, S) or one that broadcasts to it."""
        found: BoolArray | bool = True
        if mine := [n for n in self._about(job) if self._strict[n]]:
            loads, stays_s = Loads.of([job], [scale]), np.array([seconds])
            for n in mine:
                found = found & self._uses[n].open_to(loads, starts_s, stays_s)[0]
        return found

    def broken(self, job: Job, starts_s: FloatArray) -> FloatArray | None:
        """Return of how many wishes each stay would take more than is left, shape (R, S); None if there are none."""
        found: FloatArray | None = None
        for n in (n for n in self._about(job) if not self._strict[n]):
            open_ = self._uses[n].open_to(Loads.of([job], [1]), starts_s, np.array([job.duration_estimate_s]))[0]
            found = (0.0 if found is None else found) + ~open_
        return found

    def open_to_all(self, jobs: Jobs, starts_s: FloatArray) -> BoolArray:
        """Return where and when each job could stay for its estimate with one worker, shape (J, R, S)."""
        loads, seconds = Loads.of_jobs(jobs), jobs.duration_estimate_s
        found = np.ones((len(jobs), self._regions, len(starts_s)), dtype=bool)
        counts: dict[int, list[int]] = {}
        for i, job in enumerate(jobs):
            for n in (n for n in self._about(job) if self._strict[n]):
                counts.setdefault(n, []).append(i)
        for n, mine in counts.items():
            by_length = sorted(mine, key=seconds.__getitem__)
            for first in range(0, len(mine), _CHUNK):  # those of like length together touch as many periods
                part = np.array(by_length[first : first + _CHUNK])
                found[part] &= self._uses[n].open_to(loads.take(part), starts_s, seconds[part])
        return found

    def why_not(self, stay: Stay) -> str | None:
        """Return the first rule of whose quota a stay would take more than is left, or None."""
        loads, starts_s = Loads.of([stay.job], [stay.scale]), np.array([stay.start_s])
        for n in self._about(stay.job):
            use = self._uses[n]
            if (
                self._strict[n]
                and not use.open_to(loads, starts_s, np.array([stay.end_s - stay.start_s]))[0, stay.region, 0]
            ):
                return use.rule
        return None

    def copy(self) -> Quotas:
        """Return the same, apart."""
        twin = copy.copy(self)
        twin._uses, twin._stays = [use.copy() for use in self._uses], self._stays.copy()
        return twin


class Standing:
    """The rules at a decision point, with what is left of their quotas and what people said: what a View shows.

    See `Constraints`. A placement that needs a yes is open until somebody has been asked.
    """

    def __init__(
        self, rules: Constraints, quotas: Quotas, consents: Consents | None, regions: Sequence[Region]
    ) -> None:
        self._rules, self._left, self._consents, self._regions = rules, quotas, consents, regions
        self.quotas, self.consents = rules.quotas, rules.consents

    def allowed(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return where and when the rules and what is left let the job start, shape (R, S)."""
        allowed = self._rules.allowed(job, starts_s, intensity=intensity, price=price)
        if self._consents and self._consents.binds(job):
            allowed &= self._consents.open_to(job)[:, None]
        return np.asarray(allowed & self._left.open_to(job, starts_s, job.duration_estimate_s))

    def allowed_all(self, jobs: Jobs, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return the same of many jobs, shape (J, R, S)."""
        allowed = self._rules.allowed_all(jobs, starts_s, intensity=intensity, price=price)
        allowed &= self._left.open_to_all(jobs, starts_s)
        for i, job in enumerate(jobs if self._consents else ()):
            if self._consents and self._consents.binds(job):
                allowed[i] &= self._consents.open_to(job)[:, None]
        return allowed

    def latest_start_s(self, job: Job) -> float:
        """Return the last start that the delay rules allow."""
        return self._rules.latest_start_s(job)

    def cpu_limit(self, times_s: FloatArray, step_s: float) -> FloatArray:
        """Return the share of each region's CPUs that all jobs may hold, shape (R, T)."""
        return self._rules.cpu_limit(times_s, step_s)

    def why_not(
        self, job: Job, region: str, start_s: float, *, intensity: float, price: float, seconds: float | None = None
    ) -> str | None:
        """Return the first rule that forbids this start, or None if none does."""
        rule = self._rules.why_not(job, region, start_s, intensity=intensity, price=price, seconds=seconds)
        stay = self._stay(job, self._row(region), start_s, seconds)
        return rule or self._left.why_not(stay) or (self._consents.refused(stay) if self._consents else None)

    def why_not_suspend(self, job: Job, times: int) -> str | None:
        """Return the rule that forbids to suspend the job again, or None if none does."""
        return self._rules.why_not_suspend(job, times)

    def may_suspend(self, job: Job, times: int) -> bool:
        """Return whether no rule, not even a wish, speaks against suspending the job again."""
        return self._rules.may_suspend(job, times)

    def concerns(self, jobs: Jobs) -> BoolArray:
        """Return which jobs rules or wishes may bear on, shape (J,)."""
        return self._rules.concerns(jobs)

    def broken(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> FloatArray | None:
        """Return how many wishes each start breaks, shape (R, S); None if there are none about the job."""
        parts = [
            self._rules.broken(job, starts_s, intensity=intensity, price=price),
            self._left.broken(job, starts_s),
            self._consents.wished(job) if self._consents else None,
        ]
        known = [part for part in parts if part is not None]
        shape = (len(self._regions), len(starts_s))
        return np.sum([np.broadcast_to(part, shape) for part in known], axis=0) if known else None

    def weights(self, job: Job) -> Weights | None:
        """Return what the objective of a job weighs; None if no rule says."""
        return self._rules.weights(job)

    def draft(self) -> Standing:
        """Return the same for one plan."""
        return Standing(self._rules, self._left.copy(), self._consents, self._regions)

    def take(self, job: Job, r: int, start_s: float) -> None:
        """Take from the quotas what a run of the plan uses."""
        self._left.note(self._stay(job, r, start_s, None))

    def _row(self, region: str) -> int:
        return next(r for r, one in enumerate(self._regions) if one.id == region)

    def _stay(self, job: Job, r: int, start_s: float, seconds: float | None) -> Stay:
        return Stay(job, r, 1, start_s, start_s + (job.duration_estimate_s if seconds is None else seconds))
