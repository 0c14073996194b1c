"""The registry of numeric schedulers."""

from __future__ import annotations

import difflib

from sim.errors import InputError
from sim.schedulers.agnostic import plan_fifo
from sim.schedulers.base import Scheduler
from sim.schedulers.shifting import (
    plan_greedy_carbon,
    plan_spatial_shift,
    plan_spatiotemporal,
    plan_time_shift,
)

SCHEDULERS: dict[str, Scheduler] = {
    scheduler.name: scheduler
    for scheduler in (
        Scheduler("fifo", "agnostic", "first in, first out; home region first, no backfilling", plan_fifo, True, False),
        Scheduler(
            "greedy-carbon",
            "carbon",
            "lowest current intensity, as `lowest_carbon` of SustainCluster (NeurIPS 2025)",
            plan_greedy_carbon,
            True,
            False,
        ),
        Scheduler(
            "time-shift",
            "carbon",
            "Let's Wait Awhile (Wiesner et al., Middleware 2021), non-interruptible, with capacity",
            plan_time_shift,
            False,
        ),
        Scheduler(
            "spatial-shift",
            "carbon",
            "spatial migration at submission, as in Sukprasert et al. (EuroSys 2024), with capacity",
            plan_spatial_shift,
            True,
        ),
        Scheduler(
            "spatiotemporal",
            "carbon",
            "least forecast carbon over regions x starts, largest job first, booked when first seen; ours",
            plan_spatiotemporal,
            False,
        ),
    )
}


def scheduler(name: str) -> Scheduler:
    """Return the scheduler of this name, or raise InputError with the nearest names."""
    if name not in SCHEDULERS:
        near = difflib.get_close_matches(name, SCHEDULERS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ";"
        raise InputError(f"no scheduler {name!r}{hint} known are {', '.join(SCHEDULERS)}")
    return SCHEDULERS[name]
