"""Asking a publisher over HTTP: a request is tried again where that may help, and no key is shown or logged.

A request is tried again on timeouts, 429 and 5xx, as long as the server asks (Retry-After) or exponentially longer;
then the error says what to do.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from sim.errors import InputError

ATTEMPTS = 5
TIMEOUT_S = 30.0
LONGEST_WAIT_S = 60.0


class _Again(Exception):
    """A failure that may pass: `wait_s` is what the server asked for, if it did."""

    def __init__(self, what: str, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.wait_s = wait_s


_LOG = logging.getLogger("httpx")
"""Where httpx writes the URL of each request, at INFO."""


class _WithoutQuery(logging.Filter):
    """Takes the query off the URLs that httpx logs in this thread: a key may be in it."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True: the record is kept, less the query."""
        if record.thread == self._thread and isinstance(record.args, tuple):
            record.args = tuple(arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg for arg in record.args)
        return True


class Client:
    """Asks one publisher, patiently. `backoff_s` is the first wait of a retry."""

    def __init__(self, name: str, base_url: str, headers: Mapping[str, str], *, backoff_s: float = 1.0) -> None:
        self._name = name
        self._http = httpx.Client(base_url=base_url, headers=dict(headers), timeout=TIMEOUT_S)
        self._backoff_s = backoff_s
        self._redacted = _WithoutQuery()

    def __enter__(self) -> Client:
        _LOG.addFilter(self._redacted)
        return self

    def __exit__(self, *_: object) -> None:
        _LOG.removeFilter(self._redacted)
        self._http.close()

    def get(self, path: str, params: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None) -> Any:
        """Return the JSON of a resource.

        Raises:
            InputError: If the publisher refuses, goes on failing, or answers with something else than JSON.
        """
        patience = Retrying(
            retry=retry_if_exception_type(_Again),
            stop=stop_after_attempt(ATTEMPTS),
            wait=self._wait,
            reraise=True,
        )
        try:
            return patience(self._once, path, params, auth)
        except _Again as gave_up:
            raise InputError(f"{self._name}: {gave_up}, {ATTEMPTS} times; try again later") from None

    def _wait(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.wait_s if isinstance(failure, _Again) else None
        longer = wait_exponential(multiplier=self._backoff_s, max=LONGEST_WAIT_S)(state)
        return min(LONGEST_WAIT_S, asked) if asked is not None else longer

    def _once(self, path: str, params: Mapping[str, str] | None, auth: tuple[str, str] | None) -> Any:
        try:
            answer = self._http.get(path, params=params, auth=auth)
        except httpx.RequestError as error:
            raise _Again(f"no answer ({type(error).__name__})") from None
        if answer.status_code == 429 or answer.status_code >= 500:
            after = answer.headers.get("Retry-After", "")
            raise _Again(f"answered {answer.status_code}", float(after) if after.isdecimal() else None)
        if answer.status_code in (401, 403):
            raise InputError(
                f"{self._name}: answered {answer.status_code}: the key is missing, wrong or may not do this"
            )
        if answer.status_code != 200:
            raise InputError(f"{self._name}: answered {answer.status_code} for {path}; is the zone right?")
        try:
            return answer.json()
        except ValueError:
            raise InputError(f"{self._name}: the answer is not JSON") from None
