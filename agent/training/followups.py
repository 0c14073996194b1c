"""Second sentences with a rule of their own: about the same jobs or place, some of these, or with another value."""

from __future__ import annotations

from agent.policy.vocabulary import Vocabulary
from agent.training.clauses import can_follow, clause, numerals_of, value, variants
from agent.training.grammar import Rng, chance, keep, one, plain, say
from agent.training.meanings import draw_rule, ordered
from agent.training.places import Said, at, place
from agent.training.places import named as named_place
from agent.training.reference_patterns import (
    AMONG,
    BOTH,
    FACTS,
    LEVELS,
    MAY_BE,
    MAY_NOT_BE,
    NEITHER,
    ONES,
    THEIR,
    THERE,
    THEY,
    VALUE,
    VALUE_OF,
    WIDER,
)
from agent.training.reference_words import (
    Told,
    Unsayable,
    about,
    agreeing,
    draw,
    linked,
    merged,
    mild,
    named,
    only_jobs,
    opening,
    other_jobs,
    other_place,
    rule_name,
)
from agent.training.subjects import Subject, draw_selector, traits

LIMITED = ("budget", "budget", "delay", "delay", "headroom", "deny", "approval", "suspend")
LIMITS = ("max", "free", "within", "by", "carbon_above", "price_above", "cost_above", "times")
"""The fields that hold a value which other jobs or places can have differently."""
_SLOTS = {("budget", "max"): "amount", ("approval", "carbon_above"): "amount", ("approval", "cost_above"): "amount"}


def other_value(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a limit, and another one for other jobs or another place."""
    rule = draw(
        vocabulary, rng, ("budget", "budget", "delay", "delay", "headroom", "deny", "approval", "suspend"), hard=True
    )
    field = _limit(rule)
    limit = _another(rule, field, vocabulary, rng)
    said = value(_SLOTS.get((rule["kind"], field), field), limit, rng)
    if rule["kind"] == "budget" and chance(rng, 0.6):
        said += " " + value("per", limit, rng)
    if "in" in rule and "but" not in rule and chance(rng, 0.7):
        second = {**limit, "in": other_place(rule, vocabulary, rng)}
        whom = at(second, rng, "and")
        text = say(one(rng, VALUE), rng, whom=whom, v=said, rule=rule_name(rule, rng))
    else:
        only_jobs(rule)
        second = {**limit, "jobs": [other_jobs(rule, vocabulary, rng)]}
        jobs = named(second["jobs"][0], rng, rule["kind"])
        special = VALUE_OF.get(rule["kind"]) or VALUE_OF.get(f"{rule['kind']} {field}")
        patterns = special if special and chance(rng, 0.45) else VALUE
        text = say(one(rng, patterns), rng, whom=f"for {jobs.words}", v=said, **agreeing(jobs, rule["kind"], rng))
    return Told([opening(rule, rng), linked(text, rng, but=chance(rng, 0.5))], [rule, second])


def _limit(rule: Said) -> str:
    found = [field for field in LIMITS if field in rule]
    if len(found) != 1 or rule.get("within") == "0 h" or rule.get("max", "").startswith("0."):
        raise Unsayable
    return found[0]


def _another(rule: Said, field: str, vocabulary: Vocabulary, rng: Rng) -> Said:
    """Return the rule with another value of the same unit."""
    for _ in range(20):
        drawn = draw_rule(vocabulary, rng, rule["kind"])
        new = drawn.get(field)
        if new in (None, rule[field], "0 h") or str(new).startswith("0."):
            continue
        if rule["kind"] != "budget" or numerals_of(new) == numerals_of(rule[field]):
            return {**rule, field: new}
    raise Unsayable


def loosened(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a limit for all jobs, and a looser one for some: the first must spare them, or it would bind them still."""
    rule = draw(vocabulary, rng, ("delay", "delay", "deny", "approval"), hard=True)
    rule.pop("jobs", None)
    field = _limit(rule)
    loose = _another(rule, field, vocabulary, rng)
    if field not in _LOOSER or _size(loose[field]) <= _size(rule[field]):
        raise Unsayable
    jobs = draw_selector(vocabulary, rng)
    whom = named(jobs, rng, rule["kind"])
    said = value(_SLOTS.get((rule["kind"], field), field), loose, rng)
    special = VALUE_OF.get(rule["kind"]) or VALUE_OF.get(f"{rule['kind']} {field}")
    patterns = special if special and chance(rng, 0.45) else VALUE
    text = say(one(rng, patterns), rng, whom=f"for {whom.words}", v=said, **agreeing(whom, rule["kind"], rng))
    rules = [ordered({**rule, "unless": jobs}), ordered({**loose, "jobs": [jobs]})]
    return Told([mild(rule, rng), linked(text, rng, but=True)], rules)


_LOOSER = ("within", "carbon_above", "price_above", "cost_above")
"""The fields in which more is looser."""


def _size(said: str) -> float:
    """Return a quantity in the smallest unit that it may be said in."""
    digits, unit = said.split(" ")
    return (
        float(digits) * {"d": 1440, "h": 60, "min": 1, "kg": 1000, "g": 1, "t": 1_000_000, "usd": 100, "ct": 1000}[unit]
    )


def subset(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule of some jobs, and one of those among them that are also something else."""
    first = draw(vocabulary, rng, _FOLLOWED, hard=True)
    jobs = only_jobs(first) if "jobs" in first else {}
    more = draw_selector(vocabulary, rng)
    if len(more) > 2 or set(more) & {*jobs, *(_CLASH[field] for field in jobs if field in _CLASH)}:
        raise Unsayable
    kind = first["kind"] if chance(rng, 0.5) else one(rng, _FOLLOWED)
    second = ordered({**draw(vocabulary, rng, (kind,), hard=True), "jobs": [merged(jobs, more)]})
    if kind == first["kind"] and not _is_stricter(first, second, vocabulary):
        raise Unsayable
    whom = Subject(say(AMONG, rng, t=traits(more, rng)), plural=True)
    return Told([opening(first, rng), linked(_followed(second, whom, rng), rng, but=chance(rng, 0.5))], [first, second])


def _is_stricter(first: Said, second: Said, vocabulary: Vocabulary) -> bool:
    """Tell whether the second of two rules of a kind adds to the first: a looser one would be an exception from it."""
    if first["kind"] == "suspend":
        return first.get("allowed") is not False and second.get("allowed") is not True and "times" not in second
    if first["kind"] in ("only", "prefer"):
        if not set(first) - {"jobs"} == set(second) - {"jobs"} == {"kind", "in"}:
            return False
        wide, close = (
            {id_ for name in rule["in"] for id_ in vocabulary.find("region", name)} for rule in (first, second)
        )
        return bool(close) and close < wide
    fields = [field for field in _LOOSER if field in first or field in second]
    if not fields:
        return first["kind"] in ("deny", "budget")
    return all(field in first and field in second and _size(second[field]) < _size(first[field]) for field in fields)


_FOLLOWED = ("only", "only", "deny", "deny", "budget", "delay", "delay", "suspend", "approval", "prefer")
_CLASH = {"team": "customer", "customer": "team", "longer": "shorter", "shorter": "longer", "at_least": "at_most", "at_most": "at_least"}  # noqa: E501 # fmt: skip


def _followed(rule: Said, whom: Subject, rng: Rng) -> str:
    """Return a rule about jobs that are named by a reference, once they are known."""
    if not can_follow(rule):
        raise Unsayable
    return about(rule, whom, rng).words


def pronoun(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule of some jobs, and another one of `them`."""
    first, second = _two(vocabulary, rng)
    return Told(
        [opening(first, rng), linked(_followed(second, _they(rng), rng), rng, but=chance(rng, 0.3))], [first, second]
    )


def _two(vocabulary: Vocabulary, rng: Rng) -> tuple[Said, Said]:
    """Return two rules of different kinds about the same jobs, none of which all jobs are."""
    first, second = (draw(vocabulary, rng, _FOLLOWED, hard=True) for _ in range(2))
    if "jobs" not in first or first["kind"] == second["kind"]:
        raise Unsayable
    return first, ordered({**second, "jobs": first["jobs"]})


def _they(rng: Rng) -> Subject:
    return Subject(say(THEY, rng), plural=True)


def possessive(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule of some jobs, and one about `their` start or emissions."""
    first, second = _two(vocabulary, rng)
    name = variants(second)[0]
    if name not in THEIR or (("in" in second or "but" in second) and second["kind"] == "budget"):
        raise Unsayable
    slots = {slot: value(slot, second, rng) for slot in ("amount", "per", "within", "by") if _has(second, slot)}
    text = say(one(rng, THEIR[name]), rng, place=place(second, rng), at=at(second, rng), **slots)
    return Told([opening(first, rng), linked(text, rng, but=False)], [first, second])


def _has(rule: Said, slot: str) -> bool:
    return slot in rule or (slot == "amount" and rule["kind"] == "budget")


def after_a_fact(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say something about jobs that asks for nothing, and then a rule of `them`."""
    rule = draw(vocabulary, rng, _FOLLOWED, hard=True)
    jobs = named(only_jobs(rule), rng, rule["kind"])
    fact = say(one(rng, FACTS), rng, **agreeing(jobs, rule["kind"], rng))
    return Told([fact, _followed(rule, _they(rng), rng)], [rule])


def priorities(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule for jobs of one priority, and then for those of one or two others."""
    levels = ["critical", "high", "normal", "low"]
    levels = [level for level in levels if chance(rng, 0.7)][: one(rng, [2, 2, 3])]
    if len(levels) < 2:
        raise Unsayable
    if chance(rng, 0.25):
        levels.reverse()
    kind = one(rng, ["delay", "delay", "delay", "delay", "suspend", "budget", "only", "deny"])
    rules = [ordered({**draw(vocabulary, rng, (kind,), hard=True), "jobs": [_level(level)]}) for level in levels]
    if kind == "delay" and levels[0] == "critical" and chance(rng, 0.5):
        rules[0] = {"kind": "delay", "jobs": rules[0]["jobs"], "within": "0 h"}
    differing = len({str({**rule, "jobs": 0}) for rule in rules})
    alike = len({_said_by(rule) for rule in rules}) == 1
    if differing < len(rules) or (not alike and chance(rng, 0.8)):
        raise Unsayable
    noun = one(rng, ["jobs", "jobs", "workloads", "tasks", "runs"])
    texts = [_followed(rules[0], Subject(say(LEVELS[levels[0]], rng, n=noun, p=keep(levels[0])), plural=True), rng)]
    for level, rule in zip(levels[1:], rules[1:], strict=True):
        whom = say(ONES[level], rng, p=keep(level))
        brief = _briefly(rule, rules[0], whom, rng)
        texts.append(brief or _followed(rule, Subject(whom, plural=True), rng))
    return Told(texts, rules)


def _said_by(rule: Said) -> str:
    """Return what patterns say a rule, those of waiting and of not waiting at all being one."""
    return variants(rule)[0].replace("delay now", "delay within")


def _briefly(rule: Said, first: Said, whom: str, rng: Rng) -> str:
    """Return a value alone, where the first rule said what it limits; empty if it cannot stand so."""
    if list(rule) != list(first) or list(rule) != ["kind", "jobs", "within"] or rule["within"] == "0 h":
        return ""
    pattern = "{w}[: | within | may wait | have | - | at most ]{v}"
    return say(pattern, rng, w=whom, v=value("within", rule, rng)) if chance(rng, 0.5) else ""


def _level(level: str) -> Said:
    if level == "critical":
        return {"at_least": "critical"}
    return {"at_most": "low"} if level == "low" else {"at_least": level, "at_most": level}


def both(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule of one sort of jobs and a rule of another, and then one of both."""
    first = draw(vocabulary, rng, _FOLLOWED, hard=True)
    mine, other = only_jobs(first), other_jobs(first, vocabulary, rng)
    apart = chance(rng, 0.6)
    second = ordered({**draw(vocabulary, rng, (first["kind"],), hard=True), "jobs": [other]})
    last = ordered({**draw(vocabulary, rng, _FOLLOWED, hard=True), "jobs": [mine, other]})
    if (apart and variants(second) != variants(first)) or (last["kind"] == first["kind"] and not apart):
        raise Unsayable
    if last["kind"] == "deny" and "carbon_above" not in last and "price_above" not in last and "but" not in last:
        text = say(one(rng, NEITHER), rng, at=at(last, rng), place=_somewhere(last, rng), when=_when(last, rng))
    else:
        text = _followed(last, Subject(say(BOTH, rng), plural=True), rng)
    if apart:
        return Told([opening(first, rng), clause(second, rng).words, text], [first, second, last])
    together = {**first, "jobs": [mine, other]}
    return Told([opening(together, rng), text], [together, last])


def _somewhere(rule: Said, rng: Rng) -> str:
    return place(rule, rng, "and")


def _when(rule: Said, rng: Rng) -> str:
    return value("when", rule, rng) if "when" in rule or "days" in rule else ""


def wider(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say where some jobs must stay, and that others may go to one more place."""
    first = draw(vocabulary, rng, ("only",), hard=True)
    if "in" not in first or "but" in first or "when" in first or "days" in first or len(first["in"]) > 2:
        raise Unsayable
    more = other_place(first, vocabulary, rng)[:1]
    opened, rules = one(rng, [_others_wider, _others_wider, _spared_wider, _home_wider])(first, more, vocabulary, rng)
    whom = named(rules[1]["jobs"][0], rng, "only")
    added = named_place(rules[1]["in"][-1], rng)
    text = say(one(rng, WIDER), rng, b=added, **agreeing(whom, "only", rng))
    return Told([opened, linked(text, rng, but=chance(rng, 0.5))], rules)


def _others_wider(first: Said, more: list[str], vocabulary: Vocabulary, rng: Rng) -> tuple[str, list[Said]]:
    only_jobs(first)
    jobs = other_jobs(first, vocabulary, rng)
    return opening(first, rng), [first, {**first, "jobs": [jobs], "in": [*first["in"], *more]}]


def _spared_wider(first: Said, more: list[str], vocabulary: Vocabulary, rng: Rng) -> tuple[str, list[Said]]:
    """Let some of all jobs go further: the rule for all must spare them."""
    jobs = draw_selector(vocabulary, rng)
    every = {field: first[field] for field in first if field != "jobs"}
    wide = ordered({**every, "jobs": [jobs], "in": [*first["in"], *more]})
    return mild(every, rng), [ordered({**every, "unless": jobs}), wide]


def _home_wider(first: Said, more: list[str], vocabulary: Vocabulary, rng: Rng) -> tuple[str, list[Said]]:
    """Keep jobs where they were submitted; those of another place may leave it for a third."""
    jobs = {field: value for field, value in only_jobs(first).items() if field != "home"}
    if len(jobs) > 1:
        raise Unsayable
    mine = ordered({**first, "jobs": [merged(jobs, {"home": first["in"]})]})
    third = other_place({"in": [*first["in"], *more]}, vocabulary, rng)[:1]
    return opening(mine, rng), [mine, {**mine, "jobs": [merged(jobs, {"home": more})], "in": [*more, *third]}]


def suspend_contrast(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say that some jobs may be suspended, and that others may not be, or the other way round."""
    first = draw(vocabulary, rng, ("suspend",), hard=True)
    if "allowed" not in first:
        raise Unsayable
    only_jobs(first)
    second = {**first, "jobs": [other_jobs(first, vocabulary, rng)], "allowed": not first["allowed"]}
    whom = named(second["jobs"][0], rng, "suspend")
    text = say(MAY_BE if second["allowed"] else MAY_NOT_BE, rng, y=whom.words)
    return Told([opening(first, rng), linked(text, rng, but=True)], [first, second])


def there(vocabulary: Vocabulary, rng: Rng) -> Told:
    """Say a rule of a place, and another one of the jobs `there`."""
    first = draw(vocabulary, rng, ("deny", "headroom", "budget", "approval", "only", "prefer"), hard=True)
    second = draw(vocabulary, rng, ("deny", "headroom", "budget", "approval"), hard=True)
    if "in" not in first or "but" in first or first["kind"] == second["kind"]:
        raise Unsayable
    bare = {field: second[field] for field in second if field not in ("in", "but")}
    if bare["kind"] == "deny" and not {"when", "days", "carbon_above", "price_above"} & set(bare):
        raise Unsayable
    for _ in range(8):
        said = clause(bare, rng)
        if said.form == "D" and not _ANYWHERE & set(plain(said.words).split()):
            text = f"{say(THERE, rng)}[,|] {said.words}"
            return Told([opening(first, rng), say(text, rng)], [first, ordered({**bare, "in": first["in"]})])
    raise Unsayable


_ANYWHERE = {"anywhere", "everywhere", "region", "regions", "there", "elsewhere", "sites", "site"}
