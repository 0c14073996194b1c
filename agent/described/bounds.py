"""From what a description asks for to bounds on one job: they only ever take away what the job could do.

What would give a job more (a longer deadline, another priority, another size), or leave it nowhere to run in time, is
left out with the reason, and the job runs as its fields say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from agent.hints import JobHints
from sim.constraints import Constraints
from sim.model import Job
from sim.units import HOUR_S, BoolArray, FloatArray, seconds_since
from sim.world import ROUNDING_S, World

LeftOut = dict[str, str]
"""Fields of the hints that do not bind the job, each with the reason."""
NOT_BY_TEXT = {
    "priority": "a text changes no priority",
    "duration_h": "the job's own estimate holds",
    "cpus": "the job's own size holds",
    "gpus": "the job's own size holds",
    "memory_gb": "the job's own size holds",
}


@dataclass(frozen=True, eq=False)
class Bounds:
    """What its description leaves to one job.

    Attributes:
        open: Whether it may run in each region, shape (R,).
        not_before_s: Its earliest start.
        latest_start_s: The last start in time; never before the first decision about it. Planned for, not refused.
        suspendable: Whether it may be suspended, as far as its description is concerned.
        where: The same of regions in words, for who is refused.
    """

    open: BoolArray
    not_before_s: float
    latest_start_s: float
    suspendable: bool
    where: str

    def narrows(self, job: Job) -> bool:
        """Return whether they leave the job less than its own fields do."""
        return bool(
            not self.open.all()
            or self.not_before_s > job.submit_s + ROUNDING_S
            or self.latest_start_s < job.latest_start_s - ROUNDING_S
            or (job.checkpoint is not None and not self.suspendable)
        )

    def mask(self, starts_s: FloatArray) -> BoolArray:
        """Return where and when the job may start, shape (R, S)."""
        return self.open[:, None] & (starts_s >= self.not_before_s - ROUNDING_S)

    def why_not(self, r: int, start_s: float) -> str | None:
        """Return which bound forbids a start, None if none does; in words of ours, never the description's."""
        if not self.open[r]:
            return f"its description: it may run only in {self.where}"
        if start_s < self.not_before_s - ROUNDING_S:
            return f"its description: not before {self.not_before_s:g} s"
        return None


def bounds_of(job: Job, hints: JobHints, world: World, rules: Constraints) -> tuple[Bounds, LeftOut]:
    """Return what hints leave to a job, and which of them do not bind it.

    Regions and the earliest start bind only if, with them, the rules on placement still let the job start somewhere
    where it fits, no later than its own deadline and delay rules ask. A deadline or delay that cannot be met means: as
    soon as possible, as it does for delay rules.

    Args:
        rules: The operator's, without descriptions.
    """
    return _Tightening(job, hints, world, rules).result()


def stated_deadline_s(job: Job, hints: JobHints, start: datetime) -> float | None:
    """Return the deadline that hints name, or that their longest wait leaves by the job's estimate; None for none."""
    deadline_s = _seconds(start, hints.deadline)
    stated_s = [] if deadline_s is None or deadline_s <= job.submit_s else [deadline_s]
    if hints.max_delay_h is not None:
        stated_s.append(job.submit_s + hints.max_delay_h * HOUR_S + job.duration_estimate_s + job.tail_s)
    return min(stated_s, default=None)


class _Tightening:
    def __init__(self, job: Job, hints: JobHints, world: World, rules: Constraints) -> None:
        self._job, self._hints, self._world = job, hints, world
        self._ids = [region.id for region in world.regions]
        self._first_s = math.ceil(job.submit_s / world.epoch_s) * world.epoch_s
        self._earliest_s = _seconds(world.start, hints.earliest_start)
        latest_s = min(job.latest_start_s, rules.latest_start_s(job))
        self._starts_s = self._candidates(max(latest_s, self._first_s))
        self._open = self._possible(rules)

    def _candidates(self, latest_s: float) -> FloatArray:
        """Return decision points, the last start in time, and the earliest that is asked for unless it is later."""
        until_s = min(latest_s, self._world.horizon_s)
        points_s = np.arange(self._first_s, until_s + ROUNDING_S, self._world.epoch_s)
        extra = [t_s for t_s in (self._earliest_s, latest_s) if t_s is not None and self._first_s <= t_s <= until_s]
        return np.unique(np.concatenate([points_s, extra]))

    def _possible(self, rules: Constraints) -> BoolArray:
        """Return where and when the job can start in time by its fields and the placement rules, shape (R, S)."""
        job, shape = self._job, (len(self._ids), len(self._starts_s))
        unknown = np.full(shape, np.nan)  # a limit on intensity or price does not bind what is not known
        wanted = np.array([job.cpus, job.gpus, job.memory_gb])
        fits = np.array([(wanted <= region.capacity).all() for region in self._world.regions])
        return np.asarray(rules.allowed(job, self._starts_s, intensity=unknown, price=unknown) & fits[:, None])

    def result(self) -> tuple[Bounds, LeftOut]:
        left_out = dict(self._not_by_text())
        inside = self._regions(left_out)
        bounds = Bounds(
            open=inside,
            not_before_s=self._not_before(left_out),
            latest_start_s=self._latest(left_out),
            suspendable=self._suspendable(left_out),
            where=", ".join(name for name, ok in zip(self._ids, inside, strict=True) if ok),
        )
        return bounds, left_out

    def _not_by_text(self) -> Iterator[tuple[str, str]]:
        for name, why in NOT_BY_TEXT.items():
            if getattr(self._hints, name) is not None:
                yield name, why

    def _regions(self, left_out: LeftOut) -> BoolArray:
        only, deny = self._hints.regions_only, self._hints.regions_deny
        inside = np.array([(only is None or name in only) and name not in (deny or ()) for name in self._ids])
        if (self._open & inside[:, None]).any():
            self._open = self._open & inside[:, None]
            return inside
        for name in ("regions_only", "regions_deny"):
            if getattr(self._hints, name) is not None:
                left_out[name] = "it would leave the job nowhere to run in time"
        return np.ones(len(self._ids), dtype=bool)

    def _not_before(self, left_out: LeftOut) -> float:
        if self._earliest_s is None:
            return -math.inf
        if not self._open[:, self._starts_s >= self._earliest_s].any():
            left_out["earliest_start"] = "it would leave the job no time to run"
            return -math.inf
        return self._earliest_s

    def _latest(self, left_out: LeftOut) -> float:
        job, bounds_s = self._job, [math.inf]
        deadline_s = _seconds(self._world.start, self._hints.deadline)
        if deadline_s is not None:
            if deadline_s <= job.submit_s:
                left_out["deadline"] = "it was over when the job was submitted"
            elif deadline_s > job.deadline_s:
                left_out["deadline"] = "the job's own deadline is earlier"
            else:
                bounds_s.append(deadline_s - job.duration_estimate_s)
        if self._hints.max_delay_h is not None:
            bounds_s.append(job.submit_s + self._hints.max_delay_h * HOUR_S)
        return max(min(bounds_s), self._first_s)

    def _suspendable(self, left_out: LeftOut) -> bool:
        if self._hints.interruptible and self._job.checkpoint is None:
            left_out["interruptible"] = "the job has no checkpoint"
        return self._hints.interruptible is not False


def _seconds(start: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else seconds_since(start, moment)
