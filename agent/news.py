"""Which decisions of an epoch are told one by one: all but the waiting of jobs that wait already."""

from __future__ import annotations

import numpy as np

from sim.jobs import Jobs
from sim.runner import WHY_LATE, DecisionRow, Done, PlanRows
from sim.units import BoolArray


def news(done: Done, everything: Jobs, told: BoolArray) -> tuple[tuple[DecisionRow, ...], int]:
    """Return the rows to tell, and how many jobs go on waiting without one.

    Args:
        done: What was done.
        everything: All jobs of the workload.
        told: Whether the waiting of each was told before, shape (J,); what is told now is noted.
    """
    rows: list[DecisionRow] = []
    waiting = 0
    for row in done.decisions:
        j = everything.position.get(row.job_id, -1) if row.action == "defer" and row.verdict == "ok" else -1
        if j >= 0 and told[j]:
            waiting += 1
            continue
        if j >= 0:
            told[j] = True
        rows.append(row)
    if done.whole:
        positions = done.whole.plan.jobs.positions
        new = done.whole.placed | ~told[positions]
        told[positions[~done.whole.placed]] = True
        waiting += int((~new).sum())
        rows += _rows(done.whole, new)
    return tuple(rows), waiting


def _rows(whole: PlanRows, which: BoolArray) -> list[DecisionRow]:
    """Return some of the runs that went through as a whole, one by one."""
    assert isinstance(whole.epoch, int)
    assert isinstance(whole.now_s, float)
    plan, found = whole.plan, []
    for p in np.flatnonzero(which).tolist():
        carbon_g = float("nan") if plan.carbon_g is None else float(plan.carbon_g[p])
        found.append(
            DecisionRow(
                epoch=whole.epoch,
                now_s=whole.now_s,
                job_id=plan.jobs.id_of(int(plan.jobs.positions[p])),
                action="place" if whole.placed[p] else "defer",
                region=plan.regions[int(plan.region[p])].id,
                start_s=float(plan.start_s[p]),
                candidate=whole.candidate,
                forecast_carbon_g=None if np.isnan(carbon_g) else carbon_g,
                reason=WHY_LATE if plan.late[p] else whole.reason,
                verdict="ok",
            )
        )
    return found
