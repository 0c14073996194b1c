"""Tools that look and change nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from sim.model import Commitment, Job, Suspended
from sim.units import HOUR_S, J_PER_KWH
from sim.view import View
from tools.spec import Fixable, Registry, Request, Session

READ = Registry()

RegionId = Annotated[str, Field(description="A region's id, as capacity_query lists them.")]
JobId = Annotated[str, Field(description="A pending job's id, as list_jobs gives it.")]
LiveJobId = Annotated[str, Field(description="A running or suspended job's id, as list_running gives it.")]
StartS = Annotated[
    float, Field(ge=0, allow_inf_nan=False, description="Start, seconds since the scenario's start; now or later.")
]


def pending_job(view: View, job_id: str) -> Job:
    """Return a pending job, or raise Fixable with the ids that there are."""
    if job_id in view.pending_by_id:
        return view.pending_by_id[job_id]
    known = ", ".join(job.id for job in view.pending[:8])
    raise Fixable(f"no pending job {job_id!r}; {len(view.pending)} are pending: {known}")


def region_index(view: View, region: str) -> int:
    """Return a region's position, or raise Fixable with the ids that there are."""
    if region not in view.region_index:
        raise Fixable(f"no region {region!r}; regions are {', '.join(view.region_index)}")
    return view.region_index[region]


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


class CarbonForecast(Request):
    """Forecast the carbon intensity of a region's grid, hour by hour from now. Lower is cleaner."""

    region: RegionId
    hours: Annotated[int, Field(ge=1, le=96, description="How many hours ahead.")] = 24


class CarbonForecastResult(BaseModel):
    """Mean intensity of each coming hour, gCO2eq/kWh; the first hour begins now."""

    region: str
    issued_at_s: float
    g_per_kwh: list[float]


@READ.tool(CarbonForecast, effect="read")
def carbon_forecast(request: CarbonForecast, session: Session) -> CarbonForecastResult:
    """Return the forecast issued now."""
    view = session.view
    signal = view.intensity_forecast[region_index(view, request.region)]
    hours = min(request.hours, int((signal.end_s - view.now_s) // HOUR_S))
    means = [
        float(signal.integral(view.now_s + h * HOUR_S, view.now_s + (h + 1) * HOUR_S)) / HOUR_S for h in range(hours)
    ]
    return CarbonForecastResult(
        region=request.region, issued_at_s=view.now_s, g_per_kwh=[round(mean, 1) for mean in means]
    )


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


@READ.tool(PowerEstimate, effect="read")
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


@READ.tool(CapacityQuery, effect="read")
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


@READ.tool(ListJobs, effect="read")
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


@READ.tool(ListRunning, effect="read")
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


class PlannedRun(Request):
    """One run of a plan."""

    job_id: JobId
    region: RegionId
    start_s: StartS


class WhatIf(Request):
    """Evaluate a plan on the present forecast without carrying it out: carbon, cost, wait, lateness, rules.

    The runs are taken together, so that they compete for the same free capacity.
    """

    runs: Annotated[list[PlannedRun], Field(min_length=1, max_length=1_000_000)]


class RunProblem(BaseModel):
    """A run of the plan that could not start as planned, and why."""

    job_id: str
    problem: str


class WhatIfResult(BaseModel):
    """Totals of the plan by the forecast, and each run's carbon in the order of the request.

    `late` counts runs that would miss their deadline or delay rule.
    """

    carbon_g: float
    carbon_g_by_run: list[float]
    cost_usd: float
    mean_wait_s: float
    late: int
    problems: list[RunProblem]


@READ.tool(WhatIf, effect="read")
def what_if(request: WhatIf, session: Session) -> WhatIfResult:
    """Return the plan's forecast figures."""
    view, timetable = session.view, session.timetable()
    cost_usd = wait_s = 0.0
    late, problems = 0, []
    carbon_g: list[float] = []
    for run in request.runs:
        job, r = pending_job(view, run.job_id), region_index(view, run.region)
        figures = timetable.evaluate(job, r, run.start_s)
        carbon_g.append(figures.carbon_g)
        cost_usd += figures.cost_usd
        wait_s += run.start_s - job.submit_s
        late += figures.late
        if figures.problem:
            problems.append(RunProblem(job_id=job.id, problem=figures.problem))
    return WhatIfResult(
        carbon_g=sum(carbon_g),
        carbon_g_by_run=carbon_g,
        cost_usd=cost_usd,
        mean_wait_s=wait_s / len(request.runs),
        late=late,
        problems=problems,
    )
