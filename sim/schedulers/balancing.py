"""Carbon-aware balancing over regions: who can start does so at once, where the grid of this moment speaks for it."""

from __future__ import annotations

import numpy as np

from sim.jobs import Jobs
from sim.pool import EPS
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.openings import Openings
from sim.units import HOUR_S, J_PER_KWH, BoolArray, FloatArray, IntArray
from sim.view import View

GOLDEN = (5**0.5 - 1) / 2
"""Its multiples, less whole numbers, cover [0, 1) as evenly as those of any number do."""
CLEAN_G_PER_KWH = 1.0
"""Below this a grid counts as so clean: none draws all jobs."""
LOOK_BACK, LOOK_BACK_WEIGHT = 10, 0.1
"""WaterWise's own: the ten decisions before, with a tenth of the weight of this one."""
_NOTHING = 1e-12


def plan_load_balance(view: View) -> Plan:
    """Each job to a region with a share in proportion to its free CPUs (or GPUs), and inverse to intensity x PUE now.

    The shares are kept without chance or memory: the n-th job that is submitted stands at n x the golden ratio, less
    whole numbers, on the line [0, 1) that the shares divide. Who finds no room is routed anew at the next epoch.
    """
    jobs, openings = view.pending, Openings(view, view.pending)
    dirty = np.maximum(_dirtiness(view), CLEAN_G_PER_KWH)
    stands = (1 + jobs.positions) * GOLDEN % 1.0
    wanted = (jobs.gpus > 0).astype(np.int64)
    for i in np.argsort(~_must_start(view, openings), kind="stable").tolist():
        room = np.maximum(openings.free[:, wanted[i]], _NOTHING)
        line = np.cumsum(np.where(openings.to(i), room / dirty, 0.0))
        if line[-1] > 0:
            openings.take(i, int(np.argmax(line >= stands[i] * line[-1])))
    return openings.plan()


def plan_waterwise(view: View) -> Plan:
    """The batch of pending jobs to regions, so as to add up to the least carbon, each job's as a share of its worst.

    What a region adds to a job is C / Cmax + 0.1 x its own mean of the ten decisions before, C being what the job would
    emit by the intensity and PUE of now, with its share of embodied carbon. The batch is who has the least slack, of
    those that all regions together have room for; the others come after it. It is not solved by integer programming but
    by regret: each job in turn takes the best region that is open to it, and he goes first who would lose most by the
    second best, for the room that he takes. What bounds a transfer is the deadline.

    Left out: water. The means are those of the grids, not of the jobs sent there, which a View does not remember.
    """
    jobs, openings = view.pending, Openings(view, view.pending)
    cost = _share_of_worst(view, jobs) + LOOK_BACK_WEIGHT * _history(view)
    fits = openings.fit()
    batch, rest = _by_slack(openings, fits)
    regret = _regret(np.where(fits, cost, np.inf)[batch], _least_share(openings)[batch])
    order = np.lexsort((-regret, ~_must_start(view, openings)[batch]))
    for i in (*batch[order].tolist(), *rest.tolist()):
        r = openings.best(i, -cost[i], openings.to(i))
        if r is not None:
            openings.take(i, r)
    return openings.plan()


def _dirtiness(view: View) -> FloatArray:
    """Return what a kWh of IT load emits in each region now, g, shape (R,)."""
    return np.asarray(view.intensity_measured.current * view.overhead(np.array([view.now_s]))[:, 0])


def _must_start(view: View, openings: Openings) -> BoolArray:
    """Return which jobs must start before the next decision to be in time, or are late, shape (P,)."""
    return np.asarray(openings.last_start_s < view.now_s + view.epoch_s)


def _share_of_worst(view: View, jobs: Jobs) -> FloatArray:
    """Return what each job would emit in each region as a share of what it would in the worst, shape (P, R)."""
    watts = (jobs.cpus * jobs.utilization)[:, None] * view.cpu_w + jobs.gpus[:, None] * view.gpu_w
    made_g_per_h = [sum(s.embodied_g_per_h * count for s, count in region.servers) for region in view.regions]
    made_g_per_cpu_h = np.array(made_g_per_h) / [region.cpus for region in view.regions]
    g_per_s = watts * _dirtiness(view) / J_PER_KWH + jobs.cpus[:, None] * made_g_per_cpu_h / HOUR_S
    return np.asarray(g_per_s / np.maximum(g_per_s.max(axis=1, keepdims=True), _NOTHING))


def _history(view: View) -> FloatArray:
    """Return the mean over the decisions before of each region's intensity x PUE as a share of the worst's, (R,)."""
    before_s = view.now_s - view.epoch_s * np.arange(1.0, LOOK_BACK + 1)
    dirty = view.intensity_measured.at(before_s) * view.overhead(np.array([view.now_s]))
    return np.asarray((dirty / np.maximum(dirty.max(axis=0), _NOTHING)).mean(axis=1))


def _by_slack(openings: Openings, fits: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the jobs of least slack that all regions together have room for, and the others that fit somewhere."""
    order = np.argsort(openings.last_start_s, kind="stable")
    order = order[fits[order].any(axis=1)]
    room = openings.free.sum(axis=0) + EPS
    count = int((np.cumsum(openings.jobs.demand[order], axis=0) <= room).all(axis=1).sum())
    return order[:count], order[count:]


def _least_share(openings: Openings) -> FloatArray:
    """Return the largest share of a resource that each job takes in the region where that is least, shape (P,)."""
    share = openings.jobs.demand[:, None, :] / np.maximum(openings.capacity, EPS)
    return np.asarray(share.max(axis=2).min(axis=1))


def _regret(cost: FloatArray, share: FloatArray) -> FloatArray:
    """Return what each job loses by the second best of its regions (P, R), for the share of room that it takes."""
    if cost.shape[1] < 2:
        return np.zeros(len(cost))
    best, second = np.partition(cost, 1, axis=1)[:, :2].T
    return np.asarray((second - best) / np.maximum(share, EPS))


FAMILY = (
    Scheduler(
        "load-balance",
        "carbon",
        "carbon-aware load balancing after Zhou et al. (MASCOTS 2013) and `most_available` of SustainCluster",
        plan_load_balance,
        rolling=True,
    ),
    Scheduler(
        "waterwise",
        "carbon",
        "WaterWise (Jiang et al., PPoPP 2025) with the carbon weight only, by regret instead of integer programming",
        plan_waterwise,
        rolling=True,
    ),
)
