"""A cell of an evaluation: one run, a pure function of what the cell says; its row holds every figure, or a reason."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agent.audit import audit_case
from agent.case import Case, Finished, PolicyText, run_agent, run_scheduler, start_agent
from agent.described.truth import TruthReader
from agent.evaluation.figures import figures_of
from agent.evaluation.lookahead import looked_ahead
from agent.llm.select import open_model, open_reader, reader_beside
from agent.policy.rules import PolicySet
from agent.run import AgentRun
from sim.bound import Bound, lower_bound
from sim.errors import CwsError
from sim.scenario import Scenario, build_world, parse_scenario

Row = dict[str, Any]
OK, FAULTY, FAILED = "ok", "faulty", "failed"
PATIENCE_S = 300.0
"""So long a model may take in an epoch, or for a text: rows must not differ with how busy the machine is."""
TRUTH = "truth"
"""In place of a model: a reader that is told what the texts were made from."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contender:
    """Who schedules: a numeric scheduler of this name, or the agent with a language model (`llm`).

    `reader` is the model that reads jobs' texts where that is another than the one that decides, or `truth`.
    """

    name: str
    llm: str | None = None
    mode: str = "rank"
    without_tools: tuple[str, ...] = ()
    reader: str | None = None


@dataclass(frozen=True)
class Cell:
    """One run of a suite, complete: the whole scenario with its seed, the policies' texts and rules, and who schedules.

    `watched` says that its run folder is kept, and that a scheduler is tried on another future too.
    """

    scenario_id: str
    policy: str
    contender: Contender
    seed: int
    scenario: Mapping[str, Any]
    policies: tuple[PolicyText, ...]
    rules: Mapping[str, Any]
    watched: bool

    @property
    def id(self) -> str:
        """The cell's stable name: scenario, policy, contender and seed."""
        return f"{self.scenario_id}/{self.policy}/{self.contender.name}/{self.seed}"

    def labels(self) -> Row:
        """Return the columns that say which run a row is of."""
        return {
            "cell": self.id,
            "scenario": self.scenario_id,
            "policy": self.policy,
            "contender": self.contender.name,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Place:
    """Where cells are run: the data folder that they read, and where the runs of watched cells are kept."""

    data_dir: Path | None
    runs: Path | None


def run_cell(cell: Cell, place: Place) -> Row:
    """Return the row of a cell: labels, `status`, `reason` and, unless it failed, every figure.

    `ok` is a run in which the audit found no fault; `faulty` one in which it did, or whose scheduler looked ahead;
    `failed` one that broke off. Whatever breaks a run is the reason in its row: the other cells go on.
    """
    try:
        return cell.labels() | _run(cell, place)
    except Exception as error:
        log.debug("%s failed", cell.id, exc_info=True)
        kind = "" if isinstance(error, CwsError) else f"{type(error).__name__}: "
        return cell.labels() | {"status": FAILED, "reason": f"{kind}{error}"}


def _run(cell: Cell, place: Place) -> Row:
    scenario = parse_scenario(cell.scenario, cell.scenario_id)

    def fresh() -> Case:
        """Return the case in a world of its own, so that a scheduler that changed the one it ran in is found out."""
        return _case(cell, scenario, place.data_dir)

    case = fresh()
    with _folder(cell, place) as out:
        finished = _contend(case, cell.contender, out)
        faults, broken, _ = audit_case(fresh(), out)
    problems = [str(fault) for fault in faults]
    if cell.watched and cell.contender.llm is None and (seen := looked_ahead(fresh(), finished.run, cell.seed)):
        problems.append(seen)
    return {
        "status": FAULTY if problems else OK,
        "reason": "; ".join(problems[:3]),
        "audit_faults": len(faults),
        **figures_of(case, finished),
        "policy_violations": len(broken),
    }


def _case(cell: Cell, scenario: Scenario, data_dir: Path | None) -> Case:
    return Case(
        scenario=scenario,
        world=build_world(scenario, data_dir),
        policies=cell.policies,
        rules=PolicySet.model_validate(cell.rules),
        bound_if_known=_bound(scenario.model_dump_json(), data_dir),
    )


@lru_cache(maxsize=4)
def _bound(scenario: str, data_dir: Path | None) -> Bound:
    """Return the bound of a scenario, which all contenders share: cells of a scenario follow one another."""
    return lower_bound(build_world(Scenario.model_validate_json(scenario), data_dir))


@contextmanager
def _folder(cell: Cell, place: Place) -> Iterator[Path]:
    """Give the run folder of a cell: kept for a watched cell, else gone afterwards."""
    if cell.watched and place.runs:
        out = place.runs / cell.id
        out.mkdir(parents=True, exist_ok=True)
        yield out
        return
    with TemporaryDirectory(prefix="cws-cell-") as temporary:
        yield Path(temporary)


def _contend(case: Case, contender: Contender, out: Path) -> Finished:
    if contender.llm is None:
        return run_scheduler(case, contender.name, out)
    return run_agent(_agent(case, contender, contender.llm, out), case, out, lambda record: None)


def _agent(case: Case, contender: Contender, llm: str, out: Path) -> AgentRun:
    told = contender.reader == TRUTH
    reader = open_reader(contender.reader) if contender.reader and not told else reader_beside(llm)
    run = start_agent(
        case,
        open_model(llm),
        mode=contender.mode,
        out=out,
        reader=reader,
        deadline_s=PATIENCE_S,
        without_tools=contender.without_tools,
    )
    return replace(run, descriptions=TruthReader.of(case.world, run.constraints)) if told else run


RunCell = Callable[[Cell, Place], Row]
