from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.llm.cached import Cached, cache_folder
from agent.llm.protocol import ModelFailed, Turn
from agent.llm.scripted import Reply, ScriptedModel

SCHEMA = {"type": "object", "properties": {"a": {}, "b": {}}}


def ask(model: Cached, text: str = "One.", **options) -> str:
    settings = {"max_tokens": 10, "deadline_s": 1, "schema": SCHEMA, **options}
    return model.complete([{"role": "user", "content": text}], **settings).text


def cached(folder: Path, *replies: Reply, spec: str = "scripted") -> Cached:
    return Cached(ScriptedModel(replies, spec), folder)


def files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def test_a_text_is_read_once_by_this_and_later_programs(tmp_path: Path):
    model = cached(tmp_path, "first")
    assert [ask(model), ask(model), ask(cached(tmp_path))] == ["first"] * 3
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Two."},
        {"max_tokens": 11},
        {"schema": None},
        {"schema": {**SCHEMA, "properties": {"b": {}, "a": {}}}},  # the order in which they are written
    ],
)
def test_another_question_is_asked(tmp_path: Path, other):
    model = cached(tmp_path, "first", "second")
    assert [ask(model), ask(model, **other), ask(model)] == ["first", "second", "first"]


def test_another_model_is_asked(tmp_path: Path):
    assert ask(cached(tmp_path, "first")) == "first"
    assert ask(cached(tmp_path, "second", spec="another")) == "second"


@pytest.mark.parametrize("damage", ["", "[]", "{}", "\xff", "half", "changed"])
def test_a_damaged_entry_is_asked_for_anew_and_mended(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture):
    ask(cached(tmp_path, "first"))
    (file,) = files(tmp_path)
    whole = file.read_text()
    changed = json.dumps(json.loads(whole) | {"answer": "forged"})
    file.write_bytes({"half": whole[:40], "changed": changed}.get(damage, damage).encode("latin-1"))
    model = cached(tmp_path, "second")
    assert [ask(model), ask(model)] == ["second", "second"]
    assert "asked for anew" in caplog.text
    assert files(tmp_path) == [file]


def test_a_failure_is_not_kept(tmp_path: Path):
    model = cached(tmp_path, ModelFailed("down"), "first")
    with pytest.raises(ModelFailed):
        ask(model)
    assert ask(model) == "first"


def test_calls_with_tools_are_not_kept(tmp_path: Path):
    model = cached(tmp_path, Turn("a"), Turn("b"))
    assert [ask(model, tools=[{}]), ask(model, tools=[{}])] == ["a", "b"]


def test_a_folder_that_cannot_be_written_costs_only_another_call(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "file").touch()
    model = cached(tmp_path / "file" / "cache", "first", "second")
    assert [ask(model), ask(model)] == ["first", "second"]
    assert "cannot be kept" in caplog.text


def test_where_answers_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("CWS_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CWS_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "llm-cws"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "llm-cws"
