"""Budgets by calendar period: what is left of each, and what a stay takes of it at most.

A period is charged with what has been used up so far, as the ledger has it, and with what all that is running, queued
or planned can take of it at most (see `sim.ceilings`) until its estimated end. A stay fits if what it can take of each
period that it touches is left there. As time passes, what was used takes the place of what could have been, and the
difference is free again.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np

from sim.ceilings import METRICS, Ceilings
from sim.constraints import Allowance
from sim.stays import Loads, Stay
from sim.units import BoolArray, FloatArray, IntArray

_EPS = 1e-9


class BudgetUse:
    """What is left of a budget in each period of a run."""

    def __init__(self, budget: Allowance, spent: FloatArray, ceilings: Ceilings, horizon_s: float) -> None:
        """Begin with what has been spent in each period."""
        self.rule, self.strict = budget.rule, budget.strict
        self._metric, self._regions = METRICS.index(budget.metric), ceilings.regions
        self._rows, self._edges_s, self._ceilings = np.sort(budget.rows), budget.edges_s(horizon_s), ceilings
        self._known = np.isin(np.arange(self._regions), budget.rows)
        self._left = budget.most - spent
        self._slack = _EPS * max(budget.most, 1.0)

    def open_to(self, loads: Loads, starts_s: FloatArray, seconds: FloatArray) -> BoolArray:
        """Return where and when every period that a stay touches has enough left for it, shape (J, R, S).

        Starts ascend: those from `until_s` on, of jobs without a checkpoint, have one rate and are quickly compared.
        """
        found = np.ones((len(loads), self._regions, len(starts_s)), dtype=bool)
        if not (found.size and len(self._rows)):
            return found
        plain, first = loads.once_kwh == 0, int(np.searchsorted(starts_s, self._ceilings.until_s))
        for jobs, starts, enough in (
            (plain, slice(first, None), self._enough_later),
            (plain, slice(0, first), self._enough),
            (~plain, slice(None), self._enough),
        ):
            if jobs.any() and len(starts_s[starts]):
                mine = loads if jobs.all() else loads.take(jobs)
                at_s = np.broadcast_to(starts_s[starts], (len(mine), len(starts_s[starts])))
                part = np.moveaxis(enough(mine, at_s, at_s + seconds[jobs, None]), 0, 1)
                if jobs.all() and self._known.all():
                    found[:, :, starts] = part
                else:
                    found[np.flatnonzero(jobs)[:, None], self._rows, starts] = part
        return found

    def _enough(self, loads: Loads, starts_s: FloatArray, ends_s: FloatArray) -> BoolArray:
        """Return where each stay finds enough, shape (R', J, S)."""
        period, charge, touched = self._charge(loads, starts_s, ends_s, self._rows)
        enough = (charge <= self._left[period] + self._slack) | ~touched  # (R', J, S, n)
        return np.asarray(np.all(enough, axis=3))

    def _enough_later(self, loads: Loads, starts_s: FloatArray, ends_s: FloatArray) -> BoolArray:
        """Return the same of stays at one rate from start to end: it is compared with the highest that fits."""
        edges_s, ends_s, left = self._edges_s, ends_s + loads.save_s[:, None], self._left + self._slack
        first = np.searchsorted(edges_s, starts_s[0], side="right") - 1  # the starts are the same for all
        highest = np.full(starts_s.shape, np.inf)
        for period in first + np.arange(self._most_touched(starts_s, ends_s))[:, None]:  # (S,): one after another
            known = np.minimum(period, len(left) - 1)
            span_s = np.minimum(edges_s[known + 1], ends_s) - np.maximum(edges_s[known], starts_s)
            span_s[:, period > known] = 0.0  # after the run nobody counts
            rate = np.divide(left[known], span_s, out=np.full(span_s.shape, np.inf), where=span_s > 0)
            np.minimum(highest, rate, out=highest)
        rates = self._ceilings.of(loads)[1][self._metric, self._rows]
        return np.asarray(rates[:, :, None] <= highest)

    def _most_touched(self, starts_s: FloatArray, ends_s: FloatArray) -> int:
        """Return how many periods the stays touch at most."""
        first = np.searchsorted(self._edges_s, starts_s, side="right") - 1
        last = np.searchsorted(self._edges_s, ends_s, side="left") - 1
        return max(1, int((last - first).max(initial=0)) + 1)

    def add(self, stays: Sequence[Stay], sign: float) -> None:
        """Charge stays, or undo it."""
        mine = [stay for stay in stays if self._known[stay.region]]
        if not mine:
            return
        loads = Loads.of([stay.job for stay in mine], [stay.scale for stay in mine])
        starts_s, ends_s = (np.array([getattr(stay, name) for stay in mine])[:, None] for name in ("start_s", "end_s"))
        period, charge, _ = self._charge(loads, starts_s, ends_s, np.arange(self._regions))
        region = np.array([stay.region for stay in mine])
        np.subtract.at(self._left, period[:, 0], sign * charge[region, np.arange(len(mine)), 0])

    def copy(self) -> Self:
        """Return the same, apart."""
        twin = copy.copy(self)
        twin._left = self._left.copy()
        return twin

    def _spans(self, loads: Loads, starts_s: FloatArray, ends_s: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return the periods from each start of J jobs on, the moment in each from which a stay is there, and how long.

        Starts and ends have shape (J, S), what is returned (J, S, n). A job with a checkpoint may be suspended: then it
        writes it perhaps beyond its end.
        """
        edges_s, ends_s = self._edges_s, ends_s + loads.save_s[:, None]
        first = np.searchsorted(edges_s, starts_s, side="right") - 1
        period = first[:, :, None] + np.arange(self._most_touched(starts_s, ends_s))
        known = np.minimum(period, len(self._left) - 1)
        from_s = np.maximum(edges_s[known], starts_s[:, :, None])
        span_s = np.maximum(np.minimum(edges_s[known + 1], ends_s[:, :, None]) - from_s, 0.0)
        if period.max(initial=0) >= len(self._left):  # after the run nobody counts
            span_s[period > known] = 0.0
        return known, from_s, span_s

    def _charge(
        self, loads: Loads, starts_s: FloatArray, ends_s: FloatArray, rows: IntArray
    ) -> tuple[IntArray, FloatArray, BoolArray]:
        """Return the periods, what each stay takes of each at most, and whether it touches it.

        Periods and touches have shape (J, S, n), charges in the R' regions of `rows` (R', J, S, n). A checkpoint may be
        written in any of the periods.
        """
        period, from_s, span_s = self._spans(loads, starts_s, ends_s)
        soon_s = np.clip(self._ceilings.until_s - from_s, 0.0, span_s)
        now, later, once = (rates[self._metric, rows][:, :, None, None] for rates in self._ceilings.of(loads))
        touched = span_s > 0
        charge = now * soon_s + later * (span_s - soon_s)
        if once.any():
            charge += once * touched
        return period, charge, touched
