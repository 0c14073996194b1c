"""A week of hours in which rules let jobs run, region by region, for each class of jobs that rules name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from agent.policy.english import subject
from agent.policy.preview.classes import bound_by, classes
from agent.policy.preview.ground import STEP_S, Ground
from agent.policy.preview.laid import Laid, guard_of, kinds
from agent.policy.rules import DAYS, Approval, Headroom, Placement, PolicySet, RuleBase
from agent.policy.selection import about
from sim.model import Job, Region
from sim.units import FloatArray, IntArray

CLOSED, ASKING, LIMITED, OPEN, PARTLY = "·", "?", "~", "█", "▒"
LEGEND = (
    f"{OPEN} may run  {CLOSED} may not  {PARTLY} part of the hour  "
    f"{LIMITED} may start while clean or cheap enough  {ASKING} if a person says yes"
)
WIDE = 2
"""Characters an hour."""


@dataclass(frozen=True)
class Week:
    """A class of jobs and its hours, by region and day (mon to sun): a letter an hour, on the region's clock.

    `count` is how many jobs of a scenario are of it, None without one.
    """

    jobs: str
    count: int | None
    hours: dict[str, tuple[str, ...]]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON: a letter an hour, of open, closed, partly, limited, asking."""
        letters = str.maketrans({OPEN: "o", CLOSED: "c", PARTLY: "p", LIMITED: "l", ASKING: "a"})
        hours = {
            region: {day: row.translate(letters) for day, row in zip(DAYS, rows, strict=True)}
            for region, rows in self.hours.items()
        }
        return {"jobs": self.jobs, **({} if self.count is None else {"count": self.count}), "hours": hours}

    def lines(self) -> Iterator[str]:
        """Yield it as text; days that are alike in a row share a line."""
        count = "" if self.count is None else f" ({self.count} of the scenario)"
        yield f"{self.jobs}{count}"
        wide = max(map(len, self.hours)) + 2
        yield f"  {'':{wide}}{'':9}" + "".join(f"{hour:<{6 * WIDE}}" for hour in (0, 6, 12, 18, 24)).rstrip()
        for region, rows in self.hours.items():
            name = region
            for letters, days in groupby(zip(DAYS, rows, strict=True), key=lambda pair: pair[1]):
                names = [day for day, _ in days]
                grid = "".join(letter * WIDE for letter in letters)
                yield f"  {name:{wide}}{_span(names):9}{grid}"
                name = ""


def _span(days: Sequence[str]) -> str:
    if len(days) == len(DAYS):
        return "daily"
    return days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"


def weeks(policy_set: PolicySet, ground: Ground) -> list[Week]:
    """Return the week of ordinary jobs, and that of each class of jobs that a rule on places or approval names.

    A job that is of several classes may run where all of them let it.
    """
    rules = [
        rule
        for rule in policy_set.rules
        if rule.strength == "must" and isinstance(rule, Placement | Headroom | Approval)
    ]
    found = sorted(classes(rules, ground.homes).jobs, key=lambda job: len(bound_by(rules, job)))
    counts = None if ground.made_up else [(job, len(members)) for job, members in kinds(rules, ground)]
    made = []
    for named, one in _named(rules, found).items():
        mine = [rules[n] for n in sorted(bound_by(rules, one))]
        count = None if counts is None else sum(many for job, many in counts if _is(job, named, rules))
        made.append(Week(_label(named, rules), count, _hours(mine, one, ground)))
    return made


def _named(rules: Sequence[RuleBase], found: Sequence[Job]) -> dict[int, Job]:
    """Return the places of rules that name a class of their own, each with the plainest job of it; -1 is any other."""
    named, seen = {-1: found[0]}, {bound_by(rules, found[0])}
    for n, rule in enumerate(rules):
        job = next((job for job in found if about(rule, job)), None)
        if job is not None and bound_by(rules, job) not in seen:
            seen.add(bound_by(rules, job))
            named[n] = job
    return named


def _label(named: int, rules: Sequence[RuleBase]) -> str:
    if named >= 0:
        return subject(rules[named]).rstrip(",")
    return "Jobs that no rule names" if any(rule.jobs or rule.unless for rule in rules) else "Jobs"


def _is(job: Job, named: int, rules: Sequence[RuleBase]) -> bool:
    if named >= 0:
        return about(rules[named], job)
    return not any(about(rule, job) for rule in rules if rule.jobs or rule.unless)


def _hours(rules: Sequence[RuleBase], job: Job, ground: Ground) -> dict[str, tuple[str, ...]]:
    """Return the hours of a job that is bound by these rules, by region."""
    found = {}
    for r, region in enumerate(ground.regions):
        quarters = _quarters(rules, job, ground, r, region).reshape(7, 24, -1)
        found[region.id] = tuple("".join(map(_letter, day)) for day in quarters)
    return found


def _letter(quarters: IntArray) -> str:
    letters = [(CLOSED, ASKING, LIMITED, OPEN)[level] for level in quarters.tolist()]
    if len(set(letters)) == 1:
        return letters[0]
    return PARTLY if CLOSED in letters else min(letters, key=(ASKING, LIMITED, OPEN).index)


def _quarters(rules: Sequence[RuleBase], job: Job, ground: Ground, r: int, region: Region) -> IntArray:
    """Return for each quarter of the week in a region: 0 closed, 1 if a person says yes, 2 within limits, 3 open."""
    guard, starts_s = guard_of(rules, ground), ground.week_s(region).ravel()

    def allowed(level: float) -> FloatArray:
        levels = np.full((len(ground.regions), len(starts_s)), level)
        return np.asarray(guard.allowed(job, starts_s, intensity=levels, price=levels, seconds=STEP_S)[r], dtype=float)

    found = np.where(allowed(np.inf) > 0, 3, 2)
    always = [one for one in guard.consents if one.most_g is None and one.most_usd is None]
    asking = any(r in consent.rows and consent.about(job) for consent in always)
    found[:] = np.minimum(found, 1 if asking else 3)
    found[allowed(np.nan) == 0] = 0
    for rule in rules:
        if isinstance(rule, Headroom):
            found[Laid(rule, ground).share(starts_s)[r] <= 0] = 0
    return found
