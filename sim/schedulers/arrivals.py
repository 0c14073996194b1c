"""What is known at the arrival of each of many jobs: a row a job, where a View of one moment has a row a region."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.signals import running_integral
from sim.submissions import Submissions
from sim.units import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Courses:
    """The forecast of each job's home, issued at its arrival; a `Bundle` of which each of P rows begins by itself.

    `start_s` and `count`, how many values a row has, are of shape (P, 1); values have shape (P, K), infinite behind.
    """

    start_s: FloatArray
    step_s: float
    values: FloatArray
    count: IntArray

    @classmethod
    def of(cls, asked: Submissions, points: range) -> Courses:
        """Return the courses of the jobs of some decision points."""
        outlooks = [asked.outlook(n) for n in points]
        first, last = np.searchsorted(asked.point, [points.start, points.stop]).tolist()
        own, home = asked.point[first:last] - points.start, asked.jobs.home[first:last]
        count = np.array([outlook.values.shape[1] for outlook in outlooks])
        values = np.full((len(own), int(count.max())), np.inf)
        for row, n, r in zip(values, own.tolist(), home.tolist(), strict=True):
            row[: count[n]] = outlooks[n].values[r]
        start_s = np.array([outlook.start_s for outlook in outlooks])
        return cls(start_s[own, None], outlooks[0].step_s, values, count[own, None])

    @cached_property
    def _integral(self) -> FloatArray:
        return running_integral(self.values, self.step_s)

    def cumulative_in(self, row: IntArray, t_s: FloatArray) -> FloatArray:
        """Return the integral from each row's start to times in it, (P, C); beyond its end its last value holds."""
        place = (t_s - self.start_s) / self.step_s
        whole = np.minimum(place.astype(np.int64), self.count - 1)
        return np.asarray(self._integral[row, whole] + self.values[row, whole] * ((place - whole) * self.step_s))


@dataclass(frozen=True, eq=False)
class Arrivals:
    """The moments at which P jobs arrive and are decided on, and the forecast that each hears then."""

    now_s: FloatArray
    intensity_outlook: Courses

    def intensity_since(self, _: float) -> Courses:
        """Return the forecasts: nothing has passed since the arrivals."""
        return self.intensity_outlook
