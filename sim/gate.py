"""The gate: what the rules say when a job is about to start, or to be planned, in a region."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from sim.constraints import Constraints
from sim.errors import RuleDenied
from sim.forecast import Forecaster, forecast, row_of
from sim.foresight import Foretold, told_from
from sim.model import Job
from sim.signals import Bundle, Signal
from sim.units import FloatArray
from sim.world import World

_EPS = 1e-9

Run = tuple[float, float]
"""CPUs that a running job holds, and when it ends by its estimate."""


class Gate:
    """Asks the constraints of a run, and raises RuleDenied where one forbids."""

    def __init__(self, world: World, constraints: Constraints, foretold: Foretold | None = None) -> None:
        self._world, self._constraints, self._foretold = world, constraints, foretold

    def start(self, job: Job, r: int, now_s: float, *, cpus: float, left_s: float, running: Iterable[Run]) -> None:
        """Raise RuleDenied if a rule forbids the job to start in its region at this moment.

        Args:
            cpus: What it would hold.
            left_s: The estimate of its time to the end.
            running: What else runs in the region.
        """
        world = self._world
        rule = self._constraints.why_not(
            job,
            world.regions[r].id,
            now_s,
            intensity=world.intensity[r].at(now_s),
            price=world.price[r].at(now_s),
        ) or self._headroom(r, now_s, cpus, left_s, running)
        if rule:
            raise RuleDenied(rule)

    def plan(self, job: Job, r: int, now_s: float, start_s: float) -> None:
        """Raise RuleDenied if a rule forbids a later start, going by the forecast issued now."""
        world = self._world
        told = self._foretold
        model = world.models
        intensity = self._expected(
            model.intensity, world.intensity, told.intensity if told else None, r, now_s, start_s
        )
        price = self._expected(model.price, world.price, told.price if told else None, r, now_s, start_s)
        rule = self._constraints.why_not(job, world.regions[r].id, start_s, intensity=intensity, price=price)
        if rule:
            raise RuleDenied(rule)

    def suspend(self, job: Job, times: int) -> None:
        """Raise RuleDenied if a rule forbids to suspend the job again after so many times."""
        rule = self._constraints.why_not_suspend(job, times)
        if rule:
            raise RuleDenied(rule)

    def _expected(
        self, model: Forecaster, signals: Sequence[Signal], told: Bundle | None, r: int, now_s: float, start_s: float
    ) -> float:
        """Return a signal of a region at a later moment, by the forecast issued now or as it is told."""
        span_s = start_s - now_s + 1.0
        if told:
            current = np.array([signal.at(now_s) for signal in signals])
            return float(told_from(told, now_s, span_s, current).at(np.array([start_s]))[r, 0])
        return forecast(row_of(model, r), signals[r].up_to(now_s), now_s, span_s).at(start_s)

    def _headroom(self, r: int, now_s: float, cpus: float, left_s: float, running: Iterable[Run]) -> str | None:
        """Return a refusal if the job would push CPU use over a rule's limit at any epoch of its run.

        What runs now is taken to end by its estimate; what starts later is checked when it starts.
        """
        region, epoch_s = self._world.regions[r], self._world.epoch_s
        first = now_s // epoch_s
        count = int(np.ceil((now_s + left_s) / epoch_s - first - _EPS))
        slots_s: FloatArray = epoch_s * (first + np.arange(float(max(count, 1))))
        limit = self._constraints.cpu_limit(slots_s, epoch_s)[r] * region.cpus
        if (limit >= region.cpus - _EPS).all():
            return None
        busy = np.full(len(slots_s), cpus)
        for held, end_s in running:
            live = slots_s < end_s - _EPS
            live[0] = True  # it runs now, whatever its estimate said
            busy[live] += held
        over = np.flatnonzero(busy > limit + _EPS)
        if not len(over):
            return None
        return (
            f"CPU use of {region.id} would be {busy[over[0]]:g} of the allowed {limit[over[0]]:g} "
            f"at {slots_s[over[0]]:g} s"
        )
