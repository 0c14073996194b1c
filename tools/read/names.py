"""The words that requests share, and what they name in a View."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.model import Commitment, Job, Suspended
from sim.view import View
from tools.spec import Fixable

RegionId = Annotated[str, Field(description="A region's id, as capacity_query lists them.")]
JobId = Annotated[str, Field(description="A pending job's id, as list_jobs gives it.")]
LiveJobId = Annotated[str, Field(description="A running or suspended job's id, as list_running gives it.")]
StartS = Annotated[
    float, Field(ge=0, allow_inf_nan=False, description="Start, seconds since the scenario's start; now or later.")
]
Hours = Annotated[int, Field(ge=1, le=96, description="How many hours ahead.")]
Workers = Annotated[int, Field(ge=1, description="Number of workers; more than 1 for elastic jobs alone.")]


def pending_job(view: View, job_id: str) -> Job:
    """Return a pending job, or raise Fixable with the ids that there are."""
    if job_id in view.pending_by_id:
        return view.pending_by_id[job_id]
    known = ", ".join(job.id for job in view.pending[:8])
    raise Fixable(f"no pending job {job_id!r}; {len(view.pending)} are pending: {known}")


def running_job(view: View, job_id: str) -> Commitment:
    """Return a job that works now, or raise Fixable with the ids that there are."""
    working = {held.job.id: held for held in view.commitments if held.state == "running"}
    if job_id in working:
        return working[job_id]
    raise Fixable(f"no running job {job_id!r}; {len(working)} are running: {', '.join(list(working)[:8])}")


def suspended_job(view: View, job_id: str) -> Suspended:
    """Return a suspended job, or raise Fixable with the ids that there are."""
    paused = {one.job.id: one for one in view.suspended}
    if job_id in paused:
        return paused[job_id]
    raise Fixable(f"no suspended job {job_id!r}; {len(paused)} are suspended: {', '.join(list(paused)[:8])}")


def region_index(view: View, region: str) -> int:
    """Return a region's position, or raise Fixable with the ids that there are."""
    if region not in view.region_index:
        raise Fixable(f"no region {region!r}; regions are {', '.join(view.region_index)}")
    return view.region_index[region]


def check_scale(job: Job, scale: int) -> None:
    """Raise Fixable if a job cannot have so many workers."""
    if not 1 <= scale <= job.max_scale:
        raise Fixable(f"job {job.id} runs with 1 to {job.max_scale} workers, asked for {scale}")
