"""The world of one run: regions, jobs, and what the grid really did. Only the engine, ledger and bound see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sim.errors import InputError
from sim.forecast import Forecaster
from sim.model import Job, Region, Workload
from sim.signals import Signal

ROUNDING_S = 1e-6
"""Sums of seconds may differ by so much and still be equal."""


@dataclass(frozen=True)
class Accounting:
    """What the total counts beside the jobs' dynamic carbon. `llm_w` is the modelled power of the model's host."""

    idle: bool = True
    llm: bool = True
    llm_w: float = 30.0


@dataclass(frozen=True)
class World:
    """Everything that is fixed before a run begins.

    Attributes:
        start: The moment t = 0, UTC.
        epoch_s: Seconds between decision points; the grid on which planners think.
        horizon_s: The end of the run; jobs still running then are unfinished.
        intensity: Actual carbon intensity of each region, in region order, gCO2eq/kWh, with history before t = 0.
        price: Actual electricity price of each region, USD/MWh, likewise.
    """

    start: datetime
    epoch_s: float
    horizon_s: float
    regions: tuple[Region, ...]
    workload: Workload
    intensity: tuple[Signal, ...]
    price: tuple[Signal, ...]
    forecaster: Forecaster
    accounting: Accounting = Accounting()

    def __post_init__(self) -> None:
        """Refuse a job that no region can hold, that ends before it begins, or whose id stands twice."""
        ids = Counter(job.id for job in self.workload.jobs)
        if ids and ids.most_common(1)[0][1] > 1:
            raise InputError(
                f"job id {ids.most_common(1)[0][0]!r} stands twice in the workload; expected distinct ids"
            )
        known = {region.id for region in self.regions}
        for job in self.workload.jobs:
            check_job(job, self.regions, known)

    @cached_property
    def region_index(self) -> dict[str, int]:
        """Region id to its position."""
        return {region.id: r for r, region in enumerate(self.regions)}


def check_job(job: Job, regions: Sequence[Region], known: set[str]) -> None:
    """Raise InputError if the job cannot be scheduled in any region."""
    if job.deadline_s < job.submit_s + job.duration_estimate_s - ROUNDING_S:
        raise InputError(
            f"job {job.id}: deadline {job.deadline_s:g} s is before submission {job.submit_s:g} s plus "
            f"duration {job.duration_estimate_s:g} s; expected a deadline that the job can meet"
        )
    if job.home not in known:
        raise InputError(f"job {job.id}: home region {job.home!r} is unknown; regions are {', '.join(sorted(known))}")
    fits = (
        job.cpus <= region.cpus and job.gpus <= region.gpus and job.memory_gb <= region.memory_gb
        for region in regions
    )
    if not any(fits):
        sizes = "; ".join(f"{r.id} {r.cpus:g}/{r.gpus:g}/{r.memory_gb:g}" for r in regions)
        raise InputError(
            f"job {job.id} needs {job.cpus:g} CPUs, {job.gpus:g} GPUs, {job.memory_gb:g} GB, more than any region "
            f"holds ({sizes}); give a region more servers or drop the job"
        )
