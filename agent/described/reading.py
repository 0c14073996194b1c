"""Descriptions of jobs as a run reads them: on submission, once a text, by the model; what they ask for binds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.described.bounds import LeftOut, bounds_of, stated_deadline_s
from agent.described.guard import DescribedRules
from agent.hints import JobHints
from agent.job_hints import HintsReading, read_hints
from agent.llm.protocol import LanguageModel, Message, ModelFailed, Schema, Turn, Usage, prompt_sha256
from agent.policy.vocabulary import RegionNames, Vocabulary
from agent.prompts import as_data, load
from agent.record import ModelRecord
from sim.constraints import Constraints, Unconstrained
from sim.errors import InputError
from sim.jobs import Jobs
from sim.model import Job, Region
from sim.units import at_time
from sim.view import View
from sim.world import World

log = logging.getLogger(__name__)
TIMES = ("max_delay_h", "deadline")
CONFLICTS = ("regions_only", "regions_deny", "earliest_start")
"""Hints of which the log says so if they do not bind."""


@dataclass
class Descriptions:
    """Reads what arrives, and holds each job to what its description asks for.

    Args:
        world: The run's; nothing of a job is looked at before it is submitted.
        rules: The operator's; None for none.
        model: Who reads.
        deadline_s: Wall seconds allowed for a text.
    """

    world: World
    rules: Constraints | None
    model: LanguageModel
    deadline_s: float
    bound: DescribedRules = field(init=False)

    def __post_init__(self) -> None:
        """Read nothing yet."""
        self._rules = self.rules or Unconstrained(self.world.regions)
        self.bound = DescribedRules(self._rules, self.world.regions)
        self._asked = AskedOnce(self.model)
        self._vocabulary = vocabulary_of(self.world.regions)
        self._read: dict[str, list[dict[str, Any]]] = {}
        self._told: set[str] = set()
        self._seen_s = float("-inf")
        self.revealed = False
        """Whether the last reading changed what views show."""
        self.unsettled: dict[str, str] = {}
        """By job id, the text of which something could not be read, or does not bind the job."""

    def read(self, view: View, reveal: Callable[..., Job]) -> list[ModelRecord]:
        """Read what was submitted since the last view, bind these jobs, and return the model calls that it took.

        What a text says where its job's fields are silent is passed to `reveal` (`Engine.reveal`): views before it do
        not show it.
        """
        self.revealed = False
        for job in view.arrived(self._seen_s):
            if job.description.strip():
                self._take(job, reveal)
        self._seen_s = view.now_s
        return self._asked.taken()

    def record(self) -> list[dict[str, Any]]:
        """Return as JSON each text, and for each of its jobs: what it asks for, what of that is left out, warnings."""
        return [{"text": text, "jobs": jobs} for text, jobs in self._read.items()]

    def _take(self, job: Job, reveal: Callable[..., Job]) -> None:
        reading = self._understand(job)
        if job.assumed:
            stated_s = stated_deadline_s(job, reading.hints, self.world.start)
            if stated_s is not None and _doubts_the_wait(reading):
                stated_s = min(stated_s, job.deadline_s)
            job = reveal(job.id, deadline_s=stated_s, pausable=reading.hints.interruptible is True)
            self.revealed = True
        bounds, left_out = bounds_of(job, reading.hints, self.world, self._rules)
        if bounds.narrows(job):
            self.bound.bind(job.id, bounds)
        self._tell(job, reading, left_out)
        if left_out or reading.warnings or reading.questions:
            self.unsettled[job.id] = job.description
        entry = {"job_id": job.id, "hints": reading.hints.as_json(), "left_out": left_out,
                 "warnings": [*reading.warnings, *reading.questions]}  # fmt: skip
        self._read.setdefault(job.description, []).append(entry)

    def _understand(self, job: Job) -> HintsReading:
        """Return what its description says; one that cannot be read says nothing, with the reason as a warning."""
        tz = self.world.regions[self.world.region_index[job.home]].tz
        submitted = at_time(self.world.start, job.submit_s)
        self._asked.about(job.description)
        try:
            return read_hints(
                as_data(job.description), submitted, tz, self._vocabulary, self._asked, deadline_s=self.deadline_s
            )
        except InputError as error:
            if self._asked.fault is not None:
                raise self._asked.fault from None
            return HintsReading(JobHints(), (f"could not be read: {error}",))

    def _tell(self, job: Job, reading: HintsReading, left_out: LeftOut) -> None:
        """Log each warning once, and what a description asks for in vain."""
        for warning in (*reading.warnings, *reading.questions):
            if warning not in self._told:
                self._told.add(warning)
                log.warning("description of job %s: %s", job.id, warning)
        for name in CONFLICTS:
            if name in left_out:
                log.warning("description of job %s: %s does not bind: %s", job.id, name, left_out[name])


def _doubts_the_wait(reading: HintsReading) -> bool:
    """Return whether a question is about how long the job may wait: then no more is granted than the site's default."""
    return any(name in question for question in reading.questions for name in TIMES)


class AskedOnce:
    """A model that is asked at most once about each text, and gives that answer again; a model that failed fails again.

    So an answer that is not of the form is not sent back to be mended.
    """

    def __init__(self, model: LanguageModel) -> None:
        self.spec = model.spec
        self.fault: InputError | None = None
        self._model, self._text = model, ""
        self._replies: dict[str, tuple[str, Turn | ModelFailed]] = {}
        self._taken: list[ModelRecord] = []

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the model says of itself."""
        return getattr(self._model, name)

    def about(self, text: str) -> None:
        """Say which text comes next."""
        self._text = text

    def taken(self) -> list[ModelRecord]:
        """Return the calls since this was last asked."""
        taken, self._taken = self._taken, []
        return taken

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the model's turn, or the one that it gave about this text. See `LanguageModel.complete`."""
        asked = prompt_sha256(messages)
        if self._text not in self._replies:
            reply = self._ask(messages, asked, max_tokens=max_tokens, deadline_s=deadline_s, schema=schema)
            self._replies[self._text] = asked, reply
        known, reply = self._replies[self._text]
        if known != asked:
            raise ModelFailed(f"{self.spec}: a description is asked about once")
        if isinstance(reply, ModelFailed):
            raise reply
        return reply

    def _ask(
        self, messages: Sequence[Message], asked: str, *, max_tokens: int, deadline_s: float, schema: Schema | None
    ) -> Turn | ModelFailed:
        reply: Turn | ModelFailed
        began = time.monotonic()
        try:
            reply = self._model.complete(messages, max_tokens=max_tokens, deadline_s=deadline_s, schema=schema)
            turn, failure = reply, ""
        except ModelFailed as failed:
            reply, turn, failure = failed, Turn("", usage=Usage(seconds=time.monotonic() - began)), str(failed)
        except InputError as error:  # a recording that does not fit the run: not the text's fault
            self.fault = error
            raise
        prompt = load("said_hints" if getattr(self._model, "tuned", False) else "job_hints")
        usage = turn.usage
        self._taken.append(
            ModelRecord(
                spec=self.spec,
                prompt=prompt.name,
                prompt_version=prompt.version,
                prompt_sha256=asked,
                prompt_tokens=usage.prompt_tokens,
                cached_tokens=usage.cached_tokens,
                completion_tokens=usage.completion_tokens,
                seconds=usage.seconds,
                text=turn.text,
                failure=failure,
            )
        )
        return reply


def is_described(jobs: Jobs) -> bool:
    """Return whether any job has a description."""
    return any(own.description.strip() for own in jobs.particulars.values())


def vocabulary_of(regions: Sequence[Region]) -> Vocabulary:
    """Return the names that a description may use: those of a scenario's regions."""
    names = [RegionNames(id=r.id, zone=r.zone, names=r.names, groups=r.groups, tz=r.tz) for r in regions]
    return Vocabulary(regions=tuple(names))
