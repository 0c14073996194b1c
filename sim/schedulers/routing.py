"""Where a service's requests go in the coming hour, and how much room its replicas take.

The requests of each home region (forecast) are sent to regions so that they emit least, with the way and the answer
within the service's limit, and no more in a region than the replicas that it has room for can answer (CASPER: Souza et
al., IGSC 2023). Servers that save power are woken for them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sim.fleet import Fleet
from sim.model import Decision, PowerServers, Route
from sim.queueing import mean_response_s, servers_needed
from sim.replicas import rates_ahead
from sim.services import Service, ServiceView, replicas_wanted
from sim.timetable import Timetable
from sim.units import HOUR_S, BoolArray, FloatArray, IntArray
from sim.view import View

_EPS = 1e-9
_CLOSE = 1.01
"""A replica that is never idle answers in 1 / rate; with less than a hundredth of that to spare, it is no promise."""


def least_carbon_flow(rates: FloatArray, reach: BoolArray, capacity: FloatArray, price: FloatArray) -> FloatArray:
    """Return how much to send from each origin to each region, shape (R, R): as much as can be, then at least price.

    Regions are filled in the order of their price, each as far as re-routing allows without emptying those before it:
    what can be sent to a set of regions is a polymatroid, so this is optimal.

    Args:
        rates: What each origin sends, shape (R,).
        reach: Where it may be sent, origin x region.
        capacity, price: Of each region, shape (R,).
    """
    flow = np.zeros(reach.shape)
    unsent, room = rates.astype(float), capacity.astype(float)
    for region in np.argsort(price, kind="stable").tolist():
        while room[region] > _EPS and (path := _path(flow, reach, unsent, region)):
            origins, regions = path
            amount = min(unsent[origins[0]], room[region])
            for origin, left in zip(origins[1:], regions[:-1], strict=True):
                amount = min(amount, flow[origin, left])
            for origin, left in zip(origins[1:], regions[:-1], strict=True):
                flow[origin, left] -= amount
            flow[origins, regions] += amount
            unsent[origins[0]] -= amount
            room[region] -= amount
    return flow


def _path(flow: FloatArray, reach: BoolArray, unsent: FloatArray, goal: int) -> tuple[list[int], list[int]] | None:
    """Return origins and where each is to send more: the first has something unsent, the others give way to it."""
    gives_way: dict[int, tuple[int, int] | None] = {int(i): None for i in np.flatnonzero(unsent > _EPS)}
    queue = list(gives_way)
    while queue:
        origin = queue.pop(0)
        if reach[origin, goal]:
            origins, regions, step = [origin], [goal], gives_way[origin]
            while step:
                origins.insert(0, step[0])
                regions.insert(0, step[1])
                step = gives_way[step[0]]
            return origins, regions
        for region in np.flatnonzero(reach[origin]).tolist():
            for other in np.flatnonzero(flow[:, region] > _EPS).tolist():
                if other not in gives_way:
                    gives_way[other] = (origin, region)
                    queue.append(other)
    return None


class _Hour(NamedTuple):
    """The hour after the next routing step: its edges, its slots, and what a joule of IT emits in it, g, (R,)."""

    edges_s: FloatArray
    first: int
    last: int
    g_per_j: FloatArray


def _next_hour(view: View, timetable: Timetable) -> _Hour:
    step_s = (np.floor(view.now_s / HOUR_S + _EPS) + 1.0) * HOUR_S
    first = int((step_s - view.now_s) / view.epoch_s + _EPS)
    last = max(first + 1, int(np.ceil((step_s + HOUR_S - view.now_s) / view.epoch_s - _EPS)))
    grams = timetable.slot_g_per_w[:, first:last]
    return _Hour(np.array([step_s, step_s + HOUR_S]), first, last, grams.mean(axis=1) / view.epoch_s)


class Routing:
    """Routes services one after another on a timetable, off which it takes all replicas that are still to come.

    `kept` is what the replicas take in the coming hour, shape (R, 3).
    """

    def __init__(self, view: View, timetable: Timetable) -> None:
        timetable.expect(timetable.staying)
        self.view, self.timetable, self.hour = view, timetable, _next_hour(view, timetable)
        regions = len(view.regions)
        self.way_s = view.network.rtt_s if view.network else np.zeros((regions, regions))
        self.capacity = np.array([region.capacity for region in view.regions])
        self.kept = np.zeros((regions, 3))
        self.actions: list[Decision] = []

    def route(self) -> None:
        """Route every service's requests of the coming hour in the room that is left; then its replicas have theirs."""
        view, hour, routed = self.view, self.hour, []
        room = self.timetable.beside_jobs[:, hour.first : hour.last].min(axis=1)
        for one in view.services:
            rates = rates_ahead(one.rates, view.forecaster, view.now_s, hour.edges_s)[:, 0]
            flow = self._flow(one.service, rates, _whole(room - self.kept, one.service))
            routed.append(self._send(one, rates, flow))
            self.kept += self._taken(one.service, flow)
        self._wake(self.capacity - room)
        self.timetable.expect(view.replicas_of(routed))

    def _flow(self, service: Service, rates: FloatArray, replicas: IntArray) -> FloatArray:
        """Return what is best sent from each origin to each region; what nobody can answer in time stays at home."""
        reach = (self.way_s + _CLOSE / service.service_rate_per_s <= service.limit_s) & (replicas > 0)
        reach &= (rates > 0)[:, None]
        target_s = service.limit_s - np.where(reach, self.way_s, 0.0).max(axis=0)
        capacity = [
            _most_rate(service, int(n), float(by_s), float(rates[able].sum())) if able.any() else 0.0
            for n, by_s, able in zip(replicas, target_s, reach.T, strict=True)
        ]
        price = self.hour.g_per_j * self.view.cpu_w
        flow = least_carbon_flow(rates, reach, np.array(capacity), price)
        return flow + np.diag(np.maximum(rates - flow.sum(axis=1), 0.0))

    def _taken(self, service: Service, flow: FloatArray) -> FloatArray:
        """Return what the replicas that answer a flow take, as far as a region can hold them, shape (R, 3)."""
        most = _whole(self.capacity, service).tolist()
        counts = [
            replicas_wanted(service, flow[:, r], self.way_s[:, r], most=most[r]) if flow[:, r].any() else 0
            for r in range(len(flow))
        ]
        return np.array(counts)[:, None] * service.demand

    def _send(self, one: ServiceView, rates: FloatArray, flow: FloatArray) -> ServiceView:
        """Send each origin's requests by the flow; return the service as it is routed then."""
        names, routed = [region.id for region in self.view.regions], one.shares.copy()
        for origin in np.flatnonzero(rates > 0).tolist():
            shares = flow[origin] / flow[origin].sum()
            if not np.allclose(shares, one.shares[origin], atol=1e-6):
                pairs = tuple((names[r], float(shares[r])) for r in np.flatnonzero(shares > 0).tolist())
                self.actions.append(Route(one.service.id, names[origin], pairs))
                routed[origin] = shares
        return replace(one, shares=routed)

    def _wake(self, busy: FloatArray) -> None:
        """Ask for as many servers as jobs and replicas need, where servers are switched off."""
        for r, region in enumerate(self.view.regions):
            if region.saving:
                wanted = np.clip(busy[r] + self.kept[r], 0.0, region.capacity)
                needed = Fleet(region).needed(wanted) if self.kept[r].any() else 0
                self.actions.append(PowerServers(region.id, needed))


def _whole(room: FloatArray, service: Service) -> IntArray:
    """Return how many replicas there is room for, shape (R,)."""
    wanted = service.demand
    share = np.divide(np.maximum(room, 0.0), wanted, out=np.full(room.shape, np.inf), where=wanted > 0).min(axis=1)
    return np.asarray(np.minimum(share + _EPS, 2**31).astype(np.int64))


def _most_rate(service: Service, replicas: int, target_s: float, wanted: float) -> float:
    """Return how many of the wanted requests a second so many replicas answer within the target, on average."""
    if servers_needed(wanted, service.service_rate_per_s, target_s, most=replicas) is not None:
        return wanted
    low, high = 0.0, min(wanted, replicas * service.service_rate_per_s)
    for _ in range(40):
        middle = (low + high) / 2.0
        keeps = mean_response_s(middle, replicas, service.service_rate_per_s) <= target_s
        low, high = (middle, high) if keeps else (low, middle)
    return low
