"""Provisioning and scheduling of task graphs with carbon in mind: CAP and PCAPS (Lechowicz et al., SIGMETRICS 2025).

Both decide at every decision point which of the ready tasks start now, and on how many workers; the rest waits. Carbon
intensity c is that of the region where the task waits; L and U are the least and most of the next 48 hours as they are
forecast. Jobs without a graph are graphs of one task.

What differs from the paper: its jobs have no deadlines, ours have. A task that must start before the next decision to
be in time starts whatever the threshold says, and where its own region is full, in any that can take it. The paper has
one cluster; here every region is one by itself, and a task waits where it is at home.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from sim.jobs import Jobs
from sim.model import Job
from sim.pool import EPS
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.present import Present, must_start
from sim.schedulers.thresholds import importance_threshold, search_thresholds
from sim.units import HOUR_S, FloatArray, IntArray
from sim.view import View

AHEAD_S = 48 * HOUR_S
EXECUTORS = 100
"""A region is provisioned in hundredths of its CPUs, as the paper's cluster has 100 executors."""


class Grid(NamedTuple):
    """Carbon intensity of each region: now, and the least and most of the time ahead, shape (R,)."""

    now: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, view: View, ahead_s: float) -> Grid:
        """Return what is measured and forecast."""
        values = view.intensity_ahead(ahead_s).values
        return cls(values[:, 0], values.min(axis=1), values.max(axis=1))


# -- CAP: carbon-aware provisioning -------------------------------------------------------------


def quota(intensity: float, low: float, high: float, base: int) -> int:
    """Return how many of EXECUTORS may be busy: `base`, and one for each threshold of k-min search that c meets."""
    return base + int((search_thresholds(low, high, EXECUTORS - base) >= intensity).sum())


def plan_cap(view: View, *, base: int = 20, fair: bool = False, ahead_s: float = AHEAD_S) -> Plan:
    """First in, first out under a quota of busy CPUs that falls as carbon intensity rises; nothing is pre-empted.

    A task starts while the busy share of its region is below the quota, on as many workers as the quota leaves, and at
    most on that share of what it could use. Whoever waits lets nobody pass in the same region.

    Args:
        view: What is known.
        base: B: hundredths of a region that may always be busy.
        fair: Whether graphs share a region evenly, as the weighted-fair baseline of Decima does (Mao et al., SIGCOMM
            2019): then a graph that has its share lets others pass.
        ahead_s: The time over which L and U are taken.
    """
    present, grid = Present(view), Grid.of(view, ahead_s)
    columns = zip(grid.now.tolist(), grid.low.tolist(), grid.high.tolist(), strict=True)
    quotas = [quota(*each, base) for each in columns]
    limit = [count / EXECUTORS * region.cpus for count, region in zip(quotas, view.regions, strict=True)]
    host, must = present.hosts().tolist(), must_start(view)
    shares = _Shares(view, host, limit) if fair else None
    stopped: set[int] = set()
    for i in np.argsort(~must, kind="stable").tolist():
        r = host[i]
        if r in stopped and not must[i]:
            continue
        job, left = view.pending[i], limit[r] - present.busy_cpus(r)
        share = shares.left(job, r) if shares else left
        wide = int(min(left, share) / max(job.cpus, EPS) + EPS)
        most = max(1, min(job.max_scale * quotas[r] // EXECUTORS, wide))
        if must[i]:
            present.start_or_book(job, r, most)
        elif left <= EPS or not present.workers(job, r, 1):
            stopped.add(r)
        elif share > EPS and (workers := present.start(job, r, most)) and shares:
            shares.take(job, r, workers)
    return present.plan()


class _Shares:
    """What each graph may still take of its region's limit, where all graphs have equal shares."""

    def __init__(self, view: View, host: Sequence[int], limit: Sequence[float]) -> None:
        self._taken = {self._graph(job, r): 0.0 for job, r in zip(view.pending, host, strict=True)}
        for held in view.commitments:
            graph = self._graph(held.job, view.region_index[held.region])
            self._taken[graph] = self._taken.get(graph, 0.0) + held.job.cpus * held.scale
        graphs = Counter(r for r, _ in self._taken)
        self._share = {r: limit[r] / count for r, count in graphs.items()}

    @staticmethod
    def _graph(job: Job, r: int) -> tuple[int, str]:
        return r, job.dag or job.id

    def left(self, job: Job, r: int) -> float:
        """Return the CPUs that the job's graph may still take."""
        return self._share[r] - self._taken[self._graph(job, r)]

    def take(self, job: Job, r: int, workers: int) -> None:
        """Count what a job of the graph takes."""
        self._taken[self._graph(job, r)] += job.cpus * workers


# -- PCAPS: precedence- and carbon-aware scheduling ---------------------------------------------


def plan_pcaps(view: View, *, gamma: float = 0.5, ahead_s: float = AHEAD_S) -> Plan:
    """Tasks that hold their graph up start at any hour; the less one does, the cleaner an hour it waits for.

    A task of relative importance r starts if c <= Psi_gamma(r), the most important first, on fewer workers the more
    carbon counts.

    The paper takes importance from the stage probabilities of Decima, a trained network, and samples the stage; here it
    is r = `relative_importance`, and every ready task is looked at. Whoever finds no room lets lesser ones pass:
    so they pack. The task of r = 1 always starts: work never stops. A running task keeps its number of workers.

    Args:
        view: What is known.
        gamma: How much carbon matters, from 0 (not at all) to 1.
        ahead_s: The time over which L and U are taken.
    """
    present, grid = Present(view), Grid.of(view, ahead_s)
    host, must = present.hosts(), must_start(view)
    importance = relative_importance(view, host)
    low = 0.95 * grid.low
    threshold = importance_threshold(importance, gamma, low[host], grid.high[host])
    free = np.flatnonzero(~must & (threshold >= grid.now[host]))
    ranked = free[np.argsort(-importance[free], kind="stable")]
    for i in [*np.flatnonzero(must).tolist(), *ranked.tolist()]:
        job, r = view.pending[i], int(host[i])
        most = parallelism(job.max_scale, gamma, float(grid.now[r] - low[r]))
        if must[i]:
            present.start_or_book(job, r, most)
        else:
            present.start(job, r, most)
    return present.plan()


def relative_importance(view: View, host: IntArray) -> FloatArray:
    """Return each pending job's importance over the largest of all that wait or run in its region, shape (P,)."""
    running, regions = view.running
    own, most = _importance(view.pending), np.full(len(view.regions), np.finfo(float).tiny)
    np.maximum.at(most, host, own)
    np.maximum.at(most, regions, _importance(running))
    return np.asarray(own / most[host])


def _importance(jobs: Jobs) -> FloatArray:
    """Return the longest path of estimates that each begins, its own included, seconds, shape (P,)."""
    return jobs.duration_estimate_s + jobs.tail_s


def parallelism(workers: int, gamma: float, above_low: float) -> int:
    """Return PCAPS' number of workers for a task that could use so many, at an intensity so far above L."""
    least = math.ceil(workers * min(math.exp(-gamma * above_low), 1.0 - min(0.9, gamma)))
    return int(workers - gamma * (workers - min(least, workers)))


FAMILY = (
    Scheduler(
        "cap",
        "carbon",
        "CAP (Lechowicz et al., SIGMETRICS 2025) over fifo: busy CPUs under a quota by k-min search, B = 20 %",
        plan_cap,
        rolling=True,
    ),
    Scheduler(
        "cap-fair",
        "carbon",
        "CAP over equal shares for all graphs",
        partial(plan_cap, fair=True),
        rolling=True,
    ),
    Scheduler(
        "pcaps",
        "carbon",
        "PCAPS (Lechowicz et al., SIGMETRICS 2025), gamma = 0.5, importance by critical path instead of a network",
        plan_pcaps,
        rolling=True,
    ),
)
