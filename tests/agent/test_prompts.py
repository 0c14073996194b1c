import hashlib
from pathlib import Path

import pytest

from agent.prompts import Prompt, load

PROMPTS = Path(__file__).parents[2] / "prompts"


def test_a_prompt_is_named_by_version_and_by_the_hash_of_its_file():
    prompt = load("policy_compile")
    assert prompt.version == "2"
    assert prompt.sha256 == hashlib.sha256((PROMPTS / "policy_compile.md").read_bytes()).hexdigest()
    assert not prompt.text.startswith("---")


def test_placeholders_and_values_must_match_both_ways():
    prompt = Prompt("p", "1", "Hello $name.", "")
    assert prompt.fill(name="you") == "Hello you."
    for values in ({}, {"name": "you", "other": "x"}, {"nam": "you"}):
        with pytest.raises(ValueError, match=r"prompt p has the placeholders \['name'\]"):
            prompt.fill(**values)


def test_every_prompt_loads():
    for path in PROMPTS.glob("*.md"):
        assert load(path.stem).text


def test_a_missing_prompt_is_an_error():
    with pytest.raises(FileNotFoundError):
        load("none")
