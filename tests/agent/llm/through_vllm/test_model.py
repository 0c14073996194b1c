"""`--llm vllm`: one engine a process, whoever opens it; what it is asked; what it cannot do."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.evaluation import evaluate
from agent.evaluation.pool import threaded
from agent.evaluation.suite import load_suite
from agent.llm.protocol import ModelFailed, ModelRefused, Turn, Usage
from agent.llm.select import open_model, open_reader, reader_beside
from agent.llm.vllm import model
from agent.llm.vllm.broker import Prompt, Written
from sim.errors import InputError
from tests.agent.evaluation.suites import write_suite

WORDS = [{"role": "user", "content": "A or B?"}]


class Echo:
    """Gives every prompt the same answer, once `together` prompts have been in the batch at the same time."""

    built = 0
    prompts: list[Prompt]
    answer = '{"choice": "A", "reason": "lowest score"}'
    together = 1

    def __init__(self, folder: Path, adapter: Path | None) -> None:
        type(self).built += 1
        time.sleep(0.05)  # so that others ask for it meanwhile
        self._batch: list[int] = []

    def add(self, number: int, prompt: Prompt) -> None:
        self.prompts.append(prompt)
        self._batch.append(number)

    def step(self) -> Iterator[tuple[int, Written | ModelFailed]]:
        if len(self._batch) < self.together:
            time.sleep(0.01)
            return
        type(self).together = 1
        while self._batch:
            yield self._batch.pop(), Written(Turn(self.answer, usage=Usage(10, 5, 9)), False)

    def abort(self, number: int) -> None:
        self._batch.remove(number)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Echo]]:
    class Fresh(Echo):
        prompts: list[Prompt] = []  # noqa: RUF012 - of this test's class

    monkeypatch.setattr(model, "InProcess", Fresh)
    monkeypatch.setattr(model, "require_vllm", lambda: None)
    monkeypatch.setattr(model, "embedded_folder", lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "vllm", SimpleNamespace(__version__="0.32.0"))
    model._broker.cache_clear()
    yield Fresh
    model._broker.cache_clear()


def test_models_that_are_opened_at_once_share_one_engine(engine):
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: open_model("vllm"), range(4)))
    assert engine.built == 1
    turns = [one.complete(WORDS, max_tokens=9, deadline_s=20) for one in models]
    assert {turn.text for turn in turns} == {engine.answer}
    assert turns[0].usage.cached_tokens == 5
    assert turns[0].usage.seconds > 0


def test_the_reader_answers_with_the_adapter_and_who_decides_without(engine):
    reader, decider = open_reader("vllm"), open_model("vllm")
    for one in (reader, decider):
        one.complete(WORDS, max_tokens=9, deadline_s=20, schema={"type": "object"})
    assert (reader.tuned, decider.tuned) == (True, False)
    assert [prompt.adapter for prompt in engine.prompts] == [True, False]
    assert engine.built == 1
    assert reader.version != decider.version
    assert "adapter" in reader.version
    assert reader_beside("vllm").tuned
    assert reader_beside("vllm:DIR") is None


def test_answers_are_held_to_what_every_model_is_held_to(engine):
    one = open_model("vllm")
    engine.answer = "no JSON"
    with pytest.raises(ModelFailed, match="vllm: not JSON"):
        one.complete(WORDS, max_tokens=9, deadline_s=20, schema={"type": "object"})
    with pytest.raises(ModelRefused, match="cws llm serve"):
        one.complete(WORDS, max_tokens=9, deadline_s=20, tools=[{}])


def test_a_folder_of_weights_is_named_with_a_hash_that_changes_with_its_files(engine, tmp_path):
    folder = tmp_path / "hf"
    folder.mkdir()
    with pytest.raises(InputError, match=r"found no config\.json"):
        open_model(f"vllm:{folder}")
    (folder / "config.json").write_text("{}")
    before = open_model(f"vllm:{folder}").version
    (folder / "model.safetensors").write_text("weights")
    assert before.startswith(f"vllm:{folder}: weights ")
    assert open_model(f"vllm:{folder}").version != before


def test_without_vllm_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"vLLM is not installed.*llm-cws\[vllm\]"):
        open_model("vllm")


def test_the_runs_of_an_evaluation_meet_in_one_batch(engine, tmp_path):
    """No run is answered until two ask at the same time."""
    engine.together = 2
    agents = [{"id": "asks", "llm": "vllm"}]
    suite = write_suite(tmp_path / "suite", schedulers=[], agents=agents, baseline="asks", seeds=[0, 1])
    expanded = load_suite(str(suite))
    journal = evaluate.begin(expanded, tmp_path / "out", None, command=[], resume=False)
    found = evaluate.run(expanded, journal, None, lambda *given: threaded(*given, workers=4), lambda row: None)
    assert [row["status"] for row in found.rows] == ["ok"] * 4, [row["reason"] for row in found.rows]
    assert engine.built == 1
    assert engine.together == 1, "two were in the batch"
    assert sum(row["llm_calls"] for row in found.rows) == len(engine.prompts)
    assert not sum(row["llm_fallbacks"] for row in found.rows)
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["ok"] == 4
