"""One form for rules that mean the same: order, defaults and what goes without saying are left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agent.policy.rules import DAYS, RuleBase

ALWAYS_PREFERENCES = ("objective", "prefer")
DECIMALS = 3


def normal_rule(rule: RuleBase) -> str:
    """Return a rule as canonical JSON, without its source: equal where two rules mean the same.

    Lists are sorted, and left out are `must`, `local` time, all seven days, the priorities' ends, and `allowed`
    beside a greatest number of suspensions.
    """
    fields = {
        name: value for name, value in rule.model_dump(mode="json", exclude_none=True).items() if name != "source"
    }
    if fields["strength"] == "must" or rule.kind in ALWAYS_PREFERENCES:
        del fields["strength"]
    if fields.get("tz") == "local":
        del fields["tz"]
    if "window" in fields:
        fields["window"] = _window(fields["window"])
    if "jobs" in fields:
        fields["jobs"] = _selector(fields["jobs"])
    if "unless" in fields:
        # an exemption of every priority exempts everybody: its bound is its meaning unless others narrow it
        fields["unless"] = _selector(fields["unless"]) or fields["unless"]
    if rule.kind == "suspend":
        fields = _suspend(fields)
    return canonical({name: value for name, value in fields.items() if value != {}})


def canonical(fields: Mapping[str, Any]) -> str:
    """Return JSON with keys and lists sorted, and numbers as floats of three decimals."""
    return json.dumps(_canonical(fields), sort_keys=True)


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, list):
        return sorted(_canonical(one) for one in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(float(value), DECIMALS)
    return value


def _selector(selector: Mapping[str, Any]) -> dict[str, Any]:
    every = {"priority_at_least": "low", "priority_at_most": "critical"}
    return {name: value for name, value in selector.items() if every.get(name) != value}


def _suspend(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Never and at most 0 times are the same; a greatest number above 0 allows it."""
    said = dict(fields)
    if said.get("max_times") == 0:
        del said["max_times"]
        return {**said, "allowed": False}
    if "max_times" in said:
        said.pop("allowed", None)
    return said


def _window(window: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(window)
    if fields["end"] == "00:00":
        fields["end"] = "24:00"
    if fields["tz"] == "local":
        del fields["tz"]
    if len(fields.get("days", ())) == len(DAYS):
        del fields["days"]
    return fields
