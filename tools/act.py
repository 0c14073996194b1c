"""Tools that act on jobs, or speak to the operator. The backend refuses what cannot be, the guard what must not be."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from sim.model import Migrate, Place, Resize, Resume, Suspend
from tools.read.names import JobId, LiveJobId, RegionId, StartS, Workers
from tools.spec import Registry, Request, Session

ACT = Registry()

Reason = Annotated[str, Field(max_length=300, description="Why, in one short sentence.")]
UntilS = Annotated[
    float | None,
    Field(
        allow_inf_nan=False,
        description="Suspend it at this time if it has not ended: seconds since the scenario's start, after its start.",
    ),
]


class PlaceJob(Request):
    """Run a pending job in a region from `start_s` on: now, or booked for later. It cannot be booked anew afterwards.

    Without room at its start it waits in the region's queue.
    """

    job_id: JobId
    region: RegionId
    start_s: StartS
    scale: Workers = 1
    until_s: UntilS = None
    reason: Reason = ""


class PlaceJobResult(BaseModel):
    """The placement that was made."""

    job_id: str
    region: str
    start_s: float
    scale: int


@ACT.tool(PlaceJob, effect="mutate")
def place_job(request: PlaceJob, session: Session) -> PlaceJobResult:
    """Place the job."""
    until_s = math.inf if request.until_s is None else request.until_s
    session.backend.place(Place(request.job_id, request.region, request.start_s, request.scale, until_s))
    return PlaceJobResult(job_id=request.job_id, region=request.region, start_s=request.start_s, scale=request.scale)


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


class SuspendJob(Request):
    """Checkpoint a running job and release what it holds. Finished work is kept.

    It waits until `resume_job`; its deadline does not move. Saving and reading the checkpoint cost seconds and energy.
    """

    job_id: LiveJobId
    reason: Reason = ""


class SuspendJobResult(BaseModel):
    """The job that is suspended, or will be once its checkpoint is written."""

    job_id: str


@ACT.tool(SuspendJob, effect="mutate")
def suspend_job(request: SuspendJob, session: Session) -> SuspendJobResult:
    """Suspend the job."""
    session.backend.suspend(Suspend(request.job_id))
    return SuspendJobResult(job_id=request.job_id)


class ResumeJob(Request):
    """Let a suspended job go on from `start_s` on, in the region where its checkpoint lies."""

    job_id: LiveJobId
    start_s: StartS
    scale: Workers = 1
    until_s: UntilS = None
    reason: Reason = ""


class ResumeJobResult(BaseModel):
    """When the job goes on, and with how many workers."""

    job_id: str
    start_s: float
    scale: int


@ACT.tool(ResumeJob, effect="mutate")
def resume_job(request: ResumeJob, session: Session) -> ResumeJobResult:
    """Resume the job."""
    until_s = math.inf if request.until_s is None else request.until_s
    session.backend.resume(Resume(request.job_id, request.start_s, request.scale, until_s))
    return ResumeJobResult(job_id=request.job_id, start_s=request.start_s, scale=request.scale)


class MigrateJob(Request):
    """Move a running or suspended job to another region, to go on there from `start_s` on.

    A running job is suspended first, so it needs a checkpoint; its state moves over the network.
    """

    job_id: LiveJobId
    region: RegionId
    start_s: StartS
    scale: Workers = 1
    reason: Reason = ""


class MigrateJobResult(BaseModel):
    """Where the job goes on, when, and with how many workers."""

    job_id: str
    region: str
    start_s: float
    scale: int


@ACT.tool(MigrateJob, effect="mutate")
def migrate_job(request: MigrateJob, session: Session) -> MigrateJobResult:
    """Migrate the job."""
    session.backend.migrate(Migrate(request.job_id, request.region, request.start_s, request.scale))
    return MigrateJobResult(job_id=request.job_id, region=request.region, start_s=request.start_s, scale=request.scale)


class ResizeJob(Request):
    """Give a running elastic job another number of workers, now. Finished work is kept."""

    job_id: LiveJobId
    scale: Workers
    reason: Reason = ""


class ResizeJobResult(BaseModel):
    """How many workers the job has now."""

    job_id: str
    scale: int


@ACT.tool(ResizeJob, effect="mutate")
def resize_job(request: ResizeJob, session: Session) -> ResizeJobResult:
    """Resize the job."""
    session.backend.resize(Resize(request.job_id, request.scale))
    return ResizeJobResult(job_id=request.job_id, scale=request.scale)


class RequestApproval(Request):
    """Ask the operator for the yes that a rule wants before a job may run in a region. It is not placed by that.

    An answer may take until a later turn: until there is a yes, placing the job there is refused.
    """

    job_id: Annotated[str, Field(description="Id of a pending, suspended or running job.")]
    region: RegionId
    start_s: StartS
    reason: Reason = ""


class RequestApprovalResult(BaseModel):
    """What people said: `waiting` while nobody has answered."""

    job_id: str
    region: str
    answer: Literal["yes", "no", "waiting"]


@ACT.tool(RequestApproval, effect="tell")
def request_approval(request: RequestApproval, session: Session) -> RequestApprovalResult:
    """Ask, and return the answer if there is one."""
    said = session.backend.ask(request.job_id, request.region, request.start_s)
    answer: Literal["yes", "no", "waiting"] = "waiting" if said is None else "yes" if said else "no"
    return RequestApprovalResult(job_id=request.job_id, region=request.region, answer=answer)


class NoteToOperator(Request):
    """Tell the operator something that matters for the decisions of this turn. Nobody answers, and no job changes."""

    text: Annotated[str, Field(min_length=1, max_length=500, description="The note, in plain words.")]


class NoteToOperatorResult(BaseModel):
    """The note as it stands in the record of this turn, where the console shows it."""

    now_s: float
    text: str


@ACT.tool(NoteToOperator, effect="tell")
def note_to_operator(request: NoteToOperator, session: Session) -> NoteToOperatorResult:
    """Return the note: the record of the call is where it is kept."""
    return NoteToOperatorResult(now_s=session.view.now_s, text=request.text)
