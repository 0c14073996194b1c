"""Starting jobs at once where there is room now: the quick road of schedulers that look at the present alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from sim.jobs import Jobs
from sim.pool import EPS
from sim.schedulers.base import Plan
from sim.units import BoolArray, IntArray
from sim.view import View
from sim.world import ROUNDING_S


def start_now(view: View, jobs: Jobs, preference: Sequence[Sequence[int]]) -> Plan | None:
    """Return a plan in which every job starts now, in the first region of its home's preference that has room.

    None if the present is not enough to know: a job finds no room, or more than running jobs will change the room.

    Args:
        jobs: In the order in which they choose.
        preference: For each home region, region indices, the preferred first. Who is late already goes home first.
    """
    if not view.steady or (view.network is not None and jobs.data_gb.any()):
        return None
    free = [room.copy() for room in view.free_now]
    regions: list[int] = []
    late, as_late = jobs.latest_start_s + ROUNDING_S < view.now_s, home_first(len(free))
    columns = (jobs.home.tolist(), late.tolist(), *jobs.numbers[3:6].tolist())
    for home, is_late, cpus, gpus, memory_gb in zip(*columns, strict=True):
        for r in as_late[home] if is_late else preference[home]:
            room = free[r]
            if cpus <= room[0] + EPS and gpus <= room[1] + EPS and memory_gb <= room[2] + EPS:
                room[0] -= cpus
                room[1] -= gpus
                room[2] -= memory_gb
                regions.append(r)
                break
        else:
            return None
    return _at_once(view, jobs, np.array(regions, dtype=np.int64), late)


def _at_once(view: View, jobs: Jobs, region: IntArray, late: BoolArray) -> Plan:
    return Plan(
        regions=view.regions,
        jobs=jobs,
        region=region,
        start_s=np.full(len(jobs), view.now_s),
        late=late,
    )


@cache
def home_first(count: int) -> tuple[tuple[int, ...], ...]:
    """Return, for each home, the home and then the other regions in scenario order."""
    return tuple((home, *(r for r in range(count) if r != home)) for home in range(count))
