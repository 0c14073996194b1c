"""When jobs come, beside the fitted daily cycle of `sim.synthetic_jobs`: evenly at random, or in bursts.

All draws are conditioned on the number of jobs, so that a scenario has as many as it says.
"""

from __future__ import annotations

import numpy as np

from sim.errors import InputError
from sim.units import FloatArray


def poisson(count: int, span_s: float, rng: np.random.Generator) -> FloatArray:
    """Return `count` submit times of a homogeneous Poisson process on [0, span_s), ascending, seconds."""
    return np.sort(rng.uniform(0.0, span_s, count))


def bursty(count: int, span_s: float, rng: np.random.Generator, *, mean_burst: float, spread_s: float) -> FloatArray:
    """Return `count` submit times in bursts, ascending, seconds: a Neyman-Scott cluster process.

    Bursts come evenly at random; each has a geometric number of jobs, `mean_burst` on average, which follow its
    beginning by exponential delays, `spread_s` on average. What would come after the span comes at its beginning.

    The index of dispersion of counts in windows much longer than `spread_s` is E[N^2] / E[N] = 2 mean_burst - 1
    (geometric sizes from 1); 1 for mean_burst = 1, the Poisson process.

    Raises:
        InputError: If `mean_burst` is below 1 or `spread_s` negative.
    """
    if mean_burst < 1 or spread_s < 0:
        raise InputError(f"bursts: found mean {mean_burst:g}, spread {spread_s:g} s; expected at least 1 and 0 s")
    sizes = np.zeros(0, dtype=np.int64)
    while sizes.sum() < count:
        more = max(16, round(1.2 * (count - sizes.sum()) / mean_burst))
        sizes = np.concatenate([sizes, rng.geometric(1.0 / mean_burst, more)])
    begun_s = np.repeat(rng.uniform(0.0, span_s, len(sizes)), sizes)[:count]
    return np.sort((begun_s + rng.exponential(spread_s, count)) % span_s if spread_s else begun_s)
