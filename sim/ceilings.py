"""The most that a second of a job can draw, emit and cost in each region: what a budget that must be kept reckons with.

What a job draws depends on its neighbours (curves, cooling, on-site supply), on the weather, and on grids to come. So
everything that is not known yet is taken at its worst:

- watts: those of the server model that draws most per CPU or GPU, at its worst load;
- overhead: the PUE, or the cooling model at the hottest of the last four weeks over the least IT load; nothing on site;
- intensity and price: as measured until the current interval ends, then the highest of the last four weeks;
- rent: none of it prepaid, and a negative price is none.

A signal that rises above all of the last four weeks for the rest of a period can still break a budget.
"""

from __future__ import annotations

import numpy as np

from sim.fleet import Fleet
from sim.model import Region
from sim.signals import Signal
from sim.stays import Loads
from sim.units import DAY_S, HOUR_S, J_PER_KWH, KWH_PER_MWH, FloatArray
from sim.world import World

METRICS = ("energy_kwh", "carbon_g", "cost_usd")
"""The order of every triple of figures."""
MEMORY_S = 28 * DAY_S
_LOADS = np.linspace(0.1, 1.0, 10)


class Sites:
    """What of the ceilings does not change: watts and overhead of each region."""

    def __init__(self, world: World) -> None:
        self._world = world
        regions = world.regions
        self.cpu_w = np.array([most_cpu_w(region) for region in regions])
        self.gpu_w = np.array([most_gpu_w(region) for region in regions])
        self._least = np.array([[fleet.least_cpu_w, fleet.least_gpu_w] for fleet in map(Fleet, regions)])
        self._idle_w = np.array([_least_idle_w(region) for region in regions])
        self.max_w = [Fleet(region).max_w for region in regions]
        self.rent_usd_per_s = np.array([region.usd_per_cpu_h for region in regions]) / HOUR_S

    def at(self, now_s: float) -> Ceilings:
        """Return the ceilings as of now, from what was measured until now."""
        return Ceilings(self, self._world, now_s)

    def least_it_w(self, loads: Loads) -> FloatArray:
        """Return the least IT load of each region while each job runs there, shape (R, J)."""
        return np.asarray(self._idle_w[:, None] + self._least @ np.array([loads.busy, loads.gpus]))


class Ceilings:
    """Rates per second in so many `regions` as of one moment, `now_s`.

    `until_s` is how long the present intensity and price are known to hold.
    """

    def __init__(self, sites: Sites, world: World, now_s: float) -> None:
        self._sites, self._world, self.now_s, self.regions = sites, world, now_s, len(world.regions)
        self._asked: Loads | None = None
        signals = (*world.intensity, *world.price)
        self.until_s = min(_end_of_interval(signal, now_s) for signal in signals)
        self._now = self._factors([signal.at(now_s) for signal in signals])
        self._later = self._factors([_highest(signal, now_s) for signal in signals])
        self._hottest = [_highest(signal, now_s) if signal else None for signal in world.temperature]

    def _factors(self, values: list[float]) -> FloatArray:
        """Return kWh, grams and USD for each kWh in each region, shape (3, R)."""
        intensity, price = np.array(values).reshape(2, -1)
        return np.array([np.ones(len(price)), intensity, np.maximum(price, 0.0) / KWH_PER_MWH])

    def _overhead(self, loads: Loads) -> FloatArray:
        """Return the most watts at the meter for each IT watt, shape (R, J)."""
        regions = self._world.regions
        found = np.repeat([[region.pue] for region in regions], len(loads), axis=1)
        it_w = self._sites.least_it_w(loads) if any(region.cooling for region in regions) else found
        for r, (region, hottest) in enumerate(zip(regions, self._hottest, strict=True)):
            if region.cooling and hottest is not None:
                fixed_w = region.cooling.fixed_w(self._sites.max_w[r])
                found[r] = float(region.cooling.factor(hottest)) + fixed_w / np.maximum(it_w[r], 1e-9)
        return found

    def of(self, loads: Loads) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what each job takes at most per second, until `until_s` and later, and once a stay; (3, R, J) each.

        Once a stay it reads a checkpoint and writes one. Several budgets ask about the same loads in turn.
        """
        if self._asked is not loads:
            self._asked, self._rates = loads, self._reckon(loads)
        return self._rates

    def _reckon(self, loads: Loads) -> tuple[FloatArray, FloatArray, FloatArray]:
        sites, overhead = self._sites, self._overhead(loads)
        watts = sites.cpu_w[:, None] * loads.busy + sites.gpu_w[:, None] * loads.gpus
        kwh_per_s = watts * overhead / J_PER_KWH
        now, later = kwh_per_s * self._now[:, :, None], kwh_per_s * self._later[:, :, None]
        if sites.rent_usd_per_s.any():
            rent = sites.rent_usd_per_s[:, None] * loads.cpus
            now[2] += rent
            later[2] += rent
        return now, later, loads.once_kwh * overhead * np.maximum(self._now, self._later)[:, :, None]


def most_cpu_w(region: Region) -> float:
    """Return the most dynamic watts that a busy CPU can ever draw: the highest chord from idle of any model's curve."""
    return max(float((server.dynamic_w(_LOADS) / _LOADS).max()) / server.cpus for server, _ in region.servers)


def most_gpu_w(region: Region) -> float:
    """Return the most dynamic watts that a busy GPU can ever draw; 0 without any."""
    return max((server.gpu_max_w - server.gpu_idle_w for server, _ in region.servers if server.gpus), default=0.0)


def _least_idle_w(region: Region) -> float:
    """Return the least that the servers without load draw while a job runs there."""
    fleet = Fleet(region)
    closed = sum(closure.servers for closure in region.closures)
    on = 1 if region.saving else max(1, fleet.count - closed)
    return float(fleet.idle_w(np.array(on)))


def _end_of_interval(signal: Signal, now_s: float) -> float:
    return signal.start_s + signal.step_s * (signal.index(now_s) + 1)


def _highest(signal: Signal, now_s: float) -> float:
    """Return the highest value of the last four weeks, that of the current interval included."""
    last = signal.index(now_s)
    return float(signal.values[max(0, last - int(MEMORY_S / signal.step_s)) : last + 1].max())
