"""`cws policy`: read, show, check, score and confirm policies in plain English."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from agent.commands.shared import (
    AsJson,
    DataDir,
    Llm,
    VocabularyFile,
    counted,
    group,
    load_vocabulary,
    open_reader,
    print_json,
)
from agent.printable import printable
from sim.errors import FaultFound

if TYPE_CHECKING:
    from agent.policy.preview.ground import Ground
    from agent.policy.reading import Reading
    from agent.policy.rules import PolicySet
    from agent.policy.vocabulary import Vocabulary

policy_app = group("Read, show and confirm policies in plain English.")


@policy_app.command("compile")
def policy_compile(
    file: Path,
    vocabulary: VocabularyFile = None,
    llm: Llm = "local",
    as_json: AsJson = False,
) -> None:
    """Read a policy with a language model and show what it understood. Takes effect only when confirmed."""
    from agent.policy.english import show
    from agent.policy.rules import PolicySet

    reading = compile_file(file, vocabulary, llm)
    for warning in reading.warnings:
        typer.echo(printable(f"warning: {warning}"), err=True)
    if as_json:
        print_json(reading.as_json())
    elif reading.policy_set != PolicySet():
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
    with working("looking at the rules") as tell:
        found = examine(rules, ground(scenario, data_dir, names, rules), names)
        cost = cost_of(rules, run, data_dir, tell=tell) if run else None
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


def compile_file(file: Path, vocabulary: Path | None, llm: str) -> Reading:
    """Return the reading of a policy file by a model."""
    from agent.policy.compiler import compile_policy
    from agent.policy.reading import read_text

    model = open_reader(llm, "a policy", or_else=", or confirm --rules FILE")
    return compile_policy(read_text(file), load_vocabulary(vocabulary), model)


@contextmanager
def working(at: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error, where it is a terminal, what a command is at, and give what changes these words."""
    with Console(stderr=True).status(escape(at)) as status:
        yield lambda words: status.update(escape(words))


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
