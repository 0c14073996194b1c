"""What of each budget has been used up so far: the ledger's own figures, read as the run goes on.

It looks at what was measured until now and at nothing later. A period's sum is that of the placements: moving data is
not in it, nor is a region's idle power.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from sim.ceilings import METRICS
from sim.constraints import Allowance, Consent
from sim.history import History, Row
from sim.ledger import drawn_between
from sim.units import FloatArray
from sim.world import World


class Meter:
    """Sums of each budget by period, and of each job where its placements need consent, up to the last reading.

    Attributes:
        spent: For each budget what each of its periods has used up.
    """

    def __init__(
        self, world: World, history: History, budgets: Sequence[Allowance], consents: Sequence[Consent]
    ) -> None:
        self._world, self._history, self._budgets, self._consents = world, history, budgets, consents
        self._edges_s = [budget.edges_s(world.horizon_s) for budget in budgets]
        self._cuts_s = sorted({float(t_s) for edges in self._edges_s for t_s in edges})
        self.spent: list[FloatArray] = [np.zeros(len(edges) - 1) for edges in self._edges_s]
        self._by_job = [np.zeros((len(METRICS), len(world.workload.jobs))) for _ in consents]
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

    def of_job(self, consent: Consent, job_id: str) -> FloatArray:
        """Return kWh, grams and USD that a job has used up in the regions of a rule, shape (3,)."""
        sums = self._by_job[self._consents.index(consent)]
        return np.asarray(sums[:, self._world.workload.jobs.position[job_id]])

    def _account(self, rows: Sequence[Row], from_s: float, to_s: float) -> None:
        pieces, drawn = drawn_between(self._world, self._history, rows, from_s, to_s)
        for consent, sums in zip(self._consents, self._by_job, strict=True):
            there = np.isin(pieces.region, list(consent.rows))
            for row, amounts in zip(sums, drawn[:, there], strict=True):
                np.add.at(row, pieces.job[there], amounts)
        jobs = [self._world.workload.jobs[j] for j in pieces.job.tolist()]
        for budget, edges_s, spent in zip(self._budgets, self._edges_s, self.spent, strict=True):
            period = int(np.searchsorted(edges_s, from_s, side="right")) - 1
            counts = np.isin(pieces.region, budget.rows) & np.array([budget.about(job) for job in jobs], dtype=bool)
            spent[period] += drawn[METRICS.index(budget.metric), counts].sum()
