"""Second sentences that change the rule of the first: whom it binds, whom it spares, when and where it holds."""

from __future__ import annotations

import re

from agent.policy.rules import DAYS
from agent.policy.vocabulary import Vocabulary
from agent.training import clocks, exemptions
from agent.training.clauses import variants, when
from agent.training.grammar import Rng, chance, keep, one, plain, say
from agent.training.meanings import SOFT, ordered
from agent.training.places import Said, at, draw_names, listed, place
from agent.training.places import named as named_place
from agent.training.reference_patterns import (
    ECHO,
    ECHO_NOT,
    EXEMPT,
    EXEMPT_OF,
    LESS,
    NARROW_JOBS,
    NARROW_WHEN,
    NARROW_WHERE,
    PERIODS,
    SAME,
    SAME_PLACE,
    WIDER_TOO,
    WISH,
    ZONE,
)
from agent.training.reference_words import (
    Told,
    Unsayable,
    about,
    agreeing,
    draw,
    linked,
    mild,
    named,
    only_jobs,
    opening,
    other_jobs,
    other_place,
    rule_name,
)
from agent.training.subjects import draw_selector, subject

NEGATIVE = re.compile(r"\b(not|never|no|cannot|\w+n't)\b")
MODAL = re.compile(r"^(must|may|can|should|shall|are|is|do|does|have|has)(?=n't|not|\b)")
_AGAIN = {"are": "is", "do": "does", "have": "has"}


def same(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule of some jobs, and the same of others."""
    rule = draw(vocabulary, rng, ("only", "only", "deny", "deny", "budget", "delay", "suspend", "approval", "prefer"))
    only_jobs(rule)
    other = other_jobs(rule, vocabulary, rng)
    both = {**rule, "jobs": [*rule["jobs"], other]}
    if chance(rng, 0.3) and not rule.get("soft"):
        return Told(_echoed(rule, other, rng), [both])
    first = opening(rule, rng)
    second = say(one(rng, SAME), rng, **agreeing(named(other, rng, rule["kind"]), rule["kind"], rng))
    return Told([first, linked(second, rng, but=False)], [both])


def _echoed(rule: Said, other: Said, rng: Rng) -> list[str]:
    """Return a rule about jobs that begin the sentence, and `so must` or `neither may` others."""
    first = subject(rule["jobs"][0], rng)
    whom = named(other, rng, rule["kind"])
    words = about(rule, first, rng).words
    if not words.startswith(first.words):
        raise Unsayable
    verb = plain(words.removeprefix(first.words)).strip()
    found = MODAL.match(verb)
    aux = found[1] if found else "do"
    for many, single in _AGAIN.items():
        aux = (many if whom.plural else single) if aux in (many, single) else aux
    patterns = ECHO_NOT if NEGATIVE.search(verb) else ECHO
    return [words, say(one(rng, patterns), rng, aux=aux, y=whom.words)]


def same_elsewhere(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule of some regions, and the same of others."""
    rule = draw(vocabulary, rng, ("deny", "deny", "headroom", "headroom", "budget", "approval"))
    if "in" not in rule or "but" in rule:
        raise Unsayable
    other = {**rule, "in": other_place(rule, vocabulary, rng)}
    slots = {"place": place(other, rng, "and"), "at": at(other, rng, "and"), "rule": rule_name(rule, rng)}
    second = say(one(rng, SAME_PLACE), rng, **slots)
    return Told([opening(rule, rng), linked(second, rng, but=False)], [rule, other])


def exempted(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule, and whom it spares."""
    rule = draw(vocabulary, rng, ("deny", "deny", "deny", "only", "only", "delay", "suspend", "approval", "budget"))
    if len(rule.get("jobs", ())) > 1 or rule.get("allowed") is True:
        raise Unsayable
    if chance(rng, 0.35):
        rule.pop("jobs", None)
    spared = other_jobs(rule, vocabulary, rng)
    special = EXEMPT_OF.get(rule["kind"]) or EXEMPT_OF.get(variants(rule)[0].removesuffix(" when"))
    patterns = special if special and chance(rng, 0.35) else EXEMPT
    slots = agreeing(named(spared, rng, rule["kind"]), rule["kind"], rng)
    second = say(one(rng, patterns), rng, b=exemptions.being(spared, rng), **slots)
    return Told([mild(rule, rng), linked(second, rng, but=True)], [{**rule, "unless": spared}])


def narrowed(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule, and when, where or for whom alone it holds."""
    return one(rng, [_in_time, _in_time, _in_time, _in_place, _to_jobs])(vocabulary, rng)


def _in_time(vocabulary: Vocabulary, rng: Rng) -> Told:
    rule = draw(vocabulary, rng, ("deny", "deny", "deny", "headroom"))
    if "carbon_above" in rule or "price_above" in rule or "days" in rule or rule.get("when") == "business hours":
        raise Unsayable
    if "when" in rule:
        more = {"days": clocks.draw_days(rng)}
    elif "in" in rule or "but" in rule or rule["kind"] == "headroom":
        more = clocks.draw_window(rng)
    else:
        raise Unsayable
    pattern = one(rng, NARROW_WHEN)
    bare = _nouns(more, rng) if "{bare}" in pattern else ""
    second = say(pattern, rng, when=when(more, rng), bare=bare, rule=rule_name(rule, rng))
    return Told([mild(rule, rng), linked(second, rng, but=True)], [ordered({**rule, **more})])


def _nouns(window: Said, rng: Rng) -> str:
    """Return days or a period as something that a rule can be for: `nights`, `Tuesdays and Thursdays`."""
    if len(window) != 1:
        raise Unsayable
    if "days" not in window:
        if window["when"] not in PERIODS:
            raise Unsayable
        return keep(say(PERIODS[window["when"]], rng))
    said = str(window["days"])
    if said == "mon-fri":
        return keep(one(rng, ["weekdays", "working days", "workdays", "weekdays", "Monday to Friday"]))
    if said == "sat,sun":
        return keep(one(rng, ["weekends", "the weekend", "Saturdays and Sundays", "weekends"]))
    days = [clocks.NAMES[DAYS.index(day)] for day in re.split("[-,]", said)]
    if "-" in said:
        return keep(f"{days[0]} {one(rng, ['to', 'through'])} {days[1]}")
    return keep(" and ".join(f"{day}s" for day in days))


def _in_place(vocabulary: Vocabulary, rng: Rng) -> Told:
    rule = draw(vocabulary, rng, ("deny", "deny", "headroom", "budget", "approval"))
    if "in" in rule or "but" in rule:
        raise Unsayable
    more = {"in": draw_names(vocabulary, rng, 2)}
    slots = {"place": place(more, rng, "and"), "at": at(more, rng, "and"), "rule": rule_name(rule, rng)}
    second = say(one(rng, NARROW_WHERE), rng, **slots)
    return Told([mild(rule, rng), linked(second, rng, but=True)], [ordered({**rule, **more})])


def _to_jobs(vocabulary: Vocabulary, rng: Rng) -> Told:
    rule = draw(vocabulary, rng, ("deny", "deny", "only", "only", "delay", "suspend", "budget", "approval"))
    rule.pop("jobs", None)
    jobs = draw_selector(vocabulary, rng)
    slots = agreeing(named(jobs, rng, rule["kind"]), rule["kind"], rng)
    second = say(one(rng, NARROW_JOBS), rng, **slots)
    return Told([mild(rule, rng), linked(second, rng, but=True)], [ordered({**rule, "jobs": [jobs]})])


def softened(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule, and that it is a wish."""
    rule = draw(vocabulary, rng, tuple(kind for kind in SOFT if kind != "approval"), hard=True)
    if rule.get("allowed") is True:
        raise Unsayable
    return Told([mild(rule, rng), say(one(rng, WISH), rng)], [ordered({**rule, "soft": True})])


def in_zone(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule with a time of day, and by which clock."""
    rule = draw(vocabulary, rng, ("deny", "deny", "only", "headroom", "delay"))
    timed = rule.get("by") if rule["kind"] == "delay" else "-" in rule.get("when", "")
    if not timed or "tz" in rule:
        raise Unsayable
    zone = clocks.draw_zone(rng)
    return Told([mild(rule, rng), say(one(rng, ZONE), rng, z=clocks.zone(zone, rng))], [ordered({**rule, "tz": zone})])


def less(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule of a group of regions, and which of them is meant no more."""
    rule = draw(vocabulary, rng, ("deny", "only", "prefer", "headroom"))
    groups = {group: region for region in vocabulary.regions for group in region.groups}
    group = one(rng, sorted(groups) or [""])
    members = [name for region in vocabulary.regions if group in region.groups for name in (*region.names, region.id)]
    if len({id_ for name in members for id_ in vocabulary.find("region", name)}) < 2:
        raise Unsayable
    rule = ordered({**{field: rule[field] for field in rule if field != "but"}, "in": [group]})
    left = one(rng, members)
    second = say(one(rng, LESS), rng, b=named_place(left, rng))
    return Told([mild(rule, rng), linked(second, rng, but=True)], [ordered({**rule, "but": [left]})])


def widened(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say where jobs may run, and where they may run, too."""
    rule = draw(vocabulary, rng, ("only",), hard=True)
    if "in" not in rule or "but" in rule or "when" in rule or "days" in rule:
        raise Unsayable
    more = other_place(rule, vocabulary, rng)[:1]
    second = say(one(rng, WIDER_TOO), rng, b=listed([named_place(name, rng) for name in more], rng))
    return Told([mild(rule, rng), linked(second, rng, but=False)], [{**rule, "in": [*rule["in"], *more]}])
