"""What is written down of every epoch: the one shape that the graph fills, the store keeps and the console shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sim.runner import DecisionRow


@dataclass(frozen=True)
class RegionRecord:
    """A region at an epoch. Utilisation is busy CPUs over all CPUs; intensity in gCO2eq/kWh, price in USD/MWh."""

    region: str
    zone: str
    intensity: float
    price: float
    busy_cpus: float
    cpus: float
    running: int
    queued: int


@dataclass(frozen=True)
class ToolRecord:
    """One tool call with its arguments and its outcome (`ok`, `invalid`, `denied`)."""

    name: str
    arguments: dict[str, Any]
    outcome: str
    result: dict[str, Any]
    by: str = "agent"


@dataclass(frozen=True)
class CandidateRecord:
    """A candidate plan and its what-if figures on the forecast."""

    name: str
    label: str
    carbon_g: float
    cost_usd: float
    mean_wait_s: float
    late: int
    objective: float


@dataclass(frozen=True)
class ModelRecord:
    """One model call: hashes, tokens, seconds, and what came back. `failure` says why it was not used.

    `tool_calls` holds the calls it asked for: id, name, and arguments as the model wrote them. `confidence` is how
    probable it found its choice, where the backend tells.
    """

    spec: str
    prompt: str
    prompt_version: str
    prompt_sha256: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float
    text: str
    tool_calls: list[dict[str, str]] = field(default_factory=list)
    failure: str = ""
    confidence: float | None = None


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of a run: what was seen, asked, answered, checked and done.

    A job's waiting is a decision of its own when it is first decided; `waiting` counts those that go on waiting.
    `notes` is what stood to be minded.
    """

    epoch: int
    now_s: float
    pending: int
    deferred: int
    regions: tuple[RegionRecord, ...]
    candidates: tuple[CandidateRecord, ...]
    tools: tuple[ToolRecord, ...]
    model: tuple[ModelRecord, ...]
    proposed: str
    committed: str
    decided_by: str
    reason: str
    decisions: tuple[DecisionRow, ...]
    waiting: int = 0
    notes: tuple[str, ...] = ()
