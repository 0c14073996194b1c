"""The schema of an answer about one text: each kind of rule with its own fields, and names that the text can mean.

For a model that was trained on the form. It cannot invent a name, call a customer a region, or give a rule a field that
its kind lacks; an unknown name of the text it can still copy, so that code finds out that nobody knows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from agent.mentions import stance
from agent.mentions.names import FUNCTION_WORDS
from agent.mentions.reading import Mentions, mentions
from agent.policy.crosscheck_places import left_out
from agent.policy.vocabulary import Vocabulary
from agent.said.hints import SaidHints
from agent.said.notes import SAYS_A_DAY, spellings
from agent.said.rules import OWN, SaidAnswer
from agent.said.schema import schema_of
from agent.said.task import Task
from agent.said.values import values_of

COMMON = ("kind", "jobs", "unless", "soft")
KIND_WORDS = {
    "approval": (stance.APPROVAL,),
    "suspend": (stance.SUSPENSION,),
    "headroom": (stance.BUSY,),
    "objective": (stance.WEIGHING,),
    "budget": tuple(stance.PER.values()),
    "prefer": (stance.SOFT, stance.PREFERENCE),
    "delay": (stance.STARTING, stance.FINISHING),
}
"""Words of which a text has one if it says a rule of the kind."""
FIELD_WORDS = {
    "soft": (stance.SOFT,),
    "home": (stance.SUBMITTED,),
    "unless": (stance.EXEMPT, stance.EXEMPT_AFTER, stance.ALONE),
}
"""Words of which a text has one if an answer about it has the field."""
GENERIC = re.compile(r"(?:team|customer|tag|region|site|job|run|task)s?|work", re.I)
"""Words that are no name, of whatever sort."""
NEEDED = {"budget": ("max", "per")}
"""Fields without which a rule of a kind says nothing."""
MOST = r"^[0-9]{1,9}(\.[0-9]{1,4})? (kg|usd|kwh)$"
MEANT = (
    stance.NOT,
    stance.SUSPENSION,
    stance.APPROVAL,
    stance.STARTING,
    stance.FINISHING,
    stance.WEIGHING,
    stance.SOFT,
)
"""Words that say what a rule does."""
WORDS = 3
"""How many words a name that nobody knows may have."""


def narrow_schema(task: Task, vocabulary: Vocabulary, text: str) -> dict[str, Any]:
    """Return the JSON schema that holds an answer about a text to what it could say.

    Args:
        task: What is read.
        vocabulary: The names that the text may use.
        text: The text.
    """
    found = mentions(text, vocabulary, SAYS_A_DAY)
    lists = _names(vocabulary, found)
    if task == "hints":
        schema = schema_of(SaidHints)
        return {**schema, "properties": _held(schema["properties"], lists, found), "$defs": _lists(lists)}
    schema = schema_of(SaidAnswer)
    parts = schema["$defs"]
    rule, selector = parts["SaidRule"], parts["SaidSelector"]
    kinds = {
        f"Rule_{kind}": _of_kind(rule, kind, own, lists, found)
        for kind, own in OWN.items()
        if kind not in KIND_WORDS or _says(text, KIND_WORDS[kind])
    }
    choice = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in kinds]}
    selector = {**selector, "properties": _held(selector["properties"], lists, found)}
    properties = {**schema["properties"], "rules": {**schema["properties"]["rules"], "items": choice}}
    return {**schema, "properties": properties, "$defs": {**_lists(lists), **kinds, "SaidSelector": selector}}


def without_refusal(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of answers about a sentence that have rules, and are no refusal."""
    return {**schema, "properties": {"rules": schema["properties"]["rules"]}, "required": ["rules"]}


def _names(vocabulary: Vocabulary, found: Mentions) -> dict[str, list[str]]:
    """Return the names that may stand in each field: those mentioned, and words that are no name."""
    known = {
        "region": spellings(vocabulary),
        "team": vocabulary.teams,
        "customer": vocabulary.customers,
        "tag": vocabulary.tags,
    }
    strange = _strange(found)
    lists = {
        field: list(dict.fromkeys([*_meant(found, field, names, vocabulary), *strange]))
        for field, names in known.items()
    }
    taken = left_out(found, vocabulary)
    out = [name for name in lists["region"] if frozenset(vocabulary.find("region", name)) in taken]
    return {**lists, "left_out": [*out, *strange]}


def _says(text: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    return any(pattern.search(text) for pattern in patterns)


def _meant(found: Mentions, field: str, names: Iterable[str], vocabulary: Vocabulary) -> list[str]:
    """Return the names of a field that a text mentions; of regions, all that could be said of those."""
    meant = found.meanings(field)
    if field != "region":
        return [name for name in names if name in meant]
    return [name for name in names if frozenset(vocabulary.find("region", name)) in meant]


def _strange(mentioned: Mentions) -> list[str]:
    """Return up to three words in a row of a text that no mention takes, without those that begin or end in "of"."""
    left = mentioned.text
    for one in mentioned.all:
        left = left[: one.begin] + "\0" * (one.end - one.begin) + left[one.end :]
    found = []
    for stretch in re.findall(r"[\w'’&./-]+(?: [\w'’&./-]+)*", left.replace("\0", ";")):
        words = [word.strip("./") for word in stretch.split(" ")]
        found += [
            " ".join(words[at : at + count])
            for count in range(1, WORDS + 1)
            for at in range(len(words) - count + 1)
            if not any(map(_is_no_name, (words[at], words[at + count - 1])))
        ]
    return [name for name in dict.fromkeys(found) if 1 < len(name) <= 64 and '"' not in name]


def _is_no_name(word: str) -> bool:
    """Tell whether a word means something else than a name, in whatever case."""
    return (
        word.lower() in FUNCTION_WORDS
        or bool(GENERIC.fullmatch(word))
        or any(pattern.fullmatch(word) for pattern in MEANT)
    )


def _lists(lists: Mapping[str, list[str]]) -> dict[str, Any]:
    return {f"Name_{field}": {"enum": names} for field, names in lists.items() if names}


def _of_kind(
    rule: Mapping[str, Any], kind: str, own: Iterable[str], lists: Mapping[str, list[str]], found: Mentions
) -> dict[str, Any]:
    kept = {*COMMON, *(name.rstrip("_") for name in own)}
    stated = {name: value for name, value in rule["properties"].items() if name in kept}
    properties = _held(stated, lists, found, kind)
    properties["kind"] = {"const": kind, "type": "string"}
    if kind in ("objective", "prefer"):
        properties.pop("soft", None)
    return {**rule, "properties": properties, "required": ["kind", *NEEDED.get(kind, ())]}


def _held(
    properties: Mapping[str, Any], lists: Mapping[str, list[str]], found: Mentions, kind: str = ""
) -> dict[str, Any]:
    """Return the fields of an object, each held to its names or values; those that can have none are left out."""
    held: dict[str, Any] = {}
    for name, value in properties.items():
        if name in FIELD_WORDS and not _says(found.text, FIELD_WORDS[name]):
            continue
        names = "left_out" if name == "but" else "region" if name in ("in", "home", "only", "deny") else name
        possible = values_of(name, kind, found)
        if names in lists:
            if lists[names]:
                listed = {"$ref": f"#/$defs/Name_{names}"}
                held[name] = {**value, "items": listed} if names in ("region", "left_out") else listed
        elif possible is None:
            held[name] = {**value, "pattern": MOST} if name == "max" else value
        elif possible:
            held[name] = {"enum": possible}
    return held
