"""What every backend looks like to the tools."""

from __future__ import annotations

from typing import Protocol

from sim.model import Place
from sim.view import View


class Backend(Protocol):
    """A cluster, simulated or real, that can be seen at decision points and told where jobs run."""

    def next_view(self) -> View | None:
        """Wait for the next decision point with a job to decide on; None when the run is over."""

    @property
    def epoch(self) -> int:
        """The number of the current epoch."""

    def place(self, decision: Place) -> None:
        """Start a pending job, or plan its start. Raises IllegalAction or RuleDenied."""

    def defer(self, job_id: str, until_s: float) -> None:
        """Leave a pending job alone until then. Raises IllegalAction."""
