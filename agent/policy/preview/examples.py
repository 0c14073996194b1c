"""Jobs that a rule stops and jobs that it lets through, each with where and when it would start.

Placement, delay and suspend rules are asked by the guard; what jobs use up together (headroom, budgets) and approvals
by the engine's gate, as job after job is placed at the beginning of a run in which all wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agent.policy.preview.classes import classes, traits_seen
from agent.policy.preview.findings import wrapped
from agent.policy.preview.ground import STEP_S, Ground
from agent.policy.preview.laid import Laid, Times
from agent.policy.preview.words import job_words
from agent.policy.rules import Approval, Budget, Delay, Headroom, Objective, Placement, Prefer, RuleBase, Suspend
from agent.policy.selection import about
from sim.engine import Engine
from sim.errors import IllegalAction, RuleDenied
from sim.jobs import Jobs, Workload
from sim.model import Job, Place
from sim.units import DAY_S, BoolArray

EACH = 3
LOOKED_AT = 2000
"""So many jobs of a scenario are looked at, drawn at random."""
AT_ONCE = 300
"""So many jobs are placed one after another until a quota is used up."""
SOON_S = 2 * DAY_S
"""Starts are looked for within two days of submission, if there are any."""

UNBOUND = "the rule is not about it"

Rng = np.random.Generator


@dataclass(frozen=True)
class Example:
    """A job that a rule stops, or lets through: where and when it would start (`start`), and what matters beside."""

    job: Job
    stopped: bool
    start: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "id": self.job.id,
            "job": job_words(self.job),
            "stopped": self.stopped,
            "start": self.start,
            "why": self.why,
        }


def example_lines(rule: RuleBase, some: Sequence[Example]) -> Iterator[str]:
    """Yield the examples of a rule as text, with those traits of jobs at which it looks."""
    if isinstance(rule, Objective):
        return
    verbs = ("avoids ", "likes  ") if rule.strength == "prefer" else ("stops  ", "lets   ")
    if isinstance(rule, Delay):
        verbs = ("late   ", "in time")
    traits = traits_seen([rule])
    if not any(one.stopped for one in some):
        yield f"    {verbs[0]}  none of the jobs and starts that were tried"
    for one in some:
        why = f" ({one.why})" if one.why else ""
        words = job_words(one.job, named=True, traits=traits)
        verb = "lets   " if one.why == UNBOUND else verbs[not one.stopped]
        yield from wrapped(f"    {verb}  {one.start}{why}: {words}", indent=15)


def examples(rule: RuleBase, ground: Ground, rng: Rng, each: int = EACH) -> list[Example]:
    """Return so many jobs that a rule stops, and so many that it lets through, if there are so many.

    Jobs are a scenario's, or made up; of those let through the last is one that the rule is not about. An objective
    stops nothing, and has none.
    """
    if isinstance(rule, Objective):
        return []
    mine, others = _jobs(rule, ground, rng)
    laid = Laid(rule, ground)
    match rule:
        case Placement() | Prefer():
            found = _placed(laid, mine, ground, rng)
        case Delay():
            found = _delayed(laid, mine, ground, rng)
        case Suspend():
            found = _suspended(laid, mine, ground)
        case Headroom() | Budget() | Approval():
            found = _together(laid, mine, ground, rng)
        case _:
            raise TypeError(f"no examples for a rule of kind {rule.kind!r}")
    stopped, let = _first(found, each)
    let = let[: each - 1] if others else let
    for job in others[: each - len(let)]:
        where = ground.regions[int(rng.integers(len(ground.regions)))]
        start = f"{where.id}, {ground.clock(_soon(job, ground), where)}"
        let.append(Example(job, False, start, UNBOUND))
    return [*stopped, *let]


def _first(found: Iterator[Example], each: int) -> tuple[list[Example], list[Example]]:
    """Return the first of both sorts, as many as wanted."""
    stopped: list[Example] = []
    let: list[Example] = []
    for example in found:
        mine = stopped if example.stopped else let
        if len(mine) < each:
            mine.append(example)
        if len(stopped) == len(let) == each:
            break
    return stopped, let


# -- jobs ----------------------------------------------------------------------------------------


def _jobs(rule: RuleBase, ground: Ground, rng: Rng) -> tuple[list[Job], list[Job]]:
    """Return jobs that a rule is about, and others; where a made-up world has none of the first, they are made so."""
    jobs = ground.world.workload.jobs
    drawn = [jobs[j] for j in rng.permutation(len(jobs))[:LOOKED_AT].tolist()]
    mine = [job for job in drawn if about(rule, job)]
    others = [job for job in drawn if not about(rule, job)]
    if ground.made_up and len(mine) < 2 * EACH:
        mine += _made_so(rule, others, ground)
    return mine, others


def _made_so(rule: RuleBase, jobs: Sequence[Job], ground: Ground) -> list[Job]:
    """Return jobs with those traits changed that the rule looks at, so that it is about them."""
    model = next((job for job in classes([rule], ground.homes).jobs if about(rule, job)), None)
    if model is None:
        return []
    changed = {trait: getattr(model, trait) for trait in traits_seen([rule])}
    return [replace(job, **changed) for job in jobs[: 4 * EACH]]


def _soon(job: Job, ground: Ground) -> float:
    """Return the first quarter of an hour at or after submission."""
    return float(min(np.ceil(job.submit_s / STEP_S) * STEP_S, ground.world.horizon_s - STEP_S))


# -- what is decided of each job by itself -------------------------------------------------------


def _placed(laid: Laid, jobs: Sequence[Job], ground: Ground, rng: Rng) -> Iterator[Example]:
    times = Times.of_run(ground)
    for job in jobs:
        leaves = laid.leaves(job, times)
        for wanted in (False, True):
            cell = _cell(leaves == wanted, job, times, rng)
            if cell is not None:
                yield _at(laid, job, cell, times, ground, stopped=not wanted)


def _cell(cells: BoolArray, job: Job, times: Times, rng: Rng) -> tuple[int, int] | None:
    """Return one of these cells (region, start), drawn: soon after submission if possible; None if there is none.

    Regions that are open at some times only come first: they show what the rule is about.
    """
    since_s = times.starts_s - job.submit_s
    changing = cells.any(axis=1, keepdims=True) & ~cells.all(axis=1, keepdims=True)
    for near in (changing & (since_s < SOON_S), changing, since_s < SOON_S, True):
        found = np.argwhere(cells & (since_s >= 0) & near)
        if len(found):
            r, s = found[rng.integers(len(found))].tolist()
            return r, s
    return None


def _at(laid: Laid, job: Job, cell: tuple[int, int], times: Times, ground: Ground, *, stopped: bool) -> Example:
    r, s = cell
    rule, region = laid.rule, ground.regions[r]
    facts = []
    if getattr(rule, "window", None) is not None:
        facts.append(f"until {ground.clock(float(times.starts_s[s]) + job.duration_estimate_s, region)}")
    if getattr(rule, "intensity_above", None) is not None:
        facts.append(f"{times.intensity[r, s]:.0f} g/kWh then")
    if getattr(rule, "price_above", None) is not None:
        facts.append(f"{times.price[r, s]:.0f} USD/MWh then")
    start = f"{region.id}, {ground.clock(float(times.starts_s[s]), region)}"
    return Example(job, stopped, start, ", ".join(facts))


def _delayed(laid: Laid, jobs: Sequence[Job], ground: Ground, rng: Rng) -> Iterator[Example]:
    for job in jobs:
        bound_s, first_s = laid.guard.latest_start_s(job), _soon(job, ground)
        most = int(max(0.0, bound_s - first_s) // STEP_S)
        for start_s in (first_s + STEP_S * rng.integers(most + 1), bound_s + STEP_S * rng.integers(1, 24)):
            after = f"submitted {ground.clock(job.submit_s)}, at the latest {ground.clock(bound_s)}"
            start = ground.clock(float(start_s))
            yield Example(job, bool(start_s > bound_s), start, after)


def _suspended(laid: Laid, jobs: Sequence[Job], ground: Ground) -> Iterator[Example]:
    for n, job in enumerate(jobs):
        times = n % (1 + int(laid.rule.most)) if np.isfinite(laid.rule.most) else n
        stopped = laid.guard.why_not_suspend(job, times) is not None
        what = f"suspended {ground.clock(_soon(job, ground))}"
        yield Example(job, stopped, what, f"{('never', 'once')[times] if times < 2 else f'{times} times'} before")


# -- what jobs use up together -------------------------------------------------------------------


def _together(laid: Laid, jobs: Sequence[Job], ground: Ground, rng: Rng) -> Iterator[Example]:
    """Yield what becomes of one job after another that is placed at the beginning of a run in which all wait."""
    by_gpus = sorted(jobs, key=lambda job: job.gpus)  # where GPUs run out, CPUs are left
    waiting = [replace(job, submit_s=0.0, deps=(), dag=None) for job in by_gpus[:AT_ONCE]]
    if not waiting:
        return
    durations_s = np.array([job.duration_estimate_s for job in waiting])
    world = replace(ground.world, workload=Workload(Jobs.of(waiting, ground.homes), durations_s))
    engine = Engine(world, laid.guard)
    engine.next_view()
    named = [region for region in ground.regions if region.id in (laid.rule.regions or ground.homes)]
    before = 0
    for n, job in enumerate(waiting if named else ()):
        somewhere = ground.regions if n % 3 == 2 else named  # beside the rule's regions others, which it leaves alone
        region = somewhere[int(rng.integers(len(somewhere)))]
        start = f"{region.id}, {ground.clock(engine.now_s, region)}"
        try:
            engine.apply(Place(job.id, region.id, engine.now_s))
        except IllegalAction:
            continue  # larger than the region
        except RuleDenied as denied:
            yield Example(job, True, start, _why(denied, before))
        else:
            before += 1
            yield Example(job, False, start, _after(before - 1))


def _why(denied: RuleDenied, before: int) -> str:
    return "nobody said yes" if "approv" in denied.rule.partition(":")[0] else _after(before)


def _after(others: int) -> str:
    return f"after {others} other{'s' if others > 1 else ''}" if others else "the first of all"
