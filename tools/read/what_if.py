"""What a plan would come to by the forecast, without carrying it out."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field

from sim.reckoning import Runs, reckon
from sim.view import View
from tools.read.names import JobId, RegionId, StartS, Workers, check_scale, pending_job, region_index
from tools.spec import Registry, Request, Session

WHAT_IF = Registry()


class PlannedRun(Request):
    """One run of a plan."""

    job_id: JobId
    region: RegionId
    start_s: StartS
    scale: Workers = 1


class WhatIf(Request):
    """Evaluate a plan on the present forecast without carrying it out: carbon, cost, wait, lateness, rules.

    The runs are taken together, so that they compete for the same free capacity. Of the rules' quotas each takes what
    it would with one worker.
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


@WHAT_IF.tool(WhatIf, effect="read")
def what_if(request: WhatIf, session: Session) -> WhatIfResult:
    """Return the plan's forecast figures."""
    runs = _columns(request.runs, session.view)
    found = reckon(session.timetable(), runs)
    carbon_g, waits_s = found.carbon_g.tolist(), runs.start_s - runs.jobs.submit_s
    return WhatIfResult(
        carbon_g=sum(carbon_g),
        carbon_g_by_run=carbon_g,
        cost_usd=float(np.cumsum(found.cost_usd)[-1]),
        mean_wait_s=float(np.cumsum(waits_s)[-1]) / len(request.runs),
        late=int(found.late.sum()),
        problems=[
            RunProblem(job_id=run.job_id, problem=problem)
            for run, problem in zip(request.runs, found.problems, strict=True)
            if problem
        ],
    )


def _columns(planned: list[PlannedRun], view: View) -> Runs:
    """Return the runs as columns, or raise Fixable for the first that names what is not there."""
    at = {job_id: i for i, job_id in enumerate(view.pending.ids)}
    for run in planned:
        if run.job_id not in at:
            pending_job(view, run.job_id)
        region_index(view, run.region)
        if run.scale > 1:
            check_scale(view.pending[at[run.job_id]], run.scale)
    return Runs(
        jobs=view.pending.take([at[run.job_id] for run in planned]),
        region=np.array([view.region_index[run.region] for run in planned], dtype=np.int64),
        start_s=np.array([run.start_s for run in planned]),
        scale=np.array([run.scale for run in planned], dtype=np.int64),
    )
