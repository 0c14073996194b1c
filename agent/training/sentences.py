"""Sentences of a policy: one to three rules, framed as people frame them, and the text that says what they say."""

from __future__ import annotations

from agent.policy.vocabulary import Vocabulary
from agent.training import wishes
from agent.training.clauses import Clause, can_follow, clause
from agent.training.frame_patterns import AFTER, ASK, BEFORE, JOIN, STRICT, THAT, THEY
from agent.training.grammar import Rng, capital, chance, one, say, slips, tidy
from agent.training.meanings import SOFT, draw_rule, twin
from agent.training.places import Said
from agent.training.subjects import Subject

RULES = [1] * 25 + [2] * 4 + [3]
"""How many rules a sentence has."""


def sentence(vocabulary: Vocabulary, rng: Rng) -> tuple[str, list[Said]]:
    """Return a marked text, before slips of the keyboard, and the rules that it says."""
    first = draw_rule(vocabulary, rng)
    count = one(rng, RULES)
    if count == 1:
        slip = twin(first, vocabulary, rng) if chance(rng, 0.06) else None
        return framed(clause(first, rng, slip=slip), first, rng), [first]
    rules = [first, *(draw_rule(vocabulary, rng) for _ in range(count - 1))]
    wish = chance(rng, 0.12) and all(rule["kind"] in SOFT for rule in rules)
    for rule in rules if wish else ():
        rule.pop("soft", None)
    together = chance(rng, 0.45) and len({rule["kind"] for rule in rules}) == count
    text, rules = _same_subject(rules, rng) if together else _joined(rules, rng, JOIN[:4] if wish else JOIN)
    if wish and len(rules) > 1 and all(rule.get("allowed") is not True for rule in rules):
        return wishes.all_wished(text, rng), [{**rule, "soft": True} for rule in rules]
    return text, rules


def _joined(rules: list[Said], rng: Rng, joints: tuple[str, ...]) -> tuple[str, list[Said]]:
    texts = [_close(rule, rng) for rule in rules]
    pattern = one(rng, joints)
    for text in texts[1:-1]:
        texts[0] += one(rng, [", ", "; ", ", "]) + text
    return texts[0] + say(pattern, rng, b=texts[-1], B=capital(texts[-1])), rules


def _close(rule: Said, rng: Rng) -> str:
    """Return a rule among others; a wish that its own verb cannot say could be read of them all, and is left out."""
    said = clause(rule, rng, alone=False)
    if not said.softened and said.form not in ("I", "N"):
        rule.pop("soft", None)
    return core(said, rule, rng)


def _same_subject(rules: list[Said], rng: Rng) -> tuple[str, list[Said]]:
    """Return rules about the same jobs, which are named once; only those that can be so said."""
    first, *others = rules
    first.pop("soft", None)
    before = clause(first, rng, alone=False)
    if not can_follow(first):
        return framed(before, first, rng), [first]
    shared: Said = {field: first[field] for field in ("jobs", "unless") if field in first}
    text, said = core(before, first, rng), [first]
    they = Subject(one(rng, ["they", "they", "these", "those", "all of them", ""]), plural=True)
    for rule in others:
        own: Said = {field: value for field, value in rule.items() if field not in ("kind", "jobs", "unless", "soft")}
        second = {"kind": rule["kind"], **shared, **own}
        if can_follow(second):
            text += say(one(rng, THEY), rng, b=clause(second, rng, they).words)
            said.append(second)
    return text, said


def core(said: Clause, rule: Said, rng: Rng) -> str:
    """Return a clause as a sentence of its own, without a frame around it."""
    soft = bool(rule.get("soft")) and not said.softened
    if said.form in ("I", "N"):
        return wishes.urged(said.form, said.words, rng, soft=soft)
    return wishes.wished(said.words, rng) if soft else said.words


def framed(said: Clause, rule: Said, rng: Rng) -> str:
    """Return a clause with what people put around it: a reason, a speaker, a plea, a reference."""
    if said.form == "I" and chance(rng, 0.12) and not rule.get("soft"):
        return say(one(rng, ASK), rng, v=said.words, s=one(rng, ["", " from now on", " in future"]))
    text = core(said, rule, rng)
    draw = rng.random()
    if draw < 0.17 and said.form == "D":
        text = f"{say(one(rng, THAT), rng)} {text}"
    elif draw < 0.3:
        text = _numbered(one(rng, BEFORE), rng) + text
    if chance(rng, 0.18):
        wish = rule.get("soft") or rule["kind"] == "prefer"
        text += _numbered(one(rng, AFTER if wish or chance(rng, 0.7) else STRICT), rng)
    return text


def _numbered(pattern: str, rng: Rng) -> str:
    """Return a frame with its numbers: `{n}` is any, `{m}` a small one."""
    number = int(rng.integers(2, 40)) if chance(rng, 0.5) else int(rng.integers(40, 4000))
    return say(pattern, rng, n=str(number), m=str(int(rng.integers(1, 5))))


def finished(text: str, rng: Rng) -> str:
    """Return a text as somebody typed it: still marked, with a capital and a stop or without, with a slip or two."""
    text = tidy(text)
    if chance(rng, 0.2):
        text = slips(text, rng, 0.06)
    if chance(rng, 0.08):
        text = text.lower()
    elif not chance(rng, 0.06):
        text = capital(text)
    if text.endswith(("?", "!", ".")):
        return text
    return text + one(rng, [".", ".", ".", ".", ".", ".", "", "", "!"])
