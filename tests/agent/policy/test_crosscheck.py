"""The check without a model: silent on right readings, and not on wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.policy.crosscheck import crosscheck
from agent.policy.rules import PolicySet
from agent.policy.vocabulary import Vocabulary
from bench.crosschecks import drawn_hints, drawn_rules, score

VOCABULARY = Vocabulary.model_validate(
    {
        "regions": [
            {"id": "us-south", "zone": "US-TEX", "names": ["Texas"], "groups": ["US"], "tz": "America/Chicago"},
            {"id": "us-west", "zone": "US-CAL", "names": ["California"], "groups": ["US"], "tz": "America/Los_Angeles"},
            {"id": "gb", "zone": "GB", "names": ["Britain"], "groups": ["Europe"], "tz": "Europe/London"},
            {"id": "de", "zone": "DE", "names": ["Germany"], "groups": ["Europe"], "tz": "Europe/Berlin"},
        ],
        "teams": ["finance", "ads"],
        "customers": ["acme"],
        "tags": ["backup", "training", "pii"],
    }
)
PIECES = [
    "25:61",
    "12:30am",
    "half",
    "past",
    "quarter",
    "to",
    "0",
    "one",
    "1,5",
    "1/0",
    "0/0",
    "99th",
    "24h",
    "2400h",
    "1e9",
    "½",
    "a",
    "dozen",
    "of",
    "3",
    "in",
    "four",
    "-5",
    "%%",
    "$",
    "£3",
    "kWh/h",
    "10-10pm",
    "mon-mon",
    "except",
    "but",
    "not",
    "outside",
    "Texas,",
    "and",
    "Europe",
    "non-urgent",
    "Sunday",
    "5",
    "to",
    "3.",
    "(2)",
    "CET",
    "Berlin",
    "time",
    "a",
    "hundred",
    "thousand",
    "million",
    "k",
    "5k",
    "0.0.0",
    "٣",
    "²",
]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def found(sentence: str, *rules: dict[str, Any]) -> tuple[str, ...]:
    policy = PolicySet.model_validate({"rules": [{**rule, "source": sentence} for rule in rules]})
    return crosscheck(sentence, policy.rules, VOCABULARY)


def placement(effect: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "placement", "effect": effect, **fields}


def window(start: str, end: str, **fields: Any) -> dict[str, Any]:
    return {"start": start, "end": end, **fields}


RIGHT: list[tuple[str, list[dict[str, Any]]]] = [
    ("Finance only in Europe.", [placement("only", jobs={"team": "finance"}, regions=["gb", "de"])]),
    ("Backups may run in Europe but not in Britain, and nowhere else.",
     [placement("only", jobs={"tag": "backup"}, regions=["de"])]),
    (
        "Keep batch jobs out of Texas 4-9pm on weekdays.",
        [placement("deny", jobs={"kind": "batch"}, regions=["us-south"],
                   window=window("16:00", "21:00", days=WEEKDAYS))],
    ),
    ("Everywhere except Texas, training must not start above 0.35 kg/kWh.",
     [placement("deny", jobs={"tag": "training"}, regions=["us-west", "gb", "de"], intensity_above=350)]),
    ("No training in Texas while power costs over 12 US cents a kilowatt-hour.",
     [placement("deny", jobs={"tag": "training"}, regions=["us-south"], price_above=120)]),
    ("No GPU jobs in Texas.", [placement("deny", jobs={"gpu": True}, regions=["us-south"])]),
    ("Nothing may start in the US while power costs more than 9 cents/kWh.",
     [placement("deny", regions=["us-south", "us-west"], price_above=90)]),
    ("Acme's jobs must finish by half past six in the evening, Berlin time.",
     [{"kind": "delay", "jobs": {"customer": "acme"}, "finish_by": "18:30", "tz": "Europe/Berlin"}]),
    ("Urgent jobs start within two and a half hours.",
     [{"kind": "delay", "jobs": {"priority_at_least": "high"}, "max_delay_h": 2.5}]),
    ("The ads team may emit at most one and a half tonnes a week.",
     [{"kind": "budget", "jobs": {"team": "ads"}, "metric": "carbon_kg", "max": 1500, "per": "week"}]),
    ("Leave a fifth of the CPUs in Germany free at night.",
     [{"kind": "headroom", "regions": ["de"], "max_utilization": 0.8, "window": window("22:00", "06:00")}]),
    ("No jobs in California except backups.", [placement("deny", regions=["us-west"], unless={"tag": "backup"})]),
    ("Try to keep jobs longer than 90 min in German data centres.",
     [placement("only", strength="prefer", jobs={"longer_than_h": 1.5}, regions=["de"])]),
    ("Never suspend a training run more than twice.",
     [{"kind": "suspend", "jobs": {"tag": "training"}, "max_times": 2}]),
    ("Anything above $2k in Britain needs sign-off.",
     [{"kind": "approval", "regions": ["gb"], "cost_above_usd": 2000}]),
    ("Give carbon a weight of 2, cost one of 1.", [{"kind": "objective", "weights": {"carbon": 2, "cost": 1}}]),
    ("Carbon matters three times as much as cost.", [{"kind": "objective", "weights": {"carbon": 3, "cost": 1}}]),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "rules"), RIGHT)
def test_a_right_reading_raises_no_alarm(sentence: str, rules: list[dict[str, Any]]):
    assert found(sentence, *rules) == ()


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("Urgent jobs start within two hours.",
     {"kind": "delay", "jobs": {"priority_at_least": "high"}, "max_delay_h": 3}, "two hours"),
    ("Ads may spend $500 a day.",
     {"kind": "budget", "jobs": {"team": "ads"}, "metric": "cost_usd", "max": 500, "per": "week"}, "per week"),
    ("Ads may spend at most $500 a day.", {"kind": "budget", "metric": "cost_usd", "max": 500, "per": "day"}, '"Ads"'),
    ("No backups in Texas.", placement("deny", jobs={"tag": "backup"}, regions=["us-south", "gb"]), "gb"),
    ("No backups in Texas.", placement("only", jobs={"tag": "backup"}, regions=["us-south"]), "confines"),
    ("Backups only in Texas.", placement("deny", jobs={"tag": "backup"}, regions=["us-south"]), "forbid"),
    ("Finance only in Europe except Britain.", placement("only", jobs={"team": "finance"}, regions=["gb", "de"]), "gb"),
    ("No jobs in Texas from 4 pm to 9 pm.",
     placement("deny", regions=["us-south"], window=window("04:00", "21:00")), "04:00"),
    ("No jobs in Texas from 22:00 to 6:00.",
     placement("deny", regions=["us-south"], window=window("06:00", "22:00")), "other way"),
    ("No jobs in Texas on Sundays.", placement("deny", regions=["us-south"]), "Sundays"),
    ("No jobs in Texas at the weekend.",
     placement("deny", regions=["us-south"], window=window("00:00", "24:00", days=["sat"])), "sun"),
    ("No jobs in Texas after 20:00 UTC.",
     placement("deny", regions=["us-south"], window=window("20:00", "24:00")), "UTC"),
    ("No jobs in Texas except backups.", placement("deny", regions=["us-south"], jobs={"tag": "backup"}), "unless"),
    ("Nothing may run anywhere except in Texas.", placement("only", regions=["us-west", "gb", "de"]), "us-west"),
    ("No jobs in Texas in business hours.",
     placement("deny", regions=["us-south"], window=window("09:00", "17:00")), "mon"),
    ("If possible, no jobs in Texas.", placement("deny", regions=["us-south"]), "strength prefer"),
    ("No jobs in Texas.", placement("deny", regions=["us-south"], strength="prefer"), "wish"),
    ("No jobs longer than 3 h in Texas.",
     placement("deny", regions=["us-south"], jobs={"shorter_than_h": 3}), "longer"),
    ("Keep 20 % of the CPUs free.", {"kind": "headroom", "max_utilization": 0.2}, "20 %"),
    ("Never suspend training.", {"kind": "suspend", "jobs": {"tag": "training"}, "allowed": True}, "Never suspend"),
    ("Jobs in Britain need approval.", placement("deny", regions=["gb"]), "approval"),
    ("Training: Texas or California, full stop.",
     placement("deny", jobs={"tag": "training"}, regions=["us-south", "us-west"]), "forbids nothing"),
    ("Jobs from Britain stay in Europe.", placement("only", regions=["gb", "de"]), "submitted"),
    ("Memory use in Britain stays under 80 %.",
     {"kind": "headroom", "regions": ["gb"], "max_utilization": 0.8}, "another use"),
    ("Weigh carbon 2 and cost 1.", {"kind": "objective", "weights": {"carbon": 1, "cost": 2}}, '"2" of carbon'),
    ("Ads may spend 500 dollars a quarter.",
     {"kind": "budget", "jobs": {"team": "ads"}, "metric": "cost_usd", "max": 500, "per": "week"}, '"a quarter"'),
    ("No backups on public holidays.",
     placement("deny", jobs={"tag": "backup"}, window=window("00:00", "24:00")), '"public holidays"'),
    ("Jobs above $9 need approval, unless they are backups.",
     {"kind": "approval", "jobs": {"tag": "backup"}, "unless": {"tag": "backup"}, "cost_above_usd": 9}, "exempts all"),
    ("At most 200 euros a day.", {"kind": "budget", "metric": "cost_usd", "max": 200, "per": "day"}, "200 euros"),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "rule", "named"), WRONG)
def test_a_wrong_reading_is_named(sentence: str, rule: dict[str, Any], named: str):
    findings = found(sentence, rule)
    assert any(named in finding for finding in findings), findings


def test_two_limits_for_the_same_jobs_are_named():
    sentence = "Backups start within 10 minutes, training within a day."
    backup, training = ({"kind": "delay", "jobs": {"tag": tag}} for tag in ("backup", "training"))
    assert found(sentence, {**backup, "max_delay_h": 1 / 6}, {**training, "max_delay_h": 24}) == ()
    crossed = [{**jobs, "max_delay_h": hours} for jobs in (backup, training) for hours in (1 / 6, 24)]
    assert "two rules bound the wait of the same jobs differently" in found(sentence, *crossed)


def test_a_time_to_start_by_is_no_time_to_finish_by():
    rule = {"kind": "delay", "jobs": {"tag": "training"}, "finish_by": "18:00"}
    assert found("Training must start by 6 pm.", rule) != ()
    assert found("Training must be done by 6 pm.", rule) == ()


def test_a_dropped_rule_is_missed():
    sentence = "No backups in Texas, and no training in Britain."
    first = placement("deny", jobs={"tag": "backup"}, regions=["us-south"])
    second = placement("deny", jobs={"tag": "training"}, regions=["gb"])
    assert found(sentence, first, second) == ()
    assert found(sentence, first) != ()


def test_what_one_rule_denies_is_no_exception_from_what_another_confines():
    sentence = "Finance runs only in Europe, and ads not in Britain."
    finance = placement("only", jobs={"team": "finance"}, regions=["gb", "de"])
    ads = placement("deny", jobs={"team": "ads"}, regions=["gb"])
    assert found(sentence, finance, ads) == ()
    assert found(sentence, finance, {**ads, "effect": "only"}) != ()
    assert found("Finance runs only in Europe, but not in Britain.", finance) != ()


def test_references_and_counts_of_places_ask_for_nothing():
    rule = placement("deny", regions=["us-south", "us-west"])
    assert found("Rule 12: no jobs in our two US regions (see ticket 4711).", rule) == ()
    assert found("No jobs in the US, where we have 40 servers.", rule) != ()


def test_slips_of_the_keyboard_do_not_alarm():
    rule = placement("deny", regions=["us-south"], unless={"priority_at_least": "high"})
    assert found("No jobs in Texas exept those of high prioirty.", rule) == ()


def test_nothing_is_said_about_a_sentence_without_rules():
    assert found("Two hours in Texas.") == ()


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_no_text_breaks_it(text: str):
    rule = placement("deny", regions=["us-south"], unless={"tag": "backup"}, window=window("22:00", "06:00"))
    assert all(isinstance(finding, str) for finding in found(f"x {text}", rule))


def test_on_drawn_sentences_few_right_ones_alarm_and_few_wrong_ones_pass():
    """The measured rates are some 15 % and 95 %; see `bench.crosschecks`."""
    result = score(drawn_rules(60))
    assert result.alarms <= 10
    assert sum(result.caught.values()) >= 0.92 * sum(result.wrong.values())
    assert sum(result.wrong.values()) > 500


def test_on_drawn_descriptions_few_right_ones_alarm_and_few_wrong_ones_pass():
    result = score(drawn_hints(40))
    assert result.alarms <= 8
    assert sum(result.caught.values()) >= 0.85 * sum(result.wrong.values())
    assert sum(result.wrong.values()) > 250
