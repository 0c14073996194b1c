"""The embedded model as a folder for vLLM: written once and whole, and asked as llama.cpp asks it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import jinja2
import pytest

from agent.llm.vllm import folder
from agent.llm.vllm.folder import embedded_folder, template_of
from agent.llm.weights import find
from sim.errors import InputError

OWN = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""
"""The chat template in the model's GGUF file."""
SYSTEM = {"role": "system", "content": "Be brief.\n"}
ASKED = {"role": "user", "content": "  Where {{ now }}?\n\n"}
SAID = {"role": "assistant", "content": "<b>Here</b>"}


def rendered(template: str, messages: list[dict[str, Any]], **more: Any) -> str:
    """Render as transformers does."""
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = json.dumps
    return environment.from_string(template).render(messages=messages, **more)


def ours() -> str:
    return folder._template().read_text(encoding="utf-8")


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("messages", [[ASKED], [SYSTEM, ASKED], [SYSTEM, ASKED, SAID, ASKED], [ASKED, SAID]])
def test_without_tools_the_prompt_is_the_models_own_to_the_letter(messages, answers):
    assert rendered(ours(), messages, add_generation_prompt=answers) == rendered(
        OWN, messages, add_generation_prompt=answers
    )


def test_the_models_own_template_is_the_one_in_its_file():
    weights = find()
    if weights is None:
        pytest.skip("the weights are not installed")
    with weights.open("rb") as file:
        assert OWN.encode() in file.read(5_000_000)


def test_tools_their_calls_and_their_results_are_written_as_hermes_reads_them():
    tool = {"type": "function", "function": {"name": "list_jobs", "parameters": {"type": "object"}}}
    call = {"id": "1", "type": "function", "function": {"name": "list_jobs", "arguments": {"limit": 5}}}
    messages = [SYSTEM, ASKED, {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "1", "content": '{"jobs": []}'}]  # fmt: skip
    text = rendered(ours(), messages, tools=[tool], add_generation_prompt=True)
    assert f"<tools>\n{json.dumps(tool)}\n</tools>" in text
    assert text.startswith("<|im_start|>system\nBe brief.\n")
    assert text.endswith(
        '<|im_start|>assistant\n<tool_call>\n{"name": "list_jobs", "arguments": {"limit": 5}}\n</tool_call><|im_end|>\n'
        '<|im_start|>user\n<tool_response>\n{"jobs": []}\n</tool_response><|im_end|>\n<|im_start|>assistant\n'
    )


def test_it_is_written_once_and_a_failure_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("CWS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(folder, "verify", lambda: tmp_path / "model.gguf")
    outcomes = iter([InputError("no gguf"), None])
    tried = itertools.count()

    def write(source: Path, template: Path, target: Path) -> None:
        next(tried)
        target.mkdir()
        (target / "config.json").write_text("{}")
        if error := next(outcomes):
            raise error

    monkeypatch.setattr(folder, "_write", write)
    with pytest.raises(InputError, match="no gguf"):
        embedded_folder()
    assert list((tmp_path / "cache").iterdir()) == []
    assert embedded_folder() == embedded_folder()
    assert next(tried) == 2
    assert [path.name for path in embedded_folder().iterdir()] == ["config.json"]


def test_a_chat_template_is_found_in_its_own_file_or_in_the_tokenizers(tmp_path: Path):
    assert template_of(tmp_path) == ""
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ tools }}"}))
    assert "tools" in template_of(tmp_path)
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    assert template_of(tmp_path) == "{{ messages }}"
