"""Jobs as people speak of them: `urgent GPU jobs of the ads team`, `anything tagged pii`, `backups from Paris`."""

from __future__ import annotations

from typing import Any, NamedTuple

from agent.policy.vocabulary import Vocabulary
from agent.training.grammar import CLOSE, Rng, chance, keep, one, say
from agent.training.invented import CUSTOMERS, TAGS, TEAMS, name
from agent.training.numerals import duration
from agent.training.places import Said, draw_names, listed, named
from agent.training.subject_patterns import DATA_FROM, HOME


class Subject(NamedTuple):
    """A noun phrase, and whether its verb is plural."""

    words: str
    plural: bool


_KIND = {"batch": "[batch|batch|batch|offline]", "interactive": "[interactive|interactive|interactive|online]"}
_PRIORITY_PRE = {
    ("at_least", "high"): "[urgent|urgent|high-priority|urgent|high priority]",
    ("at_least", "critical"): "[critical|top-priority|critical-priority]",
    ("at_most", "low"): "[low-priority|low priority|low-prio]",
}
_LEVELS = "low", "normal", "high", "critical"


def draw_selector(vocabulary: Vocabulary, rng: Rng) -> Said:
    """Return a selector of one to three fields, as said."""
    if chance(rng, 0.04):
        return _draw_levels(vocabulary, rng)
    count = one(rng, [1, 1, 1, 1, 1, 2, 2, 2, 3])
    fields = [str(field) for field in rng.permutation(_FIELDS)]
    chosen: list[str] = []
    for field in fields:
        clash = {"team": "customer", "customer": "team", "longer": "shorter", "shorter": "longer",
                 "at_least": "at_most", "at_most": "at_least"}.get(field)  # fmt: skip
        if len(chosen) < count and field not in chosen and clash not in chosen:
            chosen.append(field)
    return {field: draw_trait(field, vocabulary, rng) for field in ORDER if field in chosen}


def _draw_levels(vocabulary: Vocabulary, rng: Rng) -> Said:
    """Return jobs of one priority and no other, or of one between two; perhaps of one team."""
    least, most = one(rng, [("normal", "normal"), ("normal", "normal"), ("high", "high"), ("high", "high"), ("low", "low"), ("normal", "high")])  # noqa: E501 # fmt: skip
    team = {"team": draw_trait("team", vocabulary, rng)} if chance(rng, 0.3) else {}
    return {**team, "at_least": least, "at_most": most}


ORDER = ("kind", "team", "customer", "tag", "home", "at_least", "at_most", "gpu", "longer", "shorter")
_FIELDS = [
    *ORDER,
    "kind",
    "kind",
    "team",
    "team",
    "team",
    "customer",
    "customer",
    "tag",
    "tag",
    "tag",
    "at_least",
    "gpu",
]


def draw_trait(field: str, vocabulary: Vocabulary, rng: Rng) -> Any:
    """Return a value of a selector's field, as said."""
    match field:
        case "kind":
            return one(rng, ["batch", "batch", "interactive"])
        case "team":
            return _known_or_not(vocabulary.teams, TEAMS, rng)
        case "customer":
            return _known_or_not(vocabulary.customers, CUSTOMERS, rng)
        case "tag":
            return _known_or_not(vocabulary.tags, list(TAGS), rng)
        case "home":
            return draw_names(vocabulary, rng, 2)
        case "at_least":
            return one(rng, ["high", "high", "high", "critical", "normal"])
        case "at_most":
            return one(rng, ["low", "low", "normal", "high"])
        case "gpu":
            return chance(rng, 0.75)
    return draw_duration(rng)


def _known_or_not(known: tuple[str, ...], others: list[str], rng: Rng) -> str:
    """Return a name of the vocabulary, or now and then one that it lacks: code must find that out."""
    if known and chance(rng, 0.95):
        return one(rng, known)
    return one(rng, others) if chance(rng, 0.6) else name(rng)


def draw_duration(rng: Rng) -> str:
    """Return a span of time, as said."""
    common = ["0.5 h", "1 h", "2 h", "3 h", "4 h", "6 h", "8 h", "12 h", "24 h", "48 h", "1.5 h", "1 d", "2 d"]
    common += ["15 min", "45 min", "30 min", "90 min", "36 h", "10 h", "7 d", "5 h", "2.5 h"]
    if chance(rng, 0.6):
        return one(rng, common)
    return one(
        rng, [f"{int(rng.integers(1, 73))} h", f"{int(rng.integers(1, 25)) * 5} min", f"{int(rng.integers(2, 8))} d"]
    )


def subject(selector: Said | None, rng: Rng, *, bare: bool = False, owners: bool = True) -> Subject:
    """Return the noun phrase of a selector.

    Args:
        selector: Which jobs; None for all.
        rng: Draws the words.
        bare: Without `all` and `the`, to follow `no`.
        owners: Whether the team or customer may stand for its jobs.
    """
    if not selector:
        return _every_job(rng, bare=bare)
    if not bare:
        who = owner(selector, rng) if owners and chance(rng, 0.2) else None
        if who := who or (_from_home(selector, rng) if chance(rng, 0.4) else None):
            return who
        if chance(rng, 0.12) and (single := _one_of_a_tag(selector, rng)):
            return single
        if chance(rng, 0.15):
            head = one(rng, ["anything", "everything", "any job", "every job", "any workload", "each job", "all work"])
            return Subject(f"{head} {traits(selector, rng, ())}", plural=False)
    used: tuple[str, ...] = ()
    noun = _noun(rng)
    if "tag" in selector and chance(rng, 0.6) and selector["tag"] in TAGS:
        noun, used = keep(one(rng, TAGS[selector["tag"]])), ("tag",)
    front = []
    for field in ("at_least", "at_most", "kind", "gpu", "team", "customer", "tag"):
        word = _before(field, selector, rng) if field not in used and chance(rng, 0.6) else ""
        if word:
            front.append(word)
            used += (field,)
    if any(field in used for field in _OWNERS):
        front = sorted(front, key=lambda word: "'" not in word)  # whose they are comes first: finance's urgent jobs
    behind = traits(selector, rng, used)
    lead = "" if bare else one(rng, ["", "", "", "", "", "all ", "the ", "our ", "any "])
    lead = "" if front and front[0].rstrip(CLOSE).endswith("'s") else lead
    return Subject(f"{lead}{' '.join([*front, noun])} {behind}".strip(), plural=True)


_OWNERS = ("team", "customer")


def _one_of_a_tag(selector: Said, rng: Rng) -> Subject | None:
    """Return jobs of a tag in the singular, `any report of finance`; None if the tag has no such noun."""
    nouns = [
        noun
        for noun in TAGS.get(selector.get("tag", ""), ())
        if noun.endswith("s") and not noun.endswith(("ss", "ies"))
    ]
    if not nouns:
        return None
    noun = keep(one(rng, nouns).removesuffix("s"))
    return Subject(
        f"{one(rng, ['any', 'every', 'each'])} {noun} {traits(selector, rng, ('tag',))}".strip(), plural=False
    )


def owner(selector: Said, rng: Rng) -> Subject | None:
    """Return the team or customer itself where the selector names nothing else: `finance`, `our customer Foo`."""
    if len(selector) != 1:
        return None
    (field, value), *_ = selector.items()
    if field not in _OWNERS:
        return None
    pattern = {
        "team": "[{n}|the {n} team|team {n}|the {n} people|our {n} team|the folks of {n}]",
        "customer": "[{n}|customer {n}|our customer {n}|the customer {n}|{n}|{n} (customer)]",
    }[field]
    words = say(pattern, rng, n=keep(title(str(value), rng)))
    return Subject(words, plural="people" in words or "folks" in words)


def _from_home(selector: Said, rng: Rng) -> Subject | None:
    """Return what comes from a place where the selector names nothing else: `data that originates in Texas`."""
    if list(selector) != ["home"]:
        return None
    where = listed([named(region, rng) for region in selector["home"]], rng, "or")
    words = say(DATA_FROM, rng, w=where)
    return Subject(words if where in words else f"{words} {where}", plural=False)


def title(value: str, rng: Rng) -> str:
    """Return a name in small letters as it is spelled, or as people spell names: `Finance`, `ML-Infra`, `HR`."""
    if len(value) <= 3 and chance(rng, 0.4):
        return value.upper()
    return value if chance(rng, 0.65) else value.title().replace("Ml-", "ML-")


def _every_job(rng: Rng, *, bare: bool) -> Subject:
    if bare:
        return Subject(one(rng, ["jobs", "work", "workloads", "job", "workload", "job whatsoever"]), plural=True)
    if chance(rng, 0.3):
        return Subject(one(rng, ["everything", "any job", "every job", "each job", "all work", "any workload"]), plural=False)  # noqa: E501 # fmt: skip
    return Subject(one(rng, ["jobs", "all jobs", "our jobs", "workloads", "all workloads", "the jobs", "all our jobs"]), plural=True)  # noqa: E501 # fmt: skip


def _noun(rng: Rng) -> str:
    return one(rng, ["jobs", "jobs", "jobs", "workloads", "tasks", "runs", "jobs"])


def _before(field: str, selector: Said, rng: Rng) -> str:
    """Return what stands before the noun for a field, or nothing."""
    if field not in selector or (field in ("at_least", "at_most") and {"at_least", "at_most"} <= set(selector)):
        return ""
    value = selector[field]
    if field == "kind":
        return keep(say(_KIND[value], rng))
    if field == "gpu":
        return keep("GPU" if value else one(rng, ["CPU-only", "non-GPU"]))
    if field in ("at_least", "at_most"):
        pattern = _PRIORITY_PRE.get((field, value))
        return keep(say(pattern, rng)) if pattern else ""
    if field == "tag":
        return keep(value)
    return keep(title(value, rng) + one(rng, ["", "", "'s", "'s" if field == "customer" else " team"]))


def traits(selector: Said, rng: Rng, used: tuple[str, ...] = ()) -> str:
    """Return what stands behind the noun for the fields of a selector that are not said yet."""
    between = {"at_least", "at_most"} <= set(selector)
    left = {field: value for field, value in selector.items() if field not in used}
    if between:
        left = {field: value for field, value in left.items() if field not in ("at_least", "at_most")}
    behind = [_behind(field, value, rng) for field, value in left.items()]
    behind += [levels(selector, rng)] if between else []
    behind = [behind[int(i)] for i in rng.permutation(len(behind))]
    return one(rng, [" ", " ", " and "]).join(behind) if len(behind) < 3 else " ".join(behind)


def levels(selector: Said, rng: Rng) -> str:
    """Return one priority and no other, or two with what lies between."""
    least, most = keep(selector["at_least"]), keep(selector["at_most"])
    if selector["at_least"] != selector["at_most"]:
        return say("[of {a} to {b} priority|of {a} or {b} priority|between {a} and {b} priority|with {a} or {b} priority]", rng, a=least, b=most)  # noqa: E501 # fmt: skip
    return say("[of exactly {p} priority|with exactly {p} priority|whose priority is exactly {p}|of {p} priority, neither higher nor lower,|of {p} priority and no other|at precisely {p} priority|with {p} priority, no more and no less,]", rng, p=least)  # noqa: E501 # fmt: skip


def exempt(selector: Said, rng: Rng) -> str:
    """Return what is exempt: `those of the ads team`, `backups`."""
    if chance(rng, 0.4):
        return f"{one(rng, ['those', 'the ones', 'jobs', 'what is'])} {traits(selector, rng, ())}".replace("what is that", "whatever")  # noqa: E501 # fmt: skip
    return subject(selector, rng, bare=True).words


def _behind(field: str, value: Any, rng: Rng) -> str:
    """Return what stands behind the noun for a field."""
    if field == "home":
        where = listed([named(region, rng) for region in value], rng, "or")
        return say(HOME, rng, w=where)
    if field in ("longer", "shorter"):
        return say(_LENGTH[field], rng, d=duration(value, rng))
    if field in ("at_least", "at_most"):
        return say(_LEVEL[field, value] if (field, value) in _LEVEL else _LEVEL[field, ""], rng, p=keep(value))
    if field == "gpu":
        return keep(say(_GPU[value], rng))
    if field == "kind":
        return f"of kind {keep(value)}"
    if field in ("team", "customer"):
        value = title(value, rng)
    return say(_OF[field], rng, n=keep(value))


_OF = {
    "team": "[of the {n} team|of team {n}|from {n}|by the {n} team|of {n}|that [the {n} team|{n}] submits|owned by {n}|belonging to {n}|that team {n} runs]",  # noqa: E501
    "customer": "[for {n}|of customer {n}|for customer {n}|of {n}|on behalf of {n}|that we run for {n}|belonging to customer {n}|for our customer {n}|done for {n}]",  # noqa: E501
    "tag": "[tagged {n}|with [the |]tag {n}|labelled {n}|with the label {n}|marked {n}|marked as {n}|that carry the {n} tag|tagged as '{n}'|with a {n} tag]",  # noqa: E501
}
_LENGTH = {
    "longer": "[longer than {d}|over {d}|of more than {d}|that [run|take|last] [longer|more] than {d}|that need more than {d}|running for more than {d}|above {d}|exceeding {d}]",  # noqa: E501
    "shorter": "[shorter than {d}|under {d}|of less than {d}|that [run|take|last] less than {d}|that are done in under {d}|that need less than {d}|below {d}]",  # noqa: E501
}
_LEVEL = {
    (
        "at_least",
        "high",
    ): "[of {p} priority [or above|and above|or higher|and up]|with priority {p} or above|of priority {p} or higher|that are urgent|with at least {p} priority]",  # noqa: E501
    (
        "at_least",
        "",
    ): "[of {p} priority [or above|and above|or higher|and up]|with priority {p} or above|with at least {p} priority|at {p} priority or more]",  # noqa: E501
    (
        "at_most",
        "",
    ): "[of {p} priority [or below|or lower|and below|or less]|with priority {p} or below|with at most {p} priority|whose priority is {p} at most]",  # noqa: E501
}
_LEVEL["at_least", "high"] = _LEVEL["at_least", "high"].replace("that are urgent", "that are urgent (priority {p})")
_GPU = {
    True: "[with GPUs|that need GPUs|on GPUs|that use a GPU|using GPUs|that need a GPU]",
    False: "[without GPUs|that need no GPU|that use no GPUs|without a GPU]",
}
