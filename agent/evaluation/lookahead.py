"""Whether a scheduler looks into the future: what it decides before a moment must not hang on what comes after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from agent.case import Case
from sim.runner import Run, simulate
from sim.schedulers import scheduler
from sim.signals import Signal
from sim.units import DAY_S
from sim.world import World

SERIES = ("intensity", "price", "temperature", "onsite")
_FUTURE = 0xF07
"""Sets the random stream of the other future apart from all others."""


def looked_ahead(case: Case, run: Run, seed: int) -> str | None:
    """Return what the scheduler of a run decided otherwise when only the future was another; None if nothing.

    From a moment on, drawn from the middle half of the days, every value of every signal is multiplied by 0.2 to 5.
    Oracles, and scenarios that tell everyone the truth, are not asked.
    """
    if case.world.foretold is not None or run.scheduler.endswith("-oracle"):
        return None
    rng = np.random.default_rng([seed, _FUTURE])
    world = case.world
    days_s = case.scenario.days * DAY_S
    moment_s = float(rng.uniform(0.25, 0.75) * days_s // world.epoch_s * world.epoch_s)
    again = simulate(with_other_future(world, moment_s, rng), scheduler(run.scheduler), case.guard(), until_s=moment_s)
    here, there = (decisions_before(one, moment_s) for one in (run, again))
    first = next((pair for pair in zip(here, there, strict=False) if pair[0] != pair[1]), None)
    if first is None and len(here) == len(there):
        return None
    now_s, what = first[0] if first else (moment_s, f"{len(here)} decisions, and {len(there)}")
    return f"looked ahead: at {now_s:g} s it decided {what}, and otherwise where all after {moment_s:g} s was another"


def with_other_future(world: World, moment_s: float, rng: np.random.Generator) -> World:
    """Return the world with other values in every interval of a signal that begins at the moment or later."""

    def other(signal: Signal | None) -> Signal | None:
        if signal is None:
            return None
        begins_s = signal.start_s + signal.step_s * np.arange(len(signal.values))
        factor = np.where(begins_s >= moment_s, rng.uniform(0.2, 5.0, len(begins_s)), 1.0)
        return replace(signal, values=signal.values * factor)

    changed: dict[str, Any] = {name: tuple(other(one) for one in getattr(world, name)) for name in SERIES}
    return replace(world, **changed)


def decisions_before(run: Run, moment_s: float) -> list[tuple[float, str]]:
    """Return when and what was decided before a moment, in the order of deciding."""
    return sorted(_decisions(run, moment_s), key=lambda decision: decision[0])


def _decisions(run: Run, moment_s: float) -> Iterator[tuple[float, str]]:
    for row in run.decisions:
        if row.now_s < moment_s:
            yield row.now_s, f"{row.action} {row.job_id} {row.region} {row.start_s:.3f} {row.verdict}"
    for rows in run.plans:
        times_s = np.broadcast_to(rows.now_s, len(rows.plan)).tolist()
        for now_s, planned, placed in zip(times_s, rows.plan, rows.placed, strict=True):
            if now_s < moment_s:
                verb = "place" if placed else "defer"
                yield now_s, f"{verb} {planned.job.id} {planned.region} {planned.start_s:.3f}"
