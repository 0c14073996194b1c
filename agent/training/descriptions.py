"""Descriptions of jobs: what a submitter asks for, among chatter and orders that ask for nothing."""

from __future__ import annotations

import re

from agent.policy.vocabulary import Vocabulary
from agent.training import labels, numerals
from agent.training.calendar_words import day_corrected, draw_moment, moment
from agent.training.description_patterns import CHATTER, FRAMES, HINTS, OPENINGS, ORDERS, PURPOSES
from agent.training.grammar import Rng, capital, chance, keep, one, say, tidy
from agent.training.invented import ADJECTIVES, PLACES
from agent.training.places import Said, draw_names, draw_where, listed, named, place
from agent.training.subjects import draw_duration

EXTRA = (("within", "priority"), ("earliest", "deadline"))
"""Hints that people say together more often than chance would have it."""
MEMORY_UNITS = {"gb": "[GB|GB|GB|gigs|gigabytes|gig|gb]", "tb": "[TB|TB|terabytes]", "mb": "[MB|MB|megabytes]"}
FIELDS = ("deadline", "earliest", "within", "only", "deny", "pause", "priority", "takes", "cpus", "gpus", "memory")


def description(vocabulary: Vocabulary, rng: Rng) -> tuple[str, Said]:
    """Return a marked text, before slips of the keyboard, and the hints that it states."""
    said = _draw(vocabulary, rng)
    if chance(rng, 0.16) and len(said) > 1:
        return _labels(said, vocabulary, rng), said
    clauses = [_framed(_clause(group, said, rng), rng) for group in _groups(said, rng)]
    clauses += [_filled(one(rng, CHATTER), vocabulary, rng) for _ in range(one(rng, [0, 0, 0, 1, 1, 2]))]
    for _ in range(one(rng, [0] * 17 + [1, 1, 1, 2])):
        clauses.append(_filled(one(rng, ORDERS), vocabulary, rng))
    clauses = [clauses[int(i)] for i in rng.permutation(len(clauses))]
    if chance(rng, 0.75) or not clauses:
        clauses.insert(0, _filled(one(rng, OPENINGS), vocabulary, rng))
    return _joined(clauses, rng), said


def _labels(said: Said, vocabulary: Vocabulary, rng: Rng) -> str:
    """Return a list of needs, under a title or not."""
    lines = labels.labelled(
        said, rng, lambda field: _value_words(field, said, rng), lambda pattern: _filled(pattern, vocabulary, rng)
    )
    if "within" in said and said["within"] != "0 h":
        lines = [line.replace("latest start", "start within") for line in lines]
    title = _filled(one(rng, OPENINGS), vocabulary, rng) if chance(rng, 0.5) else ""
    return (title.rstrip(".") + one(rng, [": ", "\n", ". ", "\n"]) if title else "") + labels.joined(lines, rng)


def _draw(vocabulary: Vocabulary, rng: Rng) -> Said:
    """Return hints, in the order in which they are written."""
    fields = [str(field) for field in rng.permutation(FIELDS)][: one(rng, [0, 1, 1, 2, 2, 3, 3, 4, 5])]
    fields += one(rng, EXTRA) if chance(rng, 0.1) else ()
    said: Said = {}
    for field in FIELDS:
        if field in fields:
            said |= _value(field, vocabulary, rng)
    if "only" in said and "deny" in said:
        del said["deny"]
    return said


def _value(field: str, vocabulary: Vocabulary, rng: Rng) -> Said:
    match field:
        case "deadline" | "earliest":
            return {field: draw_moment(rng, last=field == "deadline")}
        case "within" if chance(rng, 0.25):
            return {field: "0 h"}
        case "within" | "takes":
            return {field: draw_duration(rng)}
        case "only":
            where = draw_where(vocabulary, rng)
            return {
                "only": where.get("in", draw_names(vocabulary, rng)),
                **({"but": where["but"]} if len(where) > 1 else {}),
            }
        case "deny":
            return {"deny": draw_names(vocabulary, rng)}
        case "pause":
            return {"pause": chance(rng, 0.5)}
        case "priority":
            return {"priority": one(rng, ["low", "normal", "high", "high", "critical"])}
        case "cpus":
            return {
                "cpus": int(one(rng, [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 36, 40, 48, 64, 72, 96, 128, 256]))
            }
        case "gpus":
            return {"gpus": int(one(rng, [0, 1, 1, 2, 3, 4, 4, 5, 6, 8, 8, 10, 12, 16, 32, 64]))}
    unit = one(rng, ["gb", "gb", "gb", "gb", "tb", "mb"])
    sizes = (
        [1, 2, 3, 4]
        if unit == "tb"
        else [2, 4, 8, 10, 12, 16, 24, 32, 48, 64, 80, 96, 100, 128, 192, 200, 256, 384, 512, 768]
    )
    return {"memory": f"{one(rng, sizes)} {unit}"}


def _groups(said: Said, rng: Rng) -> list[str]:
    """Return which hints go into one clause: run time and sizes are often said together."""
    fields = [field for field in said if field != "but"]
    dated = all(re.match("[^+][^:]{2}", str(said.get(field, "+"))) for field in ("earliest", "deadline"))
    if dated and chance(rng, 0.5):
        fields = ["both", *(field for field in fields if field not in ("earliest", "deadline"))]
    if said.get("within") == "0 h" and said.get("priority") in ("high", "critical") and chance(rng, 0.6):
        fields = ["hurry", *(field for field in fields if field not in ("within", "priority"))]
    sizes = [field for field in ("takes", "cpus", "gpus", "memory") if field in fields]
    if len(sizes) > 1 and chance(rng, 0.6):
        fields = [field for field in fields if field not in sizes]
        fields.append("sizes")
    return fields


def _clause(group: str, said: Said, rng: Rng) -> str:
    if group == "sizes":
        return _sizes(said, rng)
    if group == "both":
        e, d = (lambda field=field: _words(field, said, rng) for field in ("earliest", "deadline"))
        return say(one(rng, HINTS["both"]), rng, it=lambda: _it(rng), e=e, d=d)
    if group == "hurry":
        return say(one(rng, HINTS["hurry"]), rng, p=keep(said["priority"]))
    if group == "only" and "but" not in said and chance(rng, 0.06):
        return _place_corrected(said, rng)
    if group == "only" and said["only"][0] in ADJECTIVES and _alone(said) and chance(rng, 0.25):
        return say(one(rng, HINTS["soil"]), rng, it=lambda: _it(rng), a=keep(ADJECTIVES[said["only"][0]]))
    if group == "takes" and re.fullmatch(r"[0-9]+ h", said["takes"]) and said["takes"] != "1 h" and chance(rng, 0.1):
        return _unusual(int(said["takes"].split(" ")[0]), rng)
    variants = {
        "pause": f"pause {said.get('pause')}".lower(),
        "priority": f"priority {said.get('priority')}",
        "deadline": "deadline in" if str(said.get("deadline")).startswith("+") else "deadline",
        "earliest": "earliest in" if str(said.get("earliest")).startswith("+") else "earliest",
        "within": "within now" if said.get("within") == "0 h" else "within",
        "only": "only but" if "but" in said else "only",
    }
    pattern = one(rng, HINTS[variants.get(group, group)])
    while pattern.endswith("@") and re.match(r"[0-9]{2}:", str(said[group])):
        pattern = one(rng, HINTS[group])
    words = say(pattern.rstrip("@"), rng, it=lambda: _it(rng), v=lambda: _words(group, said, rng))
    return keep(words) if group == "priority" else words


def _alone(said: Said) -> bool:
    return len(said["only"]) == 1 and "but" not in said


def _place_corrected(said: Said, rng: Rng) -> str:
    """Return a place that is said by mistake and taken back in the next sentence."""
    wrong = keep(one(rng, PLACES).name)
    right = _value_words("only", said, rng)
    return say("only {w}. [Or rather, no: |No wait, |Sorry, I meant |Wrong, |I mean ]only {r}", rng, w=wrong, r=right)


def _unusual(takes: int, rng: Rng) -> str:
    """Return hours beside those of other runs, with the unit said once."""
    other = int(rng.integers(2, 30))
    return say(one(rng, HINTS["usual"]), rng, w=keep(numerals.count(other, rng)), n=keep(numerals.count(takes, rng)))


def _it(rng: Rng) -> str:
    return one(rng, ["it", "it", "it", "this", "this job", "the job", "this run", "this one", "the run"])


def _sizes(said: Said, rng: Rng) -> str:
    """Return several needs in one clause: `3 hours on 4 GPUs with 64 GB`."""
    sizes = [_words(field, said, rng) for field in ("cpus", "gpus", "memory") if field in said]
    sizes = [sizes[int(i)] for i in rng.permutation(len(sizes))]
    if chance(rng, 0.35):  # as a bare list: "one GPU, 128 GB, half a day of run time"
        if "takes" in said:
            span = say("{d}[| of run time| of work]", rng, d=_words("takes", said, rng))
            sizes.insert(int(rng.integers(len(sizes) + 1)), span)
        return one(rng, [", ", ", ", " - ", "; ", " + "]).join(sizes)
    text = listed(sizes, rng, one(rng, ["and", "and", "plus", "with"])).replace("/", " + ")
    if "takes" not in said:
        return say("[{it} needs {t}|{it} wants {t}|give it {t}|{t}|please reserve {t}|it should get {t}]", rng, it=lambda: _it(rng), t=text)  # noqa: E501 # fmt: skip
    span = _words("takes", said, rng)
    return say("[{it} needs {d} on {t}|{it} takes {d} with {t}|{d} on {t}|{it} runs for {d} on {t}|{t} for {d}|it occupies {t} for {d}|needs {t}, about {d}]", rng, it=lambda: _it(rng), d=span, t=text)  # noqa: E501 # fmt: skip


def _words(field: str, said: Said, rng: Rng) -> str:
    """Return the value of a hint in words; now and then the writer corrects himself."""
    if field in ("deadline", "earliest") and chance(rng, 0.06):
        corrected = day_corrected(str(said[field]), rng)
        if corrected:
            return corrected
    if chance(rng, 0.04) and field in ("deadline", "earliest", "within", "takes", "cpus", "gpus"):
        wrong = _wrong(field, said, rng)
        if wrong:
            right = _value_words(field, said, rng)
            return say("{w}[, no, |, sorry, |, no wait, | - correction: |, I mean |, make that |... actually ]{r}", rng, w=wrong, r=right)  # noqa: E501 # fmt: skip
    return _value_words(field, said, rng)


def _wrong(field: str, said: Said, rng: Rng) -> str:
    if field in ("deadline", "earliest"):
        relative = str(said[field]).startswith("+")
        drawn = f"+{draw_duration(rng)}" if relative else draw_moment(rng, last=False)
        return "" if drawn.startswith("+") != relative else moment(drawn, rng)
    drawn_said = {field: draw_duration(rng) if field in ("within", "takes") else int(rng.integers(1, 30))}
    return _value_words(field, drawn_said, rng)


def _value_words(field: str, said: Said, rng: Rng) -> str:
    value = said[field]
    match field:
        case "deadline" | "earliest":
            return moment(value, rng)
        case "within" | "takes":
            return numerals.duration(value, rng)
        case "only":
            return place({"in": value, **({"but": said["but"]} if "but" in said else {})}, rng)
        case "deny":
            return listed([named(region, rng) for region in value], rng, "or")
        case "cpus":
            return keep(_counted(value, "[core|core|CPU|vCPU|cpu core|CPU core|processor|cpu]", rng))
        case "gpus" if value == 0:
            return keep(say("no [GPU|GPUs|GPUs at all|gpu]", rng))
        case "gpus":
            return keep(_counted(value, "[GPU|GPU|GPU|gpu|A100|H100|accelerator|A100 GPU|graphics card]", rng))
        case "memory":
            digits, unit = value.split(" ")
            spelled = say(MEMORY_UNITS[unit], rng)
            close = "" if spelled.isupper() and chance(rng, 0.3) else " "
            n = numerals.count(int(digits), rng) if close else digits
            return keep(n + close + spelled + say("[ of memory| RAM| of RAM| memory| of main memory|]", rng))
    return ""


def _counted(count: int, noun: str, rng: Rng) -> str:
    name = say(noun, rng)
    if name[-1].isdigit() and chance(rng, 0.3):
        return f"{count}x {name}" if chance(rng, 0.5) else f"{count}x{name}"
    number = "a single" if count == 1 and chance(rng, 0.3) else numerals.count(count, rng)
    return f"{number} {name}{'' if count == 1 else 's'}"


def _framed(text: str, rng: Rng) -> str:
    return say(one(rng, FRAMES), rng, v=text) if chance(rng, 0.5) else f"{text}."


def _filled(pattern: str, vocabulary: Vocabulary, rng: Rng) -> str:
    def number() -> str:
        return str(int(rng.integers(2, 40)) if chance(rng, 0.5) else int(rng.integers(100, 9000)))

    text = say(
        pattern,
        rng,
        n=number,
        m=lambda: str(int(rng.integers(2, 13))),
        what=lambda: one(rng, PURPOSES),
        place=lambda: draw_names(vocabulary, rng)[0],
        team=lambda: one(rng, vocabulary.teams or ("ops",)),
        who=lambda: one(rng, ["Maria", "Jo", "Sam", "Chen", "Olga", "Priya", "Ali", "Ben", "Lena", "Kofi"]),
    )
    return text.replace("<<", "{").replace(">>", "}")


def _joined(clauses: list[str], rng: Rng) -> str:
    """Return the clauses as running text, as a list or separated by strokes."""
    style = rng.random()
    texts = [tidy(one_) for one_ in clauses]
    if style < 0.12 and len(texts) > 1:
        return "\n".join(f"- {text.rstrip('.')}" for text in texts)
    if style < 0.2:
        return one(rng, ["; ", " / ", ", ", " | "]).join(text.rstrip(".") for text in texts)
    return " ".join(capital(text) if text.endswith((".", "!", "?")) else capital(text) + "." for text in texts)
