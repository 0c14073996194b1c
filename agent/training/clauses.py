"""One rule in one clause: patterns of every kind, their slots, and how strictly they are meant.

A clause is declarative (`D`: can follow "legal says that"), imperative (`I`: can follow "please" or "try to"), a
negated imperative (`N`: what follows "do not" or "avoid") or a fragment (`F`).
"""

from __future__ import annotations

from typing import NamedTuple

from agent.training import clocks, numerals
from agent.training.clause_patterns import PATTERNS
from agent.training.grammar import Rng, chance, keep, one, say
from agent.training.places import Said, at, place
from agent.training.subjects import Subject, exempt, subject

HARD = {
    "must": "[must|must|have to|need to|are to|shall|should|are required to]",
    "mustnt": "[must not|must not|may not|cannot|can't|must never|are not allowed to|are never to|shall not|should never|mustn't|are forbidden to|should not|are not to|don't get to|can never]",  # noqa: E501 - one list
    "mayonly": "[may only|can only|may only|are only allowed to|must only|are only to|should only|are to only]",
}
SOFT = {
    "must": "[should ideally|should preferably|should, where possible,|should if possible|ought if possible to|would ideally|should, if at all possible,]",  # noqa: E501 - one list
    "mustnt": "[should preferably not|should ideally not|should, if possible, not|would ideally not|should where possible not|would preferably not]",  # noqa: E501 - one list
    "mayonly": "[should preferably only|should ideally only|should, if possible, only|should, where possible, only]",
}
SINGULAR = {"are ": "is ", "have to": "has to", "need to": "needs to", "don't get": "doesn't get"}
UNLESS = "[, except {u},|, with the exception of {u},|, other than {u},|, apart from {u},| except {u}| (except {u})|, unless they are {u},|, but not {u},|, {u} excepted,| excluding {u}]"  # noqa: E501 - one list


BUSY = "[CPU use|CPU utilisation|CPU utilization|CPU load|the CPU usage|the load on the CPUs|the share of busy CPUs]"
ABOUT_JOBS = ("{jobs}", "{bare}", "{use}", "{forjobs}")


class Clause(NamedTuple):
    """The words of a rule, their form, and whether they already say that it is a wish."""

    form: str
    words: str
    softened: bool


class _Slots:
    """Fills the slots of a pattern for one rule."""

    def __init__(self, rule: Said, rng: Rng, jobs: Subject | None) -> None:
        self.rule, self.rng = rule, rng
        self.subject = jobs or _subject(rule, rng)
        self.softened = False

    def modal(self, name: str) -> str:
        soft = bool(self.rule.get("soft"))
        self.softened |= soft
        words = say((SOFT if soft else HARD)[name], self.rng)
        if not self.subject.plural:
            for plural, singular in SINGULAR.items():
                words = words.replace(plural, singular)
        return words

    def _for_jobs(self) -> str:
        named = "jobs" in self.rule or chance(self.rng, 0.1)
        return f"{one(self.rng, ['for', 'for', 'with'])} {self.subject.words}" if named else ""

    def _use(self) -> str:
        whose = f" by {self.subject.words}" if "jobs" in self.rule else ""
        return say(BUSY, self.rng) + whose

    def fill(self, pattern: str) -> str:
        rng, rule, many = self.rng, self.rule, self.subject.plural
        return say(
            pattern,
            rng,
            jobs=lambda: self.subject.words,
            forjobs=self._for_jobs,
            use=self._use,
            exceed=lambda: _exceed(rule, rng),
            multiple=lambda: keep(say(MULTIPLES[_heaviest(rule)], rng)),
            bare=lambda: _bare(rule, rng),
            must=lambda: self.modal("must"),
            mustnt=lambda: self.modal("mustnt"),
            mayonly=lambda: self.modal("mayonly"),
            s="" if many else "s",
            be="are" if many else "is",
            do="do" if many else "does",
            have="have" if many else "has",
            at=lambda: at(rule, rng),
            place=lambda: place(rule, rng),
            when=lambda: when(rule, rng),
            **{name: (lambda name=name: _value(name, rule, rng)) for name in _VALUES},
        )


def clause(rule: Said, rng: Rng, jobs: Subject | None = None) -> Clause:
    """Return the rule in words.

    Args:
        rule: The rule, as said.
        rng: Draws every choice.
        jobs: How its jobs are named, if not by their selector: `they`.
    """
    form, pattern = one(rng, _fitting(rule, with_subject=jobs is not None))
    slots = _Slots(rule, rng, jobs)
    words = slots.fill(pattern)
    return Clause(form, words, slots.softened)


def _fitting(rule: Said, *, with_subject: bool) -> list[tuple[str, str]]:
    """Return the patterns that say all of the rule and nothing else, each with its form."""
    fitting = [(form, pattern) for form, patterns in PATTERNS[_variant(rule)].items() for pattern in patterns]
    if "jobs" in rule or "unless" in rule:
        fitting = [pair for pair in fitting if any(slot in pair[1] for slot in ABOUT_JOBS)]
    if rule["kind"] == "only" and "but" in rule:
        # "not outside Europe except Britain" could be read either way
        fitting = [pair for pair in fitting if not any(word in pair[1] for word in ("outside", "leave", "out of"))]
    if with_subject:
        fitting = [(form, pattern) for form, pattern in fitting if form == "D" and pattern.startswith("{jobs}")]
    return fitting


def can_follow(rule: Said) -> bool:
    """Tell whether a rule can be said of `they`."""
    return rule["kind"] not in ("headroom", "objective") and bool(_fitting(rule, with_subject=True))


def _variant(rule: Said) -> str:
    """Return which patterns can say the rule: they depend on its fields."""
    kind = str(rule["kind"])
    has_where, has_when = "in" in rule or "but" in rule, "when" in rule or "days" in rule
    if kind in ("only", "deny"):
        for field, name in (("carbon_above", "carbon"), ("price_above", "price")):
            if field in rule:
                return f"deny {name}"
        return f"{kind}{' where' if has_where else ''}{' when' if has_when else ''}"
    if kind == "delay":
        both = "within" in rule and "by" in rule
        return "delay both" if both else "delay by" if "by" in rule else _prompt_or_not(rule)
    if kind == "headroom":
        return f"headroom {'free' if 'free' in rule else 'max'}"
    if kind == "suspend":
        return f"suspend {rule.get('allowed', 'times')}".lower()
    if kind == "approval":
        return f"approval {'limit' if 'cost_above' in rule or 'carbon_above' in rule else 'all'}"
    if kind == "budget":
        return f"budget {numerals_of(str(rule['max']))}"
    if kind == "objective":
        weights = [rule[name] for name in ("carbon", "cost", "delay") if name in rule]
        return f"objective {'one' if len(weights) == 1 else 'times' if '1' in weights else 'shares'}"
    return kind


def _prompt_or_not(rule: Said) -> str:
    return "delay now" if rule["within"] == "0 h" else "delay within"


def numerals_of(limit: str) -> str:
    """Return what a budget limits, by its unit."""
    unit = limit.split(" ")[1]
    return "money" if unit == "usd" else "energy" if unit in ("kwh", "mwh") else "carbon"


def _subject(rule: Said, rng: Rng) -> Subject:
    """Return the subject of a rule, with what is exempt."""
    selectors = rule.get("jobs", [None])
    subjects = [subject(selector, rng) for selector in selectors]
    words = say(
        "[{a} and {b}|{a} and {b}|both {a} and {b}|{a} as well as {b}]", rng, a=subjects[0].words, b=subjects[-1].words
    )
    plural = len(subjects) > 1 or subjects[0].plural
    words = words if len(subjects) > 1 else subjects[0].words
    return Subject(words + _unless(rule, rng), plural)


def _bare(rule: Said, rng: Rng) -> str:
    """Return the subject to follow `no`."""
    selectors = rule.get("jobs", [None])
    words = one(rng, [" or ", " and no "]).join(subject(selector, rng, bare=True).words for selector in selectors)
    return words + _unless(rule, rng)


def _unless(rule: Said, rng: Rng) -> str:
    return say(UNLESS, rng, u=exempt(rule["unless"], rng)) if "unless" in rule else ""


def when(rule: Said, rng: Rng) -> str:
    """Return the words of a window: time, zone and days in one of two orders; empty without one."""
    time = clocks.span(rule["when"], rng) if "when" in rule else ""
    if "tz" in rule:
        time += " " + clocks.zone(rule["tz"], rng)
    days = clocks.days(rule["days"], rng) if "days" in rule else ""
    if not (time and days):
        return time or days
    return f"{days} {time}" if chance(rng, 0.35) else f"{time}{one(rng, [' ', ' ', ', '])}{days}"


_VALUES = ("carbon_above", "price_above", "cost_above", "max", "free", "per", "within", "by", "times", "heavy", "light",
           "weights", "amount")  # fmt: skip


def _value(name: str, rule: Said, rng: Rng) -> str:
    said = str(rule.get(name, ""))
    match name:
        case "carbon_above" if rule["kind"] == "approval":
            return numerals.mass(said, rng)
        case "carbon_above":
            return numerals.intensity(said, rng)
        case "price_above":
            return numerals.price(said, rng)
        case "cost_above":
            return numerals.money(said, rng)
        case "amount":
            return _amount(rule, rng)
        case "max" | "free":
            return numerals.share(said, rng)
        case "per":
            return keep(say(_PER, rng, per=said, ly="daily" if said == "day" else f"{said}ly"))
        case "within":
            return numerals.duration(said, rng)
        case "by":
            return _by(rule, rng)
        case "times":
            return keep(_times(int(said), rng))
    return _weights(name, rule, rng)


_PER = "[a {per}|per {per}|each {per}|every {per}|per {per}|in any one {per}|per calendar {per}]"


def _amount(rule: Said, rng: Rng) -> str:
    said = str(rule.get("max") or rule.get("cost_above") or rule.get("carbon_above"))
    if said.endswith("usd"):
        return numerals.money(said, rng)
    return numerals.measured(said, rng) if said.endswith("wh") else numerals.mass(said, rng)


def _by(rule: Said, rng: Rng) -> str:
    zone = " " + clocks.zone(rule["tz"], rng) if "tz" in rule else ""
    if chance(rng, 0.03):
        wrong = clocks.draw_clock(rng)
        return keep(clocks.clock(wrong, rng)) + say("[, no, sorry, by | - correction: |, I mean ]", rng) + keep(clocks.clock(rule["by"], rng)) + zone  # noqa: E501 # fmt: skip
    return keep(clocks.clock(rule["by"], rng)) + zone


def _exceed(rule: Said, rng: Rng) -> str:
    if "cost_above" in rule:
        return say("[cost|cost us|would cost] [more than|over] {m}", rng, m=_amount(rule, rng))
    return say("[emit|would emit|cause] [more than|over] {m}", rng, m=_amount(rule, rng))


def _times(count: int, rng: Rng) -> str:
    named = {1: "once", 2: "twice"}
    if count in named and chance(rng, 0.7):
        return named[count]
    return say("{n} time{s}", rng, n=numerals.count(count, rng), s="" if count == 1 else "s")


WEIGHT_NAMES = {
    "carbon": "[carbon|emissions|CO2|carbon|carbon emissions]",
    "cost": "[cost|money|price|cost|costs]",
    "delay": "[delay|waiting time|delay|speed|wait]",
}
MULTIPLES = {"2": "[twice|two times|2x|2 times]", "3": "[three times|3 times|3x]", "4": "[four times|4 times|4x]",
             "5": "[five times|5 times|5x]", "10": "[ten times|10 times|10x]"}  # fmt: skip


def _weights(name: str, rule: Said, rng: Rng) -> str:
    """Return the name of the heavier or the lighter weight, the multiple, or the whole list."""
    weights = {field: rule[field] for field in ("carbon", "cost", "delay") if field in rule}
    if name == "weights":
        each = [_weight(field, value, rng) for field, value in weights.items()]
        return f"{', '.join(each[:-1])} and {each[-1]}"
    heavy, light = (pick(weights, key=lambda field: float(weights[field].rstrip(" %"))) for pick in (max, min))
    return keep(say(WEIGHT_NAMES[heavy if name == "heavy" else light], rng))


def _heaviest(rule: Said) -> str:
    return max((str(rule[field]) for field in ("carbon", "cost", "delay") if field in rule), key=float)


def _weight(field: str, value: str, rng: Rng) -> str:
    number = numerals.share(value, rng) if value.endswith("%") else keep(value)
    name = keep(say(WEIGHT_NAMES[field], rng))
    return say("[{n} for {f}|{f} {n}|{f} at {n}|{n} on {f}|{f} with {n}]", rng, n=number, f=name)
