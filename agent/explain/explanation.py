"""An explanation: the facts about a job's run, what bound it, and the trace in which every number of it must stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from agent.explain.alternatives import Alternative, Alternatives, alternatives_of
from agent.explain.elsewhere import Elsewhere
from agent.explain.evidence import Evidence, Row
from agent.explain.limits import Limit
from agent.explain.trace import Trace
from agent.explain.weighed import Weighed, add_epoch, split, weighed
from agent.policy.english import english, quoted
from sim.forecast import forecast, row_of


@dataclass(frozen=True)
class Decided:
    """A decision about the job: `facts` are code's reason, `words` the model's; none if it has `unproven` numbers."""

    epoch: int
    now_s: float
    action: str
    region: str
    start_s: float
    candidate: str
    forecast_carbon_g: float | None
    verdict: str
    facts: str
    words: str
    unproven: tuple[str, ...]
    weighed: tuple[Weighed, ...]
    source: str


@dataclass(frozen=True)
class Bound:
    """What kept the job from something: a limit, and the cleanest alternative that it ruled out; None for a refusal."""

    limit: Limit
    alternative: Alternative | None
    times: int


@dataclass(frozen=True)
class Compared:
    """Forecast and what came, of the decision that was carried out. Intensities are means over the run, gCO2eq/kWh.

    `first` is what was forecast when the job was first decided on. Where the scheduler forecast nothing, or was told
    the future, what was forecast is None.
    """

    first_issued_s: float | None
    first_carbon_g: float | None
    issued_s: float | None
    carbon_g: float | None
    actual_carbon_g: float
    intensity: float | None
    actual_intensity: float
    estimate_s: float
    ran_s: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a job ran where and when it did."""

    evidence: Evidence
    decisions: tuple[Decided, ...]
    alternatives: Alternatives
    compared: Compared | None

    @classmethod
    def of(cls, evidence: Evidence) -> Explanation:
        """Return the explanation of what a run folder holds about a job. Raises InputError if the folder is damaged."""
        elsewhere = Elsewhere(evidence)
        decisions = tuple(_decided(evidence, row) for row in evidence.decisions)
        return cls(evidence, decisions, alternatives_of(evidence, elsewhere), _compared(evidence, elsewhere))

    def alike(self) -> list[list[Decided]]:
        """Return the decisions in order, those in a row that decided and were answered alike together."""
        key = attrgetter("action", "region", "start_s", "candidate", "verdict", "words", "unproven")
        return [list(group) for _, group in groupby(self.decisions, key)]

    @cached_property
    def bound(self) -> list[Bound]:
        """What bound the job: refusals in their order, then what ruled out cleaner alternatives, most saved first."""
        refused: dict[str, int] = {}
        for one in self.decisions:
            if one.verdict != "ok":
                refused[one.verdict] = refused.get(one.verdict, 0) + 1
        found = [Bound(Limit(_kind(verdict), verdict), None, times) for verdict, times in refused.items()]
        seen: dict[tuple[str, str], list[Alternative]] = {}
        for alternative in self.alternatives.cleaner():
            for limit in alternative.ruled_out_by[:1]:
                what = alternative.region if limit.kind == "room" else limit.says
                seen.setdefault((limit.kind, what), []).append(alternative)
        return found + [Bound(ones[0].ruled_out_by[0], ones[0], len(ones)) for ones in seen.values()]

    @cached_property
    def trace(self) -> Trace:
        """Every number that a text about this job may hold, and the names and sentences that it may quote."""
        evidence = self.evidence
        trace = Trace(evidence.world.start, evidence.world.workload.jobs.position)
        for content in (*_about_job(evidence), evidence.segments, evidence.transfers, evidence.approvals):
            trace.add_json(content)
        if self.compared:
            trace.add_json(asdict(self.compared))
        for record in evidence.epochs.values():
            add_epoch(trace, record)
        trace.quote(*evidence.names(), *evidence.said)
        for rule in evidence.rules:
            trace.quote(quoted(rule), english(rule), rule.source)
        for row in evidence.decisions:
            trace.add_json(row)
            trace.quote(row["verdict"])
            if not evidence.epochs:  # a numeric run's reasons are code's, word for word
                trace.quote(split(row["reason"]).facts)
        for one in self.alternatives.all:
            trace.add_json(asdict(one))
            for limit in one.ruled_out_by:
                trace.add_all(limit.numbers)
        trace.add_all(self._derived())
        return trace

    def _derived(self) -> Iterator[tuple[str, float | None]]:
        """Yield the numbers that follow from others: differences, ratios, sums and counts."""
        yield "", len(self.decisions)
        yield "", len(self.evidence.segments)
        yield from (("", len(alike)) for alike in self.alike())
        yield from (("", one.times) for one in self.bound)
        for alternatives in (self.alternatives.regions, self.alternatives.starts):
            yield "", len(alternatives)
            yield "", sum(one.is_open for one in alternatives)
        actual_g = self.alternatives.carbon_g
        yield "g", actual_g
        if actual_g:
            yield from (("share", one.carbon_g / actual_g - 1) for one in self.alternatives.all)
        if found := self.compared:
            yield "share", found.actual_carbon_g / found.carbon_g - 1 if found.carbon_g else None


def explain(path: Path, job_id: str, data_dir: Path | None) -> Explanation:
    """Return the explanation of a job in a run folder.

    Raises:
        InputError: If the folder is damaged, its series cannot be read, or it has no such job.
    """
    return Explanation.of(Evidence.of(path, job_id, data_dir))


def _decided(evidence: Evidence, row: Row) -> Decided:
    """Return a decision with its reason in parts; the model's words are checked against what that epoch recorded."""
    reason = split(row["reason"] or "")
    record = evidence.epochs.get(int(row["epoch"]))
    unproven: tuple[str, ...] = ()
    if reason.words:
        trace = Trace(evidence.world.start, evidence.world.workload.jobs.position)
        trace.quote(*evidence.names())
        for content in (*_about_job(evidence), row):
            trace.add_json(content)
        if record:
            add_epoch(trace, record)
        unproven = tuple(trace.missing(reason.words))
    facts = reason.facts + (f"; the model chose {reason.chosen}{reason.rest}" if reason.chosen else "")
    return Decided(
        epoch=int(row["epoch"]),
        now_s=row["now_s"],
        action=row["action"],
        region=row["region"],
        start_s=row["start_s"],
        candidate=row["candidate"],
        forecast_carbon_g=row["forecast_carbon_g"],
        verdict=row["verdict"],
        facts=facts,
        words="" if unproven else " ".join(reason.words.split()),
        unproven=unproven,
        weighed=tuple(weighed(record)) if record else (),
        source=f"decisions.parquet, row {row['row']}",
    )


def _about_job(evidence: Evidence) -> list[Any]:
    """Return what is known of the job as JSON: its fields, its last timely start, what became of it, its hints."""
    job, latest_s = evidence.job, evidence.bound_to.latest_start_s(evidence.job)
    bounds = {"latest_start_s": job.latest_start_s, "bound_s": latest_s}
    return [asdict(job), bounds, evidence.outcome, evidence.described or {}]


def _kind(verdict: str) -> str:
    if verdict.startswith(("awaiting approval", "not approved")):
        return "approval"
    return "description" if verdict.startswith("its description") else "rule"


def _compared(evidence: Evidence, elsewhere: Elsewhere) -> Compared | None:
    """Compare the last placement that was carried out with what came; None for a job that never ran."""
    parts = elsewhere.parts
    if not parts:
        return None
    placed = [row for row in evidence.decisions if row["action"] == "place" and row["verdict"] == "ok"]
    last = placed[-1] if placed and placed[-1]["forecast_carbon_g"] is not None else None
    first = next((row for row in evidence.decisions if row["forecast_carbon_g"] is not None), None)
    signals, index = evidence.world.intensity, evidence.world.region_index
    ran_s = sum(part.end_s - part.start_s for part in parts)
    mean = sum(float(signals[p.region].integral(p.start_s, p.end_s)) for p in parts) / ran_s if ran_s else 0.0
    expected = None
    if last and not evidence.is_told:
        r, now_s, start_s = index[last["region"]], last["now_s"], max(last["start_s"], last["now_s"])
        end_s = start_s + evidence.job.duration_estimate_s
        model = row_of(evidence.world.models.intensity, r)
        ahead = forecast(model, signals[r].up_to(now_s), now_s, end_s - now_s + 1.0)
        expected = float(ahead.integral(start_s, end_s)) / (end_s - start_s)
    return Compared(
        first_issued_s=first["now_s"] if first else None,
        first_carbon_g=first["forecast_carbon_g"] if first else None,
        issued_s=last["now_s"] if last else None,
        carbon_g=last["forecast_carbon_g"] if last else None,
        actual_carbon_g=sum(row["carbon_g"] for row in evidence.segments),
        intensity=expected,
        actual_intensity=mean,
        estimate_s=evidence.job.duration_estimate_s,
        ran_s=ran_s,
    )
