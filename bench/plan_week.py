"""How long `plan` takes where many jobs wait: 10,000 at once, and 100,000 jobs over a week.

    python -m bench.plan_week DATA_DIR [--jobs 100000] [--servers 160] [--crowd 1500]

The week is `real-week` (five real grids, an epoch every 15 minutes, 24 h of slack) with so many generated jobs and so
many servers of 64 CPUs a region: the jobs ask for a tenth of it, but all of them for the cleanest region and hours.
`--crowd` says how many pending jobs are packed one by one: more are planned as a crowd. `--jobs 0` leaves the week out.
CPU and wall seconds of one process.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import sim.schedulers.plan as ours
from sim.engine import Engine
from sim.forecast import SeasonalNaive
from sim.jobs import NUMBERS, Jobs, Traits, Workload
from sim.model import Checkpoint, Region, Server
from sim.runner import simulate
from sim.scenario import build_world, parse_scenario, read_yaml, scenario_file
from sim.schedulers import scheduler
from sim.schedulers.base import Plan
from sim.signals import Signal
from sim.summary import account
from sim.units import DAY_S, HOUR_S
from sim.view import View
from sim.world import World

PENDING, REGIONS = 10_000, 12
POINT = Checkpoint(60, 120, 0.01, 0.01)
RIGID = (Traits(),)
MIXED = (Traits(), Traits(checkpoint=POINT), Traits(checkpoint=POINT, throughput=(1.0, 1.9, 2.7, 3.4)))


def all_at_once(servers: int, traits: tuple[Traits, ...]) -> World:
    """Return a world in which 10,000 jobs of 5 minutes to 3 days, with 6 to 24 h of slack, come at the start."""
    rng, zeros = np.random.default_rng(1), np.zeros(PENDING)
    duration_s = np.clip(rng.lognormal(8.0, 1.2, PENDING), 300, 3 * DAY_S)
    cpus = rng.choice([1.0, 2.0, 4.0, 8.0, 16.0], PENDING)
    given = {
        "duration_estimate_s": duration_s, "deadline_s": duration_s + rng.uniform(0.25, 1, PENDING) * DAY_S,
        "cpus": cpus, "memory_gb": 4 * cpus, "utilization": np.ones(PENDING),
    }  # fmt: skip
    server = Server("dual-32", 64, 0, 512, 110, 350)
    regions = tuple(Region(f"r{r:02d}", f"Z{r}", "UTC", ((server, servers),), 1.2) for r in range(REGIONS))
    ids = [f"job-{j:05d}" for j in range(PENDING)]
    jobs = Jobs(
        np.arange(PENDING), np.array([given.get(name, zeros) for name in NUMBERS]),
        rng.integers(0, REGIONS, PENDING), np.arange(PENDING) % len(traits),
        tuple(region.id for region in regions), traits, ids.__getitem__, {},
    )  # fmt: skip
    grids = [_daily(f"Z{r}", 300 + 20 * r, r) for r in range(REGIONS)]
    return World(
        start=datetime(2022, 1, 1, tzinfo=UTC), epoch_s=HOUR_S, horizon_s=10 * DAY_S, regions=regions,
        workload=Workload(jobs, duration_s), intensity=tuple(grids),
        price=tuple(replace(grid, unit="USD/MWh") for grid in grids), forecaster=SeasonalNaive(),
    )  # fmt: skip


def _daily(zone: str, mean: float, shift_h: int) -> Signal:
    hours = np.arange(-7 * 24, 16 * 24)
    return Signal(
        zone, "gCO2eq/kWh", -7 * DAY_S, HOUR_S, mean * (1 + 0.3 * np.sin((hours + 2 * shift_h) / 24 * 2 * np.pi))
    )


def a_week(count: int, servers: int, data: Path, *, days: float = 7, epoch_min: float = 15) -> World:
    """Return `real-week`, or some days of it, with so many generated jobs and so many servers a region."""
    raw = read_yaml(scenario_file("real-week")) | {"days": days, "epoch_min": epoch_min}
    raw["workload"] = {**raw["workload"], "kind": "synthetic", "count": count, "gpus": False}
    for key in ("file", "arrivals", "unknown"):
        raw["workload"].pop(key)
    for region in raw["regions"]:
        region["servers"] = [{**server, "count": servers} for server in region["servers"]]
    return build_world(parse_scenario(raw, "a week"), data)


def timed(plan: Callable[[View], Plan], taken: list[tuple[float, int]]) -> Callable[[View], Plan]:
    """Return the planner that also writes down the CPU seconds of each call and how many jobs were pending."""

    def planned(view: View) -> Plan:
        began = time.process_time()
        made = plan(view)
        taken.append((time.process_time() - began, len(view.pending)))
        return made

    return planned


def run_week(world: World) -> None:
    """Print what a run of `plan` on a week takes, and what comes of it."""
    taken: list[tuple[float, int]] = []
    asked = replace(scheduler("plan"), plan=timed(ours.plan, taken))
    began, began_wall = time.process_time(), time.perf_counter()
    accounts = account(simulate(world, asked))
    cpu_s, wall_s = time.process_time() - began, time.perf_counter() - began_wall
    print(
        f"{len(world.workload.jobs):,} jobs over a week: {cpu_s:.1f} s of CPU time, {wall_s:.1f} s in all, of which "
        f"`plan` {sum(s for s, _ in taken):.1f} s of CPU time in {len(taken)} epochs, at most "
        f"{max(s for s, _ in taken):.2f} s in one; up to {max(n for _, n in taken):,} pending; "
        f"{accounts.books.ledger.carbon_g.sum() / 1000:.3f} kg, {accounts.jobs.violated.sum()} late; "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB",
        flush=True,
    )


def main() -> None:
    """Print seconds: an epoch with 10,000 pending jobs, four times; then the week."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--servers", type=int, default=160)
    parser.add_argument("--crowd", type=int, default=ours.MANY)
    arguments = parser.parse_args()
    ours.MANY = arguments.crowd
    for room, servers in (("ample", 2000), ("short", 16)):
        for kind, traits in (("rigid", RIGID), ("mixed", MIXED)):
            view = Engine(all_at_once(servers, traits)).next_view()
            assert view is not None
            assert view.ample == (room == "ample")
            began = time.process_time()
            scheduler("plan").plan(view)
            print(
                f"10,000 pending {kind} jobs, {room} room: {time.process_time() - began:.2f} s of CPU time", flush=True
            )
    if arguments.jobs:
        run_week(a_week(arguments.jobs, arguments.servers, arguments.data))


if __name__ == "__main__":
    main()
