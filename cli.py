"""`cws`: one command a capability; groups of commands are in `agent/commands/`.

Heavy parts are imported where they are used, so that `--help` is quick.

Exit codes: 0 done; 1 the work failed or found a fault; 2 the words or the input are wrong.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.data import data_app
from agent.commands.evaluation import evaluate, report_html
from agent.commands.forecast import forecast_app
from agent.commands.job import job_app
from agent.commands.llm import llm_app
from agent.commands.policy import policy_app
from agent.commands.runs import agent, approve, simulate
from agent.commands.shared import AsJson, DataDir, Llm, Out, Policies, ScenarioArg, open_model, out_console, print_json
from agent.printable import PrintableFormatter, printable
from sim.errors import FaultFound, InputError

app = typer.Typer(
    name="cws",
    help="Carbon-aware scheduling by an LLM agent, under policies in plain English.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(policy_app, name="policy")
app.add_typer(job_app, name="job")
app.add_typer(forecast_app, name="forecast")
app.add_typer(data_app, name="data")
app.add_typer(llm_app, name="llm")


@app.callback()
def common(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and debug logs.")] = False,
) -> None:
    """Set up what every command shares."""
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(PrintableFormatter("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING, handlers=[to_terminal])


STOPPED = 130  # the exit code of a command that Ctrl-C ended


@app.command()
def demo(
    days: Annotated[float | None, typer.Option("--days", help="Shorten the scenario to so many days.")] = None,
    llm: Llm = "local",
    out: Out = Path("runs/demo"),
) -> None:
    """The agent on the bundled scenario, live, then a table beside the numeric schedulers."""
    from agent.demo import run_demo
    from agent.llm.select import reader_beside
    from agent.outfolder import make_folder

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


app.command()(simulate)
app.command()(agent)
app.command()(approve)


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
    """The registered schedulers, with the paper or project that each follows; an `oracle` sees the future."""
    from sim.schedulers import ORACLES, SCHEDULERS

    listed = (*SCHEDULERS.values(), *ORACLES.values())
    rows = [{"name": one.name, "kind": one.kind, "source": one.source} for one in listed]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['name']:<27}{row['kind']:<10}{row['source']}")


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


app.command()(evaluate)
app.command("report")(report_html)


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


def log_to(file: Path) -> None:
    """Send the log to a file: the console draws on standard error."""
    to_file = logging.FileHandler(file)
    to_file.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_file], force=True)


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
