"""Which jobs a rule is about."""

from __future__ import annotations

from agent.policy.rules import RuleBase, Selector
from sim.model import PRIORITIES, Job
from sim.units import HOUR_S


def about(rule: RuleBase, job: Job) -> bool:
    """Tell whether a rule binds a job: it is selected and not exempt."""
    if rule.jobs is not None and not selects(rule.jobs, job):
        return False
    return rule.unless is None or not selects(rule.unless, job)


def selects(selector: Selector, job: Job) -> bool:
    """Tell whether all given fields of a selector match a job."""
    return (
        selector.kind in (None, job.kind)
        and selector.team in (None, job.team)
        and selector.customer in (None, job.customer)
        and (selector.tag is None or selector.tag in job.tags)
        and (selector.home is None or job.home in selector.home)
        and (selector.gpu is None or selector.gpu == (job.gpus > 0))
        and _priority_matches(selector, job)
        and _length_matches(selector, job)
    )


def _priority_matches(selector: Selector, job: Job) -> bool:
    low = selector.priority_at_least or PRIORITIES[0]
    high = selector.priority_at_most or PRIORITIES[-1]
    return PRIORITIES.index(low) <= PRIORITIES.index(job.priority) <= PRIORITIES.index(high)


def _length_matches(selector: Selector, job: Job) -> bool:
    longer, shorter = selector.longer_than_h, selector.shorter_than_h
    if longer is not None and job.duration_estimate_s <= longer * HOUR_S:
        return False
    return shorter is None or job.duration_estimate_s < shorter * HOUR_S
