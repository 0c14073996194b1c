"""Sentences that refer to the one before, for a model that reads a text alone: the two are read as one text.

Where that yields nothing, code fills in whom "they" means. The operator is asked about either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.mentions.reading import mentions
from agent.policy.english import jobs_in_english, lower
from agent.policy.rules import MAX_SENTENCE, Rule, Selector, Unenforceable
from agent.policy.vocabulary import Vocabulary
from agent.said.asking import Understood

Read = tuple[Rule | Unenforceable, ...]
REFERRING = re.compile(
    r"^\W*(?:so|nor|neither|nobody else|ditto|likewise|another|otherwise|except\w*|exempt\w*|this|that|such)\b"
    r"|\b(?:they|them|their|these|those|its?|there|ones|others|same|too|either|also|neither of|both of|exempt(?:ed)?"
    r"|(?:to|from|of|by|the|this|that) (?:this|that|ban|rule|limit|exception|restriction|wish|cap|ceiling|deadline))\b",
    re.I,
)
"""Words with which a sentence may mean what stands before it."""
THEY = re.compile(
    r"^\W*(?:(?:and|but|also|besides|moreover),?\s+)?(?P<word>they|these|those|it|their|its)(?!\s+(?:rules|hours|days|is\s+\w+ed))\b",
    re.I,
)
OF_THEM = re.compile(r"^\W*(?:those|these|the\s+ones|jobs|any|all)\s+(?:of|among)\s+(?:them|these|those)\b", re.I)
"""Words for some of the jobs before."""
NAMES = ("team", "customer", "tag", "kind")


class Unit(NamedTuple):
    """What is read as one: a sentence, or several of which the later refer to the earlier; and its reading."""

    text: str
    read: Understood[Read]

    @property
    def rules(self) -> list[Rule]:
        """The rules that it was read as."""
        return [rule for rule in self.read.meaning if not isinstance(rule, Unenforceable)]


def together(
    before: Unit, after: Unit, vocabulary: Vocabulary, read: Callable[[str], Understood[Read] | None]
) -> list[Unit] | None:
    """Return two units as they are read together, None if the later says all by itself or that yields nothing new.

    A reading of both counts if nothing in it is doubtful, and it says more than the earlier did: rules besides or,
    where the later alone is none, other rules. After rules the two are one unit from then on, with one reading; a
    sentence before that is no rule stays as it was.

    Args:
        before: What stands before, with its own reading.
        after: The next sentence, with its reading alone.
        vocabulary: The names that it may use.
        read: Reads a text, as rules; None if it finds none.
    """
    text = f"{before.text} {after.text}"
    refused = not after.rules
    named = any(one.demanded for one in mentions(after.text, vocabulary).all)
    refers = bool(REFERRING.search(after.text)) or (refused and bool(before.rules))
    if not (named and refers) or len(text) > MAX_SENTENCE:
        return None
    both = read(text)
    if both is None or both.doubts or not _says_more(Unit(text, both), before, amended=refused):
        return None
    doubt = f'it was read together with the sentence before, "{before.text}": is that so?'
    if before.rules:
        return [Unit(text, Understood(both.meaning, (*before.read.doubts, doubt)))]
    return [before, Unit(after.text, Understood(_from(after.text, both.meaning), (doubt,)))]


def _says_more(both: Unit, before: Unit, *, amended: bool) -> bool:
    """Tell whether two sentences have the rules of the first and others; or, if they may amend those, as many."""
    held = {_bare(rule) for rule in both.rules}
    known = {_bare(rule) for rule in before.rules}
    if not amended:
        return known < held
    kept = all(any(_amends(one, rule) for one in both.rules) for rule in before.rules)
    return kept and held != known and len(held) >= len(known)


def _amends(rule: Rule, known: Rule) -> bool:
    """Tell whether a rule can be another one, amended: of its kind, and about its jobs or some of all."""
    return rule.kind == known.kind and known.jobs in (None, rule.jobs)


def _bare(rule: Rule) -> str:
    return rule.model_dump_json(exclude={"source"}, exclude_none=True)


def _from(source: str, meaning: Read) -> Read:
    return tuple(
        one if isinstance(one, Unenforceable) else one.model_copy(update={"source": source}) for one in meaning
    )


def filled_in(after: Unit, before: Unit, vocabulary: Vocabulary) -> Unit:
    """Return a unit in which rules about all jobs are about those of the unit before, if "they" begins it.

    "Those of them that ..." are the jobs before that are also those of the rule.

    Args:
        after: What was read.
        before: What stands before it.
        vocabulary: The names of jobs.
    """
    said = THEY.match(after.text)
    some = OF_THEM.match(after.text)
    open_ = [rule for rule in after.rules if rule.jobs is None or some]
    whom = _jobs(before, vocabulary) if said and open_ else ()
    if not said or not whom:
        return after
    meaning: Read = tuple(
        one for rule in after.read.meaning for one in (_about(rule, whom) if rule in open_ else (rule,))
    )
    named = " or ".join(lower(jobs_in_english(jobs)) for jobs in whom)
    doubt = f'"{said["word"]}" is taken to mean {named}: is that so?'
    return Unit(after.text, Understood(meaning, (*after.read.doubts, doubt)))


def _about(rule: Rule | Unenforceable, whom: Sequence[Selector]) -> Read:
    """Return a rule for each of several jobs, of which it is about its own only, if it has some."""
    if isinstance(rule, Unenforceable):
        return (rule,)
    own = {} if rule.jobs is None else rule.jobs.model_dump(exclude_none=True)
    return tuple(rule.model_copy(update={"jobs": jobs.model_copy(update=own)}) for jobs in whom)


def _jobs(before: Unit, vocabulary: Vocabulary) -> Sequence[Selector]:
    """Return whom a unit is about: the jobs of its rules, else the names that it gives, one of a sort at most."""
    if before.rules:
        return list(dict.fromkeys(rule.jobs for rule in before.rules if rule.jobs is not None))
    named = {
        (dimension, str(value))
        for one in mentions(before.text, vocabulary).of(*NAMES)
        for dimension, value in one.meanings
        if dimension in NAMES
    }
    fields = dict(named)
    return [Selector.model_validate(fields)] if fields and len(fields) == len(named) else []
