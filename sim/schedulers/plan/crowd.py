"""Many pending jobs at once: who of a crowd starts in the coming slot, and where the others would.

To pack thousands of jobs one after another takes seconds, and all but those of the coming slot are packed anew at the
next decision. So a crowd is planned by prices of room alone (`prices`), found with a sample of its work, on starts in
blocks (`blocks`): each job takes its cheapest region and block, its carbon and the price of what it holds. Only who
would start now is put into the room that there is, who gains most by it first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.jobs import Jobs
from sim.schedulers.base import Plan
from sim.schedulers.plan.blocks import Blocks
from sim.schedulers.plan.prices import ascend
from sim.schedulers.plan.spots import ROOM_EPS
from sim.timetable import Timetable
from sim.units import BoolArray, FloatArray, IntArray

SAMPLE = 300
"""So many jobs stand for all where prices are sought, each for an equal part of the work."""
ROUNDS, PATIENCE, GAP = 40, 4, 0.05
"""Rounds of prices; how many without a better value shorten the steps; how far above the best one the next is hoped."""
TOLERANCE = 0.1
"""A job starts now that so would cost no more than this share above its best later: prices are no better than that."""
_CHUNK = 256


@dataclass(frozen=True, eq=False)
class Crowd:
    """P jobs, the shortest first, that may start in B blocks of R regions; they touch U different numbers of slots.

    Attributes:
        rows: Which jobs they are, shape (P,).
        kind: Index into `lengths` (U,) of each.
        weights: What the rows of `table` are to be weighed with: watts and parts of watts, then what is held, (P, 7).
        table: Of each length the grams a unit of these emits, and the price of what it holds, shape (U, 7, R * B).
        late: Infinite in blocks in which a job would be late, else 0, shape (P, B).
        able: In which regions there is ever room for a job, shape (P, R).
    """

    blocks: Blocks
    lengths: IntArray
    rows: IntArray
    kind: IntArray
    weights: FloatArray
    table: FloatArray
    late: FloatArray
    able: BoolArray

    @classmethod
    def of(cls, timetable: Timetable, jobs: Jobs) -> Crowd:
        """Return the jobs that can be in time."""
        length, most = timetable.lengths(jobs), timetable.timely_starts(jobs)
        rows = np.argsort(length, kind="stable")
        rows = rows[most[rows] > 0]
        lengths, kind = np.unique(length[rows], return_inverse=True)
        blocks = Blocks(int(most.max()))
        part = jobs.duration_estimate_s[rows] / timetable.view.epoch_s - (length[rows] - 1)  # of the last slot
        busy, gpus, demand = (jobs.cpus * jobs.utilization)[rows], jobs.gpus[rows], jobs.demand[rows]
        view, before = timetable.view, blocks.rises(timetable.g_per_w, lengths - 1)
        last = blocks.rises(timetable.g_per_w, lengths) - before
        grams = [watts[:, None] * of for watts in (view.cpu_w, view.gpu_w) for of in (before, last)]
        table = np.zeros((len(lengths), 7, len(view.regions) * len(blocks)))
        table[:, :4] = np.stack(grams, axis=1).reshape(len(lengths), 4, -1)
        return cls(
            blocks=blocks,
            lengths=lengths,
            rows=rows,
            kind=kind.reshape(-1),
            weights=np.column_stack([busy, busy * part, gpus, gpus * part, demand]),
            table=table,
            late=np.where(blocks.end <= most[rows, None], 0.0, np.inf),
            able=(demand[:, None] <= timetable.free.max(axis=1) + ROOM_EPS).all(axis=2),
        )

    @property
    def length(self) -> IntArray:
        """Slots that each job touches, shape (P,)."""
        return self.lengths[self.kind]

    @property
    def demand(self) -> FloatArray:
        """CPUs, GPUs and GB that each holds, shape (P, 3)."""
        return self.weights[:, 4:]

    @property
    def size(self) -> FloatArray:
        """The most that each holds of a resource, times its slots, shape (P,)."""
        return np.asarray(self.demand.max(axis=1) * self.length)

    def sample(self, rows: IntArray, room: FloatArray) -> Crowd:
        """Return jobs that stand for these: drawn at equal steps of the work, each as large as one step.

        Work is the largest share of what there is of a resource, times the slots held.
        """
        share = self.demand[rows] / np.maximum(room.sum(axis=(0, 1)), 1e-9)
        work = np.cumsum(share.max(axis=1) * self.length[rows])
        drawn = np.searchsorted(work, (np.arange(SAMPLE) + 0.5) / SAMPLE * work[-1])
        times = work[-1] / SAMPLE / np.diff(work, prepend=0.0)[drawn]
        drawn = rows[drawn]
        kinds, kind = np.unique(self.kind[drawn], return_inverse=True)
        return replace(
            self,
            lengths=self.lengths[kinds],
            rows=self.rows[drawn],
            kind=kind.reshape(-1),
            weights=self.weights[drawn] * times[:, None],
            table=self.table[kinds],
            late=self.late[drawn],
            able=self.able[drawn],
        )

    def price(self, prices: FloatArray) -> None:
        """Let room have these prices, grams a unit and slot, shape (R, K, 3)."""
        for q in range(3):
            if prices[:, :, q].any() or self.table[:, 4 + q].any():
                sums = np.zeros((prices.shape[0], prices.shape[1] + 1))
                np.cumsum(prices[:, :, q], axis=1, out=sums[:, 1:])
                self.table[:, 4 + q] = self.blocks.rises(sums, self.lengths).reshape(len(self.lengths), -1)

    def costs(self) -> FloatArray:
        """Return each job's grams and prices by region and block, shape (P, R, B); infinite where it cannot start."""
        flat = np.empty((len(self.rows), self.table.shape[2]))
        edges = np.searchsorted(self.kind, np.arange(len(self.lengths) + 1)).tolist()
        for table, first, end in zip(self.table, edges[:-1], edges[1:], strict=True):
            np.matmul(self.weights[first:end], table, out=flat[first:end])
        found = flat.reshape(len(self.rows), -1, len(self.blocks))
        found += self.late[:, None]
        if not self.able.all():
            found[~self.able] = np.inf
        return np.asarray(found)

    def grams(self, rows: IntArray, region: IntArray, block: IntArray) -> FloatArray:
        """Return the grams of the jobs at `rows`, shape (N,), one region and block each."""
        at = region * len(self.blocks) + block
        return np.asarray((self.weights[rows, :4] * self.table[self.kind[rows], :4, at]).sum(axis=1))

    def now_g(self, rows: IntArray) -> FloatArray:
        """Return what the jobs at `rows` would emit in each region from now on, shape (N, R)."""
        regions = range(self.able.shape[1])
        grams = [self.grams(rows, np.full(len(rows), r), np.zeros(len(rows), dtype=np.int64)) for r in regions]
        return np.where(self.able[rows], np.column_stack(grams), np.inf)

    def respond(self, prices: FloatArray, room: FloatArray) -> tuple[float, FloatArray]:
        """Return the value of prices, and how much more than the room is asked for at them, shape (R, K, 3)."""
        self.price(prices)
        costs = self.costs().reshape(len(self.rows), -1)
        chosen = costs.argmin(axis=1)
        least = costs[np.arange(len(costs)), chosen]
        some = np.flatnonzero(np.isfinite(least))
        region, block = np.divmod(chosen[some], len(self.blocks))
        held = self.blocks.held(region, block, self.length[some], self.demand[some], room.shape[:2])
        return float(least[some].sum() - (prices * room).sum()), held - room


def plan_crowd(timetable: Timetable, jobs: Jobs, spare: FloatArray) -> tuple[Plan, IntArray]:
    """Return the runs of rigid jobs without data to move, and the rows of those that have none in time.

    Only runs that begin now have their room for sure; the timetable keeps the others' room as they would take it,
    spread over their blocks.

    Args:
        timetable: The hours ahead; room is taken from it.
        jobs: The crowd.
        spare: Room that is kept from those that can wait, shape (R, K, 3).
    """
    crowd, view, free = Crowd.of(timetable, jobs), timetable.view, timetable.free
    region, block = _choose(crowd, free, spare, jobs.latest_start_s < view.now_s + view.epoch_s)
    later = np.flatnonzero(block > 0)
    held = crowd.blocks.held(region[later], block[later], crowd.length[later], crowd.demand[later], free.shape[:2])
    free -= np.minimum(held, np.maximum(free, 0.0))
    some = np.flatnonzero(block >= 0)
    rows = crowd.rows[some]
    plan = Plan(
        regions=view.regions,
        jobs=jobs.take(rows),
        region=region[some],
        start_s=timetable.edges_s[crowd.blocks.first[block[some]]],
        late=np.zeros(len(some), dtype=bool),
        carbon_g=crowd.grams(some, region[some], block[some]),
    )
    return plan, np.setdiff1d(np.arange(len(jobs)), rows)


def _choose(crowd: Crowd, free: FloatArray, spare: FloatArray, urgent: BoolArray) -> tuple[IntArray, IntArray]:
    """Return region and block of each job of the crowd, block -1 where there is none; take the room of what starts now.

    Who cannot wait chooses first, who holds most before the others, and may use the spare room.
    """
    region, block = np.full(len(crowd.rows), -1), np.full(len(crowd.rows), -1)
    must = np.flatnonzero(urgent[crowd.rows])
    must = must[np.argsort(-crowd.size[must], kind="stable")]
    start_now(crowd, must, crowd.now_g(must), free, region)
    kept = np.minimum(spare, np.maximum(free, 0.0))
    free -= kept
    rest = np.flatnonzero(~urgent[crowd.rows])
    if len(rest):
        _now_or_later(crowd, rest, free, region, block)
    free += kept
    block[(region >= 0) & (block < 0)] = 0
    return region, block


def _now_or_later(crowd: Crowd, rows: IntArray, free: FloatArray, region: IntArray, block: IntArray) -> None:
    """Start those of the jobs at `rows` to whom that is worth it and who find room; note when the others would."""
    crowd.price(_prices(crowd, rows, free))
    costs = crowd.costs()[rows]
    now, later = costs[:, :, 0], costs[:, :, 1:].reshape(len(rows), -1)
    best = later.argmin(axis=1) if later.shape[1] else np.zeros(len(rows), dtype=np.int64)
    least = later[np.arange(len(rows)), best] if later.shape[1] else np.full(len(rows), np.inf)
    now = np.where(now <= (1.0 + TOLERANCE) * least[:, None], now, np.inf)
    some = np.flatnonzero(np.isfinite(now).any(axis=1))
    gain = (least[some] - now[some].min(axis=1)) / crowd.size[rows[some]]
    some = some[np.argsort(-gain, kind="stable")]
    start_now(crowd, rows[some], now[some], free, region)
    waits = np.flatnonzero((region[rows] < 0) & np.isfinite(least))
    region[rows[waits]], before = np.divmod(best[waits], max(1, len(crowd.blocks) - 1))
    block[rows[waits]] = before + 1


def _prices(crowd: Crowd, rows: IntArray, free: FloatArray) -> FloatArray:
    """Return prices of room, grams a unit and slot, shape (R, K, 3), sought as prices of all that a region has."""
    room = np.maximum(free, 0.0)
    whole = np.maximum(room.max(axis=1, keepdims=True), 1e-9)
    sample = crowd.sample(rows, room)

    def respond(prices: FloatArray) -> tuple[float, FloatArray]:
        value, excess = sample.respond(prices / whole, room)
        return value, excess / whole

    found = ascend(respond, room.shape, ROUNDS, PATIENCE, lambda highest: (1.0 + GAP) * highest)
    return np.asarray(found / whole)


def start_now(crowd: Crowd, order: IntArray, now_g: FloatArray, free: FloatArray, region: IntArray) -> None:
    """Let jobs start now in this order, each in the cheapest region with room; take it, and note the regions.

    Args:
        crowd: The jobs.
        order: Rows of the crowd, shape (N,).
        now_g: What each would cost in each region, shape (N, R); infinite where it is not to start.
        free: Room, shape (R, K, 3).
        region: Where each job of the crowd starts, shape (P,).
    """
    demand, length = crowd.demand[order], crowd.length[order]
    for first in range(0, len(order), _CHUNK):
        part = slice(first, first + _CHUNK)
        now = np.where((demand[part, None] <= free[:, 0] + ROOM_EPS).all(axis=2), now_g[part], np.inf)
        for n in np.flatnonzero(np.isfinite(now).any(axis=1)).tolist():
            at, end = first + n, int(length[first + n])
            for r in np.argsort(now[n], kind="stable")[: np.isfinite(now[n]).sum()].tolist():
                if (free[r, :end] >= demand[at] - ROOM_EPS).all():
                    free[r, :end] -= demand[at]
                    region[order[at]] = r
                    break
