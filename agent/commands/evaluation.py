"""`cws evaluate` and `cws report`: many runs, compared; and a page on them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from agent.commands.shared import AsJson, DataDir, out_console, print_json
from sim.errors import FaultFound, InputError

if TYPE_CHECKING:
    from agent.evaluation.evaluate import Runner


def evaluate(
    suite: Annotated[
        str,
        typer.Argument(
            help="A suite file, or the name of a bundled one (smoke, seeds, agent, rules, stress, sensitivity)."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Write the evaluation's folder here.")],
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Runs at once; as many as cores if not given (16 with vllm).")
    ] = None,
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


def report_html(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of an evaluation, or of a run.")],
    html: Annotated[Path, typer.Option("--html", help="The file to write.")],
) -> None:
    """One self-contained HTML file on an evaluation or a run."""
    from agent.evaluation.report import write_report

    write_report(folder, html, sys.argv[1:])
    typer.echo(f"report: {html}")


def select_runner(workers: int | None, ray: str | None) -> Runner:
    """Return what runs the cells of an evaluation: processes and threads of this machine, or a Ray cluster."""
    if ray is not None:
        from agent.evaluation.ray import on_ray

        return partial(on_ray, address=ray)
    from agent.evaluation.pool import batched

    return partial(batched, workers=workers)


@contextmanager
def progress_bar(total: int, done: int) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Show a bar with the time that is left on standard error, and give what is called with each row."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    # much of the beginning counts as much as the end: cells of the slowest schedulers come at regular intervals
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=3600) as bar:
        task = bar.add_task("", total=total, completed=done)
        yield lambda row: bar.update(task, advance=1, description=f"{row['cell']} {row['status']}")
