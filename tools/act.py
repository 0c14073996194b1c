"""Tools that change the world. The backend refuses what cannot be, the guard what must not be."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from sim.model import Place
from tools.read import JobId, RegionId, StartS
from tools.spec import Registry, Request, Session

ACT = Registry()

Reason = Annotated[str, Field(max_length=300, description="Why, in one short sentence.")]


class PlaceJob(Request):
    """Run a pending job in a region from `start_s` on: now, or booked for later. It cannot be moved afterwards."""

    job_id: JobId
    region: RegionId
    start_s: StartS
    reason: Reason = ""


class PlaceJobResult(BaseModel):
    """The placement that was made."""

    job_id: str
    region: str
    start_s: float


@ACT.tool(PlaceJob, effect="mutate")
def place_job(request: PlaceJob, session: Session) -> PlaceJobResult:
    """Place the job."""
    session.backend.place(Place(request.job_id, request.region, request.start_s))
    return PlaceJobResult(job_id=request.job_id, region=request.region, start_s=request.start_s)


class DeferJob(Request):
    """Leave a pending job undecided until `until_s`, when it is asked about again. Its deadline does not move."""

    job_id: JobId
    until_s: Annotated[
        float, Field(gt=0, allow_inf_nan=False, description="Seconds since the scenario's start; later than now.")
    ]
    reason: Reason = ""


class DeferJobResult(BaseModel):
    """When the job comes up again."""

    job_id: str
    until_s: float


@ACT.tool(DeferJob, effect="mutate")
def defer_job(request: DeferJob, session: Session) -> DeferJobResult:
    """Defer the job."""
    session.backend.defer(request.job_id, request.until_s)
    return DeferJobResult(job_id=request.job_id, until_s=request.until_s)
