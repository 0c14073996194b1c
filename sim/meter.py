"""What of each budget has been used up so far: the ledger's own figures, read as the run goes on.

It looks at what was measured until now and at nothing later. A period's sum is that of the placements: moving data is
not in it, nor is a region's idle power.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from sim.ceilings import METRICS
from sim.constraints import Allowance
from sim.history import History, Row
from sim.ledger import drawn_between
from sim.units import FloatArray
from sim.world import World


class Meter:
    """Sums of each budget by period, and of each job, up to the last reading.

    Attributes:
        spent: For each budget what each of its periods has used up.
        by_job: kWh, grams and USD of every job, shape (3, J).
    """

    def __init__(self, world: World, history: History, budgets: Sequence[Allowance]) -> None:
        self._world, self._history, self._budgets = world, history, budgets
        self._edges_s = [budget.edges_s(world.horizon_s) for budget in budgets]
        self._cuts_s = sorted({float(t_s) for edges in self._edges_s for t_s in edges})
        self.spent: list[FloatArray] = [np.zeros(len(edges) - 1) for edges in self._edges_s]
        self.by_job = np.zeros((len(METRICS), len(world.workload.jobs)))
        self._read_s, self._seen = 0.0, 0

    def read(self, now_s: float, running: Iterable[Row]) -> None:
        """Account for all that ran since the last reading; `running` is what has not ended, cut off now."""
        if now_s <= self._read_s:
            return
        rows = [*self._history.rows[self._seen :], *running]
        self._seen = len(self._history.rows)
        moments = [self._read_s, *(t_s for t_s in self._cuts_s if self._read_s < t_s < now_s), now_s]
        for from_s, to_s in itertools.pairwise(moments):
            self._account(rows, from_s, to_s)
        self._read_s = now_s

    def _account(self, rows: Sequence[Row], from_s: float, to_s: float) -> None:
        pieces, drawn = drawn_between(self._world, self._history, rows, from_s, to_s)
        for sums, amounts in zip(self.by_job, drawn, strict=True):
            np.add.at(sums, pieces.job, amounts)
        jobs = [self._world.workload.jobs[j] for j in pieces.job.tolist()]
        for budget, edges_s, spent in zip(self._budgets, self._edges_s, self.spent, strict=True):
            period = int(np.searchsorted(edges_s, from_s, side="right")) - 1
            counts = np.isin(pieces.region, budget.rows) & np.array([budget.about(job) for job in jobs], dtype=bool)
            spent[period] += drawn[METRICS.index(budget.metric), counts].sum()
