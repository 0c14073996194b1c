"""The desk of a run that waits in a folder: what waits there, and where the answers go."""

from __future__ import annotations

from pathlib import Path

from agent.approving.folder import WAITING, keep_answers, waiting_in
from sim.approvals import Approvals, Ask


class Desk(Approvals):
    """Approvals as a console needs them: answers are kept in the run's folder, for when the run goes on."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    @classmethod
    def of(cls, folder: Path) -> Desk | None:
        """Return the desk of a run folder; None if nothing waits there."""
        return cls(folder) if (folder / WAITING).is_file() else None

    @property
    def waiting(self) -> list[Ask]:
        """What has no answer yet in the folder, whoever answered."""
        return waiting_in(self._folder)

    def answer(self, job_id: str, region: str, rule: str, *, yes: bool) -> None:
        """Keep a person's answer."""
        keep_answers(self._folder, {(job_id, region, rule): yes})
