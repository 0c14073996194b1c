"""What the agent weighed and said when it decided about a job: from the calls and answers that it recorded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import NamedTuple

from agent.explain.trace import Trace
from agent.record import EpochRecord, ToolRecord

_REASON = re.compile(r"(?P<facts>.*?)\. Model: (?P<chosen>\S+(?: \S+)?) \((?P<words>.*)\)(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True)
class Weighed:
    """What a candidate plan meant for the job: where, when, at what forecast carbon. `source` is where that stands."""

    label: str
    name: str
    region: str
    start_s: float
    forecast_carbon_g: float
    committed: bool
    source: str


def weighed(record: EpochRecord, job_id: str) -> list[Weighed]:
    """Return what each candidate plan of an epoch meant for a job."""
    return [one for n, call in enumerate(record.tools) for one in _in_call(record, n, call, job_id)]


def _in_call(record: EpochRecord, n: int, call: ToolRecord, job_id: str) -> Iterator[Weighed]:
    if call.name != "what_if" or call.by == "model" or call.outcome != "ok":
        return
    candidate = next((one for one in record.candidates if one.carbon_g == call.result["carbon_g"]), None)
    for i, run in enumerate(call.arguments["runs"] if candidate else ()):
        if candidate and run["job_id"] == job_id:
            yield Weighed(
                candidate.label,
                candidate.name.split("=")[0],
                run["region"],
                float(run["start_s"]),
                float(call.result["carbon_g_by_run"][i]),
                candidate.label == record.committed,
                f"trajectory.sqlite, epoch {record.epoch}, call {n}, what_if: carbon_g_by_run[{i}]",
            )


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
    trace.add_json({name: getattr(record, name) for name in ("epoch", "now_s", "pending", "deferred")})
    for call in record.tools:
        trace.add_json(call.result if call.outcome == "ok" else {})
        trace.add_json(call.arguments if call.by != "model" else {})
    for rows in (record.regions, record.candidates, record.decisions):
        trace.add_json([asdict(row) for row in rows])
    for first, second in permutations(record.candidates, 2):
        trace.add("share", _excess(first.carbon_g, second.carbon_g), _excess(first.objective, second.objective))
        trace.add("", first.late - second.late)
    trace.add("", *_counts([decision.region for decision in record.decisions]))
    for call in record.tools:
        trace.add("", *_counts([run["region"] for run in call.arguments.get("runs", ())] if call.by != "model" else []))
    for candidate in record.candidates:
        trace.quote(candidate.name, *candidate.name.split("="))


def _excess(value: float, base: float) -> float | None:
    return value / base - 1 if base else None


def _counts(names: Sequence[str]) -> list[int]:
    return list(Counter(names).values())
