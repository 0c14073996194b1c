"""What code finds in a text, as a line for the tuned model: names with their kinds, quantities, times, ready to copy.

A small model says well how the parts of a sentence belong together, and looks up, converts and spells badly. The line
leaves it the first. The parts are those that a reading is compared with afterwards (agent/mentions/).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import date

from agent.mentions.dates import DATES, MONTHS, OF_MONTH, WORDS
from agent.mentions.mention import Mention
from agent.mentions.reading import mentions
from agent.policy.rules import DAYS
from agent.policy.vocabulary import Vocabulary
from agent.said.task import Task

SHARED = frozenset({"region", "days", "clock", "period", "zone", "h", "times", "number"})
TASKS = {
    "rules": SHARED
    | {"team", "customer", "tag", "kind", "at_least", "at_most", "gpu"}
    | {"kg", "g/kwh", "usd", "usd/mwh", "kwh", "share"},
    "hints": SHARED | {"date", "level", "gb", "cpus", "gpus"},
}
"""What may be in an answer, by the task."""
NAMED = ("team", "customer", "tag", "kind", "at_least", "at_most", "level", "gpu", "zone")
"""Kinds of notes that begin with their kind."""
UNITS = {"g/kwh": "g", "usd/mwh": "usd"}
"""Units that an answer writes shorter: the field tells the rest."""
SAYS_A_DAY = date(2026, 1, 1)
"""Any day: dates are noted as they are said."""


def noted(task: Task, vocabulary: Vocabulary, text: str) -> tuple[str, ...]:
    """Return the notes on a text, in its order, each once; `a|b` where it is open which is meant.

    Example:
        >>> known = Vocabulary.model_validate({"regions": [{"id": "a", "zone": "A", "tz": "UTC", "names": ["Sweden"]}]})
        >>> noted("rules", known, "Batch jobs wait a day and a half for Swedish wind, from 10pm on.")
        ('kind batch', '36 h', 'Sweden', '22:00')
    """
    found = mentions(text, vocabulary, SAYS_A_DAY).all
    return tuple(dict.fromkeys(filter(None, (note(task, vocabulary, one) for one in found))))


def note(task: Task, vocabulary: Vocabulary, one: Mention) -> str:
    """Return the note on a mention, empty if nothing of it could be in an answer."""
    return "|".join(dict.fromkeys(_alternatives(one, TASKS[task], vocabulary)))


def _alternatives(one: Mention, kept: frozenset[str], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield what a mention may be in an answer."""
    if not one.demanded and not (one.of("tag") or one.of("h")):
        return
    shares = "share" in kept and bool(one.of("share"))  # "one in four" is no 1 and no 4
    for dimension, value in sorted(one.meanings, key=lambda meaning: (meaning[0], str(meaning[1]))):
        if dimension not in kept or (shares and dimension != "share"):
            continue
        if dimension == "date":
            yield _date(one.words)
            return
        yield _region(one, value, vocabulary) if dimension == "region" else _spelled(dimension, value)


def _spelled(dimension: str, value: Hashable) -> str:
    match dimension, value:
        case "days", frozenset():
            return spelled_days(value)
        case "clock" | "period", str():
            return value
        case "h", float():
            return hours(value)
        case "share", float():
            return f"{number(100 * value)} %"
        case "number", float():
            return number(value)
        case _, float():
            return f"{number(value)} {UNITS.get(dimension, dimension)}"
    return f"{dimension} {str(value).lower() if dimension == 'gpu' else value}"


def _region(one: Mention, ids: Hashable, vocabulary: Vocabulary) -> str:
    """Return the words that the vocabulary has for the regions that are meant, the text's own where it can."""
    meant = [name for name in spellings(vocabulary) if frozenset(vocabulary.find("region", name)) == ids]
    return next((name for name in meant if name.lower() == one.words.lower()), meant[0])


def spellings(vocabulary: Vocabulary) -> list[str]:
    """Return all that a vocabulary calls its regions, names first."""
    return [name for region in vocabulary.regions for name in (*region.names, *region.groups, region.id, region.zone)]


def _date(words: str) -> str:
    """Return a date or a word for a day as hints say it."""
    for pattern in DATES:
        if found := pattern.fullmatch(words):
            groups = found.groupdict()
            month = MONTHS.index(groups["month"][:3].lower()) + 1 if groups.get("month") else int(groups["number"])
            year = f"{groups['year']}-" if groups.get("year") else ""
            return f"{year}{month:02}-{int(groups['day']):02}"
    if found := OF_MONTH.fullmatch(words):
        return f"{int(found['day'])}th"
    word = next(word for word, pattern in WORDS.items() if pattern.fullmatch(words))
    return "day after tomorrow" if word == "after tomorrow" else word


def number(value: float) -> str:
    """Return a number without an exponent and with four decimals at most."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def hours(value: float) -> str:
    """Return hours, in minutes where two decimals do not hold them.

    Example:
        >>> hours(1.5), hours(1 / 3)
        ('1.5 h', '20 min')
    """
    return f"{number(value)} h" if abs(value - round(value, 2)) < 1e-6 else f"{number(round(60 * value, 2))} min"


def spelled_days(value: frozenset[str]) -> str:
    """Return days of the week, three and more in a row as their first and last.

    Example:
        >>> spelled_days(frozenset({"sat", "sun", "fri"})), spelled_days(frozenset({"mon", "wed"}))
        ('fri-sun', 'mon,wed')
    """
    if len(value) == len(DAYS):
        return "mon-sun"
    for first, day in enumerate(DAYS):
        row = [DAYS[(first + i) % 7] for i in range(len(value))]
        if len(value) > 2 and set(row) == value:
            return f"{day}-{row[-1]}"
    return ",".join(day for day in DAYS if day in value)
