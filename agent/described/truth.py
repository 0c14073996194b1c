"""What texts truly say, where a generated workload knows it: for the account, and for a reader that never errs.

Schedulers and the agent see none of it, unless a run is told so by name: then it is the upper end of a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.described.reading import Descriptions
from agent.hints import JobHints
from agent.job_hints import HintsReading
from agent.llm.scripted import ScriptedModel
from sim.constraints import Constraints
from sim.model import Job
from sim.world import World

_LISTS = ("regions_only", "regions_deny")


def true_hints(world: World) -> dict[str, JobHints]:
    """Return what each text that speaks for fields truly asks for, by job id."""
    load = world.workload
    return {load.jobs.id_of(j): _hints(said) for j, said in load.said.items()}


def _hints(said: Mapping[str, Any]) -> JobHints:
    return JobHints.model_validate({name: tuple(value) if name in _LISTS else value for name, value in said.items()})


def as_record(hints: Mapping[str, JobHints]) -> list[dict[str, Any]]:
    """Return hints in the form of run.json's `descriptions`, all of them binding."""
    return [
        {"text": "", "jobs": [{"job_id": job_id, "hints": asked.as_json(), "left_out": {}}]}
        for job_id, asked in hints.items()
    ]


@dataclass
class TruthReader(Descriptions):
    """A reader that never errs: it is told what the texts were made from."""

    truth: dict[str, JobHints] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World, rules: Constraints | None) -> TruthReader:
        """Return the reader of a world's texts."""
        return cls(world, rules, ScriptedModel([]), 1.0, true_hints(world))

    def _understand(self, job: Job) -> HintsReading:
        return HintsReading(self.truth.get(job.id, JobHints()))
