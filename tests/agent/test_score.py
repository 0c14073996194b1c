from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent import job_hints
from agent.llm.protocol import ModelFailed
from agent.llm.scripted import ScriptedModel
from agent.policy import compiler
from agent.policy.vocabulary import Vocabulary
from agent.score import DescriptionLine, PolicyLine, load_lines, score_descriptions, score_policies
from sim.errors import InputError

VOCABULARY = Vocabulary.load(Path(__file__).parents[2] / "policies" / "vocabulary.json")
SAID_FINANCE = {"kind": "only", "jobs": [{"team": "finance"}], "in": ["Europe"]}
SAID_ADS = {"kind": "deny", "jobs": [{"team": "ads"}], "in": ["Britain"]}
FINANCE = {"kind": "placement", "jobs": {"team": "finance"}, "effect": "only", "regions": ["gb", "de"]}
ADS = {"kind": "placement", "jobs": {"team": "ads"}, "effect": "deny", "regions": ["gb"]}
BOTH = "Finance runs only in Europe; no ads in Britain."
SAID_BOTH_WRONG = {"rules": [SAID_FINANCE, {**SAID_ADS, "kind": "only"}]}
"""What no comparison with `BOTH` finds: each word has a rule that it may belong to."""


def policy(text: str, *rules: dict[str, Any], unenforceable: int = 0, id: str = "p") -> PolicyLine:
    line = {"id": id, "text": text, "rules": rules, "unenforceable": unenforceable}
    return PolicyLine.model_validate_json(json.dumps(line))


def description(text: str, **hints: Any) -> DescriptionLine:
    line = {"id": "d", "now": "2026-03-04T10:00:00Z", "tz": "Europe/Berlin", "text": text, "hints": hints}
    return DescriptionLine.model_validate_json(json.dumps(line))


def scripted(*answers: Any, spec: str = "scripted") -> ScriptedModel:
    return ScriptedModel([one if isinstance(one, str | Exception) else json.dumps(one) for one in answers], spec)


def test_a_right_reading_is_right_whatever_the_order_and_the_defaults():
    said = {**SAID_FINANCE, "in": ["Germany", "Britain"]}
    lines = [policy("Finance only in Europe. Be kind.", FINANCE, unenforceable=1)]
    found = score_policies(lines, VOCABULARY, scripted({"rules": [said]}, {"none": "wish"}))
    assert found == {"texts": 1, "right": 1.0, "f1": 1.0, "silently_wrong": 0.0, "failures": []}


def test_a_text_is_wrong_with_one_rule_wrong_and_f1_counts_each_rule():
    lines = [policy(BOTH, FINANCE, ADS), policy("No ads in Britain.", ADS, id="q")]
    model = scripted(SAID_BOTH_WRONG, {"rules": [SAID_ADS]})
    found = score_policies(lines, VOCABULARY, model)
    assert found["right"] == 0.5
    assert found["f1"] == pytest.approx(2 * 2 / (3 + 3))
    assert found["silently_wrong"] == 0.5
    (failure,) = found["failures"]
    assert (failure["id"], failure["text"]) == ("p", BOTH)
    assert failure["expected"]["rules"][1]["effect"] == "deny"
    assert failure["got"]["rules"][1]["effect"] == "only"


def test_a_rule_too_many_is_wrong_and_a_rule_said_twice_is_not():
    lines = [policy("Finance only in Europe. Again, finance only in Europe.", FINANCE)]
    once, more = {"rules": [SAID_FINANCE]}, {"rules": [SAID_ADS]}
    assert score_policies(lines, VOCABULARY, scripted(once, once))["right"] == 1.0
    assert score_policies(lines, VOCABULARY, scripted(once, more, more))["right"] == 0.0


def test_a_wrong_reading_that_sets_a_sentence_aside_is_not_silent():
    found = score_policies([policy("Finance.", FINANCE)], VOCABULARY, scripted({"none": "question"}))
    assert (found["right"], found["f1"], found["silently_wrong"]) == (0.0, 0.0, 0.0)
    assert found["failures"][0]["got"]["unenforceable"] == [{"text": "Finance.", "reason": "it is a question"}]


def test_a_rule_made_of_what_is_none_is_silently_wrong():
    found = score_policies(
        [policy("Our ads have never been in Britain.", unenforceable=1)], VOCABULARY, scripted({"rules": [SAID_ADS]})
    )
    assert (found["right"], found["silently_wrong"]) == (0.0, 1.0)


def test_that_the_embedded_model_warns_of_itself_makes_no_wrong_reading_loud():
    found = score_policies([policy(BOTH, FINANCE, ADS)], VOCABULARY, scripted(SAID_BOTH_WRONG, spec="local"))
    assert found["silently_wrong"] == 1.0
    found = score_descriptions(
        [description("4 cores, no, 2.", cpus=2)], VOCABULARY, scripted({"cpus": 4}, spec="local")
    )
    assert found["silently_wrong"] == 1.0


def test_a_wrong_reading_that_is_asked_about_is_not_silent(monkeypatch):
    monkeypatch.setattr(compiler, "crosscheck", lambda *_: ("who?",))
    monkeypatch.setattr(job_hints, "crosscheck_hints", lambda *_: ("how many?",))
    said = {"rules": [SAID_FINANCE]}
    found = score_policies([policy("Ads.", ADS)], VOCABULARY, scripted(said, said))
    assert (found["right"], found["silently_wrong"]) == (0.0, 0.0)
    assert found["failures"][0]["questions"] == ["Ads.: who?"]
    found = score_descriptions([description("Hm.", cpus=2)], VOCABULARY, scripted({"cpus": 4}, {"cpus": 4}))
    assert (found["silently_wrong"], found["failures"][0]["questions"]) == (0.0, ["how many?"])


def test_a_text_without_an_answer_is_wrong_but_not_silent_and_none_at_all_is_an_error():
    lines = [policy("Finance.", FINANCE), policy("No ads in Britain.", ADS, id="q")]
    found = score_policies(lines, VOCABULARY, scripted(ModelFailed("down"), {"rules": [SAID_ADS]}))
    assert (found["right"], found["silently_wrong"]) == (0.5, 0.0)
    assert "down" in found["failures"][0]["got"]["error"]
    with pytest.raises(InputError, match=r"none of the 2 texts was answered.*down"):
        score_policies(lines, VOCABULARY, scripted(ModelFailed("down"), ModelFailed("down")))


def test_a_description_that_could_not_be_read_is_wrong_but_not_silent_and_says_why():
    found = score_descriptions([description("Hm.", cpus=2)], VOCABULARY, scripted("no", "no"))
    assert (found["right"], found["silently_wrong"]) == (0.0, 0.0)
    assert "it is not JSON" in found["failures"][0]["warnings"][0]


def test_hints_are_compared_field_by_field_and_moments_as_instants():
    text = "By Friday 17:00 on 8 cores (was 16:00, with one GPU)."
    lines = [description(text, deadline="2026-03-06T17:00:00+01:00", cpus=8)]
    found = score_descriptions(lines, VOCABULARY, scripted({"deadline": "fri 17:00", "cpus": 8}))
    assert (found["right"], found["f1"]) == (1.0, 1.0)
    found = score_descriptions(lines, VOCABULARY, scripted({"deadline": "fri 16:00", "cpus": 8, "gpus": 1}))
    assert (found["right"], found["f1"], found["silently_wrong"]) == (0.0, pytest.approx(2 / 5), 1.0)
    assert found["failures"][0]["expected"] == {"deadline": "2026-03-06T16:00:00Z", "cpus": 8.0}


def test_texts_that_ask_for_nothing_and_get_nothing_have_an_f1_of_1():
    found = score_descriptions([description("Hello.")], VOCABULARY, scripted({}))
    assert (found["right"], found["f1"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"id": "a"}\n', "line 1: text: Field required"),
        ('\n{"id": "a", "text": "T.", "rules": [{"kind": "ban"}], "unenforceable": 0}\n', "line 2: rules.0"),
        ("{\n", "line 1: Invalid JSON"),
        ("", "no lines; expected one JSON object a line"),
        ('{"id": "a", "text": "T.", "rules": [], "unenforceable": 1}\n' * 2, "line 2: the id 'a' occurs twice"),
    ],
)
def test_a_file_that_is_no_yardstick_is_refused_with_its_line(tmp_path: Path, content: str, words: str):
    file = tmp_path / "texts.jsonl"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_lines(file, PolicyLine)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)
