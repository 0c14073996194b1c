"""The elastic, online and service schedulers beside what their papers publish.

    CWS_DATA_DIR=DATA python -m bench.published_elastic [carbonscaler | carbonclipper | casper]

Prints a table for each, ours beside theirs; docs/schedulers.md says where the differences come from.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from sim.errors import InputError
from sim.forecast import SeasonalNaive
from sim.jobs import Jobs, Workload
from sim.model import Checkpoint, Job, Region, Server
from sim.runner import simulate
from sim.schedulers import scheduler
from sim.schedulers.marginal import emitted, most_work_per_carbon
from sim.signals import Signal, SignalFile
from sim.summary import account
from sim.units import DAY_S, HOUR_S, FloatArray
from sim.world import World

START = datetime(2022, 1, 3, tzinfo=UTC)
SERVER = Server("worker", cpus=1, gpus=0, memory_gb=1, idle_w=0, max_w=1000)


def data_dir() -> Path:
    """Return the folder of the real data, or raise InputError."""
    if not (found := os.environ.get("CWS_DATA_DIR")):
        raise InputError("CWS_DATA_DIR is not set; name the folder of the real data")
    return Path(found)


def grid(file: str, zone: str, hours: int, start: datetime = START) -> Signal:
    """Return a zone's hourly lifecycle intensity from a day before the start."""
    path = data_dir() / "carbon" / file
    return SignalFile(path, "ci_lifecycle", "gCO2eq/kWh").read(zone, start, -DAY_S, hours * HOUR_S)


def world(regions: Sequence[Region], signals: Sequence[Signal], jobs: Sequence[Job], hours: int) -> World:
    """Return a world of these jobs in which electricity costs nothing."""
    return World(
        start=START,
        epoch_s=HOUR_S,
        horizon_s=hours * HOUR_S,
        regions=tuple(regions),
        workload=Workload(
            Jobs.of(jobs, [region.id for region in regions]), np.array([job.duration_estimate_s for job in jobs])
        ),
        intensity=tuple(signals),
        price=tuple(replace(signal, unit="USD/MWh", values=0.0 * signal.values) for signal in signals),
        forecaster=SeasonalNaive(),
    )


# -- CarbonScaler ------------------------------------------------------------------------------------

JOB_H, EVERY_H, JOBS = 24, 29, 290
"""Jobs of a day on one worker, one every 29 hours (so that all hours of the day come up) through a year."""


def profile(name: str) -> FloatArray:
    """Return the work per second of a measured MPI job on 1, 2, ... nodes, relative to one."""
    table = pq.read_table(data_dir() / "workloads" / "scaling_profiles_carbonscaler.parquet").to_pylist()
    rows = sorted((row["nodes"], row["throughput"]) for row in table if row["profile"] == name and row["nodes"])
    return np.array([throughput / rows[0][1] for _, throughput in rows])


def mean_g(name: str, zone: str, slack_h: int, throughput: Sequence[float]) -> float:
    """Return what a job emits under a scheduler, on average over the year, g."""
    hours = EVERY_H * JOBS + JOB_H + slack_h + 24
    jobs = [
        Job(
            id=f"j{n}",
            submit_s=n * EVERY_H * HOUR_S,
            duration_estimate_s=JOB_H * HOUR_S,
            deadline_s=(n * EVERY_H + JOB_H + slack_h) * HOUR_S,
            cpus=1,
            gpus=0,
            memory_gb=0,
            home="home",
            checkpoint=Checkpoint(),
            throughput=tuple(throughput),
        )
        for n in range(JOBS)
    ]
    signal = grid("em_hourly_2021_2022.parquet", zone, hours)
    made = world([Region("home", zone, "UTC", ((SERVER, 200),), 1.0)], [signal], jobs, hours)
    accounts = account(simulate(made, scheduler(name)))
    assert not accounts.jobs.violated.any()
    return float(accounts.jobs.carbon_g.mean())


def static_g(zone: str, slack_h: int, throughput: FloatArray) -> FloatArray:
    """Return what a job emits with 1, ..., n workers in the cleanest hours and none in the others, shape (n,)."""
    hours = EVERY_H * JOBS + JOB_H + slack_h + 24
    values = grid("em_hourly_2021_2022.parquet", zone, hours).values[24:]
    windows = np.array([values[n * EVERY_H : n * EVERY_H + JOB_H + slack_h] for n in range(JOBS)])
    seconds, needed_s = np.full(windows.shape, HOUR_S), np.full(JOBS, JOB_H * HOUR_S)
    room = np.ones(windows.shape, dtype=np.int64)
    found = []
    for n, rate in enumerate(throughput, start=1):
        on, _ = most_work_per_carbon(windows, seconds, np.array([rate]), needed_s, 0 * room, room)
        each = [
            emitted(row, n * window, second, np.array([rate]), JOB_H * HOUR_S)
            for row, window, second in zip(on, windows, seconds, strict=True)
        ]
        found.append(float(np.mean(each)))
    return np.array(found)


def carbonscaler() -> None:
    """Print the savings of CarbonScaler against its paper's three opponents."""
    print("CarbonScaler: carbon saved against ..., a job of 24 h on one worker, a year, perfect forecast")
    print(f"{'profile':10} {'zone':12} {'slack h':>7} {'agnostic':>9} {'suspend-resume':>15} {'best static scale':>18}")
    print(f"{'published':10} {'':12} {'':7} {'51 %':>9} {'37 %':>15} {'8 %':>18}")
    for name, zone in (("nbody100k", "CA-ON"), ("nbody100k", "US-CAL-CISO"), ("nbody100k", "DE"), ("nbody10k", "CA-ON")):
        for slack_h in (0, 12, 24):
            print(_row(name, zone, slack_h, profile(name)), flush=True)


def _row(name: str, zone: str, slack_h: int, throughput: FloatArray) -> str:
    ours = mean_g("carbonscaler-oracle", zone, slack_h, throughput.tolist())
    agnostic = mean_g("fifo", zone, slack_h, ())
    paused = mean_g("carbonscaler-oracle", zone, slack_h, ())
    static = static_g(zone, slack_h, throughput)
    saved = [1 - ours / other for other in (agnostic, paused, float(static.min()))]
    best = f"{saved[2]:.1%} (of {int(np.argmin(static)) + 1})"
    return f"{name:10} {zone:12} {slack_h:7} {saved[0]:9.1%} {saved[1]:15.1%} {best:>18}"


PARTS = {"carbonscaler": carbonscaler}


def main() -> None:
    """Print the tables asked for, or all."""
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
        print()


if __name__ == "__main__":
    main()
