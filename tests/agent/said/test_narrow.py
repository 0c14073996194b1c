from __future__ import annotations

import json
from itertools import islice
from typing import Any

import jsonschema
import pytest

from agent.mentions.reading import mentions
from agent.policy.vocabulary import Vocabulary
from agent.said.narrow import narrow_schema
from agent.said.values import values_of
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


def test_where_a_text_names_no_region_none_is_possible():
    assert not fits("Nothing runs there.", kind="deny", **{"in": ["Texas"]})


LIMITS = (
    "Jobs over 90 minutes emit at most 1.5 t and 30 dollars a day, use 80 % of the CPUs or a fifth, and pause twice."
)


@pytest.mark.parametrize(
    ("field", "kind", "possible"),
    [
        ("longer", "", ["1.5 h", "24 h"]),
        ("within", "", ["1.5 h", "24 h", "0 h"]),
        ("max", "budget", ["1500 kg", "30 usd"]),
        ("max", "headroom", ["20 %", "80 %"]),
        ("cost_above", "approval", ["30 usd"]),
        ("times", "", [2]),
        ("when", "", []),
        ("tz", "", []),
    ],
)
def test_a_quantity_is_one_that_the_text_gives_in_the_unit_of_the_field(field: str, kind: str, possible: list[Any]):
    assert values_of(field, kind, mentions(LIMITS, VOCABULARY)) == possible


def test_a_window_lies_between_times_that_are_said_or_the_ends_of_the_day():
    found = mentions("Not before 16:30, and not at night.", VOCABULARY)
    assert values_of("when", "", found) == ["night", "00:00-16:30", "00:00-24:00", "16:30-24:00"]


def test_days_are_those_said_alone_together_and_all_but_those():
    found = mentions("On Mondays and on Wednesdays.", VOCABULARY)
    assert values_of("days", "", found) == ["mon", "mon,wed", "tue,thu,fri,sat,sun", "wed"]


def test_sizes_of_a_job_are_not_mixed_up():
    found = mentions("One GPU, 128 GB, sixteen CPUs.", VOCABULARY)
    assert [values_of(field, "", found) for field in ("cpus", "gpus", "memory")] == [[16], [1], ["128 gb"]]


def test_a_field_for_which_a_text_has_no_value_cannot_be_written():
    assert not fits("Ask about ads.", kind="approval", cost_above="30 usd")
    assert fits("Ask about ads above 30 usd.", kind="approval", cost_above="30 usd")


def test_a_kind_and_an_exception_need_a_word_for_them():
    assert not fits("Ads above 30 usd.", kind="approval", cost_above="30 usd")
    assert not fits("No ads in the UK.", kind="deny", unless={"team": "ads"}, **{"in": ["UK"]})
    assert fits("Nobody except ads in the UK.", kind="deny", unless={"team": "ads"}, **{"in": ["UK"]})


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


def test_only_a_place_that_may_be_left_out_is_one():
    assert not fits("Never in Texas, except for ads.", kind="deny", **{"in": ["Texas"], "but": ["Texas"]})
    assert fits("Never outside Texas.", kind="deny", but=["Texas"])


def test_a_home_and_a_wish_need_words_for_them():
    from_texas = {"kind": "approval", "jobs": [{"home": ["Texas"]}]}
    assert fits("Ask about jobs submitted in Texas.", **from_texas)
    assert not fits("Ask about jobs that go to Texas.", **from_texas)
    assert not fits("No ads in Texas.", kind="deny", soft=True, **{"in": ["Texas"]})


def test_a_word_that_says_what_a_rule_does_is_no_unknown_name():
    assert not fits("Their jobs are not suspended.", kind="suspend", jobs=[{"customer": "suspended"}])
    assert fits("Jobs of hooli are not suspended.", kind="suspend", jobs=[{"customer": "hooli"}])
