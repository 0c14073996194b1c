"""How often the check without a model alarms on right readings, and how many wrong ones it catches.

    python -m bench.crosschecks [TEXTS]

Wrong ones are made of right ones by one slip each (`bench.mutants`). Texts are drawn by the generator of training
pairs, and those of the yardstick.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from agent.hints import JobHints
from agent.policy.crosscheck import crosscheck, crosscheck_hints
from agent.policy.rules import PolicySet, Rule, Unenforceable
from agent.policy.vocabulary import Vocabulary
from agent.said import hints as said_hints
from agent.said.hints import SaidHints
from agent.said.quantity import Unreadable
from agent.said.rules import SaidAnswer, resolve
from agent.training.pairs import groups
from bench.mutants import hints_mutants, mutants

YARDSTICK = Path(__file__).parent / "yardstick"
SEED = 1618
ZONES = ("Europe/Berlin", "America/New_York", "UTC", "Asia/Tokyo")
Check = Callable[[], tuple[str, ...]]


class Case(NamedTuple):
    """A check of a right reading, and those of wrong ones, each by its slip."""

    right: Check
    wrong: Iterable[tuple[str, Check]]


class Score(NamedTuple):
    """Counts of right readings and of those that raised an alarm; of wrong ones and of those caught, by slip."""

    right: int
    alarms: int
    wrong: Counter[str]
    caught: Counter[str]


def score(cases: Iterable[Case]) -> Score:
    """Return how the check does on right readings and on all their mutants."""
    right = alarms = 0
    wrong: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for case in cases:
        right += 1
        alarms += bool(case.right())
        for slip, check in case.wrong:
            wrong[slip] += 1
            caught[slip] += bool(check())
    return Score(right, alarms, wrong, caught)


def rules_case(text: str, rules: tuple[Rule, ...], known: Vocabulary) -> Case:
    """Return the case of a sentence and its right rules."""
    wrong = ((one.slip, lambda one=one: crosscheck(text, one.rules, known)) for one in mutants(rules, known))
    return Case(lambda: crosscheck(text, rules, known), wrong)


def hints_case(text: str, hints: JobHints, now: datetime, tz: str, known: Vocabulary) -> Case:
    """Return the case of a description and its right hints."""
    wrong = (
        (one.slip, lambda one=one: crosscheck_hints(text, one.hints, now, tz, known))
        for one in hints_mutants(hints, known)
    )
    return Case(lambda: crosscheck_hints(text, hints, now, tz, known), wrong)


def drawn_rules(count: int, seed: int = SEED) -> Iterator[Case]:
    """Yield sentences of the generator that have rules."""
    for group in groups(seed, 4, hints=0):
        for pair in group.pairs:
            read = resolve(SaidAnswer.model_validate_json(pair.answer), group.vocabulary, pair.text)
            rules = tuple(rule for rule in read if not isinstance(rule, Unenforceable))
            if rules:
                yield rules_case(pair.text, rules, group.vocabulary)
                count -= 1
            if count == 0:
                return


def drawn_hints(count: int, seed: int = SEED) -> Iterator[Case]:
    """Yield descriptions of the generator, each written at some time of 2026 in one of four zones."""
    rng = np.random.default_rng(seed)
    for group in groups(seed, 4, hints=1):
        for pair in group.pairs:
            now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=int(rng.integers(0, 364 * 1440)))
            tz = ZONES[int(rng.integers(len(ZONES)))]
            try:
                hints = said_hints.resolve(SaidHints.model_validate_json(pair.answer), now, tz, group.vocabulary)
            except Unreadable:
                continue
            yield hints_case(pair.text, hints, now, tz, group.vocabulary)
            count -= 1
            if count == 0:
                return


def _lines(kind: str) -> Iterator[tuple[dict[str, object], Vocabulary]]:
    for name in ("", "-other"):
        vocabulary = Vocabulary.load(YARDSTICK / f"vocabulary{name}.json")
        for line in (YARDSTICK / f"{kind}{name}.jsonl").read_text(encoding="utf-8").splitlines():
            yield json.loads(line), vocabulary


def yardstick_rules() -> Iterator[Case]:
    """Yield the policies of the yardstick that are rules throughout."""
    for line, vocabulary in _lines("policies"):
        if line["rules"] and not line["unenforceable"]:
            text = str(line["text"])
            rules = [{**rule, "source": text} for rule in line["rules"]]  # type: ignore[attr-defined]
            yield rules_case(text, PolicySet.model_validate({"rules": rules}).rules, vocabulary)


def yardstick_hints() -> Iterator[Case]:
    """Yield the descriptions of the yardstick."""
    for line, vocabulary in _lines("descriptions"):
        hints = JobHints.model_validate_json(json.dumps(line["hints"]))
        now = datetime.fromisoformat(str(line["now"]).replace("Z", "+00:00"))
        yield hints_case(str(line["text"]), hints, now, str(line["tz"]), vocabulary)


def shown(name: str, result: Score) -> str:
    """Return a score as lines of text, the slips that escape most often first."""
    total, found = sum(result.wrong.values()), sum(result.caught.values())
    escaped = sorted(result.wrong, key=lambda slip: result.caught[slip] - result.wrong[slip])
    slips = (f"    {slip}: {result.caught[slip]}/{result.wrong[slip]}" for slip in escaped)
    return "\n".join(
        (
            f"{name}: alarms on {result.alarms} of {result.right} right readings ({result.alarms / result.right:.1%}),"
            f" {found} of {total} wrong ones caught ({found / total:.1%})",
            *(line for line in slips if not line.endswith(": 0/0")),
        )
    )


def main() -> None:
    """Print all measurements."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(shown("rules, drawn", score(drawn_rules(count))))
    print(shown("rules, yardstick", score(yardstick_rules())))
    print(shown("hints, drawn", score(drawn_hints(count))))
    print(shown("hints, yardstick", score(yardstick_hints())))


if __name__ == "__main__":
    main()
