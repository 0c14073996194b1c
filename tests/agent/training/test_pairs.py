from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from unittest import mock

import numpy as np
import pytest

from agent.policy.rules import DAYS, Unenforceable
from agent.said import hints, rules
from agent.said.hints import SaidHints
from agent.said.quantity import Unreadable
from agent.said.rules import SaidAnswer
from agent.training.calendar_words import MONTHS
from agent.training.clocks import NAMES
from agent.training.grammar import keep, plain, say, slips
from agent.training.invented import ADJECTIVES, TAGS
from agent.training.numerals import SHARES, words
from agent.training.pairs import Group, Pair, groups

NOW = datetime(2026, 12, 2, 10, tzinfo=UTC)
with mock.patch.multiple(
    "agent.training.pairs", canonical_answer=lambda said, _: said, canonical_hints=lambda said, _: said
):
    GROUPS = list(islice(groups(7, 8), 250))
    """With answers in the units and words of their texts, so that these can be looked for there."""
PAIRS = [(group, pair) for group in GROUPS for pair in group.pairs]
EITHER_WORD = {
    "batch": ("batch", "offline"),
    "interactive": ("interactive", "online"),
    "low": ("low", "hurry", "rush", "not urgent", "room to spare", "nothing else needs", "go last"),
    "high": ("high", "urgent", "hurry", "before our other"),
    "critical": ("critical", "top-priority", "emergency", "production is down"),
}


def of_task(task: str) -> list[tuple[Group, Pair]]:
    return [(group, pair) for group, pair in PAIRS if group.task == task]


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of an answer with the field it is in."""
    if isinstance(value, dict):
        for field, inner in value.items():
            yield from leaves(inner, field)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    else:
        yield name, value


def numbers_of(said: str) -> list[str]:
    """Return ways to write the number of a quantity, and of the spans that people have words for."""
    digits = said.split(" ")[0]
    ways = [digits, *([words(int(digits))] if "." not in digits else [])]
    if "." not in digits:
        thousands = int(digits) // 1000
        ways += [f"{int(digits):,}", f"{int(digits):,}".replace(",", " "), f"{thousands}k"]
    ways += {
        "0.5": ["half"],
        "1.5": ["half", "1½"],
        "2.5": ["half", "2½"],
        "0.25": ["quarter"],
        "1": ["a", "an", "single"],
    }.get(digits, [])
    return [*ways, *SPOKEN.get(said, []), *SHARES.get(said, ()), *IN_ALL.get(said, [])]


SPOKEN = {
    "7 d": ["week"],
    "14 d": ["two weeks", "fortnight"],
    "36 h": ["day and a half", "half days", "1.5 days"],
    "12 h": ["half a day"],
    "15 min": ["quarter"],
    "45 min": ["three quarters of an hour"],
    "90 min": ["hour and a half", "half hours"],
}
IN_ALL = {
    "50 %": ["in two", "every other", "every second", "of two"],
    "25 %": ["in four", "every fourth", "in 4"],
    "20 %": ["in five", "every fifth", "in 5"],
    "10 %": ["in ten", "every tenth", "in 10"],
    "5 %": ["in twenty", "every twentieth"],
    "75 %": ["three in four", "s in four"],
    "80 %": ["four in five", "s in five", "4 of 5"],
    "90 %": ["nine in ten", "s in ten"],
    "60 %": ["s in five", "3 of every 5"],
}
"""Spans and shares that people say without their number."""


def clocks_of(said: str) -> list[str]:
    """Return what may stand for the hour of `16:30`."""
    hour, minute = (int(part) for part in said.split(":"))
    twelve = (hour - 1) % 12 + 1
    ways = [str(hour), f"{hour:02}", str(twelve), words(twelve), words(twelve % 12 + 1)]
    return ways + (["noon", "midday", "midnight"] if hour % 12 == 0 and minute == 0 else [])


def days_of(said: str) -> list[list[str]]:
    """Return, for each day that is named, the ways to write it."""
    found = [[NAMES[DAYS.index(day)].lower(), day] for day in re.findall("|".join(DAYS), said)]
    together = {"mon-fri": ["weekday", "working day", "workday", "during the week", "week day"], "sat,sun": ["weekend"]}
    return [ways + together.get(said, []) for ways in found]


def states(text: str, name: str, value: Any) -> bool:
    """Tell whether a value of an answer is in the text in some form."""
    low = text.lower()
    if name in ("in", "but", "home", "only", "deny"):
        return any(way.lower() in low for way in (value, ADJECTIVES.get(value, value)))
    if name == "tag":
        return any(way.lower().removesuffix("s") in low for way in (value, *TAGS.get(value, ())))
    if name in ("team", "customer", "tz"):
        return value.lower() in low
    if name == "when" and "-" not in value:
        return any(
            word in low for word in {"business hours": ("hours",), "evening peak": ("evening",)}.get(value, (value,))
        )
    if name in ("when", "by"):
        first, *rest = value.split("-")
        open_ended = value.startswith("00:00-") or value.endswith("-24:00")
        both = [any(way in low for way in clocks_of(clock)) for clock in (first, *rest)]
        return any(both) if open_ended else all(both)
    if name == "days":
        return all(any(way in low for way in ways) for ways in days_of(value))
    if name in ("deadline", "earliest"):
        return states_moment(low, value)
    if name in ("gpus", "cpus", "times"):
        return any(
            way in low
            for way in (str(value), words(value), *{0: ["no "], 1: ["once", "single"], 2: ["twice"]}.get(value, []))
        )
    if name in ("kind", "at_least", "at_most", "priority") and value in EITHER_WORD:
        return any(word in low for word in EITHER_WORD[value])
    if isinstance(value, str) and value[:1].isdigit() and name not in ("carbon", "cost", "delay") and value != "0 h":
        return any(way in low for way in numbers_of(value))
    return True


def states_moment(low: str, said: str) -> bool:
    if said.startswith("+"):
        return any(way in low for way in numbers_of(said[1:]))
    clock = re.search(r"\d\d:\d\d", said)
    if clock and not any(way in low for way in clocks_of(clock[0])):
        return False
    date = re.search(r"(\d\d)-(\d\d)$", said)
    if date:
        return date[0] in low or MONTHS[int(date[1]) - 1].lower()[:3] in low
    return all(any(way in low for way in ways) for ways in days_of(said[:3]))


@pytest.mark.parametrize("task", ["rules", "hints"])
def test_every_answer_parses_and_resolves_or_names_what_is_unknown(task: str):
    for group, pair in of_task(task):
        if task == "rules":
            found = rules.resolve(SaidAnswer.model_validate_json(pair.answer), group.vocabulary, pair.text)
            reasons = [item.reason for item in found if isinstance(item, Unenforceable)]
        else:
            reasons = refused(group, pair)
        for reason in reasons:
            named = (
                *rules.REASONS.values(),
                "unknown ",
                "no region is left",
                "is not the name of one time zone",
                "is not after",
            )
            assert any(part in reason for part in named), (reason, pair)


def refused(group: Group, pair: Pair) -> list[str]:
    try:
        hints.resolve(SaidHints.model_validate_json(pair.answer), NOW, "Europe/Berlin", group.vocabulary)
    except Unreadable as error:
        return [str(error)]
    return []


def test_every_value_of_an_answer_is_stated_in_its_text():
    for _, pair in PAIRS:
        for name, value in leaves(json.loads(pair.answer)):
            assert states(pair.text, name, value), f"{name}={value!r} is not stated in {pair}"


def test_the_check_above_notices_what_is_not_stated():
    assert not states("Keep batch jobs out of Texas between 4 and 9 pm.", "in", "Ohio")
    assert not states("Keep batch jobs out of Texas between 4 and 9 pm.", "when", "16:00-20:00")
    assert not states("No more than two tonnes a month.", "max", "3 t")
    assert not states("By Friday 5pm.", "deadline", "thu 17:00")


def test_the_same_seed_gives_the_same_pairs_and_another_seed_others():
    assert list(islice(groups(7, 8), 5)) == list(islice(groups(7, 8), 5))
    assert list(islice(groups(7, 8, first=3), 2)) == list(islice(groups(7, 8), 3, 5))
    other = {pair.text for group in islice(groups(8, 8), 100) for pair in group.pairs}
    assert len(other & {pair.text for _, pair in PAIRS}) < 10


def test_texts_hardly_repeat():
    assert len({pair.text for _, pair in PAIRS}) > 0.985 * len(PAIRS)


def test_wordings_are_diverse():
    """Two thousand pairs have more than 20,000 different sequences of four words."""
    found = set()
    for _, pair in PAIRS:
        spoken = re.findall(r"\w+", pair.text.lower())
        found |= {tuple(spoken[at : at + 4]) for at in range(len(spoken) - 3)}
    assert len(found) > 20_000


def test_no_skeleton_is_more_frequent_than_one_in_a_hundred():
    skeletons = Counter(skeleton(pair) for _, pair in PAIRS)
    assert skeletons.most_common(1)[0][1] <= 0.01 * len(PAIRS)
    assert len(skeletons) > 0.97 * len(PAIRS)


def skeleton(pair: Pair) -> str:
    """Return a text with names and numbers masked."""
    text = pair.text
    for said in sorted(set(pair.said), key=len, reverse=True):
        text = text.replace(said, "_")
    return re.sub(r"\d+", "#", text).lower()


def test_all_kinds_fields_and_reasons_occur():
    answers = [json.loads(pair.answer) for _, pair in of_task("rules")]
    fields = {name for answer in answers for name, _ in leaves(answer)}
    assert fields >= {name for name in rules.SaidRule.model_fields if name not in ("jobs", "unless", "in_", "soft")}
    assert fields >= {*rules.SaidSelector.model_fields, "in", "soft"}
    assert {answer.get("none") for answer in answers} == {None, *rules.REASONS}
    hinted = {name for _, pair in of_task("hints") for name in json.loads(pair.answer)}
    assert hinted == set(SaidHints.model_fields)
    assert any(json.loads(pair.answer) == {} for _, pair in of_task("hints"))


def test_slips_spare_what_carries_meaning():
    rng = np.random.default_rng(0)
    text = f"please never schedule {keep('training jobs')} anywhere near {keep('Frankfurt')}"
    assert {slipped for _ in range(30) if (slipped := slips(text, rng, 0.5)) != text}
    assert all(keep("training jobs") in slips(text, rng, 1.0) for _ in range(30))
    assert plain(slips(text, rng, 0.0)) == plain(text)


def test_alternatives_nest_and_slots_are_filled_anew():
    rng = np.random.default_rng(0)
    numbers = iter("123")
    said = {say("[a|b[c|d]] {n}", np.random.default_rng(seed), n="x") for seed in range(40)}
    assert said == {"a x", "bc x", "bd x"}
    assert say("{n}{n}", rng, n=lambda: next(numbers)) == "12"


def test_an_open_bracket_is_refused():
    with pytest.raises(ValueError, match="not closed"):
        say("[a|b", np.random.default_rng(0))
