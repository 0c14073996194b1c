"""Small worlds whose numbers can be added in the head.

A region of `mock_region` has one server of 10 CPUs: 100 W idle, 100 W more for each busy CPU. So a job of
10 CPUs draws 1 kW, and an hour of it at 100 g/kWh and PUE 1 emits 100 g.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from sim.forecast import Forecaster, SeasonalNaive
from sim.jobs import Jobs, Workload
from sim.model import Checkpoint, Job, Region, Server
from sim.signals import Signal
from sim.units import DAY_S, HOUR_S, FloatArray
from sim.world import Accounting, World

START = datetime(2022, 3, 7, tzinfo=UTC)


def mock_region(name: str = "home", *, servers: int = 1, pue: float = 1.0, gpus: float = 0.0) -> Region:
    server = Server(
        "mock", cpus=10, gpus=gpus, memory_gb=100, idle_w=100, max_w=1100, gpu_idle_w=0, gpu_max_w=300 if gpus else 0
    )
    return Region(name, zone=name.upper(), tz="UTC", servers=((server, servers),), pue=pue)


def mock_job(
    name: str,
    submit_h: float = 0.0,
    hours: float = 1.0,
    *,
    slack_h: float = 24.0,
    cpus: float = 10,
    home: str = "home",
    **fields: object,
) -> Job:
    return Job(
        id=name,
        submit_s=submit_h * HOUR_S,
        duration_estimate_s=hours * HOUR_S,
        deadline_s=(submit_h + hours + slack_h) * HOUR_S,
        cpus=cpus,
        gpus=float(fields.pop("gpus", 0.0)),  # type: ignore[arg-type]
        memory_gb=float(fields.pop("memory_gb", 1.0)),  # type: ignore[arg-type]
        home=home,
        **fields,  # type: ignore[arg-type]
    )


def soft_jobs(
    rng: np.random.Generator, *, homes: Sequence[str] = ("home",), throughput: tuple[float, ...] = ()
) -> list[Job]:
    """Return eight small jobs with at least an hour of slack, every second with a checkpoint; by submission.

    With a `throughput` two of three are elastic.
    """
    jobs = [
        mock_job(
            f"j{n}",
            float(np.round(rng.uniform(0, 12), 2)),
            float(rng.uniform(0.3, 6)),
            slack_h=float(rng.uniform(1, 12)),
            cpus=float(rng.integers(1, 4)),
            home=str(rng.choice(list(homes))),
            checkpoint=Checkpoint(*rng.choice([0, 300], 2).tolist()) if n % 2 else None,
            throughput=throughput if n % 3 else (),
        )
        for n in range(8)
    ]
    return sorted(jobs, key=lambda job: job.submit_s)


def hourly(zone: str, unit: str, values: Sequence[float] | FloatArray, hours: int) -> Signal:
    """Return a signal with one day of history: the day's values, repeated from 24 h before the start."""
    return Signal(zone, unit, -DAY_S, HOUR_S, np.resize(np.asarray(values, dtype=float), 24 + hours))


def mock_world(
    jobs: Sequence[Job],
    intensity: Sequence[Sequence[float]],
    *,
    regions: Sequence[Region] | None = None,
    price: Sequence[Sequence[float]] | None = None,
    hours: int = 72,
    epoch_h: float = 1.0,
    forecaster: Forecaster | None = None,
    durations_h: Sequence[float] | None = None,
    idle: bool = True,
) -> World:
    """Return a world of hourly signals; each sequence of intensities repeats, so yesterday is like today."""
    sites = tuple(regions or [mock_region(name) for name in ("home", "away", "far")[: len(intensity)]])
    prices = price or [[50.0]] * len(sites)
    durations_s = np.array(
        [h * HOUR_S for h in durations_h] if durations_h else [job.duration_estimate_s for job in jobs]
    )
    return World(
        start=START,
        epoch_s=epoch_h * HOUR_S,
        horizon_s=hours * HOUR_S,
        regions=sites,
        workload=Workload(Jobs.of(jobs, [site.id for site in sites]), durations_s),
        intensity=tuple(hourly(s.zone, "gCO2eq/kWh", v, hours) for s, v in zip(sites, intensity, strict=True)),
        price=tuple(hourly(s.zone, "USD/MWh", v, hours) for s, v in zip(sites, prices, strict=True)),
        forecaster=forecaster or SeasonalNaive(),
        accounting=Accounting(idle=idle),
    )
