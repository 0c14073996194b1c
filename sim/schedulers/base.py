"""What a scheduler is: a plan made from the View alone, and when its parts become commitments."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from sim.jobs import Jobs
from sim.model import Decision, Defer, Place, Region
from sim.submissions import Submissions
from sim.timetable import Assignment
from sim.units import BoolArray, FloatArray, IntArray
from sim.view import View
from sim.world import ROUNDING_S


@dataclass(frozen=True, eq=False)
class Plan(Sequence[Assignment]):
    """Intended runs in the order of decision, as columns of shape (P,); each an `Assignment` when looked at.

    `region` is an index into the view's regions; forecast carbon and cost are None, or NaN, where
    the planner made no forecast. `scale` (workers) and `until_s` (when to suspend) are None where all jobs run with one
    worker and to their end.

    `actions` are what is done beside starting pending jobs: suspend, resume, migrate and resize what runs, cancel,
    power servers, route services, defer. They are carried out in their order, before the runs.
    """

    regions: tuple[Region, ...]
    jobs: Jobs
    region: IntArray
    start_s: FloatArray
    late: BoolArray
    carbon_g: FloatArray | None = None
    cost_usd: FloatArray | None = None
    scale: IntArray | None = None
    until_s: FloatArray | None = None
    actions: tuple[Decision, ...] = ()

    @classmethod
    def acting(cls, view: View, actions: Sequence[Decision]) -> Plan:
        """Return a plan of actions alone; a Place among them counts as a run of the plan."""
        places = [action for action in actions if isinstance(action, Place)]
        at = {job_id: i for i, job_id in enumerate(view.pending.ids)} if places else {}
        jobs = view.pending.take([at[place.job_id] for place in places])
        start_s = np.array([place.start_s for place in places], dtype=float)
        scale = np.array([place.scale for place in places], dtype=np.int64)
        until_s = np.array([place.until_s for place in places], dtype=float)
        return cls(
            regions=view.regions,
            jobs=jobs,
            region=np.array([view.region_index[place.region] for place in places], dtype=np.int64),
            start_s=start_s,
            late=start_s > jobs.latest_start_s + ROUNDING_S,
            scale=scale if (scale > 1).any() else None,
            until_s=until_s if np.isfinite(until_s).any() else None,
            actions=tuple(action for action in actions if not isinstance(action, Place)),
        )

    @classmethod
    def of(cls, view: View, runs: Sequence[Assignment]) -> Plan:
        """Return single assignments of pending jobs as a plan."""
        at = {job.id: i for i, job in enumerate(view.pending)} if runs else {}
        return cls(
            regions=view.regions,
            jobs=view.pending.take([at[run.job.id] for run in runs]),
            region=np.array([view.region_index[run.region] for run in runs], dtype=np.int64),
            start_s=np.array([run.start_s for run in runs], dtype=float),
            carbon_g=np.array([run.carbon_g for run in runs], dtype=float),  # None becomes NaN
            cost_usd=np.array([run.cost_usd for run in runs], dtype=float),
            late=np.array([run.late for run in runs], dtype=bool),
            scale=np.array([run.scale for run in runs]) if any(run.scale != 1 for run in runs) else None,
        )

    def only(self, kept: BoolArray) -> Plan:
        """Return a plan of some of the runs, shape (P,), and the same actions."""
        names = ("region", "start_s", "late", "carbon_g", "cost_usd", "scale", "until_s")
        columns = {name: values[kept] for name in names if (values := getattr(self, name)) is not None}
        return replace(self, jobs=self.jobs.take(np.flatnonzero(kept)), **columns)

    def first(self, count: int) -> Plan:
        """Return a plan of so many first runs, and the same actions."""
        return self if count == len(self) else self.only(np.arange(len(self)) < count)

    def joined(self, other: Plan) -> Plan:
        """Return both plans' runs and actions as one."""
        both = [(getattr(self, name), getattr(other, name)) for name in ("carbon_g", "cost_usd", "scale", "until_s")]
        blanks = (np.nan, np.nan, 1, math.inf)
        carbon_g, cost_usd, scale, until_s = (
            None if one is None and two is None else np.concatenate([_filled(one, len(self), blank),
                                                                     _filled(two, len(other), blank)])
            for (one, two), blank in zip(both, blanks, strict=True)
        )  # fmt: skip
        return Plan(
            regions=self.regions,
            jobs=self.jobs.with_more(other.jobs),
            region=np.concatenate([self.region, other.region]),
            start_s=np.concatenate([self.start_s, other.start_s]),
            late=np.concatenate([self.late, other.late]),
            carbon_g=carbon_g,
            cost_usd=cost_usd,
            scale=scale,
            until_s=until_s,
            actions=self.actions + other.actions,
        )

    def begin_s(self, view: View) -> FloatArray:
        """Return when each run begins: at its start, or when its data must leave home to be there in time, (P,)."""
        return np.asarray(_begin_s(view, self.jobs.home, self.region, self.jobs.data_gb, self.start_s))

    def doing(self, actions: tuple[Decision, ...]) -> Plan:
        """Return the plan with these actions besides."""
        return replace(self, actions=self.actions + actions) if actions else self

    def __len__(self) -> int:
        return len(self.jobs)

    @overload
    def __getitem__(self, at: int) -> Assignment: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Assignment]: ...
    def __getitem__(self, at: int | slice) -> Assignment | Sequence[Assignment]:
        if isinstance(at, slice):
            return tuple(self[i] for i in range(*at.indices(len(self))))
        return Assignment(
            job=self.jobs[at],
            region=self.regions[self.region[at]].id,
            start_s=float(self.start_s[at]),
            carbon_g=_known(self.carbon_g, at),
            cost_usd=_known(self.cost_usd, at),
            late=bool(self.late[at]),
            scale=1 if self.scale is None else int(self.scale[at]),
            until_s=math.inf if self.until_s is None else float(self.until_s[at]),
        )

    def __iter__(self) -> Iterator[Assignment]:
        return (self[i] for i in range(len(self)))


def _filled(values: Any, count: int, blank: float) -> Any:
    return np.full(count, blank) if values is None else values


def _known(values: FloatArray | None, at: int) -> float | None:
    return None if values is None or math.isnan(values[at]) else float(values[at])


def _begin_s(
    view: View, home: IntArray | int, region: IntArray | int, data_gb: FloatArray | float, start_s: FloatArray | float
) -> FloatArray | float:
    """Return when the data of runs must leave home to be there at the start; the start itself where none move."""
    return start_s if view.network is None else start_s - view.network.transfer_s(home, region, data_gb)


Planner = Callable[[View], Plan]


@dataclass(frozen=True)
class Scheduler:
    """A named planner.

    Attributes:
        kind: `agnostic`, `carbon` or `oracle`.
        source: The paper or project it follows, with its simplifications.
        plan: The pending jobs' intended runs, a pure function of the View; a job left out stays pending.
        rolling: True if only runs that start now are committed and the rest is planned anew at the next
            epoch; False if every run is booked when first planned.
        looks_ahead: Whether it needs the room ahead at every epoch; if not, it is only summed up when asked for.
        acts: Whether it also acts on what runs (suspend, resume, migrate, resize) and on services and servers: then it
            is asked at every epoch at which it could.
        foresight: Whether it is told the true signals to come instead of forecasts.
        each_alone: What `plan` comes to where room is ample and no rule binds, if there each job's run depends on
            nothing but the job and the signals of its decision point: the runs of the first of all jobs, point by
            point, all of them committed; None where it cannot tell.
    """

    name: str
    kind: str
    source: str
    plan: Planner
    rolling: bool
    looks_ahead: bool = True
    acts: bool = False
    foresight: bool = False
    each_alone: Callable[[Submissions], Plan | None] | None = None

    def due(self, view: View, plan: Plan) -> BoolArray:
        """Return which planned runs are committed now, shape (P,): all, or those that begin before the next epoch.

        A run away from its data begins when they must leave.
        """
        if not self.rolling:
            return np.ones(len(plan), dtype=bool)
        return np.asarray(plan.begin_s(view) < view.now_s + view.epoch_s)

    def commit(self, view: View, run: Assignment) -> Decision:
        """Return the decision for one planned run: place it, or defer it if the plan is rolling and it is not due."""
        home, r = view.region_index[run.job.home], view.region_index[run.region]
        begins_s = _begin_s(view, home, r, run.job.data_gb, run.start_s)
        if not self.rolling or begins_s < view.now_s + view.epoch_s:
            return Place(run.job.id, run.region, run.start_s, run.scale, run.until_s)
        return Defer(run.job.id, view.now_s + view.epoch_s)

    def told(self) -> Scheduler:
        """Return the same scheduler with perfect knowledge of the signals to come; its name ends in `-oracle`."""
        return replace(self, name=f"{self.name}-oracle", kind="oracle", foresight=True,
                       source=f"{self.source}; told the true signals to come")  # fmt: skip
