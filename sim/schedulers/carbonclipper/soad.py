"""Spatiotemporal online allocation with a deadline (SOAD): a job's share of each region, slot by slot, prices unseen.

The fractional algorithms of Lechowicz et al. (arXiv 2408.07831), for P jobs at once over R regions. A job is a unit of
mass; of it, x[p, ON, r] runs in region r and x[p, OFF, r] waits there. What runs for a slot does 1 / length of the job.
All costs are those of the whole job: running in r at price f emits f, moving it from r to s costs d[r, s], and it can
be switched on and off at a cost.

- PCM: the more is done, the lower the threshold `phi` that a price must beat; it costs at most `eta` times the optimum.
- CarbonClipper: PCM with another threshold, held so close to an advice (a plan on a forecast) that it costs at most
  1 + epsilon times the advice.

Simplifications. Distances between distributions are taken in the metric itself, not in a random tree that embeds it:
then each part of a job has one cheapest way to run, and PCM's convex program becomes a filling in the order of marginal
price. CarbonClipper's constraint is met by the shortest step from PCM's answer straight towards the advice, not by the
best of all answers that meet it. An advice runs in one region at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sim.units import BoolArray, FloatArray, IntArray

OFF, ON = 0, 1
_EPS = 1e-12


def lambert_w(x: FloatArray) -> FloatArray:
    """Return the principal branch of Lambert's W: w e^w = x, for x >= -1/e, by Halley's method.

    Example:
        1 e^1 = e.

        >>> float(lambert_w(np.array(math.e)))
        1.0
    """
    x = np.asarray(x, dtype=float)
    root = np.sqrt(np.maximum(2.0 * (math.e * x + 1.0), 0.0))
    w = np.where(x < 0, -1.0 + root - root**2 / 3.0, np.log1p(np.maximum(x, 0.0)))  # good starts on either side
    for _ in range(20):
        residue = w * np.exp(w) - x
        slope = np.exp(w) * (w + 1.0)
        bend = (w + 2.0) * residue / np.where(np.abs(w + 1.0) > _EPS, 2.0 * w + 2.0, 1.0)
        step = np.divide(residue, slope - bend, out=np.zeros_like(w), where=np.abs(slope - bend) > _EPS)
        w = np.maximum(w - step, -1.0)
    return w


@dataclass(frozen=True, eq=False)
class Bounds:
    """What is known of P jobs' prices, shape (P,) each: they lie in [low, high], with switching on and off for them.

    Moving costs `diameter` at most, and switching on or off `tau` for each unit of work. Where that is nearly as much
    as prices differ, no threshold exists: it counts up to nine tenths of the difference.
    """

    low: FloatArray
    high: FloatArray
    diameter: FloatArray
    tau: FloatArray

    @classmethod
    def of(cls, low: FloatArray, high: FloatArray, diameter: FloatArray, tau: FloatArray) -> Bounds:
        """Return bounds for which thresholds exist: low above 0 and below high, and little movement."""
        high = np.maximum(high, 1e-9)
        low = np.clip(low, 1e-3 * high, (1 - 1e-6) * high)
        movement = diameter + 2.0 * tau
        part = np.minimum(1.0, 0.9 * (high - low) / np.maximum(movement, 1e-300))
        return cls(low, high, part * diameter, part * tau)

    def eta(self) -> FloatArray:
        """Return PCM's competitive ratio, shape (P,)."""
        shift = (self.diameter + self.tau) / self.high
        inside = (self.diameter + self.low - self.high + 2.0 * self.tau) / self.high * np.exp(shift - 1.0)
        return np.asarray(1.0 / (1.0 - shift + lambert_w(inside)))

    def gamma(self, epsilon: float) -> FloatArray:
        """Return the ratio that is left to CarbonClipper if it is to cost at most 1 + epsilon times the advice, (P,).

        Between eta (a large epsilon) and what running at any price costs (none); by bisection.
        """
        least, most = self.eta(), self.high / (self.low + self.tau)
        low, high = least.copy(), np.maximum(most, least)
        for _ in range(60):
            middle = (low + high) / 2.0
            too_close = self._consistency(middle) > epsilon
            low, high = np.where(too_close, middle, low), np.where(too_close, high, middle)
        return high

    def _consistency(self, gamma: FloatArray) -> FloatArray:
        """Return the epsilon that a ratio allows."""
        span = self.high - self.low
        kept = self.high - self.high / gamma - self.diameter - self.tau
        done = gamma * np.log(np.maximum((span - self.diameter - 2.0 * self.tau) / np.maximum(kept, _EPS), _EPS))
        return np.asarray(gamma + span / self.low * done - (self.high - self.tau * gamma) / self.low)

    def phi(self, ratio: FloatArray, done: FloatArray) -> FloatArray:
        """Return the threshold at which the next part of a job is bought when so much of it is done, shape (P,)."""
        kept = self.high - self.high / ratio - self.diameter - self.tau
        return np.asarray(self.high - self.tau - kept * np.exp(done / ratio))

    def done_at(self, ratio: FloatArray, price: FloatArray) -> FloatArray:
        """Return how much of a job may be done before a price is too high: the inverse of `phi`; at most 1."""
        kept = np.maximum(self.high - self.high / ratio - self.diameter - self.tau, _EPS)
        inside = (self.high - self.tau - price) / kept
        return np.asarray(np.minimum(ratio * np.log(np.maximum(inside, _EPS)), 1.0))

    def take(self, at: IntArray) -> Bounds:
        """Return the bounds of the jobs at these positions."""
        return Bounds(self.low[at], self.high[at], self.diameter[at], self.tau[at])


@dataclass(frozen=True, eq=False)
class Course:
    """Where P jobs stand after some slots.

    Attributes:
        x: Their shares, shape (P, 2, R).
        done: How much of each is done, shape (P,).
        cost: What each has cost so far, shape (P,).
        robust: How much of each PCM itself would have bought, shape (P,).
        advice_done, advice_cost: The same of the advice.
    """

    x: FloatArray
    done: FloatArray
    cost: FloatArray
    robust: FloatArray
    advice_done: FloatArray
    advice_cost: FloatArray

    @classmethod
    def begin(cls, home: IntArray, regions: int) -> Course:
        """Return the course before the first slot: each job waits at home."""
        x = np.zeros((len(home), 2, regions))
        x[np.arange(len(home)), OFF, home] = 1.0
        nothing = np.zeros(len(home))
        return cls(x, nothing, nothing, nothing, nothing, nothing)

    def where(self, going: BoolArray, after: Course) -> Course:
        """Return the course in which only some jobs have gone on, shape (P,)."""
        return Course(
            np.where(going[:, None, None], after.x, self.x),
            *(
                np.where(going, getattr(after, name), getattr(self, name))
                for name in ("done", "cost", "robust", "advice_done", "advice_cost")
            ),
        )


class Advice(NamedTuple):
    """Where an advice runs P jobs in a slot, how much of each, and what it pays to get there, shape (P,) each."""

    region: IntArray
    share: FloatArray
    move: FloatArray


class Choice(NamedTuple):
    """Shares for a slot, shape (P, 2, R); how much they do, and what they cost with the moves, shape (P,)."""

    x: FloatArray
    bought: FloatArray
    spent: FloatArray


@dataclass(frozen=True, eq=False)
class Market:
    """P jobs and what does not change for them.

    Attributes:
        bounds: Of their prices.
        ratio: Which thresholds each follows: those of eta, or of gamma.
        length: Slots of work of each, shape (P,).
        distance: What moving each from region to region costs, shape (P, R, R).
        switch: What switching each on or off costs, shape (P,).
        epsilon: How far above the advice each may end; infinite for none (PCM).
    """

    bounds: Bounds
    ratio: FloatArray
    length: FloatArray
    distance: FloatArray
    switch: FloatArray
    epsilon: float

    @classmethod
    def of(
        cls,
        low: FloatArray,
        high: FloatArray,
        length: FloatArray,
        distance: FloatArray,
        switch: FloatArray,
        epsilon: float = math.inf,
    ) -> Market:
        """Return the market of jobs whose prices lie in [low, high]: CarbonClipper's, or PCM's without an epsilon."""
        tau = switch * length
        bounds = Bounds.of(low, high + 2.0 * tau, distance.max(axis=(1, 2)), tau)
        return cls(
            bounds, bounds.eta() if math.isinf(epsilon) else bounds.gamma(epsilon), length, distance, switch, epsilon
        )

    def step(self, course: Course, price: FloatArray, advice: Advice, slots_left: FloatArray) -> Course:
        """Return the course after one more slot.

        Args:
            course: Up to now.
            price: Of this slot, shape (P, R).
            advice: For this slot.
            slots_left: Slots until the deadline, this one included, shape (P,).
        """
        must = np.maximum(0.0, (1.0 - course.done) - (slots_left - 1.0) / self.length)
        robust = self._pcm(course, price, must)
        if math.isinf(self.epsilon):
            return _after(course, robust, robust.bought)
        runs = advice.share / self.length
        course = replace(
            course,
            advice_done=np.minimum(course.advice_done + runs, 1.0),
            advice_cost=course.advice_cost + runs * price[np.arange(len(runs)), advice.region] + advice.move,
        )
        advised = self._advised(course, price, advice)
        part = self._part(course, robust, advised, advice, must)
        return _after(course, _mixed(robust, advised, part), robust.bought)

    def _pcm(self, course: Course, price: FloatArray, must: FloatArray) -> Choice:
        """Return the choice that balances cost against threshold.

        Part by part, the cheapest to run first, until the threshold is below its marginal price; but at least `must`.
        """
        x, tau = course.x, self.switch[:, None]
        jobs, _, regions = x.shape
        ways = self.distance + (price / self.length[:, None])[:, None, :]  # (P, from, to)
        to, turn_on = np.argmin(ways, axis=2), np.min(ways, axis=2)
        extra = np.concatenate([turn_on + tau, turn_on - tau], axis=1)  # what waits pays to start, what runs to stop
        each, mass = np.arange(jobs), x.reshape(jobs, 2 * regions)
        started, bought = np.zeros_like(mass), np.zeros(jobs)
        for part in np.argsort(extra, axis=1, kind="stable").T:
            upto = self.bounds.done_at(self.ratio, extra[each, part] * self.length) - course.robust
            upto = np.minimum(np.maximum(upto, must), 1.0 - course.done)
            takes = np.clip(upto - bought, 0.0, mass[each, part] / self.length)
            bought += takes
            started[each, part] = takes * self.length
        stopped = x[:, ON] - started[:, regions:]
        after = np.zeros_like(x)
        np.add.at(after[:, ON], (each[:, None], to), started[:, :regions] + started[:, regions:])
        after[:, OFF] = x[:, OFF] - started[:, :regions] + stopped
        spent = (started * np.concatenate([turn_on + tau, turn_on], axis=1)).sum(axis=1) + (stopped * tau).sum(axis=1)
        return Choice(after, bought, spent)

    def _advised(self, course: Course, price: FloatArray, advice: Advice) -> Choice:
        """Return the choice that does what is advised, as far as there is work left."""
        each, share = np.arange(len(advice.share)), np.minimum(advice.share, (1.0 - course.done) * self.length)
        x = np.zeros_like(course.x)
        x[each, ON, advice.region], x[each, OFF, advice.region] = share, 1.0 - share
        runs = share / self.length
        return Choice(x, runs, runs * price[each, advice.region] + self._away(course.x, advice.region, share))

    def _away(self, x: FloatArray, region: IntArray, share: FloatArray) -> FloatArray:
        """Return the cost of moving from shares x to so much in one region, shape (P,)."""
        moved = (x.sum(axis=1) * self.distance[np.arange(len(region)), :, region]).sum(axis=1)
        return np.asarray(moved + self.switch * np.abs(x[:, ON].sum(axis=1) - share))

    def _part(self, course: Course, robust: Choice, advised: Choice, advice: Advice, must: FloatArray) -> FloatArray:
        """Return the least part of the way from PCM's choice to the advice that stays consistent, shape (P,).

        Consistent: what is spent, what going over to the advice and stopping would cost, and the rest at the lowest
        price (at the highest, as far as the advice is ahead) are at most 1 + epsilon times what the advice costs.
        """
        low, behind = self.bounds.low, self.bounds.high - self.bounds.low
        off = self.switch * advice.share
        budget = (1.0 + self.epsilon) * (course.advice_cost + off + (1.0 - course.advice_done) * low)
        part = np.zeros(len(must))
        for ahead in (0.0, 1.0):  # both linear functions of the part must be within the budget
            over = []
            for one in (robust, advised):
                done = course.done + one.bought
                going = self.switch * one.x[:, ON].sum(axis=1) + self._away(one.x, advice.region, advice.share)
                rest = (1.0 - done) * low + ahead * behind * (course.advice_done - done)
                over.append(course.cost + one.spent + going + rest - budget)
            falls = over[0] - over[1]
            crossing = np.divide(over[0], falls, out=np.ones_like(falls), where=falls > _EPS)
            part = np.maximum(part, np.where(over[0] > _EPS, np.clip(crossing, 0.0, 1.0), 0.0))
        short = advised.bought < must  # the deadline comes first
        spare = robust.bought - must
        less = robust.bought - advised.bought
        most = np.divide(spare, less, out=np.ones_like(spare), where=short & (less > _EPS))
        return np.asarray(np.minimum(part, np.clip(most, 0.0, 1.0)))


def _mixed(one: Choice, other: Choice, part: FloatArray) -> Choice:
    """Return what lies this part of the way between two choices; moving so costs no more than so much of each."""
    stays = 1.0 - part
    return Choice(
        stays[:, None, None] * one.x + part[:, None, None] * other.x,
        stays * one.bought + part * other.bought,
        stays * one.spent + part * other.spent,
    )


def _after(course: Course, choice: Choice, robust: FloatArray) -> Course:
    return replace(
        course,
        x=choice.x,
        done=np.minimum(course.done + choice.bought, 1.0),
        cost=course.cost + choice.spent,
        robust=course.robust + np.minimum(robust, choice.bought),
    )
