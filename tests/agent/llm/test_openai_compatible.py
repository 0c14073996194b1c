import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agent.llm.openai_compatible import OpenAIModel, is_strict
from agent.llm.protocol import ModelFailed, ModelRefused, ToolCall
from sim.errors import InputError

HELLO = [{"role": "user", "content": "hello"}]
CHOICE = {
    "type": "object",
    "properties": {"choice": {"enum": ["A", "B"]}},
    "required": ["choice"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "place", "parameters": {"type": "object", "properties": {}}}}
USAGE = {"prompt_tokens": 20, "completion_tokens": 6, "prompt_tokens_details": {"cached_tokens": 16}}


def completion(message, finish_reason="stop", usage=USAGE):
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
    return {"id": "1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}


class Endpoint(ThreadingHTTPServer):
    """A real server on loopback that gives one answer to everything and remembers what it was asked."""

    daemon_threads = True
    status = 200
    body = b""
    trickle_s = None

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.released = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    def answer(self, body, status=200):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status = status


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.requests.append((self.path, self.headers["Authorization"], json.loads(body)))
        if server.trickle_s is None:
            return self._send(server.body)
        return self._trickle(server)

    def _send(self, body):
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _trickle(self, server):
        """Send a byte now and then until the test is over."""
        self.send_response(200)
        self.end_headers()
        try:
            while not server.released.wait(server.trickle_s):
                self.wfile.write(b" ")
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client has given up, as it should

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def model(endpoint):
    with_key = OpenAIModel("m", endpoint.url, "sk-secret")
    yield with_key
    with_key._client.close()


def ask(model, deadline_s=5.0, **options):
    return model.complete(HELLO, max_tokens=8, deadline_s=deadline_s, **options)


def test_a_schema_and_its_usage(endpoint, model):
    endpoint.answer(completion({"content": '{"choice":"A"}'}))
    turn = ask(model, schema=CHOICE)
    assert turn.text == '{"choice":"A"}'
    assert (turn.usage.prompt_tokens, turn.usage.cached_tokens, turn.usage.completion_tokens) == (20, 16, 6)
    assert 0 < turn.usage.seconds < 5
    [(path, key, request)] = endpoint.requests
    assert (path, key) == ("/v1/chat/completions", "Bearer sk-secret")
    assert request == {
        "model": "m",
        "messages": HELLO,
        "temperature": 0,
        "max_tokens": 8,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": CHOICE, "strict": True},
        },
    }


def test_an_open_schema_is_sent_without_strict(endpoint, model):
    endpoint.answer(completion({"content": "{}"}))
    ask(model, schema={"type": "object", "properties": {"choice": {"type": "string"}}})
    assert "strict" not in endpoint.requests[0][2]["response_format"]["json_schema"]


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CHOICE, True),
        ({**CHOICE, "additionalProperties": True}, False),
        ({**CHOICE, "required": []}, False),
        ({"type": "array", "items": CHOICE}, True),
        ({"type": "array", "items": {"type": "object"}}, False),
        ({"anyOf": [CHOICE, {"type": "integer", "default": 1}]}, False),
    ],
)
def test_what_strict_mode_takes(schema, strict):
    assert is_strict(schema) is strict


def test_tool_calls(endpoint, model):
    call = {"id": "c1", "type": "function", "function": {"name": "place", "arguments": '{"job":1}'}}
    endpoint.answer(completion({"content": None, "tool_calls": [call]}, "tool_calls"))
    turn = ask(model, tools=[TOOL])
    assert turn.tool_calls == (ToolCall("c1", "place", '{"job":1}'),)
    assert turn.text == ""
    assert endpoint.requests[0][2]["tools"] == [TOOL]


def test_an_endpoint_that_counts_no_tokens(endpoint, model):
    endpoint.answer(completion({"content": "hi"}, usage=None))
    assert ask(model).usage.prompt_tokens == 0


def test_a_server_error_may_pass(endpoint, model):
    endpoint.answer({"error": {"message": "overloaded"}}, 500)
    with pytest.raises(ModelFailed, match=r"openai:m: HTTP 500: .*overloaded") as error:
        ask(model)
    assert not isinstance(error.value, ModelRefused)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(("status", "final"), [(400, True), (401, True), (404, True), (408, False), (429, False)])
def test_a_wrong_request_is_final_and_a_busy_server_is_not(endpoint, model, status, final):
    endpoint.answer({"error": {"message": "no"}}, status)
    with pytest.raises(ModelFailed, match=f"HTTP {status}") as error:
        ask(model)
    assert isinstance(error.value, ModelRefused) is final


def test_a_key_that_is_sent_back_is_not_shown(endpoint, model):
    endpoint.answer({"error": {"message": "Incorrect API key:\n sk-secret"}}, 401)
    with pytest.raises(ModelRefused) as error:
        ask(model)
    assert "sk-secret" not in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.parametrize("trickle_s", [30, 0.02])
def test_a_hanging_server_is_left_at_the_deadline(endpoint, model, trickle_s):
    endpoint.trickle_s = trickle_s
    with pytest.raises(ModelFailed, match=r"no answer from http://127.0.0.1:\d+/v1 within 0.2 s"):
        ask(model, deadline_s=0.2)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b'{"choices": []}', b'{"choices": [{}]}', b"\xff"])
def test_garbage_is_not_a_chat_completion(endpoint, model, body):
    endpoint.answer(body)
    with pytest.raises(ModelFailed, match="openai:m: not a chat completion"):
        ask(model)


def test_half_an_answer(endpoint, model):
    endpoint.answer(completion({"content": '{"choice":'}, "length"))
    with pytest.raises(ModelFailed, match="cut off after 6 tokens"):
        ask(model, schema=CHOICE)


def test_connection_refused():
    with_nobody = OpenAIModel("m", "http://127.0.0.1:9/v1")
    with pytest.raises(ModelFailed, match=r"http://127.0.0.1:9/v1: .*Connection refused"):
        ask(with_nobody)
    with_nobody._client.close()


def test_this_machine_needs_no_key(monkeypatch, endpoint):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    endpoint.answer(completion({"content": "hi"}))
    model = OpenAIModel("m")
    assert ask(model).text == "hi"
    assert endpoint.requests[0][1] == "Bearer none-needed"
    model._client.close()


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "http://", "http://localhost:port/v1"])
def test_an_address_that_is_none(url):
    with pytest.raises(InputError, match=r"OPENAI_BASE_URL=.*expected an address such as"):
        OpenAIModel("m", url, "key")


def test_openai_itself_has_another_name_for_the_limit(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    model = OpenAIModel("m", api_key="key")
    assert "max_completion_tokens" in model._request(HELLO, 8, None, ())
    model._client.close()
