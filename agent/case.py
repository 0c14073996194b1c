"""A case: a scenario made ready to run, with its world, its rules and its bound; and what to do with one."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from agent import prompts
from agent.described.check import unkept
from agent.described.reading import Descriptions, is_described
from agent.epoch import Agent
from agent.graph import compiled
from agent.llm.protocol import LanguageModel
from agent.policy.check import Segment, Violation, violations
from agent.policy.english import quoted
from agent.policy.guard import Guard
from agent.policy.preview.conflicts import nowhere
from agent.policy.preview.ground import Ground
from agent.policy.reading import load_confirmed, read_text
from agent.policy.rules import Placement, PolicySet, merge
from agent.record import EpochRecord
from agent.run import AgentRun, Graph
from agent.store import FILE, RunRow, Store
from sim.approvals import Approvals
from sim.bound import Bound, lower_bound
from sim.errors import InputError
from sim.history import KINDS
from sim.recompute import Answered, Placed, Recomputed, Switched
from sim.runfolder import write_run
from sim.runner import Run, simulate
from sim.scenario import Scenario, build_world, load_scenario, scenario_file
from sim.schedulers import scheduler
from sim.summary import Accounts, account, summarise
from sim.units import FloatArray, iso
from sim.world import ROUNDING_S, World, origins
from tools import TOOLS

Summary = dict[str, Any]
MODES = ("rank", "plan", "tools")
PROMPTS = ("rank", "rank_epoch", "plan", "plan_epoch", "tools")
"""Of the three modes."""
MOSTLY = 0.5
"""Above this share of estimated values a signal is said to be an estimate."""

FEW = 8
"""So many jobs of each class are looked at before a run, to see whether the rules leave them a place."""

log = logging.getLogger(__name__)

LATE_WORTH_SAYING = 0.01
"""The share of late requests from which on a run says so."""


@dataclass(frozen=True)
class PolicyText:
    """A policy in force: the file it came from and its words."""

    file: str
    text: str

    def as_json(self) -> dict[str, str]:
        """Return it as run.json keeps it."""
        return {"file": self.file, "text": self.text, "sha256": hashlib.sha256(self.text.encode()).hexdigest()}


@dataclass(frozen=True)
class Case:
    """A scenario with everything that a run of it needs; its bound is found when asked for, unless it is known."""

    scenario: Scenario
    world: World
    policies: tuple[PolicyText, ...]
    rules: PolicySet
    bound_if_known: Bound | None = None

    @cached_property
    def bound(self) -> Bound:
        """The lower bound on any schedule's carbon."""
        return self.bound_if_known or lower_bound(self.world)

    def guard(self) -> Guard | None:
        """Return a fresh guard of the rules; None where there are none."""
        if not self.rules.rules:
            return None
        return Guard(self.rules, self.world.regions, self.world.start, self.world.epoch_s)


def prepare(path: str, data_dir: Path | None, policies: Sequence[Path] = (), *, days: float | None = None) -> Case:
    """Return the case of a scenario file under policies: those given, and those that the scenario names.

    `days` shortens the scenario, and its jobs in proportion.

    Raises:
        InputError: If anything in the files is wrong, or a policy's reading is not confirmed.
    """
    file = scenario_file(path)
    scenario = load_scenario(file)
    if days is not None:
        scenario = scenario.shortened(days)
    paths = [*(named_policy(file, name) for name in scenario.policies), *policies]
    rules = merge(load_confirmed(policy) for policy in paths)
    check_regions(rules, {region.id for region in scenario.regions})
    case = Case(
        scenario=scenario,
        world=_world(scenario, file, data_dir),
        policies=tuple(PolicyText(policy.name, read_text(policy)) for policy in paths),
        rules=rules,
    )
    case.guard()  # a rule that cannot be enforced is refused before anything runs
    _warn_nowhere(case)
    _warn_estimated(case.world)
    return case


def _warn_nowhere(case: Case) -> None:
    """Say which rules together leave some jobs of the scenario no place: they will never start."""
    ground = Ground(case.world, made_up=False)
    for finding in nowhere(case.rules, ground, looked_at=FEW, only_real=True):
        quotes = " ".join(f'"{sentence}"' for sentence in finding.sentences)
        log.warning("%s: %s, for example to %s", finding.says, quotes, finding.example)


def _warn_estimated(world: World) -> None:
    """Say which zones' signals are mostly the provider's estimates: savings found in them may not be there."""
    found = {
        (name, region.zone): origin
        for name, region, origin in origins(world)
        if origin and (origin.estimated_share or 0.0) > MOSTLY
    }
    for (name, zone), origin in found.items():
        log.warning(
            "%s of zone %s: %.0f %% of the run's values are estimates of the provider (%s)",
            name,
            zone,
            100 * (origin.estimated_share or 0.0),
            origin.file,
        )


def _world(scenario: Scenario, file: Path, data_dir: Path | None) -> World:
    """Build the world; an error that names no file of its own is about the scenario's."""
    try:
        return build_world(scenario, data_dir)
    except InputError as error:
        if ".parquet" in str(error):
            raise
        raise InputError(f"{file}: {error}") from None


def check_mode(mode: str, llm: str) -> None:
    """Refuse a mode that this version lacks, or that the model cannot do."""
    if mode not in MODES:
        raise InputError(f"--mode {mode!r}: expected one of {', '.join(MODES)}")
    if mode == "tools" and llm.partition(":")[0] in ("local", "vllm", "none"):
        raise InputError("--mode tools needs a model that can call tools: give --llm openai:MODEL, or use --mode rank")


def named_policy(scenario: Path, name: str) -> Path:
    """Return a policy file that a scenario names: beside the scenario, or a bundled one of that name."""
    beside, bundled = scenario.parent / name, Path(str(resources.files("policies") / name))
    path = next((path for path in (beside, bundled) if path.is_file()), None)
    if path is None:
        raise InputError(
            f"{scenario}: field 'policies': found {name!r}, expected a file at {beside} or a bundled policy"
        )
    return path


def check_regions(rules: PolicySet, known: set[str]) -> None:
    """Say which regions of the rules the scenario lacks; refuse `only` rules that leave nowhere to run."""
    for rule in rules.rules:
        named = set(getattr(rule, "regions", None) or ())
        if isinstance(rule, Placement) and rule.effect == "only" and named and not named & known:
            raise InputError(
                f"the rule {quoted(rule)} names no region of the scenario; expected one of {', '.join(sorted(known))}"
            )
        if named - known:
            log.warning("%s: the scenario has no region %s", quoted(rule), ", ".join(sorted(named - known)))


@dataclass(frozen=True)
class Finished:
    """A run that is over, its accounts and its summary."""

    run: Run
    accounts: Accounts
    summary: Summary


def run_scheduler(case: Case, name: str, out: Path | None = None, *, approvals: Approvals | None = None) -> Finished:
    """Run a numeric scheduler on the case, under its rules; write the run folder if `out` is given."""
    return _finish(case, simulate(case.world, scheduler(name), case.guard(), approvals=approvals), out)


def start_agent(
    case: Case,
    model: LanguageModel | None,
    *,
    mode: str = "rank",
    out: Path | None = None,
    deadline_s: float = 30.0,
    approvals: Approvals | None = None,
    reader: LanguageModel | None = None,
    store: Store | None = None,
    graph: Graph | None = None,
    without_tools: Collection[str] = (),
) -> AgentRun:
    """Return a run of the agent that is ready to be iterated; it logs to `store`, or to a new one in `out` if given.

    Jobs' descriptions are read by `reader`, if the model itself is not to do so. Epochs go through `graph`, if not
    through the one of `agent.graph`. Tools mode may do without some tools, to see what they are worth.
    """
    check_mode(mode, model.spec if model else "none")
    agent = Agent(
        model=model,
        mode=mode,
        objective=case.scenario.objective,
        prompts={name: prompts.load(name) for name in PROMPTS},
        deadline_s=deadline_s,
        tools=TOOLS.without(without_tools),
    )
    rules, reader = case.guard(), reader or model
    run = AgentRun(
        case.world,
        agent,
        rules,
        store or (Store.create(out / FILE) if out else None),
        approvals,
        Descriptions(case.world, rules, reader, deadline_s)
        if reader and is_described(case.world.workload.jobs)
        else None,
        graph or compiled(),
    )
    if run.store:
        run.store.begin(_run_row(case, agent))
    return run


def _run_row(case: Case, agent: Agent) -> RunRow:
    return RunRow(
        title=case.scenario.name,
        start=iso(case.world.start),
        epochs=int(case.world.horizon_s // case.world.epoch_s),
        epoch_s=case.world.epoch_s,
        scenario_sha256=case.scenario.sha256,
        llm=agent.model.spec if agent.model else "none",
        mode=agent.mode,
        recipe={
            "scenario": case.scenario.model_dump(mode="json"),
            "policies": [policy.as_json() for policy in case.policies],
            "rules": case.rules.as_json()["rules"],
            "prompts": {name: prompt.sha256 for name, prompt in agent.prompts.items()},
        },
    )


def run_agent(run: AgentRun, case: Case, out: Path | None, on_epoch: Callable[[EpochRecord], None]) -> Finished:
    """Pull the agent's run to its end, then account for it; write the run folder if `out` is given."""
    for record in run:
        on_epoch(record)
    return finish_agent(run, case, out)


def finish_agent(run: AgentRun, case: Case, out: Path | None) -> Finished:
    """Account for an agent's run that is over."""
    model = run.agent.model
    spec = model.spec if model else "none"
    descriptions = run.descriptions.record() if run.descriptions else ()
    finished = _finish(
        case, run.run, out, llm=spec, figures=run.llm_figures(), llm_g=run.llm_g(), descriptions=descriptions
    )
    if run.store:
        ids = [job.id for job in case.world.workload.jobs]
        run.store.finish(finished.summary, ids, finished.accounts.jobs)
        run.store.close()
    return finished


def _finish(
    case: Case,
    run: Run,
    out: Path | None,
    *,
    llm: str | None = None,
    figures: dict[str, float] | None = None,
    llm_g: float = 0.0,
    descriptions: Sequence[Mapping[str, Any]] = (),
) -> Finished:
    accounts = account(run)
    broken = policy_violations(run, case.rules, accounts)
    ignored = []
    if descriptions:
        ignored = check_descriptions(run.world, descriptions, segments_of(run, accounts), cancelled=cancelled_in(run))
    _warn_unfinished(case, accounts)
    summary = summarise(
        run,
        accounts,
        case.bound,
        policy_violations=len(broken),
        hint_violations=len(ignored),
        llm=figures,
        llm_g=llm_g,
    )
    _warn_late_requests(summary["services"]["late_rate"])
    if out:
        if llm is None:  # a numeric run has none: what lies there is another run's
            (out / FILE).unlink(missing_ok=True)
        write_run(
            out,
            case.scenario,
            run,
            accounts,
            summary,
            llm=llm,
            policies=[policy.as_json() for policy in case.policies],
            rules=case.rules.as_json()["rules"],
            descriptions=descriptions,
        )
    return Finished(run, accounts, summary)


def _warn_unfinished(case: Case, accounts: Accounts) -> None:
    """Say that jobs were left unfinished: totals and means of such a run leave something out."""
    jobs = case.world.workload.jobs
    unfinished = np.isnan(accounts.jobs.end_s)
    never = np.flatnonzero(np.isnan(accounts.jobs.start_s))
    if unfinished.any():
        first = f"; {len(never)} never started, the first of them {jobs[never[0]].id}" if len(never) else ""
        log.warning(
            "%d of %d jobs are unfinished at the horizon%s: is there room and time for them (drain_days), and do the "
            "rules leave them a region?",
            unfinished.sum(),
            len(jobs),
            first,
        )


def _warn_late_requests(late_rate: float | None) -> None:
    """Say that services failed: their jobs' figures may look well all the same."""
    if late_rate is not None and late_rate >= LATE_WORTH_SAYING:
        log.warning(
            "%.1f %% of the services' requests came late or were not served: is there room for their replicas?",
            100 * late_rate,
        )


def policy_violations(run: Run, rules: PolicySet, accounts: Accounts) -> list[Violation]:
    """Return every breach of the rules by what ran, found by the independent check."""
    switched = [Switched(one.region, one.t_s, one.servers_on) for one in run.history.switches]
    answered = [
        Answered(one.service, one.region, one.start_s, one.end_s, one.replicas, one.rate_per_s, one.late_per_s)
        for one in run.history.served
    ]
    return check_rules(
        run.world,
        rules,
        segments_of(run, accounts),
        cancelled=cancelled_in(run),
        switched=switched,
        answered=answered,
        asked=run.approvals.record(),
    )


def segments_of(run: Run, accounts: Accounts) -> list[Segment]:
    """Return what ran where and when."""
    pieces, jobs, regions = accounts.books.ledger.pieces, run.world.workload.jobs, run.world.regions
    columns = (pieces.job, pieces.region, pieces.start_s, pieces.end_s, pieces.kind, pieces.scale)
    return [
        Segment(jobs[j], regions[r].id, start_s, end_s, KINDS[kind], float(scale))
        for j, r, start_s, end_s, kind, scale in zip(*(column.tolist() for column in columns), strict=True)
    ]


def cancelled_in(run: Run) -> set[str]:
    """Return the ids of the jobs that were given up."""
    return {run.world.workload.jobs.id_of(j) for j in run.history.cancelled}


def check_descriptions(
    world: World, descriptions: Sequence[Mapping[str, Any]], segments: Sequence[Segment], *, cancelled: Container[str]
) -> list[Violation]:
    """Return every breach by these segments of what descriptions ask for; see `agent.described.check.unkept`."""
    return unkept(world, descriptions, segments, _unfinished(world, segments, cancelled))


def check_rules(
    world: World,
    rules: PolicySet,
    segments: Sequence[Segment],
    *,
    cancelled: Container[str],
    switched: Sequence[Switched],
    answered: Sequence[Answered],
    asked: Sequence[Mapping[str, Any]],
) -> list[Violation]:
    """Return every breach of the rules by these segments, beside servers switched and requests answered.

    `cancelled` are jobs that were given up, `asked` is the record of approvals.
    """
    index = world.region_index
    return violations(
        rules,
        world.regions,
        world.start,
        world.epoch_s,
        world.workload.jobs,
        segments,
        until_s=world.horizon_s,
        intensity=lambda region, t_s: world.intensity[index[region]].at(t_s),
        price=lambda region, t_s: world.price[index[region]].at(t_s),
        unfinished=_unfinished(world, segments, cancelled),
        drawn=lambda pieces: _drawn(world, pieces, switched, answered),
        approved={(one["job_id"], one["region"], one["rule"]) for one in asked if one["yes"]},
    )


def _drawn(
    world: World, pieces: Sequence[Segment], switched: Sequence[Switched], answered: Sequence[Answered]
) -> Mapping[str, FloatArray]:
    """Return what pieces drew, by the audit's own reckoning."""
    placed = Placed(
        np.array([world.workload.jobs.position[one.job.id] for one in pieces], dtype=np.int64),
        np.array([world.region_index[one.region] for one in pieces], dtype=np.int64),
        np.array([one.start_s for one in pieces]),
        np.array([one.end_s for one in pieces]),
        np.array([one.scale for one in pieces]),
        [one.kind for one in pieces],
    )
    return Recomputed(world, placed, (), switched, answered).placements


def _unfinished(world: World, segments: Iterable[Segment], cancelled: Container[str]) -> list[str]:
    """Return the jobs that did not do all their work and were not cancelled."""
    jobs, left_s = world.workload.jobs, world.workload.durations_s.copy()
    for piece in segments:
        if piece.kind == "run":
            rate = piece.job.throughput[round(piece.scale) - 1] if piece.scale > 1 else 1.0
            left_s[jobs.position[piece.job.id]] -= rate * (piece.end_s - piece.start_s)
    short = left_s > ROUNDING_S * np.maximum(1.0, world.workload.durations_s)
    return [jobs.id_of(j) for j in np.flatnonzero(short).tolist() if jobs.id_of(j) not in cancelled]
