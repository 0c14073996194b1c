"""The operator's rules, and what each job's description adds to them: in the form that binds every scheduler alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from agent.described.bounds import Bounds
from sim.constraints import Consent, Constraints, Quota, Weights
from sim.jobs import Jobs
from sim.model import Job, Region
from sim.units import BoolArray, FloatArray


class DescribedRules:
    """See `sim.constraints.Constraints`. What the rules forbid stays forbidden, whatever a description says."""

    def __init__(self, rules: Constraints, regions: Sequence[Region]) -> None:
        self._rules = rules
        self._row = {region.id: r for r, region in enumerate(regions)}
        self._bounds: dict[str, Bounds] = {}

    def bind(self, job_id: str, bounds: Bounds) -> None:
        """Hold a job to its description from now on."""
        self._bounds[job_id] = bounds

    @property
    def quotas(self) -> Sequence[Quota]:
        """The rules' own."""
        return self._rules.quotas

    @property
    def consents(self) -> Sequence[Consent]:
        """The rules' own."""
        return self._rules.consents

    def allowed(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return where and when the rules and its description let the job start, shape (R, S)."""
        allowed = self._rules.allowed(job, starts_s, intensity=intensity, price=price)
        bounds = self._bounds.get(job.id)
        return allowed if bounds is None else allowed & bounds.mask(starts_s)

    def allowed_all(self, jobs: Jobs, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return the same of many jobs, shape (J, R, S)."""
        allowed = self._rules.allowed_all(jobs, starts_s, intensity=intensity, price=price)
        for i, job_id in enumerate(jobs.ids if self._bounds else ()):
            if bounds := self._bounds.get(job_id):
                allowed[i] &= bounds.mask(starts_s)
        return allowed

    def latest_start_s(self, job: Job) -> float:
        """Return the last start in time by the delay rules and the description."""
        latest_s, bounds = self._rules.latest_start_s(job), self._bounds.get(job.id)
        return latest_s if bounds is None else min(latest_s, bounds.latest_start_s)

    def cpu_limit(self, times_s: FloatArray, step_s: float) -> FloatArray:
        """Return what the rules say."""
        return self._rules.cpu_limit(times_s, step_s)

    def why_not(
        self, job: Job, region: str, start_s: float, *, intensity: float, price: float, seconds: float | None = None
    ) -> str | None:
        """Return the rule, or else the bound of the description, that forbids this start; None if none does."""
        rule = self._rules.why_not(job, region, start_s, intensity=intensity, price=price, seconds=seconds)
        bounds = self._bounds.get(job.id)
        return rule or (bounds.why_not(self._row[region], start_s) if bounds else None)

    def why_not_suspend(self, job: Job, times: int) -> str | None:
        """Return the rule, or the bound of the description, that forbids to suspend the job; None if none does."""
        rule = self._rules.why_not_suspend(job, times)
        return rule or (None if self._suspendable(job) else "its description: it must not be interrupted")

    def may_suspend(self, job: Job, times: int) -> bool:
        """Return whether neither a rule, nor a wish, nor the description speaks against suspending the job again."""
        return self._suspendable(job) and self._rules.may_suspend(job, times)

    def concerns(self, jobs: Jobs) -> BoolArray:
        """Return which jobs rules or their descriptions bear on, shape (J,)."""
        described = np.array([job_id in self._bounds for job_id in jobs.ids], dtype=bool)
        return np.asarray(self._rules.concerns(jobs) | described)

    def _suspendable(self, job: Job) -> bool:
        bounds = self._bounds.get(job.id)
        return bounds is None or bounds.suspendable

    def broken(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> FloatArray | None:
        """Return what the rules say."""
        return self._rules.broken(job, starts_s, intensity=intensity, price=price)

    def weights(self, job: Job) -> Weights | None:
        """Return what the rules say."""
        return self._rules.weights(job)

    def draft(self) -> Self:
        """Return itself: descriptions use up nothing, and quotas are no concern of the rules alone."""
        return self

    def take(self, job: Job, r: int, start_s: float) -> None:
        """Note nothing, likewise."""
