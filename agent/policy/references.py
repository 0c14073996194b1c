"""Whom "they" means: jobs of the sentence before, for a model that reads a sentence alone.

What is filled in here is always put to the operator as a question too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.mentions.reading import mentions
from agent.policy.english import jobs_in_english, lower
from agent.policy.rules import Rule, Selector, Unenforceable
from agent.policy.vocabulary import Vocabulary
from agent.said.asking import Understood

Read = tuple[Rule | Unenforceable, ...]
THEY = re.compile(
    r"^\W*(?:(?:and|but|also|besides|moreover),?\s+)?(?P<word>they|these|those|it|their|its)(?!\s+(?:jobs|rules|hours|days|is\s+\w+ed))\b",
    re.I,
)
NAMES = ("team", "customer", "tag", "kind")


def filled_in(
    sentence: str, read: Understood[Read], before: str, known: Read, vocabulary: Vocabulary
) -> Understood[Read]:
    """Return a reading in which rules about all jobs are about those of the sentence before, if "they" begins it.

    Args:
        sentence: What was read.
        read: Its reading.
        before: The sentence before it.
        known: The reading of that.
        vocabulary: The names of jobs.
    """
    said = THEY.match(sentence)
    open_ = [rule for rule in read.meaning if not isinstance(rule, Unenforceable) and rule.jobs is None]
    whom = _jobs(before, known, vocabulary) if said and open_ else ()
    if not said or not whom:
        return read
    meaning = tuple(
        one for rule in read.meaning for one in ([_about(rule, jobs) for jobs in whom] if rule in open_ else [rule])
    )
    named = " or ".join(lower(jobs_in_english(jobs)) for jobs in whom)
    return Understood(meaning, (*read.doubts, f'"{said["word"]}" is taken to mean {named}: is that so?'))


def _about(rule: Rule | Unenforceable, jobs: Selector) -> Rule | Unenforceable:
    return rule.model_copy(update={"jobs": jobs})


def _jobs(before: str, known: Read, vocabulary: Vocabulary) -> Sequence[Selector]:
    """Return whom a sentence is about: the jobs of its rules, else the names that it gives, one of a sort at most."""
    rules = [rule for rule in known if not isinstance(rule, Unenforceable)]
    if rules:
        return list(dict.fromkeys(rule.jobs for rule in rules if rule.jobs is not None))
    named = {
        (dimension, str(value))
        for one in mentions(before, vocabulary).of(*NAMES)
        for dimension, value in one.meanings
        if dimension in NAMES
    }
    fields = dict(named)
    return [Selector.model_validate(fields)] if fields and len(fields) == len(named) else []
