"""The agent against a real HTTP endpoint on loopback that speaks the OpenAI API: rank, tools, dying in mid-run."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.case import Case, prepare, run_agent, start_agent
from agent.llm.select import open_model
from agent.record import EpochRecord
from tests.sim.test_scenario import content

Answer = Callable[[dict[str, Any]], dict[str, Any] | None]


def says(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def calls(name: str, **arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "type": "function", "function": function}],
    }


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], list[dict[str, Any]]]]:
    """Serve chat completions that a function makes of the request; None is an internal error."""
    servers: list[ThreadingHTTPServer] = []

    def serve(answer: Answer) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply(200, {"object": "list", "data": []})

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append(request)
                message = answer(request)
                if message is None:
                    self.reply(500, {"error": {"message": "out of order"}})
                    return
                usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                self.reply(200, {"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage})

            def reply(self, status: int, body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}/v1")
        return asked

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def case(tmp_path: Path) -> Case:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(content()))
    return prepare(str(path), None)


def run(case: Case, mode: str = "rank") -> tuple[list[EpochRecord], dict[str, Any]]:
    records: list[EpochRecord] = []
    one = start_agent(case, open_model("openai:any"), mode=mode)
    return records, run_agent(one, case, None, records.append).summary


def test_in_rank_mode_the_endpoint_gets_a_schema_and_its_choice_counts(case: Case, endpoint):
    asked = endpoint(lambda _: says('{"choice": "A", "reason": "lowest score"}'))
    records, summary = run(case)
    by_model = sum(record.decided_by == "model" for record in records)
    assert {record.decided_by for record in records} == {"model", "numbers"}
    assert asked[0]["response_format"]["json_schema"]["strict"] is True
    assert summary["llm"]["calls"] == len(asked) == by_model < len(records)
    assert summary["llm"]["prompt_tokens"] == 10 * len(asked)


def test_in_tools_mode_the_endpoint_calls_tools_and_reads_their_results(case: Case, endpoint):
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["messages"][-1]["role"] == "tool":
            return says("Nothing better than the best plan.")
        return calls("list_jobs", limit=5)

    asked = endpoint(answer)
    records, _ = run(case, "tools")
    assert {tool["function"]["name"] for tool in asked[0]["tools"]} >= {"place_job", "what_if", "carbon_forecast"}
    shown = asked[1]["messages"][-1]["content"].removeprefix("<data>\n").removesuffix("\n</data>")
    assert json.loads(shown)["jobs"][0]["job_id"].startswith("job-")
    asked_about = next(record for record in records if record.model)
    assert [call.name for call in asked_about.tools if call.by == "model"] == ["list_jobs"]
    assert {record.decided_by for record in records} == {"model", "numbers"}


def test_an_endpoint_that_dies_in_mid_run_does_not_stop_the_schedule(case: Case, endpoint):
    answers = iter(['{"choice": "A", "reason": "lowest score"}'])

    def answer(_: dict[str, Any]) -> dict[str, Any] | None:
        text = next(answers, None)
        return says(text) if text else None

    endpoint(answer)
    records, summary = run(case)
    asked_about = [record for record in records if record.decided_by != "numbers"]
    assert len(asked_about) > 1
    assert [record.decided_by == "fallback" for record in asked_about] == [False, *[True] * (len(asked_about) - 1)]
    assert "HTTP 500" in asked_about[1].reason
    assert summary["unfinished"] == 0
    assert summary["llm"]["fallbacks"] == len(asked_about) - 1
