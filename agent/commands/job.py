"""`cws job`: read free-text descriptions of jobs."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.shared import AsJson, Llm, VocabularyFile, counted, group, load_vocabulary, open_reader, print_json
from agent.printable import printable
from sim.errors import InputError

job_app = group("Read free-text descriptions of jobs.")


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


def moment(text: str, tz: str) -> datetime:
    """Return the moment that a user wrote; without an offset it is on the clock of `tz`."""
    from agent.job_hints import at_clock, iana_zone

    zone = iana_zone(tz)
    try:
        return at_clock(text, zone)
    except (ValueError, OverflowError) as error:
        raise InputError(f"--now {text!r}: expected ISO 8601, as 2026-03-04T10:00:00Z") from error
