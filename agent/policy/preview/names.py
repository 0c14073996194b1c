"""Rules about things that are not there: regions that a scenario lacks, and traits that none of its jobs has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.policy.english import jobs_in_english
from agent.policy.preview.classes import bound_by
from agent.policy.preview.findings import Finding
from agent.policy.preview.ground import Ground
from agent.policy.preview.laid import kinds
from agent.policy.rules import Placement, PolicySet, RuleBase, Selector
from agent.policy.selection import selects
from agent.policy.vocabulary import Vocabulary
from sim.model import Job


def absent(policy_set: PolicySet, ground: Ground, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield a finding for each rule about regions or jobs that a scenario lacks; without one, that the vocabulary does.

    An `only` rule that names none of the regions is an error: a run refuses it.
    """
    for rule in policy_set.rules:
        yield from _regions(rule, ground)
    yield from _jobs(policy_set, ground) if not ground.made_up else _unknown(policy_set, vocabulary)


def _regions(rule: RuleBase, ground: Ground) -> Iterator[Finding]:
    named = getattr(rule, "regions", None) or ()
    gone = [region for region in named if region not in ground.homes]
    if not gone:
        return
    where = "the vocabulary" if ground.made_up else "the scenario"
    says = f"{where} has no region {', '.join(gone)}"
    if isinstance(rule, Placement) and rule.effect == "only" and rule.strength == "must" and len(gone) == len(named):
        yield Finding("error", "no region left", f"{says}, and the rule lets jobs run nowhere else", (rule.source,))
    else:
        yield Finding("warning", "region that is not there", says, (rule.source,))


def _unknown(policy_set: PolicySet, vocabulary: Vocabulary) -> Iterator[Finding]:
    for rule in policy_set.rules:
        for name in vocabulary.unknown(rule):
            if name.field != "region":
                says = f"the vocabulary has no {name.field} {name.name!r}"
                yield Finding("warning", "jobs that are not there", says, (rule.source,))


def _jobs(policy_set: PolicySet, ground: Ground) -> Iterator[Finding]:
    rules = policy_set.rules
    found = [job for job, _ in kinds(rules, ground)]
    met = frozenset[int]().union(*(bound_by(rules, job) for job in found))
    for n, rule in enumerate(rules):
        if n not in met:
            yield Finding("warning", "jobs that are not there", _why_none(rule.jobs, found), (rule.source,))


def _why_none(selector: Selector | None, jobs: Sequence[Job]) -> str:
    """Return which part of a selector no job of the scenario matches, or that none matches all of it."""
    if selector is None:
        return "every job of the scenario is exempt"
    fields = [name for name in Selector.model_fields if getattr(selector, name) is not None]
    for name in fields:
        part = Selector.model_construct(**{name: getattr(selector, name)})
        if not any(selects(part, job) for job in jobs):
            return f"no job of the scenario is one of these: {jobs_in_english(part)}"
    if any(selects(selector, job) for job in jobs):
        return "every such job of the scenario is exempt"
    return f"no job of the scenario is all of this: {jobs_in_english(selector)}"
