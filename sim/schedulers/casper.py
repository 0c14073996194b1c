"""CASPER (Souza et al., IGSC 2023): a service's requests are answered where the grid is clean, and still in time.

For the coming hour each service's requests (forecast, by home region) are sent to regions so that they emit least, with
the way and the answer within the service's limit, and no more in a region than the replicas that it has room for can
answer. Servers that save power are woken for them.

Simplifications: requests are a flow, not whole, and a region has one price for them; so the paper's integer program is
a flow of least cost, which filling regions in the order of their price solves exactly (`routing`). Services
are planned one after another. Batch jobs start as early as there is room beside the replicas, home first; those that
would be late take room from the services.
"""

from __future__ import annotations

import numpy as np

from sim.schedulers.agnostic import plan_fifo
from sim.schedulers.base import Plan, Scheduler
from sim.schedulers.routing import Routing
from sim.timetable import Assignment, Timetable, earliest
from sim.units import IntArray
from sim.view import View


def plan_casper(view: View) -> Plan:
    """Start what must start now; route the services in the room that is left; start what else there is room for."""
    if not view.services:
        return plan_fifo(view)
    timetable = Timetable(view)
    routing = Routing(view, timetable)
    urgent = view.pending.latest_start_s < view.now_s + view.epoch_s
    runs = _start(view, timetable, np.flatnonzero(urgent))
    routing.route()
    runs += _start(view, timetable, np.flatnonzero(~urgent))
    return Plan.of(view, runs).doing(tuple(routing.actions))


def _start(view: View, timetable: Timetable, at: IntArray) -> list[Assignment]:
    """Start jobs as early as they can."""
    runs = [timetable.assign(job, earliest) for job in view.pending.take(at)]
    return [run for run in runs if run is not None]


FAMILY = (
    Scheduler(
        "casper",
        "carbon",
        "CASPER (Souza et al., IGSC 2023): requests go where they emit least within their latency limit; jobs as fifo",
        plan_casper,
        rolling=True,
        acts=True,
    ),
)
