"""A lower bound on the emissions of any schedule that meets the deadlines, with perfect knowledge.

Each job and each service's requests emit at least what their cleanest way emits alone (`per_job_kg`). But not all find
room in the cleanest hours: with shadow prices on capacity, the sum of the cheapest ways less the price of the capacity
is a bound too, and a higher one (`sim.shadow`). Rules, precedence within a graph beyond its windows, checkpoints, the
replicas that a service needs beyond its load, and data transfers count as nothing; a load may be shared between starts.

It holds for schedules in which every job is on time that can be, and every request answered in time. Where some are
late, each of those counts with its dirtiest hour: so the bound stays finite where capacity cannot meet the deadlines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.fleet import Fleet
from sim.history import History, Switch
from sim.ledger import keep_books
from sim.loads import job_loads, request_loads
from sim.shadow import Relaxed, shadow_prices
from sim.tariff import Tariff
from sim.units import G_PER_KG, FloatArray
from sim.world import World


@dataclass(frozen=True)
class Bound:
    """Kilograms: of jobs and services, of what no scheduler changes (idle, embodied), and their sum.

    Attributes:
        jobs_kg: What the jobs emit at least, beside services that emit no more than they must.
        services_kg: What the services' requests emit at least, each alone.
        per_job_kg: What jobs and services emit at least if capacity is left out.
    """

    jobs_kg: float
    idle_kg: float
    embodied_kg: float = 0.0
    services_kg: float = 0.0
    per_job_kg: float = 0.0

    @property
    def dynamic_kg(self) -> float:
        """What the power of jobs and services emits at least: the part that scheduling can change."""
        return self.jobs_kg + self.services_kg

    @property
    def total_kg(self) -> float:
        """What any schedule's counted total is at least."""
        return self.dynamic_kg + self.idle_kg + self.embodied_kg


def lower_bound(world: World) -> Bound:
    """Return the bound for the jobs and services of the world, and what counts of the idle and embodied carbon."""
    nothing = keep_books(world, History(switches=_fewest_servers(world)))
    jobs, tariff = job_loads(world)[1], Tariff.of(world)
    loads = jobs.and_rigid(request_loads(world))
    alone = Relaxed.of(loads, tariff)
    least_g = alone.dual_g
    if not alone.fits():
        least_g = max(least_g, Relaxed.of(loads, tariff.at(shadow_prices(loads, tariff))).dual_g)
    services_g = float(alone.least_g[len(jobs) :].sum())
    return Bound(
        jobs_kg=(least_g - services_g) / G_PER_KG,
        idle_kg=float(nothing.series.idle_g.sum()) / G_PER_KG if world.accounting.idle else 0.0,
        embodied_kg=nothing.embodied_g / G_PER_KG if world.accounting.embodied else 0.0,
        services_kg=services_g / G_PER_KG,
        per_job_kg=alone.dual_g / G_PER_KG,
    )


def _fewest_servers(world: World) -> list[Switch]:
    """Return how few servers can be on: none in power-saving regions, elsewhere all but the closed ones."""
    switches = []
    for r, region in enumerate(world.regions):
        if region.saving:
            switches.append(Switch(0.0, r, 0))
            continue
        moments = sorted({t for c in region.closures for t in (c.start_s, c.end_s) if t < world.horizon_s})
        count = Fleet(region).count
        for t_s in moments:
            closed = sum(c.servers for c in region.closures if c.start_s <= t_s < c.end_s)
            switches.append(Switch(t_s, r, max(0, count - closed)))
    return switches


def cleanest_runs_g(world: World) -> FloatArray:
    """Return the least carbon that each job can emit, grams, shape (J,), if it had all regions for itself.

    0 for a job that no schedule can finish in time, or need finish: its true work is longer than its window, or
    its deadline lies beyond the horizon.
    """
    which, loads = job_loads(world)
    least_g = np.zeros(len(world.workload.jobs))
    least_g[which] = Relaxed.of(loads, Tariff.of(world)).least_g
    return least_g
