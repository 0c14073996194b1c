"""Stays of jobs in regions, and what many jobs take, as columns: what quotas are reckoned with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.jobs import Jobs
from sim.model import Checkpoint, Job
from sim.units import BoolArray, FloatArray, IntArray

_NONE = Checkpoint()


@dataclass(frozen=True, slots=True)
class Stay:
    """A job in a region (an index) with so many workers, from now or later until it ends by its estimate."""

    job: Job
    region: int
    scale: int
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class Loads:
    """What J jobs take while they stay, shape (J,) each.

    Attributes:
        cpus: CPUs held by all workers; `gpus` likewise.
        busy: The part of the CPUs that is kept busy.
        once_kwh: kWh (IT) of reading a checkpoint and of writing one.
        save_s: How long writing a checkpoint takes.
    """

    cpus: FloatArray
    gpus: FloatArray
    busy: FloatArray
    once_kwh: FloatArray
    save_s: FloatArray

    @classmethod
    def of(cls, jobs: Sequence[Job], scales: Sequence[int]) -> Loads:
        """Return the loads of single jobs with so many workers."""
        rows = [
            (job.cpus * n, job.gpus * n, job.cpus * job.utilization * n, *_kept(job.checkpoint))
            for job, n in zip(jobs, scales, strict=True)
        ]
        return cls(*np.array(rows, dtype=float).reshape(-1, 5).T)

    @classmethod
    def of_jobs(cls, jobs: Jobs) -> Loads:
        """Return the loads of jobs with one worker each."""
        kept = np.array([_kept(trait.checkpoint) for trait in jobs.traits]).reshape(-1, 2)[jobs.trait]
        return cls(jobs.cpus, jobs.gpus, jobs.cpus * jobs.utilization, kept[:, 0], kept[:, 1])

    def take(self, at: IntArray | BoolArray) -> Loads:
        """Return those of some of the jobs."""
        return Loads(self.cpus[at], self.gpus[at], self.busy[at], self.once_kwh[at], self.save_s[at])

    def __len__(self) -> int:
        return len(self.cpus)


def _kept(checkpoint: Checkpoint | None) -> tuple[float, float]:
    kept = checkpoint or _NONE
    return kept.save_kwh + kept.restore_kwh, kept.save_s
