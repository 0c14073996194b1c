"""One run of the agent: an iterator of epochs, whoever pulls it (the command line, the console, a test)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from agent.described.reading import Descriptions
from agent.epoch import Agent, Epoch, Memory
from agent.graph import compiled
from agent.record import EpochRecord, ModelRecord
from agent.store import Store
from sim.approvals import Approvals
from sim.constraints import Constraints
from sim.engine import Engine
from sim.runner import Run
from sim.units import J_PER_KWH
from sim.world import World
from tools import Session
from tools.backends.simulated import SimulatedBackend


class Graph(Protocol):
    """What decides one epoch and carries it out."""

    def invoke(self, state: Any, /, *, context: Epoch) -> Any:
        """Leave the record in the context."""


@dataclass
class AgentRun:
    """Iterate to run: each step is one epoch that had something to decide. `run` holds what came of it.

    With `descriptions`, which hold the rules, jobs are bound to what theirs ask for.
    """

    world: World
    agent: Agent
    constraints: Constraints | None = None
    store: Store | None = None
    approvals: Approvals | None = None
    descriptions: Descriptions | None = None
    graph: Graph = field(default_factory=compiled)
    run: Run = field(init=False)
    calls: list[tuple[float, ModelRecord]] = field(init=False, default_factory=list)
    fallbacks: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Build the engine; nothing has happened yet."""
        rules = self.descriptions.bound if self.descriptions else self.constraints
        self._engine = Engine(self.world, rules, acts=True, approvals=self.approvals)
        self._backend = SimulatedBackend(self._engine)
        self.run = Run(self.world, "agent", self._engine.history, self._engine.approvals)

    def __iter__(self) -> Iterator[EpochRecord]:
        """Yield the record of each epoch, right after its decisions were carried out."""
        began = time.perf_counter()
        memory = Memory.of(self.world.workload.jobs)
        while view := self._backend.next_view():
            asked = time.perf_counter()
            read = self.descriptions.read(view, self._engine.reveal) if self.descriptions else []
            if self.descriptions and self.descriptions.revealed:
                view = self._engine.view()
            session = Session(view, self._backend)
            epoch = Epoch(self.agent, session, self._backend, self._backend.epoch, memory, model=read)
            epoch.asks = self._engine.approvals.waiting
            epoch.texts = self.descriptions.unsettled if self.descriptions else {}

            self.graph.invoke({}, context=epoch)
            self.run.scheduler_s += time.perf_counter() - asked
            assert epoch.record is not None
            assert epoch.done is not None
            self.run.keep(epoch.done)
            self._keep(epoch.record)
            self.run.wall_s = time.perf_counter() - began
            yield epoch.record
        self.run.wall_s = time.perf_counter() - began

    def _keep(self, record: EpochRecord) -> None:
        self.calls.extend((record.now_s, call) for call in record.model)
        self.fallbacks += record.decided_by == "fallback"
        if self.store:
            self.store.append(record)

    def llm_figures(self) -> dict[str, float]:
        """Return calls, tokens, seconds, energy, fallbacks and repairs, as the summary words them."""
        calls = [call for _, call in self.calls]
        seconds = [call.seconds for call in calls]
        p50, p95 = np.percentile(seconds, [50, 95]) if seconds else (0.0, 0.0)
        return {
            "calls": len(calls),
            "prompt_tokens": sum(call.prompt_tokens for call in calls),
            "completion_tokens": sum(call.completion_tokens for call in calls),
            "seconds": float(sum(seconds)),
            "energy_kwh": self._llm_host()[0] * float(sum(seconds)) / J_PER_KWH,
            "p50_s": float(p50),
            "p95_s": float(p95),
            "fallbacks": self.fallbacks if self.agent.model else 0,
            "repairs": sum(bool(call.failure and call.text) for call in calls),
        }

    def llm_g(self) -> float:
        """Return the model's own carbon, grams: its energy x the intensity where it runs, when it was asked."""
        watts, r = self._llm_host()
        return sum(watts * call.seconds * self.world.intensity[r].at(t_s) / J_PER_KWH for t_s, call in self.calls)

    def _llm_host(self) -> tuple[float, int]:
        """Return what the model's host draws while it works, as modelled and PUE included, W; and its region."""
        counts = self.world.accounting
        r = self.world.region_index[counts.llm_region] if counts.llm_region else 0
        return counts.llm_w * self.world.regions[r].pue, r
