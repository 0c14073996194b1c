"""One rule in one clause: patterns of every kind, their slots, and how strictly they are meant.

A clause is declarative (`D`: can follow "legal says that"), imperative (`I`: can follow "please" or "try to"), a
negated imperative (`N`: what follows "do not" or "avoid") or a fragment (`F`).
"""

from __future__ import annotations

from typing import NamedTuple

from agent.training import clocks, exemptions, numerals, weights, wishes
from agent.training.clause_patterns import PATTERNS
from agent.training.grammar import Rng, chance, keep, one, say
from agent.training.placement_patterns import Patterns
from agent.training.places import Said, at, named, place
from agent.training.plain_patterns import PLAIN
from agent.training.subjects import Subject, owner, subject

BUSY = "[CPU use|CPU utilisation|CPU utilization|CPU load|the CPU usage|the load on the CPUs|the share of busy CPUs|the use of the CPUs]"  # noqa: E501
ABOUT_JOBS = ("{jobs}", "{bare}", "{use}", "{forjobs}", "{who}", "{neither}", "{both}", "{nor}")
STOPS = "[, full stop|, period|, and that is it|, end of story|, nowhere else|, and nothing else|, and only that|, no exceptions|{dot} Full stop|, basta| alone| exclusively|, never anything else]"  # noqa: E501 - one list


class Clause(NamedTuple):
    """The words of a rule, their form, and whether they already say that it is a wish."""

    form: str
    words: str
    softened: bool


class _Slots:
    """Fills the slots of a pattern for one rule; `slip` is one whose place or limit is said first, and taken back."""

    def __init__(self, rule: Said, rng: Rng, jobs: Subject, style: str, slip: Said | None) -> None:
        self.rule, self.rng, self.subject, self.style, self.slip = rule, rng, jobs, style, slip
        self.verbs = 0

    def verb(self, name: str) -> str:
        self.verbs += 1
        return wishes.verb(name, self.style, self.rng, plural=self.subject.plural)

    def _for_jobs(self) -> str:
        named = "jobs" in self.rule or chance(self.rng, 0.1)
        return f"{one(self.rng, ['for', 'for', 'with'])} {self.subject.words}" if named else ""

    def _use(self) -> str:
        whose = f" by {self.subject.words}" if "jobs" in self.rule else ""
        return say(BUSY, self.rng) + whose

    def _value(self, name: str) -> str:
        right = value(name, self.rule, self.rng)
        if self.slip is None or not any(field in self.rule for field in SLIPPING.get(name, ())):
            return right
        wrong, self.slip = value(name, self.slip, self.rng), None
        return say(CORRECTIONS, self.rng, w=wrong, r=right.removeprefix("in ") if name == "at" else right)

    def fill(self, pattern: str) -> str:
        rng, rule, many = self.rng, self.rule, self.subject.plural
        return say(
            pattern,
            rng,
            jobs=lambda: self.subject.words,
            who=lambda: self.subject.words,
            forjobs=self._for_jobs,
            use=self._use,
            bare=lambda: _bare(rule, rng, spares="{u}" not in pattern),
            each=lambda: one(rng, ["each", ""]) if len(rule.get("jobs", ())) > 1 else "",
            noplace=lambda: _nowhere(rule, rng),
            are="are" if len(rule.get("in", ())) > 1 else "is",
            places=lambda: one(rng, ["region", "place", "site"]) + ("s" if len(rule.get("in", ())) > 1 else ""),
            neither=lambda: _several(rule, rng, " nor ", bare=False),
            both=lambda: _several(rule, rng, " and ", bare=False),
            nor=lambda: _several(rule, rng, ", no ", bare=True),
            u=lambda: exemptions.spared(rule["unless"], rng),
            exceed=lambda: _exceed(rule, rng, plural=many),
            stop=lambda: " only" if rule.get("soft") else say(STOPS, rng, dot="."),
            must=lambda: self.verb("must"),
            mustnt=lambda: self.verb("mustnt"),
            mayonly=lambda: self.verb("mayonly"),
            s="" if many else "s",
            be="are" if many else "is",
            do="do" if many else "does",
            have="have" if many else "has",
            **{name: (lambda name=name: self._value(name)) for name in _VALUES},
        )


def clause(
    rule: Said, rng: Rng, jobs: Subject | None = None, *, slip: Said | None = None, alone: bool = True
) -> Clause:
    """Return the rule in words.

    Args:
        rule: The rule, as said.
        rng: Draws every choice.
        jobs: How its jobs are named, if not by their selector: `they`.
        slip: A rule of the same fields, one of which is said by mistake and corrected at once.
        alone: Whether it is the whole sentence; else its wishes and exemptions stay close to its own words.
    """
    plain = _fitting(rule, PLAIN, with_subject=jobs is not None) if chance(rng, PLAINLY) else []
    form, pattern = one(rng, plain or _fitting(rule, with_subject=jobs is not None))
    style = one(rng, STYLES if alone else ["verb"]) if rule.get("soft") else "hard"
    if style == "hoped" and (form != "D" or jobs is not None or not pattern.startswith("{jobs} {m")):
        style = "beside"
    spared = rule.get("unless") if "{u}" not in pattern and jobs is None else None
    near = bool(spared) and any(slot in pattern for slot in BESIDE) and chance(rng, 0.45 if alone else 1.0)
    named = jobs or _subject(rule, form, rng, agents="{who}" in pattern)
    if near and spared:
        named = Subject(named.words + exemptions.beside(spared, rng), named.plural)
    kept = rule if near or "{u}" in pattern else {field: rule[field] for field in rule if field != "unless"}
    slots = _Slots(kept, rng, named, style, slip)
    words = slots.fill(pattern)
    if style == "hoped" and slots.verbs:
        form, words = "F", wishes.hoped(words, rng)
    if spared and not near:
        words = exemptions.around(words, spared, rng, before=form == "D")
    return Clause(form, words, softened=bool(slots.verbs) and style in ("verb", "hoped"))


PLAINLY = 0.25
"""The share of clauses that are said in the shortest way."""
BESIDE = ("{bare}", "{jobs}", "{use}")
"""Slots that can take an exemption beside them."""
SLIPPING = {
    "at": ("in",), "place": ("in",), "when": ("when", "days"), "amount": ("max", "cost_above", "carbon_above"),
    "max": ("max",), "free": ("free",),
    "portion": ("max", "free"), "within": ("within",), "by": ("by",), "carbon_above": ("carbon_above",),
}  # fmt: skip
"""Slots that may be said wrongly first, and the fields that they need."""
CORRECTIONS = "{w}[, no, |, sorry, |, no wait, | - correction: |, I mean |, I mean, |, make that |... actually |, no, make that |, sorry, I mean |, er, | - no, sorry: |, or rather |, pardon, |, scratch that, |, that is wrong, it is |, oh no, |, let me correct that: ]{r}"  # noqa: E501 - one list
STYLES = ("verb", "verb", "verb", "beside", "beside", "beside", "hoped")
"""How a clause says that it is a wish, where it is one."""


def _fitting(rule: Said, known: Patterns = PATTERNS, *, with_subject: bool) -> list[tuple[str, str]]:
    """Return the patterns that say all of the rule and nothing else, each with its form."""
    fitting = [
        (form, pattern)
        for name in variants(rule)
        for form, patterns in (known.get(name) or PLAIN.get(name, {})).items()
        for pattern in patterns
    ]
    if "jobs" in rule:
        fitting = [pair for pair in fitting if any(slot in pair[1] for slot in ABOUT_JOBS)]
    if "unless" not in rule or ("jobs" in rule and "deny reserved work" not in variants(rule)):
        fitting = [pair for pair in fitting if "{u}" not in pair[1]]
    if "but" in rule and rule["kind"] == "only":
        # "not outside Europe except Britain" could be read either way
        fitting = [pair for pair in fitting if not any(word in pair[1] for word in UNCLEAR)]
    if "but" in rule and rule["kind"] == "deny":
        fitting = [pair for pair in fitting if not any(word in pair[1] for word in TWICE)]
    if with_subject:
        fitting = [(form, pattern) for form, pattern in fitting if form == "D" and pattern.startswith("{jobs}")]
    return fitting


TWICE = ("where but", "where]", "except", "other than")
UNCLEAR = ("outside", "leave", "out of", "beyond", "other than", "but", "except", "else than", "elsewhere")


def can_follow(rule: Said) -> bool:
    """Tell whether a rule can be said of `they`."""
    return rule["kind"] not in ("headroom", "objective") and bool(_fitting(rule, with_subject=True))


def variants(rule: Said) -> tuple[str, ...]:
    """Return which patterns can say the rule: they depend on its fields."""
    kind = str(rule["kind"])
    has_where, has_when = "in" in rule or "but" in rule, "when" in rule or "days" in rule
    if kind in ("only", "deny"):
        for field, name in (("carbon_above", "carbon"), ("price_above", "price")):
            if field in rule:
                return (f"deny {name}",)
        return _placements(rule, f"{kind}{' where' if has_where else ''}{' when' if has_when else ''}")
    if kind == "objective":
        return tuple(f"objective {name}" for name in weights.variants(rule))
    name = f"{kind} {_limit(kind, rule)}".strip()
    return (name, f"{name} everywhere") if kind == "approval" and not has_where else (name,)


def _placements(rule: Said, name: str) -> tuple[str, ...]:
    """Return the patterns of a placement, more of them where it has something that asks for its own words."""
    jobs = rule.get("jobs", [])
    if name == "only where" and len(jobs) == 1 and jobs[0].get("home") == rule.get("in") and "but" not in rule:
        return (name, *["only home"] * 3)
    if name == "deny where" and len(jobs) == 2 and "unless" not in rule:
        return (name, *["deny neither"] * 4)
    if name == "deny where" and not jobs and "unless" in rule:
        return (name, *["deny reserved"] * 3)
    if name == "deny where" and len(jobs) == 1 and "team" in rule.get("unless", {}) and len(rule["unless"]) == 1:
        return (name, *["deny reserved work"] * 3)
    if name == "deny where" and not jobs:
        return (name, *["deny everything"] * 3)
    if name == "deny where" and len(rule.get("in", ())) > 1 and "but" not in rule and "unless" not in rule:
        return (name, *["deny nowhere"] * 2)
    return (name,)


def _limit(kind: str, rule: Said) -> str:
    match kind:
        case "delay":
            both = "within" in rule and "by" in rule
            return "both" if both else "by" if "by" in rule else _prompt_or_not(rule)
        case "headroom":
            return "free" if "free" in rule else "max"
        case "suspend":
            return str(rule.get("allowed", "times")).lower()
        case "approval":
            return "limit" if "cost_above" in rule or "carbon_above" in rule else "all"
        case "budget":
            return numerals_of(str(rule["max"]))
    return ""


def _prompt_or_not(rule: Said) -> str:
    return "now" if rule["within"] == "0 h" else "within"


def numerals_of(limit: str) -> str:
    """Return what a budget limits, by its unit."""
    unit = limit.split(" ")[1]
    return "money" if unit == "usd" else "energy" if unit in ("kwh", "mwh") else "carbon"


def _subject(rule: Said, form: str, rng: Rng, *, agents: bool) -> Subject:
    """Return the jobs that a rule is about, or whose they are where these are to act."""
    owners = [owner(selector, rng) for selector in rule.get("jobs", ())] if agents else []
    subjects = [who for who in owners if who] if all(owners) and owners else _subjects(rule, form, rng)
    if len(subjects) == 1:
        return subjects[0]
    words = say(_PAIR, rng, a=subjects[0].words, b=subjects[-1].words)
    return Subject(words, plural=True)


_PAIR = "[[|||both ]{a} and {b}|{a} as well as {b}|{a} & {b}|{a} and [also|likewise] {b}|{a} plus {b}]"


def _subjects(rule: Said, form: str, rng: Rng) -> list[Subject]:
    waits = rule["kind"] in ("approval", "suspend") or "carbon_above" in rule or "price_above" in rule
    owners = not waits and (rule["kind"] != "delay" or form == "D")
    if owners and len(rule.get("jobs", ())) > 1 and chance(rng, 0.4):
        named_alone = [who for selector in rule["jobs"] if (who := owner(selector, rng))]
        if len(named_alone) == len(rule["jobs"]):
            return named_alone
    return [subject(selector, rng, owners=owners) for selector in rule.get("jobs", [None])]


def _nowhere(rule: Said, rng: Rng) -> str:
    """Return the regions of a rule to follow `neither`."""
    names = [named(region, rng) for region in rule["in"]]
    return one(rng, [" nor ", " nor ", ", nor "]).join(names)


def _bare(rule: Said, rng: Rng, *, spares: bool = True) -> str:
    """Return the subject to follow `no`, with whom the rule spares unless the pattern says it."""
    words = _several(rule, rng, one(rng, [" or ", " and no "]), bare=True)
    return words + (exemptions.beside(rule["unless"], rng) if spares and "unless" in rule else "")


def _several(rule: Said, rng: Rng, joint: str, *, bare: bool) -> str:
    return joint.join(subject(selector, rng, bare=bare).words for selector in rule.get("jobs", [None]))


def when(rule: Said, rng: Rng) -> str:
    """Return the words of a window: time, zone and days in one of two orders; empty without one."""
    if "days" in rule and rule.get("when") in ("night", "morning", "afternoon") and chance(rng, 0.5):
        return clocks.part_of_days(rule["when"], rule["days"], rng)
    time = clocks.span(rule["when"], rng) if "when" in rule else ""
    if "tz" in rule:
        time += " " + clocks.zone(rule["tz"], rng)
    days = clocks.days(rule["days"], rng) if "days" in rule else ""
    if not (time and days):
        return time or days
    return f"{days} {time}" if chance(rng, 0.35) else f"{time}{one(rng, [' ', ' ', ', '])}{days}"


_VALUES = (
    "at", "place", "when", "carbon_above", "price_above", "cost_above", "max", "free", "portion", "per", "within", "by",
    "times", "heavy", "light", "multiple", "weights", "given", "giving", "amount",
)  # fmt: skip


def value(name: str, rule: Said, rng: Rng) -> str:
    """Return the words of one slot of a rule's pattern: its place, its limit, how often it holds."""
    said = str(rule.get(name, ""))
    match name:
        case "at":
            return at(rule, rng)
        case "place":
            return place(rule, rng)
        case "when":
            return when(rule, rng)
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
        case "portion":
            return numerals.portion(str(rule.get("max") or rule["free"]), rng)
        case "per":
            return keep(say(_PER, rng, per=said, ly="daily" if said == "day" else f"{said}ly"))
        case "within":
            return numerals.duration(said, rng)
        case "by":
            return _by(rule, rng)
        case "times":
            return keep(_times(int(said), rng))
        case "multiple":
            return weights.multiple(rule, rng)
        case "weights":
            return weights.listed(rule, rng)
        case "given" | "giving":
            return weights.given(rule, rng, verb=name == "given")
    return weights.goal(rule, rng, heaviest=name == "heavy")


_PER = "[a {per}|per {per}|each {per}|every {per}|per {per}|in any one {per}|per calendar {per}]"


def _amount(rule: Said, rng: Rng) -> str:
    said = str(rule.get("max") or rule.get("cost_above") or rule.get("carbon_above"))
    if said.endswith("usd"):
        return numerals.money(said, rng)
    return numerals.measured(said, rng) if said.endswith("wh") else numerals.mass(said, rng)


def _by(rule: Said, rng: Rng) -> str:
    zone = " " + clocks.zone(rule["tz"], rng) if "tz" in rule else ""
    return keep(clocks.clock(rule["by"], rng)) + zone


def _exceed(rule: Said, rng: Rng, *, plural: bool) -> str:
    s = "" if plural else "s"
    if "cost_above" in rule:
        return say("[cost{s}|cost{s} us|would cost] [more than|over] {m}", rng, s=s, m=_amount(rule, rng))
    return say("[emit{s}|would emit|cause{s}] [more than|over] {m}", rng, s=s, m=_amount(rule, rng))


def _times(count: int, rng: Rng) -> str:
    named = {1: "once", 2: "twice"}
    if count in named and chance(rng, 0.7):
        return named[count]
    return say("{n} time{s}", rng, n=numerals.count(count, rng), s="" if count == 1 else "s")
