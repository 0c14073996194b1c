"""What this version enforces. A rule that it does not is refused by name: nothing is silently ignored."""

from __future__ import annotations

from agent.policy.english import quoted
from agent.policy.rules import Approval, Budget, Delay, Headroom, Placement, PolicySet, RuleBase, Suspend
from sim.errors import InputError


def require_enforced(policy_set: PolicySet) -> None:
    """Raise InputError naming the first rule that would not be enforced."""
    for rule in policy_set.rules:
        fault = _fault(rule)
        if fault:
            raise InputError(
                f"rule {quoted(rule)} is not enforced yet ({fault}) and must be removed; "
                "this version enforces placement, delay, headroom, suspend, budget and approval rules of strength must"
            )


def _fault(rule: RuleBase) -> str:
    if not isinstance(rule, Placement | Delay | Headroom | Suspend | Budget | Approval):
        return f"its kind is {rule.kind}"
    if rule.strength != "must":
        return f"its strength is {rule.strength}"
    return ""
