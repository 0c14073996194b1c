"""The classes of jobs that rules tell apart, each by one job of it.

Every set of selectors that a single job can match at once is a class, and so is the job that matches none. They are
found trait by trait: of all jobs that are alike to the selectors so far, one goes on: an ordinary one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

from agent.policy.rules import RuleBase, Selector
from agent.policy.selection import about, selects
from sim.model import Job
from sim.units import HOUR_S

MOST = 2000
"""So many classes are looked at, ordinary ones first."""
MOST_TAGS = 3
"""So many of the tags that rules name are put on one job."""
TRAITS = {
    "kind": ("kind",),
    "team": ("team",),
    "customer": ("customer",),
    "tags": ("tag",),
    "home": ("home",),
    "priority": ("priority_at_least", "priority_at_most"),
    "gpus": ("gpu",),
    "duration_estimate_s": ("longer_than_h", "shorter_than_h"),
}
"""Traits of jobs, and the fields of selectors that look at each."""


@dataclass(frozen=True)
class Classes:
    """A job of each class, ordinary ones first; `complete` says that no class was left out."""

    jobs: tuple[Job, ...]
    complete: bool


def ordinary_job(home: str) -> Job:
    """Return a job of which rules have nothing to say, unless they speak of every job."""
    return Job("any", 0.0, HOUR_S, 1e12, cpus=1.0, gpus=0.0, memory_gb=1.0, home=home)


def classes(rules: Sequence[RuleBase], homes: Sequence[str], *, most: int = MOST) -> Classes:
    """Return the classes of jobs that these rules tell apart.

    Example:
        >>> from agent.policy.rules import Suspend
        >>> rule = Suspend(kind="suspend", allowed=False, jobs=Selector(team="ads"), source="Never suspend ads.")
        >>> [job.team for job in classes([rule], ["gb"]).jobs]
        [None, 'ads']
    """
    selectors = selectors_of(rules)
    plain, complete = ordinary_job(homes[0]), True
    states = {frozenset(range(len(selectors))): (0, plain)}
    for trait, values in _values(selectors, homes).items():
        parts = [_only(selector, TRAITS[trait]) for selector in selectors]
        kept = [frozenset(n for n, one in enumerate(parts) if selects(one, replace(plain, **{trait: value})))
                for value in values]  # fmt: skip
        found: dict[frozenset[int], tuple[int, Job]] = {}
        for alive, (unusual, job) in states.items():
            for place, (value, left) in enumerate(zip(values, kept, strict=True)):
                if alive & left not in found:
                    found[alive & left] = (unusual + (place > 0), replace(job, **{trait: value}))
        complete &= len(found) <= most
        states = dict(sorted(found.items(), key=lambda item: item[1][0])[:most])
    return Classes(tuple(_told_apart(rules, [job for _, job in states.values()])), complete)


def bound_by(rules: Sequence[RuleBase], job: Job) -> frozenset[int]:
    """Return the places of the rules that are about a job."""
    return frozenset(n for n, rule in enumerate(rules) if about(rule, job))


def _told_apart(rules: Sequence[RuleBase], jobs: Iterable[Job]) -> list[Job]:
    """Return the first job for each set of rules."""
    found: dict[frozenset[int], Job] = {}
    for job in jobs:
        found.setdefault(bound_by(rules, job), job)
    return list(found.values())


def selectors_of(rules: Iterable[RuleBase]) -> list[Selector]:
    """Return the distinct selectors of rules."""
    return list(dict.fromkeys(part for rule in rules for part in (rule.jobs, rule.unless) if part))


def traits_seen(rules: Sequence[RuleBase]) -> list[str]:
    """Return the traits of jobs at which these rules look."""
    selectors = selectors_of(rules)
    return [
        trait
        for trait, fields in TRAITS.items()
        if any(getattr(selector, field) is not None for selector in selectors for field in fields)
    ]


def _only(selector: Selector, fields: Sequence[str]) -> Selector:
    """Return the part of a selector that looks at these fields; it may be empty, and then matches every job."""
    return Selector.model_construct(**{name: getattr(selector, name) for name in fields})


def _values(selectors: Sequence[Selector], homes: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    """Return what each trait may be, the ordinary first."""

    def named(field: str) -> list[str]:
        return sorted({getattr(one, field) for one in selectors} - {None})

    tags = named("tag")
    return {
        "kind": ("batch", "interactive"),
        "team": (None, *named("team")),
        "customer": (None, *named("customer")),
        "tags": [some for count in range(min(MOST_TAGS, len(tags)) + 1) for some in combinations(tags, count)],
        "home": tuple(homes),
        "priority": ("normal", "high", "low", "critical"),
        "gpus": (0.0, 1.0),
        "duration_estimate_s": _lengths_s(selectors),
    }


def _lengths_s(selectors: Sequence[Selector]) -> list[float]:
    """Return an hour, and lengths at, between and to both sides of all that selectors compare with."""
    said = {hours for one in selectors for hours in (one.longer_than_h, one.shorter_than_h) if hours is not None}
    named = sorted(hours * HOUR_S for hours in said)
    if not named:
        return [HOUR_S]
    between = [(low + high) / 2 for low, high in pairwise(named)]
    return [HOUR_S, *(one for one in (named[0] / 2, *named, *between, named[-1] + HOUR_S) if one > 0)]
