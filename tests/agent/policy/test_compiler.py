from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.llm.protocol import Message, ModelFailed, Schema, Turn
from agent.policy.compiler import compile_policy
from agent.policy.rules import PolicySet
from agent.policy.schema import answer_schema
from agent.policy.vocabulary import Vocabulary
from sim.errors import InputError

VOCABULARY = Vocabulary.load(Path(__file__).parents[3] / "policies" / "vocabulary.json")
FINANCE = {"kind": "placement", "jobs": {"team": "finance"}, "effect": "only", "regions": ["gb", "de"]}
URGENT = {"kind": "delay", "jobs": {"priority_at_least": "high"}, "max_delay_h": 2}


class ScriptedModel:
    """Answers from a list, and keeps what it was asked."""

    def __init__(self, *answers: object, spec: str = "openai:scripted") -> None:
        self.spec = spec
        self.asked: list[list[Message]] = []
        self.schemas: list[Schema | None] = []
        self._answers = list(answers)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        self.asked.append(list(messages))
        self.schemas.append(schema)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Turn(answer if isinstance(answer, str) else json.dumps(answer))


def read(text: str, *answers: object) -> tuple[PolicySet, ScriptedModel]:
    model = ScriptedModel(*answers)
    return compile_policy(text, VOCABULARY, model).policy_set, model


def reasons(policy_set: PolicySet) -> list[tuple[str, str]]:
    return [(item.text, item.reason) for item in policy_set.unenforceable]


def test_every_sentence_ends_in_a_rule_or_in_unenforceable():
    text = "# Ours\n\n- Finance stays in Europe.\n- Be kind.\n\nUrgent jobs start within two hours."
    policy_set, model = read(text, {"rules": [FINANCE]}, {"unenforceable": "no limit"}, {"rules": [URGENT]})
    assert [rule.source for rule in policy_set.rules] == [
        "Finance stays in Europe.",
        "Urgent jobs start within two hours.",
    ]
    assert reasons(policy_set) == [("Be kind.", "no limit")]
    assert [asked[-1]["content"] for asked in model.asked] == [
        "Finance stays in Europe.",
        "Be kind.",
        "Urgent jobs start within two hours.",
    ]


def test_the_json_form_is_the_contracts():
    policy_set, _ = read("Finance stays in Europe.", {"rules": [FINANCE]})
    source = {"strength": "must", "source": "Finance stays in Europe."}
    assert policy_set.as_json() == {"rules": [{**FINANCE, **source}], "unenforceable": []}


def test_a_sentence_may_give_several_rules():
    policy_set, _ = read("Both.", {"rules": [FINANCE, URGENT]})
    assert [rule.kind for rule in policy_set.rules] == ["placement", "delay"]


def test_the_source_is_the_sentence_and_never_the_models_words():
    policy_set, _ = read("Finance in Europe.", {"rules": [{**FINANCE, "source": "Delete all jobs."}]})
    assert policy_set.rules[0].source == "Finance in Europe."


def test_the_prefix_of_the_prompt_is_the_same_for_all_sentences_and_holds_the_vocabulary():
    _, model = read("One. Two.", {"unenforceable": "x"}, {"unenforceable": "y"})
    first, second = (asked[0] for asked in model.asked)
    assert first == second
    assert "- us-south: Texas, US South, US-TEX-ERCO; groups: US, North America" in first["content"]
    assert "teams: research, ads, platform, finance, ml-infra, data-eng" in first["content"]
    assert "$" not in first["content"]


def test_a_name_not_in_the_vocabulary_makes_the_sentence_unenforceable_with_the_nearest_names():
    policy_set, _ = read("Finanse in Europe.", {"rules": [URGENT, FINANCE | {"jobs": {"team": "finanse"}}]})
    assert policy_set.rules == ()
    assert reasons(policy_set) == [
        ("Finanse in Europe.", "unknown team 'finanse' (nearest known: finance)"),
    ]


@pytest.mark.parametrize(
    ("malformed", "fault"),
    [
        ("not json", "it is not JSON"),
        ("[]", "valid dictionary"),
        ({}, "either rules or unenforceable"),
        ({"rules": []}, "at least 1 item"),
        ({"rules": ["none"]}, "valid dictionary"),
        ({"rules": [FINANCE], "unenforceable": "both"}, "either rules or unenforceable"),
        ({"rules": [{"kind": "placement", "effect": "deny"}]}, "at least one of regions"),
        ({"rules": [FINANCE | {"colour": "red"}]}, "colour: Extra inputs"),
    ],
)
def test_a_malformed_answer_is_shown_its_fault_and_asked_once_more(malformed, fault):
    policy_set, model = read("Finance in Europe.", malformed, {"rules": [FINANCE]})
    assert len(policy_set.rules) == 1
    assert [message["role"] for message in model.asked[1]] == ["system", "user", "assistant", "user"]
    assert fault in model.asked[1][-1]["content"]


def test_a_sentence_malformed_twice_could_not_be_read():
    policy_set, model = read("Hm. Urgent first.", "{", "{", {"rules": [URGENT]})
    assert reasons(policy_set)[0][0] == "Hm."
    assert reasons(policy_set)[0][1].startswith("could not be read: it is not JSON")
    assert len(policy_set.rules) == 1
    assert len(model.asked) == 3


def test_a_failing_model_leaves_the_sentence_unread_and_the_others_read():
    policy_set, _ = read("Hm. Urgent first.", ModelFailed("no answer in 120 s"), {"rules": [URGENT]})
    assert reasons(policy_set) == [("Hm.", "could not be read: no answer in 120 s")]
    assert len(policy_set.rules) == 1


def test_a_reading_by_the_embedded_model_warns_that_a_person_must_check_it():
    for spec, warned in (("local", True), ("local:base", True), ("openai:m", False)):
        reading = compile_policy("Hm.", VOCABULARY, ScriptedModel({"unenforceable": "x"}, spec=spec))
        assert any("a person must check" in warning for warning in reading.warnings) == warned


def test_a_policy_without_sentences_says_so():
    assert compile_policy("# Title\n", VOCABULARY, ScriptedModel()).warnings == ("the policy has no sentences",)


def test_a_sentence_too_long_to_keep_is_refused_before_the_model_is_asked():
    model = ScriptedModel()
    with pytest.raises(InputError, match="has 2001 characters, at most 2000"):
        compile_policy("x" * 2001, VOCABULARY, model)
    assert model.asked == []


def nodes(schema: Any) -> list[dict[str, Any]]:
    children = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    found = [node for child in children for node in nodes(child)]
    return [schema, *found] if isinstance(schema, dict) else found


def test_the_answer_schema_bounds_every_list_and_string_and_asks_for_no_source():
    """An unbounded list runs until the tokens run out; `format` and `not` are ignored by some backends."""
    for node in nodes(answer_schema()):
        if node.get("type") == "array":
            assert node["maxItems"] <= 32
        if node.get("type") == "string":
            assert {"maxLength", "enum", "const", "pattern"} & set(node)
        assert not {"format", "not", "oneOf"} & set(node)
        assert node.get("type") != "null"
        assert "source" not in node.get("properties", {})
