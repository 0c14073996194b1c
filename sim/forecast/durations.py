"""How long jobs run: quantiles by team, tag and size, learnt from jobs that have ended, against the user's estimate.

A quantile regression on groups (Koenker and Bassett 1978): with a constant for each group it is the group's own
quantile. Groups of few jobs give way to the wider ones that they are part of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.forecast.groups import Labels, groups, narrowest
from sim.units import FloatArray

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
LEAST_JOBS = 30
"""A group of fewer jobs says too little about its 10 % and 90 %."""


@dataclass(frozen=True, eq=False)
class Durations:
    """Quantiles of each group: of seconds, or of seconds over the estimate where `relative`, shape (Q,) each."""

    tables: dict[Labels, FloatArray]
    relative: bool

    def quantiles(self, labels: Sequence[Labels], estimate_s: FloatArray | None = None) -> FloatArray:
        """Return the quantiles at LEVELS of the durations of jobs, shape (N, Q), seconds.

        Raises:
            InputError: If the model was fitted with estimates and there are none, or the other way round.
        """
        if self.relative != (estimate_s is not None):
            raise InputError(f"durations were fitted {'with' if self.relative else 'without'} estimates; give the same")
        found = np.array([narrowest(label, self.tables) for label in labels]).reshape(-1, len(LEVELS))
        return found if estimate_s is None else found * estimate_s[:, None]


def fit_durations(labels: Sequence[Labels], duration_s: FloatArray, estimate_s: FloatArray | None = None) -> Durations:
    """Return the model of jobs that have ended.

    Args:
        labels: Of each job, the most telling first.
        duration_s: How long each ran, shape (N,).
        estimate_s: How long its user said, shape (N,): then it is learnt by what factor users are wrong.

    Raises:
        InputError: If no job has ended.
    """
    if not len(duration_s):
        raise InputError("durations are learnt from jobs that have ended; found none")
    values = duration_s if estimate_s is None else duration_s / estimate_s
    large = {key: rows for key, rows in groups(labels).items() if len(rows) >= LEAST_JOBS or not key}
    tables = {key: np.quantile(values[rows], LEVELS) for key, rows in large.items()}
    return Durations(tables, estimate_s is not None)
