"""What the builders of referring sentences share: first sentences, other jobs and places, and names for a rule."""

from __future__ import annotations

import re
from typing import NamedTuple

from agent.policy.vocabulary import Vocabulary
from agent.training.clauses import Clause, clause
from agent.training.grammar import Rng, chance, one, plain, say
from agent.training.meanings import draw_rule
from agent.training.places import Said, draw_names
from agent.training.reference_patterns import AND, BUT, RULES
from agent.training.sentences import core, framed
from agent.training.subjects import ORDER, Subject, draw_selector, draw_trait, exempt, subject

ABSOLUTE = re.compile(
    r"exception|matter what|ifs|always|period|full stop|at all times|under no circum|whatever|without fail|basta|end of"
    r"|that is it|never, ever|mean it|negotiable|only that|nowhere else|nothing else|hard rule|an order|at no other|\?$"
    r"|\bwe also\b|\balso\b|\btoo\b|everybody|no excuse",
    re.IGNORECASE,
)
"""What a first sentence does not say if the second takes some of it back."""


LINKED = re.compile(
    r"(and|but|so|also|only|just|at least|yet|not|neither|nor|unless|except|moreover|in addition|likewise|ditto)\b",
    re.I,
)
"""What begins a sentence that is linked already."""


class Unsayable(Exception):
    """What was drawn cannot be said in this way: draw again."""


class Told(NamedTuple):
    """Sentences, marked and without their stops, and what they say together."""

    sentences: list[str]
    rules: list[Said]


def opening(rule: Said, rng: Rng) -> str:
    """Return a first sentence as people frame it."""
    said = clause(rule, rng)
    return framed(said, rule, rng) if chance(rng, 0.6) else core(said, rule, rng)


def mild(rule: Said, rng: Rng) -> str:
    """Return a first sentence from which the second can take something back."""
    for _ in range(8):
        text = core(clause(rule, rng), rule, rng)
        if not ABSOLUTE.search(plain(text)):
            return text
    raise Unsayable


def about(rule: Said, whom: Subject, rng: Rng) -> Clause:
    """Return a rule as a clause about jobs that are named in those words."""
    try:
        return clause(rule, rng, whom)
    except ValueError as error:
        raise Unsayable from error


def draw(vocabulary: Vocabulary, rng: Rng, kinds: tuple[str, ...], *, hard: bool = False) -> Said:
    """Return a rule of one of the kinds that exempts nobody; a must if `hard`."""
    rule = draw_rule(vocabulary, rng, one(rng, kinds))
    left_out = ("unless", "soft") if hard else ("unless",)
    return {field: rule[field] for field in rule if field not in left_out}


NAMES = ("team", "customer", "tag", "kind")
"""Sorts of jobs of which a rule is often said again, for another one."""


def only_jobs(rule: Said) -> Said:
    """Return the one selector of a rule."""
    if len(rule.get("jobs", ())) != 1:
        raise Unsayable
    return dict(rule["jobs"][0])


def other_jobs(rule: Said, vocabulary: Vocabulary, rng: Rng) -> Said:
    """Return a selector of jobs that the rule is not about, often of the same sort: another team, another tag."""
    known = rule.get("jobs", [])
    sorts = [
        field for one_ in known for field in one_ if len(one_) == 1 and field in ("team", "customer", "tag", "kind")
    ]
    for _ in range(12):
        field = one(rng, sorts) if sorts and chance(rng, 0.5) else ""
        other = {field: draw_trait(field, vocabulary, rng)} if field else draw_selector(vocabulary, rng)
        said = [(name, value) for one_ in known for name, value in one_.items()]
        if len(other) < 3 and not any(item in said for item in other.items()):
            return other
    raise Unsayable


def other_place(rule: Said, vocabulary: Vocabulary, rng: Rng) -> list[str]:
    """Return names of regions that none of the rule's names means."""
    taken = {id_ for name in rule["in"] for id_ in vocabulary.find("region", name)}
    for _ in range(8):
        names = draw_names(vocabulary, rng, 2)
        if names and not taken & {id_ for name in names for id_ in vocabulary.find("region", name)}:
            return names
    raise Unsayable


def merged(first: Said, more: Said) -> Said:
    """Return the selector of jobs that match both."""
    return {field: {**first, **more}[field] for field in ORDER if field in first or field in more}


def named(selector: Said, rng: Rng, kind: str) -> Subject:
    """Return jobs in words to which something else is said about them: `ads`, `those of the ads team`."""
    if chance(rng, 0.15):
        return Subject(exempt(selector, rng), plural=True)
    return subject(selector, rng, owners=kind not in ("approval", "suspend"))


def agreeing(whom: Subject, kind: str, rng: Rng) -> dict[str, str]:
    """Return the slots of a sentence about jobs: their words, the verbs that agree, the name of the rule."""
    many = whom.plural
    return {
        "y": whom.words,
        "s": "" if many else "s",
        "be": "are" if many else "is",
        "do": "do" if many else "does",
        "have": "have" if many else "has",
        "rule": rule_name({"kind": kind}, rng),
    }


def rule_name(rule: Said, rng: Rng) -> str:
    """Return what a rule is called afterwards: `ban`, `limit`."""
    return say(RULES[rule["kind"]], rng)


def linked(text: str, rng: Rng, *, but: bool) -> str:
    """Return a second sentence, perhaps with a word that links it: `but`, `also`."""
    return text if LINKED.match(plain(text)) else say(BUT if but else AND, rng) + text
