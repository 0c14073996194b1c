"""The yardstick is well-formed, uses known names, and is found nowhere that a model could learn it from."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from agent.policy.normal import normal_rule
from agent.policy.rules import Selector, Window
from agent.policy.sentences import sentences
from agent.policy.vocabulary import Vocabulary
from agent.score import DescriptionLine, PolicyLine, load_lines

ROOT = Path(__file__).parents[3]
YARDSTICK = ROOT / "bench" / "yardstick"
VOCABULARY = Vocabulary.load(YARDSTICK / "vocabulary.json")
OTHER = Vocabulary.load(YARDSTICK / "vocabulary-other.json")
POLICIES = load_lines(YARDSTICK / "policies.jsonl", PolicyLine)
POLICIES_OTHER = load_lines(YARDSTICK / "policies-other.jsonl", PolicyLine)
UNSEEN = Vocabulary.load(YARDSTICK / "vocabulary-unseen.json")
POLICIES_UNSEEN = load_lines(YARDSTICK / "policies-unseen.jsonl", PolicyLine)
DESCRIPTIONS = load_lines(YARDSTICK / "descriptions.jsonl", DescriptionLine)
DESCRIPTIONS_OTHER = load_lines(YARDSTICK / "descriptions-other.jsonl", DescriptionLine)
DESCRIPTIONS_UNSEEN = load_lines(YARDSTICK / "descriptions-unseen.jsonl", DescriptionLine)
ALL_POLICIES = POLICIES + POLICIES_OTHER + POLICIES_UNSEEN
ALL_DESCRIPTIONS = DESCRIPTIONS + DESCRIPTIONS_OTHER + DESCRIPTIONS_UNSEEN
RULES = [rule for line in ALL_POLICIES for rule in line.rules]
HINTS = [line.hints for line in ALL_DESCRIPTIONS]


def test_there_are_enough_texts_and_none_occurs_twice():
    policies, descriptions = ALL_POLICIES, ALL_DESCRIPTIONS
    assert len(policies) >= 150
    assert len(descriptions) >= 80
    assert len(POLICIES_OTHER) + len(DESCRIPTIONS_OTHER) >= 60
    assert len({line.id for line in policies + descriptions}) == len(policies + descriptions)
    assert len({line.text.lower() for line in policies + descriptions}) == len(policies + descriptions)
    assert sum(2 <= len(sentences(line.text)) <= 5 for line in policies) >= 40


@pytest.mark.parametrize(
    ("lines", "vocabulary"), [(POLICIES, VOCABULARY), (POLICIES_OTHER, OTHER), (POLICIES_UNSEEN, UNSEEN)]
)
def test_the_rules_use_known_names(lines: list[PolicyLine], vocabulary: Vocabulary):
    for line in lines:
        assert [str(name) for rule in line.rules for name in vocabulary.unknown(rule)] == [], line.id


@pytest.mark.parametrize(
    ("lines", "vocabulary"), [(DESCRIPTIONS, VOCABULARY), (DESCRIPTIONS_OTHER, OTHER), (DESCRIPTIONS_UNSEEN, UNSEEN)]
)
def test_the_hints_use_known_regions(lines: list[DescriptionLine], vocabulary: Vocabulary):
    for line in lines:
        named = (*(line.hints.regions_only or ()), *(line.hints.regions_deny or ()))
        assert vocabulary.unknown_regions(named) == (), line.id


def test_each_sentence_gives_a_rule_or_counts_as_unenforceable():
    for line in ALL_POLICIES:
        prose = len(sentences(line.text))
        assert prose - line.unenforceable >= (1 if line.rules else 0), line.id
        if not line.rules:
            assert prose == line.unenforceable, line.id
        assert len({normal_rule(rule) for rule in line.rules}) == len(line.rules), line.id


def test_every_kind_and_every_field_occurs_and_placements_most_often():
    kinds = Counter(rule.kind for rule in RULES)
    assert set(kinds) == {"placement", "budget", "delay", "headroom", "suspend", "approval", "objective", "prefer"}
    assert 0.4 < kinds["placement"] / len(RULES) < 0.6
    assert min(kinds.values()) >= 5
    chosen = [selector for rule in RULES for selector in (rule.jobs, rule.unless) if selector]
    assert_all_given(chosen, Selector)
    assert_all_given([rule.window for rule in RULES if getattr(rule, "window", None)], Window)
    for kind in kinds:
        of_kind = [rule for rule in RULES if rule.kind == kind]
        assert_all_given(of_kind, type(of_kind[0]), but={"jobs", "unless", "source", "regions", "window"})
    assert {rule.strength for rule in RULES if rule.kind == "placement"} == {"must", "prefer"}


def test_every_hint_occurs_and_some_texts_ask_for_nothing():
    assert_all_given(HINTS, type(HINTS[0]))
    assert sum(not hints.as_json() for hints in HINTS) >= 8


def assert_all_given(models: list, form: type, but: frozenset[str] | set[str] = frozenset()):
    given = {name for model in models for name in form.model_fields if getattr(model, name) is not None}
    assert given >= set(form.model_fields) - but


def test_a_moment_is_the_stated_time_and_lies_ahead():
    for line in ALL_DESCRIPTIONS:
        for at in (line.hints.deadline, line.hints.earliest_start):
            assert at is None or at > line.now, line.id


def test_no_text_of_the_yardstick_is_in_a_prompt_or_an_example():
    shown = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("prompts", "policies", "docs", "sim/scenarios")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".md", ".json", ".yaml"}
    )
    plain = squeezed(shown)
    for line in ALL_POLICIES + ALL_DESCRIPTIONS:
        assert squeezed(line.text) not in plain, line.id


def squeezed(text: str) -> str:
    return re.sub(r"[\s>*#-]+", " ", text).strip().lower()


def test_the_sources_are_left_to_the_text():
    for name in ("policies", "policies-other", "policies-unseen"):
        for written in (YARDSTICK / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            assert all("source" not in rule for rule in json.loads(written)["rules"])
