from __future__ import annotations

from itertools import islice

import pytest

from agent.policy.vocabulary import Vocabulary
from agent.said.hints import SaidHints
from agent.said.rules import SaidAnswer, resolve
from agent.training.canonical import canonical_answer, canonical_hints
from agent.training.pairs import groups

VOCABULARY = Vocabulary.model_validate(
    {"regions": [{"id": "gb", "zone": "GB", "names": ["UK", "London"], "tz": "Europe/London"}], "tags": ["etl"]}
)


@pytest.mark.parametrize(
    ("said", "taught"),
    [
        ({"kind": "delay", "within": "90 min"}, {"kind": "delay", "within": "1.5 h"}),
        ({"kind": "delay", "within": "2 d"}, {"kind": "delay", "within": "48 h"}),
        ({"kind": "budget", "max": "1.5 t", "per": "day"}, {"kind": "budget", "max": "1500 kg", "per": "day"}),
        ({"kind": "budget", "max": "9 mwh", "per": "day"}, {"kind": "budget", "max": "9000 kwh", "per": "day"}),
        ({"kind": "deny", "price_above": "12 ct"}, {"kind": "deny", "price_above": "120 usd"}),
        ({"kind": "deny", "carbon_above": "0.4 kg"}, {"kind": "deny", "carbon_above": "400 g"}),
        ({"kind": "approval", "carbon_above": "0.4 t"}, {"kind": "approval", "carbon_above": "400 kg"}),
        (
            {"kind": "deny", "days": "mon,tue,wed", "tz": "London"},
            {"kind": "deny", "days": "mon-wed", "tz": "Europe/London"},
        ),
    ],
)
def test_an_answer_is_taught_in_one_unit_and_spelling_and_means_the_same(said, taught):
    answer = SaidAnswer.model_validate({"rules": [said]})
    found = canonical_answer(answer, VOCABULARY)
    assert found == SaidAnswer.model_validate({"rules": [taught]})
    if "tz" not in said and said.get("per") is None:
        assert resolve(found, VOCABULARY, "x") == resolve(answer, VOCABULARY, "x")


def test_moments_are_taught_with_hours_and_iana_zones():
    said = SaidHints.model_validate({"deadline": "+2 d", "earliest": "9th 23:30 London", "memory": "4 tb"})
    taught = {"deadline": "+48 h", "earliest": "9th 23:30 Europe/London", "memory": "4000 gb"}
    assert canonical_hints(said, VOCABULARY) == SaidHints.model_validate(taught)


def test_most_of_what_an_answer_holds_stands_in_the_notes_ready_to_copy():
    drawn = [pair for group in islice(groups(3, 8, hints=0.0), 12) for pair in group.pairs]
    quantities = [value for pair in drawn for value in _quantities(pair.answer)]
    noted = [value for pair in drawn for value in _quantities(pair.answer) if value in "|".join(pair.notes).split("|")]
    assert len(quantities) > 20
    assert len(noted) > 0.8 * len(quantities)


def _quantities(answer: str) -> list[str]:
    said = SaidAnswer.model_validate_json(answer)
    fields = [(rule.within, rule.max, rule.carbon_above, rule.price_above) for rule in said.rules or ()]
    return [value for row in fields for value in row if value]
