"""Schedulers that look at resources alone: what fits where, and how well. Regions stand for their machines."""

from __future__ import annotations

import math

import numpy as np

from sim.model import PRIORITIES
from sim.pool import EPS
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.openings import Openings
from sim.units import BoolArray, FloatArray, IntArray
from sim.view import View

REMOTE = 0.9
"""Tetris takes a tenth off the alignment of a task that runs away from its input."""
MAX_SKEW = 3
"""What kube-scheduler takes for spreading over nodes where nobody says otherwise."""
CPUS_AND_MEMORY = slice(0, 3, 2)
"""The resources that kube-scheduler scores by default, in a resource vector; GPUs only filter."""


def plan_tetris(view: View) -> Plan:
    """Of all jobs and regions that fit, the pair of the highest score starts; then the same again.

    Score = alignment - (mean alignment / mean work) x work: the alignment of demand and free resources is their dot
    product, each as a share of the region's capacity, a tenth less away from home; work is what is left to do, seconds
    x the job's shares of all regions together. Left out: fairness, stages, and demands for disks and networks.
    """
    jobs, openings = view.pending, Openings(view, view.pending)
    fits = openings.fit()
    if not fits.any():
        return openings.plan()
    local = np.where(np.arange(len(view.regions))[:, None] == jobs.home, 1.0, REMOTE)  # (R, P)
    # demand and free resources are both shares: of their products, those of demand are kept
    share = _inverse(openings.capacity)[:, :, None] ** 2 * local[:, None] * jobs.demand.T  # (R, 3, P)
    aligned = np.einsum("rd,rdp->rp", openings.free, share)
    work = jobs.duration_estimate_s * (jobs.demand @ _inverse(openings.capacity.sum(axis=0)))
    work *= aligned[fits.T].mean() / max(float(work[fits.any(axis=1)].mean()), EPS)
    _start_best(openings, aligned, share, np.where(fits.T, work, np.inf))
    return openings.plan()


def _start_best(openings: Openings, aligned: FloatArray, share: FloatArray, work: FloatArray) -> None:
    """Start the pair of the highest score while there is one; each start lowers the alignments in its region.

    `aligned` and `work` have shape (R, P), work infinite where a job cannot start; `share` has shape (R, 3, P).
    """
    demand = np.ascontiguousarray(openings.jobs.demand.T)
    score, largest, each = aligned - work, demand.max(axis=1), np.arange(len(work))
    best = score.argmax(axis=1)
    while True:
        r = int(score[each, best].argmax())
        i = int(best[r])
        if score[r, i] == -np.inf:
            return
        if openings.to(i)[r]:
            openings.take(i, r)
            work[:, i] = np.inf
            score[:, i] = -np.inf
            free = openings.free[r]
            if (free < largest).any():
                work[r, (demand > free[:, None] + EPS).any(axis=0)] = np.inf
            np.subtract(free @ share[r], work[r], out=score[r])
        else:
            work[r, i] = np.inf
            score[r, i] = -np.inf
        for q in np.flatnonzero(best == i).tolist():
            best[q] = score[q].argmax()


def _inverse(capacity: FloatArray) -> FloatArray:
    """Return what turns amounts into shares of capacities; of what there is none of, the share is 0."""
    return np.divide(1.0, capacity, out=np.zeros_like(capacity), where=capacity > 0)


def plan_kubernetes(view: View) -> Plan:
    """Pods in the order of priority, then submission; each to the node of the highest score of those that pass.

    Score = LeastAllocated + BalancedAllocation + spreading, 0 to 100 each, of equal weight. Who passes nowhere is
    asked about again at the next epoch, and holds up nobody. Pods spread over regions as if all belonged to one
    workload. Left out: preemption, the cut of scores to whole numbers, and chance between equals (home first here).
    """
    openings = Openings(view, view.pending)
    weight, demand = _inverse(openings.capacity[:, CPUS_AND_MEMORY]), view.pending.demand[:, CPUS_AND_MEMORY]
    count = np.bincount([held.region for held in view.held], minlength=len(view.regions))
    for i in _by_priority(view).tolist():
        passed = openings.to(i)
        if not passed.any():
            continue
        left = (openings.free[:, CPUS_AND_MEMORY] - demand[i]) * weight
        r = openings.best(i, resource_score(left) + spread_score(count, passed), passed)
        assert r is not None
        openings.take(i, r)
        count[r] += 1
    return openings.plan()


def _by_priority(view: View) -> IntArray:
    """Return the pending jobs by falling priority, then in submit order."""
    rank = np.array([PRIORITIES.index(trait.priority) for trait in view.pending.traits])
    return np.argsort(-rank[view.pending.trait], kind="stable")


def resource_score(left: FloatArray) -> FloatArray:
    """Return NodeResourcesFit (LeastAllocated) + NodeResourcesBalancedAllocation, shape (R,).

    Of the shares c and m of CPUs and memory in use with the job, the first is 100 (1 - (c + m) / 2), the second
    100 (1 - |c - m| / 2), their standard deviation: together 100 (2 - max(c, m)).

    Args:
        left: The shares of CPUs and memory that are left with the job, shape (R, 2).
    """
    return np.asarray(100 * (1 + left.min(axis=1)))


def spread_score(count: IntArray, passed: BoolArray) -> FloatArray:
    """Return PodTopologySpread of nodes that hold so many pods, shape (R,).

    100 for those with the fewest pods among the nodes that `passed`, less in proportion for the others.
    """
    raw = count * math.log(np.count_nonzero(passed) + 2) + (MAX_SKEW - 1)
    seen = raw[passed]
    most, least = float(seen.max()), float(seen.min())
    return np.asarray((most + least - raw) * (100 / most))


FAMILY = (
    Scheduler(
        "tetris",
        "agnostic",
        "Tetris (Grandl et al., SIGCOMM 2014): packing score and shortest remaining work, regions as machines",
        plan_tetris,
        rolling=True,
    ),
    Scheduler(
        "kubernetes",
        "agnostic",
        "kube-scheduler's default scores (LeastAllocated, BalancedAllocation, PodTopologySpread), regions as nodes",
        plan_kubernetes,
        rolling=True,
    ),
)
