"""Any OpenAI-compatible endpoint: OpenAI itself, vLLM, llama.cpp, an inference gateway."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from agent.llm.protocol import (
    Message,
    ModelFailed,
    ModelRefused,
    Schema,
    ToolCall,
    Turn,
    Usage,
    require_answer,
)
from agent.llm.weights import READER
from sim.errors import InputError

OPENAI = "https://api.openai.com/v1"
WORTH_ANOTHER_TRY = {408, 409, 425, 429}  # of the 4xx; the 5xx are all worth it
CAUSE_CHARS = 200


class OpenAIModel:
    """A chat model behind an OpenAI-compatible endpoint. It asks once: `Reliable` asks again.

    Args:
        model: The model's name at the endpoint.
        base_url: The endpoint; OPENAI_BASE_URL, else OpenAI's, if None.
        api_key: The key; OPENAI_API_KEY if None. An endpoint on this machine needs none.

    Raises:
        InputError: If the address is none, or a remote one has no key.
    """

    def __init__(self, model: str, base_url: str | None = None, api_key: str | None = None) -> None:
        import openai  # a second of CPU time: paid by those who use it

        self.spec = f"openai:{model}"
        self._model = model
        self._address = base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI
        host = _host(self._address)
        self._key = api_key or os.environ.get("OPENAI_API_KEY") or _dummy_key(host)
        self.version = f"{self.spec} at {urlsplit(self._address).netloc.rpartition('@')[2]}"
        self.tuned = model == READER
        self._client = openai.OpenAI(base_url=self._address, api_key=self._key, max_retries=0)

    def reach(self, timeout_s: float = 10.0) -> None:
        """Make sure that something answers at the address, whatever it says.

        Raises:
            InputError: If no connection can be made: a mistake of the user, where a failure in mid-run is not.
        """
        import openai

        try:
            self._client.models.list(timeout=timeout_s)
        except openai.APITimeoutError:
            return  # slow is not unreachable
        except openai.APIStatusError:
            return  # it answers
        except openai.APIConnectionError as error:
            raise InputError(
                f"{self.spec}: nothing answers at {self._address} ({self._short(_root(error))}); "
                "start the server, or set OPENAI_BASE_URL"
            ) from None

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the next turn. See `LanguageModel.complete`."""
        started = time.monotonic()
        request = self._request(messages, max_tokens, schema, tools)
        body = self._ask(request, started, deadline_s)
        try:
            turn, cut_off = _turn(json.loads(body), time.monotonic() - started)
        except (ValueError, LookupError, TypeError, AttributeError):
            raise ModelFailed(f"{self.spec}: not a chat completion: {body[:80]!r}") from None
        return require_answer(self.spec, turn, cut_off=cut_off, schema=schema)

    def _request(
        self, messages: Sequence[Message], max_tokens: int, schema: Schema | None, tools: Sequence[Schema]
    ) -> dict[str, Any]:
        # OpenAI itself has renamed the limit, and its newer models refuse the old name
        limit = "max_completion_tokens" if self._address.rstrip("/") == OPENAI else "max_tokens"
        request = {
            "model": self._model,
            "messages": [dict(message) for message in messages],
            "temperature": 0,
            limit: max_tokens,
        }
        if schema is not None:
            request["response_format"] = _response_format(schema)
        if tools:
            request["tools"] = [dict(tool) for tool in tools]
        return request

    def _ask(self, request: dict[str, Any], started: float, deadline_s: float) -> bytes:
        """Return the body of the response. The client's timeout bounds each wait, the loop their sum."""
        import httpx2
        import openai

        create = self._client.chat.completions.with_streaming_response.create
        try:
            with create(**request, timeout=deadline_s) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if time.monotonic() - started > deadline_s:
                        raise self._too_late(deadline_s)
                return bytes(body)
        except openai.APIStatusError as error:
            raise self._refused(error.status_code, error.message) from None
        except (openai.APITimeoutError, httpx2.TimeoutException):
            raise self._too_late(deadline_s) from None
        except (openai.APIError, httpx2.HTTPError) as error:
            raise ModelFailed(f"{self.spec}: {self._address}: {self._short(_root(error))}") from None

    def _refused(self, status: int, message: str) -> ModelFailed:
        cause = f"{self.spec}: HTTP {status}: {self._short(message)}"
        if 400 <= status < 500 and status not in WORTH_ANOTHER_TRY:
            return ModelRefused(cause)
        return ModelFailed(cause)

    def _too_late(self, deadline_s: float) -> ModelFailed:
        return ModelFailed(f"{self.spec}: no answer from {self._address} within {deadline_s:g} s")

    def _short(self, cause: object) -> str:
        """Return one line without the key: some servers send back what they were sent."""
        return " ".join(str(cause).replace(self._key, "***").split())[:CAUSE_CHARS]


def is_strict(schema: object) -> bool:
    """Whether OpenAI's strict mode takes the schema: its objects are closed and all their properties required."""
    if isinstance(schema, list):
        return all(is_strict(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    return "default" not in schema and _is_closed(schema) and all(is_strict(value) for value in schema.values())


def _is_closed(schema: dict[str, Any]) -> bool:
    if schema.get("type") != "object":
        return True
    every = set(schema.get("properties", ()))
    return schema.get("additionalProperties") is False and set(schema.get("required", ())) == every


def _response_format(schema: Schema) -> dict[str, Any]:
    form: dict[str, Any] = {"name": "answer", "schema": dict(schema)}
    if schema.get("type") == "object" and is_strict(dict(schema)):
        form["strict"] = True
    return {"type": "json_schema", "json_schema": form}


def _turn(body: dict[str, Any], seconds: float) -> tuple[Turn, bool]:
    """Return the turn in a chat completion, and whether it stopped at the limit of tokens."""
    choice = body["choices"][0]
    message = choice["message"]
    calls = tuple(
        ToolCall(call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in message.get("tool_calls") or ()
    )
    turn = Turn(message.get("content") or "", calls, _usage(body.get("usage") or {}, seconds))
    return turn, choice.get("finish_reason") == "length"


def _usage(usage: dict[str, Any], seconds: float) -> Usage:
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=usage.get("prompt_tokens", 0),
        cached_tokens=details.get("cached_tokens") or 0,
        completion_tokens=usage.get("completion_tokens", 0),
        seconds=seconds,
    )


def _host(address: str) -> str:
    parts = urlsplit(address)
    with contextlib.suppress(ValueError):  # a port that is no number
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    raise InputError(f"OPENAI_BASE_URL={address!r}: expected an address such as http://127.0.0.1:8000/v1")


def _dummy_key(host: str) -> str:
    """Return a stand-in for the key, which the client insists on, if the endpoint is on this machine."""
    if not _is_loopback(host):
        raise InputError(f"OPENAI_API_KEY is not set, and {host} is not this machine")
    return "none-needed"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _root(error: BaseException) -> BaseException:
    """Return the first cause: `Connection refused` instead of `Connection error.`"""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
