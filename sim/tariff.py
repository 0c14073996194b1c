"""What a second costs: the carbon that a watt emits at least, and a price for each CPU, GPU and GB that is held.

Both are step functions on one grid of slots, on which every signal of the world is constant.

A watt of IT load emits at least: PUE (with a cooling model its factor, without the fixed losses) times intensity, times
the share of the grid in the supply of a site that carries nothing but its idle servers, for more load only lowers the
share of the sun and wind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.fleet import Fleet
from sim.model import Region
from sim.signals import Bundle, Signal
from sim.units import HOUR_S, J_PER_KWH, BoolArray, FloatArray, IntArray
from sim.world import World


@dataclass(frozen=True, eq=False)
class Tariff:
    """Costs over T slots of R regions; slot t is [start_s + t step_s, start_s + (t + 1) step_s).

    Attributes:
        carbon: Grams a joule of IT load, at least, shape (R, T).
        prices: Grams a second for each CPU, GPU and GB held, shape (R, 3, T).
        capacity: What can be held in each slot, unit-seconds, shape (R, 3, T).
    """

    start_s: float
    step_s: float
    carbon: FloatArray
    prices: FloatArray
    capacity: FloatArray

    @classmethod
    def of(cls, world: World) -> Tariff:
        """Return the tariff of a world, with prices of nothing, over the slots up to its horizon."""
        every = (*world.intensity, *world.temperature, *world.onsite)
        grid = Bundle.of([signal for signal in every if signal])
        first = int(-grid.start_s // grid.step_s)
        count = int(np.ceil((world.horizon_s - grid.start_s) / grid.step_s)) - first
        start_s = grid.start_s + first * grid.step_s
        edges_s = start_s + grid.step_s * np.arange(count + 1.0)
        carbon = np.array([_least_carbon(world, r, edges_s) for r in range(len(world.regions))])
        capacity = np.array([_open_capacity(world, region, edges_s) for region in world.regions])
        return cls(start_s, grid.step_s, carbon, np.zeros_like(capacity), capacity)

    def at(self, prices: FloatArray) -> Tariff:
        """Return the same with other prices, shape (R, 3, T)."""
        return replace(self, prices=prices)

    def rent_g(self) -> float:
        """Return what all that can be held costs at these prices."""
        return float((self.prices * self.capacity).sum())


def _least_carbon(world: World, r: int, edges_s: FloatArray) -> FloatArray:
    """Return grams a joule of IT load, at least, in each slot."""
    region, temperature, supply = world.regions[r], world.temperature[r], world.onsite[r]
    middle_s = edges_s[:-1] + np.diff(edges_s) / 2
    overhead = np.full(len(middle_s), region.pue)
    if region.cooling and temperature:
        overhead = np.asarray(region.cooling.factor(_sample(temperature, middle_s)), dtype=float)
    if supply:
        site_w = Fleet(region).idle_w(_fewest_on(region, edges_s)) * overhead
        overhead = overhead * np.clip(1.0 - _sample(supply, middle_s) / np.maximum(site_w, 1e-9), 0.0, 1.0)
    return np.asarray(_sample(world.intensity[r], middle_s) * overhead / J_PER_KWH)


def _sample(signal: Signal, t_s: FloatArray) -> FloatArray:
    return np.asarray(signal.values[((t_s - signal.start_s) // signal.step_s).astype(int)])


def _fewest_on(region: Region, edges_s: FloatArray) -> IntArray:
    """Return the fewest servers that can be on in each slot; a closure that touches it counts wholly."""
    on = np.full(len(edges_s) - 1, 0 if region.saving else Fleet(region).count)
    for closure in region.closures:
        touched: BoolArray = (edges_s[:-1] < closure.end_s) & (edges_s[1:] > closure.start_s)
        on[touched] = np.maximum(on[touched] - closure.servers, 0)
    return on


def _open_capacity(world: World, region: Region, edges_s: FloatArray) -> FloatArray:
    """Return what the servers of a region that are not closed hold in each slot, unit-seconds, shape (3, T).

    Services keep their replicas until the next routing step, so with them a closure counts from there only.
    """
    fleet, horizon_s = Fleet(region), world.horizon_s
    spans = [(_next_step_s(c.start_s) if world.services else c.start_s, c.end_s, c.servers) for c in region.closures]
    moments = {0.0, horizon_s, *(t for start_s, end_s, _ in spans for t in (start_s, end_s) if 0 < t < horizon_s)}
    capacity = np.zeros((3, len(edges_s) - 1))
    for left_s, right_s in zip(sorted(moments)[:-1], sorted(moments)[1:], strict=True):
        closed = sum(servers for start_s, end_s, servers in spans if start_s <= left_s < end_s)
        overlap_s = np.diff(np.clip(edges_s, left_s, right_s))
        capacity += fleet.capacity(np.array(max(0, fleet.count - closed)))[:, None] * overlap_s
    return capacity


def _next_step_s(t_s: float) -> float:
    return float(np.ceil(t_s / HOUR_S)) * HOUR_S
