from __future__ import annotations

import re
from typing import Any

import numpy as np

from agent.training.grammar import plain
from agent.training.invented import vocabulary
from agent.training.sentences import sentence

WISH = re.compile(
    r"possible|ideal|prefer|practica|feasible|be done|be arranged|be helped|avoided|\b(you|we) can\b|choice|\btry|\baim"
    r"|attempt|effort|strive|endeavour|\bbest|rather|normally|usually|better|wish|recommend|\bnice|good|great|lovely"
    r"|helpful|appreciate|happy|glad|pleased|no (other way|alternative|must)|not (mandatory|a law)|circumstances allow"
    r"|nothing speaks|otherwise|insist|see if|look if|manage it|hard rule|unless you have to|without need|extent|\bsoft"
    r"|(we|I) hope|sooner|(would|'d) (like|love)|supposed",
    re.IGNORECASE,
)
SURE_WISH = re.compile(
    r"(where|if|wherever|as far as|when|whenever) (at all )?(possible|feasible|practical)|ideally|preferably"
    r"|nice to have|\btry (not )?to\b|would be (nice|good|great)|best effort|if it can be (avoided|helped)"
    r"|should (normally|rather)",
    re.IGNORECASE,
)
SPARES = re.compile(
    r"except|exception|other than|apart|unless|but|bar |save|exclud|not|exempt|aside|only|alone|reserve|spare"
    r"|counting|nobody|provided|barring|belongs to|closed to|open to|kept for",
    re.IGNORECASE,
)


def drawn(count: int) -> list[tuple[str, list[dict[str, Any]]]]:
    rng = np.random.default_rng(11)
    known = [vocabulary(rng) for _ in range(40)]
    found = [sentence(known[at % 40], rng) for at in range(count)]
    return [(plain(text), rules) for text, rules in found]


DRAWN = drawn(2500)


def test_one_rule_in_six_is_a_wish_of_every_kind_that_can_be_one():
    rules = [rule for _, said in DRAWN for rule in said]
    wishes = [rule for rule in rules if rule.get("soft")]
    assert 0.13 < len(wishes) / len(rules) < 0.21
    assert {rule["kind"] for rule in wishes} >= {"only", "deny", "delay", "headroom", "suspend", "budget"}


def test_a_wish_is_said_as_one():
    for text, said in DRAWN:
        if any(rule.get("soft") for rule in said):
            assert WISH.search(text), text


def test_an_order_is_not_said_as_a_wish_however_polite():
    hard = [text for text, said in DRAWN if not any(rule.get("soft") or rule["kind"] == "prefer" for rule in said)]
    assert [text for text in hard if SURE_WISH.search(text)] == []
    assert sum(bool(re.search("please|kindly|so kind|thank", text, re.IGNORECASE)) for text in hard) > len(hard) / 20


def test_an_exemption_is_said_as_one_in_many_places():
    spared = [text for text, said in DRAWN if any("unless" in rule for rule in said)]
    assert [text for text in spared if not SPARES.search(text)] == []
    assert sum(bool(re.match("(unless|except|apart|with the|save|other|leaving)", text, re.I)) for text in spared) > 3
    assert sum("nobody" in text.lower() or "no one" in text.lower() for text in spared) > 3


def test_only_is_often_said_without_the_word():
    confined = [text for text, said in DRAWN if len(said) == 1 and said[0]["kind"] == "only" and "in" in said[0]]
    without = [text for text in confined if "only" not in text.lower()]
    assert len(without) > 0.4 * len(confined)


def test_jobs_often_stay_where_they_come_from():
    home = [
        rule
        for _, said in DRAWN
        for rule in said
        if rule["kind"] == "only" and rule.get("jobs", [{}])[0].get("home") == rule.get("in", [])
    ]
    assert len(home) > 10


def test_some_sentences_say_three_rules():
    assert {len(said) for _, said in DRAWN} == {1, 2, 3}
