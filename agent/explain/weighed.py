"""What the agent weighed and said when it decided about a job: from the calls and answers that it recorded."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import NamedTuple

from agent.explain.trace import Trace
from agent.record import EpochRecord, ModelRecord

_REASON = re.compile(r"(?P<facts>.*?)\. Model: (?P<chosen>[^(]+) \((?P<words>.*)\)(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True)
class Weighed:
    """A plan that was weighed in an epoch, with its forecast figures; `source` is where they stand."""

    label: str
    name: str
    carbon_g: float
    mean_wait_s: float
    late: int
    committed: bool
    source: str


def weighed(record: EpochRecord) -> list[Weighed]:
    """Return the plans of an epoch, if there was more than one to weigh."""
    if len(record.candidates) < 2:
        return []
    return [
        Weighed(
            one.label,
            one.name,
            one.carbon_g,
            one.mean_wait_s,
            one.late,
            one.label == record.committed,
            f"trajectory.sqlite, epoch {record.epoch}, candidate {one.label}",
        )
        for one in record.candidates
    ]


class Reason(NamedTuple):
    """A reason in parts: what code said, the plan that the model chose, its words, and what code made of it."""

    facts: str
    chosen: str = ""
    words: str = ""
    rest: str = ""


def split(reason: str) -> Reason:
    """Return the parts of a reason as `agent.reasons` writes it.

    Example:
        >>> split("2 gb; fifo 8 g. Model: A (lowest score)")
        Reason(facts='2 gb; fifo 8 g', chosen='A', words='lowest score', rest='')
    """
    match = _REASON.fullmatch(reason)
    return Reason(**match.groupdict()) if match else Reason(reason)


def add_epoch(trace: Trace, record: EpochRecord) -> None:
    """Hold what an epoch recorded as known, asked and decided: figures, their differences and ratios, and counts.

    What a model wrote into the arguments of its calls is not among it: it may not prove its own words.
    """
    trace.add_json({name: getattr(record, name) for name in ("epoch", "now_s", "pending", "deferred", "waiting")})
    for call in record.tools:
        trace.add_json(call.result if call.outcome == "ok" else {})
        trace.add_json(call.arguments if call.by != "model" else {})
    for rows in (record.regions, record.candidates, record.decisions):
        trace.add_json([asdict(row) for row in rows])
    for first, second in permutations(record.candidates, 2):
        trace.add("share", _excess(first.carbon_g, second.carbon_g), _excess(first.objective, second.objective))
        trace.add("", first.late - second.late)
    trace.add("", *_counts(record))
    trace.quote(*(name for one in record.candidates for name in (one.name, *one.name.split("="))))
    trace.quote(*(name for call in record.model for name in _classes(call)))


def _excess(value: float, base: float) -> float | None:
    return value / base - 1 if base else None


def _counts(record: EpochRecord) -> list[int]:
    """Return how many jobs were placed in each region, how many were not, and how often anything else was done."""
    placed = [one.region for one in record.decisions if one.action == "place"]
    done = [one.action for one in record.decisions]
    return [*Counter(placed).values(), *Counter(done).values(), record.pending - len(placed)]


def _classes(call: ModelRecord) -> list[str]:
    """Return the names of the classes of jobs that a model was asked to decide for, in plan mode."""
    try:
        answer = json.loads(call.text) if call.prompt == "plan" else {}
    except ValueError:
        return []
    return list(answer) if isinstance(answer, dict) else []
