"""Rules one by one, each behind a guard of its own: what each leaves to a job.

Placement rules only ever strike out (see `agent.policy.limits`), so what several leave is what all of them leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from agent.policy.guard import Guard
from agent.policy.preview.classes import ordinary_job
from agent.policy.preview.ground import STEP_S, Ground
from agent.policy.rules import Budget, Headroom, Placement, PolicySet, Prefer
from sim.constraints import Constraints, CpuShare
from sim.engine import Engine
from sim.jobs import Jobs, Workload
from sim.model import Job, demand
from sim.units import DAY_S, BoolArray, FloatArray, IntArray

_EPS = 1e-9
MOST_DAYS = 28.0


@dataclass(frozen=True, eq=False)
class Times:
    """When starts are tried, shape (S,), and intensity (gCO2eq/kWh) and price (USD/MWh) then, shape (R, S)."""

    starts_s: FloatArray
    intensity: FloatArray
    price: FloatArray

    @classmethod
    def of_run(cls, ground: Ground) -> Times:
        """Return the quarters of a run, at most four weeks of it, with intensity and price as they really were."""
        span_s = min(ground.world.horizon_s, MOST_DAYS * DAY_S)
        starts_s = np.arange(0.0, span_s - STEP_S / 2, STEP_S)
        intensity, price = (
            np.array([one.values[((starts_s - one.start_s) // one.step_s).astype(int)] for one in signals])
            for signals in (ground.world.intensity, ground.world.price)
        )
        return cls(starts_s, intensity, price)

    @classmethod
    def blind(cls, ground: Ground, days: float) -> Times:
        """Return the quarters of so many days; intensity and price are not known (NaN), and bind nobody."""
        starts_s = np.arange(0.0, days * DAY_S, STEP_S)
        unknown = np.full((len(ground.regions), len(starts_s)), np.nan)
        return cls(starts_s, unknown, unknown)


def guard_of(rules: Sequence[Any], ground: Ground) -> Guard:
    """Return the guard of rules over a ground."""
    world = ground.world
    return Guard(PolicySet(rules=tuple(rules)), world.regions, world.start, world.epoch_s)


class Laid:
    """One rule over a ground, as if it were strict. R is the number of regions, S that of starts."""

    def __init__(self, rule: Any, ground: Ground) -> None:
        self.rule, self._ground = rule, ground
        self.guard = guard_of([rule.model_copy(update={"strength": "must"})], ground)

    def leaves(self, job: Job, times: Times) -> BoolArray:
        """Return where and when the rule lets a job start that it is about, shape (R, S).

        Of a wish for regions: where it is granted. Of headroom and budgets: in a world where nothing else runs. A
        made-up world knows of no budgets.
        """
        match self.rule:
            case Placement():
                return self.guard.allowed(job, times.starts_s, intensity=times.intensity, price=times.price)
            case Prefer():
                broken = self.guard.broken(job, times.starts_s, intensity=times.intensity, price=times.price)
                return np.asarray(np.broadcast_to(True if broken is None else broken == 0, times.intensity.shape))
            case Headroom():
                return self._room(times) >= job.cpus - _EPS
            case Budget() if not self._ground.made_up:
                return self._alone.allowed(job, times.starts_s, intensity=times.intensity, price=times.price)
        return np.ones(times.intensity.shape, dtype=bool)

    def share(self, starts_s: FloatArray) -> FloatArray:
        """Return the share of CPUs that a headroom rule leaves to matching jobs in the quarter after each, (R, S)."""
        shares = [quota for quota in self.guard.quotas if isinstance(quota, CpuShare)]
        return (shares[0].limit if shares else self.guard.cpu_limit)(starts_s, STEP_S)

    def _room(self, times: Times) -> FloatArray:
        """Return the CPUs that matching jobs may hold, shape (R, S)."""
        cpus = np.array([region.cpus for region in self._ground.regions])
        return np.asarray(self.share(times.starts_s) * cpus[:, None])

    @cached_property
    def _alone(self) -> Constraints:
        """The rule as it stands at the beginning of a run, before anything has used up anything."""
        home = ordinary_job(self._ground.homes[0])
        nobody = Workload(Jobs.of([home], self._ground.homes), np.array([home.duration_estimate_s]))
        return Engine(replace(self._ground.world, workload=nobody), self.guard).view().constraints


def laid_over(rules: Iterable[Any], ground: Ground) -> list[Laid]:
    """Return each of the rules over a ground, in order."""
    return [Laid(rule, ground) for rule in rules]


def kinds(rules: Sequence[Any], ground: Ground) -> Iterator[tuple[Job, IntArray]]:
    """Yield a job of each kind of jobs that a selector could tell apart, and the positions of all of it."""
    return guard_of(rules, ground).alike(ground.world.workload.jobs)


def holds(ground: Ground, job: Job) -> BoolArray:
    """Return which regions are large enough for a job, shape (R, 1); in a made-up world all are."""
    capacity = np.array([region.capacity for region in ground.regions])
    return np.asarray((demand(job) <= capacity + _EPS).all(axis=1) | ground.made_up)[:, None]
