"""vLLM for real: a server on loopback that `cws llm serve` starts, and an engine in the process that threads share.

Minutes on a CPU. Skipped, visibly, where vLLM is not installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import openai
import pytest

from agent.llm.openai_compatible import OpenAIModel
from agent.llm.protocol import ModelRefused, Turn
from agent.llm.weights import READER
from agent.policy.compiler import compile_policy
from agent.policy.vocabulary import Vocabulary

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="the extra `vllm` is not installed"),
]

ROOT = Path(__file__).parents[4]
USERS_CACHE = {name: value for name, value in os.environ.items() if name == "CWS_CACHE_DIR"}
LONG_S = 900.0
"""A shared machine is slow now and then, and the first start compiles."""
CHOICE = {
    "type": "object",
    "properties": {"choice": {"enum": ["A", "B"]}, "hours": {"type": "integer", "minimum": 0, "maximum": 6}},
    "required": ["choice", "hours"],
    "additionalProperties": False,
}
PLANS = (
    "You schedule jobs on data centres to emit little carbon. " * 20 + "A: 410 kg, 2.0 h wait\nB: 380 kg, 5.5 h wait"
)


@dataclass(frozen=True)
class Served:
    """A server that runs: its address, its key, and what `cws llm serve` said."""

    url: str
    key: str
    said: list[str]
    opened: list[OpenAIModel] = field(default_factory=list)

    def model(self, name: str, key: str | None = None) -> OpenAIModel:
        self.opened.append(OpenAIModel(name, self.url, key or self.key))
        return self.opened[-1]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = secrets.token_urlsafe(16)
    words = [sys.executable, "-m", "cli", "llm", "serve", "--port", str(port), "--", "--enforce-eager"]
    environment = os.environ | {"VLLM_API_KEY": key, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = [process.stdout.readline().rstrip() for _ in range(4)]
    assert process.poll() is None, f"it ended with {process.poll()}"
    server = Served(f"http://127.0.0.1:{port}/v1", key, said)
    yield server
    for model in server.opened:
        model._client.close()
    process.send_signal(signal.SIGINT)
    with process.stdout:
        assert process.wait(60) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)), "nothing listens any more"


def ask(model: OpenAIModel, text: str = PLANS, **options: object) -> Turn:
    messages = [{"role": "user", "content": text}]
    return model.complete(messages, max_tokens=24, deadline_s=LONG_S, **options)  # type: ignore[arg-type]


def test_it_says_how_to_be_used_and_lets_in_who_has_the_key(served: Served):
    assert served.said[0] == f"export OPENAI_BASE_URL={served.url}"
    assert served.said[2:] == [
        "cws agent SCENARIO --llm openai:smollm2",
        f"cws policy compile FILE --llm openai:{READER}",
    ]
    assert served.key not in " ".join(served.said)
    with pytest.raises(ModelRefused, match="HTTP 401"):
        ask(served.model("smollm2", "wrong"))


def test_it_answers_with_json_of_the_schema_and_from_its_prefix_cache(served: Served):
    first, second = (ask(served.model("smollm2"), schema=CHOICE) for _ in range(2))
    answer = json.loads(first.text)
    assert answer["choice"] in ("A", "B")
    assert 0 <= answer["hours"] <= 6
    assert second.text == first.text
    assert 0 < second.usage.cached_tokens < second.usage.prompt_tokens


def test_it_calls_a_tool(served: Served):
    forecast = {
        "name": "carbon_forecast",
        "description": "The carbon intensity of a region.",
        "parameters": {
            "type": "object",
            "properties": {"region": {"enum": ["de", "gb"]}},
            "required": ["region"],
            "additionalProperties": False,
        },
        "strict": True,
    }
    with openai.OpenAI(base_url=served.url, api_key=served.key) as client:
        answer = client.chat.completions.create(
            model="smollm2",
            messages=[{"role": "user", "content": "How clean is the grid in Germany?"}],
            tools=[{"type": "function", "function": forecast}],  # type: ignore[list-item]
            tool_choice="required",
            temperature=0,
            max_tokens=80,
            timeout=LONG_S,
        )
    (call,) = answer.choices[0].message.tool_calls or ()
    assert call.type == "function"
    assert call.function.name == "carbon_forecast"
    assert json.loads(call.function.arguments)["region"] in ("de", "gb")


def test_with_the_adapter_it_reads_a_rule_and_beside_it_the_model_answers_as_without(served: Served):
    """The second is vLLM's pull request 48421: on a CPU the last adapter answered for all."""
    vocabulary = Vocabulary.load(ROOT / "policies" / "vocabulary.json")
    alone = ask(served.model("smollm2"), "What is the capital of France?")
    reader = served.model(READER)
    with ThreadPoolExecutor(2) as pool:
        read = pool.submit(compile_policy, "Batch jobs must not run in Texas.", vocabulary, reader)
        beside = [ask(served.model("smollm2"), "What is the capital of France?").text for _ in range(2)]
    (rule,) = read.result().policy_set.rules
    assert (rule.effect, rule.regions, rule.jobs.kind) == ("deny", ("us-south",), "batch")
    assert beside == [alone.text] * 2


IN_PROCESS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from agent.llm.vllm.model import VllmModel
from agent.policy.compiler import compile_policy
from agent.policy.vocabulary import Vocabulary

schema, plans, deadline_s = json.loads(sys.argv[1]), sys.argv[2], float(sys.argv[3])
decider, reader = VllmModel("vllm"), VllmModel("vllm", reads=True)

def ask(text, schema=None):
    message = {"role": "user", "content": text}
    return decider.complete([message], max_tokens=24, deadline_s=deadline_s, schema=schema)

FRANCE = "What is the capital of France?"
alone = ask(FRANCE).text
names = Vocabulary.load(Path("policies/vocabulary.json"))
with ThreadPoolExecutor(6) as pool:
    read = pool.submit(compile_policy, "Batch jobs must not run in Texas.", names, reader)
    beside = pool.submit(ask, FRANCE)
    chosen = list(pool.map(lambda n: ask(f"{plans} Epoch {n}.", schema), range(4)))
(rule,) = read.result().policy_set.rules
print(json.dumps({
    "chosen": [turn.text for turn in chosen],
    "sure": [turn.probability(0, len(turn.text)) for turn in chosen],
    "cached": ask(f"{plans} Epoch 1.", schema).usage.cached_tokens,
    "rule": [rule.effect, rule.regions, rule.jobs.kind],
    "alone": alone, "beside": beside.result().text,
}))
"""


def test_threads_share_an_engine_in_their_process_and_standard_output_is_theirs():
    words = [sys.executable, "-c", IN_PROCESS, json.dumps(CHOICE), PLANS, str(LONG_S)]
    # the folder of weights of the user's, not the test's: it takes half a minute to write
    environment = {name: value for name, value in os.environ.items() if name != "CWS_CACHE_DIR"}
    environment |= {"PYTHONPATH": str(ROOT), "CWS_VLLM": '{"enforce_eager": true}'} | USERS_CACHE
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=LONG_S)
    assert done.returncode == 0, done.stderr[-3000:]
    printed = json.loads(done.stdout)
    for text in printed["chosen"]:
        answer = json.loads(text)
        assert answer["choice"] in ("A", "B")
        assert 0 <= answer["hours"] <= 6
        assert " " not in text, "compact"
    assert all(0 < sure <= 1 for sure in printed["sure"])
    assert printed["cached"] > 0
    assert printed["rule"] == ["deny", ["us-south"], "batch"]
    assert printed["alone"] == printed["beside"]
