"""What there is to decide on: the queue, and the jobs that run or are suspended."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from sim.model import Commitment, Job, Suspended
from sim.units import HOUR_S
from sim.view import View
from tools.spec import Registry, Request, Session

JOBS = Registry()


class ListJobs(Request):
    """List pending jobs, oldest first, with what they need and the latest start that is in time."""

    limit: Annotated[int, Field(ge=1, le=200)] = 20


class PendingJob(BaseModel):
    """A pending job as its submitter declared it. Hours are relative to now; the latest start keeps rules too."""

    job_id: str
    cpus: float
    gpus: float
    memory_gb: float
    duration_h: float
    latest_start_in_h: float
    home: str
    max_workers: int
    suspendable: bool
    kind: str
    priority: str
    team: str | None
    customer: str | None
    tags: list[str]


class ListJobsResult(BaseModel):
    """The first `limit` pending jobs, how many there are, and the present time."""

    now_s: float
    pending: int
    deferred: int
    jobs: list[PendingJob]


@JOBS.tool(ListJobs, effect="read")
def list_jobs(request: ListJobs, session: Session) -> ListJobsResult:
    """Return the pending jobs."""
    view = session.view
    return ListJobsResult(
        now_s=view.now_s,
        pending=len(view.pending),
        deferred=view.deferred,
        jobs=[_pending(job, view) for job in view.pending[: request.limit]],
    )


def _pending(job: Job, view: View) -> PendingJob:
    latest_s = min(job.latest_start_s, view.constraints.latest_start_s(job))
    return PendingJob(
        job_id=job.id,
        cpus=job.cpus,
        gpus=job.gpus,
        memory_gb=job.memory_gb,
        duration_h=round(job.duration_estimate_s / HOUR_S, 3),
        latest_start_in_h=round((latest_s - view.now_s) / HOUR_S, 3),
        home=job.home,
        max_workers=job.max_scale,
        suspendable=job.checkpoint is not None,
        kind=job.kind,
        priority=job.priority,
        team=job.team,
        customer=job.customer,
        tags=list(job.tags),
    )


class ListRunning(Request):
    """List running jobs, oldest start first, then suspended ones, with their progress and what may be done with them.

    By the estimates: a job may end sooner or later. What is `suspendable`, `migratable` or `resizable` may still find
    no room, or be denied by a rule, when it is done.
    """

    limit: Annotated[int, Field(ge=1, le=200)] = 20


class RunningJob(BaseModel):
    """A job that runs, reads or writes its checkpoint, or is suspended. Hours are relative to now.

    `progress` is the share of its work that is done, `remaining_h` what is left with its present workers (one, if
    suspended); both are null while it writes its checkpoint. `deadline_in_h` leaves time for jobs that depend on it.
    """

    job_id: str
    state: str
    region: str
    workers: int
    max_workers: int
    progress: float | None
    remaining_h: float | None
    deadline_in_h: float
    suspensions: int
    suspendable: bool
    migratable: bool
    resizable: bool


class ListRunningResult(BaseModel):
    """The first `limit` of the jobs; how many run, are suspended, and are queued or booked; and the present time."""

    now_s: float
    running: int
    suspended: int
    planned: int
    jobs: list[RunningJob]


@JOBS.tool(ListRunning, effect="read")
def list_running(request: ListRunning, session: Session) -> ListRunningResult:
    """Return what runs and what is suspended."""
    view = session.view
    live = sorted((one for one in view.commitments if one.running), key=lambda one: (one.start_s, one.job.id))
    rows = [_running(one, view) for one in live[: request.limit]]
    rows += [_suspended(one, view) for one in view.suspended[: request.limit - len(rows)]]
    return ListRunningResult(
        now_s=view.now_s,
        running=len(live),
        suspended=len(view.suspended),
        planned=len(view.commitments) - len(live),
        jobs=rows,
    )


def _running(one: Commitment, view: View) -> RunningJob:
    left_s = None if one.state == "saving" else max(0.0, one.end_s - view.now_s)
    rate = one.job.throughput[one.scale - 1] if one.scale > 1 else 1.0
    done = None if left_s is None else _share_done(one.job, left_s * rate)
    return _live(one.job, view, one.state, one.region, one.scale, left_s, done)


def _suspended(one: Suspended, view: View) -> RunningJob:
    reading_s = one.job.checkpoint.restore_s if one.job.checkpoint else 0.0
    return _live(
        one.job, view, "suspended", one.region, 0, one.remaining_s, _share_done(one.job, one.remaining_s - reading_s)
    )


def _share_done(job: Job, work_s: float) -> float:
    return round(max(0.0, 1.0 - work_s / job.duration_estimate_s), 4)


def _live(
    job: Job, view: View, state: str, region: str, workers: int, left_s: float | None, done: float | None
) -> RunningJob:
    times = view.times_suspended_of(job)
    pausable = job.checkpoint is not None and view.constraints.why_not_suspend(job, times) is None
    suspendable = state == "running" and pausable
    return RunningJob(
        job_id=job.id,
        state=state,
        region=region,
        workers=workers,
        max_workers=job.max_scale,
        progress=done,
        remaining_h=None if left_s is None else round(left_s / HOUR_S, 3),
        deadline_in_h=round((job.deadline_s - job.tail_s - view.now_s) / HOUR_S, 3),
        suspensions=times,
        suspendable=suspendable,
        migratable=(suspendable or state == "suspended") and len(view.regions) > 1,
        resizable=state == "running" and job.max_scale > 1,
    )
