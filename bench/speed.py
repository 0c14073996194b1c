"""How fast and how big: the simulator beside the least SimPy model that runs the same jobs.

    python -m bench.speed            prints the table and writes bench/results.json

All figures are of one process and one run, so that their ratios hold on any machine: CPU seconds, best of three. The
world: 12 regions of 4,096 CPUs, hourly signals and epochs, a year; jobs of 5 minutes to 3 days (lognormal), 24 h of
slack. The yardstick (`bench/bare.py`) runs the same jobs on one pool of as many cores. Simulated and accounted means:
every decision made and logged, every job run, energy, carbon and cost of every piece and region, balanced.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.bare import Bare
from sim.engine import Engine
from sim.forecast import SeasonalNaive
from sim.jobs import NUMBERS, Jobs, Traits, Workload
from sim.model import Region, Server
from sim.runfolder import write_run
from sim.runner import Run, simulate
from sim.scenario import parse_scenario
from sim.schedulers import scheduler
from sim.signals import Signal
from sim.summary import Accounts, account
from sim.timetable import Timetable
from sim.units import DAY_S, HOUR_S, FloatArray
from sim.world import World

REGIONS, DAYS, DRAIN_DAYS, HISTORY_DAYS = 12, 365, 5, 7
CPUS = 64 * 64
RESULTS = Path(__file__).with_name("results.json")
SCHEDULERS = ("fifo", "greedy-carbon", "time-shift", "spatiotemporal")


def a_year(count: int) -> World:
    """Return the world of the benchmark with so many jobs."""
    rng = np.random.default_rng(1)
    submit_s = np.sort(rng.uniform(0, DAYS * DAY_S, count))
    duration_s = np.clip(rng.lognormal(8.0, 1.2, count), 300, 3 * DAY_S)
    cpus = rng.choice([1.0, 2.0, 4.0, 8.0, 16.0], count)
    given = {
        "submit_s": submit_s, "duration_estimate_s": duration_s, "deadline_s": submit_s + duration_s + DAY_S,
        "cpus": cpus, "memory_gb": 4 * cpus, "utilization": np.ones(count),
    }  # fmt: skip
    server = Server("dual-32", 64, 0, 512, 110, 350)
    regions = tuple(Region(f"r{r:02d}", f"Z{r}", "UTC", ((server, CPUS // 64),), 1.2) for r in range(REGIONS))
    ids = [f"job-{j:07d}" for j in range(count)]
    nothing = np.zeros(count)
    jobs = Jobs(
        np.arange(count),
        np.array([given.get(name, nothing) for name in NUMBERS]),
        rng.integers(0, REGIONS, count),
        np.zeros(count, dtype=np.int64),
        tuple(region.id for region in regions),
        (Traits(),),
        ids.__getitem__,
        {},
    )
    return World(
        start=datetime(2022, 1, 1, tzinfo=UTC),
        epoch_s=HOUR_S,
        horizon_s=(DAYS + DRAIN_DAYS) * DAY_S,
        regions=regions,
        workload=Workload(jobs, duration_s),
        intensity=tuple(_daily(300.0, r, rng) for r in range(REGIONS)),
        price=tuple(_daily(50.0, r, rng) for r in range(REGIONS)),
        forecaster=SeasonalNaive(),
    )


def _daily(mean: float, r: int, rng: np.random.Generator) -> Signal:
    hours = np.arange((HISTORY_DAYS + DAYS + DRAIN_DAYS) * 24)
    swing = 0.3 * np.sin((hours + 2 * r) / 24 * 2 * np.pi) + 0.05 * rng.standard_normal(len(hours))
    return Signal(f"Z{r}", "unit", -HISTORY_DAYS * DAY_S, HOUR_S, mean * (1 + swing))


def cpu_s(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Return the least CPU seconds of several runs of some work, and what it returned."""
    best, result = np.inf, None
    for _ in range(times):
        began = time.process_time()
        result = work()
        best = min(best, time.process_time() - began)
    return float(best), result


def bare_s(world: World) -> float:
    """Return the CPU seconds of the yardstick on the jobs of a world."""
    jobs = world.workload.jobs
    rows = list(zip(jobs.submit_s.tolist(), world.workload.durations_s.tolist(), jobs.cpus.tolist(), strict=True))
    return cpu_s(lambda: Bare(CPUS * REGIONS).run(rows))[0]


def run_one(world: World, name: str) -> tuple[Run, Accounts]:
    """Simulate and account."""
    run = simulate(world, scheduler(name))
    return run, account(run)


def writing_s(run: Run, accounts: Accounts) -> float:
    """Return the wall seconds of writing the run folder."""
    site = {"id": "r", "zone": "GB", "tz": "UTC", "servers": [{"model": "m", "count": 1, "cpus": 1, "memory_gb": 1,
            "idle_w": 1, "max_w": 1}]}  # fmt: skip
    load = {"kind": "synthetic", "count": 1, "slack_h": 1}
    scenario = parse_scenario(
        {"name": "speed", "start": "2022-01-01T00:00:00Z", "days": 1, "regions": [site], "workload": load,
         "signals": {"kind": "synthetic", "seed": 1}},
        "bench",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        write_run(Path(folder), scenario, run, accounts, {})
        return time.perf_counter() - began


def pending_s(count: int = 10_000, hours: int = 96) -> tuple[float, float]:
    """Return the CPU seconds of the cheapest feasible placements of a full queue, with ample room and with little."""
    found = []
    for share in (1.0, 0.15):
        world = a_year(count)
        numbers = world.workload.jobs.numbers.copy()
        numbers[0] = 0.0
        numbers[1] = np.minimum(numbers[1], DAY_S)
        numbers[2] = numbers[1] + (hours - 24) * HOUR_S
        jobs = world.workload.jobs
        packed = Jobs(jobs.positions, numbers, jobs.home, jobs.trait, jobs.homes, jobs.traits, jobs.id_of, {})
        regions = tuple(Region(r.id, r.zone, r.tz, ((r.servers[0][0], int(64 * share)),), r.pue) for r in world.regions)
        full = World(
            world.start, HOUR_S, world.horizon_s, regions, Workload(packed, numbers[1]), world.intensity, world.price,
            world.forecaster,
        )  # fmt: skip
        engine = Engine(full)
        view = engine.next_view()
        assert view is not None
        found.append(cpu_s(lambda view=view: Timetable(view).cheapest(view.pending))[0])  # type: ignore[misc]
    return found[0], found[1]


def figures(count: int) -> dict[str, FloatArray | float]:
    """Return CPU seconds and peak memory of FIFO on so many jobs, in this process."""
    world = a_year(count)
    seconds, _ = cpu_s(lambda: run_one(world, "fifo"), times=1 if count > 200_000 else 3)
    return {"cpu_s": seconds, "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}


def _alone(count: int) -> dict[str, float]:
    """Return the figures of a process of its own, so that its peak memory is its own."""
    out = subprocess.run(
        [sys.executable, "-m", "bench.speed", str(count)], capture_output=True, text=True, check=True
    ).stdout
    return dict(json.loads(out))


def measure() -> dict[str, float | str]:
    """Run everything and return the table."""
    world = a_year(100_000)
    bare = bare_s(world)
    table: dict[str, float | str] = {"machine": platform.processor() or platform.machine(),
                                     "python": platform.python_version()}  # fmt: skip
    for name in SCHEDULERS:
        seconds, (run, accounts) = cpu_s(lambda name=name: run_one(world, name))  # type: ignore[misc]
        bare = min(bare, bare_s(world))  # its best of the whole time: a shared machine is fast and slow by turns
        table[f"{name.replace('-', '_')}_100k_s"] = seconds
        if name == "fifo":
            table["jobs_per_s"] = len(world.workload.jobs) / seconds
            table["run_folder_s"] = writing_s(run, accounts)
    table["bare_100k_s"] = bare
    for name in SCHEDULERS:
        key = f"{name.replace('-', '_')}_100k"
        table[f"{key}_over_bare"] = float(table[f"{key}_s"]) / bare
    table["pending_10k_ample_s"], table["pending_10k_tight_s"] = pending_s()
    small, big = _alone(100_000), _alone(1_000_000)
    table["million_s"] = big["cpu_s"]
    table["million_over_100k"] = big["cpu_s"] / small["cpu_s"]
    table["peak_rss_mb"] = big["peak_rss_mb"]
    return table


def main() -> None:
    """Print and write the table; with a number, print the figures of FIFO on so many jobs."""
    if len(sys.argv) > 1:
        print(json.dumps(figures(int(sys.argv[1]))))
        return
    table = measure()
    RESULTS.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    for name, value in table.items():
        print(f"{name:28} {value if isinstance(value, str) else format(value, '.3f')}")


if __name__ == "__main__":
    main()
