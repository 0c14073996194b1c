"""Descriptions of jobs: what a submitter asks for, among chatter and orders that ask for nothing."""

from __future__ import annotations

from agent.policy.vocabulary import Vocabulary
from agent.training import numerals
from agent.training.calendar_words import draw_moment, moment
from agent.training.description_patterns import CHATTER, FRAMES, HINTS, OPENINGS, ORDERS, PURPOSES
from agent.training.grammar import Rng, capital, chance, keep, one, say, tidy
from agent.training.places import Said, draw_names, draw_where, listed, named, place
from agent.training.subjects import draw_duration

FIELDS = ("deadline", "earliest", "within", "only", "deny", "pause", "priority", "takes", "cpus", "gpus", "memory")


def description(vocabulary: Vocabulary, rng: Rng) -> tuple[str, Said]:
    """Return a marked text, before slips of the keyboard, and the hints that it states."""
    said = _draw(vocabulary, rng)
    clauses = [_framed(_clause(group, said, rng), rng) for group in _groups(said, rng)]
    clauses += [_filled(one(rng, CHATTER), vocabulary, rng) for _ in range(one(rng, [0, 0, 0, 1, 1, 2]))]
    if chance(rng, 0.1):
        clauses.append(_filled(one(rng, ORDERS), vocabulary, rng))
    clauses = [clauses[int(i)] for i in rng.permutation(len(clauses))]
    if chance(rng, 0.75) or not clauses:
        clauses.insert(0, _filled(one(rng, OPENINGS), vocabulary, rng))
    return _joined(clauses, rng), said


def _draw(vocabulary: Vocabulary, rng: Rng) -> Said:
    """Return hints, in the order in which they are written."""
    fields = [str(field) for field in rng.permutation(FIELDS)][: one(rng, [0, 1, 1, 2, 2, 3, 3, 4])]
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
            return {"cpus": int(one(rng, [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]))}
        case "gpus":
            return {"gpus": int(one(rng, [1, 1, 2, 3, 4, 4, 6, 8, 8, 16, 32]))}
    unit = one(rng, ["gb", "gb", "gb", "gb", "tb", "mb"])
    sizes = [1, 2, 4] if unit == "tb" else [8, 16, 24, 32, 64, 96, 128, 200, 256, 512]
    return {"memory": f"{one(rng, sizes)} {unit}"}


def _groups(said: Said, rng: Rng) -> list[str]:
    """Return which hints go into one clause: run time and sizes are often said together."""
    fields = [field for field in said if field != "but"]
    sizes = [field for field in ("takes", "cpus", "gpus", "memory") if field in fields]
    if len(sizes) > 1 and chance(rng, 0.6):
        fields = [field for field in fields if field not in sizes]
        fields.append("sizes")
    return fields


def _clause(group: str, said: Said, rng: Rng) -> str:
    if group == "sizes":
        return _sizes(said, rng)
    variants = {
        "pause": f"pause {said.get('pause')}".lower(),
        "priority": f"priority {said.get('priority')}",
        "deadline": "deadline in" if str(said.get("deadline")).startswith("+") else "deadline",
        "earliest": "earliest in" if str(said.get("earliest")).startswith("+") else "earliest",
        "within": "within now" if said.get("within") == "0 h" else "within",
        "only": "only but" if "but" in said else "only",
    }
    pattern = one(rng, HINTS[variants.get(group, group)])
    words = say(pattern, rng, it=lambda: _it(rng), v=lambda: _words(group, said, rng))
    return keep(words) if group == "priority" else words


def _it(rng: Rng) -> str:
    return one(rng, ["it", "it", "it", "this", "this job", "the job", "this run", "this one", "the run"])


def _sizes(said: Said, rng: Rng) -> str:
    """Return several needs in one clause: `3 hours on 4 GPUs with 64 GB`."""
    sizes = [_words(field, said, rng) for field in ("cpus", "gpus", "memory") if field in said]
    sizes = [sizes[int(i)] for i in rng.permutation(len(sizes))]
    text = listed(sizes, rng, one(rng, ["and", "and", "plus", "with"])).replace("/", " + ")
    if "takes" not in said:
        return say("[{it} needs {t}|{it} wants {t}|give it {t}|{t}|please reserve {t}|it should get {t}]", rng, it=lambda: _it(rng), t=text)  # noqa: E501 # fmt: skip
    span = _words("takes", said, rng)
    return say("[{it} needs {d} on {t}|{it} takes {d} with {t}|{d} on {t}|{it} runs for {d} on {t}|{t} for {d}|it occupies {t} for {d}|needs {t}, about {d}]", rng, it=lambda: _it(rng), d=span, t=text)  # noqa: E501 # fmt: skip


def _words(field: str, said: Said, rng: Rng) -> str:
    """Return the value of a hint in words; now and then the writer corrects himself."""
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
            return keep(_counted(value, "[core|CPU|vCPU|cpu core]", rng))
        case "gpus":
            return keep(_counted(value, "[GPU|GPU|gpu|A100|accelerator]", rng))
        case "memory":
            digits, unit = value.split(" ")
            return keep(say("{n}[ |]{u}[ of memory| RAM| of RAM| memory|]", rng, n=digits, u=unit.upper()))
    return ""


def _counted(count: int, noun: str, rng: Rng) -> str:
    return f"{numerals.count(count, rng)} {say(noun, rng)}{'' if count == 1 else 's'}"


def _framed(text: str, rng: Rng) -> str:
    frame = one(rng, FRAMES) if chance(rng, 0.5) else "{v}."
    return frame.replace("{v}", text)


def _filled(pattern: str, vocabulary: Vocabulary, rng: Rng) -> str:
    def number() -> str:
        return str(int(rng.integers(2, 40)) if chance(rng, 0.5) else int(rng.integers(100, 9000)))

    text = say(
        pattern,
        rng,
        n=number,
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
