"""What several commands share: options, the model that a SPEC names, one JSON object on standard output."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console

from sim.errors import InputError

if TYPE_CHECKING:
    from agent.llm.protocol import LanguageModel
    from agent.policy.vocabulary import Vocabulary

Item = TypeVar("Item")

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="The folder of Parquet files.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
VocabularyFile = Annotated[Path | None, typer.Option("--vocabulary", help="The names that texts may use (JSON).")]
Llm = Annotated[str, typer.Option("--llm", help="local, openai:MODEL, vllm, none, or replay:RUN_DIR.")]
ScenarioArg = Annotated[str, typer.Argument(help="A scenario file, or the name of a bundled one (demo).")]
Policies = Annotated[list[Path] | None, typer.Option("--policy", help="A policy file; may be given again.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the run folder here.")]

TABLE_WIDTH = 116


def group(about: str) -> typer.Typer:
    """Return an empty group of commands."""
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None)


def out_console() -> Console:
    """Return a console on standard output, wide enough for the tables."""
    return Console(width=max(Console().width, TABLE_WIDTH), emoji=False)


def print_json(content: Any) -> None:
    """Print one JSON value on standard output."""
    typer.echo(json.dumps(content, indent=2, allow_nan=False))


def open_model(spec: str, *, scenario_sha256: str = "") -> LanguageModel | None:
    """Return the language model of a SPEC, None for `none`; `replay:RUN_DIR` answers as that run recorded."""
    from agent.llm.select import open_model as select
    from agent.replay import open_replay

    if spec.startswith("replay:"):
        return open_replay(Path(spec.removeprefix("replay:")), scenario_sha256)
    return select(spec)


def open_reader(llm: str, what: str, or_else: str = "") -> LanguageModel:
    """Return a model that can read; `none` cannot."""
    from agent.llm.select import open_reader as select

    model = open_model(llm) if llm.startswith("replay:") else select(llm)
    if model is None:
        raise InputError(f"--llm none cannot read {what}: give local or openai:MODEL{or_else}")
    return model


def load_vocabulary(path: Path | None) -> Vocabulary:
    """Return the vocabulary of a file, or the bundled one."""
    from importlib import resources

    from agent.policy.vocabulary import Vocabulary

    return Vocabulary.load(path or Path(str(resources.files("policies") / "vocabulary.json")))


def counted(lines: Sequence[Item]) -> Iterator[Item]:
    """Yield the lines, and count them on standard error: a model may take minutes."""
    from rich.progress import track

    yield from track(lines, description="read", console=Console(stderr=True))
