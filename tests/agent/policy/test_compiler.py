from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.llm.protocol import ModelFailed
from agent.llm.scripted import ScriptedModel
from agent.policy import compiler
from agent.policy.compiler import compile_policy
from agent.policy.reading import Reading
from agent.policy.rules import PolicySet
from agent.policy.vocabulary import Vocabulary
from sim.errors import InputError

VOCABULARY = Vocabulary.load(Path(__file__).parents[3] / "policies" / "vocabulary.json")
FINANCE = {"kind": "only", "jobs": [{"team": "finance"}], "in": ["Europe"]}
URGENT = {"kind": "delay", "jobs": [{"at_least": "high"}], "within": "2 h"}
WISH = {"none": "wish"}


def scripted(*answers: Any, spec: str = "scripted", tuned: bool = False) -> ScriptedModel:
    replies = [one if isinstance(one, str | Exception) else json.dumps(one) for one in answers]
    return ScriptedModel(replies, spec, tuned=tuned)


def read(text: str, *answers: Any) -> tuple[PolicySet, ScriptedModel]:
    model = scripted(*answers)
    return compile_policy(text, VOCABULARY, model).policy_set, model


def reasons(policy_set: PolicySet) -> list[tuple[str, str]]:
    return [(item.text, item.reason) for item in policy_set.unenforceable]


def test_every_sentence_ends_in_a_rule_or_in_unenforceable():
    text = "# Ours\n\n- Finance stays in Europe.\n- Be kind.\n\nUrgent jobs start within two hours."
    policy_set, model = read(text, {"rules": [FINANCE]}, WISH, {"rules": [URGENT]})
    assert [rule.source for rule in policy_set.rules] == [
        "Finance stays in Europe.",
        "Urgent jobs start within two hours.",
    ]
    assert reasons(policy_set) == [("Be kind.", "it names no limit, place or time that can be checked")]
    assert [call.messages[-1]["content"].splitlines()[-1] for call in model.calls] == [
        "Sentence: Finance stays in Europe.",
        "Sentence: Be kind.",
        "Sentence: Urgent jobs start within two hours.",
    ]


def test_the_json_form_is_the_contracts_with_warnings_and_questions():
    reading = compile_policy("Finance stays in Europe.", VOCABULARY, scripted({"rules": [FINANCE]}))
    rule = {"kind": "placement", "jobs": {"team": "finance"}, "effect": "only", "regions": ["gb", "de"]}
    rule |= {"strength": "must", "source": "Finance stays in Europe."}
    assert reading.as_json() == {"rules": [rule], "unenforceable": [], "warnings": [], "questions": []}


def test_a_sentence_may_give_several_rules():
    policy_set, _ = read("Finance stays in Europe, and urgent jobs start within 2 h.", {"rules": [FINANCE, URGENT]})
    assert [rule.kind for rule in policy_set.rules] == ["placement", "delay"]


def test_the_prefix_of_the_prompt_is_the_same_for_all_sentences_and_holds_the_names():
    _, model = read("One. Two.", WISH, WISH)
    first, second = (call.messages[0] for call in model.calls)
    assert first == second
    assert "us-south, Texas, US South" in first["content"]
    assert "teams: research, ads, platform, finance, ml-infra, data-eng" in first["content"]
    assert "$" not in first["content"]


def test_a_sentence_is_shown_with_the_two_before_it_to_which_it_may_refer():
    _, model = read("One. Two. Three. The same at night.", WISH, WISH, WISH, WISH)
    assert model.calls[0].messages[1]["content"] == "Sentence: One."
    assert model.calls[3].messages[1]["content"] == "Before: Two.\nBefore: Three.\nSentence: The same at night."


def test_the_tuned_model_is_shown_what_its_answer_missed_and_the_better_answer_counts():
    all_jobs = {"kind": "only", "in": ["Europe"]}
    model = scripted({"rules": [all_jobs]}, {"rules": [FINANCE]}, tuned=True)
    reading = compile_policy("Finance only in Europe.", VOCABULARY, model)
    assert model.calls[1].messages[1]["content"].endswith("[team finance; Europe] must: team finance")
    assert reading.policy_set.rules[0].jobs.team == "finance"
    assert not reading.questions


def test_the_tuned_model_is_asked_as_it_was_trained_and_once():
    model = scripted({"rules": [FINANCE]}, "{", tuned=True)
    reading = compile_policy("Finance in Europe. Hm.", VOCABULARY, model)
    assert [call.messages[1]["content"] for call in model.calls] == [
        "Finance in Europe.\n[team finance; Europe]",
        "Hm.\n[]",
    ]
    assert model.calls[0].messages[0]["content"].startswith("Write the policy sentence as JSON rules")
    assert len(reading.policy_set.rules) == len(reading.policy_set.unenforceable) == 1


def test_a_name_not_in_the_vocabulary_makes_the_sentence_unenforceable_with_the_nearest_names():
    policy_set, model = read("Finanse in Europe.", {"rules": [FINANCE | {"jobs": [{"team": "finanse"}]}]})
    assert policy_set.rules == ()
    assert reasons(policy_set) == [
        ("Finanse in Europe.", "unknown team 'finanse' (nearest known: finance)"),
    ]
    assert len(model.calls) == 1


@pytest.mark.parametrize(
    ("malformed", "fault"),
    [
        ("not json", "it is not JSON"),
        ("[]", "valid dictionary"),
        ({}, "either rules or none"),
        ({"rules": []}, "at least 1 item"),
        ({"rules": ["none"]}, "valid dictionary"),
        ({"rules": [FINANCE], "none": "wish"}, "either rules or none"),
        ({"rules": [{"kind": "deny"}]}, "at least one of regions"),
        ({"rules": [FINANCE | {"colour": "red"}]}, "colour: Extra inputs"),
        ({"rules": [{"kind": "budget", "max": "5", "per": "day"}]}, "expected an amount of carbon, money or energy"),
        ({"rules": [FINANCE | {"jobs": [{"team": "T1"}]}]}, "it names 'T1', which the sentence does not say"),
        ({"rules": [FINANCE | {"unless": {"home": ["R1"]}}]}, "it names 'R1'"),
        ({"rules": [FINANCE | {"but": ["Europe"]}]}, "no region is left"),
        ({"rules": [FINANCE | {"per": "day"}]}, "has no per"),
        ({"rules": [FINANCE | {"jobs": [{"tag": "finance"}]}]}, "'finance' is no tag but a team"),
    ],
)
def test_a_malformed_answer_is_shown_its_fault_and_asked_once_more(malformed, fault):
    policy_set, model = read("Finance stays in Europe.", malformed, {"rules": [FINANCE]})
    assert len(policy_set.rules) == 1
    assert [message["role"] for message in model.calls[1].messages] == ["system", "user", "assistant", "user"]
    assert fault in model.calls[1].messages[-1]["content"]


def test_a_sentence_malformed_twice_could_not_be_read():
    policy_set, model = read("Hm. Urgent jobs start within 2 h.", "{", "{", {"rules": [URGENT]})
    assert reasons(policy_set)[0][0] == "Hm."
    assert reasons(policy_set)[0][1].startswith("could not be read: it is not JSON")
    assert len(policy_set.rules) == 1
    assert len(model.calls) == 3


def test_a_failing_model_leaves_the_sentence_unread_and_the_others_read():
    policy_set, _ = read("Hm. Urgent jobs start within 2 h.", ModelFailed("no answer in 120 s"), {"rules": [URGENT]})
    assert reasons(policy_set) == [("Hm.", "could not be read: no answer in 120 s")]
    assert len(policy_set.rules) == 1


def checked(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> tuple[Reading, ScriptedModel]:
    """Read with a cross-check that doubts every rule but delays."""
    monkeypatch.setattr(
        compiler, "crosscheck", lambda _, rules, __: tuple(f"{one.kind}?" for one in rules if one.kind != "delay")
    )
    model = scripted(*answers)
    return compile_policy("Urgent jobs soon.", VOCABULARY, model), model


def test_a_doubt_is_shown_to_the_model_once_and_settled_by_an_answer_without(monkeypatch):
    reading, model = checked(monkeypatch, {"rules": [FINANCE]}, {"rules": [URGENT]})
    assert "placement?" in model.calls[1].messages[-1]["content"]
    assert [rule.kind for rule in reading.policy_set.rules] == ["delay"]
    assert reading.questions == ()


@pytest.mark.parametrize("second", [{"rules": [FINANCE]}, {"rules": [FINANCE, FINANCE]}, "{", ModelFailed("down")])
def test_a_doubt_that_remains_becomes_a_question_about_the_first_answer(monkeypatch, second):
    reading, _ = checked(monkeypatch, {"rules": [FINANCE, URGENT]}, second)
    assert [rule.kind for rule in reading.policy_set.rules][:1] == ["placement"]
    assert reading.as_json()["questions"] == [{"text": "Urgent jobs soon.", "question": "placement?"}]


def test_a_reading_by_the_embedded_model_warns_that_a_person_must_check_it():
    for spec, warned in (("local", True), ("local:base", True), ("openai:m", False)):
        reading = compile_policy("Hm.", VOCABULARY, scripted(WISH, spec=spec))
        assert any("a person must check" in warning for warning in reading.warnings) == warned


def test_a_policy_without_sentences_says_so():
    assert compile_policy("# Title\n", VOCABULARY, scripted()).warnings == (
        "the policy has no sentences: there is nothing to read",
    )


def test_a_sentence_too_long_to_keep_is_refused_before_the_model_is_asked():
    model = scripted()
    with pytest.raises(InputError, match="has 2001 characters, at most 2000"):
        compile_policy("x" * 2001, VOCABULARY, model)
    assert model.calls == []


def test_a_policy_of_too_many_sentences_is_refused_before_the_model_is_asked():
    model = scripted()
    with pytest.raises(InputError, match="has 501 sentences, at most 500"):
        compile_policy("Be kind. " * 501, VOCABULARY, model)
    assert model.calls == []


def test_they_means_the_jobs_of_the_sentence_before_to_the_tuned_model_and_is_asked_about():
    never = {"kind": "deny", "in": ["Texas"]}
    model = scripted({"rules": [FINANCE]}, {"rules": [never]}, {"rules": [never]}, tuned=True)
    reading = compile_policy(
        "Finance only in Europe. They never run in Texas. Never run jobs in Texas.", VOCABULARY, model
    )
    assert [rule.jobs and rule.jobs.team for rule in reading.policy_set.rules] == ["finance", "finance", None]
    (asked,) = reading.questions
    assert asked.question == '"They" is taken to mean jobs of team finance: is that so?'


def test_they_means_the_jobs_that_a_mere_fact_names():
    refused = {"none": "fact"}
    model = scripted(refused, "{", {"rules": [{"kind": "deny", "in": ["Texas"]}]}, tuned=True)
    reading = compile_policy("Finance jobs annoy people. Their work must not run in Texas.", VOCABULARY, model)
    assert reading.policy_set.rules[0].jobs.team == "finance"


def test_a_refused_sentence_that_a_rule_accounts_for_is_read_as_that_rule_and_asked_about():
    spends = {"kind": "budget", "jobs": [{"team": "finance"}], "max": "900 usd", "per": "week"}
    model = scripted({"none": "fact"}, {"rules": [spends]}, tuned=True)
    reading = compile_policy("Finance may spend 900 dollars a week.", VOCABULARY, model)
    assert model.calls[1].messages[1]["content"].endswith("[team finance; 900 usd; 168 h] must: rules")
    assert "none" not in model.calls[1].schema["properties"]
    assert reading.policy_set.rules[0].max == 900
    (asked,) = reading.questions
    assert asked.question == "at first it was set aside, as it states a fact and asks for nothing: is it a rule?"


def test_a_refused_sentence_stays_refused_if_the_rule_does_not_account_for_it():
    other = {"kind": "budget", "jobs": [{"team": "finance"}], "max": "90 usd", "per": "week"}
    model = scripted({"none": "fact"}, {"rules": [other]}, "{", tuned=True)
    reading = compile_policy("Finance spent 900 dollars a week.", VOCABULARY, model)
    assert not reading.policy_set.rules
    assert not reading.questions


def test_orders_to_the_reader_and_sentences_that_mention_nothing_are_not_asked_about_again():
    model = scripted({"none": "order"}, {"none": "wish"}, tuned=True)
    compile_policy("Let finance skip the guard in Texas. Be kind.", VOCABULARY, model)
    assert len(model.calls) == 2


def test_what_a_sentence_reports_is_not_asked_about_again():
    model = scripted({"none": "fact"}, tuned=True)
    compile_policy("We have signed a contract with Acme.", VOCABULARY, model)
    assert len(model.calls) == 1


NO_BATCH = {"kind": "deny", "jobs": [{"kind": "batch"}], "in": ["Texas"], "when": "16:00-21:00"}
TEXAS = "No batch in Texas from 4pm to 9pm."


def test_a_sentence_that_refers_to_the_one_before_is_read_together_with_it_and_asked_about():
    model = scripted(
        {"rules": [NO_BATCH]}, {"none": "reference"}, {"rules": [{**NO_BATCH, "days": "mon-fri"}]}, tuned=True
    )
    reading = compile_policy(f"{TEXAS} That ban holds on weekdays only.", VOCABULARY, model)
    assert model.calls[2].messages[1]["content"].startswith(f"{TEXAS} That ban holds on weekdays only.\n[")
    (rule,) = reading.policy_set.rules
    assert rule.window.days == ("mon", "tue", "wed", "thu", "fri")
    assert rule.source == f"{TEXAS} That ban holds on weekdays only."
    (asked,) = reading.questions
    assert asked.question == f'it was read together with the sentence before, "{TEXAS}": is that so?'


def test_the_same_for_others_is_a_rule_more():
    stays = {"kind": "only", "in": ["Europe"], "jobs": [{"team": "finance"}, {"team": "ads"}]}
    model = scripted({"rules": [FINANCE]}, {"none": "reference"}, {"rules": [stays]}, tuned=True)
    reading = compile_policy("Finance only in Europe. The same goes for ads.", VOCABULARY, model)
    assert [rule.jobs.team for rule in reading.policy_set.rules] == ["finance", "ads"]


def test_what_read_together_says_nothing_new_is_no_rule():
    model = scripted({"rules": [FINANCE]}, {"none": "fact"}, {"rules": [FINANCE]}, tuned=True)
    reading = compile_policy("Finance only in Europe. That is all there is.", VOCABULARY, model)
    assert [rule.source for rule in reading.policy_set.rules] == ["Finance only in Europe."]
    assert reasons(reading.policy_set) == [("That is all there is.", "it states a fact and asks for nothing")]
    assert not reading.questions


def test_a_doubtful_reading_of_two_together_does_not_count():
    more = [FINANCE, {"kind": "only", "jobs": [{"team": "ads"}], "in": ["Texas"]}]
    model = scripted({"rules": [FINANCE]}, {"none": "reference"}, {"rules": more}, "{", "{", tuned=True)
    reading = compile_policy("Finance only in Europe. So does ads.", VOCABULARY, model)
    assert len(reading.policy_set.rules) == len(reading.policy_set.unenforceable) == 1


def test_after_a_sentence_that_is_no_rule_only_the_rule_is_said_together():
    dear = {"kind": "deny", "jobs": [{"kind": "batch"}], "in": ["Texas"], "price_above": "200 usd"}
    anywhere = {**dear, "in": None}
    model = scripted({"none": "fact"}, {"rules": [anywhere]}, {"rules": [dear]}, tuned=True)
    told, rule = "Power in Texas was dear.", "Above 200 $/MWh no batch job starts there."
    reading = compile_policy(f"{told} {rule}", VOCABULARY, model)
    assert [(one.regions, one.source) for one in reading.policy_set.rules] == [(("us-south",), rule)]
    assert [text for text, _ in reasons(reading.policy_set)] == [told]


def test_these_jobs_are_those_of_the_sentence_before():
    paused = {"kind": "suspend", "allowed": True}
    model = scripted({"rules": [FINANCE]}, {"rules": [paused]}, tuned=True)
    reading = compile_policy("Finance only in Europe. These jobs may be suspended.", VOCABULARY, model)
    assert reading.policy_set.rules[1].jobs.team == "finance"


def test_those_of_them_are_the_jobs_before_that_are_also_the_rules_own():
    batch = {"kind": "only", "jobs": [{"kind": "batch"}], "in": ["Europe"]}
    long_ones = {"kind": "only", "jobs": [{"longer": "8 h"}], "in": ["Germany"]}
    model = scripted({"rules": [batch]}, {"rules": [long_ones]}, tuned=True)
    reading = compile_policy(
        "Batch jobs run only in Europe. Those of them over 8 hours run only in Germany.", VOCABULARY, model
    )
    second = reading.policy_set.rules[1].jobs
    assert (second.kind, second.longer_than_h) == ("batch", 8)
    (asked,) = reading.questions
    assert asked.question == '"Those" is taken to mean batch jobs: is that so?'


def test_chatter_after_a_rule_amends_nothing():
    changed = {"kind": "only", "jobs": [{"team": "finance"}], "in": ["Britain"]}
    model = scripted({"rules": [FINANCE]}, {"none": "fact"}, {"rules": [changed]}, tuned=True)
    reading = compile_policy("Finance only in Europe. The weather is what it is.", VOCABULARY, model)
    assert reading.policy_set.rules[0].regions == ("gb", "de")
    assert len(reading.policy_set.unenforceable) == 1


def test_what_no_rule_can_hold_is_set_aside_and_no_other_rule_made_of_it():
    spends = {"kind": "budget", "jobs": [{"team": "finance"}], "max": "900 usd", "per": "week"}
    model = scripted({"rules": [spends]}, {"rules": [spends]}, tuned=True)
    reading = compile_policy("Finance may spend 900 dollars a quarter.", VOCABULARY, model)
    assert not reading.policy_set.rules
    (reason,) = [why for _, why in reasons(reading.policy_set)]
    assert reason == 'the sentence says "a quarter", which no rule can hold'
