"""Schedulers that suspend: Let's Wait Awhile's Wait-Awhile (Wiesner et al., Middleware 2021) and Ecovisor's
suspend-and-resume (Souza et al., ASPLOS 2023), both as GAIA (Hanafy et al., ASPLOS 2024) defines and compares them.

Time is cut into cells: the intervals of the intensity signal, or the slots of the Timetable where room is short. A
policy says which seconds of each cell a job wants; its next stay begins with the first of them, and ends where it wants
no more for longer than a checkpoint takes. Only that stay is committed: once suspended, the job is planned anew from
what is left of it. It pauses only if, going on at the next decision after its checkpoint, it can still be in time.

Both know one region: a job begins at home, and goes on where its state lies. Where the room that it wants is taken it
looks again at what is left; a new job that finds no seconds at home in time runs in one go, elsewhere if home cannot;
a late one as early as it can. Jobs that cannot be suspended run in one go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sim.constraints import binds
from sim.jobs import Jobs
from sim.model import Checkpoint, Resume
from sim.open_work import SUSPENDED
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.shifting import at_home, plan_time_shift
from sim.timetable import Timetable
from sim.units import DAY_S, BoolArray, FloatArray, IntArray
from sim.view import View
from sim.world import ROUNDING_S

THRESHOLD = 0.3
"""Ecovisor runs while the intensity is below this quantile of the day after submission."""


@dataclass(frozen=True, eq=False)
class Waiting:
    """Jobs that wait to begin or, suspended, to go on: columns of shape (N,), those that have not begun first.

    Attributes:
        region: Home, or where the state lies.
        left_s: The estimate of the seconds left, reading the checkpoint of a suspended job included.
        end_s: When it must have ended, less the time that sleeping servers need to wake for its next stay.
        pausable: Whether it may be suspended; what a checkpoint takes is in `save_s` and `restore_s`.
    """

    jobs: Jobs
    suspended: BoolArray
    region: IntArray
    left_s: FloatArray
    end_s: FloatArray
    pausable: BoolArray
    save_s: FloatArray
    restore_s: FloatArray

    @classmethod
    def at(cls, view: View) -> Waiting:
        """Return what waits at a decision point."""
        work, jobs = view.waiting, view.waiting.jobs
        suspended = work.state == SUSPENDED
        region = np.where(suspended, work.region, jobs.home)
        wake_s = np.array([place.saving.wake_s if place.saving else 0.0 for place in view.regions])
        kept = [trait.checkpoint for trait in jobs.traits]
        costs = np.array([[c.save_s, c.restore_s] for c in (c or Checkpoint() for c in kept)]).reshape(-1, 2)
        return cls(
            jobs=jobs,
            suspended=suspended,
            region=region,
            left_s=work.remaining_s,
            end_s=jobs.deadline_s - jobs.tail_s - wake_s[region],
            pausable=work.pausable,
            save_s=costs[jobs.trait, 0],
            restore_s=costs[jobs.trait, 1],
        )

    def __len__(self) -> int:
        return len(self.left_s)

    def only(self, i: int) -> Waiting:
        """Return one of them alone."""
        columns = {name: values[i : i + 1] for name, values in vars(self).items() if name != "jobs"}
        return Waiting(self.jobs.take([i]), **columns)

    def latest_s(self, now_s: float) -> FloatArray:
        """Return the last moment to begin what is left and run it in one go; now for the late."""
        return np.maximum(self.end_s - self.left_s, now_s)


@dataclass(frozen=True, eq=False)
class Cells:
    """The time ahead in K cells, from now on, and the forecast intensity of R regions in each."""

    edges_s: FloatArray  # (K + 1,)
    intensity: FloatArray  # (R, K)

    @classmethod
    def samples(cls, view: View, until_s: float) -> Cells:
        """Return the signal's own intervals, as far as some moment."""
        outlook = view.intensity_outlook
        count = min(outlook.values.shape[1], max(1, int(np.ceil((until_s - outlook.start_s) / outlook.step_s))))
        edges_s = outlook.start_s + outlook.step_s * np.arange(count + 1.0)
        edges_s[0] = view.now_s
        return cls(edges_s, outlook.values[:, :count])

    @classmethod
    def slots(cls, timetable: Timetable) -> Cells:
        """Return the slots of a Timetable."""
        edges_s = timetable.edges_s
        return cls(edges_s, timetable.view.intensity_outlook.over_slots(edges_s) / timetable.view.epoch_s)

    def within(self, end_s: FloatArray) -> FloatArray:
        """Return the seconds of each cell before each of N moments, shape (N, K)."""
        return np.clip(np.minimum(self.edges_s[1:], end_s[:, None]) - self.edges_s[:-1], 0.0, None)


Stays = tuple[FloatArray, FloatArray]
"""When each job's next stay begins and when it is to be suspended (infinity: not at all), shape (N,) each."""

Wants = Callable[[View, Waiting, Cells, FloatArray], FloatArray]
"""From the seconds that each job may have of each cell to those that it wants, from the cell's beginning on, (N, K)."""


def cheapest_seconds(view: View, waiting: Waiting, cells: Cells, spans_s: FloatArray) -> FloatArray:
    """Want as many of the cleanest seconds as are left to run, the earlier of equals (Wait-Awhile)."""
    order = np.argsort(cells.intensity, axis=1, kind="stable")[waiting.region]
    wanted_s = _fill(waiting.left_s, spans_s, order)
    if waiting.restore_s.any():  # each pause costs reading the checkpoint again
        pauses = np.maximum(_stops(cells, wanted_s, waiting).sum(axis=1) - 1, 0)
        wanted_s = _fill(waiting.left_s + pauses * waiting.restore_s, spans_s, order)
    return wanted_s


def seconds_below_threshold(view: View, waiting: Waiting, cells: Cells, spans_s: FloatArray) -> FloatArray:
    """Want every second below the 30th percentile of the day after submission, as it was and is forecast (Ecovisor)."""
    return np.where(cells.intensity[waiting.region] < _thresholds(view, waiting)[:, None], spans_s, 0.0)


def earliest_seconds(view: View, waiting: Waiting, cells: Cells, spans_s: FloatArray) -> FloatArray:
    """Want the first seconds that there are: for the late."""
    order = np.broadcast_to(np.arange(spans_s.shape[1]), spans_s.shape)
    return _fill(waiting.left_s, spans_s, order)


def _fill(needed_s: FloatArray, spans_s: FloatArray, order: IntArray) -> FloatArray:
    """Return the needed seconds taken from the cells in an order, shape (N, K)."""
    each = np.arange(len(order))[:, None]
    ordered = spans_s[each, order]
    before = np.cumsum(ordered, axis=1) - ordered
    wanted = np.empty_like(spans_s)
    wanted[each, order] = np.clip(needed_s[:, None] - before, 0.0, ordered)
    wanted[wanted < ROUNDING_S] = 0.0
    return wanted


def _thresholds(view: View, waiting: Waiting) -> FloatArray:
    """Return the intensity that is not exceeded for THRESHOLD of the day after each submission, shape (N,)."""
    submit_s = waiting.jobs.submit_s[:, None]
    course = view.intensity_since(float(submit_s.min()))
    left_s = course.start_s + course.step_s * np.arange(course.values.shape[1])
    spans_s = np.clip(np.minimum(left_s + course.step_s, submit_s + DAY_S) - np.maximum(left_s, submit_s), 0.0, None)
    order = np.argsort(course.values, axis=1, kind="stable")[waiting.region]
    each = np.arange(len(order))
    passed = np.cumsum(spans_s[each[:, None], order], axis=1) > THRESHOLD * DAY_S
    return np.asarray(course.values[waiting.region, order[each, np.argmax(passed, axis=1)]])


def _stops(cells: Cells, wanted_s: FloatArray, waiting: Waiting) -> BoolArray:
    """Return in which cells a stay ends, since no wanted second follows for a while, shape (N, K).

    A gap in which a checkpoint could not be written and read again ends no stay.
    """
    begin_s = cells.edges_s[:-1]
    begins_s = np.where(wanted_s > 0, begin_s, np.inf)
    next_s = np.full_like(begins_s, np.inf)
    next_s[:, :-1] = np.minimum.accumulate(begins_s[:, :0:-1], axis=1)[:, ::-1]
    bridge_s = (waiting.save_s + waiting.restore_s + ROUNDING_S)[:, None]
    return np.asarray((wanted_s > 0) & (next_s - (begin_s + wanted_s) > bridge_s))


def next_stays(view: View, waiting: Waiting, cells: Cells, wanted_s: FloatArray) -> Stays:
    """Return each job's next stay: from the first second that it wants, or from the last moment to be in time."""
    each = np.arange(len(waiting))
    first = np.argmax(wanted_s > 0, axis=1)
    last = np.argmax(_stops(cells, wanted_s, waiting), axis=1)
    start_s = np.where(wanted_s.any(axis=1), cells.edges_s[first], np.inf)
    until_s = cells.edges_s[last] + wanted_s[each, last]
    start_s = np.where(waiting.left_s > ROUNDING_S, start_s, view.now_s)  # its estimate is used up: nobody knows
    latest_s = waiting.latest_s(view.now_s)
    runs_on = (start_s > latest_s) | ~_may_pause(view, waiting, start_s, until_s)
    return np.minimum(start_s, latest_s), np.where(runs_on, np.inf, until_s)


def _may_pause(view: View, waiting: Waiting, start_s: FloatArray, until_s: FloatArray) -> BoolArray:
    """Return whether something is left, with time to spare, and the next decision after the pause is not too late."""
    rest_s = waiting.left_s - (until_s - start_s)
    ends = waiting.pausable & (rest_s > ROUNDING_S)
    rest_s = rest_s + waiting.restore_s
    saved_s = until_s + waiting.save_s
    decided_s = np.ceil(saved_s / view.epoch_s - ROUNDING_S) * view.epoch_s
    spare = saved_s + rest_s < waiting.end_s - ROUNDING_S
    return ends & spare & (decided_s + rest_s <= waiting.end_s + ROUNDING_S)


def plan_wait_awhile(view: View) -> Plan:
    """In the cleanest seconds before the deadline by the forecast, suspended in between."""
    return _plan(view, cheapest_seconds)


def plan_ecovisor(view: View) -> Plan:
    """While the intensity is below a threshold, suspended above it, until the slack is used up; then to the end."""
    return _plan(view, seconds_below_threshold)


def _plan(view: View, wants: Wants) -> Plan:
    if not (len(view.pending) or view.suspended):
        return Plan.of(view, [])
    waiting = Waiting.at(view)
    if not (waiting.pausable | waiting.suspended).any():
        return plan_time_shift(view)
    if not view.ample:
        return _in_turn(view, waiting, wants)
    cells = Cells.samples(view, float(waiting.end_s.max()))
    start_s, until_s = next_stays(view, waiting, cells, wants(view, waiting, cells, cells.within(waiting.end_s)))
    if not waiting.pausable.all():
        start_s = _with_whole_runs(waiting, Timetable(view), start_s)
    return _as_plan(view, waiting, np.arange(len(waiting)), waiting.region, start_s, until_s)


def _with_whole_runs(waiting: Waiting, timetable: Timetable, start_s: FloatArray) -> FloatArray:
    """Return the starts, those of jobs that run in one go as under time-shift."""
    rigid = np.flatnonzero(~(waiting.pausable | waiting.suspended))
    if len(rigid):
        slot = timetable.cheapest(waiting.jobs.take(rigid), home_only=True).slot
        start_s[rigid] = timetable.edges_s[np.maximum(slot, 0)]
    return start_s


def _as_plan(
    view: View, waiting: Waiting, which: IntArray, region: IntArray, start_s: FloatArray, until_s: FloatArray
) -> Plan:
    """Return the stays of some of the waiting jobs: runs of those that have not begun, and resumptions."""
    begun = waiting.suspended[which]
    ids, new = waiting.jobs.take(which[begun]).ids if begun.any() else [], ~begun
    jobs = waiting.jobs.take(which[new])
    return Plan(
        view.regions,
        jobs,
        region[new],
        start_s[new],
        late=start_s[new] > jobs.latest_start_s + ROUNDING_S,
        until_s=until_s[new] if np.isfinite(until_s[new]).any() else None,
        actions=tuple(
            Resume(job_id, begin_s, until_s=end_s)
            for job_id, begin_s, end_s in zip(ids, start_s[begun].tolist(), until_s[begun].tolist(), strict=True)
        ),
    )


def _in_turn(view: View, waiting: Waiting, wants: Wants) -> Plan:
    """Book stays one by one where room is short: the urgent first, then what is suspended, then what is new."""
    timetable = Timetable(view)
    cells = Cells.slots(timetable)
    spans_s = cells.within(waiting.end_s) * timetable.open_slots(waiting.jobs, waiting.region)
    wanted_s = wants(view, waiting, cells, spans_s)
    start_s, until_s = next_stays(view, waiting, cells, wanted_s)
    start_s = _with_whole_runs(waiting, timetable, start_s)
    urgent = waiting.latest_s(view.now_s) < view.now_s + view.epoch_s
    rows, rules = [], binds(view.constraints)
    for i in np.lexsort((~waiting.suspended, ~urgent)).tolist():
        one, stay, r = waiting.only(i), (float(start_s[i]), float(until_s[i])), int(waiting.region[i])
        if not rules and _booked(timetable, one, stay, wanted_s[i]):
            rows.append((i, r, *stay))
        elif found := _alone(view, timetable, cells, one, wants):
            rows.append((i, *found))
    which, region, starts_s, untils_s = np.array(rows).reshape(-1, 4).T
    return _as_plan(view, waiting, which.astype(int), region.astype(int), starts_s, untils_s)


def _booked(timetable: Timetable, one: Waiting, stay: tuple[float, float], wanted_s: FloatArray) -> bool:
    """Book one job's stay, with the writing of its checkpoint and what it will want after it, if all has room."""
    job, r, (start_s, until_s) = one.jobs[0], int(one.region[0]), stay
    end_s = min(until_s + float(one.save_s[0]), start_s + float(one.left_s[0]))
    slots = np.zeros(len(wanted_s), dtype=bool)
    if np.isfinite(until_s):
        slots = (wanted_s > 0) & (np.cumsum(wanted_s) - wanted_s < one.left_s[0])
    slots[timetable.touched(start_s, end_s)] = True
    fits = timetable.has_room(job, r, slots)
    if fits:
        timetable.take(job, r, slots)
        timetable.rules.take(job, r, start_s)
    return fits


def _alone(
    view: View, timetable: Timetable, cells: Cells, one: Waiting, wants: Wants
) -> tuple[int, float, float] | None:
    """Book one job's stay (region, start, until) in the slots that are still open to it, else a run in one go."""
    r, open_ = int(one.region[0]), timetable.open_slots(one.jobs, one.region)
    spans_s = cells.within(one.end_s) * open_
    if one.pausable[0] and spans_s.sum() >= one.left_s[0] - ROUNDING_S:
        stay = _stay_if_room(view, timetable, cells, one, wants(view, one, cells, spans_s))
        if stay:
            return r, *stay
    if not one.suspended[0]:
        run = timetable.assign(one.jobs[0], at_home(view))
        return (view.region_index[run.region], run.start_s, np.inf) if run else None
    late = replace(one, end_s=np.full(1, np.inf))
    spans_s = cells.within(late.end_s) * open_
    stay = _stay_if_room(view, timetable, cells, late, earliest_seconds(view, late, cells, spans_s))
    return (r, *stay) if stay else None


def _stay_if_room(
    view: View, timetable: Timetable, cells: Cells, one: Waiting, wanted_s: FloatArray
) -> tuple[float, float] | None:
    """Book one job's next stay (start, until) if it has room and does not begin later than the rules allow."""
    start_s, until_s = (float(column[0]) for column in next_stays(view, one, cells, wanted_s))
    last_s = np.inf if one.suspended[0] else timetable.last_start_s(one.jobs[0])
    in_time = np.isfinite(start_s) and start_s <= last_s + ROUNDING_S
    return (start_s, until_s) if in_time and _booked(timetable, one, (start_s, until_s), wanted_s[0]) else None


FAMILY = (
    Scheduler(
        "wait-awhile",
        "carbon",
        "Let's Wait Awhile (Wiesner et al., Middleware 2021), interruptible, with capacity and checkpoints",
        plan_wait_awhile,
        rolling=False,
        acts=True,
    ),
    Scheduler(
        "ecovisor",
        "carbon",
        "Ecovisor (Souza et al., ASPLOS 2023) as in GAIA: suspended above a threshold, with capacity and checkpoints",
        plan_ecovisor,
        rolling=False,
        acts=True,
    ),
)
