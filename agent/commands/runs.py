"""`cws simulate`, `cws agent` and `cws approve`: one run, and what waits in it for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from agent.commands.policy import compile_file
from agent.commands.shared import (
    AsJson,
    DataDir,
    Llm,
    Out,
    Policies,
    ScenarioArg,
    load_vocabulary,
    open_model,
    out_console,
    print_json,
)
from agent.printable import printable
from sim.errors import InputError

if TYPE_CHECKING:
    from agent.approving.run import Beginning
    from agent.case import Case
    from agent.policy.rules import PolicySet
    from agent.record import EpochRecord
    from sim.approvals import Approvals, Ask
    from sim.jobs import Jobs

AcceptReading = Annotated[
    bool,
    typer.Option("--accept-reading", help="Compile policies whose reading is not confirmed, and confirm it unseen."),
]
Approve = Annotated[
    str | None,
    typer.Option("--approve", help="Where a rule wants a person's yes, say it: for `all`, or job ids with commas."),
]


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
    from agent.case import prepare, run_scheduler
    from agent.outfolder import make_folder
    from sim.schedulers import scheduler as find

    find(scheduler)
    make_folder(out)
    policies = confirmed(policy, accept_reading, llm)
    case = prepare(scenario, data_dir, policies)
    warn_unenforceable(case.rules)
    approvals = approving(approve, case.world.workload.jobs)
    report(run_scheduler(case, scheduler, out, approvals=approvals).summary, as_json, out)


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
    from agent.case import check_mode, prepare, run_agent, start_agent
    from agent.llm.select import reader_beside
    from agent.outfolder import make_folder

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
