"""An explanation as text and as JSON, and the numbers of the text that stand nowhere in the trace: none, ever."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from agent.explain.alternatives import Alternative
from agent.explain.evidence import Row
from agent.explain.explanation import Explanation
from agent.explain.lines import lines
from agent.explain.paragraph import paragraph
from agent.policy.english import english


def text_of(explanation: Explanation) -> str:
    """Return the explanation in plain English."""
    return "\n".join(lines(explanation))


def unproven_in(explanation: Explanation) -> list[str]:
    """Return the numbers of its text that do not stand in the trace: what it holds is a fault of ours."""
    return explanation.trace.missing(text_of(explanation))


def json_of(explanation: Explanation) -> dict[str, Any]:
    """Return the explanation as JSON. Times are seconds since the scenario's start; `source` is where a row stands."""
    evidence, found = explanation.evidence, explanation.alternatives
    return {
        "run": str(evidence.folder.path),
        "scheduler": evidence.folder.run["scheduler"],
        "start": evidence.folder.run["scenario"]["start"],
        "job": {**asdict(evidence.job), "assumed": sorted(evidence.job.assumed)},
        "described": evidence.described,
        "approvals": evidence.approvals,
        "decisions": [asdict(one) for one in explanation.decisions],
        "ran": [_sourced("placements", row) for row in evidence.segments],
        "moved": [_sourced("transfers", row) for row in evidence.transfers],
        "outcome": _sourced("jobs", evidence.outcome),
        "carbon_g": found.carbon_g,
        "alternatives": {
            "regions": [_alternative(one) for one in found.regions],
            "starts": [_alternative(one) for one in found.starts],
        },
        "rules": [
            {"english": english(rule), "source": rule.source, "strength": rule.strength} for rule in evidence.rules
        ],
        "bound_by": [
            {
                "kind": one.limit.kind,
                "says": one.limit.says,
                "times": one.times,
                "ruled_out": _alternative(one.alternative) if one.alternative else None,
            }
            for one in explanation.bound
        ],
        "forecast": asdict(explanation.compared) if explanation.compared else None,
        "in_short": paragraph(explanation),
        "unproven": unproven_in(explanation),
    }


def _sourced(table: str, row: Row) -> Row:
    """Return a row of a table with where it stands in place of its number."""
    named = {name: value for name, value in row.items() if name != "row"}
    return named | {"source": f"{table}.parquet, row {row['row']}"}


def _alternative(one: Alternative) -> dict[str, Any]:
    limits = [{"kind": limit.kind, "says": limit.says} for limit in one.ruled_out_by]
    return {
        "region": one.region,
        "start_s": one.start_s,
        "end_s": one.end_s,
        "carbon_g": one.carbon_g,
        "ruled_out_by": limits,
    }
