"""The registry of numeric schedulers: a file a family."""

from __future__ import annotations

import difflib

from sim.errors import InputError
from sim.schedulers import (
    agnostic,
    balancing,
    carbonclipper,
    carbonscaler,
    casper,
    dags,
    gaia,
    packing,
    plan,
    shifting,
    suspending,
)
from sim.schedulers.base import Scheduler

FAMILIES = (
    agnostic.FAMILY,
    packing.FAMILY,
    shifting.FAMILY,
    gaia.FAMILY,
    suspending.FAMILY,
    carbonscaler.FAMILY,
    carbonclipper.FAMILY,
    dags.FAMILY,
    balancing.FAMILY,
    casper.FAMILY,
    plan.FAMILY,
)
SCHEDULERS: dict[str, Scheduler] = {scheduler.name: scheduler for family in FAMILIES for scheduler in family}
ORACLES: dict[str, Scheduler] = {told.name: told for one in SCHEDULERS.values() if one.kind == "carbon"
                                 for told in (one.told(),)}  # fmt: skip
"""The carbon-aware ones again, each told the true signals to come."""


def scheduler(name: str) -> Scheduler:
    """Return the scheduler of this name, one that sees the future too, or raise InputError with the nearest name."""
    found = SCHEDULERS.get(name) or ORACLES.get(name)
    if found is None:
        near = difflib.get_close_matches(name, (*SCHEDULERS, *ORACLES), n=1)
        hint = f"; did you mean {near[0]}?" if near else ";"
        oracles = "and the carbon-aware ones with -oracle behind their names"
        raise InputError(f"no scheduler {name!r}{hint} known are {', '.join(SCHEDULERS)}, {oracles}")
    return found
