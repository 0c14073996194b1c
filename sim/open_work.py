"""What can be decided on now, beside each other: jobs that are pending, suspended, or running and flexible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sim.jobs import Jobs
from sim.units import BoolArray, FloatArray, IntArray

PENDING, SUSPENDED, RUNNING = range(3)


@dataclass(frozen=True, eq=False)
class OpenWork:
    """Columns of shape (W,): pending jobs first, then suspended ones, then running ones with a lever left.

    A lever is a checkpoint, or workers to add or take away. Who reads or writes a checkpoint, is planned, queued or
    moving is committed and not here.

    Attributes:
        state: PENDING, SUSPENDED or RUNNING.
        region: Where it runs, or where its state lies; -1 while pending.
        remaining_s: The estimate of its work left, with one worker; reading its checkpoint is in it.
        scale: Its workers now; 0 unless it runs.
        pausable: Whether it has a checkpoint, and the rules let it be suspended (again).
    """

    jobs: Jobs
    state: IntArray
    region: IntArray
    remaining_s: FloatArray
    scale: IntArray
    pausable: BoolArray

    @classmethod
    def of(
        cls,
        everything: Jobs,
        pending: Jobs,
        suspended: Iterable[tuple[int, int, float]],
        running: Iterable[tuple[int, int, float, int]],
    ) -> OpenWork:
        """Return the columns from position, region, seconds left and scale of each."""
        paused, active = list(suspended), list(running)
        count, p, a = len(pending), len(paused), len(active)
        others = [*(j for j, _, _ in paused), *(j for j, _, _, _ in active)]
        left_s = [*(s for _, _, s in paused), *(s for _, _, s, _ in active)]
        jobs = pending.with_more(everything.take(others)) if others else pending
        return cls(
            jobs=jobs,
            state=np.repeat([PENDING, SUSPENDED, RUNNING], [count, p, a]),
            region=np.array([-1] * count + [r for _, r, _ in paused] + [r for _, r, _, _ in active], dtype=np.int64),
            remaining_s=np.concatenate([pending.duration_estimate_s, left_s]),
            scale=np.array([0] * (count + p) + [n for _, _, _, n in active], dtype=np.int64),
            pausable=jobs.checkpointed[jobs.trait],
        )

    def __len__(self) -> int:
        return len(self.state)

    @property
    def latest_start_s(self) -> FloatArray:
        """The last moment to begin what is left, with one worker and in one go, and still meet the deadline."""
        return np.asarray(self.jobs.deadline_s - self.jobs.tail_s - self.remaining_s)
