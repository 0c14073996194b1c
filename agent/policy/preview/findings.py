"""What looking at rules beforehand finds, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any, Literal

from agent.policy.rules import RuleBase

WIDTH = 100


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with rules, or perhaps.

    An `error` is a conflict: some job cannot run, or not in time. A `warning` is a rule that does nothing, or not what
    its author will have meant; a `note` says what was not looked at.

    Attributes:
        kind: What sort of finding it is, in a word or two.
        says: One sentence.
        sentences: The sentences of the policy that it is about.
        by: Those that do already what they do.
        example: A job, or a place, to which it happens; empty for none.
    """

    level: Literal["error", "warning", "note"]
    kind: str
    says: str
    sentences: tuple[str, ...] = ()
    example: str = ""
    by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {name: value for name, value in asdict(self).items() if value}

    def lines(self) -> Iterator[str]:
        """Yield it as text: what it is, then what it is about."""
        yield from wrapped(f"{self.level}: {self.kind}: {self.says}")
        for sentence in self.sentences:
            yield from wrapped(f'  "{sentence}"')
        for sentence in self.by:
            yield from wrapped(f'  by "{sentence}"')
        if self.example:
            yield from wrapped(f"  for example {self.example}")


def wrapped(line: str, indent: int = 4) -> list[str]:
    """Return a line as lines that are not too wide, all but the first indented."""
    return wrap(line, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def sentences(rules: Iterable[RuleBase]) -> tuple[str, ...]:
    """Return the sentences that rules came from, each once."""
    return tuple(dict.fromkeys(rule.source for rule in rules))
