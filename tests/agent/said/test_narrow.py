from __future__ import annotations

import json
from itertools import islice
from typing import Any

import jsonschema
import pytest

from agent.policy.vocabulary import Vocabulary
from agent.said.narrow import narrow_schema
from agent.training.pairs import groups

VOCABULARY = Vocabulary.model_validate(
    {
        "regions": [
            {"id": "gb", "zone": "GB", "names": ["UK", "London"], "groups": ["Europe"], "tz": "Europe/London"},
            {"id": "tx", "zone": "US-TEX", "names": ["Texas"], "groups": ["US"], "tz": "America/Chicago"},
        ],
        "teams": ["ads", "finance"],
        "customers": ["acme"],
    }
)
TEXT = "Ads jobs, and those of frobnicate, stay in the UK."


def fits(text: str, **rule: Any) -> bool:
    schema = narrow_schema("rules", VOCABULARY, text)
    return jsonschema.Draft202012Validator(schema).is_valid({"rules": [rule]})


@pytest.mark.parametrize(
    ("rule", "possible"),
    [
        ({"kind": "only", "jobs": [{"team": "ads"}], "in": ["UK"]}, True),
        ({"kind": "only", "jobs": [{"team": "frobnicate"}], "in": ["UK"]}, True),
        ({"kind": "only", "jobs": [{"team": "finance"}], "in": ["UK"]}, False),
        ({"kind": "only", "jobs": [{"customer": "ads"}], "in": ["UK"]}, False),
        ({"kind": "only", "jobs": [{"team": "ads"}], "in": ["Texas"]}, False),
        ({"kind": "only", "jobs": [{"team": "ads"}], "in": ["ads"]}, False),
        ({"kind": "only", "in": ["UK"], "max": "3 kg"}, False),
        ({"kind": "budget", "max": "3 h", "per": "day"}, False),
        ({"kind": "budget", "max": "3 kg"}, False),
    ],
)
def test_an_answer_has_names_that_the_text_can_mean_and_fields_of_its_kind(rule: dict[str, Any], possible: bool):
    assert fits(TEXT, **rule) is possible


def test_where_a_text_names_no_region_any_known_one_is_possible():
    assert fits("Nothing runs there.", kind="deny", **{"in": ["Texas"]})


def test_an_answer_that_is_taught_fits_the_schema_of_its_text():
    """Of drawn pairs nearly all; the rest have names with a slip of the keyboard, which are questions anyway."""
    drawn = [(group, pair) for group in islice(groups(5, 8), 20) for pair in group.pairs]
    misfits = [
        pair
        for group, pair in drawn
        if not jsonschema.Draft202012Validator(narrow_schema(group.task, group.vocabulary, pair.text)).is_valid(
            json.loads(pair.answer)
        )
    ]
    assert len(misfits) < 0.06 * len(drawn)
