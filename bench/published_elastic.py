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
from sim.network import Network
from sim.runner import simulate
from sim.schedulers import scheduler
from sim.schedulers.carbonclipper.soad import ON, Advice, Course, Market
from sim.schedulers.marginal import emitted, most_work_per_carbon
from sim.services import Service
from sim.signals import Signal, SignalFile
from sim.summary import account
from sim.units import DAY_S, HOUR_S, FloatArray
from sim.world import World
from tests.optimum import best_path, fractional_optimum

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
    for name, zone in (
        ("nbody100k", "CA-ON"),
        ("nbody100k", "US-CAL-CISO"),
        ("nbody100k", "DE"),
        ("nbody10k", "CA-ON"),
    ):
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


# -- CarbonClipper -----------------------------------------------------------------------------------

INSTANCES, LENGTH_H, ERROR = 100, 2, 0.5
EPSILONS = (0.1, 0.5, 1.0, 2.0)
SITES = {
    "europe-west2": "GB", "europe-west3": "DE", "europe-west9": "FR", "europe-north1": "FI", "asia-northeast1": "JP-TK",
    "asia-northeast3": "KR", "asia-southeast1": "SG", "australia-southeast1": "AU-NSW", "us-east4": "US-MIDA-PJM",
    "us-west2": "US-CAL-CISO", "northamerica-northeast2": "CA-ON", "southamerica-east1": "BR-CS",
}  # fmt: skip
G_PER_GB = 1.72118 / 60 * 700
"""What a gigabyte emits on the longest way, as the authors have it: 1.72 minutes at 700 g/h."""


def round_trips_ms(sites: Sequence[str]) -> FloatArray:
    """Return the measured round trip between Google regions, the mean of both directions, shape (R, R)."""
    table = pq.read_table(data_dir() / "network" / "gcp_rtt_ms.parquet").to_pylist()
    known = {(row["src_region"], row["dst_region"]): row["rtt_ms"] for row in table}
    ways = np.array([[0.0 if a == b else known[a, b] for b in sites] for a in sites])
    return np.asarray((ways + ways.T) / 2)


def instance(carbon: FloatArray, distance: FloatArray, rng: np.random.Generator) -> dict[str, float]:
    """Return what each algorithm costs over the optimum, for one job at a random hour, home and deadline."""
    slots = int(rng.integers(6, 20))
    first, home = int(rng.integers(0, len(carbon) - slots)), int(rng.integers(carbon.shape[1]))
    price = carbon[first : first + slots]
    forecast = price * (1 + rng.uniform(-ERROR, ERROR, price.shape))
    switch = 0.5  # g, as theirs

    def fixed(start: int, region: int) -> float:
        return price[start : start + LENGTH_H, region].mean() + distance[home, region] + 2 * switch

    def online(epsilon: float, advice: list[tuple[int, bool]]) -> float:
        return played(price, distance, switch, home, epsilon, advice)

    advice, _ = best_path(forecast, LENGTH_H, distance, switch, home)
    starts = slots - LENGTH_H + 1
    windows = np.array([forecast[s : s + LENGTH_H].mean(axis=0) for s in range(starts)]) + distance[home]
    wait, where = np.unravel_index(int(np.argmin(windows)), windows.shape)
    threshold = np.sqrt(price.min() * price.max())
    below = np.append(np.flatnonzero(price[: starts - 1, home] <= threshold), starts - 1)
    costs = {
        "agnostic": fixed(0, home),
        "greedy": fixed(0, int(np.argmin(price[0]))),
        "delayed greedy": fixed(int(wait), int(where)),
        "threshold sqrt(LU)": fixed(int(below[0]), home),
        "advice alone": path_g(price, advice, distance, switch, home),
        "PCM": online(np.inf, advice),
        **{f"CarbonClipper {epsilon:g}": online(epsilon, advice) for epsilon in EPSILONS},
    }
    best = fractional_optimum(price, LENGTH_H, distance, switch, home)
    return {name: cost / best for name, cost in costs.items()}


def path_g(price: FloatArray, path: list[tuple[int, bool]], distance: FloatArray, switch: float, home: int) -> float:
    """Return what a plan costs at prices that it was not made for."""
    total, before, was_on = 0.0, home, False
    for slot, (region, on) in zip(price, path, strict=True):
        total += distance[before, region] + switch * (on != was_on) + on * slot[region] / LENGTH_H
        before, was_on = region, on
    return total + switch * was_on


def played(
    price: FloatArray, distance: FloatArray, switch: float, home: int, epsilon: float, advice: list[tuple[int, bool]]
) -> float:
    """Return what the fractional algorithm costs: PCM with an infinite epsilon, else CarbonClipper."""
    one = (np.array([price.min()]), np.array([price.max()]), np.array([float(LENGTH_H)]))
    market = Market.of(*one, distance[None], np.array([switch]), epsilon)
    course, before, was_on = Course.begin(np.array([home]), price.shape[1]), home, False
    for t, (region, on) in enumerate(advice):
        move = distance[before, region] + switch * (on != was_on)
        before, was_on = region, on
        offer = Advice(np.array([region]), np.array([float(on)]), np.array([move]))
        course = market.step(course, price[t][None], offer, np.array([float(len(price) - t)]))
    return float(course.cost[0] + switch * course.x[0, ON].sum())


def carbonclipper() -> None:
    """Print the mean competitive ratio of each algorithm."""
    hours = 24 * 360
    carbon = np.array([grid("em_hourly_2022_123zones.parquet", zone, hours).values[24:] for zone in SITES.values()]).T
    ways = round_trips_ms(list(SITES))
    distance = G_PER_GB * ways / ways.max()
    rng = np.random.default_rng(0)
    rows = [instance(carbon, distance, rng) for _ in range(INSTANCES)]
    print(f"CarbonClipper: cost over the optimum, {INSTANCES} jobs of {LENGTH_H} h, deadlines in 6 to 19 h, "
          f"{len(SITES)} regions, 1 GB, forecasts off by up to {ERROR:.0%}")  # fmt: skip
    print(f"{'algorithm':20} {'mean':>6} {'95th percentile':>16}")
    for name in rows[0]:
        ratios = [row[name] for row in rows]
        print(f"{name:20} {np.mean(ratios):6.3f} {np.percentile(ratios, 95):16.3f}")


# -- CASPER ------------------------------------------------------------------------------------------

EUROPE = {
    "europe-west2": "GB", "europe-west3": "DE", "europe-west8": "IT-NO", "europe-west9": "FR",
    "europe-north1": "SE-SE3", "europe-southwest1": "ES",
}  # fmt: skip
"""Google's regions for their ways; the northern one stands in Finland, for Stockholm, whose ways are not known."""
ANSWER_S, REQUESTS_PER_S = 0.001, 400.0
LIMITS_MS = (10.0, 20.0, 30.0, 40.0, 50.0)
PUBLISHED = {20.0: 0.504, 30.0: 0.676, 50.0: 0.800}
DAYS = 28


def requests(zone: str, hour_off: float, hours: int) -> Signal:
    """Return a day's wave of requests, from a day before the start: most at 20:00 local time, a third of it at 8:00."""
    at = np.arange(-24, hours) + hour_off
    rates = REQUESTS_PER_S * (1 + 0.5 * np.cos((at - 20) / 24 * 2 * np.pi))
    return Signal(zone, "requests/s", -DAY_S, HOUR_S, rates)


def service_g(name: str, limit_ms: float, start: datetime) -> tuple[float, float]:
    """Return what four weeks of requests emit, g, and the share of them that came late."""
    hours = 24 * DAYS
    signals = [grid("em_hourly_2022_123zones.parquet", zone, hours, start) for zone in EUROPE.values()]
    regions = [Region(site, zone, "UTC", ((SERVER, 40),), 1.0) for site, zone in EUROPE.items()]
    rates = tuple(requests(zone, 0.0 if zone == "GB" else 1.0, hours) for zone in EUROPE.values())
    # the limit is one of the way: a millisecond of work and one of waiting come on top
    service = Service("web", 1.0, 0.0, 1 / ANSWER_S, limit_ms / 1000 + 2 * ANSWER_S, rates)
    nothing = np.zeros((len(EUROPE), len(EUROPE)))
    network = Network(round_trips_ms(list(EUROPE)) / 1000, nothing + np.inf, nothing, nothing)
    made = replace(world(regions, signals, [], hours), network=network, services=(service,), start=start)
    run = simulate(made, scheduler(name))
    late = sum(step.late_per_s for step in run.history.served) / sum(step.rate_per_s for step in run.history.served)
    return float(account(run).books.services.carbon_g.sum()), late


def casper() -> None:
    """Print the carbon saved by latency limit, and check that it rises with the limit."""
    starts = [datetime(2022, month, 3, tzinfo=UTC) for month in (1, 4, 7, 10)]
    at_home = sum(service_g("fifo", 50.0, start)[0] for start in starts)
    print(f"CASPER: carbon saved against answering at home (least latency), {', '.join(EUROPE.values())}, four times "
          f"{DAYS} days of 2022")  # fmt: skip
    print(f"{'limit ms':>8} {'ours':>7} {'told':>7} {'theirs':>7} {'late':>7}")
    best = []
    for limit_ms in LIMITS_MS:
        ours, told = ([service_g(name, limit_ms, start) for start in starts] for name in ("casper", "casper-oracle"))
        saved, theirs = 1 - sum(g for g, _ in ours) / at_home, PUBLISHED.get(limit_ms)
        best.append(1 - sum(g for g, _ in told) / at_home)
        late = max(share for _, share in ours)
        published = f"{theirs:.1%}" if theirs else ""
        print(f"{limit_ms:8.0f} {saved:7.1%} {best[-1]:7.1%} {published:>7} {late:7.2%}", flush=True)
    assert best == sorted(best), "who knows the grid can only gain from a looser limit"


PARTS = {"carbonscaler": carbonscaler, "carbonclipper": carbonclipper, "casper": casper}


def main() -> None:
    """Print the tables asked for, or all."""
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
        print()


if __name__ == "__main__":
    main()
