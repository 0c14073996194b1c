"""The alternatives to where and when a job ran: other regions at the same time, other times in the same region."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from agent.explain.elsewhere import Elsewhere, Part
from agent.explain.evidence import Evidence
from agent.explain.limits import Limit, Limits

MOST_STARTS = 48
"""So many other start times are looked at, evenly from the first decision until shortly after the last timely start."""
_BEYOND = 2
"""Starts beyond the last timely one, to show what the deadline kept away."""


@dataclass(frozen=True)
class Alternative:
    """The job's run, moved as a whole: what it would have emitted, its data's way included, and what rules it out."""

    region: str
    start_s: float
    end_s: float
    carbon_g: float
    ruled_out_by: tuple[Limit, ...]

    @property
    def is_open(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.ruled_out_by


@dataclass(frozen=True)
class Alternatives:
    """What ran (None if nothing did, and `carbon_g` with it), and what could have."""

    carbon_g: float | None
    regions: tuple[Alternative, ...]
    starts: tuple[Alternative, ...]

    @property
    def all(self) -> tuple[Alternative, ...]:
        """Those elsewhere, then those at other times."""
        return (*self.regions, *self.starts)

    def cleaner(self, *, by: float = 0.01) -> list[Alternative]:
        """Return those that would have emitted less, by at least such a share, the cleanest first."""
        if self.carbon_g is None:
            return []
        below = [one for one in self.all if one.carbon_g < self.carbon_g * (1 - by)]
        return sorted(below, key=lambda one: one.carbon_g)


def alternatives_of(evidence: Evidence, elsewhere: Elsewhere) -> Alternatives:
    """Return the alternatives to a job's run; of one that never ran, to a run at its first decision at home."""
    return _Search(evidence, elsewhere).result()


class _Search:
    def __init__(self, evidence: Evidence, elsewhere: Elsewhere) -> None:
        self._evidence, self._elsewhere, self._world = evidence, elsewhere, evidence.world
        self._job, self._limits = evidence.job, Limits(evidence, elsewhere)
        self._home = self._world.region_index[self._job.home]
        self._ran = elsewhere.parts
        self._first_s = self._first_decision_s()
        self._parts = self._ran or [self._whole(self._first_s)]

    def _first_decision_s(self) -> float:
        """Return the first moment at which the job could start: submitted, and all that it depends on done."""
        submit_s, epoch_s = self._job.submit_s, self._world.epoch_s
        first_s = submit_s if self._world.at_arrivals else math.ceil(submit_s / epoch_s - 1e-9) * epoch_s
        return max(first_s, *self._evidence.predecessor_ends_s, 0.0)

    def _whole(self, start_s: float) -> Part:
        """Return a run in one go at home, for as long as the job really takes."""
        seconds = float(self._world.workload.durations_s[self._evidence.position])
        return Part(self._home, start_s, start_s + seconds)

    def result(self) -> Alternatives:
        regions = [r for r in range(len(self._world.regions)) if {r} != {part.region for part in self._parts}]
        start_s = self._parts[0].start_s
        elsewhere = [one for r in regions if (one := self._moved(r, start_s))]
        later = [one for t_s in self._starts() if (one := self._moved(None, t_s))]
        return Alternatives(self._emitted(), tuple(elsewhere), tuple(later))

    def _emitted(self) -> float | None:
        if not self._ran:
            return None
        return float(sum(row["carbon_g"] for row in (*self._evidence.segments, *self._evidence.transfers)))

    def _starts(self) -> Iterator[float]:
        """Yield other starts than the real one."""
        start_s, epoch_s = self._parts[0].start_s, self._world.epoch_s
        last_s = max(start_s, self._evidence.bound_to.latest_start_s(self._job))
        last_s = min(last_s if math.isfinite(last_s) else start_s, self._world.horizon_s)
        last_s = max(last_s, min(self._job.latest_start_s, self._world.horizon_s)) + _BEYOND * epoch_s
        step_s = epoch_s * max(1, math.ceil((last_s - self._first_s) / epoch_s / MOST_STARTS))
        for t_s in np.arange(self._first_s, last_s + 1e-6, step_s).tolist():
            if abs(t_s - start_s) > 1e-6 or not self._ran:
                yield t_s

    def _moved(self, r: int | None, start_s: float) -> Alternative | None:
        """Return the run moved to a region (None: where it was) and a start; None if it would pass the horizon."""
        shift_s = start_s - self._parts[0].start_s
        parts = [
            part._replace(
                region=part.region if r is None else r, start_s=part.start_s + shift_s, end_s=part.end_s + shift_s
            )
            for part in self._parts
        ]
        if parts[-1].end_s > self._world.horizon_s:
            return None
        first = parts[0]
        moving_g = self._elsewhere.moving_g(first.region, first.start_s, self._job.data_gb, self._home)
        return Alternative(
            self._world.regions[first.region].id,
            first.start_s,
            parts[-1].end_s,
            self._elsewhere.emitted_g(parts) + moving_g,
            tuple(self._limits.against(parts)),
        )


def cleanest(found: Sequence[Alternative]) -> Alternative | None:
    """Return the one of least carbon, the first of equals; None of none."""
    return min(found, key=lambda one: one.carbon_g, default=None)
