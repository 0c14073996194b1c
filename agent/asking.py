"""When the model is asked: where there is something new to choose, or something that numbers do not say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.propose import Candidate
from sim.jobs import Jobs
from sim.units import BoolArray

WORTH = 0.05
"""Plans differ if the best is better than the worst by more than this share, by the operator's objective."""


def news_among(pending: Jobs, asked: BoolArray) -> bool:
    """Return whether a pending job has not been asked about yet.

    Args:
        pending: The pending jobs.
        asked: Of every job of the workload whether it has, shape (J,).
    """
    return bool((~asked[pending.positions]).any())


def differ(found: Sequence[Candidate]) -> bool:
    """Return whether it matters which of the plans is taken."""
    objectives = np.array([one.objective for one in found])
    return bool(np.ptp(objectives) > WORTH * np.abs(objectives).max())
