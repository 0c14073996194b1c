"""The demo: the agent on the bundled scenario, a line an epoch, then a table beside the numeric schedulers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from agent.case import Case, prepare, run_agent, run_scheduler, start_agent
from agent.llm.protocol import LanguageModel
from agent.policy.english import show
from agent.printable import printable
from agent.record import EpochRecord
from sim.units import G_PER_KG, HOUR_S, at_time
from sim.world import World

SCENARIO = "demo"
BASELINES = ("fifo", "greedy-carbon", "time-shift", "spatial-shift", "spatiotemporal", "plan")
"""The numeric schedulers beside which the demo shows the agent; the last is the one whose plans it takes first."""


def run_demo(
    console: Console,
    *,
    days: float | None,
    model: LanguageModel | None,
    out: Path | None,
    reader: LanguageModel | None = None,
) -> None:
    """Run the numeric schedulers and the agent on the bundled scenario and print what came of it."""
    case = prepare(SCENARIO, None, days=days)
    _introduce(console, case)
    rows = [run_scheduler(case, name).summary for name in BASELINES]
    run = start_agent(case, model, out=out, reader=reader)
    done = run_agent(run, case, out, lambda record: _print_line(console, record, case.world))
    console.print()
    console.print(table([*rows, done.summary]))
    _explain(console, case, done.summary, out)


def _introduce(console: Console, case: Case) -> None:
    world = case.world
    console.print(
        f"{len(world.workload.jobs)} jobs, {len(world.regions)} regions, {case.scenario.days:g} days in epochs of "
        f"{case.scenario.epoch_min:g} min. The policy, and how it was read and confirmed:\n",
        highlight=False,
    )
    console.print(printable(show(case.rules), lines=True), markup=False, highlight=False)
    console.print()


def _print_line(console: Console, record: EpochRecord, world: World) -> None:
    console.print(epoch_line(record, world), markup=False, highlight=False, soft_wrap=True)


def epoch_line(record: EpochRecord, world: World) -> str:
    """Return an epoch on one line: when, how much was decided, by whom, and why."""
    moment = at_time(world.start, record.now_s).strftime("%a %d %b %H:%M")
    denied = sum(decision.verdict != "ok" for decision in record.decisions)
    refused = f" ({denied} refused by the guard)" if denied else ""
    return printable(f"{moment} {len(record.decisions):>3} jobs{refused}: {record.reason}")


def table(summaries: Sequence[Mapping[str, Any]]) -> Table:
    """Return the comparison: each scheduler's carbon, savings on the first, cost, waiting, violations, what is left."""
    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    made.add_column("scheduler", no_wrap=True)
    for heading in HEADINGS:
        made.add_column(heading, justify="right", no_wrap=True)
    for summary in summaries:
        made.add_row(summary["scheduler"], *_cells(summary, summaries[0] if len(summaries) > 1 else None))
    return made


HEADINGS = (
    "jobs\nkg CO2",
    "\nsaved",
    "above\nbound",
    "total\nkg CO2",
    "\nsaved",
    "cost\nUSD",
    "wait\nmean h",
    "wait\np95 h",
    "SLA\nviol.",
    "not\nended",
    "policy\nviol.",
    "\ntokens",
    "model\ns",
)


def _cells(summary: Mapping[str, Any], base: Mapping[str, Any] | None) -> list[str]:
    """Return a row; `base` is what savings are counted from, None where there is nothing beside."""
    carbon, llm, wait = summary["carbon_kg"], summary["llm"], summary["wait_s"]
    first = base["carbon_kg"] if base else {"dynamic": 0.0, "llm": 0.0, "total": 0.0}
    return [
        f"{carbon['dynamic']:.2f}",
        _saved(carbon["dynamic"] + carbon["llm"], first["dynamic"] + first["llm"]),
        _percent(summary["gap_jobs"]),
        f"{carbon['total']:.2f}",
        _saved(carbon["total"], first["total"]),
        f"{summary['cost_usd']:.2f}",
        _hours(wait["mean"]),
        _hours(wait["p95"]),
        str(summary["sla_violations"]),
        str(summary["unfinished"]),
        str(summary["policy_violations"]),
        str(llm["prompt_tokens"] + llm["completion_tokens"]) if llm["calls"] else "-",
        f"{llm['seconds']:.1f}" if llm["calls"] else "-",
    ]


def _saved(carbon: float, base: float) -> str:
    return f"{1 - carbon / base:.1%}" if base else "-"


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{fraction:.1%}"


def _hours(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / HOUR_S:.2f}"


def _explain(console: Console, case: Case, summary: Mapping[str, Any], out: Path | None) -> None:
    llm, idle_kg = summary["llm"], summary["carbon_kg"]["idle"]
    llm_g = G_PER_KG * summary["carbon_kg"]["llm"]
    lines = [
        "jobs: what the jobs' own power emitted; saved: against the first row, the model's own carbon counted; above "
        f"bound: over the {case.bound.dynamic_kg:.2f} kg that no schedule which meets the deadlines can go below.",
        f"total: with the language model and {idle_kg:.1f} kg of idle servers, the same under every scheduler.",
        f"The model was asked {llm['calls']} times; it failed in {llm['fallbacks']} epochs. "
        "Where nothing new came, numbers decided. "
        f"Its own energy is put at {1000 * llm['energy_kwh']:.2f} Wh, which emitted {llm_g:.2f} g.",
    ]
    if out:
        lines.append(f"Look into every decision: cws console {out}. Check every figure: cws audit {out}.")
    for text in lines:
        console.print(text, markup=False, highlight=False)
