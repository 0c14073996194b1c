"""A policy on a sheet: each sentence, how it was read, and examples; then the hours that are left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.policy.english import by_sentence, reading_of
from agent.policy.preview.examples import Example, example_lines, examples
from agent.policy.preview.findings import wrapped
from agent.policy.preview.ground import Ground
from agent.policy.preview.week import LEGEND, Week, weeks
from agent.policy.rules import PolicySet, RuleBase

NOTES = (
    "Hours are on each region's clock. A job that is of several classes may run where all let it; budgets, shares of "
    "CPUs, delays and approvals above a limit bind beside."
)


@dataclass(frozen=True)
class Sheet:
    """A policy, the examples of each rule in order, and the weeks that its rules leave."""

    policy_set: PolicySet
    examples: tuple[tuple[Example, ...], ...]
    weeks: tuple[Week, ...]

    @classmethod
    def of(cls, policy_set: PolicySet, ground: Ground, seed: int) -> Sheet:
        """Return the sheet of a policy over a ground; examples are drawn by the seed."""
        made = (examples(rule, ground, np.random.default_rng([seed, n])) for n, rule in enumerate(policy_set.rules))
        return cls(policy_set, tuple(map(tuple, made)), tuple(weeks(policy_set, ground)))

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON: what compiling prints, and beside it `examples` (a list a rule) and `weeks`."""
        return {
            **self.policy_set.as_json(),
            "examples": [[one.as_json() for one in some] for some in self.examples],
            "weeks": [week.as_json() for week in self.weeks],
        }

    def lines(self) -> Iterator[str]:
        """Yield it as text."""
        of_rule = {id(rule): some for rule, some in zip(self.policy_set.rules, self.examples, strict=True)}
        for sentence, parts in by_sentence(self.policy_set).items():
            yield from wrapped(sentence, indent=0)
            for part in parts:
                yield from wrapped(f"  {reading_of(part)}")
                if isinstance(part, RuleBase):
                    yield from example_lines(part, of_rule[id(part)])
        for week in self.weeks:
            yield ""
            yield from week.lines()
        yield ""
        yield from wrapped(LEGEND, indent=0)
        yield from wrapped(NOTES, indent=0)
