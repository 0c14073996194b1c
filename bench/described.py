"""What reading texts is worth where they alone say how long jobs can wait, whether they pause and where they may run.

    python -m bench.described [--llm none|truth|LLM] [--seeds 2] [--count 250]

Prints for each seed every numeric scheduler, which sees the fields alone, and the agent without and with a reader, all
without a ranking model. `truth` stands for a reader that never errs: it is told what each text was made from. `late`
counts deadlines missed as the texts have them, `against texts` every breach of what the texts truly say, late starts
and ends included. By default the agent is run with `none` and with `truth`.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from agent.case import Case, cancelled_in, check_descriptions, run_scheduler, segments_of, start_agent
from agent.described.truth import TruthReader, as_record, true_hints
from agent.llm.cached import Cached
from agent.llm.protocol import LanguageModel
from agent.llm.select import open_reader
from agent.policy.rules import PolicySet
from agent.run import AgentRun
from sim.runner import Run
from sim.scenario import build_world, load_scenario, parse_scenario
from sim.schedulers import SCHEDULERS
from sim.summary import account

REGIONS = ("us-west", "us-south", "gb", "de")
"""Without the one whose grid is clean all day: there nobody gains by waiting."""

DEADLINE_S = 600.0


def case_of(seed: int, count: int) -> Case:
    """Return regions of the demo with few jobs, all of which speak through their texts."""
    content = load_scenario("demo").model_dump(mode="json")
    content |= {"name": "described", "seed": seed, "policies": [], "drain_days": 7}
    content["regions"] = [one for one in content["regions"] if one["id"] in REGIONS]
    content["signals"] = {"kind": "synthetic", "seed": seed}
    content["workload"] |= {
        "count": count,
        "described": {"share": 1.0, "speaks_for_fields": True, "default_slack_h": 1},
        "interruptible": {"share": 0.5, "save_s": 60, "restore_s": 120, "save_kwh": 0.01, "restore_kwh": 0.01},
    }
    scenario = parse_scenario(content, "bench")
    return Case(scenario, build_world(scenario, None), (), PolicySet(rules=()))


def came_to(case: Case, run: Run) -> tuple[float, int, int]:
    """Return carbon of the jobs (kg), deadlines missed, and breaches of what texts truly say."""
    accounts = account(run)
    told = as_record(true_hints(case.world))
    broken = check_descriptions(case.world, told, segments_of(run, accounts), cancelled=cancelled_in(run))
    kg, late = float(accounts.books.ledger.carbon_g.sum()) / 1000, int(accounts.jobs.violated.sum())
    return kg, late, len(broken)


def row(case: Case, name: str, run: Run) -> str:
    """Return a line of what a run came to."""
    kg, late, broken = came_to(case, run)
    return f"| {name} | {kg:.2f} | {late} | {broken} |"


def agent_run(case: Case, llm: str) -> AgentRun:
    """Return the agent's run with a reader: `none`, `truth`, or a model's specification; numbers alone decide.

    What was read before is read anew, so that it is counted, and in its own time, however busy the machine.
    """
    reader: LanguageModel | None = None
    if llm not in ("none", "truth"):
        kept = open_reader(llm)
        reader = kept.model if isinstance(kept, Cached) else kept
    run = start_agent(case, None, reader=reader, deadline_s=DEADLINE_S)
    if llm == "truth":
        run = replace(run, descriptions=TruthReader.of(case.world, run.constraints))
    for _ in run:
        pass
    return run


def main() -> None:
    """Print a table a seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llm", default="")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--count", type=int, default=250)
    arguments = parser.parse_args()
    for seed in range(1, arguments.seeds + 1):
        case = case_of(seed, arguments.count)
        print(f"\nseed {seed}: least possible {case.bound.jobs_kg:.2f} kg\n\n| who | jobs kg | late | against texts |")
        print("|---|--:|--:|--:|")
        for name in SCHEDULERS:
            print(row(case, name, run_scheduler(case, name).run), flush=True)
        for llm in [arguments.llm] if arguments.llm else ["none", "truth"]:
            print(row(case, f"agent, reader {llm}", agent_run(case, llm).run), flush=True)


if __name__ == "__main__":
    main()
