"""What a sentence does with its mentions: whether it forbids, confines, wishes, exempts or asks for a yes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from agent.mentions import stance
from agent.mentions.mention import Mention, round_off
from agent.mentions.reading import Mentions
from agent.policy.facts import facts, selected
from agent.policy.normal import ALWAYS_PREFERENCES
from agent.policy.rules import Budget, Delay, Objective, Placement, Rule, Selector, Suspend

NO_RULE_CAN = "which no rule can hold"
NO_JOBS = ("region", "days", "clock", "period", "g/kwh", "usd/mwh", "share")


def stances(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield where words and rules differ on what is done."""
    for check in (_unsayable, _strength, _exemptions, _effects, _kinds, _suspensions, _delays, _lengths, _pronouns):
        yield from check(found, rules)


def _unsayable(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield spans and days that no rule can hold: a rule made of them says something else."""
    if said := stance.UNSAYABLE.search(found.text):
        yield f'the sentence says "{said[0]}", {NO_RULE_CAN}'


def _strength(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    soft = stance.SOFT.search(found.text)
    wishes = [rule for rule in rules if rule.strength == "prefer" and rule.kind not in ALWAYS_PREFERENCES]
    if wishes and not soft:
        yield "a rule has strength prefer, and the sentence does not say that it is a wish"
    if soft and not any(rule.strength == "prefer" for rule in rules):
        yield f'the sentence says "{soft[0]}", and no rule has strength prefer'


def _exemptions(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    exempt = [rule.unless for rule in rules if rule.unless is not None]
    for rule in rules:
        if rule.unless is not None and not _is_spared(found, rule):
            yield "a rule exempts jobs by `unless`, and the sentence does not exempt them"
        if rule.unless is not None and rule.jobs is not None and _traits(rule.unless) <= _traits(rule.jobs):
            yield "a rule exempts all the jobs that it is about"
    spared = {meaning for rule in rules if rule.unless for fact in facts([rule]) for meaning in fact.meanings}
    for match in stance.SURELY_EXEMPT.finditer(found.text):
        if match[0].lower() in ("excepted", "exempt", "exempted"):
            continue
        after = next((one for one in found.all if 0 <= one.begin - match.end() <= 40 and one.demanded), None)
        if (
            after is None
            or any(0 <= one.begin - match.end() <= 6 for one in found.of("region"))
            or any(name in NO_JOBS for name, _ in after.meanings)
            or stance.APPROVAL.search(found.text[match.end() : after.begin])
        ):
            continue
        if not exempt or not after.meanings & spared:
            yield f'the sentence says "{match[0]}" of "{after.words}", and no rule exempts it by `unless`'


def _traits(selector: Selector) -> set[tuple[str, object]]:
    return set(selector.model_dump(exclude_none=True).items())


def _is_spared(found: Mentions, rule: Rule) -> bool:
    """Tell whether one of the exempt jobs' traits stands beside words that exempt."""
    if rule.unless is None:
        return True
    traits = {meaning for fact in selected(rule.unless) for meaning in fact.meanings}
    traits |= {("region", frozenset((id_,))) for id_ in rule.unless.home or ()}
    beside = [one for one in found.all if one.meanings & traits or (rule.unless.home and one.of("region"))]
    return any(
        _is_behind(found, one, stance.EXEMPT, 50)
        or (
            (rule.kind != "placement" or getattr(rule, "effect", "") == "deny")
            and _is_behind(found, one, stance.ALONE, 30)
        )
        or stance.EXEMPT_AFTER.search(found.text[one.end : one.end + 60])
        for one in beside
    )


def _is_behind(found: Mentions, one: Mention, pattern: re.Pattern[str], reach: int) -> bool:
    """Tell whether a mention follows words, with no place, time or amount between."""
    begin = max(0, one.begin - reach)
    ends = [begin + match.end() for match in pattern.finditer(found.text[begin : one.begin])]
    return bool(ends) and not any(
        ends[-1] <= other.begin < one.begin and any(name in NO_JOBS for name, _ in other.meanings)
        for other in found.all
        if other.demanded
    )


def _effects(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    placements = [rule for rule in rules if isinstance(rule, Placement)]
    forbids = stance.NOT.search(stance.IDIOMS.sub(" ", found.text))
    surely_confines = stance.SURELY_CONFINED.search(stance.NARROWED.sub(" ", found.text))
    for rule in placements:
        # "only if power is cheap" and "only finance may" forbid as well
        if rule.effect == "deny" and not forbids and (_is_plain_deny(rule) or not surely_confines):
            yield "a rule forbids (deny), and the sentence forbids nothing"
        if rule.effect == "only" and not _confines(found):
            yield "a rule confines (only), and the sentence confines nothing"
    if surely_confines and placements and len(placements) == len(rules) and all(map(_is_plain_deny, placements)):
        yield "the sentence confines (only), and the rules forbid (deny)"


def _confines(found: Mentions) -> bool:
    return bool(stance.CONFINED.search(found.text) or stance.SURELY_CONFINED.search(found.text))


def _is_plain_deny(rule: Placement) -> bool:
    return rule.effect == "deny" and rule.unless is None and rule.intensity_above is None and rule.price_above is None


WORDS_OF: dict[str, re.Pattern[str]] = {
    "approval": stance.APPROVAL,
    "suspend": stance.SUSPENSION,
    "headroom": stance.BUSY,
    "objective": stance.WEIGHING,
}


def _kinds(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    held = {rule.kind for rule in rules}
    for kind, pattern in WORDS_OF.items():
        if kind in held and not pattern.search(found.text):
            yield f"a rule is of kind {kind}, and the sentence has no word for it"
    for kind, pattern in (("approval", stance.SURELY_APPROVAL), ("suspend", stance.SURELY_SUSPENSION)):
        said = pattern.search(found.text)
        if said and kind not in held:
            yield f'the sentence says "{said[0]}", and no rule is of kind {kind}'
    for rule in rules:
        if rule.kind == "prefer" and not (stance.SOFT.search(found.text) or stance.PREFERENCE.search(found.text)):
            yield "a rule favours regions (prefer), and the sentence does not"
        if isinstance(rule, Budget) and not stance.PER[rule.per].search(found.text):
            yield f"a budget is per {rule.per}, and the sentence does not say so"
        if rule.kind == "headroom" and stance.OTHER_USE.search(found.text) and not stance.CPU_USE.search(found.text):
            yield f"the sentence speaks of another use than that of CPUs, {NO_RULE_CAN}"
        if isinstance(rule, Objective):
            yield from _weights(found, rule)


def _weights(found: Mentions, rule: Objective) -> Iterator[str]:
    patterns = {"carbon": stance.CARBON, "cost": stance.COST, "delay": stance.DELAY}
    for name, weight in rule.weights.model_dump().items():
        if weight and not patterns[name].search(found.text):
            yield f"an objective weighs {name}, and the sentence does not say so"
    yield from _order_of_weights(found, rule, patterns)


def _order_of_weights(found: Mentions, rule: Objective, patterns: Mapping[str, re.Pattern[str]]) -> Iterator[str]:
    """Yield where as many numbers as weights are said, each beside its own ("carbon 5, cost 2"), and held otherwise."""
    held = {name: weight for name, weight in rule.weights.model_dump().items() if weight}
    numbers = [one for one in found.of("number", "share") if one.demanded]
    named = sorted((match.start(), name) for name in held for match in patterns[name].finditer(found.text))
    if not len(numbers) == len(named) == len(held) > 1:
        return
    order = [
        kind for _, kind in sorted([*((one.begin, "number") for one in numbers), *((at, "name") for at, _ in named)])
    ]
    if order not in (["number", "name"] * len(held), ["name", "number"] * len(held)):
        return
    for one, (_, name) in zip(numbers, named, strict=True):
        values = one.of("number") | one.of("share")
        if held[name] not in values and round_off(held[name] / 100) not in values:
            yield f'the sentence says "{one.words}" of {name}, and an objective weighs it {held[name]:g}'


def _suspensions(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        if not isinstance(rule, Suspend):
            continue
        forbidden = stance.NO_SUSPENSION.search(found.text)
        if rule.most == 0 and not forbidden:
            yield "a rule forbids to suspend jobs, and the sentence does not"
        if rule.most == float("inf") and forbidden and len(rules) == 1:
            yield f'a rule allows to suspend jobs, and the sentence says "{forbidden[0]}"'


def _delays(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    held = [rule for rule in rules if isinstance(rule, Delay)]
    at_once = any(rule.max_delay_h == 0 for rule in held)
    if at_once and not stance.AT_ONCE.search(found.text):
        yield "a rule says to start without delay, and the sentence does not"
    said = stance.SURELY_AT_ONCE.search(found.text)
    if said and not at_once:
        yield f'the sentence says "{said[0]}", and no rule has max_delay_h 0'
    if any(rule.max_delay_h is not None for rule in held) and not stance.STARTING.search(found.text):
        yield "a rule bounds the wait before the start, and the sentence does not"
    starts = stance.BY_THE_START.search(found.text) and not stance.BY_THE_END.search(found.text)
    if starts and any(rule.finish_by for rule in held):
        yield f"the sentence says by what time of day to start, {NO_RULE_CAN}"
    limits = {(str(rule.jobs), rule.max_delay_h) for rule in held if rule.max_delay_h is not None}
    if len({jobs for jobs, _ in limits}) < len(limits):
        yield "two rules bound the wait of the same jobs differently"
    if any(rule.finish_by for rule in held) and not stance.FINISHING.search(found.text):
        yield "a rule bounds the finish, and the sentence does not"


def _lengths(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield where "longer than" is read as shorter, or the other way round."""
    sides: tuple[tuple[str, Callable[[str], object], str], ...] = (
        ("longer_than_h", stance.SHORTER.search, "shorter"),
        ("shorter_than_h", stance.LONGER.search, "longer"),
    )
    chosen = [selector for rule in rules for selector in (rule.jobs, rule.unless) if selector]
    for field, wrong, other in sides:
        for hours in {getattr(selector, field) for selector in chosen} - {None}:
            said = [one for one in found.of("h") if round_off(hours) in one.of("h")]
            if said and all(wrong(found.text[max(0, one.begin - 25) : one.begin]) for one in said):
                yield f'a rule has {field} {hours:g}, and the sentence says "{said[0].words}" of {other} jobs'


def _pronouns(found: Mentions, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield a rule about all jobs beside one about some, where "they" or "these" mean those."""
    told = [rule for rule in rules if rule.kind not in ("headroom", "objective")]
    if {rule.jobs is None for rule in told} == {True, False}:
        said = stance.THEY.search(found.text)
        if said:
            yield f'the sentence says "{said[0]}" of the jobs that it names, and a rule is about all jobs'
