"""Schedulers that are wrong on purpose, and ones that are worse by a known amount."""

from __future__ import annotations

import gc
from dataclasses import replace
from hashlib import sha256

import numpy as np

from sim.pool import Pool
from sim.schedulers import SCHEDULERS
from sim.schedulers.base import Plan, Scheduler
from sim.timetable import Assignment
from sim.units import HOUR_S
from sim.view import View

FIFO, TIME_SHIFT = (replace(SCHEDULERS[name], each_alone=None) for name in ("fifo", "time-shift"))


def _unit(name: str) -> float:
    """Return a number from 0 to 1 that a name always draws."""
    return int.from_bytes(sha256(name.encode()).digest()[:4]) / 2**32


def _overfull(view: View) -> Plan:
    """Give every region room that it does not have. No door leads there but the garbage collector."""
    for pool in [found for found in gc.get_objects() if isinstance(found, Pool)]:
        pool.give(1000.0, 0.0, 1000.0)
    return FIFO.plan(view)


def _peeking(view: View) -> Plan:
    """Start each job in the hour that will be cleanest, as only the future knows."""
    truth = view._site.intensity[0]
    runs = []
    for job in view.pending:
        hours = np.arange(view.now_s, max(job.latest_start_s, view.now_s) + 1, HOUR_S)
        signal = truth[view.region_index[job.home]]
        runs.append(Assignment(job, job.home, float(min(hours, key=signal.at)), None, None, late=False))
    return Plan.of(view, runs)


def _dropping(view: View) -> Plan:
    """Never run a third of the jobs."""
    made = FIFO.plan(view)
    return made.only(np.array([_unit(name) > 1 / 3 for name in made.jobs.ids], dtype=bool))


def _crashing(view: View) -> Plan:
    raise ZeroDivisionError(f"at {view.now_s:g} s")


OVERFULL = replace(FIFO, name="overfull", plan=_overfull)
PEEKING = replace(TIME_SHIFT, name="peeking", plan=_peeking)
TOLD = replace(TIME_SHIFT, name="told", foresight=True)
DROPPING = replace(FIFO, name="dropping", plan=_dropping)
CRASHING = replace(FIFO, name="crashing", plan=_crashing)


def careless(name: str, share: float, salt: str = "") -> Scheduler:
    """Return `time-shift`, but that a share of the jobs starts at once, drawn anew for each salt, region and week."""

    def plan(view: View) -> Plan:
        made = TIME_SHIFT.plan(view)
        where = f"{salt}/{[region.id for region in view.regions]}"
        named = zip(made.jobs.ids, made.jobs.submit_s.tolist(), strict=True)
        drawn = [_unit(f"{where}/{job}/{submit_s}") < share for job, submit_s in named]
        return replace(made, start_s=np.where(drawn, view.now_s, made.start_s))

    return replace(TIME_SHIFT, name=name, plan=plan)
