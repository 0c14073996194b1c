from __future__ import annotations

from typing import Any

import numpy as np

from agent.policy.rules import Unenforceable
from agent.policy.vocabulary import Vocabulary
from agent.said.rules import SaidAnswer, resolve
from agent.training import amendments, followups
from agent.training.grammar import plain
from agent.training.invented import vocabulary
from agent.training.meanings import ordered
from agent.training.pairs import REFERRING, REFUSALS, rules_pair
from agent.training.reference_words import Told, Unsayable
from agent.training.references import Builder, lone, referring

KNOWN = Vocabulary.model_validate(
    {
        "regions": [
            {"id": "a", "zone": "A", "tz": "UTC", "names": ["Ohio"], "groups": ["America"]},
            {"id": "b", "zone": "B", "tz": "UTC", "names": ["Texas"], "groups": ["America"]},
            {"id": "c", "zone": "C", "tz": "UTC", "names": ["Kenya"]},
            {"id": "d", "zone": "D", "tz": "UTC", "names": ["Chile"]},
        ],
        "teams": ["ads", "risk"],
        "customers": ["acme", "globex"],
        "tags": ["pii", "nightly"],
    }
)


def drawn(builder: Builder, count: int = 60) -> list[Told]:
    rng, found = np.random.default_rng(5), []
    for _ in range(20_000):
        if len(found) == count:
            return found
        try:
            found.append(builder(KNOWN, rng))
        except Unsayable:
            continue
    raise AssertionError(f"{builder.__name__} says hardly anything")


def test_two_sentences_say_one_to_four_rules_that_resolve():
    rng = np.random.default_rng(3)
    for _ in range(300):
        known = vocabulary(rng)
        text, rules = referring(known, rng)
        assert 1 <= len(rules) <= 4
        assert rules == [ordered(rule) for rule in rules]
        found = resolve(SaidAnswer.model_validate({"rules": rules}), known, plain(text)[:900])
        reasons = [one.reason for one in found if isinstance(one, Unenforceable)]
        assert all(
            any(part in reason for part in ("unknown ", "no region is left", "one time zone")) for reason in reasons
        )


def test_the_same_of_others_binds_both():
    for told in drawn(amendments.same):
        (rule,) = told.rules
        assert len(rule["jobs"]) == 2
        assert rule["jobs"][0] != rule["jobs"][1]


def test_the_same_elsewhere_is_two_rules_that_differ_in_the_place():
    for told in drawn(amendments.same_elsewhere):
        first, second = told.rules
        assert {**first, "in": 0} == {**second, "in": 0}
        assert not regions(first) & regions(second)


def test_an_exemption_goes_into_the_first_rule():
    for told in drawn(amendments.exempted):
        (rule,) = told.rules
        assert rule["unless"] not in rule.get("jobs", [])


def test_a_narrowing_keeps_the_kind_and_adds_when_where_or_whom():
    for told in drawn(amendments.narrowed):
        (rule,) = told.rules
        assert {"when", "days", "in", "jobs"} & set(rule)
        assert rule["kind"] != "only" or "jobs" in rule, "`only` in a place at night would confine the time, too"


def test_a_wish_afterwards_makes_the_rule_one():
    assert all(told.rules[0]["soft"] for told in drawn(amendments.softened))


def test_another_value_is_of_the_same_unit_and_for_others():
    for told in drawn(followups.other_value):
        first, second = told.rules
        differing = {field for field in first if first[field] != second[field]}
        assert len(differing) == 2
        assert differing & {"jobs", "in"}
        (limit,) = differing - {"jobs", "in"}
        assert (
            limit != "max"
            or first["max"].split(" ")[1] in second["max"]
            or {"kg", "t", "kwh", "mwh"} & {first["max"].split(" ")[1]}
        )


def test_a_looser_limit_for_some_spares_them_from_the_one_for_all():
    for told in drawn(followups.loosened, 20):
        every, some = told.rules
        assert [every["unless"]] == some["jobs"]


def test_some_of_them_match_the_first_selector_too_and_are_bound_no_looser():
    for told in drawn(followups.subset):
        first, second = told.rules
        (some,) = second["jobs"]
        assert set(some) > set(first.get("jobs", [{}])[0])
        if first["kind"] == second["kind"] == "only":
            assert regions(second) < regions(first)


def test_they_are_the_jobs_of_the_first_rule():
    for told in [*drawn(followups.pronoun), *drawn(followups.possessive, 20)]:
        first, second = told.rules
        assert first["jobs"] == second["jobs"]
        assert first["kind"] != second["kind"]


def test_after_a_fact_there_is_one_rule():
    assert {len(told.rules) for told in drawn(followups.after_a_fact)} == {1}


def test_a_high_priority_alone_is_said_to_be_exactly_that():
    for told in drawn(followups.priorities):
        for text, rule in zip(told.sentences, told.rules, strict=True):
            if rule["jobs"] == [{"at_least": "high", "at_most": "high"}]:
                assert any(word in plain(text) for word in ("exactly", "just", "merely", "no more"))


def test_neither_of_two_is_about_both():
    for told in drawn(followups.both):
        assert len(told.rules[-1]["jobs"]) == 2


def test_what_may_go_further_may_go_where_the_others_stay():
    for told in drawn(followups.wider, 30):
        first, wide = told.rules
        assert "home" in wide["jobs"][0] or set(wide["in"]) > set(first["in"])


def test_there_is_the_place_of_the_first_rule():
    for told in drawn(followups.there, 30):
        first, second = told.rules
        assert first["in"] == second["in"]


def test_a_lone_second_sentence_is_refused_and_stands_behind_a_first_elsewhere():
    rng = np.random.default_rng(1)
    texts = {plain(lone(KNOWN, rng)) for _ in range(60)}
    assert len(texts) > 40


def test_one_text_in_eight_refers():
    rng = np.random.default_rng(4)
    count = sum(". " in plain(rules_pair(KNOWN, rng).text) for _ in range(400))
    assert REFERRING * 0.6 < count / 400 < REFERRING + REFUSALS


def regions(rule: dict[str, Any]) -> set[str]:
    return {id_ for name in rule.get("in", ()) for id_ in KNOWN.find("region", name)}
