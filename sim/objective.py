"""What a planner minimises for a job under rules: carbon, cost and delay as they are weighed, and wishes. In grams.

Each of the three is measured by its mean over the job's feasible options, so that weights compare like with like:
half as much again as the mean counts the same, be it grams, dollars or hours. The sum is brought back to grams by
the mean carbon, and each wish that a start breaks costs a share of that.
"""

from __future__ import annotations

import numpy as np

from sim.constraints import Weights
from sim.units import BoolArray, FloatArray

WISH = 0.25
"""What a broken wish costs, as a share of the job's mean carbon: for a quarter less carbon it is not granted."""


def objective_g(
    weights: Weights | None,
    broken: FloatArray | None,
    feasible: BoolArray,
    *,
    carbon_g: FloatArray,
    cost_usd: FloatArray,
    delay_s: FloatArray,
) -> FloatArray:
    """Return what each option comes to, shape (R, S); carbon alone where no rule weighs or wishes anything.

    Args:
        weights: What an objective rule weighs; None: carbon alone.
        broken: How many wishes each option breaks; None: there are none.
        feasible: The options that count in the means.
        delay_s: From submission to each start, shape (S,).

    Example:
        Twice the mean carbon at half the mean cost, and the other way round; cost weighs twice as much:

        >>> objective_g(Weights(1, 2, 0), None, np.array([[True, True]]), carbon_g=np.array([[60.0, 20.0]]),
        ...             cost_usd=np.array([[1.0, 3.0]]), delay_s=np.zeros(2)).round(1).tolist()
        [[33.3, 46.7]]
    """
    mean_g = _mean(carbon_g, feasible)
    total = carbon_g
    if weights is not None:
        parts = zip(weights, (carbon_g, cost_usd, np.broadcast_to(delay_s, carbon_g.shape)), strict=True)
        measured = [weight * part / scale for weight, part in parts if weight and (scale := _mean(part, feasible))]
        total = np.asarray(sum(measured, np.zeros_like(carbon_g)) * mean_g / sum(weights))
    return total if broken is None else np.asarray(total + WISH * mean_g * broken)


def _mean(values: FloatArray, among: BoolArray) -> float:
    """Return the mean magnitude over the feasible options, or over all if none is."""
    return float(np.abs(values[among] if among.any() else values).mean()) if values.size else 0.0
