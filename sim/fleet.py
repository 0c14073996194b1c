"""The servers of a region as one pool, filled in the order in which the scenario names them.

With n servers switched on, those are the first n. Load spreads evenly over the switched-on servers, so that all of
them stand at the same utilisation; for linear servers the spread does not matter.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sim.model import Region
from sim.units import FloatArray, IntArray


class Fleet:
    """What a region's servers hold and draw when the first n of them are switched on."""

    def __init__(self, region: Region) -> None:
        self._servers = [server for server, _ in region.servers]
        self._counts = np.array([count for _, count in region.servers])
        self._before = np.concatenate([[0], np.cumsum(self._counts)[:-1]])
        self.count = int(self._counts.sum())

    def _on(self, servers_on: IntArray) -> IntArray:
        """Return how many of each model are on, shape (..., M)."""
        on = np.asarray(servers_on)[..., None] - self._before
        return np.asarray(np.clip(on, 0, self._counts))

    def _sum(self, servers_on: IntArray, each: list[float]) -> FloatArray:
        return np.asarray(self._on(servers_on) @ np.array(each))

    def capacity(self, servers_on: IntArray) -> FloatArray:
        """Return CPUs, GPUs and memory (GB) of the first n servers, shape (..., 3)."""
        on = self._on(servers_on)
        return np.asarray(on @ np.array([[s.cpus, s.gpus, s.memory_gb] for s in self._servers]))

    @cached_property
    def _capacities(self) -> FloatArray:
        return self.capacity(np.arange(self.count + 1))

    def needed(self, held: FloatArray) -> int:
        """Return the least n whose first n servers hold these CPUs, GPUs and GB, shape (3,)."""
        enough = (self._capacities >= np.asarray(held) - 1e-6).all(axis=1)
        return int(np.argmax(enough))

    def idle_w(self, servers_on: IntArray) -> FloatArray:
        """Return the IT power of n servers without load, GPUs included."""
        return self._sum(servers_on, [s.idle_w + s.gpus * s.gpu_idle_w for s in self._servers])

    def cpu_w(self, servers_on: IntArray, load_cpus: FloatArray) -> FloatArray:
        """Return dynamic watts per loaded CPU when `load_cpus` of n servers' CPUs are busy; 0 where nothing is."""
        on = self._on(servers_on)
        cpus = on @ np.array([s.cpus for s in self._servers])
        with np.errstate(divide="ignore", invalid="ignore"):
            used = np.where(cpus > 0, np.clip(load_cpus / cpus, 0.0, 1.0), 0.0)
            watts = sum(on[..., m] * server.dynamic_w(used) for m, server in enumerate(self._servers))
            return np.asarray(np.where(load_cpus > 0, watts / load_cpus, 0.0))

    def gpu_w(self, servers_on: IntArray) -> FloatArray:
        """Return dynamic watts per busy GPU, averaged over the cards of n servers; 0 without any."""
        gpus = self._sum(servers_on, [s.gpus for s in self._servers])
        watts = self._sum(servers_on, [s.gpus * (s.gpu_max_w - s.gpu_idle_w) for s in self._servers])
        return np.asarray(np.divide(watts, gpus, out=np.zeros_like(watts, dtype=float), where=gpus > 0))

    @cached_property
    def max_w(self) -> float:
        """The IT power of all servers at full load."""
        each = [s.max_w + s.gpus * s.gpu_max_w for s in self._servers]
        return float(self._sum(np.array(self.count), each))

    @cached_property
    def least_cpu_w(self) -> float:
        """The least dynamic watts that a loaded CPU can ever draw: the lowest chord from idle of any model's curve."""
        return min(float((s.dynamic_w(_LOADS) / _LOADS).min()) / s.cpus for s in self._servers)

    @cached_property
    def least_gpu_w(self) -> float:
        """The least dynamic watts that a busy GPU can ever draw."""
        return min((s.gpu_max_w - s.gpu_idle_w for s in self._servers if s.gpus), default=0.0)

    @property
    def embodied_g_per_h(self) -> float:
        """Embodied carbon of all servers, switched on or not, grams an hour."""
        return float(sum(s.embodied_g_per_h * n for s, n in zip(self._servers, self._counts, strict=True)))


_LOADS = np.linspace(0.1, 1.0, 10)
"""A curve is linear between these, so its least ratio of watts to load is at one of them (or, below 0.1, the first)."""
