"""Plans of jobs each by itself, many decision points at once: what a scheduler plans at each where room is ample.

Every planner here gives to the last digit what its scheduler's own `plan` gives at each point's View; tests hold that.
"""

from __future__ import annotations

import numpy as np

from sim.forecast import SeasonalNaive
from sim.jobs import Jobs
from sim.schedulers.base import Plan
from sim.signals import Bundle
from sim.slots import first_of_least, g_per_w, slots_touched, timely_starts, watts
from sim.submissions import Submissions
from sim.units import J_PER_KWH, BoolArray, FloatArray, IntArray
from sim.world import ROUNDING_S

_POINTS = 64
"""Decision points whose forecasts are laid out at once: they fit the processor's cache."""


def now_at_home(asked: Submissions) -> Plan:
    """Start each job when it is asked about, at home, as `fifo` does."""
    return _now(asked, np.arange(len(asked.jobs)), asked.jobs.home)


def now_where_cleanest(asked: Submissions) -> Plan | None:
    """Start each job when it is asked about where intensity x PUE is least, late ones at home, as `greedy-carbon` does.

    None where PUE changes, or the signals share no grid.
    """
    signals, pue = asked.site.intensity[1], asked.site.pue
    if signals is None or pue is None:
        return None
    current = signals.values[:, _samples(signals, asked.point_s)] * pue
    home, cleanest = asked.jobs.home, current.argmin(axis=0)[asked.point]
    as_clean = current[home, asked.point] == current.min(axis=0)[asked.point]
    return _now(asked, _urgent_first(asked), np.where(_late(asked) | as_clean, home, cleanest))


def least_at_home(asked: Submissions) -> Plan | None:
    """Book each job at home in the window of its slack of least carbon by its point's forecast, as `time-shift` does.

    As far as the first point at which a job has no timely start. None where PUE changes, a slot is not a sample of the
    signals, or the forecast is another than yesterday's profile: sums of other models differ in their last digits.
    """
    signals, epoch_s = asked.site.intensity[1], asked.world.epoch_s
    if (
        signals is None
        or asked.site.pue is None
        or asked.site.foretold
        or not isinstance(asked.site.models.intensity, SeasonalNaive)
        or not _on_grid(signals, asked.point_s, epoch_s)
    ):
        return None
    jobs, count = asked.jobs.take(_urgent_first(asked)), len(asked.point_s)
    parts = [_windows(asked, signals, jobs, range(p, min(p + _POINTS, count))) for p in range(0, count, _POINTS)]
    slot, carbon_g = (np.concatenate(column) for column in zip(*parts, strict=True))
    hopeless = np.flatnonzero(slot < 0)
    timely = slice(int(np.searchsorted(asked.point, asked.point[hopeless[0]])) if len(hopeless) else len(jobs))
    jobs, start_s = jobs.take(timely), (asked.asked_s + epoch_s * slot)[timely]
    return Plan(asked.world.regions, jobs, jobs.home, start_s, np.zeros(len(jobs), dtype=bool), carbon_g[timely])


def _windows(asked: Submissions, signals: Bundle, jobs: Jobs, points: range) -> tuple[IntArray, FloatArray]:
    """Return the slot of least carbon of each job of some points (-1: none in time), and that carbon, shape (P,)."""
    mine = slice(*np.searchsorted(asked.point, [points.start, points.stop]).tolist())
    jobs, point, epoch_s = jobs.take(mine), asked.point[mine], asked.world.epoch_s
    length, slots = slots_touched(jobs, epoch_s), np.ceil(asked.horizon_s[point] / epoch_s).astype(np.int64)
    last = timely_starts(jobs, length, asked.point_s[point], epoch_s, slots) - 1
    start, rows = np.arange(max(1, int(last.max()) + 1)), (point - points.start) * len(asked.world.regions) + jobs.home
    sums = _forecast_sums(asked, signals, points, int((last + length).max()) + 2)
    per_w = g_per_w(sums, rows[None], start, jobs.duration_estimate_s / epoch_s)
    carbon = watts(jobs, asked.site.cpu_w, asked.site.gpu_w, jobs.home[None])[:, :, None] * per_w
    slot, _ = first_of_least(np.where(start <= last[:, None], carbon, np.inf))
    return slot, carbon[0, np.arange(len(jobs)), slot]


def _forecast_sums(asked: Submissions, signals: Bundle, points: range, slots: int) -> FloatArray:
    """Return the running sums of forecast intensity x PUE per watt from each point on, (points x R, slots + 1)."""
    forecaster, epoch_s, pue = asked.site.models.intensity, asked.world.epoch_s, asked.site.pue
    assert pue is not None
    sums = np.zeros((len(points), len(pue), slots + 1))
    for ahead, k in zip(sums, _samples(signals, asked.point_s[points.start : points.stop]).tolist(), strict=True):
        known = signals.values[:, : k + 1]
        ahead[:, 1] = known[:, -1]
        ahead[:, 2:] = forecaster.predict(known, epoch_s, slots - 1)
    sums *= epoch_s
    sums *= pue
    np.cumsum(sums, axis=2, out=sums)
    sums /= J_PER_KWH
    return sums.reshape(-1, slots + 1)


def _samples(signals: Bundle, times_s: FloatArray) -> IntArray:
    return ((times_s - signals.start_s) // signals.step_s).astype(np.int64)


def _on_grid(signals: Bundle, times_s: FloatArray, epoch_s: float) -> bool:
    return signals.step_s == epoch_s and not ((times_s - signals.start_s) % epoch_s).any()


def _late(asked: Submissions) -> BoolArray:
    return np.asarray(asked.jobs.latest_start_s + ROUNDING_S < asked.asked_s)


def _urgent_first(asked: Submissions) -> IntArray:
    """Return the jobs point by point, at each those first that must start before the next epoch, shape (J,)."""
    return np.lexsort((asked.jobs.latest_start_s >= asked.asked_s + asked.world.epoch_s, asked.point))


def _now(asked: Submissions, order: IntArray, region: IntArray) -> Plan:
    regions, late = asked.world.regions, _late(asked)
    return Plan(regions, asked.jobs.take(order), region[order], asked.asked_s, late[order])
