"""What jobs, servers and services go through in time: the world's own course, on SimPy's clock.

Lean on purpose: what ends, falls due or changes is a timeout with a callback, and free resources are plain counters.

A job is pending (or blocked by its predecessors), planned, moving (its data), queued, running, saving (its
checkpoint), suspended, finished or cancelled. Inside, jobs and regions are positions; names are for those who call.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import simpy

from sim.approvals import Approvals
from sim.bookings import Bookings
from sim.constraints import Constraints, Unconstrained, binds
from sim.errors import RuleDenied
from sim.forecast import Models, stacked
from sim.forecast.fitting import Remembering
from sim.foresight import Foretold
from sim.gate import Gate, Run
from sim.history import LOST, RESTORE, RUN, SAVE, History, Move, Refusal, Row, Switch
from sim.model import Checkpoint
from sim.pool import Pool
from sim.quotas import Quotas
from sim.services import Servicing
from sim.stays import Stay
from sim.units import HOUR_S
from sim.view import Held, Site
from sim.world import World

EPS_S = 1e-9
_NO_CHECKPOINT = Checkpoint()


class Lifecycle:
    """The state of a run, and how it changes by itself and by what is decided about it."""

    def __init__(
        self,
        world: World,
        constraints: Constraints | None = None,
        *,
        looks_ahead: bool = True,
        acts: bool = True,
        foretold: Foretold | None = None,
        approvals: Approvals | None = None,
    ) -> None:
        self.world = world
        self.constraints = constraints or Unconstrained(world.regions)
        self.history = History()
        self._free_of_rules = not binds(self.constraints)
        foretold = foretold or world.foretold
        self._gate = Gate(world, self.constraints, self.history, foretold, approvals)
        self._env = simpy.Environment()
        self._jobs = world.workload.shown()
        self._submit_s: list[float] = self._jobs.submit_s.tolist()
        self._estimate_s: list[float] = self._jobs.duration_estimate_s.tolist()
        self._demands: list[tuple[float, float, float]] = list(zip(*self._jobs.numbers[3:6].tolist(), strict=True))
        self._durations_s = world.workload.durations_s.tolist()
        self._pools = [Pool(region) for region in world.regions]
        self._looks_ahead, self._acts = looks_ahead, acts
        self._bookings: Bookings | None = None
        self._site = Site(
            jobs=self._jobs,
            intensity=(world.intensity, stacked(world.intensity)),
            price=(world.price, stacked(world.price)),
            temperature=world.temperature,
            onsite=world.onsite,
            network=world.network,
            forecaster=world.forecaster,
            models=Models(*map(Remembering, world.fitted)) if world.fitted else world.models,
            foretold=foretold,
            cpu_w=np.array([region.cpu_w for region in world.regions]),
            gpu_w=np.array([region.gpu_w for region in world.regions]),
            pue=np.array([[region.pue] for region in world.regions])
            if not any((*world.temperature, *world.onsite))
            else None,
        )
        self._submitted = 0
        self._pending: list[int] = []
        self._not_before: dict[int, float] = {}
        self._held: dict[int, Held] = {}
        self._suspended: dict[int, int] = {}
        self._gone: dict[int, str] = {}
        self._done_s: dict[int, float] = {}
        self._restoring_s: dict[int, float] = {}
        self._after_save: dict[int, tuple[int, float, int]] = {}
        self._until_s: dict[int, float] = {}
        self._times_suspended: dict[int, int] = {}
        self._due: dict[float, list[Held]] = {}
        self._waiting_for: dict[int, int] = {}
        self._successors: dict[int, list[int]] = {}
        self._ran_in: dict[int, int] = {}
        self._longest_spans_s = np.maximum.accumulate(self._jobs.deadline_s - self._jobs.submit_s)
        self._not_running: set[int] = set()
        self._epoch = -1
        self._next_epoch_s = 0.0
        self._far = world.network is not None
        self._servicing = Servicing(world.services, self._pools, world.network)
        closing = any(region.closures or region.saving for region in world.regions)
        self._changing = closing or bool(world.services)
        self._known_closures = [
            (r, c) for r, region in enumerate(world.regions) for c in region.closures if c.announced
        ]
        self._ended = self._on_end
        self._link_graphs()
        self._set_the_stage()

    @property
    def now_s(self) -> float:
        """Seconds since the scenario's start."""
        return float(self._env.now)

    # -- the world's own course ------------------------------------------------------------------

    def _at_time(self, t_s: float, call: Callable[[simpy.Event], None], value: object = None) -> simpy.Event:
        event = self._env.timeout(t_s - self._env.now, value)
        event.callbacks.append(call)
        return event

    def _at_end_of(self, t_s: float, call: Callable[[simpy.Event], None]) -> None:
        """Call when all else that was due at a moment has happened: what ends then has given back what it held."""

        def then(_: simpy.Event) -> None:
            self._at_time(t_s, call)

        self._at_time(t_s, then)

    def _set_the_stage(self) -> None:
        """Set the timers of closures, power saving and services."""
        for r, region in enumerate(self.world.regions):
            for closure in region.closures:
                self._at_end_of(closure.start_s, lambda _, r=r, c=closure: self._close_servers(r, c))  # type: ignore[misc]
                self._at_time(closure.end_s, lambda _, r=r, c=closure: self._open_servers(r, c.servers))  # type: ignore[misc]
            if region.saving:
                self._at_time(region.saving.off_after_s, lambda _, r=r: self._switch_off(r))  # type: ignore[misc]
        if self.world.services:
            self._at_end_of(0.0, self._serve)

    def _link_graphs(self) -> None:
        for j, own in self._jobs.particulars.items():
            if own.deps:
                self._waiting_for[j] = len(set(own.deps))
            for dep in set(own.deps):
                self._successors.setdefault(self._jobs.position[dep], []).append(j)

    def _next_point_s(self) -> float:
        """Return the next epoch, or the next submission if each is a decision point."""
        if self.world.at_arrivals and self._submitted < len(self._jobs):
            return min(self._next_epoch_s, max(self._submit_s[self._submitted], self.now_s))
        return self._next_epoch_s

    def _advance(self, t_s: float) -> None:
        """Process every event up to and at `t_s`, then stand at `t_s`."""
        env = self._env
        if t_s > env.now:
            env.timeout(t_s - env.now)
        peek, step = env.peek, env.step
        while peek() <= t_s:
            step()

    def _submit(self, t_s: float) -> None:
        first, last = self._submitted, bisect.bisect_right(self._submit_s, t_s, self._submitted)
        if first == last:
            return
        self._submitted = last
        blocked = self._waiting_for
        new = range(first, last)
        self._pending.extend(
            [j for j in new if j not in blocked and j not in self._gone] if blocked or self._gone else new
        )

    def _due_jobs(self, now_s: float) -> list[int]:
        if not self._not_before:
            return self._pending
        return [j for j in self._pending if self._not_before.get(j, 0.0) <= now_s + EPS_S]

    def _sweep(self) -> None:
        """Drop from the pending list what no longer is."""
        held, gone = self._held, self._gone
        self._pending = [j for j in self._pending if j not in held and j not in gone]

    def _send_back(self, j: int) -> None:
        """Return a job to the pending ones, at its old place."""
        self._until_s.pop(j, None)
        self._sweep()
        self._let_go(j)
        if j not in self._suspended and j not in self._pending:
            bisect.insort(self._pending, j)

    def _commit(self, j: int, r: int, start_s: float, scale: int) -> None:
        """Move the data that it needs, and start it now or when its time has come."""
        leave_s = start_s
        if self._far:
            start_s = max(start_s, self.now_s + self._move_s(j, r))
            leave_s = start_s - self._move_s(j, r)
        planned = leave_s > self._env.now + EPS_S
        if not self._free_of_rules:
            if planned:
                stay = Stay(self._jobs[j], r, scale, start_s, start_s + self._left_s(j, scale))
                self._gate.plan(j, stay, self._quotas(), self.now_s)
            else:
                self._refuse_if_denied(j, r, scale, self._left_s(j, scale))
        if self._not_before:
            self._not_before.pop(j, None)
        if planned:
            self._plan(Held(j, r, start_s, start_s + self._left_s(j, scale), scale, "planned"), leave_s)
        else:
            self._leave(j, r, start_s, scale)

    def _plan(self, held: Held, leave_s: float) -> None:
        self._hold(held)
        due = self._due.get(leave_s)
        if due is None:
            due = self._due[leave_s] = []
            self._at_time(leave_s, self._on_due, leave_s)
        due.append(held)

    def _on_due(self, event: simpy.Event) -> None:
        due: list[Held] = self._due.pop(event.value)  # type: ignore[arg-type]
        if self._is_over():
            return
        for held in due:
            j, r, start_s, _, scale, _ = held
            if self._held.get(j) is held and (self._free_of_rules or self._admit(held)):
                self._leave(j, r, start_s, scale)

    def _leave(self, j: int, r: int, start_s: float, scale: int) -> None:
        """Move what has to be moved, then queue."""
        moves = self._moves(j, r) if self._far else None
        if not moves:
            self._enqueue(j, r, start_s, scale)
            return
        now_s, network = self.now_s, self.world.network
        assert network is not None
        last_s = now_s
        for src, gb in moves:
            end_s = now_s + float(network.transfer_s(src, r, gb))
            self.history.moves.append(Move(j, src, r, now_s, end_s, gb))
            last_s = max(last_s, end_s)
        moving = Held(j, r, last_s, last_s + self._left_s(j, scale), scale, "moving")
        self._hold(moving)
        self._at_time(last_s, self._on_arrival, moving)

    def _on_arrival(self, event: simpy.Event) -> None:
        held: Held = event.value  # type: ignore[assignment]
        if self._held.get(held.job) is held and not self._is_over() and self._admit(held):
            self._enqueue(held.job, held.region, held.start_s, held.scale)

    def _moves(self, j: int, r: int) -> list[tuple[int, float]]:
        """Return from where how many GB must come: its state, or its input and its predecessors' output."""
        job = self._jobs[j]
        if j in self._done_s:
            sources = [(self._suspended.get(j, r), job.state_gb)]
        else:
            position = self._jobs.position
            before = [(self._ran_in[position[dep]], self._jobs[position[dep]].output_gb) for dep in set(job.deps)]
            sources = [(int(self._jobs.home[j]), job.data_gb), *before]
        return [(src, gb) for src, gb in sources if src != r and gb > 0]

    def _move_s(self, j: int, r: int) -> float:
        assert self.world.network is not None
        spans = (float(self.world.network.transfer_s(src, r, gb)) for src, gb in self._moves(j, r))
        return max(spans, default=0.0)

    def _admit(self, held: Held) -> bool:
        """Whether the rules let a due job start now; if not, it goes back to pending and the refusal is noted."""
        if self._free_of_rules:
            return True
        try:
            self._refuse_if_denied(held.job, held.region, held.scale, self._left_s(held.job, held.scale))
        except RuleDenied as denied:
            self._send_back(held.job)
            region = self.world.regions[held.region].id
            self.history.refusals.append(Refusal(self.now_s, self._jobs.id_of(held.job), region, denied.rule))
            return False
        return True

    def _enqueue(self, j: int, r: int, start_s: float, scale: int) -> None:
        """Start a due job if it fits and nobody waits before it, else let it wait in planned-start order."""
        pool = self._pools[r]
        if pool.take_if_free(*self._demand(j, scale)):
            self._start(j, r, scale)
            return
        self._hold(Held(j, r, start_s, start_s + self._left_s(j, scale), scale, "queued"))
        pool.wait((start_s, j, scale))
        self._drain(r)

    def _drain(self, r: int) -> None:
        """Start the head of the queue while it fits; nothing overtakes it. Wake servers for it if that would help."""
        pool = self._pools[r]
        while pool.queue and not self._is_over():
            _, j, scale = pool.queue[0]
            wanted = self._demand(j, scale)
            if not pool.fits(*wanted):
                if more := pool.lacking(*wanted):
                    self._wake(r, more)
                return
            pool.queue.pop(0)
            if self._admit(self._held[j]):
                pool.take(*wanted)
                self._start(j, r, scale)

    def _start(self, j: int, r: int, scale: int) -> None:
        """Let a job, whose room is taken, run from now to its true end; it reads its checkpoint first if it has one."""
        left_s, estimate_s = self._durations_s[j], self._estimate_s[j]
        if scale > 1 or j in self._done_s:
            left_s, estimate_s = self._go_on(j, scale)
        now_s = self._env.now
        held = Held(j, r, now_s, now_s + estimate_s, scale)
        if self._bookings or (self._not_running and j in self._not_running):
            self._hold(held)
        else:
            self._held[j] = held
            if self._looks_ahead:
                self._pools[r].commit(*self._demand(j, scale))
        self._env.timeout(left_s, held).callbacks.append(self._ended)
        if self._until_s and self._until_s.get(j, now_s) > now_s:
            self._at_time(self._until_s[j], self._on_until, held)

    def _on_until(self, event: simpy.Event) -> None:
        """Suspend a job whose stay was to last until now, if it still works."""
        held: Held = event.value  # type: ignore[assignment]
        j, checkpoint = held.job, self._jobs[held.job].checkpoint
        if self._held.get(j) is held and checkpoint and self._restoring_s.get(j, 0.0) <= self.now_s:
            self._pause(j, held, checkpoint)

    def _go_on(self, j: int, scale: int) -> tuple[float, float]:
        """Return the true and the estimated seconds to a job's end from where it stopped, reading its checkpoint."""
        estimate_s, restore_s = self._left_s(j, scale), 0.0
        if self._suspended.pop(j, None) is not None:
            restore_s = (self._jobs[j].checkpoint or _NO_CHECKPOINT).restore_s
            self._restoring_s[j] = self.now_s + restore_s
        left_s = max(0.0, self._durations_s[j] - self._done_s.get(j, 0.0))
        return restore_s + left_s / self._rate(j, scale), estimate_s

    def _on_end(self, event: simpy.Event) -> None:
        held: Held = event.value  # type: ignore[assignment]
        j, r, start_s, _, scale, _ = held
        if self._held.get(j) is not held:
            return  # it was suspended, resized, lost or cancelled before
        del self._held[j]
        if self._bookings:
            self._bookings.remove(j, self._env.now)
        if self._restoring_s:
            start_s = self._read_checkpoint(j, held)
        self.history.rows.append((j, r, start_s, self._env.now, scale, RUN, True))
        self._gone[j] = "finished"
        pool, wanted = self._pools[r], self._demand(j, scale)
        pool.give(*wanted)
        if self._looks_ahead:
            pool.release(*wanted)
        if self._successors:
            self._ran_in[j] = r
            self._unblock(j)
        if pool.queue or pool.saving:
            self._after_release(r)

    def _unblock(self, j: int) -> None:
        for after in self._successors.get(j, ()):
            self._waiting_for[after] -= 1
            if not self._waiting_for[after]:
                del self._waiting_for[after]
                if after < self._submitted and after not in self._gone:
                    bisect.insort(self._pending, after)

    def _stop_work(self, j: int, held: Held, kind: int) -> None:
        """Write down what an unfinished job did from its start until now; what it worked is kept unless it is lost."""
        now_s, from_s = self.now_s, self._read_checkpoint(j, held)
        if now_s > from_s:
            self.history.rows.append((j, held.region, from_s, now_s, held.scale, kind, False))
        if kind == RUN:
            self._done_s[j] = self._done_s.get(j, 0.0) + (now_s - from_s) * self._rate(j, held.scale)

    def _read_checkpoint(self, j: int, held: Held) -> float:
        """Write down the reading of a checkpoint with which a stay began, if it did; return when the work began."""
        until_s = min(self._restoring_s.pop(j, held.start_s), self.now_s)
        if until_s > held.start_s:
            self.history.rows.append((j, held.region, held.start_s, until_s, held.scale, RESTORE, False))
        return until_s

    def _pause(self, j: int, held: Held, checkpoint: Checkpoint) -> None:
        """Stop the work, write the checkpoint, then release."""
        self.history.suspensions.append(j)
        self._times_suspended[j] = self._times_suspended.get(j, 0) + 1
        self._until_s.pop(j, None)
        self._stop_work(j, held, RUN)
        end_s = self.now_s + checkpoint.save_s
        saving = Held(j, held.region, self.now_s, end_s, held.scale, "saving")
        self._hold(saving)
        if not checkpoint.save_s:
            self._saved(saving)
            return
        self._at_time(end_s, self._on_saved, saving)

    def _on_saved(self, event: simpy.Event) -> None:
        saving: Held = event.value  # type: ignore[assignment]
        if self._held.get(saving.job) is saving:
            self._saved(saving)

    def _saved(self, held: Held) -> None:
        j, r = held.job, held.region
        if self.now_s > held.start_s:
            self.history.rows.append((j, r, held.start_s, self.now_s, held.scale, SAVE, False))
        self._let_go(j)
        self._pools[r].give(*self._demand(j, held.scale))
        self._suspended[j] = r
        if j in self._after_save and not self._is_over():
            to, start_s, scale = self._after_save.pop(j)
            self._commit_if_allowed(j, to, max(start_s, self.now_s), scale)
        self._after_release(r)

    def _commit_if_allowed(self, j: int, r: int, start_s: float, scale: int) -> None:
        """Send a checkpointed job on its way; if a rule forbids it by now, it stays suspended and that is noted."""
        try:
            self._commit(j, r, start_s, scale)
        except RuleDenied as denied:
            region = self.world.regions[r].id
            self.history.refusals.append(Refusal(self.now_s, self._jobs.id_of(j), region, denied.rule))

    def _cancel(self, j: int) -> None:
        held = self._let_go(j) if j in self._held else None
        if held and held.state in ("running", "saving"):
            if held.state == "running":
                self._stop_work(j, held, RUN)
            else:
                self.history.rows.append((j, held.region, held.start_s, self.now_s, held.scale, SAVE, False))
            self._pools[held.region].give(*self._demand(j, held.scale))
        elif held and held.state == "queued":
            self._pools[held.region].leave(j)
        self._suspended.pop(j, None)
        self._gone[j] = "cancelled"
        self.history.cancelled.add(j)
        for after in self._successors.get(j, ()):
            if after not in self._gone:
                self._cancel(after)
        if held:
            self._after_release(held.region)

    def _is_over(self) -> bool:
        """Whether the horizon is reached: then runs still end, but none begins."""
        return bool(self._env.now >= self.world.horizon_s)

    def _close(self) -> None:
        """Run to the horizon, and write down what is still running as unfinished."""
        self._advance(self.world.horizon_s)
        for j, held in list(self._held.items()):
            if held.state == "running":
                self._stop_work(j, held, RUN)
            elif held.state == "saving" and self.now_s > held.start_s:
                self.history.rows.append((j, held.region, held.start_s, self.now_s, held.scale, SAVE, False))
        self._held.clear()
        self._servicing.close(self.now_s, self.history.served.append)

    # -- servers and services --------------------------------------------------------------------

    def _after_release(self, r: int) -> None:
        pool = self._pools[r]
        if pool.queue:
            self._drain(r)
        if pool.saving and pool.spare():
            starts = pool.starts
            self._at_time(
                self.now_s + pool.saving.off_after_s, lambda _: self._switch_off(r) if pool.starts == starts else None
            )

    def _note_switch(self, r: int) -> None:
        self.history.switches.append(Switch(self.now_s, r, self._pools[r].drawing))

    def _wake(self, r: int, servers: int) -> None:
        pool = self._pools[r]
        assert pool.saving
        pool.waking += servers
        self._note_switch(r)
        self._at_time(self.now_s + pool.saving.wake_s, lambda _: self._woken(r, servers))

    def _woken(self, r: int, servers: int) -> None:
        pool = self._pools[r]
        pool.waking -= servers
        pool.set_servers(on=pool.on + servers)
        self._drain(r)
        self._after_release(r)

    def _switch_off(self, r: int) -> None:
        pool = self._pools[r]
        if spare := pool.spare():
            pool.set_servers(on=pool.on - spare)
            self._note_switch(r)

    def _close_servers(self, r: int, closure: Any) -> None:
        """Take servers out of use: the jobs that began last make room, and lose what they did since they began."""
        pool = self._pools[r]
        self._known_closures.append((r, closure))
        if self._bookings and not closure.announced:
            self._bookings.close(r, self.now_s, closure.end_s, closure.servers)
        pool.set_servers(closed=pool.closed + closure.servers)
        self._note_switch(r)
        running = sorted((h for h in self._held.values() if h.region == r), key=lambda h: (h.start_s, h.job))
        for held in reversed([h for h in running if h.state == "running"]):
            if not pool.overfull:
                break
            self._stop_work(held.job, held, LOST)
            pool.give(*self._demand(held.job, held.scale))
            if held.job in self._done_s:
                self._suspended[held.job] = r  # its last checkpoint lies here
            self._send_back(held.job)

    def _open_servers(self, r: int, servers: int) -> None:
        pool = self._pools[r]
        pool.set_servers(closed=pool.closed - servers)
        self._note_switch(r)
        self._drain(r)

    def _serve(self, _: simpy.Event) -> None:
        """Size the services for the coming hour."""
        until_s = min(self.now_s + HOUR_S, self.world.horizon_s)
        if until_s <= self.now_s:
            return
        self._servicing.step(self.now_s, until_s, self.history.served.append, self._after_release)
        self._at_end_of(until_s, self._serve)

    # -- what is held, and the room ahead ---------------------------------------------------------

    def _open_books(self) -> None:
        """Begin to keep the room ahead up to date."""
        world = self.world
        self._bookings = Bookings(world.regions, world.epoch_s, world.horizon_s)
        for r, closure in self._known_closures:
            self._bookings.close(r, closure.start_s, closure.end_s, closure.servers)
        for held in self._held.values():
            self._book(held)
        self._rebook_queued()

    def _rebook_queued(self) -> None:
        """A job in a queue starts now at the earliest."""
        assert self._bookings
        for pool in self._pools:
            for _, j, scale in pool.queue:
                held = self._held[j]
                self._book(held._replace(start_s=self.now_s, end_s=self.now_s + self._left_s(j, scale)))

    def _book(self, held: Held) -> None:
        assert self._bookings
        demand = self._demand(held.job, held.scale)
        end_s = held.end_s
        if held.job in self._until_s:
            save_s = (self._jobs[held.job].checkpoint or _NO_CHECKPOINT).save_s
            end_s = min(end_s, max(held.start_s, self._until_s[held.job]) + save_s)
        self._bookings.add(held.job, held.region, held.start_s, end_s, demand)

    def _hold(self, held: Held) -> None:
        """Note where a job stands now, and what that means for the room ahead."""
        j, r, _, _, scale, state = held
        before = self._held.get(j)
        self._held[j] = held
        if state == "running":
            self._not_running.discard(j)
        else:
            self._not_running.add(j)
        if before is None:
            self._pools[r].commit(*self._demand(j, scale))
        elif before[1] != r or before[4] != scale:
            self._pools[before.region].release(*self._demand(j, before.scale))
            self._pools[r].commit(*self._demand(j, scale))
        if self._bookings:
            self._book(held)

    def _let_go(self, j: int) -> Held:
        """Forget where a job stands; what it had booked ahead is free again."""
        held = self._held.pop(j)
        self._gate.look_again()
        self._not_running.discard(j)
        self._pools[held.region].release(*self._demand(j, held.scale))
        if self._bookings:
            self._bookings.remove(j, self._env.now)
        return held

    def _demand(self, j: int, scale: int) -> tuple[float, float, float]:
        cpus, gpus, memory_gb = wanted = self._demands[j]
        return wanted if scale == 1 else (cpus * scale, gpus * scale, memory_gb * scale)

    def _rate(self, j: int, scale: int) -> float:
        return 1.0 if scale == 1 else self._jobs[j].throughput[scale - 1]

    def _left_s(self, j: int, scale: int) -> float:
        """Return the estimate of the seconds that a job still needs, reading its checkpoint included."""
        if j not in self._done_s:
            return float(self._estimate_s[j]) / self._rate(j, scale)
        read_s = (self._jobs[j].checkpoint or _NO_CHECKPOINT).restore_s if j in self._suspended else 0.0
        return float(read_s + max(0.0, self._estimate_s[j] - self._done_s[j]) / self._rate(j, scale))

    def _quotas(self) -> Quotas | None:
        return self._gate.quotas(self.now_s, self._held, self._open_rows())

    def _open_rows(self) -> Iterator[Row]:
        """Yield what runs, as rows of the history that end now."""
        now_s = self.now_s
        for j, (_, r, start_s, _, scale, state) in self._held.items():
            if state == "running":
                read_s = min(self._restoring_s.get(j, start_s), now_s)
                yield j, r, start_s, read_s, scale, RESTORE, False
                yield j, r, read_s, now_s, scale, RUN, False
            elif state == "saving":
                yield j, r, start_s, now_s, scale, SAVE, False

    def _running_beside(self, j: int, r: int) -> Iterator[Run]:
        """Yield what else runs in a region."""
        for held in self._held.values():
            if held.region == r and held.state in ("running", "saving") and held.job != j:
                yield self._demands[held.job][0] * held.scale, held.end_s

    def _refuse_suspension(self, j: int, held: Held | None = None) -> None:
        """Raise RuleDenied if a rule forbids to suspend the job again, from where it runs or, later, anywhere."""
        if self._free_of_rules:
            return
        times, due_s = self._times_suspended.get(j, 0), held.end_s if held else self.now_s
        r, scale = (held.region, held.scale) if held else (0, 1)
        save_s = (self._jobs[j].checkpoint or _NO_CHECKPOINT).save_s
        stay = Stay(self._jobs[j], r, scale, self.now_s, self.now_s + save_s)
        self._gate.suspend(stay, times, self._running_beside(j, r), due_s=due_s)

    def _refuse_if_denied(self, j: int, r: int, scale: int, left_s: float, *, goes_on: bool = False) -> None:
        """Raise RuleDenied if a rule forbids the job to start, or go on, in its region at this moment."""
        stay = Stay(self._jobs[j], r, scale, self.now_s, self.now_s + left_s)
        self._gate.start(j, stay, self._quotas(), self._running_beside(j, r), goes_on=goes_on)
