"""What one epoch of the agent works with: who decides, on what view, and what has been written down so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from agent.exceptions import Exceptional
from agent.llm.protocol import LanguageModel, Message, ModelFailed, Turn, Usage, prompt_sha256
from agent.prompts import Prompt
from agent.propose import Candidate
from agent.record import EpochRecord, ModelRecord, RegionRecord, ToolRecord
from sim.approvals import Ask
from sim.jobs import Jobs
from sim.runner import Done
from sim.scenario import ObjectiveSpec
from sim.schedulers.plan.weigh import Scales
from sim.units import BoolArray
from sim.view import View
from tools import TOOLS, Outcome, Registry, Session
from tools.backends.protocol import Backend

RUNNING = ("running", "restoring", "saving")


@dataclass(frozen=True)
class Agent:
    """What stays the same over a run. `model` is None where numbers decide alone; `tools` are those it may call."""

    model: LanguageModel | None
    mode: str
    objective: ObjectiveSpec
    prompts: Mapping[str, Prompt]
    deadline_s: float = 30.0
    tools: Registry = field(default_factory=lambda: TOOLS)


@dataclass(frozen=True, eq=False)
class Memory:
    """What an agent remembers of each of the J jobs of a workload from epoch to epoch.

    Attributes:
        jobs: All of them, for their names alone.
        told: Whose waiting was told before, shape (J,).
        asked: About whom the model was asked, or need not be, shape (J,).
        noted: What else it was asked about (see `agent.exceptions`).
        refused: By job id, the rule that denied it last.
    """

    jobs: Jobs
    told: BoolArray
    asked: BoolArray
    noted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, jobs: Jobs) -> Memory:
        """Return an empty memory."""
        return cls(jobs, np.zeros(len(jobs), dtype=bool), np.zeros(len(jobs), dtype=bool))


@dataclass
class Epoch:
    """The runtime context of one invocation of the graph: what cannot be written down as plain JSON.

    `session` is what the model's tools work with, `backend` what carries the committed plan out. `asks` are placements
    that wait for a person's yes; `texts`, by job id, what descriptions say beyond what binds.
    """

    agent: Agent
    session: Session
    backend: Backend
    number: int
    memory: Memory
    asks: Sequence[Ask] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    regions: tuple[RegionRecord, ...] = ()
    exceptions: list[Exceptional] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    tools: list[ToolRecord] = field(default_factory=list)
    model: list[ModelRecord] = field(default_factory=list)
    done: Done | None = None
    record: EpochRecord | None = None

    @property
    def view(self) -> View:
        """What may be known."""
        return self.session.view

    @property
    def notes(self) -> list[str]:
        """What is to be minded, in words."""
        return [one.says for one in self.exceptions]

    @cached_property
    def new(self) -> BoolArray:
        """Which pending jobs the model has not been asked about, shape (P,)."""
        return np.asarray(~self.memory.asked[self.view.pending.positions])

    @cached_property
    def scales(self) -> Scales:
        """What plans are weighed on."""
        return Scales(self.view)

    def named(self, label: str) -> Candidate:
        """Return the candidate of a label."""
        return next(candidate for candidate in self.candidates if candidate.label == label)

    def note_call(self, name: str, arguments: dict[str, Any], outcome: Outcome) -> None:
        """Write a tool call of the model down."""
        self.tools.append(ToolRecord(name, arguments, outcome.status, outcome.result, "model"))

    def note_turn(
        self,
        prompt: Prompt,
        messages: Sequence[Message],
        turn: Turn,
        failure: str = "",
        confidence: float | None = None,
    ) -> None:
        """Write a model call down."""
        assert self.agent.model is not None
        usage = turn.usage
        self.model.append(
            ModelRecord(
                spec=self.agent.model.spec,
                prompt=prompt.name,
                prompt_version=prompt.version,
                prompt_sha256=prompt_sha256(messages),
                prompt_tokens=usage.prompt_tokens,
                cached_tokens=usage.cached_tokens,
                completion_tokens=usage.completion_tokens,
                seconds=usage.seconds,
                text=turn.text,
                tool_calls=[asdict(call) for call in turn.tool_calls],
                failure=failure,
                confidence=confidence,
            )
        )

    def note_failure(self, prompt: Prompt, messages: Sequence[Message], failed: ModelFailed, seconds: float) -> None:
        """Write down a call that gave no turn."""
        self.note_turn(prompt, messages, Turn("", usage=Usage(seconds=seconds)), failure=str(failed))


def region_records(view: View) -> tuple[RegionRecord, ...]:
    """Return each region as it is now."""
    running, queued = np.zeros((2, len(view.regions)), dtype=np.int64)
    for held in view.held:
        (running if held.state in RUNNING else queued)[held.region] += 1
    return tuple(
        RegionRecord(
            region=region.id,
            zone=region.zone,
            intensity=float(view.intensity[r].values[-1]),
            price=float(view.price[r].values[-1]),
            busy_cpus=float(region.cpus - view.free_now[r][0]),
            cpus=region.cpus,
            running=int(running[r]),
            queued=int(queued[r]),
        )
        for r, region in enumerate(view.regions)
    )
