"""Thresholds that decide between now and a cleaner hour without knowing which hour will be cleaner.

All they assume is that carbon intensity c stays within [L, U].
"""

from __future__ import annotations

import math

import numpy as np

from sim.units import FloatArray

_HALVINGS = 60


def competitive_ratio(low: float, high: float, count: float) -> float:
    """Return alpha, the ratio to the least cost that buying `count` units by `search_thresholds` never exceeds.

    It solves (1 - L/U) = (1 - 1/alpha) (1 + 1/(alpha k))^k for k-min search (Lorenz, Panagiotou and Steger 2009), where
    any number of units can be bought at a time. For endless k it is 1/(1 + W((L/U - 1)/e)), with Lambert's W.

    Args:
        low, high: L and U, 0 <= L <= U, U > 0.
        count: k; may be infinite.
    """
    wanted, below, above = 1.0 - low / high, 0.0, 1.0

    def reached(share: float) -> float:
        growth = math.exp(share) if math.isinf(count) else (1.0 + share / count) ** count
        return (1.0 - share) * growth

    for _ in range(_HALVINGS):  # in 1/alpha, over which the right side falls from 1 to 0
        middle = (below + above) / 2
        below, above = (middle, above) if reached(middle) > wanted else (below, middle)
    return 1.0 / above


def search_thresholds(low: float, high: float, count: int) -> FloatArray:
    """Return the intensity at which each of `count` units is still bought, shape (count,), from U/alpha down to L.

    Phi_i = U [1 - (1 - 1/alpha) (1 + 1/(alpha k))^(i-1)], of which the one after the last would be L itself: k-min
    search (Lorenz, Panagiotou and Steger 2009), as CAP uses it (Lechowicz et al., SIGMETRICS 2025).
    """
    if not count or high <= 0 or low >= high:
        return np.full(count, high)
    share = 1.0 / competitive_ratio(low, high, count)
    return np.asarray(high * (1.0 - (1.0 - share) * (1.0 + share / count) ** np.arange(count)))


def importance_threshold(importance: FloatArray, gamma: float, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return the intensity up to which work of this relative importance starts, in the shape of the arguments together.

    Psi(r) = M + (U - M) (e^(gamma r) - 1)/(e^gamma - 1) with M = gamma L + (1 - gamma) U, as in PCAPS (Lechowicz et
    al., SIGMETRICS 2025): U for r = 1, and for all r if gamma = 0 (then carbon does not matter); M for r = 0.

    Args:
        importance: r in [0, 1].
        gamma: How much carbon matters, in [0, 1].
        low, high: L and U.
    """
    middle = gamma * low + (1.0 - gamma) * high
    rise = np.expm1(gamma * importance) / np.expm1(gamma) if gamma else importance
    return np.asarray(high - (high - middle) * (1.0 - rise))
