"""A region's servers at run time: what is free, who waits for it, and how many servers are switched on."""

from __future__ import annotations

import bisect

import numpy as np

from sim.fleet import Fleet
from sim.model import Region

EPS = 1e-6
"""A millionth of a CPU: sums of fractions may differ by so much and still be equal."""

Waiting = tuple[float, int, int]
"""Planned start, job and scale: the order of a region's queue."""


class Pool:
    """Free CPUs, GPUs and memory of a region, its queue, and its switches.

    `on` servers are up, `waking` ones draw power but cannot work yet, `closed` ones are out of use, and an operator
    may ask for at least `floor` to stay on. `uncommitted` is what would be free if all who run or will run here did so
    at the same time.
    """

    def __init__(self, region: Region) -> None:
        self.fleet = Fleet(region)
        self.saving = region.saving
        self.reserved = region.reserved_cpus
        self.on = self.fleet.count
        self.waking = 0
        self.closed = 0
        self.floor = 0
        self.starts = 0
        self.free: list[float] = region.capacity.tolist()
        self.uncommitted: list[float] = region.capacity.tolist()
        self.queue: list[Waiting] = []

    def fits(self, cpus: float, gpus: float, memory_gb: float) -> bool:
        """Return whether so much is free now."""
        free = self.free
        return cpus <= free[0] + EPS and gpus <= free[1] + EPS and memory_gb <= free[2] + EPS

    def take(self, cpus: float, gpus: float, memory_gb: float) -> None:
        """Hold resources."""
        free = self.free
        free[0] -= cpus
        free[1] -= gpus
        free[2] -= memory_gb
        self.starts += 1

    def take_if_free(self, cpus: float, gpus: float, memory_gb: float) -> bool:
        """Hold resources if so much is free and nobody waits; return whether it was."""
        free = self.free
        if self.queue or cpus > free[0] + EPS or gpus > free[1] + EPS or memory_gb > free[2] + EPS:
            return False
        free[0] -= cpus
        free[1] -= gpus
        free[2] -= memory_gb
        self.starts += 1
        return True

    def give(self, cpus: float, gpus: float, memory_gb: float) -> None:
        """Release resources."""
        free = self.free
        free[0] += cpus
        free[1] += gpus
        free[2] += memory_gb

    def commit(self, cpus: float, gpus: float, memory_gb: float) -> None:
        """Count resources as asked for by a job that runs here or will."""
        left = self.uncommitted
        left[0] -= cpus
        left[1] -= gpus
        left[2] -= memory_gb

    def release(self, cpus: float, gpus: float, memory_gb: float) -> None:
        """Count resources as no longer asked for."""
        left = self.uncommitted
        left[0] += cpus
        left[1] += gpus
        left[2] += memory_gb

    def wait(self, waiting: Waiting) -> None:
        """Put a due job in the queue, in planned-start order."""
        bisect.insort(self.queue, waiting)

    def leave(self, job: int) -> None:
        """Take a job out of the queue."""
        self.queue = [waiting for waiting in self.queue if waiting[1] != job]

    @property
    def usable(self) -> int:
        """Servers that can work now."""
        return min(self.on, self.fleet.count - self.closed)

    @property
    def drawing(self) -> int:
        """Servers that draw power now."""
        return min(self.on + self.waking, self.fleet.count - self.closed)

    @property
    def overfull(self) -> bool:
        """Whether more is held than the usable servers have."""
        return min(self.free) < -EPS

    def held(self) -> list[float]:
        """Return the CPUs, GPUs and memory in use."""
        capacity = self.fleet.capacity(np.array(self.usable)).tolist()
        return [whole - free for whole, free in zip(capacity, self.free, strict=True)]

    @property
    def prepaid(self) -> float:
        """Reserved CPUs that nobody uses."""
        return max(0.0, self.reserved - self.held()[0]) if self.reserved else 0.0

    def set_servers(self, *, on: int | None = None, closed: int | None = None) -> None:
        """Switch servers on or off, or close and open them; what is free follows."""
        before = self.fleet.capacity(np.array(self.usable))
        self.on = self.on if on is None else on
        self.closed = self.closed if closed is None else closed
        change = self.fleet.capacity(np.array(self.usable)) - before
        self.free = [free + more for free, more in zip(self.free, change.tolist(), strict=True)]

    def lacking(self, cpus: float, gpus: float, memory_gb: float) -> int:
        """Return how many more servers must wake for this demand; 0 if waking cannot help or is under way."""
        if not self.saving:
            return 0
        wanted = np.array(self.held()) + np.array([cpus, gpus, memory_gb])
        most = self.fleet.count - self.closed
        if (wanted > self.fleet.capacity(np.array(most)) + EPS).any():
            return 0
        return max(0, self.fleet.needed(wanted) - self.on - self.waking)

    def spare(self) -> int:
        """Return how many servers could be switched off now."""
        return max(0, self.on - max(self.fleet.needed(np.array(self.held())), self.floor))
