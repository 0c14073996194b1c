"""An independent re-check of what ran against the rules, in plain datetimes.

It shares nothing with the guard but the rules themselves and the question of which jobs they are
about: no interval arrays. Each can so test the other.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby, zip_longest
from zoneinfo import ZoneInfo

from agent.policy.english import english, quoted
from agent.policy.rules import DAYS, Approval, Budget, Delay, Headroom, Placement, PolicySet, Suspend, Window
from agent.policy.selection import about
from sim.model import Job, Region
from sim.units import G_PER_KG, FloatArray
from sim.world import ROUNDING_S

Lookup = Callable[[str, float], float]
Drawn = Callable[[Sequence["Segment"]], Mapping[str, FloatArray]]
"""From all segments to `energy_kwh`, `carbon_g` and `cost_usd` of each."""
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Segment:
    """A stretch of a job's run in one region, seconds since the scenario's start.

    `kind` is what it was, as placements word it (run, save, restore, lost), `scale` the workers that it held.
    """

    job: Job
    region: str
    start_s: float
    end_s: float
    kind: str = "run"
    scale: float = 1.0


@dataclass(frozen=True)
class Violation:
    """A rule, in canonical English, that was broken: by which job (None: by all together), where and when.

    `region` is None for a job that was late because it never started, and for a budget.
    """

    rule: str
    job_id: str | None
    region: str | None
    at_s: float


@dataclass(frozen=True)
class Record:
    """What ran, where, from which start on; `until_s` is how far the run went.

    `unfinished` are the ids of jobs that neither ended nor were cancelled; `drawn` says what segments drew, `approved`
    which jobs people let run where, under which rule.
    """

    regions: dict[str, Region]
    start: datetime
    epoch_s: float
    jobs: tuple[Job, ...]
    segments: tuple[Segment, ...]
    until_s: float
    intensity: Lookup
    price: Lookup
    unfinished: frozenset[str] = frozenset()
    drawn: Drawn | None = None
    approved: Container[tuple[str, str, str]] = ()

    def moment(self, seconds: float) -> datetime:
        """Return the UTC moment of a second of the scenario."""
        return (self.start + timedelta(seconds=seconds)).astimezone(UTC)

    def zone(self, tz: str, region: str) -> ZoneInfo:
        """Return what a rule's `tz` means in a region."""
        return ZoneInfo(self.regions[region].tz) if tz == "local" else ZoneInfo(tz)


def violations(
    policy_set: PolicySet,
    regions: Sequence[Region],
    start: datetime,
    epoch_s: float,
    jobs: Iterable[Job],
    segments: Iterable[Segment],
    *,
    until_s: float,
    intensity: Lookup,
    price: Lookup,
    unfinished: Iterable[str] = (),
    drawn: Drawn | None = None,
    approved: Container[tuple[str, str, str]] = (),
) -> list[Violation]:
    """Return every breach of the rules of strength `must` by what actually ran.

    Args:
        policy_set: The rules.
        regions: The scenario's regions.
        start: The scenario's start, with a time zone.
        epoch_s: Seconds between decisions.
        jobs: All jobs submitted, also those that never ran.
        segments: What ran, with actual ends.
        until_s: How far the run went: a job that has not started by then is late if its bound has passed.
        intensity: Carbon intensity by region id and second, gCO2eq/kWh.
        price: Electricity price by region id and second, USD/MWh.
        unfinished: Jobs that neither ended nor were cancelled.
        drawn: What all that ran drew, given cut in shorter segments; needed where rules speak of it.
        approved: Job, region and rule (in English, with its source) of every placement that a person agreed to.
    """
    by_id = {region.id: region for region in regions}
    pieces = tuple(segments)
    record = Record(
        by_id,
        start,
        epoch_s,
        tuple(jobs),
        tuple(stays(pieces)),
        until_s,
        intensity,
        price,
        frozenset(unfinished),
        drawn,
        approved,
    )
    found: list[Violation] = []
    for rule in policy_set.rules:
        if rule.strength == "prefer":
            continue
        match rule:
            case Placement():
                found.extend(_misplaced(rule, record))
            case Delay():
                found.extend(_late(rule, record))
            case Headroom():
                found.extend(_crowded(rule, replace(record, segments=pieces)))
            case Budget():
                found.extend(_overspent(rule, replace(record, segments=pieces)))
            case Approval():
                found.extend(_unapproved(rule, replace(record, segments=pieces)))
            case Suspend():
                found.extend(_suspended(rule, replace(record, segments=pieces)))
    return found


def stays(segments: Iterable[Segment]) -> list[Segment]:
    """Return the stays that segments make up: rules on starts speak of the beginning of a stay.

    A stay goes on from reading a checkpoint to working, from working to writing one, and with other numbers of workers.
    It ends where work is lost, or where a job is suspended, even if it goes on at the same moment.
    """
    joined: list[Segment] = []
    before: Segment | None = None
    for one in sorted(segments, key=lambda one: (one.job.id, one.start_s)):
        if before and _goes_on(before, one):
            joined[-1] = replace(joined[-1], end_s=one.end_s)
        else:
            joined.append(one)
        before = one
    return joined


def _goes_on(before: Segment, one: Segment) -> bool:
    """Tell whether a segment is of the same stay as the one before it."""
    same = (before.job.id, before.region) == (one.job.id, one.region)
    if not same or abs(one.start_s - before.end_s) > ROUNDING_S:
        return False
    resized = before.kind == one.kind == "run" and before.scale != one.scale
    return before.kind == "restore" or (before.kind == "run" and one.kind == "save") or resized


def _misplaced(rule: Placement, record: Record) -> Iterator[Violation]:
    for run in record.segments:
        forbidden = _outside if rule.effect == "only" else _denied
        if about(rule, run.job) and forbidden(rule, run, record):
            yield Violation(english(rule), run.job.id, run.region, run.start_s)


def _outside(rule: Placement, run: Segment, record: Record) -> bool:
    """Tell whether a run breaks an `only` rule: in another region, or not in the window."""
    if rule.regions is not None and run.region not in rule.regions:
        return True
    if rule.window is None:
        return False
    begin, end = record.moment(run.start_s), record.moment(run.end_s)
    for opens, closes in _spans(rule.window, record.zone(rule.window.tz, run.region), begin, end):
        if opens <= begin < closes:
            longer_than_window = max(end - begin, timedelta(seconds=run.job.duration_estimate_s)) > closes - opens
            return end > closes and not longer_than_window
    return True


def _denied(rule: Placement, run: Segment, record: Record) -> bool:
    """Tell whether a run breaks a `deny` rule: any one of its conditions is enough."""
    if rule.regions is not None and run.region not in rule.regions:
        return False
    if rule.window is None and rule.intensity_above is None and rule.price_above is None:
        return True
    if rule.window is not None and _overlaps(rule.window, run, record):
        return True
    if rule.intensity_above is not None and record.intensity(run.region, run.start_s) > rule.intensity_above:
        return True
    return rule.price_above is not None and record.price(run.region, run.start_s) > rule.price_above


def _overlaps(window: Window, run: Segment, record: Record) -> bool:
    begin, end = record.moment(run.start_s), record.moment(run.end_s)
    spans = _spans(window, record.zone(window.tz, run.region), begin, end)
    return any(opens <= begin < closes or begin <= opens < end for opens, closes in spans)


def _late(rule: Delay, record: Record) -> Iterator[Violation]:
    runs: dict[str, list[Segment]] = {}
    for run in record.segments:
        runs.setdefault(run.job.id, []).append(run)
    for job in record.jobs:
        if about(rule, job):
            yield from _late_job(rule, job, runs.get(job.id, []), record)


def _late_job(rule: Delay, job: Job, runs: list[Segment], record: Record) -> Iterator[Violation]:
    """Yield a violation for each bound missed; a start at the first decision misses none."""
    first_decision_s = math.ceil(job.submit_s / record.epoch_s) * record.epoch_s
    first = min(runs, key=lambda run: run.start_s, default=None)
    start_s = first.start_s if first else record.until_s
    if start_s <= first_decision_s:
        return
    region = first.region if first else None
    if rule.max_delay_h is not None and start_s > job.submit_s + 3600 * rule.max_delay_h:
        yield Violation(english(rule), job.id, region, start_s)
    if rule.finish_by is not None:
        end_s = max((run.end_s for run in runs), default=record.until_s)
        zone = record.zone(rule.tz or "local", job.home)
        if record.moment(end_s) > _next(rule.finish_by, zone, record.moment(job.submit_s)):
            yield Violation(english(rule), job.id, region, end_s)


def _overspent(rule: Budget, record: Record) -> Iterator[Violation]:
    """Yield a violation for each period in which matching jobs used up more than the budget."""
    if record.drawn is None:
        raise ValueError(f"{english(rule)}: what the segments drew is needed to check this")
    pieces = [part for one in record.segments for part in _by_period(rule.per, one, record)]
    name, unit = ("carbon_g", G_PER_KG) if rule.metric == "carbon_kg" else (rule.metric, 1.0)
    spent: dict[datetime, float] = {}
    for piece, amount in zip(pieces, record.drawn(pieces)[name].tolist(), strict=True):
        if about(rule, piece.job) and (rule.regions is None or piece.region in rule.regions):
            period = _period(rule.per, record.moment((piece.start_s + piece.end_s) / 2))
            spent[period] = spent.get(period, 0.0) + amount / unit
    for period in sorted(spent):
        if spent[period] > rule.max * (1 + 1e-6) + 1e-9:
            yield Violation(english(rule), None, None, (period - record.moment(0.0)).total_seconds())


def _unapproved(rule: Approval, record: Record) -> Iterator[Violation]:
    """Yield a violation for each region in which a job ran without the yes that it needed there."""
    mine = [
        one for one in record.segments if about(rule, one.job) and (rule.regions is None or one.region in rule.regions)
    ]
    needing = {one.job.id for one in mine}
    if rule.cost_above_usd is not None or rule.carbon_above_kg is not None:
        needing = _beyond_limits(rule, mine, record)
    seen: set[tuple[str, str]] = set()
    for one in sorted(mine, key=lambda one: one.start_s):
        place = (one.job.id, one.region)
        if one.job.id in needing and place not in seen and (*place, quoted(rule)) not in record.approved:
            yield Violation(english(rule), *place, one.start_s)
        seen.add(place)


def _beyond_limits(rule: Approval, mine: Sequence[Segment], record: Record) -> set[str]:
    """Return the jobs that emitted or cost more there than the rule lets pass unasked."""
    if record.drawn is None:
        raise ValueError(f"{english(rule)}: what the segments drew is needed to check this")
    drawn, counted = record.drawn(record.segments), set(map(id, mine))
    totals: dict[str, tuple[float, float]] = {}
    for one, grams, usd in zip(record.segments, drawn["carbon_g"].tolist(), drawn["cost_usd"].tolist(), strict=True):
        if id(one) in counted:
            before_kg, before_usd = totals.get(one.job.id, (0.0, 0.0))
            totals[one.job.id] = before_kg + grams / G_PER_KG, before_usd + usd
    most_kg = math.inf if rule.carbon_above_kg is None else rule.carbon_above_kg * (1 + 1e-6) + 1e-9
    most_usd = math.inf if rule.cost_above_usd is None else rule.cost_above_usd * (1 + 1e-6) + 1e-9
    return {job_id for job_id, (kg, usd) in totals.items() if kg > most_kg or usd > most_usd}


def _by_period(per: str, one: Segment, record: Record) -> Iterator[Segment]:
    """Yield a segment cut at the edges of the calendar's periods (UTC)."""
    start_s = one.start_s
    while start_s < one.end_s:
        period = _period(per, record.moment(start_s + ROUNDING_S))
        after = period + {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}.get(
            per, timedelta(days=calendar.monthrange(period.year, period.month)[1])
        )
        end_s = min(one.end_s, (after - record.moment(0.0)).total_seconds())
        yield replace(one, start_s=start_s, end_s=end_s)
        start_s = end_s


def _period(per: str, moment: datetime) -> datetime:
    """Return when the calendar's period of a moment began."""
    day = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    begun = {"hour": day + timedelta(hours=moment.hour), "month": day.replace(day=1)}
    begun["week"] = day - timedelta(days=day.isoweekday() - 1)
    return begun.get(per, day)


def _suspended(rule: Suspend, record: Record) -> Iterator[Violation]:
    """Yield a violation for each time that a job was suspended and should not have been."""
    for job, pieces in _by_job(record.segments):
        if about(rule, job):
            for times, piece in enumerate(_suspensions(pieces, record)):
                if times >= rule.most:
                    yield Violation(english(rule), job.id, piece.region, piece.end_s)


def _by_job(segments: Iterable[Segment]) -> Iterator[tuple[Job, list[Segment]]]:
    ordered = sorted(segments, key=lambda one: (one.job.id, one.start_s))
    for _, pieces in groupby(ordered, key=lambda one: one.job.id):
        mine = list(pieces)
        yield mine[0].job, mine


def _suspensions(pieces: Sequence[Segment], record: Record) -> Iterator[Segment]:
    """Yield the pieces of a job with which it was suspended: it went on later, or saved, or neither ended nor ran on.

    Work that was lost was cut off by something else, and so was reading a checkpoint.
    """
    for piece, after in zip_longest(pieces, pieces[1:]):
        stopped = after is not None or piece.kind == "save"
        stopped |= piece.job.id in record.unfinished and piece.end_s < record.until_s - ROUNDING_S
        if piece.kind in ("run", "save") and stopped and not (after and _goes_on(piece, after)):
            yield piece


def _crowded(rule: Headroom, record: Record) -> Iterator[Violation]:
    """Yield a violation for each time that a region's CPU use rises above the bound while it holds."""
    for region in record.regions.values():
        if rule.regions is not None and region.id not in rule.regions:
            continue
        for begin_s, end_s in _excesses(rule, region, record):
            at_s = begin_s if rule.window is None else _first_in_window(rule.window, region, begin_s, end_s, record)
            if at_s is not None:
                yield Violation(english(rule), None, region.id, at_s)


def _excesses(rule: Headroom, region: Region, record: Record) -> Iterator[tuple[float, float]]:
    """Yield the times [begin, end) in which too many CPUs are busy: a sweep over starts and ends."""
    changes: dict[float, float] = {}
    for run in record.segments:
        if run.region == region.id and about(rule, run.job):
            changes[run.start_s] = changes.get(run.start_s, 0.0) + run.job.cpus * run.scale
            changes[run.end_s] = changes.get(run.end_s, 0.0) - run.job.cpus * run.scale
    most, busy, since_s = rule.max_utilization * region.cpus + 1e-6, 0.0, None
    for at_s in sorted(changes):
        busy += changes[at_s]
        if busy > most and since_s is None:
            since_s = at_s
        elif busy <= most and since_s is not None:
            if at_s - since_s > ROUNDING_S:
                yield since_s, at_s
            since_s = None


def _first_in_window(window: Window, region: Region, begin_s: float, end_s: float, record: Record) -> float | None:
    begin, end = record.moment(begin_s), record.moment(end_s)
    for opens, closes in _spans(window, record.zone(window.tz, region.id), begin, end):
        if opens < end and begin < closes:
            return begin_s + max((opens - begin).total_seconds(), 0.0)
    return None


def _spans(window: Window, zone: ZoneInfo, begin: datetime, end: datetime) -> tuple[Span, ...]:
    """Return when the window holds around [begin, end], touching occurrences joined."""
    # nine days either side: a merged weekly window is never cut short
    first = begin.astimezone(zone).date() - timedelta(days=9)
    last = end.astimezone(zone).date() + timedelta(days=9)
    return _spans_of_days(window, zone, first, last)


@lru_cache(maxsize=4096)
def _spans_of_days(window: Window, zone: ZoneInfo, first: date, last: date) -> tuple[Span, ...]:
    spans: list[Span] = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if window.days and DAYS[day.weekday()] not in window.days:
            continue
        opens = _wall(day, window.start, zone)
        closes = _wall(day + timedelta(days=window.end < window.start), window.end, zone)
        if spans and opens <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(closes, spans[-1][1]))
        elif opens < closes:
            spans.append((opens, closes))
    return tuple(spans)


def _next(clock: str, zone: ZoneInfo, after: datetime) -> datetime:
    today = after.astimezone(zone).date()
    times = [_wall(today + timedelta(days=offset), clock, zone) for offset in range(-1, 4)]
    return min(time for time in times if time > after)


def _wall(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """Return the UTC moment of a wall clock's time, counted from the midnight of a day."""
    hours, minutes = clock.split(":")
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock; its zone comes below
    wall = midnight + timedelta(hours=int(hours), minutes=int(minutes))
    return wall.replace(tzinfo=zone).astimezone(UTC)
