"""Groups of jobs by labels, from all jobs to those that agree in every label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from sim.units import FloatArray, IntArray

Labels = tuple[str, ...]
"""What tells jobs apart, the most telling first, such as team, tag and size; a group is a beginning of it."""


def groups(labels: Sequence[Labels]) -> dict[Labels, IntArray]:
    """Return the positions of the jobs of each group, wider groups before narrower ones; () is all of them."""
    found: dict[Labels, list[int]] = defaultdict(list)
    for n, label in enumerate(labels):
        for length in range(len(label) + 1):
            found[label[:length]].append(n)
    return {key: np.array(found[key]) for key in sorted(found, key=len)}


def narrowest(label: Labels, known: dict[Labels, FloatArray]) -> FloatArray:
    """Return what is known of the narrowest group that a job belongs to."""
    return next(known[label[:length]] for length in range(len(label), -1, -1) if label[:length] in known)


def size_label(cpus: float, gpus: float) -> str:
    """Return the size of a job in words: its CPUs and GPUs, rounded to powers of two."""
    return f"{_power(cpus)} CPUs, {_power(gpus)} GPUs"


def _power(count: float) -> int:
    return 2 ** round(float(np.log2(count))) if count >= 1 else 0
