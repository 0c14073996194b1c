"""The experiment of CAP and PCAPS in our world: `python -m bench.published_dags DATA_DIR`. Two minutes at most.

51 TPC-H queries of 2, 10 and 50 GB come every 30 s on average to 100 executors, at the grid of Germany; a minute of
simulated time is an hour of carbon (Lechowicz et al., SIGMETRICS 2025; umass-solar/carbon-aware-dag). A stage is an
elastic task: its workers are executors, and its speed with so many is that of the measured waves of its tasks. An
executor draws the same power whenever it works, and none else; schedulers are told the true grid to come: as there.

Order of queries, times and windows of carbon are drawn from our seeds; theirs cannot be had again. The data folder
holds the odd half of the queries.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from sim.forecast import SeasonalNaive
from sim.jobs import Jobs, Workload
from sim.model import Job, Region, Server
from sim.runner import simulate
from sim.schedulers.base import Planner, Scheduler
from sim.schedulers.dags import plan_cap, plan_pcaps
from sim.signals import Signal, SignalFile
from sim.summary import account
from sim.units import HOUR_S, MINUTE_S, FloatArray, IntArray
from sim.world import Accounting, World

EXECUTORS, QUERIES, GAP_S, SIZES = 100, 51, 30.0, ("2gb", "10gb", "50gb")
EPOCH_S, SPAN_S, WINDOW_H, AHEAD_S = 0.25, 4 * HOUR_S, 300, 48 * MINUTE_S
WARM_UP_S = 1.0
YEAR, HOURS = datetime(2021, 1, 1, tzinfo=UTC), 2 * 8760
NEVER_S = 1e6
SEEDS = (1, 2, 3)
NARROW = 10
"""Executors a stage at most: of 10, 20, 30 and 50 the number that comes nearest to what Decima saves."""
ORDER = "PCAPS' order alone"

PLANNERS: dict[str, Planner] = {
    "FIFO": partial(plan_cap, base=EXECUTORS, ahead_s=AHEAD_S),
    "weighted fair": partial(plan_cap, base=EXECUTORS, fair=True, ahead_s=AHEAD_S),
    "CAP-FIFO": partial(plan_cap, ahead_s=AHEAD_S),
    "CAP-weighted fair": partial(plan_cap, fair=True, ahead_s=AHEAD_S),
    ORDER: partial(plan_pcaps, gamma=0.0, ahead_s=AHEAD_S),
    "PCAPS": partial(plan_pcaps, ahead_s=AHEAD_S),
}
THEIRS = {
    "weighted fair": (-2.7, 0.999, 0.956),
    "CAP-FIFO": (-26.2, 1.303, 2.863),
    "CAP-weighted fair": (-26.4, 1.046, 1.926),
    ORDER: (-29.7, 1.001, 0.968),  # Decima
    "PCAPS": (-43.6, 1.003, 1.279),
}
"""Carbon (%), end of the last query and mean completion time against FIFO: three runs of their simulator."""


# -- the queries -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Stage:
    """A stage of a query: its name, those before it, and how long it takes with 1, 2, ... executors, seconds."""

    name: str
    deps: tuple[str, ...]
    seconds: FloatArray


def read_queries(folder: Path) -> dict[str, list[Stage]]:
    """Return the queries of the three sizes, by name, their stages in an order in which they could run."""
    means: dict[tuple[str, str], dict[str, dict[int, float]]] = {}
    for row in pq.read_table(folder / "workloads" / "dags_tpch_odd_waves.parquet").to_pylist():
        waves = means.setdefault((row["dag_id"], row["task_id"]), {})
        waves.setdefault(row["wave"], {})[row["executors"]] = row["mean_s"]
    queries: dict[str, list[Stage]] = {}
    for row in pq.read_table(folder / "workloads" / "dags_tpch_odd.parquet").to_pylist():
        if row["dag_id"].endswith(SIZES):
            seconds = stage_seconds(row, means.get((row["dag_id"], row["task_id"]), {}))
            queries.setdefault(row["dag_id"], []).append(Stage(row["task_id"], tuple(row["deps"]), seconds))
    return {name: _in_order(stages) for name, stages in queries.items()}


def stage_seconds(row: Mapping[str, Any], waves: Mapping[str, dict[int, float]]) -> FloatArray:
    """Return the time of a stage with 1, 2, ... executors: a first wave of its tasks, then the rest of the waves.

    The first stages of a query run on executors that come from elsewhere: `fresh`, or a warm-up where that was not
    measured. Tasks take the longer the more executors there are.
    """
    tasks, mean_s = int(row["n_instances"]), float(row["duration_s"])
    workers = np.arange(1, min(tasks, EXECUTORS) + 1)
    first_s = _by_workers(waves.get("first", {}), workers, mean_s)
    if not row["deps"]:
        first_s = _by_workers(waves["fresh"], workers, mean_s) if "fresh" in waves else first_s + WARM_UP_S
    rest_s = _by_workers(waves.get("rest") or waves.get("first", {}), workers, mean_s)
    return np.asarray(first_s + (np.ceil(tasks / workers) - 1) * rest_s)


def _by_workers(means: Mapping[int, float], workers: IntArray, otherwise: float) -> FloatArray:
    """Return the mean task time for these numbers of executors, linear between those that were measured."""
    counts = sorted(means)
    return np.interp(workers, counts, [means[n] for n in counts]) if counts else np.full(len(workers), otherwise)


def _in_order(stages: Sequence[Stage]) -> list[Stage]:
    ordered: list[Stage] = []
    while len(ordered) < len(stages):
        done = {stage.name for stage in ordered}
        ordered += [stage for stage in stages if stage.name not in done and done.issuperset(stage.deps)]
    return ordered


def as_jobs(query: Sequence[Stage], dag: str, submit_s: float, widest: int = EXECUTORS) -> list[Job]:
    """Return a query's stages as elastic jobs of at most so many executors, whose deadline never presses."""
    tails = dict.fromkeys((stage.name for stage in query), 0.0)
    for stage in reversed(query):
        for dep in stage.deps:
            tails[dep] = max(tails[dep], tails[stage.name] + float(stage.seconds[0]))
    return [
        Job(
            id=f"{dag}.{stage.name}",
            submit_s=submit_s,
            duration_estimate_s=float(stage.seconds[0]),
            deadline_s=submit_s + NEVER_S,
            cpus=1.0,
            gpus=0.0,
            memory_gb=0.0,
            home="cluster",
            throughput=tuple(np.maximum.accumulate(stage.seconds[0] / stage.seconds).tolist()[:widest]),
            deps=tuple(f"{dag}.{dep}" for dep in stage.deps),
            dag=dag,
            tail_s=tails[stage.name],
        )
        for stage in query
    ]


# -- the world -------------------------------------------------------------------------------------


def the_world(folder: Path, seed: int, widest: int = EXECUTORS) -> World:
    """Return the world of one seed, its stages on at most so many executors each."""
    rng, queries = np.random.default_rng(seed), read_queries(folder)
    submit_s = np.concatenate([[0.0], np.cumsum(rng.exponential(GAP_S, QUERIES - 1))])
    asked = rng.choice(sorted(queries), QUERIES)
    tasks = [
        as_jobs(queries[name], f"q{n:02d}", t_s, widest)
        for n, (name, t_s) in enumerate(zip(asked, submit_s.tolist(), strict=True))
    ]
    jobs = Jobs.of([job for each in tasks for job in each])
    grid = _window(folder, rng)
    executor = Server("executor", cpus=1, gpus=0, memory_gb=1, idle_w=0, max_w=1000)
    world = World(
        start=YEAR,
        epoch_s=EPOCH_S,
        horizon_s=SPAN_S,
        regions=(Region("cluster", "DE", "UTC", ((executor, EXECUTORS),), 1.0),),
        workload=Workload(jobs, jobs.duration_estimate_s),
        intensity=(grid,),
        price=(replace(grid, unit="USD/MWh", values=np.zeros(WINDOW_H)),),
        forecaster=SeasonalNaive(),
        accounting=Accounting(idle=False),
    )
    return replace(world, foretold=world.truth())


def _window(folder: Path, rng: np.random.Generator) -> Signal:
    """Return hours of carbon intensity drawn from two years, each hour over a minute."""
    file = SignalFile(folder / "carbon" / "em_hourly_2021_2022.parquet", "ci_lifecycle", "gCO2eq/kWh")
    carbon = file.read("DE", YEAR, 0.0, HOURS * HOUR_S).values
    first = int(rng.integers(HOURS - WINDOW_H))
    return Signal("DE", "gCO2eq/kWh", 0.0, MINUTE_S, carbon[first : first + WINDOW_H].copy())


# -- what comes of it ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """Carbon and energy of all queries, the end of the last one (ECT), and their mean completion time (JCT)."""

    carbon_g: float
    energy_kwh: float
    ect_s: float
    jct_s: float


def outcome(world: World, planner: Planner) -> Outcome:
    """Return what a planner makes of a world. Raises ValueError if a query has not ended."""
    accounts = account(simulate(world, Scheduler("trial", "carbon", "", planner, rolling=True, looks_ahead=False))).jobs
    if np.isnan(accounts.end_s).any():
        raise ValueError(f"{int(np.isnan(accounts.end_s).sum())} stages had not ended after {SPAN_S:g} s")
    jobs = world.workload.jobs
    graphs = np.unique([str(job.dag) for job in jobs], return_inverse=True)[1]
    submit_s, end_s = np.zeros(QUERIES), np.zeros(QUERIES)
    submit_s[graphs] = jobs.submit_s
    np.maximum.at(end_s, graphs, accounts.end_s)
    carbon_g, energy_kwh = float(accounts.carbon_g.sum()), float(accounts.energy_kwh.sum())
    return Outcome(carbon_g, energy_kwh, float(end_s.max()), float((end_s - submit_s).mean()))


def against(one: Outcome, other: Outcome) -> FloatArray:
    """Return carbon, energy, carbon per kWh (all as a change), ECT and JCT (as ratios) of one against another."""
    carbon, energy = one.carbon_g / other.carbon_g, one.energy_kwh / other.energy_kwh
    return np.array([carbon - 1, energy - 1, carbon / energy - 1, one.ect_s / other.ect_s, one.jct_s / other.jct_s])


def outcomes(folder: Path, seed: int) -> dict[str, Outcome]:
    """Return what every planner makes of the world of a seed; the last two with narrow stages."""
    world, narrow = the_world(folder, seed), the_world(folder, seed, NARROW)
    found = {name: outcome(world, planner) for name, planner in PLANNERS.items()}
    return found | {f"{name}, narrow": outcome(narrow, PLANNERS[name]) for name in (ORDER, "PCAPS")}


def main(folder: Path, seeds: Sequence[int] = SEEDS) -> None:
    """Print every scheduler against FIFO, theirs beside ours, and PCAPS against its own order."""
    found = [outcomes(folder, seed) for seed in seeds]
    print("carbon of each seed, its mean = executor-seconds x g/kWh, ECT, JCT | theirs: carbon, ECT, JCT")
    for name in found[0]:
        rows = np.array([against(each[name], each["FIFO"]) for each in found])
        theirs = THEIRS.get(name.removesuffix(", narrow"))
        print(_line(name, rows), "| {:+.1f} % {:.3f} {:.3f}".format(*theirs) if theirs else "")
    for kind in ("", ", narrow"):
        rows = np.array([against(each["PCAPS" + kind], each[ORDER + kind]) for each in found])
        print(_line(f"PCAPS over order{kind}", rows), "| -19.7 % 1.002 1.321")


def _line(name: str, rows: FloatArray) -> str:
    seeds = "/".join(f"{100 * row[0]:+.1f}" for row in rows)
    carbon, energy, intensity, ect, jct = rows.mean(axis=0)
    changes = f"{100 * carbon:+5.1f} % = {100 * energy:+5.1f} % x {100 * intensity:+5.1f} %"
    return f"{name:26s} {seeds:>18s} {changes} {ect:.3f} {jct:.3f}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), range(1, 1 + int(sys.argv[2])) if len(sys.argv) > 2 else SEEDS)
