"""Sentences of a policy: one or two rules, framed as people frame them, and the text that says what they say."""

from __future__ import annotations

from agent.policy.vocabulary import Vocabulary
from agent.training.clauses import Clause, can_follow, clause
from agent.training.grammar import Rng, capital, chance, one, say, slips, tidy
from agent.training.meanings import draw_rule
from agent.training.places import Said
from agent.training.subjects import Subject

SOFT_BEFORE = (
    "where possible, ", "ideally, ", "preferably, ", "if at all possible, ", "as far as possible, ", "if we can, ",
    "wherever feasible, ", "if possible, ", "whenever it can be arranged, ", "where it can be done, ",
)  # fmt: skip
SOFT_AFTER = (
    ", where possible", ", if possible", ", if we can", ", whenever feasible", ", if it can be helped",
    ", as far as possible", " if at all possible", ", ideally", ", preferably",
)  # fmt: skip
SOFT_THAT = ("we would prefer that ", "it would be nice if ", "we'd rather that ", "it would be good if ")
THAT = (
    "[the board|legal|management|our auditor|the CFO|compliance|the security team|the works council|the customer] "
    "[has decided that|says|insists that|wants it that|requires that|demands that|told us that|asks that]",
    "[please |]make sure [that |]", "[please |]note that", "see to it that",
    "it is [essential|important|agreed|our policy] that",
    "[remember|be aware] that", "we [have promised|agreed] that", "the rule is that", "our contract says that",
    "we decided that",
    "ensure [that |]", "it goes without saying that", "as everybody knows,", "you must ensure that",
)  # fmt: skip
BEFORE = (
    "from now on, ", "as agreed, ", "for compliance reasons, ", "as of next quarter, ", "by order of the board, ",
    "per section {n} of our contract, ", "rule {n}: ", "for the record: ", "because of the audit, ",
    "for legal reasons, ", "as always, ", "in short: ", "to be clear: ", "until further notice, ",
    "in our experience the grid suffers, so ",
    "since we promised it in ticket {n}, ", "after the incident last year: ", "under no circumstances forget this: ",
    "important! ", "@all: ", "as a matter of principle, ", "reminder: ", "GDPR: ", "sustainability: ", "in general, ",
)  # fmt: skip
AFTER = (
    ", because the grid there is strained", ", for legal reasons", ", as the auditors asked", " (see ticket {n})",
    ", so that others find room", " - the auditors insist", ", since it is expensive", ", as promised to the customer",
    ", no matter what", ", without exception", ", period", " (policy {n}, rev. {m})", ", thank you", ", as discussed",
    ", because people depend on it", " to keep our promise", ", which is what we agreed", ", whatever the reason",
    ", or else we pay a fine", " for the sake of the planet", ", even if it takes longer", ", as usual", " [{n}]",
    ", like last year", ", because of noise complaints", " in order to save money", ", as the law demands",
)  # fmt: skip
ASK = ("could you {v}?", "can we please {v}?", "would you please {v}?", "could we {v}, please?", "can you {v}{s}?")
PLEASE = ("please {v}", "{v}, please", "kindly {v}", "always {v}", "remember to {v}", "be sure to {v}",
          "we need to {v}",
          "you should {v}", "let us {v}", "{v}", "{v}", "{v}", "{v}", "operators must {v}", "the scheduler has to {v}",
          "make it a rule to {v}")  # fmt: skip
DONT = ("do not {v}", "don't {v}", "never {v}", "please don't {v}", "please do not {v}", "under no circumstances {v}",
        "do not ever {v}", "we must not {v}", "we never {v}", "nobody may {v}", "you must not {v}", "never, ever, {v}",
        "the scheduler must not {v}", "at no time {v}", "it is forbidden to {v}", "be careful not to {v}")  # fmt: skip
TRY = ("try to {v}", "please try to {v}", "do your best to {v}", "aim to {v}", "if possible, {v}",
       "where possible, {v}", "{v} if you can", "{v}, if possible", "ideally {v}", "attempt to {v}")  # fmt: skip
TRY_NOT = ("try not to {v}", "please try not to {v}", "if possible, don't {v}", "where possible, do not {v}",
           "preferably do not {v}", "do not {v} if you can help it")  # fmt: skip
JOIN = (", and {b}", "; {b}", ", while {b}", " and {b}", ", but {b}", "; moreover, {b}", " - and {b}", ", whereas {b}",
        ". Also, {b}", "; in addition, {b}")  # fmt: skip
THEY = (" and {b}", ", and {b}", " but {b}", "; {b}")


def sentence(vocabulary: Vocabulary, rng: Rng) -> tuple[str, list[Said]]:
    """Return a marked text, before slips of the keyboard, and the rules that it says."""
    first = draw_rule(vocabulary, rng)
    if not chance(rng, 0.16):
        return framed(clause(first, rng), first, rng), [first]
    second = draw_rule(vocabulary, rng)
    if chance(rng, 0.45) and first["kind"] != second["kind"]:
        return _same_subject(first, second, rng)
    one_, other = (_core(clause(rule, rng), rule, rng) for rule in (first, second))
    return one_ + say(one(rng, JOIN), rng, b=other), [first, second]


def _same_subject(first: Said, second: Said, rng: Rng) -> tuple[str, list[Said]]:
    """Return two rules about the same jobs, which are named once; only the first where the second cannot be so said."""
    own: Said = {field: value for field, value in second.items() if field not in ("kind", "jobs", "unless", "soft")}
    shared: Said = {field: first[field] for field in ("jobs", "unless") if field in first}
    second = {"kind": second["kind"], **shared, **own}
    first.pop("soft", None)
    if not (can_follow(first) and can_follow(second)):
        return framed(clause(first, rng), first, rng), [first]
    they = Subject(one(rng, ["they", "they", "these"]), plural=True)
    before, after = clause(first, rng), clause(second, rng, they)
    return _core(before, first, rng) + say(one(rng, THEY), rng, b=after.words), [first, second]


def _core(said: Clause, rule: Said, rng: Rng) -> str:
    """Return a clause as a sentence of its own, without a frame around it."""
    soft = bool(rule.get("soft")) and not said.softened
    match said.form:
        case "I":
            return say(one(rng, TRY if soft else PLEASE), rng, v=said.words)
        case "N":
            return say(one(rng, TRY_NOT if soft else DONT), rng, v=said.words)
    if not soft:
        return said.words
    if chance(rng, 0.6):
        return one(rng, SOFT_BEFORE) + said.words
    if said.form == "D" and chance(rng, 0.3):
        return one(rng, SOFT_THAT) + said.words
    return said.words + one(rng, SOFT_AFTER)


def framed(said: Clause, rule: Said, rng: Rng) -> str:
    """Return a clause with what people put around it: a reason, a speaker, a plea, a reference."""
    if said.form == "I" and chance(rng, 0.12) and not rule.get("soft"):
        return say(one(rng, ASK), rng, v=said.words, s=one(rng, ["", " from now on", " in future"]))
    text = _core(said, rule, rng)
    draw = rng.random()
    if draw < 0.2 and said.form == "D":
        text = f"{say(one(rng, THAT), rng)} {text}"
    elif draw < 0.36:
        text = _numbered(one(rng, BEFORE), rng) + text
    if chance(rng, 0.2):
        text += _numbered(one(rng, AFTER), rng)
    return text


def _numbered(pattern: str, rng: Rng) -> str:
    n = (
        f"{int(rng.integers(1, 20))}.{int(rng.integers(1, 9))}"
        if "section" in pattern
        else str(int(rng.integers(2, 4000)))
    )
    return pattern.replace("{n}", n).replace("{m}", str(int(rng.integers(1, 9))))


def finished(text: str, rng: Rng) -> str:
    """Return a text as somebody typed it: still marked, with a capital and a stop or without, with a slip or two."""
    text = tidy(text)
    if chance(rng, 0.3):
        text = slips(text, rng, 0.06)
    if chance(rng, 0.08):
        text = text.lower()
    elif not chance(rng, 0.06):
        text = capital(text)
    if text.endswith(("?", "!", ".")):
        return text
    return text + one(rng, [".", ".", ".", ".", ".", ".", "", "", "!"])
