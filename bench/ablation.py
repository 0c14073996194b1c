"""What each part of the agent is worth: models, modes, tools, and parts of the graph left out one at a time.

    python -m bench.ablation [--only TEXT] [--seeds 2] [--table]

Half a day of the demo (200 jobs) with other draws and grids a seed, beside `plan`, the best numeric scheduler. Each run
is kept in bench/ablation.json as soon as it is over, and what is there is not run again; `--table` prints it alone.

The embedded model decides without its adapter, which is trained to read: so `local` and `local:base` are one row, and
what tuning is worth stands in the rows about reading. Those are of another world (`bench.described`), in which texts
say what fields do not. It cannot call tools; what each tool is worth is shown by a program (`bench.tool_user`), which
is asked whenever jobs are pending and whose word is law, as `never worse` would hide what it does; that is done without
the region whose grid is clean all day.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from langgraph.runtime import Runtime

from agent import graph
from agent.case import Case, Summary, finish_agent, prepare, run_scheduler, start_agent
from agent.deciding import propose_with
from agent.epoch import Epoch
from agent.graph import Node, State, assembled, checked
from agent.llm.protocol import LanguageModel, Message, Schema, Turn
from agent.llm.select import open_model
from agent.settling import Settled, settle
from bench import described
from bench.tool_user import ToolUser
from sim.errors import InputError
from sim.scenario import build_world
from sim.units import G_PER_KG

RESULTS = Path(__file__).with_name("ablation.json")
DAYS = 0.5
CLEAN = "ca-east"
"""The region whose grid is clean all day: beside it no forecast matters, so tools are tried without it."""
PLAN_THERE = "plan, there"
TOOLS_USED = (
    "list_jobs", "capacity_query", "carbon_forecast", "capacity_over_time", "power_estimate", "what_if", "place_job",
    "defer_job",
)  # fmt: skip

Figures = dict[str, Any]


# -- parts of the graph, left out ------------------------------------------------------------------


def unchecked(state: State, runtime: Runtime[Epoch]) -> State:
    """Commit what is proposed, whatever it comes to."""
    return checked(state, runtime.context, lambda epoch, proposed, base: Settled(proposed))


def unrepaired(state: State, runtime: Runtime[Epoch]) -> State:
    """Commit what is proposed if it is no worse as a whole."""
    return checked(state, runtime.context, partial(settle, repairs=0))


def unminding(state: State, runtime: Runtime[Epoch]) -> State:
    """Observe, but mind nothing that no figure says."""
    graph.observe(state, runtime)
    runtime.context.exceptions = []
    return {}


def alone(state: State, runtime: Runtime[Epoch]) -> State:
    """Propose the first plan and no other."""
    graph.propose(state, runtime)
    del runtime.context.candidates[1:]
    return {}


def always(state: State, runtime: Runtime[Epoch]) -> State:
    """Ask whenever jobs are pending."""
    epoch = runtime.context
    base, model = graph.by_numbers(epoch), epoch.agent.model
    if model is None or not len(epoch.view.pending):
        return {"proposed": base.label, "decided_by": "numbers", "model_reason": "nothing is pending"}
    proposal = propose_with(epoch, model, base)
    return {"proposed": proposal.candidate.label, "decided_by": "model", "model_reason": proposal.words}


# -- who is compared -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Variant:
    """A row: which model decides in which mode, and what is left out."""

    llm: str = "none"
    mode: str = "rank"
    nodes: Mapping[str, Node] = field(default_factory=dict)
    without_tools: tuple[str, ...] = ()


PROGRAM: dict[str, Node] = {"decide": always, "check": unchecked}
VARIANTS = {
    "no model": Variant(),
    "local, rank": Variant("local:base"),
    "local, plan": Variant("local:base", "plan"),
    "local, tools": Variant("local:base", "tools"),
    "local, rank, not never-worse": Variant("local:base", nodes={"check": unchecked}),
    "local, plan, not never-worse": Variant("local:base", "plan", {"check": unchecked}),
    "local, plan, no repair": Variant("local:base", "plan", {"check": unrepaired}),
    "local, plan, no other plans": Variant("local:base", "plan", {"propose": alone}),
    "local, plan, nothing minded": Variant("local:base", "plan", {"observe": unminding}),
    "program, tools": Variant("program", "tools"),
    "program, tools, its word is law": Variant("program", "tools", PROGRAM),
    **{f"program, no {name}": Variant("program", "tools", PROGRAM, (name,)) for name in TOOLS_USED},
}

PROGRAMS = [name for name, variant in VARIANTS.items() if variant.llm == "program"]


class Timed:
    """A model that notes the CPU seconds of its calls: on a busy machine the clock says little about them."""

    def __init__(self, model: LanguageModel) -> None:
        self.spec, self.version, self.tuned = model.spec, model.version, model.tuned
        self.model = model
        self.cpu_s: list[float] = []

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the model's turn."""
        began = time.process_time()
        try:
            return self.model.complete(
                messages, max_tokens=max_tokens, deadline_s=deadline_s, schema=schema, tools=tools
            )
        finally:
            self.cpu_s.append(time.process_time() - began)


@cache
def case_of(seed: int, *, tools: bool = False) -> Case:
    """Return half a day of the demo with the draws and the grids of a seed; for tools without CLEAN."""
    case = prepare("demo", None, days=DAYS)
    signals = case.scenario.signals.model_copy(update={"seed": seed})
    regions = [region for region in case.scenario.regions if not tools or region.id != CLEAN]
    scenario = case.scenario.model_copy(update={"seed": seed, "signals": signals, "regions": regions})
    return replace(case, scenario=scenario, world=build_world(scenario, None))


@cache
def model_of(llm: str) -> LanguageModel | None:
    """Return who is asked; it is loaded once."""
    return ToolUser() if llm == "program" else open_model(llm)


def measured(case: Case, variant: Variant) -> Figures:
    """Return the figures of a run, or why there is none."""
    opened = model_of(variant.llm)
    model = Timed(opened) if opened else None
    try:
        run = start_agent(
            case,
            model,
            mode=variant.mode,
            graph=assembled(**variant.nodes),
            without_tools=variant.without_tools,
            deadline_s=300.0,
        )
    except InputError as refused:
        return {"refused": str(refused)}
    records = list(run)
    found = figures(finish_agent(run, case, None).summary)
    asked_cpu_s = model.cpu_s if model and variant.llm != "program" else []
    return found | {
        "cpu_s": [round(float(q), 2) for q in np.percentile(asked_cpu_s, [50, 95])] if asked_cpu_s else None,
        "overruled": sum(record.decided_by == "never-worse" for record in records),
        "tool_calls": sum(len(record.tools) for record in records),
    }


def figures(summary: Summary) -> Figures:
    """Return what of a summary is compared."""
    llm, carbon = summary["llm"], summary["carbon_kg"]
    return {
        "jobs_kg": carbon["dynamic"],
        "llm_kg": carbon["llm"],
        "late": summary["sla_violations"],
        "broken": summary["policy_violations"],
        "calls": llm["calls"],
        "prompt_tokens": llm["prompt_tokens"],
        "completion_tokens": llm["completion_tokens"],
        "seconds": llm["seconds"],
    }


# -- reading texts ---------------------------------------------------------------------------------

READERS = {"no reader": "none", "untuned reader": "local:base", "tuned reader": "local", "the truth": "truth"}
TEXTS = 60


def read(case: Case, llm: str) -> Figures:
    """Return the figures of the agent without a deciding model, where texts alone say how long jobs can wait."""
    run = described.agent_run(case, llm)
    kg, late, broken = described.came_to(case, run.run)
    asked, llm_kg = run.llm_figures(), run.llm_g() / G_PER_KG
    names = ("calls", "prompt_tokens", "completion_tokens", "seconds")
    return {"jobs_kg": kg, "llm_kg": llm_kg, "late": late, "against_texts": broken} | {n: asked[n] for n in names}


# -- the table -------------------------------------------------------------------------------------


ROWS = ["plan", *(n for n in VARIANTS if n not in PROGRAMS), PLAN_THERE, *PROGRAMS, *READERS]


def runs(seeds: int) -> Iterator[tuple[str, int, Callable[[], Figures]]]:
    """Yield every run: its name, its seed, and how it is made. A whole seed comes before the next."""
    for seed in range(1, seeds + 1):
        for name, tools in (("plan", False), (PLAN_THERE, True)):
            yield name, seed, lambda s=seed, t=tools: figures(run_scheduler(case_of(s, tools=t), "plan").summary)
        for name, variant in VARIANTS.items():
            yield name, seed, lambda s=seed, v=variant: measured(case_of(s, tools=v.llm == "program"), v)
        texts = cache(partial(described.case_of, seed, TEXTS))
        for name, llm in READERS.items():
            yield name, seed, lambda c=texts, m=llm: read(c(), m)


def table(kept: Mapping[str, Mapping[str, Figures]]) -> str:
    """Return the rows as Markdown: means over the seeds; carbon beside the first row of its world, pair by pair."""
    head = (
        "| | seeds | jobs kg | with the model | late | rules broken | against texts | calls | overruled | tokens read "
        "| written | seconds | CPU s, p50 and p95 | own g |"
    )
    lines = [head, "|---" + "|--:" * 13 + "|"]
    for name, by_seed in kept.items():
        base = kept.get(_baseline(name), {})
        lines.append(f"| {name} | {_cells(list(by_seed.items()), base)} |")
    return "\n".join(lines)


def _baseline(name: str) -> str:
    """Return the first row of the world of a row."""
    if name in READERS:
        return "no reader"
    return PLAN_THERE if name == PLAN_THERE or name.startswith("program") else "plan"


def _cells(own: list[tuple[str, Figures]], base: Mapping[str, Figures]) -> str:
    if "refused" in own[0][1]:
        return f"refused: {own[0][1]['refused']} " + "|" * 12
    found = [one for _, one in own]
    more = [_all_kg(one) / _all_kg(base[seed]) - 1 for seed, one in own if seed in base]

    def mean(name: str, form: str = ".0f") -> str:
        values = [one[name] for one in found if one.get(name) is not None]
        return format(float(np.mean(values)), form) if values else "-"

    cpu = [one["cpu_s"] for one in found if one.get("cpu_s")]
    return " | ".join([
        str(len(own)), mean("jobs_kg", ".2f"), f"{100 * np.mean(more):+.2f} %" if more else "-", mean("late", ".1f"),
        mean("broken", ".1f"), mean("against_texts", ".1f"), mean("calls"), mean("overruled"), mean("prompt_tokens"),
        mean("completion_tokens"), mean("seconds"), " ".join(f"{q:.2f}" for q in np.mean(cpu, axis=0)) if cpu else "-",
        format(G_PER_KG * float(np.mean([one["llm_kg"] for one in found])), ".2f"),
    ])  # fmt: skip


def _all_kg(one: Figures) -> float:
    """Return the carbon of the jobs and of the model."""
    return float(one["jobs_kg"] + one["llm_kg"])


def main() -> None:
    """Run what is not kept yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="run only rows whose name has this in it")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="run nothing")
    arguments = parser.parse_args()
    kept: dict[str, dict[str, Figures]] = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name, seed, make in [] if arguments.table else runs(arguments.seeds):
        if arguments.only in name and str(seed) not in kept.get(name, {}):
            kept.setdefault(name, {})[str(seed)] = make()
            RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
            print(name, seed, kept[name][str(seed)], flush=True)
    print(table({name: kept[name] for name in ROWS if name in kept}))


if __name__ == "__main__":
    main()
