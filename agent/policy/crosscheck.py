"""Whether a reading accounts for its sentence and for nothing else, found out without a model.

No grammar of English: what a sentence mentions (quantities, times, days, zones, names, words that forbid, confine,
wish or exempt) is compared with what the rules hold, in both directions. A right reading passes as a rule; a wrong
one is seldom wrong without losing, inventing or changing something that is mentioned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agent.mentions import stance
from agent.mentions.mention import Meaning, Mention
from agent.mentions.reading import Mentions, mentions
from agent.policy.crosscheck_hints import crosscheck_hints
from agent.policy.crosscheck_places import homes, regions
from agent.policy.crosscheck_stance import NO_RULE_CAN, stances
from agent.policy.crosscheck_times import days, window_times, zones
from agent.policy.facts import clock, facts, windows
from agent.policy.rules import Delay, Rule, Suspend
from agent.policy.vocabulary import Vocabulary

__all__ = ["NO_RULE_CAN", "crosscheck", "crosscheck_hints"]

ELSEWHERE = ("region", "days", "zone", "abbreviation", "period")
"""Dimensions of mentions that are compared as wholes, not one by one."""


def crosscheck(sentence: str, rules: Sequence[Rule], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return what in a sentence no rule holds, and what in the rules the sentence does not say; empty if all agrees.

    Args:
        sentence: What was read; all rules are taken to come from it.
        rules: Its reading. Without rules there is nothing to compare: empty.
        vocabulary: The names that it may use.

    Returns:
        Findings, each one sentence that a model or an operator can act on.
    """
    if not rules:
        return ()
    found = mentions(sentence, vocabulary)
    findings: Iterable[str] = (
        *said_and_not_held(found, rules),
        *held_and_not_said(found, rules),
        *window_times(found, rules),
        *days(found, rules),
        *zones(found, rules),
        *regions(found, rules, vocabulary),
        *homes(found, rules),
        *stances(found, rules),
    )
    return tuple(dict.fromkeys(findings))


def said_and_not_held(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield the quantities, times of day and names of the sentence that no rule holds."""
    held = {meaning for fact in facts(rules) for meaning in fact.meanings}
    if any(
        (isinstance(rule, Delay) and rule.max_delay_h == 0) or (isinstance(rule, Suspend) and rule.most == 0)
        for rule in rules
    ):
        held |= {(dimension, 0.0) for dimension in ("h", "number", "times")}
    held |= {("clock", clock(time)) for window in windows(rules) for time in (window.start, window.end)}
    for one in found.all:
        if one.demanded and not any(name in ELSEWHERE for name, _ in one.meanings) and not _meant(one, found) & held:
            yield f'the sentence says "{one.words}", and no rule holds it'


def held_and_not_said(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield the quantities and names of the rules that the sentence does not say."""
    said = {meaning for one in found.all for meaning in _meant(one, found)}
    for fact in facts(rules):
        if not (fact.implied or fact.meanings & said):
            yield f"a rule holds {fact.words}, and the sentence does not say it"


def _meant(one: Mention, found: Mentions) -> set[Meaning]:
    """Return what a mention could mean: 20 % free is 80 % busy."""
    shares = one.of("share")
    if not shares:
        return set(one.meanings)
    meant = set(one.meanings)
    if stance.FREE.search(found.text):
        meant |= {("free", share) for share in shares}
        if not stance.AT_MOST.search(found.text[max(0, one.begin - 25) : one.begin]):
            meant -= {("share", share) for share in shares}
    return meant
