"""The world of one run: regions, jobs, and what the grid really did. Only the engine, ledger and bound see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from sim.errors import InputError
from sim.forecast import Forecaster, Models
from sim.foresight import Foretold
from sim.jobs import Jobs, Workload
from sim.model import Region
from sim.network import Network
from sim.services import Service
from sim.signals import Origin, Signal

ROUNDING_S = 1e-6
"""Sums of seconds may differ by so much and still be equal."""


@dataclass(frozen=True)
class Accounting:
    """What the total counts beside the jobs' dynamic carbon.

    `llm_w` is what the model's host draws while it works, as modelled, W; `llm_region` where it stands, the first
    region if that is None.
    """

    idle: bool = True
    embodied: bool = True
    transfer: bool = True
    llm: bool = True
    llm_w: float = 30.0
    llm_region: str | None = None


@dataclass(frozen=True)
class World:
    """Everything that is fixed before a run begins.

    Attributes:
        start: The moment t = 0, UTC.
        epoch_s: Seconds between decision points; the grid on which planners think.
        horizon_s: The end of the run; jobs still running then are unfinished.
        intensity: Actual carbon intensity of each region, in region order, gCO2eq/kWh, with history before t = 0.
        price: Actual electricity price of each region, USD/MWh, likewise.
        temperature: Outside temperature of each region, degC; None where its PUE does not need it.
        onsite: On-site solar and wind power of each region, W; None without any.
        network: What moving data costs; None: data are everywhere, at no cost.
        at_arrivals: Whether each submission is a decision point too.
        foretold: What schedulers are told of the future in place of forecasts; None: they must forecast.
        forecaster: What forecasts temperature, on-site power and request rates, and, if nothing is fitted, all else.
        fitted: Models fitted to what came before the start, for intensity and price; None: `forecaster` serves.
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
    temperature: tuple[Signal | None, ...] = ()
    onsite: tuple[Signal | None, ...] = ()
    network: Network | None = None
    services: tuple[Service, ...] = ()
    at_arrivals: bool = False
    foretold: Foretold | None = None
    fitted: Models | None = None

    def __post_init__(self) -> None:
        """Refuse a job that no region can hold, that ends before it begins, or whose id stands twice."""
        for name in ("temperature", "onsite"):
            if not getattr(self, name):
                object.__setattr__(self, name, (None,) * len(self.regions))
        check_jobs(self.workload.jobs, self.regions)

    @property
    def models(self) -> Models:
        """What forecasts intensity and price."""
        return self.fitted or Models(self.forecaster, self.forecaster)

    def truth(self) -> Foretold:
        """Return the future as it will be: what an oracle is told."""
        return Foretold.of(self.intensity, self.price, self.temperature, self.onsite)

    @cached_property
    def region_index(self) -> dict[str, int]:
        """Region id to its position."""
        return {region.id: r for r, region in enumerate(self.regions)}


def origins(world: World) -> Iterator[tuple[str, Region, Origin | None]]:
    """Return which signal of which region comes from what; None: it was generated, or counts as 0."""
    series = {"carbon": world.intensity, "price": world.price, "temperature": world.temperature, "onsite": world.onsite}
    for name, signals in series.items():
        for region, signal in zip(world.regions, signals, strict=True):
            for origin in (signal.origins or (None,)) if signal else ():
                yield name, region, origin


def check_jobs(jobs: Jobs, regions: Sequence[Region]) -> None:
    """Raise InputError for the first job that cannot be scheduled in these regions, naming what is wrong with it."""
    for problem in _problems(jobs, regions):
        raise InputError(problem)


def _problems(jobs: Jobs, regions: Sequence[Region]) -> Iterator[str]:
    ids = tuple(region.id for region in regions)
    if jobs.homes != ids:
        strange = next(j for j in range(len(jobs)) if jobs.homes[jobs.home[j]] not in ids)
        job = jobs[strange]
        yield f"job {job.id}: home region {job.home!r} is unknown; regions are {', '.join(sorted(ids))}"
    if len(jobs.position) < len(jobs):
        doubled = Counter(jobs.ids).most_common(1)[0][0]
        yield f"job id {doubled!r} stands twice in the workload; expected distinct ids"
    late = np.flatnonzero(jobs.latest_start_s < jobs.submit_s - ROUNDING_S)
    for j in late[:1].tolist():
        job = jobs[j]
        yield (
            f"job {job.id}: deadline {job.deadline_s:g} s is before submission {job.submit_s:g} s plus "
            f"duration {job.duration_estimate_s + job.tail_s:g} s; expected a deadline that the job can meet"
        )
    fits = np.zeros(len(jobs), dtype=bool)
    for region in regions:
        fits |= (jobs.demand <= region.capacity).all(axis=1)
    for j in np.flatnonzero(~fits)[:1].tolist():
        job = jobs[j]
        sizes = "; ".join(f"{r.id} {r.cpus:g}/{r.gpus:g}/{r.memory_gb:g}" for r in regions)
        yield (
            f"job {job.id} needs {job.cpus:g} CPUs, {job.gpus:g} GPUs, {job.memory_gb:g} GB, more than any region "
            f"holds ({sizes}); give a region more servers or drop the job"
        )
    yield from _graph_problems(jobs)


def _graph_problems(jobs: Jobs) -> Iterator[str]:
    """Say which job depends on one that is not there, or was submitted later (so that no circle is possible)."""
    for j, own in jobs.particulars.items():
        for dep in own.deps:
            if dep not in jobs.position:
                yield f"job {jobs.id_of(j)}: depends on {dep!r}, which is not in the workload; name jobs of its graph"
            elif jobs.position[dep] >= j:
                yield (
                    f"job {jobs.id_of(j)}: depends on {dep!r}, which does not stand before it; list the jobs of a "
                    "graph in an order in which they could run"
                )
