"""How much room there is, now and by the hour, and what a job would draw."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel

from sim.units import HOUR_S, J_PER_KWH, FloatArray
from tools.read.names import Hours, JobId, RegionId, pending_job, region_index
from tools.spec import Registry, Request, Session

CAPACITY = Registry()


class PowerEstimate(Request):
    """Estimate the power and energy that a pending job would draw in a region, overhead (PUE) included."""

    job_id: JobId
    region: RegionId


class PowerEstimateResult(BaseModel):
    """IT watts are the job's share of its servers' dynamic power; facility watts include PUE."""

    job_id: str
    region: str
    it_w: float
    facility_w: float
    energy_kwh: float


@CAPACITY.tool(PowerEstimate, effect="read")
def power_estimate(request: PowerEstimate, session: Session) -> PowerEstimateResult:
    """Return the estimate, by the declared duration."""
    job = pending_job(session.view, request.job_id)
    region = session.view.regions[region_index(session.view, request.region)]
    it_w = region.job_power_w(job.cpus, job.gpus)
    facility_w = it_w * region.pue
    return PowerEstimateResult(
        job_id=job.id,
        region=region.id,
        it_w=round(it_w, 3),
        facility_w=round(facility_w, 3),
        energy_kwh=round(facility_w * job.duration_estimate_s / J_PER_KWH, 6),
    )


class CapacityQuery(Request):
    """List every region with its free and total CPUs, GPUs and memory, and how many jobs run or wait there."""


class RegionCapacity(BaseModel):
    """One region now. `planned` counts jobs that wait in its queue or are booked for later."""

    region: str
    zone: str
    free_cpus: float
    cpus: float
    free_gpus: float
    gpus: float
    free_memory_gb: float
    memory_gb: float
    running: int
    planned: int


class CapacityQueryResult(BaseModel):
    """All regions."""

    regions: list[RegionCapacity]


@CAPACITY.tool(CapacityQuery, effect="read")
def capacity_query(request: CapacityQuery, session: Session) -> CapacityQueryResult:
    """Return what is free now."""
    view = session.view
    rows = []
    for r, region in enumerate(view.regions):
        here = [held for held in view.commitments if held.region == region.id]
        cpus, gpus, memory_gb = (float(round(amount, 3)) for amount in view.free[r])
        rows.append(
            RegionCapacity(
                region=region.id,
                zone=region.zone,
                free_cpus=cpus,
                cpus=region.cpus,
                free_gpus=gpus,
                gpus=region.gpus,
                free_memory_gb=memory_gb,
                memory_gb=region.memory_gb,
                running=sum(held.running for held in here),
                planned=sum(not held.running for held in here),
            )
        )
    return CapacityQueryResult(regions=rows)


class CapacityOverTime(Request):
    """Foresee the free CPUs, GPUs and memory of a region, hour by hour from now, by all that runs and is booked there.

    Ends are estimates. What services are expected to hold and what rules keep free is taken off.
    """

    region: RegionId
    hours: Hours = 24


class CapacityOverTimeResult(BaseModel):
    """What is free throughout each coming hour, the first from now on: a job that fits stays within it for the hour."""

    region: str
    now_s: float
    free_cpus: list[float]
    free_gpus: list[float]
    free_memory_gb: list[float]


@CAPACITY.tool(CapacityOverTime, effect="read")
def capacity_over_time(request: CapacityOverTime, session: Session) -> CapacityOverTimeResult:
    """Return the least that is free in the slots of each hour, as a fresh timetable lays it out."""
    view, r = session.view, region_index(session.view, request.region)
    free = np.maximum(session.timetable().free[r], 0.0)  # a rule may keep free more than there is now
    hours = min(request.hours, int(len(free) * view.epoch_s // HOUR_S))
    cpus, gpus, memory_gb = (np.round(column, 3).tolist() for column in _by_hour(free, view.epoch_s, hours).T)
    return CapacityOverTimeResult(
        region=request.region, now_s=view.now_s, free_cpus=cpus, free_gpus=gpus, free_memory_gb=memory_gb
    )


def _by_hour(free: FloatArray, slot_s: float, hours: int) -> FloatArray:
    """Return the least of what slots have free, shape (K, 3), in each hour that they touch, shape (hours, 3)."""
    first = (HOUR_S * np.arange(hours) / slot_s + 1e-9).astype(int)
    after = np.ceil(HOUR_S * np.arange(1, hours + 1) / slot_s - 1e-9).astype(int)
    return np.array([free[k:end].min(axis=0) for k, end in zip(first, after, strict=True)]).reshape(hours, 3)
