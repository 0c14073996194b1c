"""What energy jobs draw: by their resources and the hardware, corrected by what was measured of jobs like them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.forecast.groups import Labels, groups, narrowest
from sim.units import FloatArray

PRIOR_JOBS = 5.0
"""So many jobs must have been measured in a group for it to count as much as the wider group does."""


def modelled_j(cpus: FloatArray, gpus: FloatArray, duration_s: FloatArray, *, cpu_w: float, gpu_w: float) -> FloatArray:
    """Return the energy of jobs at full load, shape (N,), joules: `cpu_w` and `gpu_w` are dynamic watts of a busy one.

    Example:
        Two CPUs of 3 W for ten seconds draw 60 J:

        >>> modelled_j(np.array([2.0]), np.array([0.0]), np.array([10.0]), cpu_w=3.0, gpu_w=200.0).tolist()
        [60.0]
    """
    return np.asarray((cpus * cpu_w + gpus * gpu_w) * duration_s)


@dataclass(frozen=True, eq=False)
class EnergyHistory:
    """By what factor each group of jobs draws more than it is modelled to, shape () each."""

    factors: dict[Labels, FloatArray]

    def expected_j(self, labels: Sequence[Labels], modelled: FloatArray) -> FloatArray:
        """Return the expected energy of jobs whose modelled energy is given, shape (N,), joules."""
        return np.asarray(modelled * np.array([narrowest(label, self.factors) for label in labels]).reshape(-1))


def fit_energy(labels: Sequence[Labels], modelled: FloatArray, measured: FloatArray) -> EnergyHistory:
    """Return the factors of jobs that were measured, both energies in joules, shape (N,).

    A group's factor is measured over modelled energy, drawn towards that of the group around it (all jobs: towards 1)
    as if PRIOR_JOBS jobs of mean size had that factor.
    """
    factors: dict[Labels, FloatArray] = {(): np.array(1.0)}
    for key, rows in groups(labels).items():
        around = factors[key[:-1]]
        prior = PRIOR_JOBS * modelled[rows].mean()
        factors[key] = np.asarray((measured[rows].sum() + prior * around) / (modelled[rows].sum() + prior))
    return EnergyHistory(factors)
