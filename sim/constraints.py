"""What may not be done, beyond capacity: the seam through which an operator's rules bind every scheduler alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from sim.model import Job, Region
from sim.units import BoolArray, FloatArray


class Constraints(Protocol):
    """Rules as arrays. R is the number of regions in scenario order, S of start times, T of time slots."""

    def allowed(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return, shape (R, S), where and when the job may start.

        Args:
            job: The job; its run is taken to last its duration estimate.
            starts_s: Candidate starts, shape (S,), seconds since the scenario's start.
            intensity: Carbon intensity at each start, shape (R, S), gCO2eq/kWh: forecast or actual.
            price: Electricity price at each start, shape (R, S), USD/MWh.
        """

    def latest_start_s(self, job: Job) -> float:
        """Return the last start that the rules allow (delay bounds), infinity where none applies."""

    def cpu_limit(self, times_s: FloatArray, step_s: float) -> FloatArray:
        """Return, shape (R, T), the share of each region's CPUs that may be busy in [t, t + step_s)."""

    def why_not(self, job: Job, region: str, start_s: float, *, intensity: float, price: float) -> str | None:
        """Return the rule that forbids this start, in canonical English, or None if none does."""

    def why_not_suspend(self, job: Job, times: int) -> str | None:
        """Return the rule that forbids to suspend the job again after so many times, or None if none does."""


def binds(constraints: Constraints) -> bool:
    """Return whether there are any rules to look at."""
    return type(constraints) is not Unconstrained


class Unconstrained:
    """No rules at all."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._count = len(regions)

    def allowed(self, job: Job, starts_s: FloatArray, *, intensity: FloatArray, price: FloatArray) -> BoolArray:
        """Return all true."""
        return np.ones((self._count, len(starts_s)), dtype=bool)

    def latest_start_s(self, job: Job) -> float:
        """Return infinity."""
        return float("inf")

    def cpu_limit(self, times_s: FloatArray, step_s: float) -> FloatArray:
        """Return all ones."""
        return np.ones((self._count, len(times_s)))

    def why_not(self, job: Job, region: str, start_s: float, *, intensity: float, price: float) -> str | None:
        """Return None."""
        return None

    def why_not_suspend(self, job: Job, times: int) -> str | None:
        """Return None."""
        return None
