"""Interactive services: requests that come from home regions and are answered in time, somewhere.

At every routing step each home region's requests are split over regions. A region's replicas are an M/M/c queue
(see `sim.queueing`): the fewest are taken whose mean response, with the way there and back, stays within the limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.history import Served
from sim.network import Network
from sim.pool import Pool
from sim.queueing import mean_response_s, servers_needed
from sim.signals import Signal
from sim.units import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Service:
    """An interactive service.

    Attributes:
        cpus, memory_gb: What one replica holds.
        service_rate_per_s: Requests a second that one replica answers when it is never idle.
        limit_s: The longest mean response time that keeps the promise, network included.
        rates: Requests a second from each home region, in region order; None where nobody asks.
    """

    id: str
    cpus: float
    memory_gb: float
    service_rate_per_s: float
    limit_s: float
    rates: tuple[Signal | None, ...]

    @property
    def demand(self) -> FloatArray:
        """CPUs, GPUs and memory (GB) of one replica, shape (3,)."""
        return np.array([self.cpus, 0.0, self.memory_gb])


@dataclass(frozen=True, eq=False)
class ServiceView:
    """What a scheduler may know of a service: its request rates so far, and how they are routed (origin x region).

    `replicas` are those that each region holds for it until the next routing step, shape (R,).
    """

    service: Service
    rates: tuple[Signal | None, ...]
    shares: FloatArray
    replicas: IntArray


@dataclass
class _Open:
    """A service's replicas in a region since the last routing step."""

    replicas: int
    rate_per_s: float
    response_s: float
    late_per_s: float
    began_s: float


class Servicing:
    """Routes every service's requests step by step, and holds the replicas that they need."""

    def __init__(self, services: Sequence[Service], pools: Sequence[Pool], network: Network | None) -> None:
        count = len(pools)
        self._services = tuple(services)
        self._pools = pools
        self._rtt_s = np.zeros((count, count)) if network is None else network.rtt_s
        self._shares = [np.eye(count) for _ in services]
        self._open: dict[tuple[int, int], _Open] = {}

    def route(self, service: int, origin: int, shares: FloatArray) -> None:
        """Split an origin's requests anew from the next step on; shares have shape (R,)."""
        self._shares[service] = self._shares[service].copy()
        self._shares[service][origin] = shares

    def views(self, now_s: float) -> tuple[ServiceView, ...]:
        """Return what may be known of each service."""
        held = np.zeros((len(self._services), len(self._pools)), dtype=np.int64)
        for at, open_ in self._open.items():
            held[at] = open_.replicas
        return tuple(
            ServiceView(s, tuple(rate.up_to(now_s) if rate else None for rate in s.rates), shares, replicas)
            for s, shares, replicas in zip(self._services, self._shares, held, strict=True)
        )

    def step(
        self, now_s: float, until_s: float, keep: Callable[[Served], None], changed: Callable[[int], None]
    ) -> None:
        """Close the last step, then size every service for [now_s, until_s); `changed` hears of each region touched."""
        touched = {r for _, r in self._open}
        self.close(now_s, keep)
        for s, service in enumerate(self._services):
            rates = np.array([_mean(rate, now_s, until_s) for rate in service.rates])
            flows = rates[:, None] * self._shares[s]
            for r in np.flatnonzero(flows.sum(axis=0) > 0).tolist():
                self._open[s, r] = self._size(service, r, flows[:, r], now_s)
                touched.add(r)
        for r in sorted(touched):
            changed(r)

    def close(self, now_s: float, keep: Callable[[Served], None]) -> None:
        """Write down what was served until now and give the replicas back."""
        for (s, r), held in self._open.items():
            service = self._services[s]
            self._pools[r].give(held.replicas * service.cpus, 0.0, held.replicas * service.memory_gb)
            if now_s > held.began_s:
                keep(
                    Served(s, r, held.began_s, now_s, held.replicas, held.rate_per_s, held.response_s, held.late_per_s)
                )
        self._open.clear()

    def _size(self, service: Service, r: int, flow: FloatArray, now_s: float) -> _Open:
        """Take the fewest replicas that keep the promise to every origin that it can be kept to, or all there is."""
        rate, pool, way_s = float(flow.sum()), self._pools[r], self._rtt_s[:, r]
        replicas = replicas_wanted(service, flow, way_s, most=whole_replicas(service, pool.free))
        pool.take(replicas * service.cpus, 0.0, replicas * service.memory_gb)
        response_s = float(mean_response_s(rate, replicas, service.service_rate_per_s)) if replicas else math.inf
        late = float(flow[way_s + response_s > service.limit_s + 1e-12].sum())
        return _Open(replicas, rate, response_s, late, now_s)


def replicas_wanted(service: Service, flow: FloatArray, way_s: FloatArray, *, most: int) -> int:
    """Return the fewest replicas in one region that keep the promise to every origin that it can be kept to.

    Where no number of them can, all that there is room for; where the way alone is too long, as many as keep up.

    Args:
        service: What one replica answers, and the limit.
        flow, way_s: Requests a second from each origin, and the way there and back, shape (R,).
        most: How many there is room for.
    """
    rate = float(flow.sum())
    reachable = (flow > 0) & (way_s + 1.0 / service.service_rate_per_s < service.limit_s)
    if not reachable.any():
        return min(most, math.floor(rate / service.service_rate_per_s) + 1)
    target_s = service.limit_s - float(way_s[reachable].max())
    wanted = servers_needed(rate, service.service_rate_per_s, target_s, most=max(most, 1))
    return most if wanted is None else min(most, wanted)


def whole_replicas(service: Service, room: Sequence[float]) -> int:
    """Return how many replicas CPUs, GPUs and memory (GB) hold."""
    return max(0, min(_whole(room[0], service.cpus), _whole(room[2], service.memory_gb)))


def _whole(free: float, each: float) -> int:
    return int(free / each + 1e-9) if each else 2**31


def _mean(rate: Signal | None, start_s: float, end_s: float) -> float:
    return float(rate.integral(start_s, end_s)) / (end_s - start_s) if rate else 0.0
