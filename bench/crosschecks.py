"""How often the check without a model alarms on right readings, and how many wrong ones it catches.

python -m bench.crosschecks [TEXTS]
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from agent.policy.crosscheck import crosscheck
from agent.policy.rules import PolicySet, Rule, Unenforceable
from agent.policy.vocabulary import Vocabulary
from agent.said.rules import SaidAnswer, resolve
from agent.training.pairs import groups
from bench.mutants import mutants

YARDSTICK = Path(__file__).parent / "yardstick"
SEED = 4711


class Case(NamedTuple):
    """A text with its right reading."""

    text: str
    rules: tuple[Rule, ...]
    vocabulary: Vocabulary


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
        alarms += bool(crosscheck(case.text, case.rules, case.vocabulary))
        for mutant in mutants(case.rules, case.vocabulary):
            wrong[mutant.slip] += 1
            caught[mutant.slip] += bool(crosscheck(case.text, mutant.rules, case.vocabulary))
    return Score(right, alarms, wrong, caught)


def drawn(count: int, seed: int = SEED) -> Iterator[Case]:
    """Yield sentences of the generator that have rules."""
    for group in groups(seed, 4, hints=0):
        for pair in group.pairs:
            read = resolve(SaidAnswer.model_validate_json(pair.answer), group.vocabulary, pair.text)
            rules = tuple(rule for rule in read if not isinstance(rule, Unenforceable))
            if rules:
                yield Case(pair.text, rules, group.vocabulary)
                count -= 1
            if count == 0:
                return


def yardstick() -> Iterator[Case]:
    """Yield the policies of the yardstick that are rules throughout."""
    for name in ("", "-other"):
        vocabulary = Vocabulary.load(YARDSTICK / f"vocabulary{name}.json")
        for line in (YARDSTICK / f"policies{name}.jsonl").read_text(encoding="utf-8").splitlines():
            text = json.loads(line)
            if text["rules"] and not text["unenforceable"]:
                rules = [{**rule, "source": text["text"]} for rule in text["rules"]]
                yield Case(text["text"], PolicySet.model_validate({"rules": rules}).rules, vocabulary)


def shown(name: str, result: Score) -> str:
    """Return a score as lines of text, the slips that escape most often first."""
    total, found = sum(result.wrong.values()), sum(result.caught.values())
    escaped = sorted(result.wrong, key=lambda slip: result.caught[slip] - result.wrong[slip])
    slips = [f"    {slip}: {result.caught[slip]}/{result.wrong[slip]}" for slip in escaped]
    return "\n".join(
        (
            f"{name}: alarms on {result.alarms} of {result.right} right readings ({result.alarms / result.right:.1%}),"
            f" {found} of {total} wrong ones caught ({found / total:.1%})",
            *slips,
        )
    )


def main() -> None:
    """Print both measurements."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(shown("generator", score(drawn(count))))
    print(shown("yardstick", score(yardstick())))


if __name__ == "__main__":
    main()
