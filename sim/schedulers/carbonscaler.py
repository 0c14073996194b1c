"""CarbonScaler (Hanafy et al., SIGMETRICS 2024): elastic jobs run wide while the grid is clean, and narrow while not.

The greedy of the paper (see `marginal`) plans each job anew at every epoch, from the work that is left and a new
forecast. Simplifications and additions:

- Jobs stay at home. They choose in the order of their slack, each in the room that those before it left.
- A worker draws the power of any other, so its carbon is that of the slot.
- A job that can be suspended but not scaled has one worker to choose: suspend-resume. One that can be scaled but not
  suspended starts as its best run of a fixed scale would, and keeps one worker at least from then on.
- What has no lever is shifted as `time-shift` does, and so is what home cannot finish in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.constraints import binds
from sim.model import Checkpoint, Decision, Job, Resize, Resume, Suspend, demand
from sim.open_work import PENDING, RUNNING, SUSPENDED, OpenWork
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.marginal import best_fixed_scale, emitted, most_work_per_carbon, unbroken
from sim.schedulers.shifting import shift_at_home
from sim.timetable import Assignment, Timetable
from sim.units import BoolArray, FloatArray, IntArray
from sim.view import View

_EPS = 1e-6
_CHUNK = 256
"""Jobs that are planned at once: their pairs fit the processor's cache."""


@dataclass(frozen=True, eq=False)
class _Task:
    """A job that can be scaled or suspended, and what is left of it: seconds of one worker, to be done by a moment.

    `pause_s` is the work that a suspension costs: nothing else is done while its checkpoint is written and read, and
    while servers wake for it. `steady` says that it cannot be suspended.
    """

    job: Job
    demand: FloatArray
    state: int
    region: int
    scale: int
    needed_s: float
    deadline_s: float
    throughput: FloatArray
    pause_s: float
    steady: bool


def _tasks(view: View, work: OpenWork, at: IntArray) -> list[_Task]:
    """Return open jobs at these positions as tasks."""
    columns = (at, work.state[at], work.region[at], work.scale[at], work.remaining_s[at], ~work.pausable[at])
    by_s = (work.jobs.deadline_s - work.jobs.tail_s)[at].tolist()
    wakes_s = [region.saving.wake_s if region.saving else 0.0 for region in view.regions]
    tasks = []
    for i, state, r, scale, left_s, steady, deadline_s in zip(
        *(column.tolist() for column in columns), by_s, strict=True
    ):
        job = work.jobs[i]
        region = view.region_index[job.home] if state == PENDING else r
        throughput = np.array(job.throughput or (1.0,))
        fastest, checkpoint = float(throughput.max()), job.checkpoint or Checkpoint()
        needed_s = max(left_s, 1.0)
        if state == SUSPENDED:  # more workers do not read a checkpoint faster
            needed_s += checkpoint.restore_s * (fastest - 1.0)
        if state != RUNNING:
            needed_s += wakes_s[region] * fastest
        pause_s = (checkpoint.save_s + checkpoint.restore_s + wakes_s[region]) * fastest
        tasks.append(_Task(job, demand(job), state, region, scale, needed_s, deadline_s, throughput, pause_s, steady))
    return tasks


class _Planner:
    """Plans tasks one after another on a timetable; `runs` and `actions` are what follows for now.

    `unplaced` are pending jobs that home cannot finish in time.
    """

    def __init__(self, view: View, timetable: Timetable) -> None:
        self.view, self.timetable = view, timetable
        self.spare = _spare(view)
        self.rules = binds(view.constraints)
        self.runs: list[Assignment] = []
        self.actions: list[Decision] = []
        self.unplaced: list[Job] = []

    def plan(self, tasks: Sequence[_Task]) -> None:
        """Plan pending tasks as if each were alone, then all in turn, anew where the room for that is gone."""
        for task in tasks:
            if task.state == RUNNING:
                self._hold(task, np.full(self._slots(task), -task.scale))
        wishes = self._wishes([task for task in tasks if task.state == PENDING])
        for task in tasks:
            workers = wishes.get(task.job.id)
            if workers is None or not self._fits(task, workers):
                workers = self._alone(task)
            self._carry_out(task, workers)

    def _slots(self, task: _Task) -> int:
        """Return how many slots a running task has booked."""
        left_s = task.needed_s / task.throughput[task.scale - 1]
        return max(1, int(np.ceil(left_s / self.view.epoch_s - 1e-9)))

    # -- what a task may use ---------------------------------------------------------------------

    def _seconds(self, deadline_s: FloatArray) -> FloatArray:
        """Return how much of each slot lies before each deadline, shape (P, K)."""
        return np.clip(deadline_s[:, None] - self.timetable.edges_s[:-1], 0.0, self.view.epoch_s)

    def _fits(self, task: _Task, workers: IntArray) -> bool:
        room = self.timetable.free[task.region, : len(workers)]
        return bool((workers[:, None] * task.demand <= room + _EPS).all())

    def _most(self, task: _Task) -> IntArray:
        """Return how many workers each slot has room for and the rules allow, shape (K,)."""
        room = self.timetable.free[task.region]
        if task.state != PENDING:  # it cannot wait in a queue: only what is free at this moment counts
            now = np.minimum(room[0], self.spare[task.region] + task.scale * task.demand)
            room = np.vstack([now, room[1:]])
        workers = _whole(room, task.demand, len(task.throughput))
        if task.state == RUNNING and task.steady:
            return np.maximum(workers, 1)
        return workers if not self.rules else np.where(self._allowed(task), workers, 0)

    def _allowed(self, task: _Task) -> BoolArray:
        starts_s, timetable = self.timetable.edges_s[:-1], self.timetable
        allowed = self.view.constraints.allowed(
            task.job, starts_s, intensity=timetable.intensity, price=timetable.price
        )
        running = (np.arange(len(starts_s)) == 0) & (task.state == RUNNING)  # it runs on, and does not start
        return np.asarray(allowed[task.region] | running)

    # -- many tasks, as if each were alone --------------------------------------------------------

    def _wishes(self, pending: Sequence[_Task]) -> dict[str, IntArray]:
        """Return by job id the workers, shape (<= K,), of those that home can finish in time."""
        found: dict[str, IntArray] = {}
        if self.rules:
            return found
        groups: dict[tuple[object, ...], list[_Task]] = {}
        for task in pending:
            groups.setdefault((task.steady, *task.throughput.tolist()), []).append(task)
        for group in groups.values():
            for first in range(0, len(group), _CHUNK):
                found.update(self._wish(group[first : first + _CHUNK]))
        return found

    def _wish(self, tasks: Sequence[_Task]) -> dict[str, IntArray]:
        seconds = self._seconds(np.array([task.deadline_s for task in tasks]))
        slots = max(1, int((seconds > 0).sum(axis=1).max()))
        regions = [task.region for task in tasks]
        wanted = np.array([task.demand for task in tasks])[:, None, :]
        most = _whole(self.timetable.free[regions, :slots], wanted, len(tasks[0].throughput))
        carbon, needed_s = self.timetable.slot_g_per_w[regions, :slots], np.array([task.needed_s for task in tasks])
        rows = (carbon, seconds[:, :slots], tasks[0].throughput, needed_s)
        if tasks[0].steady:
            workers, enough = best_fixed_scale(*rows, most, self.view.epoch_s)
        else:
            workers, enough = most_work_per_carbon(*rows, np.zeros_like(most), most)
        return {task.job.id: row for task, row, whole in zip(tasks, workers, enough, strict=True) if whole}

    # -- one task in what room is left --------------------------------------------------------------

    def _alone(self, task: _Task) -> IntArray | None:
        """Return a task's workers, shape (K,); None if they cannot do the work in time."""
        if task.state == PENDING and task.steady:
            return None if self.rules else self._wish([task]).get(task.job.id)
        most, seconds = self._most(task), self._seconds(np.array([task.deadline_s]))[0]
        carbon = self.timetable.slot_g_per_w[task.region]
        if task.state == SUSPENDED and task.steady and not most[0]:
            return np.zeros_like(most)  # it goes on as soon as it can, and then to its end
        if task.steady:
            return unbroken(carbon, seconds, task.throughput, task.needed_s, most)

        def greedy(needed_s: float, least: IntArray, most: IntArray) -> IntArray | None:
            workers, enough = most_work_per_carbon(
                carbon[None], seconds[None], task.throughput, np.array([needed_s]), least[None], most[None]
            )
            return workers[0] if enough[0] else None

        def grams(workers: IntArray, needed_s: float) -> float:
            return float(emitted(workers, carbon, seconds, task.throughput, needed_s))

        now = (np.arange(len(most)) == 0).astype(np.int64)
        must_start = task.state == PENDING and self._delay_rule_ends(task.job)
        workers = greedy(task.needed_s, now * must_start, most)
        if workers is None or task.state != RUNNING or workers[0]:
            return workers
        on = greedy(task.needed_s, now, most)
        after_s = task.needed_s + task.pause_s
        paused = greedy(after_s, 0 * now, most * (1 - now))
        if paused is not None and (on is None or grams(paused, after_s) < grams(on, task.needed_s) * (1 - _EPS)):
            return paused
        return on

    def _delay_rule_ends(self, job: Job) -> bool:
        return self.view.constraints.latest_start_s(job) < self.view.now_s + self.view.epoch_s

    # -- what follows for now ------------------------------------------------------------------------

    def _carry_out(self, task: _Task, workers: IntArray | None) -> None:
        if workers is None and task.state == PENDING:
            self.unplaced.append(task.job)
            return
        if workers is None:  # out of reach: all that there is room for, and one worker in any case
            workers = np.array([max(1, min(int(self._most(task)[0]), _useful(task.throughput)))])
        self._hold(task, workers)
        scale = int(workers[0])
        if task.state == PENDING:
            self._start(task, scale)
        elif task.state == SUSPENDED and scale:
            self._act(task, Resume(task.job.id, self.view.now_s, scale), scale)
        elif task.state == RUNNING and not scale:
            self._act(task, Suspend(task.job.id), 0)
        elif task.state == RUNNING and scale != task.scale:
            self._act(task, Resize(task.job.id, scale), scale)

    def _start(self, task: _Task, scale: int) -> None:
        if scale:
            region = self.view.regions[task.region].id
            self.runs.append(Assignment(task.job, region, self.view.now_s, None, None, late=False, scale=scale))

    def _act(self, task: _Task, action: Decision, scale: int) -> None:
        self.actions.append(action)
        if scale or not (
            task.job.checkpoint and task.job.checkpoint.save_s
        ):  # while its checkpoint is written, a job holds what it holds
            self.spare[task.region] -= (scale - task.scale) * task.demand

    def _hold(self, task: _Task, workers: IntArray) -> None:
        self.timetable.take_amounts(task.region, workers[:, None] * task.demand)


def _useful(throughput: FloatArray) -> int:
    """Return with how many workers a job is fastest."""
    return int(np.argmax(throughput)) + 1


def _whole(room: FloatArray, wanted: FloatArray, most: int) -> IntArray:
    """Return how many workers fit into room, shape (..., 3) without its last axis; no more than so many."""
    share = np.divide(room + _EPS, wanted, out=np.full(room.shape, np.inf), where=wanted > 0).min(axis=-1)
    return np.asarray(np.clip(share, 0, most).astype(np.int64))


def _spare(view: View) -> FloatArray:
    """Return what is free in each region now and not waited for in its queue, shape (R, 3)."""
    spare = view.free.copy()
    for held in view.commitments:
        if held.state == "queued":
            spare[view.region_index[held.region]] -= held.scale * demand(held.job)
    return spare


def plan_carbonscaler(view: View) -> Plan:
    """Scale, suspend and resume what can be; shift the rest."""
    work = view.work
    levers = work.pausable | (work.state != PENDING) | work.jobs.elastic[work.jobs.trait]
    if levers.any():
        view = replace(view, ample=False)  # that there is ample room counts on one worker a job
    timetable = Timetable(view)
    rigid = work.jobs.take(np.flatnonzero(~levers))
    urgent = rigid.latest_start_s < view.now_s + view.epoch_s
    plan = shift_at_home(view, rigid.take(np.flatnonzero(urgent)), timetable)
    overdue = (work.state == RUNNING) & (work.remaining_s <= 0)  # nobody knows what is left: it goes on as it is
    at = np.flatnonzero(levers & ~overdue)
    planner = _Planner(view, timetable)
    planner.plan(_tasks(view, work, at[np.argsort(work.latest_start_s[at], kind="stable")]))
    if planner.runs:
        plan = plan.joined(Plan.of(view, planner.runs))
    unplaced = view.pending.take([view.pending.position[job.id] for job in planner.unplaced])
    for jobs in (unplaced, rigid.take(np.flatnonzero(~urgent))):
        if len(jobs):
            plan = plan.joined(shift_at_home(view, jobs, timetable))
    return plan.doing(tuple(planner.actions))


FAMILY = (
    Scheduler(
        "carbonscaler",
        "carbon",
        "CarbonScaler (Hanafy et al., SIGMETRICS 2024): workers by marginal work per carbon, at home, in turn by slack",
        plan_carbonscaler,
        rolling=False,
        acts=True,
    ),
)
