"""`cws`: one command a capability. Heavy parts are imported where they are used, so that `--help` is quick.

Exit codes: 0 done; 1 the work failed or found a fault; 2 the words or the input are wrong.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console

from agent.printable import PrintableFormatter, printable
from sim.errors import FaultFound, InputError

if TYPE_CHECKING:
    from agent.approving.run import Beginning
    from agent.case import Case
    from agent.evaluation.evaluate import Runner
    from agent.llm.protocol import LanguageModel
    from agent.policy.preview.ground import Ground
    from agent.policy.reading import Reading
    from agent.policy.rules import PolicySet
    from agent.policy.vocabulary import Vocabulary
    from agent.record import EpochRecord
    from sim.approvals import Approvals, Ask
    from sim.importers.base import Imported
    from sim.jobs import Jobs

Item = TypeVar("Item")

app = typer.Typer(
    name="cws",
    help="Carbon-aware scheduling by an LLM agent, under policies in plain English.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
policy_app = typer.Typer(
    help="Read, show and confirm policies in plain English.", no_args_is_help=True, rich_markup_mode=None
)
job_app = typer.Typer(help="Read free-text descriptions of jobs.", no_args_is_help=True, rich_markup_mode=None)
llm_app = typer.Typer(help="Fetch and test language models.", no_args_is_help=True, rich_markup_mode=None)
data_app = typer.Typer(help="Bring real series and traces in.", no_args_is_help=True, rich_markup_mode=None)
forecast_app = typer.Typer(
    help="Forecasts of carbon intensity and prices.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(policy_app, name="policy")
app.add_typer(job_app, name="job")
app.add_typer(forecast_app, name="forecast")
app.add_typer(data_app, name="data")
app.add_typer(llm_app, name="llm")

ScenarioArg = Annotated[str, typer.Argument(help="A scenario file, or the name of a bundled one (demo).")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="The folder of Parquet files.")]
Policies = Annotated[list[Path] | None, typer.Option("--policy", help="A policy file; may be given again.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the run folder here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
VocabularyFile = Annotated[Path | None, typer.Option("--vocabulary", help="The names that texts may use (JSON).")]
Llm = Annotated[str, typer.Option("--llm", help="local, openai:MODEL, none, or replay:RUN_DIR.")]
AcceptReading = Annotated[
    bool,
    typer.Option("--accept-reading", help="Compile policies whose reading is not confirmed, and confirm it unseen."),
]
Approve = Annotated[
    str | None,
    typer.Option("--approve", help="Where a rule wants a person's yes, say it: for `all`, or job ids with commas."),
]


@app.callback()
def common(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and debug logs.")] = False,
) -> None:
    """Set up what every command shares."""
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(PrintableFormatter("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING, handlers=[to_terminal])


TABLE_WIDTH = 110
STOPPED = 130  # the exit code of a command that Ctrl-C ended


def out_console() -> Console:
    """Return a console on standard output, wide enough for the tables."""
    return Console(width=max(Console().width, TABLE_WIDTH), emoji=False)


def print_json(content: Any) -> None:
    """Print one JSON value on standard output."""
    typer.echo(json.dumps(content, indent=2, allow_nan=False))


@app.command()
def demo(
    days: Annotated[float | None, typer.Option("--days", help="Shorten the scenario to so many days.")] = None,
    llm: Llm = "local",
    out: Out = Path("runs/demo"),
) -> None:
    """The agent on the bundled scenario, live, then a table beside the numeric schedulers."""
    from agent.case import make_folder
    from agent.demo import run_demo
    from agent.llm.select import reader_beside

    make_folder(out)
    try:
        model = open_model(llm)
    except InputError as error:
        if llm != "local":
            raise
        # the schedule goes on without a model: a platform without the runtime still has a demo
        typer.echo(f"the embedded model is not available ({error}); the deterministic fallback decides alone", err=True)
        model = None
    run_demo(out_console(), days=days, model=model, out=out, reader=reader_beside(llm))


@app.command()
def simulate(
    scenario: ScenarioArg,
    scheduler: Annotated[str, typer.Option("--scheduler", help="A name that `cws schedulers` lists.")],
    policy: Policies = None,
    data_dir: DataDir = None,
    out: Out = None,
    as_json: AsJson = False,
    accept_reading: AcceptReading = False,
    llm: Llm = "local",
    approve: Approve = None,
) -> None:
    """One run of a numeric scheduler."""
    from agent.case import make_folder, prepare, run_scheduler
    from sim.schedulers import scheduler as find

    find(scheduler)
    make_folder(out)
    policies = confirmed(policy, accept_reading, llm)
    case = prepare(scenario, data_dir, policies)
    warn_unenforceable(case.rules)
    approvals = approving(approve, case.world.workload.jobs)
    report(run_scheduler(case, scheduler, out, approvals=approvals).summary, as_json, out)


@app.command()
def agent(
    scenario: Annotated[
        str | None, typer.Argument(help="A scenario file, or the name of a bundled one (demo); none with --resume.")
    ] = None,
    policy: Policies = None,
    llm: Llm = "local",
    mode: Annotated[str, typer.Option("--mode", help="rank, plan or tools: docs/agent.md.")] = "rank",
    data_dir: DataDir = None,
    out: Out = None,
    as_json: AsJson = False,
    accept_reading: AcceptReading = False,
    deadline_s: Annotated[
        float, typer.Option("--deadline", min=0.1, help="Seconds the model has for an epoch.")
    ] = 30.0,
    approve: Approve = None,
    wait: Annotated[
        bool, typer.Option("--wait-for-approval", help="Stop where a person must say yes; see `cws approve`.")
    ] = False,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Go on with the unfinished run in this folder.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Where it stops, stay, and go on once all is answered.")
    ] = False,
) -> None:
    """One run of the agent, or (with --resume) the rest of one."""
    from agent.approving.folder import Begun
    from agent.approving.run import Beginning
    from agent.case import check_mode, make_folder, prepare, run_agent, start_agent
    from agent.llm.select import reader_beside

    if resume is not None:
        if scenario is not None or out is not None:
            raise InputError("--resume: the folder says what to run and is written on; give no scenario and no --out")
        pull(Beginning.of(resume, data_dir, open_model), as_json, watch=watch, fresh=False)
        return
    if scenario is None:
        raise InputError("expected a scenario, or --resume with the folder of a run")
    if wait and out is None:
        raise InputError("--wait-for-approval needs --out: what waits and its answers are kept there")
    check_mode(mode, llm)
    make_folder(out)
    policies = confirmed(policy, accept_reading, llm)
    case = prepare(scenario, data_dir, policies)
    warn_unenforceable(case.rules)
    approvals = approving(approve, case.world.workload.jobs)
    model, reader = open_model(llm, scenario_sha256=case.scenario.sha256), reader_beside(llm)
    if out is None:
        run = start_agent(case, model, mode=mode, deadline_s=deadline_s, approvals=approvals, reader=reader)
        report(run_agent(run, case, None, epoch_printer(case)).summary, as_json, None)
        return
    folder = str(data_dir.resolve()) if data_dir else None
    begun = Begun(llm=llm, mode=mode, deadline_s=deadline_s, data_dir=folder, approve=approve, waits=wait)
    pull(Beginning(case, begun, model, reader, out), as_json, watch=watch, fresh=True)


def pull(beginning: Beginning, as_json: bool, *, watch: bool, fresh: bool) -> None:
    """Pull a run in its folder to its end, or until it waits; where it is watched, until somebody has answered."""
    from agent.approving.folder import Waits, alone_in, wait_for_answers

    with alone_in(beginning.out):
        run = beginning.begin() if fresh else beginning.resume()
        if not fresh:
            typer.echo(f"{beginning.out}: what was decided before is made again, and not told again", err=True)
        while True:
            try:
                done = run.pull(epoch_printer(beginning.case))
                break
            except Waits as waits:
                tell_waiting(beginning.out, waits.asks, as_json and not watch)
                if not watch:
                    return
                wait_for_answers(beginning.out)
            run = beginning.resume()
    report(done.summary, as_json, beginning.out)


def epoch_printer(case: Case) -> Callable[[EpochRecord], None]:
    """Return what prints an epoch on standard error, on one line."""
    from agent.demo import epoch_line

    progress = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
    return lambda record: progress.print(epoch_line(record, case.world), markup=False)


def tell_waiting(out: Path, asks: Sequence[Ask], as_json: bool) -> None:
    """Say what waits for a person's yes, and how to answer."""
    from agent.approving.folder import ask_line, start_in

    if as_json:
        print_json({"status": "waiting", "run": str(out), "waiting": [asdict(ask) for ask in asks]})
    start = start_in(out)
    for ask in asks:
        typer.echo(printable(f"waits: {ask_line(ask, start)}"), err=True)
    typer.echo(f"answer: cws approve {out} ID... --deny ID...; then: cws agent --resume {out}", err=True)


@app.command()
def approve(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run that waits.")],
    jobs: Annotated[list[str] | None, typer.Argument(metavar="ID", help="Jobs to say yes to, or all.")] = None,
    deny: Annotated[list[str] | None, typer.Option("--deny", help="A job to say no to; may be given again.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Only list what waits.")] = False,
    as_json: AsJson = False,
) -> None:
    """What waits for a person's yes in a run, and the answer; without ids it is listed."""
    from agent.approving.folder import answer, ask_line, start_in, waiting_in

    if show and (jobs or deny):
        raise InputError("--list: found ids to answer too; give one or the other")
    given = answer(run_dir, jobs or (), deny or ())
    left = waiting_in(run_dir)
    if as_json:
        print_json({"answered": given, "waiting": [asdict(ask) for ask in left]})
        return
    for one in given:
        typer.echo(printable(f"{'yes' if one['yes'] else 'no':<5}{one['job_id']} in {one['region']}"))
    for ask in left:
        typer.echo(printable(f"waits {ask_line(ask, start_in(run_dir))}"))
    if not left:
        typer.echo(f"nothing waits: cws agent --resume {run_dir}" if given else "nothing waits")


@app.command()
def bound(scenario: ScenarioArg, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """A lower bound on the emissions of any schedule that meets the deadlines."""
    from sim.bound import lower_bound
    from sim.scenario import build_world, load_scenario

    found = lower_bound(build_world(load_scenario(scenario), data_dir))
    content = {
        "bound_kg": found.total_kg,
        "jobs_kg": found.jobs_kg,
        "services_kg": found.services_kg,
        "idle_kg": found.idle_kg,
        "embodied_kg": found.embodied_kg,
        "per_job_kg": found.per_job_kg,
    }
    if as_json:
        print_json(content)
        return
    parts = {"services": found.services_kg, "idle servers": found.idle_kg, "embodied": found.embodied_kg}
    rest = "".join(f", {name} {kg:.3f}" for name, kg in parts.items() if kg)
    typer.echo(f"at least {found.total_kg:.3f} kg CO2-eq: jobs {found.jobs_kg:.3f}{rest}")
    typer.echo(f"with capacity left out, jobs and services at least {found.per_job_kg:.3f}")


@app.command()
def schedulers(as_json: AsJson = False) -> None:
    """The registered schedulers, with the paper or project that each follows."""
    from sim.schedulers import SCHEDULERS

    rows = [{"name": s.name, "kind": s.kind, "source": s.source} for s in SCHEDULERS.values()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['name']:<20}{row['kind']:<10}{row['source']}")


@app.command()
def audit(run_dir: Path, data_dir: DataDir = None) -> None:
    """Recompute a run's totals from its placements and the input series; exit 1 if they differ."""
    from agent.audit import audit_run

    faults, broken, unkept = audit_run(run_dir, data_dir)
    for violation in (*broken[:5], *unkept[:5]):
        who = f"job {violation.job_id}" if violation.job_id else "jobs together"
        typer.echo(printable(f"{run_dir}: at {violation.at_s:g} s {who} broke: {violation.rule}"), err=True)
    if faults:
        raise FaultFound(f"{run_dir}: {len(faults)} fault(s)\n" + "\n".join(f"  {fault}" for fault in faults))
    rules = f"rules broken {len(broken)} times, as its summary says" if broken else "no rule broken"
    words = f"; descriptions not kept to {len(unkept)} times, as its summary says" if unkept else ""
    typer.echo(f"{run_dir}: placements, jobs, regions and totals hold to 1e-9; no capacity exceeded, {rules}{words}")


@app.command("explain")
def explain_job(
    run_dir: Path,
    job: Annotated[str, typer.Argument(metavar="JOB", help="A job's id.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Why a job ran where and when it did: alternatives, the rule that bound, forecast against what came."""
    from agent.explain.explanation import explain
    from agent.explain.report import json_of, text_of, unproven_in

    found = explain(run_dir, job, data_dir)
    if as_json:
        print_json(json_of(found))
    else:
        typer.echo(printable(text_of(found), lines=True))
    if unproven := unproven_in(found):
        raise FaultFound(f"{run_dir}: numbers of the explanation that stand nowhere in it: {', '.join(unproven)}")


@app.command()
def evaluate(
    suite: Annotated[
        str,
        typer.Argument(
            help="A suite file, or the name of a bundled one (smoke, seeds, agent, rules, stress, sensitivity)."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Write the evaluation's folder here.")],
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes; all cores if not given.")] = None,
    ray: Annotated[str | None, typer.Option("--ray", help="Run on the Ray cluster at this address.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Many runs of a suite, compared in pairs with a baseline; exit 1 if a run failed or is faulty."""
    from agent.evaluation.evaluate import as_json as summary
    from agent.evaluation.evaluate import begin, run
    from agent.evaluation.suite import load_suite
    from agent.evaluation.tables import table

    if workers is not None and ray is not None:
        raise InputError("--workers and --ray: found both; give one")
    expanded = load_suite(suite)
    journal = begin(expanded, out, data_dir, command=sys.argv[1:], resume=resume)
    with progress_bar(len(expanded.cells), len(journal.rows)) as on_row:
        found = run(expanded, journal, data_dir, select_runner(workers, ray), on_row)
    if as_json:
        print_json(summary(found))
    else:
        out_console().print(table(found.comparisons))
        typer.echo(f"evaluation: {out}")
    if found.unsound:
        first = found.unsound[0]
        raise FaultFound(
            f"{len(found.unsound)} of {len(found.rows)} runs failed or are faulty; the first, {first['cell']}: "
            f"{first['reason']}"
        )


@app.command("report")
def report_html(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of an evaluation, or of a run.")],
    html: Annotated[Path, typer.Option("--html", help="The file to write.")],
) -> None:
    """One self-contained HTML file on an evaluation or a run."""
    from agent.evaluation.report import write_report

    write_report(folder, html, sys.argv[1:])
    typer.echo(f"report: {html}")


@app.command()
def console(
    run_dir: Annotated[
        Path | None, typer.Argument(help="A recorded run; without it the bundled demo runs live.")
    ] = None,
    llm: Llm = "local",
    scenario: Annotated[str, typer.Option("--scenario", help="What to run live.")] = "demo",
    policy: Policies = None,
    data_dir: DataDir = None,
    paused: Annotated[bool, typer.Option("--paused", help="Begin paused after the first epoch.")] = False,
) -> None:
    """The operator console, on a recorded run or on a live one."""
    from tui import recorded, show

    if run_dir is not None:
        show(recorded(run_dir, paused=paused))
        return
    from agent.case import prepare, start_agent
    from agent.llm.select import reader_beside
    from tui import live

    case = prepare(scenario, data_dir, policy or [])
    out = Path("runs") / f"console-{case.scenario.name}"
    model = open_model(llm, scenario_sha256=case.scenario.sha256)
    run = start_agent(case, model, out=out, reader=reader_beside(llm))
    log_to(out / "agent.log")
    show(live(run, case, out=out, paused=paused))


@app.command()
def doctor(data_dir: DataDir = None) -> None:
    """What is installed, what is reachable, what is missing and how to get it; exit 1 if something needed is."""
    from agent.doctor import examine

    checks = examine(data_dir)
    for check in checks:
        typer.echo(f"{'ok     ' if check.ok else 'absent ' if check.optional else 'MISSING'}  {check}")
    if any(not check.ok and not check.optional for check in checks):
        raise FaultFound("something that is needed is missing: see above")


@policy_app.command("compile")
def policy_compile(
    file: Path,
    vocabulary: VocabularyFile = None,
    llm: Llm = "local",
    as_json: AsJson = False,
) -> None:
    """Read a policy with a language model and show what it understood. Takes effect only when confirmed."""
    from agent.policy.english import show

    reading = compile_file(file, vocabulary, llm)
    for warning in reading.warnings:
        typer.echo(printable(f"warning: {warning}"), err=True)
    if as_json:
        print_json(reading.as_json())
    else:
        typer.echo(
            printable(show(reading.policy_set, ((one.text, one.question) for one in reading.questions)), lines=True)
        )
        typer.echo(f"\nNot in force yet. If this is what you meant: cws policy confirm {file}", err=True)


@policy_app.command("confirm")
def policy_confirm(
    file: Path,
    vocabulary: VocabularyFile = None,
    llm: Llm = "local",
    rules: Annotated[Path | None, typer.Option("--rules", help="A reading mended by hand (the compile JSON).")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Show the reading of a policy, ask, and put it in force as NAME.rules.json beside the text."""
    from agent.policy.english import show
    from agent.policy.reading import Reading, confirm, load_rules

    reading = Reading(load_rules(rules)) if rules else compile_file(file, vocabulary, llm)
    typer.echo(printable(show(reading.policy_set, ((one.text, one.question) for one in reading.questions)), lines=True))
    for warning in reading.warnings:
        typer.echo(printable(f"warning: {warning}"), err=True)
    if not yes and not typer.confirm("Is this what the policy means?"):
        raise FaultFound(f"{file}: not confirmed; mend the text, or the reading with --rules FILE")
    typer.echo(f"in force: {confirm(file, reading, load_vocabulary(vocabulary), reading.by)}")


@policy_app.command("show")
def policy_show(
    file: Path,
    scenario: Annotated[str | None, typer.Option("--scenario", help="Take regions and examples from it.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the examples.")] = 0,
    vocabulary: VocabularyFile = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The confirmed reading of a policy: each sentence above what it was understood to say, and what that does."""
    from agent.policy.preview.sheet import Sheet
    from agent.policy.reading import load_confirmed

    rules = load_confirmed(file)
    sheet = Sheet.of(rules, ground(scenario, data_dir, load_vocabulary(vocabulary), rules), seed)
    if as_json:
        print_json(sheet.as_json())
    else:
        show_lines(sheet.lines(), GRID_STYLES)


@policy_app.command("check")
def policy_check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Policies whose reading is confirmed.")],
    scenario: Annotated[str | None, typer.Option("--scenario", help="Look at its regions, hours and jobs.")] = None,
    run: Annotated[Path | None, typer.Option("--run", help="Replay this recorded run without and with them.")] = None,
    vocabulary: VocabularyFile = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What is wrong with policies together, before anything runs; exit 1 if rules contradict one another."""
    from agent.policy.preview.examine import examine
    from agent.policy.preview.replay import cost_of
    from agent.policy.reading import load_confirmed
    from agent.policy.rules import merge

    rules, names = merge(load_confirmed(file) for file in files), load_vocabulary(vocabulary)
    found = examine(rules, ground(scenario, data_dir, names, rules), names)
    cost = cost_of(rules, run, data_dir) if run else None
    errors = sum(finding.level == "error" for finding in found)
    if as_json:
        print_json({"findings": [finding.as_json() for finding in found], "replay": cost.as_json() if cost else None})
    else:
        for finding in found:
            show_lines(finding.lines(), LEVEL_STYLES)
        typer.echo(f"{plural(len(rules.rules), 'rule')}, {plural(errors, 'conflict')}")
        show_lines(cost.lines() if cost else ())
    if errors:
        raise FaultFound(f"{plural(errors, 'conflict')} in {', '.join(map(str, files))}")


@policy_app.command("score")
def policy_score(file: Path, vocabulary: VocabularyFile = None, llm: Llm = "local") -> None:
    """How well a model reads policies whose right reading is known (FILE.jsonl): one JSON object."""
    from agent.score import PolicyLine, load_lines, score_policies

    lines = load_lines(file, PolicyLine)
    names, model = load_vocabulary(vocabulary), open_reader(llm, "a policy")
    print_json(score_policies(counted(lines), names, model))


@job_app.command("parse")
def job_parse(
    now: Annotated[str, typer.Option("--now", help="When the job was submitted, ISO 8601.")],
    tz: Annotated[str, typer.Option("--tz", help="The submitter's zone, as Europe/Berlin.")],
    vocabulary: VocabularyFile = None,
    llm: Llm = "local",
    as_json: AsJson = False,
) -> None:
    """Read a job's description on standard input and print what it asks for, only what it states."""
    from agent.job_hints import read_hints

    names, model = load_vocabulary(vocabulary), open_reader(llm, "a description")
    reading = read_hints(sys.stdin.read(), moment(now, tz), tz, names, model)
    for warning in (*reading.warnings, *(f"is this meant? {one}" for one in reading.questions)):
        typer.echo(printable(f"warning: {warning}"), err=True)
    hints = reading.hints.as_json()
    if as_json:
        print_json(hints)
    else:
        typer.echo("\n".join(f"{name}: {value}" for name, value in hints.items()) or "it asks for nothing")


@job_app.command("score")
def job_score(file: Path, vocabulary: VocabularyFile = None, llm: Llm = "local") -> None:
    """How well a model reads descriptions whose hints are known (FILE.jsonl): one JSON object."""
    from agent.score import DescriptionLine, load_lines, score_descriptions

    lines = load_lines(file, DescriptionLine)
    names, model = load_vocabulary(vocabulary), open_reader(llm, "a description")
    print_json(score_descriptions(counted(lines), names, model))


@llm_app.command("pull")
def llm_pull() -> None:
    """Fetch the embedded model and check its hash."""
    from agent.llm.weights import pull

    typer.echo(f"embedded model: {pull()}")


@llm_app.command("check")
def llm_check(llm: Llm = "local") -> None:
    """One small call to a model; exit 1 if it does not answer."""
    from agent.llm.select import probe

    answer = probe(llm)
    print_json(answer)
    if not answer["ok"]:
        raise FaultFound(str(answer["error"]))


@llm_app.command("tune")
def llm_tune(
    out: Annotated[Path, typer.Option(help="Folder of the run: adapter.gguf, its checkpoints and its log.")],
    hours: Annotated[
        float, typer.Option(min=0.01, help="Wall hours to train for, those before a resume included.")
    ] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of the pairs it learns from.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of PyTorch.")] = 2,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the folder's checkpoint.")] = False,
    start: Annotated[
        Path | None,
        typer.Option("--start", help="A trained adapter_model.safetensors to go on from, with another seed."),
    ] = None,
) -> None:
    """Fine-tune the embedded model to read policies and job descriptions (needs the extra `train`)."""
    try:
        from agent.training.tune import Settings, tune
    except ModuleNotFoundError as error:
        raise InputError(
            f"fine-tuning needs {error.name}: `pip install torch` (the CPU build), then `pip install 'llm-cws[train]'`"
        ) from None
    typer.echo(f"adapter: {tune(Settings(out, hours, seed=seed, threads=threads, start=start), resume=resume)}")


def log_to(file: Path) -> None:
    """Send the log to a file: the console draws on standard error."""
    to_file = logging.FileHandler(file)
    to_file.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_file], force=True)


# -- helpers shared by commands ------------------------------------------------------------------


def open_model(spec: str, *, scenario_sha256: str = "") -> LanguageModel | None:
    """Return the language model of a SPEC, None for `none`; `replay:RUN_DIR` answers as that run recorded."""
    from agent.llm.select import open_model as select
    from agent.replay import open_replay

    if spec.startswith("replay:"):
        return open_replay(Path(spec.removeprefix("replay:")), scenario_sha256)
    return select(spec)


def select_runner(workers: int | None, ray: str | None) -> Runner:
    """Return what runs the cells of an evaluation: a pool of processes, or a Ray cluster."""
    if ray is not None:
        from agent.evaluation.ray import on_ray

        return partial(on_ray, address=ray)
    from agent.evaluation.pool import pooled

    return partial(pooled, workers=workers or os.cpu_count() or 1)


@contextmanager
def progress_bar(total: int, done: int) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Show a bar with the time that is left on standard error, and give what is called with each row."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    # much of the beginning counts as much as the end: cells of the slowest schedulers come at regular intervals
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=3600) as bar:
        task = bar.add_task("", total=total, completed=done)
        yield lambda row: bar.update(task, advance=1, description=f"{row['cell']} {row['status']}")


LEVEL_STYLES = {r"^error:": "bold red", r"^warning:": "yellow", r"^note:": "dim"}
GRID_STYLES = {"█+": "green", "·+": "red", "[▒~?]{2,}": "yellow", "^ {4}(stops|late|avoids)": "red",
               "^ {4}(lets|in time|likes)": "green"}  # fmt: skip


def show_lines(lines: Iterable[str], styles: Mapping[str, str] | None = None) -> None:
    """Print lines as they are; what matches a pattern in its style, where colours are."""
    from rich.text import Text

    console = Console(emoji=False, soft_wrap=True)
    for line in lines:
        text = Text(line)
        for pattern, style in (styles or {}).items():
            text.highlight_regex(pattern, style)
        console.print(text)


def plural(count: int, what: str) -> str:
    """Return a count in words: `no conflicts`, `1 conflict`, `2 conflicts`."""
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def ground(scenario: str | None, data_dir: Path | None, vocabulary: Vocabulary, rules: PolicySet) -> Ground:
    """Return the world in which rules are tried: a scenario's, or one made up from the vocabulary."""
    import numpy as np

    from agent.policy.preview.ground import made_up, of_scenario

    return of_scenario(scenario, data_dir) if scenario else made_up(vocabulary, rules, np.random.default_rng(0))


def load_vocabulary(path: Path | None) -> Vocabulary:
    """Return the vocabulary of a file, or the bundled one."""
    from importlib import resources

    from agent.policy.vocabulary import Vocabulary

    return Vocabulary.load(path or Path(str(resources.files("policies") / "vocabulary.json")))


def compile_file(file: Path, vocabulary: Path | None, llm: str) -> Reading:
    """Return the reading of a policy file by a model."""
    from agent.policy.compiler import compile_policy
    from agent.policy.reading import read_text

    model = open_reader(llm, "a policy", or_else=", or confirm --rules FILE")
    return compile_policy(read_text(file), load_vocabulary(vocabulary), model)


def open_reader(llm: str, what: str, or_else: str = "") -> LanguageModel:
    """Return a model that can read; `none` cannot."""
    from agent.llm.select import open_reader as select

    model = open_model(llm) if llm.startswith("replay:") else select(llm)
    if model is None:
        raise InputError(f"--llm none cannot read {what}: give local or openai:MODEL{or_else}")
    return model


def counted(lines: Sequence[Item]) -> Iterator[Item]:
    """Yield the lines, and count them on standard error: a model may take minutes."""
    from rich.progress import track

    yield from track(lines, description="read", console=Console(stderr=True))


def moment(text: str, tz: str) -> datetime:
    """Return the moment that a user wrote; without an offset it is on the clock of `tz`."""
    from agent.job_hints import at_clock, iana_zone

    zone = iana_zone(tz)
    try:
        return at_clock(text, zone)
    except (ValueError, OverflowError) as error:
        raise InputError(f"--now {text!r}: expected ISO 8601, as 2026-03-04T10:00:00Z") from error


def confirmed(policies: Sequence[Path] | None, accept: bool, llm: str) -> list[Path]:
    """Return the policies; with `accept`, compile and confirm on the spot those without a valid reading."""
    from agent.policy.reading import confirm, load_confirmed

    for file in policies or []:
        try:
            load_confirmed(file)
        except InputError:
            if not accept:
                raise
            reading = compile_file(file, None, llm)
            confirm(file, reading, load_vocabulary(None), f"{reading.by}, accepted unseen")
            typer.echo(f"{file}: reading by {llm} accepted unseen", err=True)
            for one in reading.questions:
                typer.echo(f"{file}: {one.text!r}: {one.question}", err=True)
    return list(policies or [])


def approving(chosen: str | None, jobs: Jobs) -> Approvals:
    """Return approvals in which a script says yes for the chosen jobs; for none if none are chosen."""
    from sim.approvals import Approvals

    if chosen is None:
        return Approvals()
    if chosen == "all":
        return Approvals.of_jobs()
    names = [name.strip() for name in chosen.split(",")]
    if strange := [name for name in names if name not in jobs.position]:
        first = f"; the first is {jobs.id_of(0)}" if len(jobs) else ""
        raise InputError(
            f"--approve: no job {', '.join(map(repr, strange))} among {len(jobs)}{first}; give ids, or all"
        )
    return Approvals.of_jobs(names)


def warn_unenforceable(rules: PolicySet) -> None:
    """Say on standard error which sentences of the policies bind nobody."""
    for item in rules.unenforceable:
        typer.echo(f"not enforced: {item.text!r} ({item.reason})", err=True)


def report(summary: Mapping[str, Any], as_json: bool, out: Path | None) -> None:
    """Print a run's summary: JSON, or a few lines."""
    if as_json:
        print_json(summary)
        return
    from agent.demo import table

    out_console().print(table([summary]))
    if out:
        typer.echo(f"run folder: {out}")


@data_app.command("import")
def data_import(
    format: Annotated[str, typer.Argument(help="A format: see `cws data formats`.")],
    files: Annotated[list[Path], typer.Argument(help="Files as their source publishes them.")],
    out: Annotated[Path, typer.Option("--out", help="The Parquet file to write.")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="key=value; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read published files, write them in the project's form, and report what was dropped and what lacks."""
    from sim.importers.registry import importer

    wanted = importer(format)
    if bare := [pair for pair in settings or [] if not pair.partition("=")[2]]:
        raise InputError(f"--set {bare[0]}: expected key=value")
    options = dict(pair.partition("=")[::2] for pair in settings or [])
    if strange := set(options) - set(wanted.options):
        known = ", ".join(wanted.options) or "none"
        raise InputError(f"--set {sorted(strange)[0]}: {format} has no such option; its options are: {known}")
    keep_import(wanted.read(files, options), format, out, as_json)


def keep_import(made: Imported, source: str, out: Path, as_json: bool) -> None:
    """Write an imported table and print the report on it."""
    import pyarrow.parquet as pq

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(made.table, out, compression="zstd")
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written ({error.strerror or error})") from None
    report = asdict(made.report) | {"format": source, "kind": made.kind, "out": str(out)}
    if as_json:
        print_json(report)
        return
    print(f"{out}: {made.report.rows_kept} of {made.report.rows_read} rows ({made.kind})")
    for why, count in made.report.dropped.items():
        print(f"  dropped {count}: {why}")
    for gap in made.report.gaps:
        print(f"  gap: {gap.zone}, {gap.samples} samples from {gap.start} to {gap.end}")
    for note in made.report.notes:
        print(f"  {note}")


@data_app.command("formats")
def data_formats(as_json: AsJson = False) -> None:
    """List the formats that can be imported."""
    from sim.importers.registry import FORMATS

    rows = [{"name": f.name, "kind": f.kind, "source": f.source, "options": dict(f.options)} for f in FORMATS.values()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['name']:20} {row['kind']:9} {row['source']}")


@data_app.command("fetch")
def data_fetch(
    source: Annotated[str, typer.Argument(help="ukgrid, electricitymaps, watttime, watttime-forecast or eia.")],
    zone: Annotated[str, typer.Option("--zone", help="The zone or region, as the source names it.")],
    start: Annotated[datetime, typer.Option("--start", help="From, UTC; of forecasts, when they were issued.")],
    end: Annotated[datetime, typer.Option("--end", help="Until, UTC, which is not in it.")],
    out: Annotated[Path, typer.Option("--out", help="The Parquet file to write.")],
    as_json: AsJson = False,
) -> None:
    """Fetch a series from its publisher; keys come from the environment (see docs/data.md)."""
    from sim.fetch import SOURCES, Span

    if source not in SOURCES:
        raise InputError(f"no source {source!r}; known are {', '.join(SOURCES)}")
    if not start < end:
        raise InputError(f"--start {start}: expected a moment before --end {end}")
    made = SOURCES[source](Span(zone, start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)))
    keep_import(made, source, out, as_json)


@data_app.command("list")
def data_list(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="The folder of Parquet files.")], as_json: AsJson = False
) -> None:
    """List the files of a data folder, and what they hold."""
    from sim.datafolder import list_folder

    rows = list_folder(data_dir)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        span = f"{row['first'][:10]} to {row['last'][:10]}, {len(row['zones'])} zones" if "zones" in row else ""
        print(f"{row['file']:52} {row['kind']:9} {row['rows']:>9,} rows  {span}")


@data_app.command("validate")
def data_validate(
    path: Annotated[Path, typer.Argument(help="A data folder, or a file.")], as_json: AsJson = False
) -> None:
    """Check files against the project's form; exit 1 if one cannot be used as it is."""
    from sim.datafolder import validate

    findings = validate(path)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print(f"{finding.severity:5} {finding.file}: {finding.what}")
    faults = sum(finding.severity == "fault" for finding in findings)
    if faults:
        raise FaultFound(f"{faults} faults in {path}")


@forecast_app.command("backtest")
def forecast_backtest(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="The folder of Parquet files.")],
    zone: Annotated[str, typer.Option("--zone", help="A zone, or all.")],
    signal: Annotated[str, typer.Option("--signal", help="carbon or price.")] = "carbon",
    model: Annotated[str, typer.Option("--model", help="A model of docs/forecasts.md.")] = "default",
    horizon: Annotated[int, typer.Option("--horizon", help="Hours ahead, 24 to 96.")] = 96,
    every: Annotated[int, typer.Option("--every", min=1, help="Hours from one forecast to the next.")] = 1,
    test_from: Annotated[
        datetime | None,
        typer.Option("--test-from", help="Fit to what is before, UTC; if not given, to all but a year."),
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", help="The file in the folder; if not given, it is found.")
    ] = None,
    column: Annotated[str | None, typer.Option("--column", help="Its column; ci_lifecycle or price_usd.")] = None,
    as_json: AsJson = False,
) -> None:
    """How well a model would have forecast a series, hour after hour, from what was known then."""
    from sim.backtests import backtest_zone, find_series

    series = find_series(data_dir, signal, column=column, file=file)
    since = test_from.replace(tzinfo=UTC) if test_from else None
    rows = []
    for one in series.zones if zone == "all" else [zone]:
        try:
            rows.append(backtest_zone(series, one, model, horizon, every, since))
        except InputError as error:
            if zone != "all":
                raise
            typer.echo(f"left out: {error}", err=True)
    if as_json:
        print_json(rows if zone == "all" else rows[0])
        return
    print_backtests(rows)


def print_backtests(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a line a zone, in per cent."""
    names = [name for name in rows[0] if name not in ("zone", "model")] if rows else []
    print(f"{'zone':14}{'model':16}" + "".join(f"{name:>17}" for name in names))
    for row in rows:
        figures = "".join(f"{'none' if row[name] is None else f'{100 * row[name]:.1f} %':>17}" for name in names)
        print(f"{row['zone']:14}{row['model']:16}{figures}")


def main(argv: Sequence[str] | None = None) -> None:
    """Run `cws` and exit with its code: errors are one clear line, tracebacks only with --debug."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        app(args=words, prog_name="cws")
    except (InputError, FaultFound) as error:
        if "--debug" in words:
            raise
        typer.echo(printable(f"cws: {error}", lines=True), err=True)
        sys.exit(2 if isinstance(error, InputError) else 1)
    except SystemExit as ended:
        if ended.code == STOPPED:  # typer takes the interrupt
            typer.echo("cws: stopped", err=True)
        raise


if __name__ == "__main__":
    main()
