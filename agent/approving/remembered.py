"""What a run that goes on remembers: the model's answers, and the epochs that it has decided."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.llm.protocol import LanguageModel, Message, Schema, Turn
from agent.llm.scripted import ReplayedModel
from agent.record import EpochRecord
from agent.store import RunRow, Store
from sim.errors import InputError


class Remembering:
    """A model that first gives the answers of a recording, which it may share with others, and then its own."""

    def __init__(self, model: LanguageModel, recording: ReplayedModel) -> None:
        self.spec = model.spec
        self._model, self._recording = model, recording

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the model says of itself."""
        return getattr(self._model, name)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the recorded turn, or the model's. See `LanguageModel.complete`."""
        who = self._model if self._recording.is_over else self._recording
        return who.complete(messages, max_tokens=max_tokens, deadline_s=deadline_s, schema=schema, tools=tools)


class Continued(Store):
    """The store of a run that is made again up to where it stopped: what it holds already must come out alike."""

    @classmethod
    def open(cls, path: Path) -> Continued:
        """Return the store of an unfinished run. Raises InputError if it is finished, missing or damaged."""
        store = cls(Store.open(path)._engine)
        if store.run().summary is not None:
            raise InputError(f"{path.parent}: this run is finished; there is nothing to go on with")
        return store

    def begin(self, run: RunRow) -> None:
        """Write nothing: the run's row stands here. Raises InputError if it was of another scenario."""
        if self.run().scenario_sha256 != run.scenario_sha256:
            raise InputError(f"{self._engine.url.database}: the run was begun on another scenario")

    def append(self, record: EpochRecord) -> None:
        """Write an epoch, unless it stands here.

        Raises:
            InputError: If another epoch stands in its place.
        """
        known = next(self.epochs({record.epoch}), None)
        if known is None:
            super().append(record)
        elif _told(known) != _told(record):
            raise InputError(
                f"{self._engine.url.database}: epoch {record.epoch} comes out otherwise than it is recorded; was the "
                "run begun by another version, or on other data?"
            )


def _told(record: EpochRecord) -> tuple[Any, ...]:
    """Return what of an epoch must come out alike: all but seconds."""
    return (record.now_s, record.pending, record.proposed, record.committed, record.decided_by, record.decisions)
