"""The engine: what a runner pulls, from decision point to decision point, and what may be done at one.

Jobs are submitted in bulk at decision points, since nobody could act on them before. At equal times what ends or is
submitted comes first, then the question. It never calls upward: `while view := engine.next_view(): ...`. An action that
the state of a job does not allow is refused by name.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sim.approvals import Approvals
from sim.constraints import Constraints
from sim.errors import IllegalAction
from sim.history import RUN
from sim.jobs import as_slice
from sim.lifecycle import EPS_S, Lifecycle
from sim.model import (
    Cancel,
    Checkpoint,
    Decision,
    Defer,
    Job,
    Migrate,
    Place,
    PowerServers,
    Resize,
    Resume,
    Route,
    Suspend,
    Suspended,
)
from sim.pool import EPS
from sim.stays import Stay
from sim.submissions import Submissions
from sim.units import DAY_S
from sim.view import Held, View


class Engine(Lifecycle):
    """Runs one world once.

    `looks_ahead` says whether its scheduler needs the room ahead, or the present alone; `acts` whether it also acts on
    what runs and on services: if not, it is asked only when jobs are pending.
    """

    # -- what a runner calls ---------------------------------------------------------------------

    def next_view(self) -> View | None:
        """Advance to the next decision point with something to decide and return its View; None when all is over."""
        due = self.next_due()
        return None if due is None else self.view_of(due)

    def next_due(self) -> Sequence[int] | None:
        """Advance likewise and return the positions of the jobs to decide on; None when all is over."""
        while len(self._gone) < len(self._jobs) or (self._acts and self.world.services):
            t_s = self._next_point_s()
            if t_s >= self.world.horizon_s:
                break
            self._sweep()
            self._advance(t_s)
            self._submit(t_s)
            if t_s >= self._next_epoch_s:
                self._epoch = round(t_s / self.world.epoch_s)
                self._next_epoch_s = (self._epoch + 1) * self.world.epoch_s
            due = self._due_jobs(t_s)
            if due or (self._acts and self._may_change()):
                return due
        self._close()
        return None

    def submissions(self) -> Submissions | None:
        """Return all jobs with their decision points; None where these, or the room, hang on more than jobs."""
        if not self._free_of_rules or self._changing or self._far or self._successors or self._acts:
            return None
        return Submissions.of(self.world, self._site)

    def _may_change(self) -> bool:
        """Whether there is something to act on beside pending jobs."""
        return bool(self._suspended or (self._held and self._jobs.flexible) or self.world.services)

    @property
    def approvals(self) -> Approvals:
        """What people were asked, and what they said; answers may come at any time."""
        return self._gate.approvals

    @property
    def epoch(self) -> int:
        """The number of the current epoch, from 0."""
        return self._epoch

    def view(self) -> View:
        """Return what is known now."""
        self._sweep()
        return self.view_of(self._due_jobs(self.now_s))

    def apply(self, decision: Decision) -> None:
        """Carry out one decision.

        Raises:
            IllegalAction: If the job, region or service is unknown, or its state does not allow this.
            RuleDenied: If a rule forbids it.
        """
        actions: dict[type, Callable[[Any], None]] = {
            Place: self.place,
            Defer: lambda d: self.defer(d.job_id, d.until_s),
            Suspend: self.suspend,
            Resume: self.resume,
            Migrate: self.migrate,
            Resize: self.resize,
            Cancel: self.cancel,
            PowerServers: self.power_servers,
            Route: self.route,
        }
        actions[type(decision)](decision)

    def place_all(
        self,
        jobs: Sequence[int],
        regions: Sequence[int],
        starts_s: Sequence[float],
        scales: Sequence[int] | None = None,
    ) -> None:
        """Place many pending jobs (positions in the workload) at once, to their end, with one worker or `scales`.

        The caller vouches for each; no rules apply.
        """
        if scales is not None:
            for j, r, start_s, scale in zip(jobs, regions, starts_s, scales, strict=True):
                self._commit(j, r, start_s, scale)
            return
        soon_s, pools, demands = self._env.now + EPS_S, self._pools, self._demands
        plain, estimate_s = not self._far and not self._done_s, self._estimate_s
        if self._not_before:
            for j in jobs:
                self._not_before.pop(j, None)
        for j, r, start_s in zip(jobs, regions, starts_s, strict=True):
            if not plain:
                self._commit(j, r, start_s, 1)
            elif start_s > soon_s:
                self._plan(Held(j, r, start_s, start_s + estimate_s[j], 1, "planned"), start_s)
            elif pools[r].take_if_free(*demands[j]):
                self._start(j, r, 1)
            else:
                self._commit(j, r, start_s, 1)

    def defer_all(self, jobs: Sequence[int], until_s: float) -> None:
        """Leave many pending jobs (positions) alone until then; the caller vouches for each."""
        self._not_before.update(dict.fromkeys(jobs, until_s))

    def place(self, decision: Place) -> None:
        """Start a pending job now, or plan its start; without room it waits in its region's queue."""
        j = self._decidable(decision.job_id)
        r = self._region(decision.region)
        self._check_start(j, r, decision.start_s, decision.scale)
        self._stay_until(j, decision)
        self._commit(j, r, max(decision.start_s, self.now_s), decision.scale)

    def _stay_until(self, j: int, decision: Place | Resume) -> None:
        """Note when a stay is to end before the job does."""
        self._until_s.pop(j, None)
        if decision.until_s == math.inf:
            return
        if self._jobs[j].checkpoint is None:
            raise IllegalAction(f"job {decision.job_id} cannot stop at {decision.until_s:g} s: it has no checkpoint")
        if decision.until_s <= max(decision.start_s, self.now_s):
            raise IllegalAction(
                f"job {decision.job_id}: found until {decision.until_s:g} s, expected a time after its start"
            )
        self._refuse_suspension(j)
        self._until_s[j] = decision.until_s

    def reveal(self, job_id: str, *, deadline_s: float | None = None, pausable: bool = False) -> Job:
        """Take what a job's text says in place of the defaults of its silent fields; return it as it stands now.

        What its fields state is left as it is. See `Workload.reveal`.
        """
        j = self._position(job_id)
        job = self.world.workload.reveal(self._jobs, j, deadline_s=deadline_s, pausable=pausable)
        spans_s = self._longest_spans_s[j:]
        np.maximum(spans_s, job.deadline_s - job.submit_s, out=spans_s)
        return job

    def defer(self, job_id: str, until_s: float) -> None:
        """Leave a pending job alone for a while."""
        j = self._decidable(job_id)
        end_s = self.world.horizon_s + self.world.epoch_s
        if not self.now_s < until_s <= end_s:
            raise IllegalAction(
                f"job {job_id}: cannot defer to {until_s:g} s; give a time after now, {self.now_s:g} s, "
                f"and not after the end of the run, {end_s:g} s"
            )
        self._not_before[j] = until_s

    def ask(self, job_id: str, region: str, start_s: float) -> bool | None:
        """Ask people for the yes that rules want of a run of a job in a region; return it, None if nobody answered.

        Raises:
            IllegalAction: If there is no such unfinished job or region, or no rule wants a yes.
            RuleDenied: If a rule forbids the run, whatever people say.
        """
        j, r = self._position(job_id), self._region(region)
        if j in self._gone:
            raise IllegalAction(f"job {job_id} is {self._gone[j]}; people are asked about unfinished jobs alone")
        self._check_start(j, r, start_s, 1)
        start_s = max(start_s, self.now_s)
        stay = Stay(self._jobs[j], r, 1, start_s, start_s + self._left_s(j, 1))
        return self._gate.ask(j, stay, self._quotas(), self.now_s, self._running_beside(j, r))

    def suspend(self, decision: Suspend) -> None:
        """Checkpoint a running job and release what it holds."""
        j, held = self._running(decision.job_id, "suspended")
        checkpoint = self._jobs[j].checkpoint
        if checkpoint is None:
            raise IllegalAction(f"job {decision.job_id} cannot be suspended: it has no checkpoint; let it run")
        self._refuse_suspension(j, held)
        self._pause(j, held, checkpoint)

    def resume(self, decision: Resume) -> None:
        """Let a suspended job go on where it was."""
        j = self._need_suspended(decision.job_id, "resumed")
        r = self._suspended[j]
        self._check_start(j, r, decision.start_s, decision.scale)
        self._stay_until(j, decision)
        self._commit(j, r, max(decision.start_s, self.now_s), decision.scale)

    def migrate(self, decision: Migrate) -> None:
        """Move a running or suspended job to another region; a running one is checkpointed first."""
        j, r = self._position(decision.job_id), self._region(decision.region)
        if j in self._suspended and j not in self._held:
            here = self._suspended[j]
        else:
            j, held = self._running(decision.job_id, "migrated")
            here = held.region
        if here == r:
            raise IllegalAction(f"job {decision.job_id} is in {decision.region} already; resume it, or name another")
        self._check_start(j, r, decision.start_s, decision.scale)
        start_s = max(decision.start_s, self.now_s)
        if j in self._suspended:
            self._commit(j, r, start_s, decision.scale)
            self.history.migrations.append(j)
            return
        self._refuse_move(j, held, r, start_s, decision.scale)
        self.suspend(Suspend(decision.job_id))
        self.history.migrations.append(j)
        if j in self._suspended:  # saving takes no time
            self._commit(j, r, start_s, decision.scale)
        else:
            self._after_save[j] = (r, start_s, decision.scale)

    def _refuse_move(self, j: int, held: Held, r: int, start_s: float, scale: int) -> None:
        """Raise RuleDenied if a rule will forbid a running job to go on elsewhere: then it had better not stop."""
        if self._free_of_rules:
            return
        job, checkpoint = self._jobs[j], self._jobs[j].checkpoint or Checkpoint()
        way_s = float(self.world.network.transfer_s(held.region, r, job.state_gb)) if self.world.network else 0.0
        start_s = max(start_s, self.now_s + checkpoint.save_s + way_s)
        left_s = max(0.0, held.end_s - self.now_s) * self._rate(j, held.scale) / self._rate(j, scale)
        stay = Stay(job, r, scale, start_s, start_s + checkpoint.restore_s + left_s)
        self._gate.foresee(j, stay, self._quotas(), self.now_s, self._running_beside(j, r))

    def resize(self, decision: Resize) -> None:
        """Give a running elastic job another number of workers."""
        j, held = self._running(decision.job_id, "resized")
        job, pool = self._jobs[j], self._pools[held.region]
        self._check_scale(job, decision.scale)
        if decision.scale == held.scale:
            raise IllegalAction(f"job {job.id} has {held.scale} workers already; give another number, or let it run")
        if held.start_s == self.now_s and j in self._done_s:  # twice at once would leave no trace of the first
            raise IllegalAction(f"job {job.id} has changed at this moment already; resize it once it has worked so")
        more = decision.scale - held.scale
        if not pool.fits(*self._demand(j, more)):
            raise IllegalAction(
                f"job {job.id}: {self.world.regions[held.region].id} has no room for {decision.scale} workers; "
                "give fewer, or wait"
            )
        if not self._free_of_rules:
            left_s = max(0.0, held.end_s - self.now_s) * self._rate(j, held.scale) / self._rate(j, decision.scale)
            self._refuse_if_denied(j, held.region, decision.scale, left_s, goes_on=True)
        self._stop_work(j, held, RUN)
        self._let_go(j)
        pool.give(*self._demand(j, held.scale))
        pool.take(*self._demand(j, decision.scale))
        self._start(j, held.region, decision.scale)
        if more < 0:
            self._after_release(held.region)

    def cancel(self, decision: Cancel) -> None:
        """Give a job up, and those that depend on it."""
        j = self._position(decision.job_id)
        if j in self._gone:
            raise IllegalAction(f"job {decision.job_id} is {self._gone[j]}; only unfinished jobs can be cancelled")
        self._cancel(j)

    def power_servers(self, decision: PowerServers) -> None:
        """Keep at least so many servers of a power-saving region on; idle ones beyond that go off at once."""
        r = self._region(decision.region)
        pool = self._pools[r]
        if not pool.saving:
            raise IllegalAction(f"region {decision.region} keeps its servers on; only power-saving regions switch them")
        if not 0 <= decision.servers <= pool.fleet.count:
            raise IllegalAction(
                f"region {decision.region} has {pool.fleet.count} servers, asked for {decision.servers}; "
                f"give 0 to {pool.fleet.count}"
            )
        pool.floor = decision.servers
        if more := decision.servers - pool.on - pool.waking:
            self._wake(r, more) if more > 0 else self._switch_off(r)

    def route(self, decision: Route) -> None:
        """Split a service's requests from an origin anew, from the next routing step on."""
        names = [service.id for service in self.world.services]
        if decision.service_id not in names:
            raise IllegalAction(f"no service {decision.service_id!r}; services are {', '.join(names) or 'none'}")
        shares = np.zeros(len(self.world.regions))
        for region, share in decision.shares:
            shares[self._region(region)] += share
        if (shares < 0).any() or abs(shares.sum() - 1) > 1e-6:
            raise IllegalAction(f"service {decision.service_id}: shares add up to {shares.sum():g}; give shares of 1")
        self._servicing.route(names.index(decision.service_id), self._region(decision.origin), shares)

    # -- the view --------------------------------------------------------------------------------

    def view_of(self, due: Sequence[int]) -> View:
        """Return what is known now, these pending jobs (positions) being due."""
        world, now_s = self.world, self.now_s
        seen_s = float(self._longest_spans_s[self._submitted - 1]) if self._submitted else 0.0
        horizon_s = min(seen_s, world.horizon_s) + DAY_S
        self._look_ahead(due)
        slots = int(np.ceil(horizon_s / world.epoch_s))
        return View(
            now_s=now_s,
            epoch_s=world.epoch_s,
            horizon_s=horizon_s,
            regions=world.regions,
            pending=self._jobs.take(as_slice(due)),
            deferred=len(self._pending) - len(due),
            held=tuple(({**self._held, **self._restoring()} if self._restoring_s else self._held).values()),
            free_now=[pool.free.copy() for pool in self._pools],
            prepaid=[pool.prepaid for pool in self._pools],
            ample=self._looks_ahead and self._bookings is None,
            unbooked=self._bookings.room(now_s, slots) if self._bookings else None,
            steady=self._free_of_rules and not self._changing and not self._not_running,
            suspended=tuple(self._what_is_suspended(j, r) for j, r in self._suspended.items() if j not in self._held),
            services=self._servicing.views(now_s) if world.services else (),
            constraints=self.constraints if self._free_of_rules else self._standing(),
            times_suspended=self._times_suspended,
            _site=self._site,
        )

    def _standing(self) -> Constraints:
        return self._gate.standing(self.now_s, self._held, self._open_rows())

    def _restoring(self) -> dict[int, Held]:
        """Return the running jobs that still read their checkpoint, as such."""
        now_s, held = self._env.now, self._held
        reading = [j for j, until_s in self._restoring_s.items() if until_s > now_s and held[j].state == "running"]
        return {j: held[j]._replace(state="restoring") for j in reading}

    def _what_is_suspended(self, j: int, r: int) -> Suspended:
        return Suspended(self._jobs[j], self.world.regions[r].id, self._left_s(j, 1))

    def _look_ahead(self, due: Sequence[int]) -> None:
        """Open the bookings as soon as what is asked for and what is held could not all run at the same time."""
        if self._bookings:
            self._rebook_queued()
        elif self._looks_ahead and (
            not self._free_of_rules or self._changing or not self._is_ample([*due, *self._suspended])
        ):
            self._open_books()

    def _is_ample(self, due: Sequence[int]) -> bool:
        """Whether any region could hold at once all that is held there, all that is due and all that is suspended."""
        cpus, gpus, memory_gb = map(sum, zip((0.0, 0.0, 0.0), *[self._demands[j] for j in due], strict=False))
        return all(
            cpus <= left[0] and gpus <= left[1] and memory_gb <= left[2]
            for left in (pool.uncommitted for pool in self._pools)
        )

    # -- checks ----------------------------------------------------------------------------------

    def _position(self, job_id: str) -> int:
        j = self._jobs.position.get(job_id)
        if j is None or j >= self._submitted:
            raise IllegalAction(f"no job {job_id!r} has been submitted; {len(self._pending)} are pending")
        return j

    def _decidable(self, job_id: str) -> int:
        j = self._jobs.position.get(job_id, -1)
        at = bisect.bisect_left(self._pending, j)
        if at < len(self._pending) and self._pending[at] == j and j not in self._held and j not in self._gone:
            return j
        if 0 <= j < self._submitted:
            raise IllegalAction(f"job {job_id} is {self._state(j)} already; only pending jobs can be decided on")
        raise IllegalAction(
            f"no pending job {job_id!r}; {len(self._pending)} are pending"
            + (f", the first is {self._jobs.id_of(self._pending[0])}" if self._pending else "")
        )

    def _state(self, j: int) -> str:
        if j in self._held:
            return self._held[j].state
        if j in self._gone:
            return self._gone[j]
        if j in self._suspended:
            return "suspended"
        return "blocked by its predecessors" if j in self._waiting_for else "pending"

    def _running(self, job_id: str, done: str) -> tuple[int, Held]:
        j = self._position(job_id)
        held = self._held.get(j)
        allowed = "running or suspended" if done == "migrated" else "running"
        if held is None or held.state != "running":
            raise IllegalAction(f"job {job_id} is {self._state(j)}; only {allowed} jobs can be {done}")
        if self._restoring_s.get(j, 0.0) > self.now_s:
            raise IllegalAction(f"job {job_id} is reading its checkpoint; it can be {done} once it works again")
        return j, held

    def _need_suspended(self, job_id: str, done: str) -> int:
        j = self._position(job_id)
        if j not in self._suspended or j in self._held:
            raise IllegalAction(f"job {job_id} is {self._state(j)}; only suspended jobs can be {done}")
        return j

    def _region(self, region: str) -> int:
        try:
            return self.world.region_index[region]
        except KeyError:
            raise IllegalAction(f"no region {region!r}; regions are {', '.join(self.world.region_index)}") from None

    def _check_start(self, j: int, r: int, start_s: float, scale: int) -> None:
        job, region = self._jobs[j], self.world.regions[r]
        self._check_scale(job, scale)
        if start_s < self.now_s - EPS_S:
            raise IllegalAction(f"job {job.id}: start {start_s:g} s is before now, {self.now_s:g} s; give now or later")
        if start_s > (last_s := 2 * self.world.horizon_s + DAY_S):  # where no plan reaches, and no forecast should
            raise IllegalAction(f"job {job.id}: start {start_s:g} s is after all planning; give one by {last_s:g} s")
        if (np.array(self._demand(j, scale)) > region.capacity + EPS).any():
            raise IllegalAction(f"job {job.id} is larger than region {region.id}; choose a larger region")

    def _check_scale(self, job: Job, scale: int) -> None:
        if not 1 <= scale <= job.max_scale:
            raise IllegalAction(f"job {job.id} runs with 1 to {job.max_scale} workers, asked for {scale}")
