"""What each part of reading is worth: the yardstick's texts of other names, read with one part left out at a time.

    python -m bench.reading_parts [--all] [PART...]

Without --all only `policies-other` and `descriptions-other` are read (65 texts, some two minutes a part on two free
cores). `untuned` is the model as its authors published it, with the long prompt.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from agent.llm.protocol import LanguageModel
from agent.llm.select import open_reader
from agent.policy.vocabulary import Vocabulary
from agent.said.hints import SaidHints
from agent.said.rules import SaidAnswer
from agent.said.schema import schema_of
from agent.score import DescriptionLine, PolicyLine, load_lines, score_descriptions, score_policies
from sim.errors import InputError

YARDSTICK = Path(__file__).parent / "yardstick"
FORMS = {"rules": SaidAnswer, "hints": SaidHints}


def _nothing(*_: object, **__: object) -> tuple[str, ...]:
    return ()


def _plain_schema(task: str, *_: object) -> dict[str, Any]:
    return schema_of(FORMS[task])


LEFT_OUT: dict[str, dict[str, Callable[..., Any]]] = {
    "nothing": {},
    "notes": {"agent.said.prompt.noted": _nothing},
    "narrow schema": {
        "agent.policy.compiler.narrow_schema": _plain_schema,
        "agent.job_hints.narrow_schema": _plain_schema,
    },
    "second question": {"agent.policy.compiler.again": lambda *_: None, "agent.job_hints.again": lambda *_: None},
    "two sentences together": {"agent.policy.compiler.together": lambda *_: None},
    "asking what was set aside": {"agent.policy.compiler.SentenceReader._pressed": lambda _, one: one},
    "comparison": {"agent.policy.compiler.crosscheck": _nothing, "agent.job_hints.crosscheck_hints": _nothing},
    "tuning": {},
}
"""Each part, and what stands in for the functions that do it. Without the comparison nothing is asked twice either."""


@contextmanager
def without(part: str) -> Iterator[None]:
    """Read without a part."""
    with ExitStack() as stack:
        for name, stand_in in LEFT_OUT[part].items():
            stack.enter_context(mock.patch(name, stand_in))
        yield


def scores(model: LanguageModel, suffix: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the scores of the policies and of the descriptions of one half of the yardstick."""
    names = Vocabulary.load(YARDSTICK / f"vocabulary{suffix}.json")
    policies = load_lines(YARDSTICK / f"policies{suffix}.jsonl", PolicyLine)
    descriptions = load_lines(YARDSTICK / f"descriptions{suffix}.jsonl", DescriptionLine)
    return score_policies(policies, names, model), score_descriptions(descriptions, names, model)


def row(part: str, halves: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    """Return a line of the table: shares over all texts; F1 by its mean over the halves, weighted by texts."""
    cells = []
    for found in zip(*halves, strict=True):
        texts = sum(one["texts"] for one in found)
        shares = (sum(one[name] * one["texts"] for one in found) / texts for name in ("right", "f1", "silently_wrong"))
        right, f1, silent = shares
        cells.append(f"{right:.1%} | {f1:.3f} | {silent:.1%}")
    return f"| {part} | {' | '.join(cells)} |"


def main(arguments: list[str]) -> None:
    """Print the table, a line as soon as it is known."""
    suffixes = ["-other", ""] if "--all" in arguments else ["-other"]
    parts = [one for one in arguments if one != "--all"] or list(LEFT_OUT)
    if unknown := [one for one in parts if one not in LEFT_OUT]:
        raise InputError(f"{unknown[0]!r} is no part; parts are {', '.join(LEFT_OUT)}")
    print(
        "| left out | policies right | F1 | silent | descriptions right | F1 | silent |\n|---|--:|--:|--:|--:|--:|--:|"
    )
    for part in parts:
        model = open_reader("local:base" if part == "tuning" else "local")
        if model is None:
            raise InputError("there is no model to read with")
        with without(part):
            print(row(part, [scores(model, suffix) for suffix in suffixes]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
