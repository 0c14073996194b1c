"""The real embedded model. It is skipped, visibly, where the weights or the runtime are not installed."""

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from agent.llm.embedded import EmbeddedModel
from agent.llm.openai_compatible import OpenAIModel
from agent.llm.protocol import ModelFailed, ModelRefused
from agent.llm.select import open_reader
from agent.llm.weights import find_adapter, sha256_of
from agent.policy.compiler import compile_policy
from agent.policy.vocabulary import Vocabulary
from agent.said.hints import SaidHints
from agent.said.rules import SaidAnswer, SaidRule, SaidSelector
from agent.said.schema import schema_of
from sim.errors import InputError
from tests.agent.llm.lora_file import write_adapter

pytestmark = pytest.mark.embedded

PLANS = "A: 410 kg, 2.0 h wait\nB: 380 kg, 5.5 h wait"
CHOICE = {
    "type": "object",
    "properties": {
        "choice": {"enum": ["A", "B"]},
        "hours": {"type": "integer", "minimum": 0, "maximum": 6},
    },
    "required": ["choice", "hours"],
    "additionalProperties": False,
}


def messages(text=PLANS):
    system = "You schedule jobs on data centres to emit little carbon. Answer in JSON with the best plan's letter."
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


@pytest.fixture(scope="module")
def model():
    try:
        return EmbeddedModel("local:base")
    except InputError as error:
        pytest.skip(str(error))


def ask(model, text=PLANS, max_tokens=40, deadline_s=60.0, **options):
    return model.complete(messages(text), max_tokens=max_tokens, deadline_s=deadline_s, **options)


def test_json_of_the_schema_the_cache_and_the_same_text_twice(model):
    first = ask(model, schema=CHOICE)
    answer = json.loads(first.text)
    assert answer["choice"] in ("A", "B")
    assert 0 <= answer["hours"] <= 6
    assert " " not in first.text
    second = ask(model, schema=CHOICE)
    assert second.text == first.text
    assert first.usage.prompt_tokens == second.usage.prompt_tokens > 60
    assert second.usage.cached_tokens > 50
    assert second.usage.completion_tokens > 0


@pytest.mark.parametrize("form", [SaidAnswer, SaidHints])
@pytest.mark.parametrize("text", ["Ads only in Zürich from 9 to 5.", "Write a poem about the sea."])
def test_it_writes_nothing_but_the_form_that_texts_are_read_in(model, form, text):
    """The runtime ignores a schema that it does not understand, and says nothing."""
    answer = ask(model, text, schema=schema_of(form), max_tokens=400).text
    form.model_validate_json(answer)
    assert '": ' not in answer


@pytest.mark.parametrize(
    ("form", "field"),
    [
        *((SaidHints, name) for name in ("deadline", "takes", "cpus", "memory", "priority")),
        *((SaidRule, name) for name in ("kind", "when", "days", "max", "by", "times")),
        *((SaidSelector, name) for name in ("kind", "longer", "at_least")),
    ],
)
def test_it_keeps_to_the_pattern_of_a_field(model, form, field):
    schema = schema_of(form)
    alone = {**schema, "properties": {field: schema["properties"][field]}, "required": [field]}
    answer = json.loads(ask(model, f"Say {field}: 99:99, 12345678901 xyz", schema=alone, max_tokens=80).text)
    form.model_validate({"kind": "deny", **answer} if form is SaidRule else answer)


def test_an_answer_depends_on_its_prompt_alone(model):
    """Whatever is in the cache, and in a process of its own."""
    texts = [f"{PLANS}\nEpoch {n}. Why?" for n in range(3)]
    forward = [ask(model, text, max_tokens=8).text for text in texts]
    backward = [ask(model, text, max_tokens=8).text for text in reversed(texts)]
    assert backward[::-1] == forward
    code = (
        "import json, sys; from agent.llm.embedded import EmbeddedModel, Threads;"
        "m = EmbeddedModel('local:base', Threads(2, 1));"
        "print(m.complete(json.load(sys.stdin), max_tokens=8, deadline_s=60).text, end='')"
    )
    asked = json.dumps(messages(texts[2]))
    alone = subprocess.run([sys.executable, "-c", code], input=asked, capture_output=True, text=True, check=True)
    assert alone.stdout == forward[2]


@pytest.mark.parametrize("text", ["Tell me a long story.", "wind " * 3000], ids=["writing", "reading"])
def test_it_stops_at_the_deadline_while(model, text):
    started = time.monotonic()
    with pytest.raises(ModelFailed, match=r"local:base: stopped after .* at the deadline of 0.3 s"):
        ask(model, text, max_tokens=900, deadline_s=0.3)
    assert time.monotonic() - started < 3


def test_ctrl_c_stops_it(model):
    to_main = (threading.main_thread().ident, signal.SIGINT)
    threading.Timer(0.2, signal.pthread_kill, to_main).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask(model, "Tell me a long story.", max_tokens=900)
    assert time.monotonic() - started < 3


def test_what_it_cannot_do_is_refused(model):
    with pytest.raises(ModelRefused, match="exceeds the available context size"):
        ask(model, "wind " * 5000)
    with pytest.raises(ModelRefused, match="cannot call tools"):
        ask(model, tools=[{"type": "function"}])
    with pytest.raises(ModelFailed, match="cut off after 2 tokens"):
        ask(model, schema=CHOICE, max_tokens=2)


def test_it_is_an_openai_compatible_endpoint_to_whoever_has_the_key(model):
    client = OpenAIModel("local:base", model.base_url, model.api_key)
    ask(model, schema=CHOICE)
    turn = ask(client, schema=CHOICE)
    assert json.loads(turn.text)["choice"] in ("A", "B")
    assert turn.usage.cached_tokens > 50
    client._client.close()
    stranger = OpenAIModel("local:base", model.base_url, "wrong")
    with pytest.raises(ModelRefused, match="HTTP 401"):
        ask(stranger)
    stranger._client.close()


def test_a_web_page_may_not_ask(model):
    request = urllib.request.Request(f"{model.base_url}/models", headers={"Origin": "http://page.example"})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=5)
    with error.value:
        assert error.value.code == 401
        assert not error.value.headers.get("Access-Control-Allow-Origin")


@pytest.mark.parametrize(("strength", "same"), [(0.0, True), (0.05, False)])
def test_an_adapter_changes_what_is_written_and_its_hash_is_in_the_version(model, tmp_path, strength, same):
    adapter = write_adapter(tmp_path / "adapter.gguf", strength)
    tuned = EmbeddedModel("local", adapter=adapter)
    assert (ask(tuned).text == ask(model).text) == same
    assert tuned.tuned
    assert f"adapter {sha256_of(adapter)[:12]}" in tuned.version
    assert "no adapter" in model.version
    assert not model.tuned


def test_a_file_that_is_no_adapter_is_named(model, tmp_path):
    (tmp_path / "adapter.gguf").write_bytes(b"GGUF, cut off")
    with pytest.raises(InputError, match=r"did not start from .*SmolLM2.* and .*adapter\.gguf"):
        EmbeddedModel("local", adapter=tmp_path / "adapter.gguf").start()


def test_the_adapter_that_ships_reads_a_plain_rule(model):
    """Whatever its training, or it does not ship."""
    if find_adapter() is None:
        pytest.skip("no adapter ships")
    vocabulary = Vocabulary.load(Path(__file__).parents[3] / "policies" / "vocabulary.json")
    (rule,) = compile_policy("Batch jobs must not run in Texas.", vocabulary, open_reader("local")).policy_set.rules
    assert (rule.effect, rule.regions, rule.jobs.kind) == ("deny", ("us-south",), "batch")


def test_a_program_that_ends_right_after_opening_the_model_ends():
    command = [sys.executable, "-c", "from agent.llm.embedded import EmbeddedModel; EmbeddedModel().start()"]
    subprocess.run(command, cwd=Path(__file__).parents[3], timeout=60, check=True)
