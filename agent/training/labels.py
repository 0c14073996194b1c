"""A job's needs as people list them: `cores: 48, mem: 96 GB, time: 6h, prio: normal`."""

from __future__ import annotations

from collections.abc import Callable

from agent.training.grammar import Rng, chance, keep, one, say
from agent.training.label_patterns import NAMES, OTHERS
from agent.training.places import Said


def labelled(said: Said, rng: Rng, value: Callable[[str], str], other: Callable[[str], str]) -> list[str]:
    """Return a line for each hint, with some that ask for nothing among them, in any order.

    Args:
        said: The hints.
        rng: Draws the words.
        value: The words of a hint.
        other: Fills a pattern that asks for nothing.
    """
    colon = one(rng, [": ", ": ", ": ", "=", " = ", " - ", " "])
    lines = [say(NAMES[field], rng) + colon + _value(field, said, rng, value) for field in said if field != "but"]
    lines += [other(one(rng, OTHERS)).replace(": ", colon) for _ in range(one(rng, [0, 0, 1, 2]))]
    return [lines[int(i)] for i in rng.permutation(len(lines))]


def _value(field: str, said: Said, rng: Rng, value: Callable[[str], str]) -> str:
    match field:
        case "pause":
            return keep(say("[yes|ok|allowed|yes, fine]" if said[field] else "[no|never|not allowed|no!]", rng))
        case "priority":
            return keep(said[field])
        case "cpus" | "gpus" if chance(rng, 0.8):
            return keep(str(said[field]))
        case "within" if said[field] == "0 h":
            return keep(say("[0|none|no delay|0 h|0 min]", rng))
    return value(field)


def joined(lines: list[str], rng: Rng) -> str:
    """Return the lines of a list as one text."""
    style = one(rng, [", ", ", ", "; ", " | ", "\n", "\n", "\n- ", "\n* ", " / "])
    lead = style.strip("\n") if style.strip("\n") in ("- ", "* ") else ""
    return lead + style.join(lines)
