"""Free-text job descriptions whose true constraints are known, so that reading them can be scored.

A text is composed, not filled in: what the job is for, then each constraint said in one of several ways and framed in
one of several ways (a plea, a reason, somebody else's words, a correction), in any order, among chatter with numbers
that mean nothing. The truth has the fields of JobHints that the text states: `max_delay_h, regions_only, regions_deny,
interruptible, priority, duration_h, cpus, gpus, memory_gb`. Moments (deadlines, earliest starts) are not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np

Rng = np.random.Generator
_PURPOSES = (
    "nightly report", "training run", "backup", "video transcoding", "genome assembly", "ETL for billing",
    "parameter sweep", "index rebuild", "weather model", "test suite", "log compaction", "risk simulation",
)  # fmt: skip
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class Description:
    """A text, and what it truly asks for: field of JobHints to value."""

    text: str
    truth: Mapping[str, Any]


def describe(regions: Mapping[str, Sequence[str]], rng: Rng, *, most: int = 3) -> Description:
    """Return a description with up to `most` constraints, possibly none.

    Args:
        regions: Region id to the names by which people call it.
    """
    kinds = list(rng.permutation(list(_CONSTRAINTS))[: rng.integers(0, most + 1)])
    if {"only", "deny"} <= set(kinds):
        kinds.remove("deny")
    truth: dict[str, Any] = {}
    clauses = []
    for kind in kinds:
        said, found = _CONSTRAINTS[kind](regions, rng)
        clauses.append(_framed(said, rng))
        truth |= found
    clauses += [_chatter(rng) for _ in range(int(rng.integers(0, 3)))]
    order = rng.permutation(len(clauses))
    text = " ".join([_opening(rng), *(clauses[i] for i in order)])
    return Description(_slips(text, rng), truth)


def describe_wishes(
    regions: Mapping[str, Sequence[str]], submitted: datetime, duration_s: float, rng: Rng, *, pauses: bool
) -> Description:
    """Return a description that alone says how long its job can wait, whether it may be paused, and where it may run.

    Each of them only sometimes. The truth may hold `deadline`, a moment, beside fields that `describe` knows.

    Args:
        regions: As in `describe`.
        submitted: When, on the submitter's clock: days and hours in the text are meant so.
        duration_s: How long the job is declared to run; it can be done by any deadline that is said.
        pauses: Whether the text may say anything of pauses.
    """
    told = [_wait(submitted, duration_s, rng)] if rng.random() < 0.75 else []
    if pauses and rng.random() < 0.6:
        told.append(_interruptible(regions, rng))
    if rng.random() < 0.15:
        told.append(_deny(regions, rng))
    truth = {name: value for _, found in told for name, value in found.items()}
    clauses = [_framed(said, rng) for said, _ in told] + [_chatter(rng) for _ in range(int(rng.integers(0, 2)))]
    order = rng.permutation(len(clauses))
    return Description(_slips(" ".join([_opening(rng), *(clauses[i] for i in order)]), rng), truth)


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _wait(submitted: datetime, duration_s: float, rng: Rng) -> tuple[str, dict[str, Any]]:
    """Return how long a job can wait: hours to its start, or a moment by which it must be done."""
    sunday = submitted.date() + timedelta(days=6 - submitted.weekday())
    day = submitted.date() + timedelta(days=int(rng.integers(1, 5)))
    hour = int(rng.choice([9, 12, 17, 20]))
    by_day = datetime.combine(day, time(hour), submitted.tzinfo)
    by_sunday = datetime.combine(sunday, time(23, 59, 59), submitted.tzinfo)
    soonest = submitted.astimezone(UTC) + timedelta(seconds=duration_s)
    kind = rng.random()
    if kind < 0.35 and by_day.astimezone(UTC) > soonest:
        said = _one(rng, "needed by {}", "it has to be done by {}", "finish it by {}", "the results are due {}")
        return said.format(f"{_DAYS[day.weekday()]} {hour}:00"), {"deadline": by_day.astimezone(UTC)}
    if kind < 0.5 and by_sunday.astimezone(UTC) > soonest:
        said = _one(rng, "any time before the end of the week will do", "it must be done by the end of the week")
        return said, {"deadline": by_sunday.astimezone(UTC)}
    if kind < 0.6:
        said = _one(rng, "it must start within 30 minutes", "start it no later than 30 minutes from now")
        return said, {"max_delay_h": 0.5}
    hours = int(rng.choice([6, 12, 24, 36, 48]))
    span = "two days" if hours == 48 and rng.random() < 0.5 else f"{_number(hours, rng)} hours"
    said = _one(rng, "it can wait up to {}", "start it within {}", "it may start any time within {}",
                "it cannot wait longer than {}")  # fmt: skip
    return said.format(span), {"max_delay_h": float(hours)}


def _one(rng: Rng, *choices: str) -> str:
    return choices[int(rng.integers(len(choices)))]


def _number(value: int, rng: Rng) -> str:
    return _WORDS[value] if value < len(_WORDS) and rng.random() < 0.4 else str(value)


def _opening(rng: Rng) -> str:
    what = _one(rng, *_PURPOSES)
    whose = _one(rng, "", " for the research group", " for finance", " of the ads team", " for a demo", " (v2)")
    form = _one(rng, "{}.", "This is the {}.", "Hi, we have a {} here.", "{}, as discussed.", "Please run the {}.",
                "Another {}, sorry.", "The usual {} again.")  # fmt: skip
    said = form.format(what + whose)
    return said[0].upper() + said[1:]


def _framed(said: str, rng: Rng) -> str:
    """Return a constraint as people say it: as it is, with a plea, a reason, or as somebody else's wish."""
    frame = _one(
        rng, "{}.", "Please note: {}.", "{}, please.", "My manager says {}.", "We were told that {}.",
        "Just so you know, {}.", "{}, because of the audit.", "It matters to us that {}.", "{} - thanks!",
        "If I read our contract right, {}.", "As always, {}.", "Legal insists: {}.",
    )  # fmt: skip
    text = frame.format(said)
    return text[0].upper() + text[1:]


def _chatter(rng: Rng) -> str:
    """Return words that ask for nothing, with numbers that mean nothing."""
    n = int(rng.integers(2, 900))
    return _one(
        rng, f"Ticket {n + 1000} has the details.", f"Last time it wrote {n} files.", "Ping me on chat if it fails.",
        f"It is the {n}th revision of the script.", "No idea why it was slow yesterday.",
        f"There are {n} people waiting.",
        f"We have used {n} of our credits this quarter.", "The output goes to the usual place.",
        "Nothing special otherwise.", f"The seed is {n}.",
    )  # fmt: skip


def _place(regions: Mapping[str, Sequence[str]], rng: Rng) -> tuple[str, str]:
    ids = sorted(regions)
    region = ids[int(rng.integers(len(ids)))]
    return region, _one(rng, *regions[region])


def _only(regions: Mapping[str, Sequence[str]], rng: Rng) -> tuple[str, dict[str, Any]]:
    region, name = _place(regions, rng)
    said = _one(rng, "it may only run in {}", "the data must not leave {}", "keep it in {}", "{} and nowhere else",
                "it has to stay in {}", "nothing outside {} is allowed")  # fmt: skip
    if rng.random() < 0.1:
        other = _one(rng, *(n for r, names in sorted(regions.items()) if r != region for n in names))
        return f"keep it in {other}, no wait, in {name}", {"regions_only": [region]}
    return said.format(name), {"regions_only": [region]}


def _deny(regions: Mapping[str, Sequence[str]], rng: Rng) -> tuple[str, dict[str, Any]]:
    region, name = _place(regions, rng)
    said = _one(rng, "do not run it in {}", "anywhere but {}", "never {}", "{} is out of the question",
                "we may not use {} for this", "avoid {} at all cost")  # fmt: skip
    return said.format(name), {"regions_deny": [region]}


def _delay(regions: Mapping[str, Sequence[str]], rng: Rng) -> tuple[str, dict[str, Any]]:
    hours = int(rng.integers(1, 49))
    span = f"{_number(hours, rng)} hour{'s' if hours > 1 else ''}"
    if hours % 24 == 0 and rng.random() < 0.5:
        span = _one(rng, "a day") if hours == 24 else "two days"
    said = _one(rng, "it must start within {}", "it cannot wait longer than {}", "start it no later than {} from now",
                "{} of delay at most", "we can spare {} but not more")  # fmt: skip
    return said.format(span), {"max_delay_h": float(hours)}


def _interruptible(regions: Mapping[str, Sequence[str]], rng: Rng) -> tuple[str, dict[str, Any]]:
    if rng.random() < 0.5:
        said = _one(rng, "it checkpoints, so pause it whenever you like", "stopping and resuming it is fine",
                    "feel free to suspend it", "it can be interrupted at any time")  # fmt: skip
        return said, {"interruptible": True}
    said = _one(rng, "do not interrupt it once it runs", "it has no checkpoints and must run in one go",
                "never pause it", "it must not be suspended")  # fmt: skip
    return said, {"interruptible": False}


def _priority(regions: Mapping[str, Sequence[str]], rng: Rng) -> tuple[str, dict[str, Any]]:
    said = {
        "low": ("there is no hurry at all", "low priority", "whenever there is room to spare"),
        "high": ("this one is urgent", "high priority", "it should go before our other jobs"),
        "critical": ("production is down until this is done", "it is critical", "this is an emergency"),
    }
    level = _one(rng, *said)
    return _one(rng, *said[level]), {"priority": level}


def _duration(regions: Mapping[str, Sequence[str]], rng: Rng) -> tuple[str, dict[str, Any]]:
    if rng.random() < 0.3:
        minutes = int(rng.choice([15, 30, 45, 90]))
        return _one(rng, "it takes about {} minutes", "expect {} minutes").format(minutes), {"duration_h": minutes / 60}
    hours = int(rng.integers(1, 13))
    span = f"{_number(hours, rng)} hour{'s' if hours > 1 else ''}"
    said = _one(rng, "it runs for {}", "it needs {} to finish", "count on {} of run time", "last time it took {}")
    return said.format(span), {"duration_h": float(hours)}


def _resources(regions: Mapping[str, Sequence[str]], rng: Rng) -> tuple[str, dict[str, Any]]:
    field = _one(rng, "cpus", "gpus", "memory_gb")
    count = int(
        rng.choice({"cpus": [2, 4, 8, 16, 32], "gpus": [1, 2, 4, 8], "memory_gb": [8, 16, 64, 128, 256]}[field])
    )
    noun = {"cpus": _one(rng, "cores", "CPUs"), "gpus": "GPU" if count == 1 else "GPUs",
            "memory_gb": _one(rng, "GB of memory", "GB RAM")}[field]  # fmt: skip
    said = _one(rng, "it wants {}", "give it {}", "{} should do", "it needs {}")
    return said.format(f"{_number(count, rng)} {noun}"), {field: float(count)}


_CONSTRAINTS: dict[str, Callable[[Mapping[str, Sequence[str]], Rng], tuple[str, dict[str, Any]]]] = {
    "only": _only,
    "deny": _deny,
    "delay": _delay,
    "interruptible": _interruptible,
    "priority": _priority,
    "duration": _duration,
    "resources": _resources,
}


def _slips(text: str, rng: Rng) -> str:
    """Return the text with a slip of the keyboard now and then, never in a number, a name or a short word."""
    words = text.split(" ")
    for i, word in enumerate(words):
        if rng.random() < 0.02 and len(word) > 6 and word.isalpha() and word.islower() and word not in _WORDS:
            at = int(rng.integers(1, len(word) - 2))
            words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)
