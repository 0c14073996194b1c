"""What tools act through, and what every backend is."""

from __future__ import annotations

from typing import Protocol

from sim.model import Migrate, Place, Resize, Resume, Suspend
from sim.runner import Done
from sim.schedulers.base import Plan, Scheduler
from sim.view import View


class Actions(Protocol):
    """What tools can do about jobs: on a cluster, or in a draft that keeps what was asked for.

    Every action raises IllegalAction where the job, the region or the job's state does not allow it, and RuleDenied
    where an operator's rule forbids it; then nothing has changed.
    """

    def place(self, decision: Place) -> None:
        """Start a pending job, or plan its start."""

    def defer(self, job_id: str, until_s: float) -> None:
        """Leave a pending job alone until then."""

    def suspend(self, decision: Suspend) -> None:
        """Checkpoint a running job and release what it holds."""

    def resume(self, decision: Resume) -> None:
        """Let a suspended job go on where its state lies."""

    def migrate(self, decision: Migrate) -> None:
        """Move a running or suspended job to another region."""

    def resize(self, decision: Resize) -> None:
        """Give a running elastic job another number of workers."""

    def ask(self, job_id: str, region: str, start_s: float) -> bool | None:
        """Ask people for the yes that rules want of a run of a job in a region; None while nobody has answered.

        IllegalAction if no rule wants one, RuleDenied if a rule forbids the run whatever they say.
        """


class Backend(Actions, Protocol):
    """A cluster, simulated or real, that can be seen at decision points and told where jobs run."""

    def next_view(self) -> View | None:
        """Wait for the next decision point with something to decide on; None when the run is over."""

    @property
    def epoch(self) -> int:
        """The number of the current epoch."""

    def carry_out(self, view: View, scheduler: Scheduler, plan: Plan, *, reason: str = "") -> Done:
        """Carry out a whole plan made for this view, as `sim.runner.carry_out_plan` does; rules deny what they must."""
