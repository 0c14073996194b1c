"""The simulated backend: the SimPy engine behind the tools' protocol, and nothing more of it."""

from __future__ import annotations

from sim.engine import Engine
from sim.model import Migrate, Place, Resize, Resume, Suspend
from sim.runner import Done, carry_out_plan
from sim.schedulers.base import Plan, Scheduler
from sim.view import View


class SimulatedBackend:
    """Passes decision points and actions through; hides the trace, the true durations and the future."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def next_view(self) -> View | None:
        """Advance to the next decision point."""
        return self._engine.next_view()

    @property
    def epoch(self) -> int:
        """The number of the current epoch."""
        return self._engine.epoch

    def place(self, decision: Place) -> None:
        """Start a pending job, or plan its start."""
        self._engine.place(decision)

    def defer(self, job_id: str, until_s: float) -> None:
        """Leave a pending job alone until then."""
        self._engine.defer(job_id, until_s)

    def suspend(self, decision: Suspend) -> None:
        """Checkpoint a running job and release what it holds."""
        self._engine.suspend(decision)

    def resume(self, decision: Resume) -> None:
        """Let a suspended job go on where its state lies."""
        self._engine.resume(decision)

    def migrate(self, decision: Migrate) -> None:
        """Move a running or suspended job to another region."""
        self._engine.migrate(decision)

    def resize(self, decision: Resize) -> None:
        """Give a running elastic job another number of workers."""
        self._engine.resize(decision)

    def ask(self, job_id: str, region: str, start_s: float) -> bool | None:
        """Ask people for the yes that rules want."""
        return self._engine.ask(job_id, region, start_s)

    def carry_out(self, view: View, scheduler: Scheduler, plan: Plan, *, reason: str = "") -> Done:
        """Carry out a whole plan made for this view: its actions, then its runs that are due."""
        return carry_out_plan(self._engine, scheduler, view, plan, reason=reason)
