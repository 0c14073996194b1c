"""What the fraction of each open job has done by now: replayed from its submission, from what a View shows.

Slots are epochs, counted from the start of the run. P jobs, R regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.forecast import Measured, stacked
from sim.jobs import Jobs
from sim.schedulers.carbonclipper.soad import ON, Advice, Course, Market
from sim.signals import Bundle
from sim.units import J_PER_KWH, BoolArray, FloatArray, IntArray
from sim.view import View

_EPS = 1e-9
_CHUNK = 512
"""Jobs whose courses are followed at once."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What the fractions ask for: how much of each job to have done by the end of the coming slot, shape (P,).

    `x` is the share that runs in each region then, and `grams` what the whole job would emit there, moved there from
    home, shape (P, R). A job whose window is over is asked for wholly.
    """

    done: FloatArray
    x: FloatArray
    grams: FloatArray


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms on which jobs are offered to the algorithm.

    Attributes:
        begin: First slot that begins after the submission, shape (P,).
        window: Slots in which work may be bought, shape (P,).
        length: Slots of work; one where a job cannot stop: it is bought as a whole, shape (P,).
        span: Slots that a purchase runs for: one, or the whole of a job that cannot stop, shape (P,).
    """

    begin: IntArray
    window: IntArray
    length: FloatArray
    span: FloatArray

    @classmethod
    def of(cls, jobs: Jobs, epoch_s: float) -> Terms:
        """Return the terms of jobs."""
        soft, whole = can_stop(jobs), np.maximum(jobs.duration_estimate_s / epoch_s, _EPS)
        begin = np.ceil(jobs.submit_s / epoch_s - _EPS).astype(np.int64)
        last_s = np.where(soft, jobs.deadline_s - jobs.tail_s - epoch_s, jobs.latest_start_s)
        window = np.maximum(1, np.floor(last_s / epoch_s + _EPS).astype(np.int64) - begin + 1)
        return cls(begin, window, np.where(soft, np.minimum(whole, window), 1.0), np.where(soft, 1.0, whole))

    def take(self, at: IntArray) -> Terms:
        """Return the terms of the jobs at these positions."""
        return Terms(self.begin[at], self.window[at], self.length[at], self.span[at])


def can_stop(jobs: Jobs) -> BoolArray:
    """Return which jobs have a checkpoint, shape (P,)."""
    return np.array([trait.checkpoint is not None for trait in jobs.traits], dtype=bool)[jobs.trait]


class Prices:
    """What was forecast for each region at each slot since the first: the slot itself as measured then.

    PUE is taken to have been what it is now. Where signals are told, what has passed stands for what was told of it.
    """

    def __init__(self, view: View, first: int, slots: int) -> None:
        self.first, self.now = first, int(view.now_s / view.epoch_s + _EPS)
        overhead = view.overhead(np.array([view.now_s]))[:, :1]
        grid = stacked(view.intensity)
        issued = [_issued(view, grid, slot, slots) * overhead for slot in range(first, self.now + 1)]
        self._sums = np.zeros((len(issued), len(view.regions), slots + 1))
        np.cumsum(np.array(issued), axis=2, out=self._sums[:, :, 1:])

    def mean(self, issued: IntArray, start: IntArray, span: FloatArray) -> FloatArray:
        """Return the mean price of runs, g/kWh at the meter, shape (P, R, N).

        Args:
            issued: The slot in which each job's forecast was issued, shape (P,).
            start: Slots from then on to the start of each run, shape (N,).
            span: Slots that a run of each takes, shape (P,).
        """
        sums = self._sums[issued - self.first]
        most = sums.shape[2] - 1
        end = np.minimum(start + span[:, None], most)
        whole = np.minimum(end.astype(np.int64), most - 1)[:, None, :]
        before, after = np.take_along_axis(sums, whole, axis=2), np.take_along_axis(sums, whole + 1, axis=2)
        upto = before + (end[:, None, :] - whole) * (after - before)
        return np.asarray((upto - sums[:, :, np.minimum(start, most)]) / span[:, None, None])


def _issued(view: View, grid: Bundle | None, slot: int, slots: int) -> FloatArray:
    """Return the intensity of so many slots by the forecast of a slot's beginning, shape (R, slots)."""
    begin_s = slot * view.epoch_s
    edges_s = begin_s + view.epoch_s * np.arange(slots + 1.0)
    if not view.told:
        measured = Measured(view.intensity, grid, begin_s)
        return measured.outlook(view.models.intensity, slots * view.epoch_s).over_slots(edges_s) / view.epoch_s
    passed = edges_s[:-1][edges_s[:-1] < view.now_s]
    known = np.array([[signal.at(t_s) for t_s in passed.tolist()] for signal in view.intensity])
    ahead = view.intensity_outlook.over_slots(edges_s[len(passed) :]) / view.epoch_s
    return np.concatenate([known.reshape(len(view.regions), -1), ahead], axis=1)


def asked(view: View, jobs: Jobs, epsilon: float) -> Asked:
    """Return what the fractions of jobs ask for, each followed from its submission through the coming slot."""
    terms, regions = Terms.of(jobs, view.epoch_s), len(view.regions)
    found = Asked(np.ones(len(jobs)), np.zeros((len(jobs), regions)), np.ones((len(jobs), regions)))
    now = int(view.now_s / view.epoch_s + _EPS)
    live = np.flatnonzero((terms.begin <= now) & (now < terms.begin + terms.window))
    found.done[terms.begin > now] = 0.0
    if not len(live):
        return found
    slots = int((terms.window + np.ceil(terms.span))[live].max()) + 1
    prices = Prices(view, int(terms.begin[live].min()), slots)
    for first in range(0, len(live), _CHUNK):
        at = live[first : first + _CHUNK]
        found.done[at], found.x[at], found.grams[at] = _follow(view, prices, jobs.take(at), terms.take(at), epsilon)
    return found


def _follow(
    view: View, prices: Prices, jobs: Jobs, terms: Terms, epsilon: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    each, start = np.arange(len(jobs)), np.arange(int(terms.window.max()))
    watts = jobs.cpus[:, None] * jobs.utilization[:, None] * view.cpu_w + jobs.gpus[:, None] * view.gpu_w
    grams = watts * jobs.duration_estimate_s[:, None] / J_PER_KWH  # of the whole job, for each g/kWh
    expected = prices.mean(terms.begin, start, terms.span)
    within = (start < terms.window[:, None])[:, None, :]
    mean = (expected * within).sum(axis=(1, 2)) / (within.sum(axis=(1, 2)) * len(view.regions))
    expected = expected * grams[:, :, None]
    market = Market.of(
        np.where(within, expected, np.inf).min(axis=(1, 2)),
        np.where(within, expected, 0.0).max(axis=(1, 2)),
        terms.length,
        _distance(view, jobs, mean),
        _switch(jobs, watts.mean(axis=1), mean),
        epsilon,
    )
    region, share = best_plans(np.where(within, expected, np.inf), terms.length, market.distance[each, jobs.home])
    course, price = Course.begin(jobs.home, len(view.regions)), expected[:, :, 0]
    for age in range(prices.now - int(terms.begin.min()) + 1):
        slot = np.minimum(terms.begin + age, prices.now)
        price = prices.mean(slot, np.zeros(1, dtype=np.int64), terms.span)[:, :, 0] * grams
        before = share[:, age - 1] if age else np.zeros(len(jobs))
        now_share = share[:, min(age, share.shape[1] - 1)]
        arrival = market.distance[each, jobs.home, region] if age == 0 else 0.0
        advice = Advice(region, now_share, market.switch * np.abs(now_share - before) + arrival)
        after = market.step(course, price, advice, np.maximum(1.0, terms.window - float(age)))
        course = course.where(terms.begin + age <= prices.now, after)
    return course.done, course.x[:, ON], price + market.distance[each, jobs.home]


def best_plans(expected: FloatArray, length: FloatArray, arrival: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return where each job's cheapest slots cost least, moved there, shape (P,), and its share of each, shape (P, S).

    Args:
        expected: The price of each slot, shape (P, R, S), infinite beyond the window.
        length: Slots of work, shape (P,).
        arrival: What moving to each region costs, shape (P, R).
    """
    place = np.arange(expected.shape[2])
    used = np.clip(length[:, None] - place, 0.0, 1.0)[:, None, :]
    ranked = np.sort(expected, axis=2)
    cost = (np.where(used > 0, ranked, 0.0) * used).sum(axis=2) / length[:, None] + arrival
    region = np.argmin(cost, axis=1)
    order = np.argsort(expected[np.arange(len(region)), region], axis=1, kind="stable")
    share = np.zeros((len(region), len(place)))
    np.put_along_axis(share, order, used[:, 0], axis=1)
    return region, share


def _distance(view: View, jobs: Jobs, g_per_kwh: FloatArray) -> FloatArray:
    """Return what moving each job's data, or its state if that is more, emits between regions, g, shape (P, R, R)."""
    regions = len(view.regions)
    if view.network is None:
        return np.zeros((len(jobs), regions, regions))
    kwh_per_gb = (view.network.energy_kwh_per_gb + view.network.energy_kwh_per_gb.T) / 2.0
    gb = np.maximum(jobs.data_gb, jobs.state_gb)
    return np.asarray((gb * g_per_kwh)[:, None, None] * kwh_per_gb)


def _switch(jobs: Jobs, watts: FloatArray, g_per_kwh: FloatArray) -> FloatArray:
    """Return what writing or reading each job's checkpoint emits, half of both, g, shape (P,)."""
    checkpoints = [trait.checkpoint for trait in jobs.traits]
    costs = np.array([(c.save_s + c.restore_s, c.save_kwh + c.restore_kwh) if c else (0.0, 0.0) for c in checkpoints])
    seconds, kwh = costs[jobs.trait].T
    return np.asarray((kwh + seconds * watts / J_PER_KWH) * g_per_kwh / 2.0)
