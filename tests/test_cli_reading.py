"""`cws policy score`, `cws job score` and `cws job parse`: one JSON object on standard output, and clear refusals."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import cli
from agent.llm.scripted import ScriptedModel

SAID_ADS = {"kind": "deny", "jobs": [{"team": "ads"}], "in": ["gb"]}
ADS = {"kind": "placement", "jobs": {"team": "ads"}, "effect": "deny", "regions": ["gb"]}
NOW = ("--now", "2026-03-04T10:00:00Z", "--tz", "Europe/Berlin")


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch):
    """Return a function that lets a script answer in the place of `--llm`."""

    def use(*answers: Any) -> None:
        model = ScriptedModel([json.dumps(answer) for answer in answers])
        monkeypatch.setattr("agent.llm.select.open_reader", lambda spec: model)

    return use


@pytest.fixture
def cws(capsys: pytest.CaptureFixture[str]):
    def run(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def said(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_policies_are_scored(cws, answering, tmp_path: Path):
    file = tmp_path / "texts.jsonl"
    text = "Britain is strictly no place for ads."
    lines = [{"id": name, "text": text, "rules": [ADS], "unenforceable": 0} for name in "ab"]
    file.write_text("\n".join(map(json.dumps, lines)))
    answering({"rules": [SAID_ADS]}, {"rules": [{**SAID_ADS, "kind": "only"}]})
    code, out, _ = cws("policy", "score", file)
    found = json.loads(out)
    assert code == 0
    assert (found["right"], found["f1"], found["silently_wrong"]) == (0.5, 0.5, 0.5)
    assert [failure["id"] for failure in found["failures"]] == ["b"]


@pytest.mark.parametrize("text", ["", "# Only a title\n"])
def test_a_policy_without_sentences_is_not_offered_for_confirming(cws, answering, tmp_path: Path, text: str):
    answering()
    file = tmp_path / "empty.md"
    file.write_text(text)
    nothing = "warning: the policy has no sentences: there is nothing to read\n"
    assert cws("policy", "compile", file) == (0, "", nothing)
    code, out, _ = cws("policy", "compile", file, "--json")
    assert (code, json.loads(out)["rules"]) == (0, [])


def test_descriptions_are_scored(cws, answering, tmp_path: Path):
    file = tmp_path / "texts.jsonl"
    line = {"id": "a", "now": "2026-03-04T10:00:00Z", "tz": "Europe/Berlin", "text": "2 cores.", "hints": {"cpus": 2}}
    file.write_text(json.dumps(line))
    answering({"cpus": 2})
    code, out, _ = cws("job", "score", file)
    assert (code, json.loads(out)["right"]) == (0, 1.0)


def test_a_description_is_parsed_to_the_fields_that_it_states(cws, answering, monkeypatch: pytest.MonkeyPatch):
    said(monkeypatch, "Done by Friday 17:00, not in Norway.")
    answering({"deadline": "fri 17:00", "deny": ["Norway"]})
    code, out, err = cws("job", "parse", *NOW, "--json")
    assert (code, json.loads(out)) == (0, {"deadline": "2026-03-06T16:00:00Z"})
    assert "warning: unknown region 'Norway' (known: " in err


def test_questions_are_printed_with_a_reading_and_it_can_be_confirmed_as_printed(
    cws, answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("agent.policy.compiler.crosscheck", lambda *_: ("why Britain?",))
    policy, printed = tmp_path / "ours.md", tmp_path / "printed.json"
    policy.write_text("No ads in Britain.")
    answering(*[{"rules": [SAID_ADS]}] * 4)
    code, out, _ = cws("policy", "compile", policy, "--json")
    assert code == 0
    assert json.loads(out)["questions"] == [{"text": "No ads in Britain.", "question": "why Britain?"}]
    assert "\n  ? why Britain?\n" in cws("policy", "compile", policy)[1]
    printed.write_text(out)
    assert cws("policy", "confirm", policy, "--rules", printed, "--yes")[0] == 0


def test_doubts_about_a_description_are_warned_of(cws, answering, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agent.job_hints.crosscheck_hints", lambda *_: ("2 cpus?",))
    said(monkeypatch, "Hello.")
    answering({"cpus": 2}, {"cpus": 2})
    assert "warning: is this meant? 2 cpus?" in cws("job", "parse", *NOW, "--json")[2]


def test_a_parsed_description_is_shown_to_people_too(cws, answering, monkeypatch: pytest.MonkeyPatch):
    said(monkeypatch, "Hello, two cores.")
    answering({"cpus": 2}, {})
    assert cws("job", "parse", *NOW)[1] == "cpus: 2.0\n"
    said(monkeypatch, "Hello.")
    assert cws("job", "parse", *NOW)[1] == "it asks for nothing\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("job", "parse", *NOW, "--llm", "none"), "--llm none cannot read a description"),
        (("policy", "score", "no.jsonl", "--llm", "none"), "no.jsonl: cannot be read"),
        (("job", "score", "README.md", "--llm", "none"), "README.md: line 1: Invalid JSON"),
    ],
)
def test_what_cannot_be_read_exits_with_2(cws, words, message):
    code, out, err = cws(*words)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("now", "message"),
    [
        (("--now", "today", "--tz", "UTC"), "--now 'today': expected ISO 8601"),
        (("--now", "2026-03-04T10:00:00Z", "--tz", "Mars"), "'Mars' is not a time zone"),
    ],
)
def test_a_moment_or_zone_that_is_none_exits_with_2(cws, answering, monkeypatch: pytest.MonkeyPatch, now, message):
    said(monkeypatch, "Hello.")
    answering({})
    code, _, err = cws("job", "parse", *now)
    assert code == 2
    assert message in err
