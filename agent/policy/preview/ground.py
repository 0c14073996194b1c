"""The ground on which rules are tried out: a scenario's world, or one made up from the names of a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from agent.policy.rules import DAYS, Placement, PolicySet
from agent.policy.vocabulary import Vocabulary
from sim.forecast import SeasonalNaive
from sim.jobs import Jobs, Workload
from sim.model import PRIORITIES, Job, Region, Server
from sim.scenario import build_world, load_scenario
from sim.signals import Signal
from sim.units import DAY_S, HOUR_S, MINUTE_S, FloatArray, at_time, seconds_since
from sim.world import World

SUNDAY = datetime(2026, 1, 11, tzinfo=UTC)
"""The start of a made-up world: the week after it begins on a Monday, and no clock is changed in it."""
MADE_UP_DAYS = 16
HISTORY_DAYS = 7
SERVER = Server("made-up", cpus=64, gpus=8, memory_gb=512, idle_w=110, max_w=350, gpu_idle_w=30, gpu_max_w=300)
SERVERS = 4
STEP_S = 15 * MINUTE_S
"""Rules are tried at every quarter of an hour."""


@dataclass(frozen=True)
class Ground:
    """A world to try rules in. `made_up`: its regions have the vocabulary's names and clocks, all else is invented."""

    world: World
    made_up: bool

    @property
    def regions(self) -> tuple[Region, ...]:
        """Its regions."""
        return self.world.regions

    @property
    def homes(self) -> tuple[str, ...]:
        """Where jobs may be submitted."""
        return tuple(region.id for region in self.world.regions)

    def week_s(self, region: Region) -> FloatArray:
        """Return the quarters of the first whole week (Monday to Sunday on the region's clock), shape (7, 96)."""
        zone = ZoneInfo(region.tz)
        day = self.world.start.astimezone(zone).date()
        day += timedelta(days=-day.weekday() % 7)
        if seconds_since(self.world.start, datetime(day.year, day.month, day.day, tzinfo=zone)) < 0:
            day += timedelta(days=7)
        midnights = [
            datetime(one.year, one.month, one.day, tzinfo=zone) for one in (day + timedelta(days=n) for n in range(7))
        ]
        begins_s = np.array([seconds_since(self.world.start, one.astimezone(UTC)) for one in midnights])
        return np.asarray(begins_s[:, None] + STEP_S * np.arange(DAY_S / STEP_S))

    def clock(self, seconds: float, region: Region | None = None) -> str:
        """Return a moment on the clock of a region, or in UTC: `tue 16:30`, `tue 16:30 UTC`."""
        moment = at_time(self.world.start, seconds)
        if region is None:
            return f"{DAYS[moment.weekday()]} {moment:%H:%M} UTC"
        moment = moment.astimezone(ZoneInfo(region.tz))
        return f"{DAYS[moment.weekday()]} {moment:%H:%M}"


def of_scenario(path: str, data_dir: Path | None) -> Ground:
    """Return the world of a scenario file, or of a bundled one. Raises InputError if it cannot be built."""
    return Ground(build_world(load_scenario(path), data_dir), made_up=False)


def made_up(vocabulary: Vocabulary, rules: PolicySet, rng: np.random.Generator, *, count: int = 200) -> Ground:
    """Return a world with the vocabulary's regions and so many jobs with its names, all else drawn.

    Intensity and price lie to both sides of the limits that the rules name.
    """
    regions = tuple(
        Region(one.id, one.zone, one.tz, ((SERVER, SERVERS),), pue=1.2, names=one.names, groups=one.groups)
        for one in vocabulary.regions
    )
    jobs = drawn_jobs(vocabulary, [region.id for region in regions], rng, count)
    placements = [rule for rule in rules.rules if isinstance(rule, Placement)]
    most_g = max((rule.intensity_above or 0.0 for rule in placements), default=0.0) or 300.0
    most_usd = max((rule.price_above or 0.0 for rule in placements), default=0.0) or 60.0

    def signals(unit: str, most: float) -> tuple[Signal, ...]:
        hours = 24 * (HISTORY_DAYS + MADE_UP_DAYS)
        return tuple(
            Signal(region.zone, unit, -HISTORY_DAYS * DAY_S, HOUR_S, rng.uniform(0, 2 * most, hours))
            for region in regions
        )

    return Ground(
        World(
            start=SUNDAY,
            epoch_s=STEP_S,
            horizon_s=MADE_UP_DAYS * DAY_S,
            regions=regions,
            workload=Workload(
                Jobs.of(jobs, [region.id for region in regions]), np.array([job.duration_estimate_s for job in jobs])
            ),
            intensity=signals("gCO2eq/kWh", most_g),
            price=signals("USD/MWh", most_usd),
            forecaster=SeasonalNaive(),
        ),
        made_up=True,
    )


def drawn_jobs(vocabulary: Vocabulary, homes: Sequence[str], rng: np.random.Generator, count: int) -> list[Job]:
    """Return jobs with names of the vocabulary, in submit order over a week: none of it means anything."""

    def one_of(names: Sequence[str], default: str | None) -> str | None:
        return str(rng.choice(list(names))) if names else default

    jobs = []
    for n, submit_s in enumerate(np.sort(rng.integers(96, 8 * 96, count)) * STEP_S):
        hours = float(rng.choice([0.5, 1, 2, 4, 8, 12, 24, 48]))
        tags = rng.choice(list(vocabulary.tags), min(int(rng.integers(0, 3)), len(vocabulary.tags)), replace=False)
        jobs.append(
            Job(
                id=f"example-{n}",
                submit_s=float(submit_s),
                duration_estimate_s=hours * HOUR_S,
                deadline_s=float(submit_s) + (hours + 24) * HOUR_S,
                cpus=float(rng.choice([1, 2, 4, 8, 16])),
                gpus=float(rng.choice([0, 0, 0, 1])),
                memory_gb=8.0,
                home=str(rng.choice(list(homes))),
                kind=one_of(vocabulary.kinds, None) or "batch",
                priority=one_of(vocabulary.priorities or PRIORITIES, None) or "normal",
                team=one_of(vocabulary.teams, None),
                customer=one_of(vocabulary.customers, None),
                tags=tuple(sorted(map(str, tags))),
            )
        )
    return jobs
