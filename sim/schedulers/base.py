"""What a scheduler is: a plan made from the View alone, and when its parts become commitments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.model import Decision, Defer, Place
from sim.timetable import Assignment
from sim.view import View

Plan = tuple[Assignment, ...]
Planner = Callable[[View], Plan]


@dataclass(frozen=True)
class Scheduler:
    """A named planner.

    Attributes:
        kind: `agnostic`, `carbon` or `oracle`.
        source: The paper or project it follows, with its simplifications.
        plan: The pending jobs' intended runs, a pure function of the View; a job left out stays pending.
        rolling: True if only runs that start now are committed and the rest is planned anew at the next
            epoch; False if every run is booked when first planned.
    """

    name: str
    kind: str
    source: str
    plan: Planner
    rolling: bool

    def commit(self, view: View, run: Assignment) -> Decision:
        """Return the decision for one planned run: place it, or defer it if the plan is rolling and it is not due."""
        due = run.start_s < view.now_s + view.epoch_s
        if due or not self.rolling:
            return Place(run.job.id, run.region, run.start_s)
        return Defer(run.job.id, view.now_s + view.epoch_s)
