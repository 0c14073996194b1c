"""An `EpochRecord` as text for people: cells of tables, small charts, the trace of a decision.

Pure functions; colours are passed in as an `Ink`, so that they fit a dark and a light background alike.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import fmean
from textwrap import wrap
from typing import Any, NamedTuple

from rich.text import Text

from agent.printable import printable
from agent.record import CandidateRecord, EpochRecord, ModelRecord, RegionRecord, ToolRecord
from sim.approvals import Ask
from sim.runner import DecisionRow
from sim.units import G_PER_KG, HOUR_S, at_time

MOST_LINES = 60  # of one tool result in a trace
DONE = {
    "place": "placed", "defer": "deferred", "suspend": "suspended", "resume": "resumed", "migrate": "migrated",
    "resize": "resized",
}  # fmt: skip


class Ink(NamedTuple):
    """The colours of one kind of theme; `scale` runs from clean to dirty."""

    scale: tuple[str, ...]
    calm: str
    warm: str
    quiet: str
    denied: str
    head: str


DARK = Ink(
    scale=("#56b6a0", "#8fbf72", "#cfc06a", "#d9a05b", "#d0785f"),
    calm="#7aa6d8",
    warm="#d9a05b",
    quiet="#8a939e",
    denied="bold #ffffff on #a8322d",
    head="bold #7aa6d8",
)
LIGHT = Ink(
    scale=("#0f7561", "#4c7a1c", "#836800", "#a3560d", "#a3322a"),
    calm="#2b5f9e",
    warm="#a3560d",
    quiet="#646b73",
    denied="bold #ffffff on #b23a34",
    head="bold #2b5f9e",
)


class Column(NamedTuple):
    """A table's column: its width in a narrow and in a wide terminal; 0 takes what the others leave."""

    name: str
    narrow: int
    wide: int
    right: bool = False


REGIONS = (
    Column("region", 11, 12),
    Column("zone", 8, 12),
    Column("g/kWh", 6, 8, right=True),
    Column("  trend", 0, 0),
    Column("busy", 12, 15),
    Column("run", 4, 5, right=True),
    Column("wait", 7, 6, right=True),
    Column("USD/MWh", 9, 9, right=True),
)
DECISIONS = (
    Column("epoch", 10, 13),
    Column("job", 12, 16),
    Column("action", 8, 8),
    Column("region", 11, 13),
    Column("start", 10, 13),
    Column("guard", 9, 9),
    Column("reason", 0, 0),
)
CANDIDATES = (
    Column("plan", 0, 0),
    Column("kg CO2", 9, 9, right=True),
    Column("USD", 9, 9, right=True),
    Column("wait h", 8, 8, right=True),
    Column("late", 6, 6, right=True),
    Column("objective", 11, 11, right=True),
    Column("  chosen", 12, 12),
)

ASKS = (
    Column("asked at", 13, 14),
    Column("job", 15, 20),
    Column("region", 12, 14),
    Column("kg CO2", 10, 10, right=True),
    Column("USD", 10, 10, right=True),
    Column("  rule", 0, 0),
)


class Row(NamedTuple):
    """A row of the decisions table: jobs decided alike in one epoch, a note to the operator, or an epoch's silence."""

    record: EpochRecord
    decisions: tuple[DecisionRow, ...] = ()
    note: str = ""


def intensity_colour(g_per_kwh: float, ink: Ink) -> str:
    """Return the colour of an intensity: five steps, at 100, 200, 350 and 500 gCO2eq/kWh."""
    return ink.scale[sum(g_per_kwh >= step for step in (100, 200, 350, 500))]


def widths(columns: Sequence[Column], room: int, *, wide: bool) -> list[int]:
    """Return each column's width, so that together they fill `room`."""
    fixed = [column.wide if wide else column.narrow for column in columns]
    return [width or max(room - sum(fixed), 6) for width in fixed]


def spark(values: Sequence[float | None], *, least_span: float) -> str:
    """Return one block a value, scaled between the least and the greatest, a blank where there is none.

    The full block is left out, so that lines one above the other do not touch. A range narrower
    than `least_span` is not blown up, so that a steady series looks steady.

    >>> spark([1, None, 2, 3], least_span=1)
    '▁ ▄▇'
    """
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    low, span = min(known), max(max(known) - min(known), least_span)
    return "".join(" " if value is None else "▁▂▃▄▅▆▇"[round((value - low) / span * 6)] for value in values)


def trend(points: Mapping[int, float], *, window: int, room: int) -> list[float | None]:
    """Return the values of the last `window` epochs in at most `room` means, None where no epoch was seen.

    They are cut at multiples of a fixed number of epochs, so that they stay put as time goes on.
    """
    size = math.ceil(window / max(room - 1, 1))
    last = max(points)
    grouped: dict[int, list[float]] = {}
    for epoch, value in points.items():
        if epoch > last - window:
            grouped.setdefault(epoch // size, []).append(value)
    return [fmean(grouped[cut]) if cut in grouped else None for cut in range(min(grouped), last // size + 1)][-room:]


def gauge(share: float, width: int) -> str:
    """Return a bar of `width` cells, filled to `share`.

    >>> gauge(0.5, 4)
    '━━──'
    """
    filled = round(min(max(share, 0.0), 1.0) * width)
    return "━" * filled + "─" * (width - filled)


def clock(start: datetime, seconds: float, form: str) -> str:
    """Return the UTC time `seconds` after `start`, or a dash where there is none."""
    return at_time(start, seconds).strftime(form) if math.isfinite(seconds) else "-"


def alike(decisions: Iterable[DecisionRow]) -> list[tuple[DecisionRow, ...]]:
    """Return the decisions in groups that differ only in the job and its carbon, in order of first sight."""
    groups: dict[tuple[Any, ...], list[DecisionRow]] = {}
    for one in decisions:
        key = (one.action, one.region, one.start_s, one.candidate, one.reason, one.verdict)
        groups.setdefault(key, []).append(one)
    return [tuple(group) for group in groups.values()]


def rows_of(record: EpochRecord) -> list[Row]:
    """Return the epoch's rows, notes first; an epoch that asked or called but decided nothing still has one to open."""
    rows = [Row(record, note=note) for note in notes(record)] + [
        Row(record, group) for group in alike(record.decisions)
    ]
    return rows or ([Row(record)] if record.model or record.tools else [])


def notes(record: EpochRecord) -> list[str]:
    """Return what the operator was told in an epoch."""
    return [
        str(tool.result.get("text", ""))
        for tool in record.tools
        if tool.name == "note_to_operator" and tool.outcome == "ok"
    ]


def tally(decisions: Iterable[DecisionRow]) -> str:
    """Return how many were placed, deferred and denied: `12 placed, 3 deferred, 1 denied`."""
    counts = Counter("denied" if d.verdict != "ok" else DONE.get(d.action, d.action) for d in decisions)
    order = {"placed": 0, "deferred": 1, "denied": 9}
    ranked = sorted(counts.items(), key=lambda item: order.get(item[0], 5))
    return ", ".join(f"{number} {what}" for what, number in ranked) or "no decisions"


def kilograms(grams: float) -> str:
    """Return kilograms, to the gram below a tonne.

    >>> kilograms(12_480.0)
    '12.480'
    """
    return f"{grams / G_PER_KG:,.{3 if abs(grams) < 1e6 else 1}f}"


def names(decisions: Sequence[DecisionRow]) -> str:
    """Return the job's id, or how many jobs."""
    if not decisions:
        return "-"
    return decisions[0].job_id if len(decisions) == 1 else f"{len(decisions)} jobs"


def plan_name(label: str, record: EpochRecord) -> str:
    """Return a plan's label and name: `B spatiotemporal`."""
    return next((f"{one.label} {one.name}" for one in record.candidates if one.label == label), label)


def choice(candidate: CandidateRecord, record: EpochRecord) -> str:
    """Return `committed`, `proposed`, `both` or nothing."""
    committed, proposed = candidate.label == record.committed, candidate.label == record.proposed
    return "both" if committed and proposed else "committed" if committed else "proposed" if proposed else ""


def line(text: str, style: str = "", *, right: bool = False) -> Text:
    """Return one line that ends in an ellipsis where it does not fit."""
    return Text(
        printable(" ".join(text.split())), style, no_wrap=True, overflow="ellipsis", justify="right" if right else None
    )


def as_json(value: Any, *, room: int) -> str:
    """Return JSON on one line if there is room, indented if not, cut after `MOST_LINES` lines."""
    short = printable(json.dumps(value, ensure_ascii=False, default=str))
    if len(short) <= room:
        return short
    lines = printable(json.dumps(value, ensure_ascii=False, default=str, indent=2), lines=True).split("\n")
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"... {len(lines) - MOST_LINES} more lines"]
    return "\n".join(lines)


def region_cells(region: RegionRecord, means: Sequence[float | None], bar: int, ink: Ink) -> list[Text]:
    """Return a region's cells: id, zone, intensity, its trend, utilisation, running, queued, price."""
    share = region.busy_cpus / region.cpus if region.cpus else 0.0
    blocks = zip(spark(means, least_span=20.0), means, strict=True)
    return [
        line(region.region, "bold"),
        line(region.zone, ink.quiet),
        line(f"{region.intensity:.0f}", intensity_colour(region.intensity, ink), right=True),
        Text.assemble("  ", *((block, intensity_colour(value or 0.0, ink)) for block, value in blocks)),
        Text.assemble((gauge(share, bar), ink.warm if share > 0.9 else ink.calm), f" {share:4.0%}"),
        line(str(region.running), right=True),
        line(str(region.queued), ink.warm if region.queued else "", right=True),
        line(f"{region.price:.2f}", right=True),
    ]


def decision_cells(row: Row, start: datetime, form: str, ink: Ink) -> list[Text]:
    """Return a row's cells: epoch, job or count, action, region, start, verdict, reason."""
    when = line(clock(start, row.record.now_s, form), ink.quiet)
    if row.note:
        return [when, line("-"), line("note", ink.warm), *(line("-") for _ in range(3)), line(row.note, ink.warm)]
    if not row.decisions:
        return [when, *(line("-") for _ in range(5)), line(row.record.reason)]
    one = row.decisions[0]
    denied = one.verdict != "ok"
    return [
        when,
        line(names(row.decisions)),
        line(one.action, ink.quiet if one.action == "defer" else ""),
        line(one.region or "-"),
        line(clock(start, one.start_s, form)),
        line(" denied " if denied else "ok", ink.denied if denied else ink.quiet),
        line(f"{one.verdict}: {one.reason}" if denied else one.reason),
    ]


def candidate_cells(one: CandidateRecord, record: EpochRecord, ink: Ink) -> list[Text]:
    """Return a candidate's cells: name, carbon, cost, mean wait, late jobs, objective, chosen."""
    chosen = choice(one, record)
    return [
        line(f"{one.label} {one.name}", "bold" if chosen in ("committed", "both") else ""),
        line(kilograms(one.carbon_g), right=True),
        line(f"{one.cost_usd:,.2f}", right=True),
        line(f"{one.mean_wait_s / HOUR_S:.1f}", right=True),
        line(str(one.late), ink.warm if one.late else "", right=True),
        line(f"{one.objective:,.3f}", right=True),
        Text.assemble("  ", (chosen, ink.head)),
    ]


def ask_cells(one: Ask, start: datetime, form: str) -> list[Text]:
    """Return the cells of a placement that needs a yes: when asked, job, region, the most kg and USD, the rule."""
    return [
        line(clock(start, one.at_s, form)),
        line(one.job_id, "bold"),
        line(one.region),
        line(f"{one.carbon_kg:,.3f}", right=True),
        line(f"{one.cost_usd:,.2f}", right=True),
        Text.assemble("  ", line(one.rule), no_wrap=True, overflow="ellipsis"),
    ]


def asked(call: ModelRecord) -> str:
    """Return what a model call cost: `local, 812 tokens in (640 cached), 64 out, 1.2 s`."""
    cached = f" ({call.cached_tokens} cached)" if call.cached_tokens else ""
    sure = "" if call.confidence is None else f", {call.confidence:.0%} sure"
    tokens = f"{call.prompt_tokens} tokens in{cached}, {call.completion_tokens} out"
    return f"{call.spec}, {tokens}, {call.seconds:.1f} s{sure}"


def _who(record: EpochRecord, ink: Ink) -> str:
    return "bold" if record.decided_by in ("model", "numbers") else f"bold {ink.warm}"


def why(record: EpochRecord, ink: Ink) -> Text:
    """Return the epoch's short account: who decided, proposed and committed, why, what was asked and called."""
    text = Text.assemble(("decided by ", ink.quiet), (record.decided_by, _who(record, ink)), "\n")
    if record.proposed != record.committed:
        text.append_text(
            Text.assemble(
                (plan_name(record.proposed, record) or "nothing", ink.warm),
                " proposed, ",
                plan_name(record.committed, record),
                " committed\n",
            )
        )
    text.append(f"{printable(record.reason)}\n")
    for note in notes(record):
        text.append(f"note: {printable(note)}\n", ink.warm)
    for call in record.model:
        text.append(f"{asked(call)}\n", ink.quiet)
        if call.failure:
            text.append(f"{printable(call.failure)}\n", ink.warm)
    calls = Counter((tool.name, tool.outcome) for tool in record.tools)
    shown = (f"{printable(name)} {outcome}" + (f" x{n}" if n > 1 else "") for (name, outcome), n in calls.items())
    text.append(", ".join(shown), ink.quiet)
    return text


def trace(row: Row, start: datetime, ink: Ink, *, width: int) -> Text:
    """Return the whole account of a decision: itself, who decided, model calls, tool calls, guard, plans."""
    record, form = row.record, "%a %d %b %H:%M"
    text = Text()

    def head(title: str) -> None:
        text.append(f"\n{printable(title)}\n" if text else f"{printable(title)}\n", ink.head)

    def field(name: str, value: str, style: str = "") -> None:
        if value:
            lines = wrap(printable(value, lines=True), max(width - 13, 20))
            text.append(f"  {name:<11}", ink.quiet).append(f"\n{'':13}".join(lines) + "\n", style)

    if row.decisions:
        one = row.decisions[0]
        head(f"Decision: {one.action} {names(row.decisions)}")
        field("region", one.region)
        field("start", f"{clock(start, one.start_s, form)} UTC")
        field("plan", one.candidate)
        field("carbon", f"{kilograms(sum(d.forecast_carbon_g or 0.0 for d in row.decisions))} kg forecast")
        field("reason", one.reason)
        field("guard", one.verdict, "" if one.verdict == "ok" else ink.denied)
        field("jobs", ", ".join(d.job_id for d in row.decisions) if len(row.decisions) > 1 else "")
    for note in notes(record):
        head("Note to the operator")
        text.append(f"  {printable(note)}\n")
    head("Who decided")
    field("decided by", record.decided_by, _who(record, ink))
    field("proposed", plan_name(record.proposed, record))
    field("committed", plan_name(record.committed, record))
    field("why", record.reason)
    field("minded", "; ".join(record.notes))
    for call in record.model:
        head("Model call")
        field("prompt", f"{call.prompt} {call.prompt_version} ({call.prompt_sha256[:12]})")
        field("cost", asked(call))
        field("not used", call.failure, ink.denied)
        text.append(f"{printable(call.text, lines=True)}\n" if call.text else "  (no text)\n")
    if not record.model:
        head("Model call")
        text.append("  none in this epoch\n", ink.quiet)
    head(f"Tool calls: {len(record.tools)}")
    for number, tool in enumerate(record.tools, 1):
        _tool(text, number, tool, ink, width - 11)
    head("Guard")
    still = f", {record.waiting} still wait" if record.waiting else ""
    field("epoch", f"{tally(record.decisions)}{still}")
    for group in alike(d for d in record.decisions if d.verdict != "ok"):
        field("denied", f"{names(group)} {group[0].action} {group[0].region}: {group[0].verdict}", ink.denied)
    head("Candidate plans")
    for plan in record.candidates:
        figures = f"{kilograms(plan.carbon_g):>9} kg {plan.cost_usd:>9,.2f} USD {plan.mean_wait_s / HOUR_S:>6.1f} h"
        text.append(f"  {plan.name:<20}{figures} {plan.late:>4} late {plan.objective:>10,.3f}  ")
        text.append(f"{choice(plan, record)}\n", ink.head)
    return text


def _tool(text: Text, number: int, tool: ToolRecord, ink: Ink, room: int) -> None:
    text.append(f"  {number}. {printable(tool.name)}", "bold").append(f" by {tool.by}: ", ink.quiet)
    text.append(tool.outcome, ink.denied if tool.outcome == "denied" else ink.warm if tool.outcome != "ok" else "")
    text.append("\n")
    for label, value in (("asked", tool.arguments), ("got", tool.result)):
        text.append(f"     {label:<6}", ink.quiet)
        text.append(as_json(value, room=room).replace("\n", "\n" + " " * 11) + "\n")
