from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.policy.vocabulary import Vocabulary
from agent.said.rules import REASONS, SaidAnswer, resolve, written

VOCABULARY = Vocabulary.load(Path(__file__).parents[3] / "policies" / "vocabulary.json")
EUROPE = tuple(region.id for region in VOCABULARY.regions if "Europe" in region.groups)
EVERYWHERE = tuple(region.id for region in VOCABULARY.regions)


def read(*rules: dict[str, Any]) -> list[dict[str, Any]]:
    answer = SaidAnswer.model_validate({"rules": rules})
    return [
        {name: value for name, value in item.model_dump(mode="json", exclude_none=True).items() if name != "source"}
        for item in resolve(answer, VOCABULARY, "A sentence.")
    ]


def test_a_group_less_a_region_becomes_a_list_of_ids():
    (rule,) = read({"kind": "only", "in": ["Europe"], "but": ["Britain"]})
    assert rule["regions"] == [id_ for id_ in EUROPE if id_ != "gb"]


def test_without_names_but_leaves_all_other_regions():
    (rule,) = read({"kind": "deny", "but": ["texas"], "when": "night"})
    assert rule["regions"] == [id_ for id_ in EVERYWHERE if id_ != "us-south"]
    assert rule["window"] == {"start": "22:00", "end": "06:00", "tz": "local"}


def test_several_selectors_are_a_rule_each():
    rules = read({"kind": "only", "jobs": [{"team": "finance"}, {"team": "ads"}], "in": ["UK"]})
    assert [rule["jobs"] for rule in rules] == [{"team": "finance"}, {"team": "ads"}]
    assert all(rule["regions"] == ["gb"] for rule in rules)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("1.5 t", {"metric": "carbon_kg", "max": 1500.0}),
        ("5000 usd", {"metric": "cost_usd", "max": 5000.0}),
        ("3 mwh", {"metric": "energy_kwh", "max": 3000.0}),
    ],
)
def test_the_unit_of_a_budget_says_what_is_limited(said: str, found: dict[str, Any]):
    (rule,) = read({"kind": "budget", "max": said, "per": "month"})
    assert {name: rule[name] for name in found} == found


def test_what_a_rule_spares_is_not_also_what_it_is_about():
    spared = {"at_least": "critical"}
    (rule,) = read({"kind": "approval", "jobs": [{"tag": "backup", **spared}], "unless": spared, "cost_above": "9 usd"})
    assert (rule["jobs"], rule["unless"]) == ({"tag": "backup"}, {"priority_at_least": "critical"})


def test_a_fifth_kept_free_is_four_fifths_used():
    (rule,) = read({"kind": "headroom", "in": ["Frankfurt"], "free": "20 %"})
    assert rule["max_utilization"] == 0.8


def test_cents_per_kilowatt_hour_become_dollars_per_megawatt_hour():
    (rule,) = read({"kind": "deny", "price_above": "9 ct"})
    assert rule["price_above"] == 90.0


def test_business_hours_bring_their_days_unless_others_are_said():
    usual, monday = read(
        {"kind": "deny", "when": "business hours"}, {"kind": "deny", "when": "business hours", "days": "mon"}
    )
    assert usual["window"]["days"] == ["mon", "tue", "wed", "thu", "fri"]
    assert monday["window"]["days"] == ["mon"]


def test_days_without_a_time_are_whole_days():
    (rule,) = read({"kind": "deny", "days": "sat,sun"})
    assert rule["window"] == {"start": "00:00", "end": "24:00", "days": ["sat", "sun"], "tz": "local"}


@pytest.mark.parametrize(
    ("said", "zone"),
    [("Berlin", "Europe/Berlin"), ("GMT", "UTC"), ("Texas", "America/Chicago"), ("Singapore", "Asia/Singapore")],
)
def test_a_zone_is_named_by_a_city_or_a_region(said: str, zone: str):
    (rule,) = read({"kind": "delay", "by": "07:00", "tz": said})
    assert rule["tz"] == zone


def test_an_unknown_name_makes_the_sentence_unenforceable_with_the_nearest():
    (item,) = read({"kind": "deny", "in": ["Britian"]})
    assert item["reason"] == "unknown region 'Britian' (nearest known: gb)"


def test_a_half_known_sentence_binds_nobody():
    (item,) = read({"kind": "deny", "in": ["UK"]}, {"kind": "deny", "jobs": [{"team": "legal"}], "in": ["UK"]})
    assert item["reason"].startswith("unknown team 'legal'")


def test_a_contradiction_is_no_rule():
    (item,) = read({"kind": "suspend", "allowed": False, "times": 2})
    assert item["reason"].startswith("could not be read")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"kind": "approval", "in": ["UK"], "price_above": "500 usd"}, "'approval' has no price_above"),
        ({"kind": "budget", "max": "2 t", "per": "day", "in": ["UK"], "days": "mon"}, "'budget' has no days"),
        ({"kind": "delay", "within": "2 h", "in": ["UK"]}, "'delay' has no in"),
        ({"kind": "headroom", "in": ["UK"], "max": "80 %", "free": "10 %"}, "expected one of both"),
    ],
)
def test_what_a_kind_of_rule_cannot_say_is_refused_and_not_dropped(said: dict[str, Any], reason: str):
    (item,) = read(said)
    assert reason in item["reason"]


def test_a_reason_is_spelled_out():
    (item,) = resolve(SaidAnswer(none="wish"), VOCABULARY, "Be kind.")
    assert item.reason == REASONS["wish"]


def test_written_is_compact_in_one_order():
    said = SaidAnswer.model_validate({"rules": [{"in": ["UK"], "kind": "deny"}]})
    assert written(said) == '{"rules":[{"kind":"deny","in":["UK"]}]}'
    assert SaidAnswer.model_validate(json.loads(written(said))) == said
