"""Regions: whether sentence and rules agree on them, where exceptions shorten a list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agent.mentions import stance
from agent.mentions.mention import Mention
from agent.mentions.reading import Mentions
from agent.policy.facts import selectors
from agent.policy.rules import Rule
from agent.policy.vocabulary import Vocabulary

Ids = frozenset[str]
LIST = re.compile(r"[\s,/&(]*(?:(?:and|or|nor|the|in|our|from|at|region|regions)[\s,/&]+)*(?:the\s+)?", re.I)
EXCEPTED = re.compile(r"[\s,]*(?:(?:is|are)\s+)?(?:excepted|excluded|aside|apart)\b", re.I)


def regions(found: Mentions, rules: Sequence[Rule], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the regions that are said and not held, held and not said, or excepted and held."""
    held = [frozenset(getattr(rule, "regions", None) or ()) for rule in rules]
    held += [frozenset(selector.home or ()) for selector in selectors(rules)]
    held = [ids for ids in held if ids]
    named = found.of("region")
    left_out = _left_out(found, named)
    without = frozenset[str]().union(*(_ids(one) for one in left_out))
    within = frozenset[str]().union(*(_ids(one) for one in named if one not in left_out))
    for one in named:
        if one.demanded and one not in left_out:
            missing = _ids(one) - frozenset[str]().union(*held)
            if missing - without or (missing and missing == _ids(one)):
                yield f'the sentence says "{one.words}", and no rule holds the region {_listed(missing)}'
    yield from _excepted(left_out, named, held)
    yield from _unsaid(held, within | without, without, frozenset(region.id for region in vocabulary.regions))


def _excepted(left_out: Sequence[Mention], named: Sequence[Mention], held: Sequence[Ids]) -> Iterator[str]:
    for one in left_out:
        ids = _ids(one)
        # what is left out of a place that is named itself is in no list; else it is the place that a rule is about
        inner = frozenset[str]().union(*(_ids(other) for other in left_out if _ids(other) < ids))
        outer = any(ids < _ids(other) for other in named)
        if one.demanded and not any(not ids & held_ids or (not outer and ids - inner <= held_ids) for held_ids in held):
            what = f"a rule holds {_listed(ids)}" if any(ids & held_ids for held_ids in held) else "no rule shows it"
            yield f'the sentence excepts or forbids "{one.words}", and {what}'


def _unsaid(held: Sequence[Ids], said: Ids, without: Ids, every: Ids) -> Iterator[str]:
    for ids in held:
        if not ids <= said and ids != every - without:
            yield f"a rule holds the region {_listed(ids - said)}, and the sentence does not name it"


def homes(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield where sentence and rules differ on whether a region is where jobs come from."""
    held = [selector for selector in selectors(rules) if selector.home]
    if held and not stance.SUBMITTED.search(found.text):
        yield "a rule is about where jobs were submitted, and the sentence says nothing of it"
    for match in stance.SURELY_SUBMITTED.finditer(found.text):
        after = [one for one in found.of("region") if 0 <= one.begin - match.end() <= 12]
        if after and not held:
            yield f'the sentence says "{match[0]} {after[0].words}", and no rule is about where jobs were submitted'


def _left_out(found: Mentions, named: Sequence[Mention]) -> list[Mention]:
    """Return the mentions before which stands "except", "but not", "outside", and those listed with them."""
    left_out: list[Mention] = []
    for one in named:
        before = found.text[max(0, one.begin - 30) : one.begin]
        matches = list(stance.LEFT_OUT.finditer(before))
        last = left_out[-1] if left_out else None
        listed = last is not None and LIST.fullmatch(found.text[last.end : one.begin])
        near = bool(matches) and len(before) - matches[-1].end() <= 12
        if near or listed or EXCEPTED.match(found.text[one.end :]):
            left_out.append(one)
    return left_out


def _ids(one: Mention) -> Ids:
    return frozenset[str]().union(*(ids for ids in one.of("region") if isinstance(ids, frozenset)))


def _listed(ids: Ids) -> str:
    return ", ".join(sorted(ids))
