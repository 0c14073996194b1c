"""All that can be said of a policy beforehand: conflicts, rules that do nothing, and what was not looked at."""

from __future__ import annotations

from collections.abc import Iterator

from agent.policy.preview.classes import classes
from agent.policy.preview.conflicts import conflicts
from agent.policy.preview.findings import Finding
from agent.policy.preview.ground import Ground
from agent.policy.preview.idle import idle
from agent.policy.preview.names import absent
from agent.policy.rules import Budget, Headroom, PolicySet
from agent.policy.vocabulary import Vocabulary


def examine(policy_set: PolicySet, ground: Ground, vocabulary: Vocabulary) -> list[Finding]:
    """Return what is wrong with rules, or perhaps, the errors first; then what was not looked at."""
    known = set(ground.homes)
    there = [rule for rule in policy_set.rules if (named := getattr(rule, "regions", None)) is None or known & {*named}]
    doing_nothing = list(idle(PolicySet(rules=tuple(there)), ground))
    dead = {finding.sentences for finding in doing_nothing if finding.kind == "dead rule"}
    lacking = [finding for finding in absent(policy_set, ground, vocabulary) if finding.sentences not in dead]
    refused = {finding.sentences for finding in lacking if finding.level == "error"}
    clashing = [finding for finding in conflicts(policy_set, ground) if finding.sentences not in refused]
    found = [*clashing, *lacking, *doing_nothing, *_not_looked_at(policy_set, ground)]
    order = ("error", "warning", "note")
    return sorted(found, key=lambda finding: order.index(finding.level))


def _not_looked_at(policy_set: PolicySet, ground: Ground) -> Iterator[Finding]:
    if ground.made_up and any(isinstance(rule, Budget | Headroom) for rule in policy_set.rules):
        says = "budgets and headroom were not compared with the sizes of jobs; give a scenario with --scenario"
        yield Finding("note", "not checked", says)
    if not (found := classes(policy_set.rules, ground.homes)).complete:
        says = f"the rules tell so many classes of jobs apart that only {len(found.jobs)} of them were looked at"
        yield Finding("note", "not checked", says)
    if policy_set.unenforceable:
        says = "these sentences bind nobody, because no rule can express them"
        yield Finding("note", "not enforced", says, tuple(item.text for item in policy_set.unenforceable))
