"""Asking again within one deadline, and not asking at all for a while once an endpoint looks dead."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence

from tenacity import RetryCallState, Retrying, retry_if_exception

from agent.llm.protocol import LanguageModel, Message, ModelFailed, ModelRefused, Schema, Turn

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0


class Reliable:
    """A model that is asked again when it fails, and left alone when it keeps failing.

    The cool-down is counted in calls, not in seconds, so that a run depends on what the model said and on nothing
    else. After it one call is tried; one more failure opens the breaker again.

    Args:
        model: The model to ask.
        attempts: The most times that one call is tried.
        failures: Failed calls in a row after which the model is left alone.
        cool_down: How many calls then fail at once.
        sleep: Waits so many seconds.
        clock: Monotonic seconds.
        seed: Of the jitter of the pauses.
    """

    def __init__(
        self,
        model: LanguageModel,
        attempts: int = 3,
        failures: int = 3,
        cool_down: int = 20,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        seed: int = 0,
    ) -> None:
        self.spec, self.version, self.tuned = model.spec, model.version, model.tuned
        self.model = model
        self._attempts = attempts
        self._failures = failures
        self._cool_down = cool_down
        self._sleep = sleep
        self._clock = clock
        self._random = random.Random(seed)
        self._failed_in_a_row = 0
        self._calls_to_skip = 0

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the next turn; `deadline_s` bounds all attempts together. See `LanguageModel.complete`."""
        self._refuse_while_open()
        end = self._clock() + deadline_s

        def ask() -> Turn:
            left = max(0.0, end - self._clock())
            return self.model.complete(messages, max_tokens=max_tokens, deadline_s=left, schema=schema, tools=tools)

        try:
            turn = self._retrying(end)(ask)
        except ModelFailed as failure:
            self._note_failure(failure)
            raise
        self._note_success()
        return turn

    def _retrying(self, end: float) -> Retrying:
        def is_last(state: RetryCallState) -> bool:
            return state.attempt_number >= self._attempts or self._clock() + state.upcoming_sleep >= end

        return Retrying(
            retry=retry_if_exception(_may_pass),
            wait=self._pause_s,
            stop=is_last,
            sleep=self._sleep,
            reraise=True,
        )

    def _pause_s(self, state: RetryCallState) -> float:
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (state.attempt_number - 1))
        return float(longest * self._random.uniform(0.5, 1.0))

    def _refuse_while_open(self) -> None:
        if self._calls_to_skip:
            self._calls_to_skip -= 1
            raise ModelFailed(
                f"{self.spec}: not asked after {self._failed_in_a_row} failures in a row; "
                f"{self._calls_to_skip} more calls until the next try"
            )

    def _note_failure(self, failure: ModelFailed) -> None:
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= self._failures:
            self._calls_to_skip = self._cool_down
            why = f"{self._failed_in_a_row} failures in a row, the last: {failure}"
            log.warning("%s is left alone for %d calls after %s", self.spec, self._cool_down, why)

    def _note_success(self) -> None:
        if self._failed_in_a_row >= self._failures:
            log.warning("%s answers again", self.spec)
        self._failed_in_a_row = 0


def _may_pass(error: BaseException) -> bool:
    """Whether asking again could help: not for a refusal, and not for a bug of ours."""
    return isinstance(error, ModelFailed) and not isinstance(error, ModelRefused)
