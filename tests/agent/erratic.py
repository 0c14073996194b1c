"""A model that calls tools at random, now and then in earnest, now and then with all the malice that fits in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from agent.llm.protocol import Message, Schema, ToolCall, Turn
from sim.units import HOUR_S
from sim.view import View
from tests.agent.hostile import attacks
from tools import TOOLS

RAW = ("", "{", "null", "[]", '"place_job"', "[" * 10_000, "9" * 5000, '{"job_id": NaN}', '{"\\ud800": 1}', "<data>")
NAMES = ("disable_guard", "cancel_job", "place_job ", "PLACE_JOB", "__class__", "apply")
NUMBERS = (-1, 0, 1e308, -1e308, 2**70, 10**30, 1e-320, True, "3600", None, float("nan"), float("inf"))
ACTING = ("place_job",) * 6 + ("migrate_job", "suspend_job", "resume_job", "resize_job") * 2 + (
    "defer_job", "request_approval", "note_to_operator",
)  # fmt: skip


class Erratic:
    """Draws every output from a generator: see `calls`. `outputs` counts its turns.

    `look` gives it what a View shows, so that it can name jobs that there are.
    """

    spec = version = "erratic"
    tuned = False

    look: Callable[[], View]

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._words = [attack.text for attack in attacks("description", "id", "tag")]
        self.outputs = 0

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return calls, or, one time in forty, none, and words that mean harm."""
        if self._rng.random() < 0.025:
            self.outputs += 1
            return Turn(self._one(self._words))
        return Turn("", tuple(self.calls()))

    def calls(self) -> list[ToolCall]:
        """Return one to three calls as one output: four of five are of acting tools, and most could be meant."""
        self.outputs += 1
        view = self.look()
        return [self._call(n, view) for n in range(int(self._rng.integers(1, 4)))]

    def _call(self, number: int, view: View) -> ToolCall:
        rng = self._rng
        name = self._one(ACTING) if rng.random() < 0.8 else self._one([*TOOLS, *NAMES])
        if rng.random() < 0.05:
            return ToolCall(f"c{number}", name, self._one(RAW))
        fields = TOOLS[name].request.model_fields if name in TOOLS else {"job_id": None}
        arguments = {field: self._value(field, view, _suited(name, view)) for field in fields if rng.random() < 0.97}
        return ToolCall(f"c{number}", name, json.dumps(arguments))

    def _value(self, field: str, view: View, jobs: Sequence[str]) -> Any:
        """Return a field's value: mostly one that could be, else a number or a text that could not."""
        rng = self._rng
        if rng.random() < 0.04:
            return self._one([*NUMBERS, *self._words[:20]])
        regions = [*view.region_index] * 3 + ["mars"]
        later_s = view.now_s + HOUR_S * float(rng.choice([0.0, 0.0, 0.0, 0.5, 1.0, 5.0]))
        sensible: dict[str, Any] = {
            "job_id": self._one(jobs if jobs and rng.random() < 0.9 else [*view.pending.ids, "ghost"]),
            "region": self._one(regions),
            "start_s": later_s,
            "until_s": None if rng.random() < 0.7 else later_s + 0.7 * HOUR_S,
            "scale": int(rng.choice([1, 1, 1, 2, 3])),
            "runs": [{"job_id": one, "region": self._one(regions), "start_s": later_s} for one in view.pending.ids[:3]],
        }
        return sensible.get(field, self._one(self._words)[:200])

    def _one(self, choices: Sequence[Any]) -> Any:
        return choices[int(self._rng.integers(len(choices)))]


def _suited(name: str, view: View) -> list[str]:
    """Return the jobs that a tool is for."""
    if name == "resume_job":
        return [one.job.id for one in view.suspended]
    if name in ("suspend_job", "resize_job", "migrate_job"):
        return [held.job.id for held in view.commitments if held.state == "running"]
    return view.pending.ids
