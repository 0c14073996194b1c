"""Regions: whether text and reading agree on them, where exceptions shorten a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from agent.mentions import stance
from agent.mentions.mention import Mention
from agent.mentions.reading import Mentions
from agent.policy.facts import selectors
from agent.policy.rules import Placement, Rule
from agent.policy.vocabulary import Vocabulary

Ids = frozenset[str]
LIST = re.compile(r"[\s,/&(]*(?:(?:and|or|nor|the|in|our|from|at|region|regions)[\s,/&]+)*(?:the\s+)?", re.I)
EXCEPTED = re.compile(
    r"(?:\s+(?:region|site|cluster|data\s+cent(?:re|er)))?[\s,]*(?:(?:is|are)\s+)?(?:excepted|excluded|aside|apart)\b",
    re.I,
)


class Places(NamedTuple):
    """The places that a text names: those of which something is said, and lists of those left out."""

    meant: list[Mention]
    left_out: list[list[Mention]]
    every: Ids

    @property
    def without(self) -> Ids:
        """All regions that are left out."""
        return union(one for group in self.left_out for one in group)

    def is_rest(self, ids: Ids) -> bool:
        """Tell whether regions are all but those of a list that is left out, or of all lists."""
        lists = [*(union(group) for group in self.left_out), self.without] if self.left_out else []
        return any(ids == self.every - taken for taken in lists)


def regions(
    found: Mentions, rules: Sequence[Rule], vocabulary: Vocabulary, *, text: str = "sentence", by: str = "rule"
) -> Iterator[str]:
    """Yield the regions that are said and not held, held and not said, or excepted and held.

    Args:
        found: The mentions.
        rules: The reading.
        vocabulary: The regions there are.
        text: What was read, in the words of findings.
        by: What holds regions, in the words of findings.
    """
    held = [frozenset(getattr(rule, "regions", None) or ()) for rule in rules]
    held += [frozenset(selector.home or ()) for selector in selectors(rules)]
    held = [ids for ids in held if ids]
    places = _places(found, vocabulary)
    for one in places.meant:
        missing = ids_of(one) - frozenset[str]().union(*held)
        if one.demanded and (missing - places.without or (missing and missing == ids_of(one))):
            yield f'the {text} says "{one.words}", and no {by} holds the region {_listed(missing)}'
    yield from _excepted(places, held, _denied(rules), text, by)
    said = union(places.meant) | places.without
    for rule in rules:
        ids = frozenset(getattr(rule, "regions", None) or ())
        if getattr(rule, "effect", "") == "only" and places.is_rest(ids) and stance.NOT_OUTSIDE.search(found.text):
            yield f"a {by} confines to {_listed(ids)}, and the {text} confines to the others"
        if getattr(rule, "effect", "") == "deny" and places.is_rest(ids) and not _leaves_out(found, places):
            yield f"a {by} forbids {_listed(ids)}, and the {text} forbids the others"
    for ids in held:
        if not ids <= said and not places.is_rest(ids) and (ids != places.every or said):
            yield f"a {by} holds the region {_listed(ids - said)}, and the {text} does not name it"


def _leaves_out(found: Mentions, places: Places) -> bool:
    """Tell whether a text excepts a place or confines to it, rather than keep jobs "out of" it."""
    excepts = any(_is_excepted(found, group[0]) for group in places.left_out)
    return excepts or bool(stance.SURELY_CONFINED.search(found.text))


def _denied(rules: Sequence[Rule]) -> list[Ids]:
    """Return the lists of regions that rules deny beside one that confines."""
    placed = [rule for rule in rules if isinstance(rule, Placement) and rule.regions]
    confined = any(rule.effect == "only" for rule in placed)
    return [frozenset(rule.regions or ()) for rule in placed if confined and rule.effect == "deny"]


def _excepted(places: Places, held: Sequence[Ids], denied: Sequence[Ids], text: str, by: str) -> Iterator[str]:
    """Yield what is left out and shows in no list.

    What is left out of a place that is named itself is in no list; else it is what a rule is about ("not in Texas").
    What is denied beside a rule that confines is no exception from that ("finance only in Europe, ads not in Britain").
    """
    left_out = [one for group in places.left_out for one in group]
    for one in left_out:
        ids = ids_of(one)
        group = next(group for group in places.left_out if one in group)
        if union(group) in denied:
            continue
        around = [other for other in (*places.meant, *left_out) if ids < ids_of(other) and other not in group]
        near = [other for other in around if 0 < one.begin - other.end < 45]
        if one.demanded and near:
            rest = union(near) - ids
            for list_ in held:
                if ids & list_ and rest & list_:
                    yield f'the {text} excepts "{one.words}" from "{near[0].words}", and a {by} holds both'
        about = ids - union(other for other in left_out if ids_of(other) < ids)
        if one.demanded and not any(
            places.is_rest(list_) or (not ids & list_ if around else about <= list_) for list_ in held
        ):
            what = f"a {by} holds {_listed(ids)}" if any(ids & list_ for list_ in held) else f"no {by} shows it"
            yield f'the {text} excepts or forbids "{one.words}", and {what}'


def homes(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield where text and rules differ on whether a region is where jobs come from."""
    held = [selector for selector in selectors(rules) if selector.home]
    named = found.of("region")
    if held and not any(stance.SUBMITTED.search(found.text[max(0, one.begin - 60) : one.end + 20]) for one in named):
        yield "a rule is about where jobs were submitted, and the sentence says nothing of it"
    for match in stance.SURELY_SUBMITTED.finditer(found.text):
        after = [one for one in named if 0 <= one.begin - match.end() <= 12]
        if after and not held:
            yield f'the sentence says "{match[0]} {after[0].words}", and no rule is about where jobs were submitted'


def left_out(found: Mentions, vocabulary: Vocabulary) -> set[Ids]:
    """Return the regions of each place that a text may leave out of others."""
    groups = _places(found, vocabulary).left_out
    return {ids_of(one) for group in groups if _is_excepted(found, group[0]) for one in group}


def _is_excepted(found: Mentions, one: Mention) -> bool:
    """Tell whether a place is left out of others, and not plainly forbidden."""
    before = found.text[max(0, one.begin - 40) : one.begin]
    return bool(stance.LEFT_OUT.search(stance.KEPT_OUT.sub(" ", before)) or EXCEPTED.match(found.text[one.end :]))


def _places(found: Mentions, vocabulary: Vocabulary) -> Places:
    """Tell places before which stands "except", "but not" or "outside", and those listed with them, from others."""
    meant: list[Mention] = []
    left_out: list[list[Mention]] = []
    last: Mention | None = None
    for one in found.of("region"):
        listed = last is not None and one.demanded and LIST.fullmatch(found.text[last.end : one.begin])
        if _is_left_out(found, one):
            left_out.append([one])
        elif listed and left_out and left_out[-1][-1] is last:
            left_out[-1].append(one)
        else:
            meant.append(one)
        last = one
    return Places(meant, left_out, frozenset(region.id for region in vocabulary.regions))


def _is_left_out(found: Mentions, one: Mention) -> bool:
    before = found.text[max(0, one.begin - 30) : one.begin]
    matches = list(stance.LEFT_OUT.finditer(before))
    near = bool(matches) and len(before) - matches[-1].end() <= 12
    return near or bool(EXCEPTED.match(found.text[one.end :]))


def ids_of(one: Mention) -> Ids:
    """Return the regions that a mention names."""
    return frozenset[str]().union(*(ids for ids in one.of("region") if isinstance(ids, frozenset)))


def union(places: Iterable[Mention]) -> Ids:
    """Return the regions of several mentions."""
    return frozenset[str]().union(*(ids_of(one) for one in places))


def _listed(ids: Ids) -> str:
    return ", ".join(sorted(ids))
