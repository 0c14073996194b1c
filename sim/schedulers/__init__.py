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


def scheduler(name: str) -> Scheduler:
    """Return the scheduler of this name, or raise InputError with the nearest names.

    Any name with `-oracle` behind it is the same scheduler, told the true signals to come.
    """
    plain = name.removesuffix("-oracle")
    if plain != name and plain in SCHEDULERS and SCHEDULERS[plain].kind == "carbon":
        return SCHEDULERS[plain].told()
    if name not in SCHEDULERS:
        near = difflib.get_close_matches(name, SCHEDULERS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ";"
        raise InputError(f"no scheduler {name!r}{hint} known are {', '.join(SCHEDULERS)}")
    return SCHEDULERS[name]
