"""What people are asked before a job may run somewhere, and what they say. Nobody says yes by himself.

The protocol is small: the gate asks, about a job, a region and a rule; an answer may come at once, from a script, or
later, from a person. Until there is a yes the placement is refused: the job waits, or goes where nobody must be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ask:
    """A placement that needs a person's yes: what it could emit and cost at most when it was first asked about."""

    job_id: str
    region: str
    rule: str
    at_s: float
    carbon_kg: float
    cost_usd: float


Approver = Callable[[Ask], bool | None]
"""Says yes, no, or (None) nothing yet: then it is asked again at the next attempt."""

Key = tuple[str, str, str]
"""Job, region and rule."""


class Approvals:
    """What was asked, and the answers; with an approver, who is asked at once."""

    def __init__(self, approver: Approver | None = None) -> None:
        self._approver = approver
        self._asks: dict[Key, Ask] = {}
        self._answers: dict[Key, bool] = {}
        self._placed: set[str] = set()

    @classmethod
    def of_jobs(cls, ids: Iterable[str] | None = None) -> Approvals:
        """Return approvals of which a script says yes at once: for these jobs, or for all."""
        chosen = None if ids is None else frozenset(ids)
        return cls(lambda ask: True if chosen is None or ask.job_id in chosen else None)

    @property
    def waiting(self) -> list[Ask]:
        """What has no answer yet, the oldest first, but for jobs that have gone elsewhere since."""
        asks = list(self._asks.items())  # at once: the console looks while a run asks
        return [ask for key, ask in asks if key not in self._answers and ask.job_id not in self._placed]

    @property
    def unanswered(self) -> list[Ask]:
        """Whatever has no answer yet, the oldest first, wherever the jobs went since."""
        return [ask for key, ask in list(self._asks.items()) if key not in self._answers]

    def placed(self, job_id: str) -> None:
        """Note that a job was let begin, or planned."""
        self._placed.add(job_id)

    def asked(self, job_id: str, region: str, rule: str) -> bool:
        """Return whether this was asked before."""
        return (job_id, region, rule) in self._asks

    def said(self, job_id: str, region: str, rule: str) -> bool | None:
        """Return the answer, None if there is none yet."""
        return self._answers.get((job_id, region, rule))

    def ask(self, ask: Ask) -> bool | None:
        """Ask, and return the answer if there is one."""
        key = (ask.job_id, ask.region, ask.rule)
        self._asks.setdefault(key, ask)
        self._placed.discard(ask.job_id)
        if key not in self._answers and self._approver and (yes := self._approver(ask)) is not None:
            self._answers[key] = yes
        return self._answers.get(key)

    def answer(self, job_id: str, region: str, rule: str, *, yes: bool) -> None:
        """Take a person's answer; a later one takes the place of an earlier."""
        self._answers[job_id, region, rule] = yes

    def record(self) -> list[dict[str, Any]]:
        """Return what was asked, with the answers, as JSON; `yes` is null where there is none."""
        return [{**asdict(ask), "yes": self._answers.get(key)} for key, ask in self._asks.items()]
