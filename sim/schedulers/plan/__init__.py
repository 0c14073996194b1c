"""`plan`: a rolling-horizon optimiser over every lever of the engine. Ours.

At each decision all that is open is planned anew on what is expected of the grid (`outlook`), and only what falls into
the coming slot is done. Services' requests are routed first (`routing`) and room is held for their replicas. Rigid jobs
are packed into the hours ahead (`packing`), better than one after another where room is short (`search`), and so are
those with a checkpoint that pauses would hardly serve; the others, and what is under way, work or wait through the
coming slot (`levers`, `coming_slot`). Where thousands wait for short room, they are planned as a crowd (`crowd`). A
start-time MILP does not solve at this size, and is not tried.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.jobs import Jobs
from sim.model import Decision, Job, Place, Resume, demand
from sim.open_work import PENDING, SUSPENDED, OpenWork
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.plan.coming_slot import decide, worth_pausing
from sim.schedulers.plan.crowd import plan_crowd
from sim.schedulers.plan.handover import take_over
from sim.schedulers.plan.outlook import expected
from sim.schedulers.plan.packing import Packing, State, fill
from sim.schedulers.plan.prices import room_prices
from sim.schedulers.plan.reserve import held_back
from sim.schedulers.plan.search import improve
from sim.schedulers.plan.settings import USUAL, Settings, hurried
from sim.schedulers.routing import Routing
from sim.timetable import Assignment, Options, Timetable
from sim.units import BoolArray, FloatArray, IntArray
from sim.view import View

TRIES_PER_JOB, TRIES, MOST_WORK = 1, 1000, 1_000_000
"""Moves that local search may try in an epoch: a job, in all, and times the number of jobs."""
LAST_RESORT = 200
"""So many jobs that can no longer be in time are looked at in an epoch, the most overdue first."""
LAST_CALL = 2.0
"""So many epochs before its latest start a job with a checkpoint is packed as if it had none."""
LOSS_WORTH_PRICING = 0.03
"""Room is priced where the jobs lose more than this share to one another."""
MANY = 1500
"""More pending jobs than this, where room is short, are a crowd: planned by prices of room, not one by one."""
MOST_SOFT = 100
"""So many pending jobs of a crowd may be planned with pauses, those that save most by them."""
SQUEAKS = 6
"""So often who found no spot in time may choose first, and all choose again (Joslin and Clements 1999)."""
LOSS_WORTH_SEARCHING = 0.005
"""A packing that emits no more than this share above each job's own best is left as it is."""


def plan(view: View, settings: Settings = USUAL) -> Plan:
    """Plan all that is open; start, suspend, resume, resize and move what the coming slot asks for."""
    if settings.haste:
        view = hurried(view, settings.haste)
    timetable = Timetable(view, expected(view, risk=settings.risk, usd_weight_g=settings.usd_weight_g))
    routing = _routed(view, timetable)
    work = view.work
    bound = view.constraints.concerns(work.jobs)
    ruled = _within_rules(view, timetable, bound) if bound.any() else None
    soft = _is_soft(view, timetable, work, ~bound)
    rigid = view.pending.take(np.flatnonzero(~(soft | bound)[: len(view.pending)]))
    spare = np.zeros_like(timetable.free) if view.ample else held_back(view, timetable, settings.spare)
    packed, stranded = _pack(view, timetable, rigid, spare)
    free = _free_now(view, packed)
    if ruled:
        free -= _taken_now(view, ruled)
    wanted = _wanted_next(timetable)
    free -= wanted
    actions, late = decide(timetable, work, np.flatnonzero(soft), free, spare[:, 0])
    free += wanted
    last = (timetable.assign(job, _carbon) for job in (*stranded, *(work.jobs[p] for p in late)))
    starts = [action for action in actions if isinstance(action, Place)]
    others: list[Decision] = [action for action in actions if not isinstance(action, Place)]
    if not view.ample:
        packed = take_over(view, packed, free, {getattr(action, "job_id", "") for action in others})
    if routing:  # servers go off after jobs have grown into what is free on them
        others += routing.actions
    if ruled:
        packed = ruled.joined(packed)
    return _joined(view, packed, starts, [run for run in last if run], others)


def _routed(view: View, timetable: Timetable) -> Routing | None:
    """Route the services' requests of the coming hour, in the room that jobs leave which cannot wait."""
    if not view.services:
        return None
    routing = Routing(view, timetable)
    taken = _hold_for_urgent(view, timetable, view.pending)
    routing.route()
    timetable.free += taken  # those jobs are packed with the others, within the rules as they were
    timetable.rules = view.constraints.draft()
    return routing


def _hold_for_urgent(view: View, timetable: Timetable, jobs: Jobs) -> FloatArray:
    """Take the room of jobs that cannot wait, the most overdue first, shape (R, K, 3): it is to be given back."""
    urgent = np.flatnonzero(jobs.latest_start_s < view.now_s + view.epoch_s)
    before = timetable.free.copy()
    for job in _most_overdue(jobs, urgent):
        timetable.assign(job, _carbon)
    return np.asarray(before - timetable.free)


def _carbon(options: Options) -> FloatArray:
    return options.carbon_g


def _is_soft(view: View, timetable: Timetable, work: OpenWork, among: BoolArray) -> BoolArray:
    """Return which of these jobs the levers decide on: all that are under way, and pending ones that pauses serve.

    Data that must move first make a pending job a rigid one, and so does its last call: then it needs room at once,
    before the rigid ones that can wait. Who would hardly pause finds a better place among all of them, too.
    """
    checkpoint = np.array([trait.checkpoint is not None for trait in work.jobs.traits], dtype=bool)[work.jobs.trait]
    far = (work.jobs.data_gb > 0) if view.network is not None else np.zeros(len(work), dtype=bool)
    calm = work.latest_start_s >= view.now_s + LAST_CALL * view.epoch_s
    soft = np.asarray(among & ((work.state != PENDING) | (checkpoint & ~far & calm)))
    pending = np.flatnonzero(soft & (work.state == PENDING))
    crowded = len(view.pending) > MANY and not view.ample
    soft[pending] = worth_pausing(timetable, work, pending, MOST_SOFT if crowded else None)
    return soft


def _pack(view: View, timetable: Timetable, jobs: Jobs, spare: FloatArray) -> tuple[Plan, list[Job]]:
    """Return the planned runs of rigid jobs, those of later slots too, and the most overdue of those without one."""
    if not len(jobs):
        return Plan.of(view, []), []
    if view.ample:
        choices = timetable.cheapest(jobs)
        if choices.slot.min() >= 0:
            start_s, late = timetable.edges_s[choices.slot], np.zeros(len(jobs), dtype=bool)
            return Plan(view.regions, jobs, choices.region, start_s, late, choices.carbon_g), []
    if len(jobs) > MANY and not _data_move(view, jobs):
        timely, left = plan_crowd(timetable, jobs, spare)
        return timely, _most_overdue(jobs, left)
    packing = _best_filling(view, timetable, jobs, spare)
    if _loss_share(packing) > LOSS_WORTH_SEARCHING:
        with packing.keeping(spare):
            improve(packing, min(TRIES, TRIES_PER_JOB * len(jobs), MOST_WORK // len(jobs)))
    placed = np.flatnonzero(packing.placed)
    timely = Plan(
        regions=view.regions,
        jobs=jobs.take(placed),
        region=packing.region[placed],
        start_s=timetable.edges_s[packing.slot[placed]],
        late=np.zeros(len(placed), dtype=bool),
        carbon_g=packing.carbon_g[placed],
    )
    return timely, _most_overdue(jobs, np.flatnonzero(~packing.placed))


def _data_move(view: View, jobs: Jobs) -> bool:
    return view.network is not None and bool(jobs.data_gb.any())


def _most_overdue(jobs: Jobs, rows: IntArray) -> list[Job]:
    most_overdue = rows[np.argsort(jobs.latest_start_s[rows], kind="stable")][:LAST_RESORT]
    return [jobs[p] for p in most_overdue.tolist()]


def _best_filling(view: View, timetable: Timetable, jobs: Jobs, spare: FloatArray) -> Packing:
    """Return the best of a few fillings: more jobs in time first, then less carbon.

    The jobs of most energy choose first, or those with least slack, or the widest; and where that loses much, once
    more with prices of room. Who must start before the next decision goes first in all; the spare room is for those,
    and for who finds no other.
    """
    packing = Packing(timetable, jobs)
    empty = packing.free.copy()
    urgent = jobs.latest_start_s < view.now_s + view.epoch_s
    energy, slack = -jobs.cpus * jobs.duration_estimate_s, jobs.latest_start_s
    found: list[tuple[int, float, State]] = []

    def consider(order: IntArray, prices: FloatArray | None = None) -> IntArray:
        packing.clear(empty)
        fill(packing, order[urgent[order]])
        with packing.keeping(spare):
            fill(packing, order[~urgent[order]], prices)
        fill(packing, order[~packing.placed[order]])
        left = np.flatnonzero(~packing.placed)
        found.append((len(left), float(packing.carbon_g.sum()), packing.state()))
        return left

    by_energy = np.lexsort((energy, packing.kind, -jobs.cpus * packing.length, ~urgent))  # those of a kind together
    consider(by_energy)
    if _loss_share(packing) > LOSS_WORTH_SEARCHING and len(jobs) <= MANY:
        for order in (np.lexsort((slack, ~urgent)), np.lexsort((slack, -jobs.cpus, ~urgent))):
            consider(order)
        _consider_prices(packing, empty, by_energy, consider, min(found, key=lambda each: each[:2])[1])
    packing.restore(min(found, key=lambda each: each[:2])[2])
    return packing


def _consider_prices(
    packing: Packing,
    empty: FloatArray,
    order: IntArray,
    consider: Callable[[IntArray, FloatArray | None], IntArray],
    target_g: float,
) -> None:
    """Fill with prices where the best filling without them loses much; who found no spot then chooses first."""
    if target_g - packing.least_g[np.isfinite(packing.least_g)].sum() <= LOSS_WORTH_PRICING * target_g:
        return
    packing.clear(empty)
    prices = room_prices(packing, target_g)
    for _ in range(SQUEAKS if prices is not None else 0):
        left = consider(order, prices)
        if not len(left):
            break
        order = np.concatenate([left, order[~np.isin(order, left)]])


def _loss_share(packing: Packing) -> float:
    """Return what the jobs lose to one another, as a share of what they emit; infinite if one found no spot."""
    if not packing.placed.all():
        return float("inf")
    return float(packing.loss_g.sum() / max(packing.carbon_g.sum(), 1e-9))


def _free_now(view: View, packed: Plan) -> FloatArray:
    """Return the room now, less what starts in the coming slot, shape (R, 3)."""
    return view.free - _taken_now(view, packed)


def _taken_now(view: View, planned: Plan) -> FloatArray:
    """Return what a plan's runs take in the coming slot, shape (R, 3), and what it lets go on then."""
    taken: FloatArray = np.zeros_like(view.free)
    now = planned.start_s < view.now_s + view.epoch_s
    np.add.at(taken, planned.region[now], planned.jobs.demand[now])
    going_on = {action.job_id for action in planned.actions if isinstance(action, Resume)}
    for one in view.suspended:
        if one.job.id in going_on:
            taken[view.region_index[one.region]] += demand(one.job)
    return taken


def _wanted_next(timetable: Timetable) -> FloatArray | float:
    """Return what replicas will want by the next slot and not hold yet, shape (R, 3): who goes on now leaves it free.

    They take it before the next decision, so who is asked to stop only then would be in their way.
    """
    held = timetable.replicas
    return 0.0 if held is None else held[:, :2].max(axis=1) - held[:, 0]


def _joined(
    view: View, packed: Plan, starts: list[Place], last_resort: list[Assignment], others: list[Decision]
) -> Plan:
    whole = packed
    if starts:
        whole = whole.joined(Plan.acting(view, starts))
    if last_resort:
        whole = whole.joined(Plan.of(view, last_resort))
    return whole.doing(tuple(others))


def _within_rules(view: View, timetable: Timetable, bound: BoolArray) -> Plan:
    """Plan the jobs that rules bear on one by one, all of them rigid; what is suspended goes on as soon as it may.

    Room for who cannot wait among the others is left.

    Args:
        bound: Which of the open work they are.
    """
    work, count = view.work, len(view.pending)
    pending, others = (view.pending.take(np.flatnonzero(which[:count])) for which in (bound, ~bound))
    order: IntArray = np.argsort(-pending.cpus * pending.duration_estimate_s, kind="stable")
    mine = [pending[p] for p in order.tolist()]
    urgent = [timetable.last_start_s(job) < view.now_s + view.epoch_s for job in mine]
    runs = [timetable.assign(job, _objective) for job, now in zip(mine, urgent, strict=True) if now]
    held = _hold_for_urgent(view, timetable, others)
    runs += [timetable.assign(job, _objective) for job, now in zip(mine, urgent, strict=True) if not now]
    timetable.free += held
    paused = work.jobs.take(np.flatnonzero(bound & (work.state == SUSPENDED))).ids
    planned = Plan.of(view, [run for run in runs if run is not None])
    return planned.doing(tuple(Resume(job_id, view.now_s) for job_id in paused))


def _objective(options: Options) -> FloatArray:
    return options.objective_g


FAMILY = (
    Scheduler(
        "plan",
        "carbon",
        "rolling-horizon optimiser over all levers: expected carbon, packing, local search, suspend, resize, migrate; "
        "ours",
        plan,
        rolling=True,
        acts=True,
    ),
)
