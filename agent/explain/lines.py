"""An explanation line by line, a heading over each part. Every number comes from a fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.explain.alternatives import Alternative, cleanest
from agent.explain.evidence import Row
from agent.explain.explanation import Bound, Compared, Decided, Explanation
from agent.explain.paragraph import paragraph
from agent.explain.words import compared_to, grams, hours, moment
from agent.policy.english import english

SHOWN = 12
"""So many other start times are printed: the earliest, the cleanest, the last ones, and some between."""


def lines(explanation: Explanation) -> Iterator[str]:
    """Yield the explanation, with a heading over each part."""
    yield from _job(explanation)
    yield "\nDecisions"
    for alike in explanation.alike():
        yield from _decision(explanation, alike)
    yield "\nRan" if explanation.evidence.segments else "\nRan nowhere"
    for row in explanation.evidence.segments:
        yield f"  {_ran(explanation, row)}"
    for row in explanation.evidence.transfers:
        yield f"  {row['gb']:g} GB moved from {row['src']} to {row['dst']}: {grams(row['carbon_g'])}"
    yield from _alternatives(explanation)
    yield "\nWhat bound it"
    yield from (f"  {line}" for line in _what_bound(explanation))
    if explanation.compared:
        yield "\nForecast and what came"
        yield from (f"  {line}" for line in _compared(explanation, explanation.compared))
    yield "\nIn short"
    yield f"  {paragraph(explanation)}"


# -- the parts -----------------------------------------------------------------------------------


def _job(explanation: Explanation) -> Iterator[str]:
    evidence, job = explanation.evidence, explanation.evidence.job
    belongs = [f"of team {job.team}" if job.team else "", f"for {job.customer}" if job.customer else ""]
    tagged = f", tagged {', '.join(job.tags)}" if job.tags else ""
    yield f"{job.id}: {' '.join(filter(None, [job.kind, 'job', *belongs]))}, priority {job.priority}{tagged}"
    yield f"  asks for    {_size(explanation)}, {hours(job.duration_estimate_s)} by its estimate"
    submitted, deadline = (_at(explanation, t_s) for t_s in (job.submit_s, job.deadline_s))
    yield f"  submitted   {submitted} UTC in {job.home}, to end by {deadline}"
    if job.deps:
        yield f"  waits for   {', '.join(job.deps)}"
    if job.description.strip():
        yield f'  describes   "{" ".join(job.description.split())}"'
    if evidence.described:
        left_out = evidence.described["left_out"]
        for name, value in evidence.described["hints"].items():
            yield f"  hint        {name}: {_hint(value)}{f' (left out: {left_out[name]})' if name in left_out else ''}"
    for rule in evidence.rules:
        yield f"  rule        {english(rule)}"
    for one in evidence.approvals:
        said = {True: "a person said yes", False: "a person said no", None: "nobody answered"}[one["yes"]]
        most = f"at most {grams(one['carbon_kg'] * 1e3)}, {one['cost_usd']:.2f} USD"
        yield f"  asked       {_at(explanation, one['at_s'])} about {one['region']} ({most}): {said}"


def _size(explanation: Explanation) -> str:
    job = explanation.evidence.job
    parts = [f"{job.cpus:g} CPUs", f"{job.gpus:g} GPUs" if job.gpus else "", f"{job.memory_gb:g} GB"]
    return ", ".join(filter(None, parts))


def _hint(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _decision(explanation: Explanation, alike: Sequence[Decided]) -> Iterator[str]:
    """Yield a decision, or several in a row that were alike, as the last of them was made."""
    first, one = alike[0], alike[-1]
    where = f" in {one.region}" if one.region else ""
    forecast = f", forecast {grams(one.forecast_carbon_g)}" if one.forecast_carbon_g is not None else ""
    done = f"{one.action}{where} at {_at(explanation, one.start_s)}{forecast}: {one.verdict}"
    since = f"{len(alike)} decisions since epoch {first.epoch}, the last in " if len(alike) > 1 else ""
    yield f"  {since}epoch {one.epoch}, {_at(explanation, one.now_s)}: {done}"
    if one.facts:
        yield f"    reason: {one.facts}"
    if one.words:
        yield f"    the model said: {one.words}"
    if one.unproven:
        yield "    the model's words are left out: they hold numbers that stand nowhere in the trace"
    for plan in one.weighed:
        mark = " (committed)" if plan.committed else ""
        late = f", {plan.late} late" if plan.late else ""
        figures = f"{grams(plan.carbon_g)}, wait {hours(plan.mean_wait_s)}{late}"
        yield f"    weighed {plan.label} {plan.name}, all its jobs: {figures}{mark}"


def _ran(explanation: Explanation, row: Row) -> str:
    span = f"{_at(explanation, row['start_s'])} to {_at(explanation, row['end_s'])}"
    what = "" if row["kind"] == "run" else f", {row['kind']}"
    workers = f", {row['scale']:g} workers" if row["scale"] != 1 else ""
    return f"{row['region']}, {span}{what}{workers}: {grams(row['carbon_g'])}"


def _alternatives(explanation: Explanation) -> Iterator[str]:
    found = explanation.alternatives
    yield "\nElsewhere at the same time, by the true series"
    said: set[str] = set()
    for one in found.regions:
        yield f"  {one.region:<12}{_alternative(one, said)}"
    yield "\nAt other times in the same region"
    for one in _shown(found.starts):
        yield f"  {_at(explanation, one.start_s)}  {_alternative(one, said)}"


def _alternative(one: Alternative, said: set[str]) -> str:
    """Return its carbon and what rules it out; what was `said` before is not said again."""
    if one.is_open:
        return grams(one.carbon_g)
    limit = one.ruled_out_by[0]
    words = "the same as above" if limit.says in said else limit.says
    said.add(limit.says)
    return f"{grams(one.carbon_g)}  ruled out by {limit.kind}: {words}"


def _shown(starts: Sequence[Alternative]) -> list[Alternative]:
    """Return the starts that are printed, in their order."""
    if len(starts) <= SHOWN:
        return list(starts)
    keep = {0, len(starts) - 1, len(starts) - 2}
    for some in (starts, [one for one in starts if one.is_open]):
        if best := cleanest(some):
            keep.add(starts.index(best))
    for n in range(SHOWN):
        if len(keep) < SHOWN:
            keep.add(round(n * (len(starts) - 1) / SHOWN))
    return [starts[n] for n in sorted(keep)]


def _what_bound(explanation: Explanation) -> Iterator[str]:
    """Yield each limit that refused the job, or ruled a cleaner run out; or say that nothing did."""
    for one in explanation.bound:
        yield f"{one.limit.kind}: {_bound_by(explanation, one)}"
    if not explanation.bound:
        nothing = "nothing: no decision was refused, and no cleaner run was ruled out"
        yield nothing if explanation.evidence.rules else f"{nothing}; no rule is about this job"


def _bound_by(explanation: Explanation, one: Bound) -> str:
    if one.alternative is None:
        return f"refused in {one.times} decisions: {one.limit.says}"
    other, at = one.alternative, _at(explanation, one.alternative.start_s)
    return f"it kept the job from {other.region} at {at}, {grams(other.carbon_g)}: {one.limit.says}"


def _compared(explanation: Explanation, found: Compared) -> Iterator[str]:
    if found.carbon_g is None:
        yield f"no carbon was forecast for it; it emitted {grams(found.actual_carbon_g)}"
    else:
        more = compared_to(found.actual_carbon_g, found.carbon_g)
        yield f"carbon     forecast {grams(found.carbon_g)}, actual {grams(found.actual_carbon_g)}{more}"
    if found.first_carbon_g is not None and found.first_issued_s is not None and found.first_issued_s != found.issued_s:
        yield f"           first forecast {grams(found.first_carbon_g)}, at {_at(explanation, found.first_issued_s)}"
    forecast = "" if found.intensity is None else f"forecast {found.intensity:.0f} g/kWh, "
    yield f"intensity  {forecast}actual {found.actual_intensity:.0f} g/kWh, mean over the run"
    yield f"length     estimate {hours(found.estimate_s)}, actual {hours(found.ran_s)}"


def _at(explanation: Explanation, t_s: float) -> str:
    return moment(explanation.evidence.world.start, t_s)
