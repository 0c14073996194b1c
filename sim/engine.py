"""The engine: a SimPy world that a runner pulls from decision point to decision point.

Lean on purpose: one process submits the jobs, starts and ends are timeout callbacks, and free
resources are plain counters. At equal times what ends or is submitted comes first, then the question.
It never calls upward: `while view := engine.next_view(): ...`.
"""

from __future__ import annotations

import bisect
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import simpy

from sim.constraints import Constraints, Unconstrained
from sim.errors import IllegalAction, RuleDenied
from sim.forecast import forecast
from sim.model import Commitment, Decision, Job, Place, demand
from sim.units import DAY_S
from sim.view import View
from sim.world import World

_EPS = 1e-9


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a job's run: region index and seconds. `finished` is False where the horizon cut it."""

    job: int
    region: int
    start_s: float
    end_s: float
    finished: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that stopped a planned run when its time came; the job went back to pending."""

    t_s: float
    job_id: str
    region: str
    rule: str


class Engine:
    """Runs one world once. State: each job is unsubmitted, pending, planned, queued, running or finished."""

    def __init__(self, world: World, constraints: Constraints | None = None) -> None:
        self.world = world
        self.constraints = constraints or Unconstrained(world.regions)
        self.segments: list[Segment] = []
        self.refusals: list[Refusal] = []
        self._env = simpy.Environment()
        self._position = {job.id: j for j, job in enumerate(world.workload.jobs)}
        self._capacity = np.array([region.capacity for region in world.regions])
        self._used = np.zeros_like(self._capacity)
        self._pending: dict[str, Job] = {}
        self._not_before: dict[str, float] = {}
        self._planned: dict[str, Commitment] = {}
        self._running: dict[str, Commitment] = {}
        self._queues: list[list[tuple[float, int, Commitment]]] = [[] for _ in world.regions]
        self._finished = 0
        self._longest_span_s = 0.0
        self._epoch = -1
        self._env.process(self._submit())

    # -- what a runner calls ---------------------------------------------------------------------

    def next_view(self) -> View | None:
        """Advance to the next epoch with a job to decide on and return its View; None when the run is over."""
        while self._finished < len(self.world.workload.jobs):
            self._epoch += 1
            now_s = self._epoch * self.world.epoch_s
            if now_s >= self.world.horizon_s:
                self._cut_at_horizon()
                return None
            self._advance(now_s)
            if any(self._not_before.get(job_id, 0.0) <= now_s + _EPS for job_id in self._pending):
                return self.view()
        return None

    @property
    def epoch(self) -> int:
        """The number of the current epoch, from 0."""
        return self._epoch

    def view(self) -> View:
        """Return what is known now."""
        world, now_s = self.world, self.now_s
        due = [job for job in self._pending.values() if self._not_before.get(job.id, 0.0) <= now_s + _EPS]
        queued = (held for queue in self._queues for _, _, held in queue)
        return View(
            now_s=now_s,
            epoch_s=world.epoch_s,
            horizon_s=min(self._longest_span_s + DAY_S, world.horizon_s + DAY_S),
            regions=world.regions,
            pending=tuple(sorted(due, key=lambda job: self._position[job.id])),  # one sent back takes its old place
            deferred=len(self._pending) - len(due),
            commitments=(*self._running.values(), *queued, *self._planned.values()),
            intensity=tuple(signal.up_to(now_s) for signal in world.intensity),
            price=tuple(signal.up_to(now_s) for signal in world.price),
            constraints=self.constraints,
            forecaster=world.forecaster,
        )

    @property
    def now_s(self) -> float:
        """Seconds since the scenario's start."""
        return float(self._env.now)

    def place(self, decision: Place) -> None:
        """Start a pending job now, or plan its start; without room it waits in its region's queue.

        Raises:
            IllegalAction: If the job is not pending, the region is unknown or too small, or the start is past.
            RuleDenied: If a rule forbids this start, by the forecast for a later one.
        """
        job = self._decidable(decision.job_id)
        r = self._region(decision.region)
        if decision.start_s < self.now_s - _EPS:
            raise IllegalAction(
                f"job {job.id}: start {decision.start_s:g} s is before now, {self.now_s:g} s; give now or later"
            )
        if (demand(job) > self._capacity[r] + _EPS).any():
            raise IllegalAction(f"job {job.id} is larger than region {decision.region}; choose a larger region")
        start_s = max(decision.start_s, self.now_s)
        end_s = start_s + job.duration_estimate_s
        held = Commitment(job, decision.region, start_s, end_s, running=False)
        if start_s <= self.now_s + _EPS:
            self._refuse_if_denied(held)
            self._forget(job.id)
            self._enqueue(held)
            return
        self._refuse_plan_if_denied(held)
        self._forget(job.id)
        self._planned[job.id] = held
        self._env.timeout(start_s - self.now_s).callbacks.append(lambda _: self._on_planned_start(held))

    def defer(self, job_id: str, until_s: float) -> None:
        """Leave a pending job alone until `until_s`. Raises IllegalAction if it is not pending or that is past."""
        job = self._decidable(job_id)
        end_s = self.world.horizon_s + self.world.epoch_s
        if not self.now_s < until_s <= end_s:
            raise IllegalAction(
                f"job {job_id}: cannot defer to {until_s:g} s; give a time after now, {self.now_s:g} s, "
                f"and not after the end of the run, {end_s:g} s"
            )
        self._not_before[job.id] = until_s

    def apply(self, decision: Decision) -> None:
        """Carry out one decision; raises as `place` and `defer`."""
        if isinstance(decision, Place):
            self.place(decision)
        else:
            self.defer(decision.job_id, decision.until_s)

    # -- the world's own course ------------------------------------------------------------------

    def _advance(self, t_s: float) -> None:
        """Process every event up to and at `t_s`, then stand at `t_s`."""
        if t_s > self._env.now:
            self._env.timeout(t_s - self._env.now)
        while self._env.peek() <= t_s:
            self._env.step()

    def _submit(self) -> Generator[simpy.Event, None, None]:
        for job in self.world.workload.jobs:
            if job.submit_s > self._env.now:
                yield self._env.timeout(job.submit_s - self._env.now)
            self._pending[job.id] = job
            self._longest_span_s = max(self._longest_span_s, job.deadline_s - job.submit_s)

    def _on_planned_start(self, held: Commitment) -> None:
        if self._is_over():
            return
        del self._planned[held.job.id]
        if self._admit(held):
            self._enqueue(held)

    def _admit(self, held: Commitment) -> bool:
        """Whether the rules let a due job start now; if not, it goes back to pending and the refusal is noted."""
        try:
            self._refuse_if_denied(held)
        except RuleDenied as denied:
            self._pending[held.job.id] = held.job
            self.refusals.append(Refusal(self.now_s, held.job.id, held.region, denied.rule))
            return False
        return True

    def _enqueue(self, held: Commitment) -> None:
        """Put a due job in its region's queue, in planned-start order, and start what fits."""
        r = self._region(held.region)
        bisect.insort(self._queues[r], (held.start_s, self._position[held.job.id], held))
        self._drain(r)

    def _drain(self, r: int) -> None:
        """Start the head of the queue while it fits; nothing overtakes it."""
        queue = self._queues[r]
        while queue and not self._is_over() and self._fits(r, queue[0][2].job):
            held = queue.pop(0)[2]
            if self._admit(held):
                self._start(r, held.job)

    def _start(self, r: int, job: Job) -> None:
        j = self._position[job.id]
        duration_s = float(self.world.workload.durations_s[j])
        end_s = self.now_s + job.duration_estimate_s
        self._used[r] += demand(job)
        self._running[job.id] = Commitment(job, self.world.regions[r].id, self.now_s, end_s, running=True)
        segment = Segment(j, r, self.now_s, self.now_s + duration_s, finished=True)
        self._env.timeout(duration_s).callbacks.append(lambda _: self._complete(segment, job))

    def _complete(self, segment: Segment, job: Job) -> None:
        self._used[segment.region] -= demand(job)
        del self._running[job.id]
        self.segments.append(segment)
        self._finished += 1
        self._drain(segment.region)

    def _is_over(self) -> bool:
        """Whether the horizon is reached: then runs still end, but none begins."""
        return self.now_s >= self.world.horizon_s

    def _cut_at_horizon(self) -> None:
        """Run to the horizon and record what is still running as unfinished."""
        self._advance(self.world.horizon_s)
        for held in self._running.values():
            self.segments.append(
                Segment(
                    self._position[held.job.id],
                    self._region(held.region),
                    held.start_s,
                    self.world.horizon_s,
                    finished=False,
                )
            )

    # -- checks ----------------------------------------------------------------------------------

    def _decidable(self, job_id: str) -> Job:
        if job_id in self._pending:
            return self._pending[job_id]
        for state, jobs in (("running", self._running), ("planned", self._planned)):
            if job_id in jobs:
                raise IllegalAction(f"job {job_id} is {state} already; only pending jobs can be decided on")
        raise IllegalAction(
            f"no pending job {job_id!r}; {len(self._pending)} are pending"
            + (f", the first is {next(iter(self._pending))}" if self._pending else "")
        )

    def _forget(self, job_id: str) -> None:
        del self._pending[job_id]
        self._not_before.pop(job_id, None)

    def _region(self, region: str) -> int:
        try:
            return self.world.region_index[region]
        except KeyError:
            raise IllegalAction(f"no region {region!r}; regions are {', '.join(self.world.region_index)}") from None

    def _fits(self, r: int, job: Job) -> bool:
        return bool((self._used[r] + demand(job) <= self._capacity[r] + _EPS).all())

    def _refuse_if_denied(self, held: Commitment) -> None:
        """Raise RuleDenied if a rule forbids the job to start in its region at this moment."""
        r = self._region(held.region)
        rule = self.constraints.why_not(
            held.job,
            held.region,
            self.now_s,
            intensity=self.world.intensity[r].at(self.now_s),
            price=self.world.price[r].at(self.now_s),
        ) or self._headroom_rule(r, held.job)
        if rule:
            raise RuleDenied(rule)

    def _refuse_plan_if_denied(self, held: Commitment) -> None:
        """Raise RuleDenied if a rule forbids a later start, going by the forecast issued now."""
        r = self._region(held.region)
        intensity, price = (
            forecast(
                self.world.forecaster,
                signals[r].up_to(self.now_s),
                self.now_s,
                held.start_s - self.now_s + 1.0,
            ).at(held.start_s)
            for signals in (self.world.intensity, self.world.price)
        )
        rule = self.constraints.why_not(held.job, held.region, held.start_s, intensity=intensity, price=price)
        if rule:
            raise RuleDenied(rule)

    def _headroom_rule(self, r: int, job: Job) -> str | None:
        """Return a refusal if the job would push CPU use over a rule's limit at any epoch of its run.

        What runs now is taken to end by its estimate; what starts later is checked when it starts.
        """
        world = self.world
        first = self.now_s // world.epoch_s
        count = int(np.ceil((self.now_s + job.duration_estimate_s) / world.epoch_s - first - _EPS))
        slots_s = world.epoch_s * (first + np.arange(float(max(count, 1))))
        limit = self.constraints.cpu_limit(slots_s, world.epoch_s)[r] * world.regions[r].cpus
        if (limit >= world.regions[r].cpus - _EPS).all():
            return None
        busy = np.full(len(slots_s), job.cpus)
        for held in self._running.values():
            if held.region == world.regions[r].id:
                live = slots_s < held.end_s - _EPS
                live[0] = True  # it runs now, whatever its estimate said
                busy[live] += held.job.cpus
        over = np.flatnonzero(busy > limit + _EPS)
        if not len(over):
            return None
        return (
            f"CPU use of {world.regions[r].id} would be {busy[over[0]]:g} of the allowed {limit[over[0]]:g} "
            f"at {slots_s[over[0]]:g} s"
        )
