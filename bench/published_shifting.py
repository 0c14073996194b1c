"""Let's Wait Awhile (Wiesner et al., Middleware 2021) through our engine, beside what its own code gives.

    python -m bench.published_shifting DATA_DIR

Scenario I: one nightly job a day, half an hour long, that may run some half hours earlier or later than 1:00.
Scenario II: 3,387 training jobs of a project, whose deadlines follow from when people look at results. Its jobs that
cannot be suspended run under `time-shift`, the others under `wait-awhile`. As in the paper capacity has no end, a job
draws the same power all the time, nothing else draws any, and the forecast is the truth, or the truth with an error.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.forecast import SeasonalNaive
from sim.foresight import Foretold
from sim.jobs import Jobs, Workload
from sim.ledger import keep_books
from sim.model import Checkpoint, Job, Region, Server
from sim.runner import simulate
from sim.schedulers import scheduler
from sim.signals import Signal
from sim.units import DAY_S, HOUR_S
from sim.world import Accounting, World

START = datetime(2020, 1, 1, tzinfo=UTC)
STEP_S = 1800.0
FIRST_S, LAST_S = -12 * DAY_S, 374.5 * DAY_S
NIGHTS = 365
CORES = Server("core", cpus=1e6, gpus=0.0, memory_gb=1e6, idle_w=0.0, max_w=1e6)

# what Let's Wait Awhile's own code gives: mean g/kWh by half hours of window, and saving in % of starting at once
NIGHTLY = {
    "GB": {0: 184.10, 4: 171.56, 16: 164.92},
    "DE": {0: 305.33, 4: 296.79, 16: 263.31},
    "FR": {0: 52.12, 4: 49.66, 16: 48.06},
}
PROJECT = {  # zone, error: next_workday whole and suspended, semi_weekly whole and suspended
    ("GB", 0.0): (6.57, 9.23, 14.75, 20.00),
    ("DE", 0.0): (5.93, 8.16, 14.13, 18.50),
    ("FR", 0.0): (4.79, 6.22, 11.15, 13.86),
    ("DE", 0.05): (5.91, 7.93, 14.11, 18.11),
}
COLUMNS = [
    ("next_workday", "time-shift"),
    ("next_workday", "wait-awhile"),
    ("semi_weekly", "time-shift"),
    ("semi_weekly", "wait-awhile"),
]


def grid_of(data: Path, zone: str) -> Signal:
    """Return the half-hourly intensity of a zone: thinned where it is finer, linear in between where it is coarser."""
    table = pq.read_table(data / "carbon" / "lwa_entsoe_2020.parquet", columns=["zone", "ts", "ci_lifecycle"])
    table = table.filter(pc.equal(table["zone"], zone)).sort_by("ts")
    stamps_s = table["ts"].cast("int64").to_numpy() / 1e6 - START.timestamp()
    steps_s = np.arange(FIRST_S, LAST_S, STEP_S)
    return Signal(zone, "gCO2eq/kWh", FIRST_S, STEP_S, np.interp(steps_s, stamps_s, table["ci_lifecycle"].to_numpy()))


def world_of(grid: Signal, jobs: list[Job], *, error: float = 0.0, seed: int = 0) -> World:
    """Return a world with room for everything, whose schedulers are told the truth, or the truth with an error."""
    cloud = Region("cloud", grid.zone, "UTC", ((CORES, 1),), pue=1.0)
    free = replace(grid, unit="USD/MWh", values=np.zeros_like(grid.values))
    columns = Jobs.of(jobs, ["cloud"])
    return World(
        START,
        STEP_S,
        LAST_S,
        (cloud,),
        Workload(columns, columns.duration_estimate_s),
        (grid,),
        (free,),
        SeasonalNaive(),
        Accounting(idle=False),
        foretold=Foretold.of((grid,), (free,), (None,), (None,), error=error, rng=np.random.default_rng(seed)),
    )


def job_of(name: str, submit_s: float, duration_s: float, deadline_s: float) -> Job:
    """Return a job of one core that can be suspended at no cost."""
    return Job(name, submit_s, duration_s, deadline_s, 1.0, 0.0, 0.0, "cloud", checkpoint=Checkpoint())


def nightly_intensity(grid: Signal, window: int) -> float:
    """Return the mean intensity over the runs of a job at 1:00 that may move by `window` half hours either way, g/kWh.

    As in the paper a night whose window begins before the year is left out of the sum, but not of its denominator.
    """
    starts_s = HOUR_S + DAY_S * np.arange(NIGHTS)
    flexible_s = window * STEP_S
    jobs = [
        job_of(f"night-{n}", t - flexible_s, STEP_S, t + flexible_s + STEP_S)
        for n, t in enumerate(starts_s.tolist())
        if t >= flexible_s
    ]
    world = world_of(grid, jobs)
    ledger = keep_books(world, simulate(world, scheduler("time-shift")).history).ledger
    return float((ledger.carbon_g / ledger.energy_kwh).sum()) / NIGHTS


def next_workday(end_s: float) -> float:
    """Return when somebody looks at what ends then: at once in working hours, else the next morning at 9:00."""
    day, hour = divmod(end_s, DAY_S)
    weekday = int(day + START.weekday()) % 7
    if weekday == 5:
        return (day + 2) * DAY_S + 9 * HOUR_S
    if weekday == 6 or hour > 17 * HOUR_S:
        return (day + 1) * DAY_S + 9 * HOUR_S
    return max(end_s, day * DAY_S + 9 * HOUR_S)


def semi_weekly(end_s: float) -> float:
    """Return the next Monday or Thursday at 9:00."""
    day = end_s // DAY_S
    mornings = (np.arange(day, day + 8) * DAY_S + 9 * HOUR_S).tolist()
    return next(t for t in mornings if t > end_s and int(t // DAY_S + START.weekday()) % 7 in (0, 3))


LOOKS: dict[str, Callable[[float], float]] = {"next_workday": next_workday, "semi_weekly": semi_weekly}


def project_jobs(data: Path, constraint: str) -> list[Job]:
    """Return the project's jobs; each must have ended when somebody would look at what it gave if begun at once."""
    rows = pq.read_table(data / "workloads" / "jobs_lwa_ml_synthetic.parquet").sort_by("submit_s").to_pylist()
    looks = LOOKS[constraint]
    return [
        job_of(row["job_id"], row["submit_s"], row["duration_s"], looks(row["submit_s"] + row["duration_s"]))
        for row in rows
    ]


def project_saving(
    grid: Signal, jobs: list[Job], name: str, *, error: float = 0.0, seed: int = 0
) -> tuple[float, float]:
    """Return by how many per cent a scheduler emits less than starting at once, and its CPU seconds."""
    world = world_of(grid, jobs, error=error, seed=seed)
    at_once = keep_books(world, simulate(world, scheduler("fifo")).history).ledger.carbon_g.sum()
    began = time.process_time()
    run = simulate(world, scheduler(name))
    cpu_s = time.process_time() - began
    return 100 * float(1 - keep_books(world, run.history).ledger.carbon_g.sum() / at_once), cpu_s


def _row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def main() -> None:
    """Print both scenarios as tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    _row("zone", "window, half hours", "ours, g/kWh", "theirs", "difference")
    for zone, cells in NIGHTLY.items():
        grid = grid_of(data, zone)
        for window, theirs in cells.items():
            ours = nightly_intensity(grid, window)
            _row(zone, window, f"{ours:.2f}", f"{theirs:.2f}", f"{100 * (ours / theirs - 1):+.2f} %")
    _row("zone", "error", "constraint", "scheduler", "ours, %", "theirs", "difference, points", "jobs/s")
    for (zone, error), figures in PROJECT.items():
        grid = grid_of(data, zone)
        for (constraint, name), theirs in zip(COLUMNS, figures, strict=True):
            ours, cpu_s = project_saving(grid, jobs := project_jobs(data, constraint), name, error=error)
            speed = f"{len(jobs) / cpu_s:,.0f}"
            _row(zone, error, constraint, name, f"{ours:.2f}", f"{theirs:.2f}", f"{ours - theirs:+.2f}", speed)


if __name__ == "__main__":
    main()
