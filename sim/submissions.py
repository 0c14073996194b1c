"""All submissions of a run, each with its decision point: what is planned of a job by itself can be planned at once.

Where no rule, graph, closure, service or transfer stands in the way, it is known from the outset when each job will be
asked about. If its plan hangs on nothing but the job and the signals of that moment, the plans of a whole run can be
made in one go, and hold as long as every region has room for all. A planner of submissions must use nothing later than
each job's own point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.forecast import Measured
from sim.jobs import Jobs
from sim.pool import EPS
from sim.signals import Bundle
from sim.units import DAY_S, BoolArray, FloatArray, IntArray
from sim.view import Site, outlook
from sim.world import World


@dataclass(frozen=True, eq=False)
class Submissions:
    """J jobs in submit order, N decision points in time, R regions in scenario order.

    Attributes:
        jobs: Those that are asked about before the run ends.
        point_s: The decision points at which any job is asked about, shape (N,).
        epoch: The epoch of each point, shape (N,).
        point: The point of each job, shape (J,).
        horizon_s: How far ahead a plan may reach at each point, shape (N,), as in a View.
        site: The signals; of those nothing later than a job's own point may shape its plan.
    """

    world: World
    jobs: Jobs
    point_s: FloatArray
    epoch: IntArray
    point: IntArray
    horizon_s: FloatArray
    site: Site

    @classmethod
    def of(cls, world: World, site: Site) -> Submissions:
        """Return the submissions of a world in which nothing else decides when a job is asked about."""
        submit_s, epochs_s = site.jobs.submit_s, _epochs_s(world)
        asked_s = np.maximum(submit_s, 0.0) if world.at_arrivals else epochs_s[np.searchsorted(epochs_s, submit_s)]
        count = int(np.searchsorted(asked_s, world.horizon_s))
        jobs, asked_s = site.jobs.take(slice(count)), asked_s[:count]
        point_s, last = np.unique(asked_s[::-1], return_index=True)
        seen_s = np.maximum.accumulate(jobs.deadline_s - jobs.submit_s)[count - 1 - last]
        return cls(
            world=world,
            jobs=jobs,
            point_s=point_s,
            epoch=np.searchsorted(epochs_s, point_s, side="right") - 1,
            point=np.searchsorted(point_s, asked_s),
            horizon_s=np.minimum(seen_s, world.horizon_s) + DAY_S,
            site=site,
        )

    @property
    def asked_s(self) -> FloatArray:
        """When each job is asked about, shape (J,)."""
        return self.point_s[self.point]

    def outlook(self, n: int) -> Bundle:
        """Return the intensity forecasts of all regions that a View of the n-th point holds."""
        now_s, span_s = float(self.point_s[n]), float(self.horizon_s[n]) + self.world.epoch_s
        told = self.site.foretold
        measured = Measured(*self.site.intensity, now_s)
        return outlook(self.site.models.intensity, measured, told.intensity if told else None, span_s)

    def with_room(self, jobs: Jobs, region: IntArray, start_s: FloatArray) -> int:
        """Return how many of these jobs surely find ample room, as a View calls it, if all are placed like this.

        They are the first ones, in any order within their points. A job holds its room from its point to its true end.
        Rounding errs to the side of less room.
        """
        point = self.point[: len(jobs)]
        end_s = start_s + self.world.workload.durations_s[jobs.positions]
        until = np.maximum(np.searchsorted(self.point_s, end_s, side="right"), point + 1)
        short = np.zeros(len(self.point_s), dtype=bool)
        for n, demand in enumerate(jobs.numbers[3:6]):
            if demand.any():
                capacity = np.array([place.capacity[n] for place in self.world.regions])
                short |= self._short(region, point, until, demand, capacity)
        return int(np.searchsorted(point, np.argmax(short))) if short.any() else len(jobs)

    def _short(
        self, region: IntArray, point: IntArray, until: IntArray, demand: FloatArray, capacity: FloatArray
    ) -> BoolArray:
        """Return at which points a region could not hold all that is asked about beside what it holds, shape (N,)."""
        width = len(self.point_s) + 1

        def at(when: IntArray) -> FloatArray:
            amounts = np.bincount(region * width + when, demand, len(capacity) * width)
            return np.asarray(amounts.reshape(len(capacity), width)[:, :-1])

        held = np.cumsum(at(point + 1) - at(until), axis=1)
        asked = np.bincount(point, demand, len(self.point_s))
        return np.asarray((held + asked > capacity[:, None] - EPS).any(axis=0))


def _epochs_s(world: World) -> FloatArray:
    """Return when epochs begin, from 0 to the first after the last submission."""
    last_s = float(world.workload.jobs.submit_s.max(initial=0.0))
    return np.asarray(world.epoch_s * np.arange(int(last_s // world.epoch_s) + 3), dtype=float)
