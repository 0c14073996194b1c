"""An independent re-check of what ran against what descriptions asked for, from what the run folder says of them.

It shares nothing with `bounds` and `guard`: hints become rules about a world of one job, for the check of rules, and
moments are compared as datetimes.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from agent.hints import JobHints
from agent.policy.check import Segment, Violation, violations
from agent.policy.rules import Delay, Placement, PolicySet, Rule, Suspend, explain
from sim.errors import InputError
from sim.model import Job
from sim.units import at_time
from sim.world import World


def unkept(
    world: World, descriptions: Sequence[Mapping[str, Any]], segments: Sequence[Segment], unfinished: Container[str]
) -> list[Violation]:
    """Return every breach of hints that bind.

    A job that started at the first decision about it is not late: no scheduler could have started it before.

    Args:
        world: The run's.
        descriptions: As run.json has them: texts, and for each of their jobs `hints` and what of these is `left_out`.
        segments: What ran.
        unfinished: The jobs that did not do all their work.

    Raises:
        InputError: If the hints are not of the form.
    """
    mine: dict[str, list[Segment]] = {}
    for one in segments:
        mine.setdefault(one.job.id, []).append(one)
    jobs = world.workload.jobs
    found: list[Violation] = []
    for entry in (entry for one in descriptions for entry in one["jobs"]):
        if entry["job_id"] not in jobs.position:
            continue
        job = jobs[jobs.position[entry["job_id"]]]
        found += _of_job(world, job, _binding(entry), mine.get(job.id, []), job.id in unfinished)
    return found


def _binding(entry: Mapping[str, Any]) -> JobHints:
    """Return the hints that bind."""
    try:
        return JobHints.model_validate({k: v for k, v in entry["hints"].items() if k not in entry["left_out"]})
    except ValidationError as error:
        raise InputError(f"run.json, descriptions, job {entry['job_id']}: {explain(error)}") from None


def _of_job(
    world: World, job: Job, hints: JobHints, segments: Sequence[Segment], unfinished: bool
) -> Iterator[Violation]:
    index = world.region_index
    for violation in violations(
        PolicySet(rules=tuple(_rules(hints))),
        world.regions,
        world.start,
        world.epoch_s,
        [job],
        segments,
        until_s=world.horizon_s,
        intensity=lambda region, t_s: world.intensity[index[region]].at(t_s),
        price=lambda region, t_s: world.price[index[region]].at(t_s),
        unfinished=[job.id] if unfinished else [],
    ):
        yield replace(violation, rule=f"its description: {violation.rule}")
    first = min(segments, key=lambda one: one.start_s, default=None)
    if first and hints.earliest_start and _before(world, first.start_s, hints.earliest_start):
        yield Violation(f"its description: not before {hints.earliest_start}", job.id, first.region, first.start_s)
    end_s = max((one.end_s for one in segments), default=world.horizon_s) if not unfinished else world.horizon_s
    if hints.deadline and at_time(world.start, end_s) > hints.deadline and _had_a_choice(world, job, first):
        yield Violation(f"its description: done by {hints.deadline}", job.id, first.region if first else None, end_s)


def _rules(hints: JobHints) -> Iterator[Rule]:
    said = "its description"
    if hints.regions_only:
        yield Placement(kind="placement", effect="only", regions=hints.regions_only, source=said)
    if hints.regions_deny:
        yield Placement(kind="placement", effect="deny", regions=hints.regions_deny, source=said)
    if hints.max_delay_h is not None:
        yield Delay(kind="delay", max_delay_h=hints.max_delay_h, source=said)
    if hints.interruptible is False:
        yield Suspend(kind="suspend", allowed=False, source=said)


def _before(world: World, seconds: float, moment: datetime) -> bool:
    return (moment - at_time(world.start, seconds)).total_seconds() > 1e-3


def _had_a_choice(world: World, job: Job, first: Segment | None) -> bool:
    """Tell whether the job could have started earlier than it did."""
    return first is None or first.start_s > math.ceil(job.submit_s / world.epoch_s) * world.epoch_s
