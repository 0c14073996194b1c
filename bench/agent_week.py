"""How long the agent takes for 100,000 jobs over a week, without a model and with one.

    python -m bench.agent_week DATA_DIR [--jobs 100000] [--days 7] [--epoch-min 15] [--llm none|local|openai:MODEL]

The week of `bench.plan_week`: five real grids, generated jobs with 24 h of slack, all of which want the cleanest
region. CPU seconds of one process, the embedded model's too; fewer days mean fewer jobs in proportion. With a model,
`rank` mode: how often it was asked, in how many epochs, and what that took.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.case import Case, start_agent
from agent.llm.protocol import LanguageModel, Turn
from agent.llm.select import open_model
from agent.policy.rules import PolicySet
from bench.plan_week import a_week
from sim.scenario import load_scenario
from sim.summary import account


class Timed:
    """A model, and the CPU seconds that this process spent in it."""

    def __init__(self, model: LanguageModel) -> None:
        self._model, self.spec = model, model.spec
        self.cpu_s: list[float] = []

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the model says of itself."""
        return getattr(self._model, name)

    def complete(self, messages: Sequence[Any], **how: Any) -> Turn:
        """Return the model's turn. See `LanguageModel.complete`."""
        began = time.process_time()
        try:
            return self._model.complete(messages, **how)
        finally:
            self.cpu_s.append(time.process_time() - began)


def case_of(jobs: int, days: float, epoch_min: float, servers: int, data: Path) -> Case:
    """Return a span of the week, with its share of the jobs."""
    scenario = load_scenario("real-week")
    world = a_week(jobs, servers, data, days=days, epoch_min=epoch_min)
    return Case(scenario, world, (), PolicySet(rules=()))


def main() -> None:
    """Print what a run takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--epoch-min", type=float, default=15.0)
    parser.add_argument("--servers", type=int, default=160)
    parser.add_argument("--llm", default="none")
    arguments = parser.parse_args()
    jobs = round(arguments.jobs * arguments.days / 7)
    case = case_of(jobs, arguments.days, arguments.epoch_min, arguments.servers, arguments.data)
    opened = open_model(arguments.llm)
    model = Timed(opened) if opened else None
    began = time.process_time()
    run = start_agent(case, model)
    epochs = sum(1 for _ in run)
    accounts = account(run.run)
    print(
        f"{jobs:,} jobs over {arguments.days:g} days, an epoch every {arguments.epoch_min:g} minutes: "
        f"{time.process_time() - began:.1f} s of CPU time, {epochs} epochs; "
        f"{accounts.books.ledger.carbon_g.sum() / 1000:.3f} kg, {int(accounts.jobs.violated.sum())} late"
    )
    if model:
        spent = model.cpu_s or [0.0]
        print(
            f"the model was asked {len(model.cpu_s)} times: {sum(spent):.1f} s of CPU time, "
            f"{np.percentile(spent, 50):.2f} s at the median, {np.percentile(spent, 95):.2f} s at the 95th percentile"
        )


if __name__ == "__main__":
    main()
