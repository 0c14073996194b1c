from __future__ import annotations

import pytest

from agent.policy.vocabulary import Vocabulary
from agent.said.notes import noted

KNOWN = Vocabulary.model_validate(
    {"regions": [{"id": "se", "zone": "SE", "tz": "UTC", "names": ["Sweden"]}], "tags": ["nightly"]}
)


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("12 US cents a kilowatt-hour", ("120 usd",)),
        ("twelve cents a kWh", ("120 usd",)),
        ("$90 a MWh", ("90 usd",)),
        ("at night", ("night",)),
        ("nightly jobs", ("tag nightly",)),
        ("No GPU jobs in Sweden", ("gpu true", "Sweden")),
        ("jobs that need no GPU run in Sweden", ("gpu false", "Sweden")),
        ("every fourth core", ("25 %",)),
        ("of exactly high priority", ("at_least high|at_most high",)),
    ],
)
def test_a_note_says_what_the_words_mean(text: str, notes: tuple[str, ...]):
    assert noted("rules", KNOWN, text) == notes


@pytest.mark.parametrize("text", ["not before 6 march 14:00", "not before 6. March, 2pm"])
def test_a_day_of_a_month_is_noted_in_small_letters_and_with_a_dot(text: str):
    assert noted("hints", KNOWN, text) == ("03-06", "14:00")
