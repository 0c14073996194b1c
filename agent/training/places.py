"""Regions as people name them, alone, in lists, and with exceptions."""

from __future__ import annotations

from typing import Any

from agent.policy.vocabulary import Vocabulary
from agent.training.grammar import Rng, chance, keep, one, say
from agent.training.invented import ADJECTIVES, PLACES, code, name

Said = dict[str, Any]


def draw_names(vocabulary: Vocabulary, rng: Rng, most: int = 3, *, avoid: tuple[str, ...] = ()) -> list[str]:
    """Return one to `most` names of regions or groups, none twice."""
    names = [spelled for spelled in spellings(vocabulary, rng) if spelled not in avoid]
    count = min(len(names), one(rng, [number for number in (1, 1, 1, 1, 1, 2, 2, 3) if number <= most]))
    return names[:count]


def spellings(vocabulary: Vocabulary, rng: Rng) -> list[str]:
    """Return one spelling for each region and the groups, shuffled."""
    found = []
    for region in vocabulary.regions:
        ways = [region.id, *region.names, *region.names]
        found.append(one(rng, ways))
    groups = sorted({group for region in vocabulary.regions for group in region.groups})
    found += [group for group in groups if chance(rng, 0.5)]
    return [str(spelled) for spelled in rng.permutation(list(dict.fromkeys(found)))]


def draw_where(vocabulary: Vocabulary, rng: Rng, *, always: bool = True) -> Said:
    """Return `in` and `but` as said: a list of names, a group less a region, or all but a region."""
    draw = rng.random()
    if not always and draw < 0.3:
        return {}
    groups = _groups_with_exceptions(vocabulary)
    if draw < 0.42 and groups:
        group, members = one(rng, groups)
        return {"in": [group], "but": [one(rng, members)]}
    if draw < 0.5 and len(vocabulary.regions) > 2:
        return {"but": draw_names(vocabulary, rng, 1)}
    if draw < 0.54:
        return {"in": [unknown(vocabulary, rng)]}
    return {"in": draw_names(vocabulary, rng)}


def unknown(vocabulary: Vocabulary, rng: Rng) -> str:
    """Return the name of a place that the vocabulary lacks."""
    for _ in range(20):
        place = one(rng, PLACES)
        said = one(rng, [place.name, one(rng, place.others), code(rng), name(rng).capitalize(), place.groups[0]])
        if not vocabulary.find("region", said):
            return said
    return "Atlantis"


def _groups_with_exceptions(vocabulary: Vocabulary) -> list[tuple[str, list[str]]]:
    """Return each group of two or more regions with the names of its members."""
    members: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    for region in vocabulary.regions:
        for group in region.groups:
            members.setdefault(group, []).extend([*region.names, region.id])
            sizes[group] = sizes.get(group, 0) + 1
    return [(group, names) for group, names in members.items() if sizes[group] > 1]


def listed(names: list[str], rng: Rng, joint: str = "") -> str:
    """Return names joined as a list."""
    joint = joint or one(rng, ["and", "and", "or", "or", "&", "and"])
    if len(names) == 1:
        return names[0]
    if len(names) == 2 and chance(rng, 0.1):
        return f"{names[0]}/{names[1]}"
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def named(region: str, rng: Rng) -> str:
    """Return one name with what people put around it: the Paris site, our French data centre."""
    adjective = ADJECTIVES.get(region)
    if adjective and chance(rng, 0.1):
        return say("[the|our|the] {a} [site|data centre|sites|region|data center|clusters]", rng, a=keep(adjective))
    pattern = "[{n}|{n}|{n}|{n}|{n}|{n}|{n}|{n}|{n}|{n}|{n}|the {n} [site|region|data centre|cluster]|region {n}|our {n} [site|data center]]"  # noqa: E501 - one list
    if region.startswith("the "):
        pattern = "{n}"
    elif region in ("US", "UK", "EU", "Netherlands", "Nordics", "Emirates", "UAE", "Americas", "Middle East"):
        pattern = "[the {n}|the {n}|the {n}|{n}]"
    return say(pattern, rng, n=keep(region))


def place(said: Said, rng: Rng, joint: str = "") -> str:
    """Return the noun of a rule's regions: `Texas or Ohio`, `Europe except Britain`, `anywhere but Texas`."""
    names = listed([named(region, rng) for region in said.get("in", ())], rng, joint) if "in" in said else ""
    but = listed([named(region, rng) for region in said.get("but", ())], rng) if "but" in said else ""
    if names and but:
        pattern = "[{n} except {b}|{n} but not {b}|{n}, except {b},|{n} (except {b})|{n} apart from {b}|{n} other than {b}|{n} excluding {b}|{n}, {b} excepted,|{n} without {b}|all of {n} but {b}|{n} minus {b}|{n} with the exception of {b}]"  # noqa: E501 - one list
        return say(pattern, rng, n=names, b=but)
    if but:
        return say("[anywhere [but|except|other than|else than] {b}|any [region|site] [except|but|other than] {b}|everywhere [but|except] {b}|all regions except {b}]", rng, b=but)  # noqa: E501 # fmt: skip
    return names or one(rng, ["any region", "any of our sites", "any site", "all regions", "any of the regions"])


def at(said: Said, rng: Rng, joint: str = "") -> str:
    """Return where, as an adverbial: `in Texas`; empty or `anywhere` without names."""
    if "in" not in said and "but" not in said:
        return one(rng, ["", "", "", "anywhere", "in any region"])
    where = place(said, rng, joint)
    if where.startswith(("anywhere", "everywhere")):
        return where
    return f"{one(rng, ['in', 'in', 'in', 'in', 'in', 'at', 'on']) if where[:1] != chr(14) else 'in'} {where}"
