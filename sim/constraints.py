"""What may not be done, beyond capacity: the seam through which an operator's rules bind every scheduler alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import numpy as np

from sim.jobs import Jobs
from sim.model import Job, Region
from sim.units import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class CpuShare:
    """A bound on the CPUs that some of the jobs hold in a region.

    Attributes:
        rule: The rule in canonical English.
        about: Whether a job counts.
        limit: From slots and their length to the share of each region's CPUs, shape (R, T), as `cpu_limit`.
        strict: Whether it must hold, or is a wish.
    """

    rule: str
    about: Callable[[Job], bool]
    limit: Callable[[FloatArray, float], FloatArray]
    strict: bool = True


@dataclass(frozen=True, eq=False)
class Allowance:
    """A bound on what some of the jobs draw, emit or cost together in each calendar period.

    Attributes:
        rule: The rule in canonical English.
        about: Whether a job counts.
        rows: The regions in which it counts, as indices.
        metric: `energy_kwh`, `carbon_g` or `cost_usd`.
        most: The bound, in that unit.
        edges_s: From how far the run goes to the edges of the periods, the first not after 0, the last not before it.
        strict: Whether it must hold, or is a wish.
    """

    rule: str
    about: Callable[[Job], bool]
    rows: IntArray
    metric: str
    most: float
    edges_s: Callable[[float], FloatArray]
    strict: bool = True


Quota = CpuShare | Allowance


@dataclass(frozen=True, eq=False)
class Consent:
    """Placements that need a person's yes: all in these regions, or those of runs that could emit or cost more.

    Attributes:
        rule: The rule in canonical English.
        about: Whether a job counts.
        rows: The regions, as indices.
        most_g: Grams of carbon without asking; None if the rule does not say.
        most_usd: USD, likewise.
        strict: Whether somebody is asked; if not, such placements are avoided where possible.
    """

    rule: str
    about: Callable[[Job], bool]
    rows: frozenset[int]
    most_g: float | None
    most_usd: float | None
    strict: bool = True


class Weights(NamedTuple):
    """How much the objective of a job weighs carbon, cost and delay, relative to one another."""

    carbon: float
    cost: float
    delay: float


class Constraints(Protocol):
    """Rules as arrays. R is the number of regions in scenario order, S of start times, T of time slots."""

    @property
    def quotas(self) -> Sequence[Quota]:
        """What jobs use up together."""

    @property
    def consents(self) -> Sequence[Consent]:
        """What needs a person's yes."""

    def allowed(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return, shape (R, S), where and when the job may start.

        Args:
            job: The job; its run is taken to last its duration estimate.
            starts_s: Candidate starts, shape (S,), seconds since the scenario's start.
            intensity: Carbon intensity at each start, shape (R, S), gCO2eq/kWh: forecast or actual.
            price: Electricity price at each start, shape (R, S), USD/MWh.
        """

    def allowed_all(self, jobs: Jobs, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return the same of many jobs, shape (J, R, S)."""

    def latest_start_s(self, job: Job) -> float:
        """Return the last start that the rules allow (delay bounds), infinity where none applies."""

    def cpu_limit(self, times_s: FloatArray, step_s: float) -> FloatArray:
        """Return, shape (R, T), the share of each region's CPUs that may be busy in [t, t + step_s)."""

    def why_not(
        self, job: Job, region: str, start_s: float, *, intensity: float, price: float, seconds: float | None = None
    ) -> str | None:
        """Return the rule that forbids this start, in canonical English, or None if none does.

        Args:
            intensity: What it is there and then; NaN if the job does not start but goes on.
            price: Likewise.
            seconds: How long the job will stay; its duration estimate if not given.
        """

    def why_not_suspend(self, job: Job, times: int) -> str | None:
        """Return the rule that forbids to suspend the job again after so many times, or None if none does."""

    def may_suspend(self, job: Job, times: int) -> bool:
        """Return whether no rule, not even a wish, speaks against suspending the job after so many times."""

    def concerns(self, jobs: Jobs) -> BoolArray:
        """Return which jobs rules or wishes may bear on, shape (J,): all others are as free as without any."""

    def broken(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> FloatArray | None:
        """Return how many wishes (rules of strength `prefer`) each start breaks, shape (R, S); None for none at all."""

    def weights(self, job: Job) -> Weights | None:
        """Return what the objective of a job weighs; None if no rule says: carbon alone."""

    def draft(self) -> Self:
        """Return the rules for one plan: what the plan uses up does not count elsewhere."""

    def take(self, job: Job, r: int, start_s: float) -> None:
        """Note a run of the plan in region `r`: what it uses up of quotas is not there for others."""


def binds(constraints: Constraints) -> bool:
    """Return whether there are any rules to look at."""
    return type(constraints) is not Unconstrained


class Unconstrained:
    """No rules at all."""

    quotas: Sequence[Quota] = ()
    consents: Sequence[Consent] = ()

    def __init__(self, regions: Sequence[Region]) -> None:
        self._count = len(regions)

    def allowed(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return all true."""
        return np.ones((self._count, len(starts_s)), dtype=bool)

    def allowed_all(self, jobs: Jobs, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return all true."""
        return np.ones((len(jobs), self._count, len(starts_s)), dtype=bool)

    def latest_start_s(self, job: Job) -> float:
        """Return infinity."""
        return float("inf")

    def cpu_limit(self, times_s: FloatArray, step_s: float) -> FloatArray:
        """Return all ones."""
        return np.ones((self._count, len(times_s)))

    def why_not(
        self, job: Job, region: str, start_s: float, *, intensity: float, price: float, seconds: float | None = None
    ) -> str | None:
        """Return None."""
        return None

    def why_not_suspend(self, job: Job, times: int) -> str | None:
        """Return None."""
        return None

    def may_suspend(self, job: Job, times: int) -> bool:
        """Return true."""
        return True

    def concerns(self, jobs: Jobs) -> BoolArray:
        """Return all false."""
        return np.zeros(len(jobs), dtype=bool)

    def broken(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> FloatArray | None:
        """Return None."""
        return None

    def weights(self, job: Job) -> Weights | None:
        """Return None."""
        return None

    def draft(self) -> Self:
        """Return itself: nothing is used up."""
        return self

    def take(self, job: Job, r: int, start_s: float) -> None:
        """Note nothing."""
