"""What has to run in a world, with perfect knowledge: jobs, and the requests of services, as columns.

A job may work from its submission, or from the earliest moment at which the tasks before it in its graph can have
ended, until its deadline, less the least time of the tasks behind it. Requests hold their share of a replica for the
routing step in which they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.fleet import Fleet
from sim.jobs import Jobs
from sim.model import Region
from sim.services import Service
from sim.signals import Signal
from sim.units import HOUR_S, BoolArray, FloatArray, IntArray
from sim.world import ROUNDING_S, World

Lever = tuple[tuple[float, float], ...]
"""How a job can be made faster, from a standstill: by so much, with so many more workers for each unit of that."""


@dataclass(frozen=True, eq=False)
class Loads:
    """N loads, a column each.

    Attributes:
        first_s, end_s: When each may begin, and must have ended, shape (N,).
        work_s: Seconds of work of one worker, shape (N,).
        watts: Dynamic IT watts of a worker in each region, at least, shape (R, N).
        demand: CPUs, GPUs and memory (GB) of a worker, shape (3, N).
        fits: Whether a region can hold it at all, shape (R, N).
        lever: Position in `levers` of each that can be suspended or resized, shape (N,); -1 for what runs in one go.
    """

    first_s: FloatArray
    end_s: FloatArray
    work_s: FloatArray
    watts: FloatArray
    demand: FloatArray
    fits: BoolArray
    lever: IntArray
    levers: tuple[Lever, ...] = ()

    def __len__(self) -> int:
        return len(self.first_s)

    def take(self, at: IntArray) -> Loads:
        """Return the loads at these positions."""
        return Loads(
            self.first_s[at],
            self.end_s[at],
            self.work_s[at],
            self.watts[:, at],
            self.demand[:, at],
            self.fits[:, at],
            self.lever[at],
            self.levers,
        )

    def and_rigid(self, others: Sequence[Loads]) -> Loads:
        """Return these and then others, which all run in one go."""
        parts = (self, *others)

        def joined(name: str) -> Any:
            return np.concatenate([getattr(part, name) for part in parts], axis=-1)

        return Loads(
            joined("first_s"),
            joined("end_s"),
            joined("work_s"),
            joined("watts"),
            joined("demand"),
            joined("fits"),
            joined("lever"),
            self.levers,
        )


def job_loads(world: World) -> tuple[IntArray, Loads]:
    """Return the jobs that a schedule can finish in time and has to, by position, and their loads.

    Not among them are jobs whose true work is longer than their window, or whose deadline lies beyond the horizon.
    """
    jobs, durations_s = world.workload.jobs, world.workload.durations_s
    first_s, end_s, needed = _windows(world, durations_s / _fastest(jobs))
    which = np.flatnonzero(needed)
    some = jobs.take(which)
    levers = [_lever(trait.throughput) if trait.checkpoint or trait.throughput else None for trait in jobs.traits]
    distinct = tuple(dict.fromkeys(lever for lever in levers if lever))
    lever = np.array([distinct.index(lever) if lever else -1 for lever in levers], dtype=np.int64)
    watts = [_watts(region, some.cpus * some.utilization, some.gpus) for region in world.regions]
    fits = [(some.demand <= region.capacity).all(axis=1) for region in world.regions]
    return which, Loads(
        first_s=first_s[which],
        end_s=end_s[which],
        work_s=durations_s[which],
        watts=np.array(watts),
        demand=some.numbers[3:6],
        fits=np.array(fits),
        lever=lever[some.trait],
        levers=distinct,
    )


def request_loads(world: World) -> list[Loads]:
    """Return the requests of each service and home region that some region can answer in time, a load a routing step.

    Requests keep CPUs of replicas busy for the mean time that they take (`sim.ledger`); at least as much of a replica
    is held, more where replicas stand ready for them.
    """
    steps_s = np.append(np.arange(0.0, world.horizon_s, HOUR_S), world.horizon_s)
    return [
        _requests(world, service, origin, rate, steps_s)
        for service in world.services
        for origin, rate in enumerate(service.rates)
        if rate
    ]


def _requests(world: World, service: Service, origin: int, rate: Signal, steps_s: FloatArray) -> Loads:
    span_s, nothing = np.diff(steps_s), np.zeros(len(steps_s) - 1)
    replicas = rate.integral(steps_s[:-1], steps_s[1:]) / span_s / service.service_rate_per_s
    way_s = world.network.rtt_s[origin] if world.network else np.zeros(len(world.regions))
    in_time = way_s + 1.0 / service.service_rate_per_s < service.limit_s
    busy = replicas * service.cpus
    every = Loads(
        first_s=steps_s[:-1],
        end_s=steps_s[1:],
        work_s=span_s,
        watts=np.array([_watts(region, busy, nothing) for region in world.regions]),
        demand=np.array([busy, nothing, replicas * service.memory_gb]),
        fits=np.repeat(in_time[:, None], len(span_s), axis=1),
        lever=np.full(len(span_s), -1),
    )
    return every.take(np.flatnonzero((replicas > 0) & in_time.any()))


def _watts(region: Region, busy_cpus: FloatArray, gpus: FloatArray) -> FloatArray:
    fleet = Fleet(region)
    return np.asarray(busy_cpus * fleet.least_cpu_w + gpus * fleet.least_gpu_w, dtype=float)


def _fastest(jobs: Jobs) -> FloatArray:
    """Return how many times as fast as with one worker each job can be, shape (J,)."""
    each = np.array([max((1.0, *trait.throughput)) for trait in jobs.traits], dtype=float)
    return np.asarray(each[jobs.trait])


def _windows(world: World, least_s: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return when each job may begin and must have ended, and whether it can and has to, shape (J,) each."""
    jobs = world.workload.jobs
    first_s, end_s = jobs.submit_s.copy(), jobs.deadline_s.copy()
    before = [(j, [jobs.position[dep] for dep in own.deps]) for j, own in sorted(jobs.particulars.items()) if own.deps]
    for j, deps in before:
        first_s[j] = max(first_s[j], float((first_s[deps] + least_s[deps]).max()))
    needed = (end_s <= world.horizon_s) & (first_s + least_s <= end_s + ROUNDING_S)
    for j, deps in reversed(before):
        if needed[j]:
            end_s[deps] = np.minimum(end_s[deps], end_s[j] - least_s[j])
    return first_s, end_s, needed


def _lever(throughput: Sequence[float]) -> Lever:
    """Return the steps by which a job is best made faster.

    Sharing its time between scales, a job works at any rate on the lower convex hull of (rate, workers).

    Example:
        Two workers are 1.6 times as fast as one, three are 2.5 times: two are never worth while.

        >>> _lever((1.0, 1.6, 2.5))
        ((1.0, 1.0), (1.5, 1.3333333333333333))
    """
    points = [(1.0, 1)] + [(rate, scale) for scale, rate in enumerate(throughput, start=1) if scale > 1]
    steps: list[tuple[float, float]] = []
    at, workers = 0.0, 0
    while faster := [(rate, scale) for rate, scale in points if rate > at]:
        rate, scale = min(faster, key=lambda point: ((point[1] - workers) / (point[0] - at), -point[0]))
        steps.append((rate - at, (scale - workers) / (rate - at)))
        at, workers = rate, scale
    return tuple(steps)
