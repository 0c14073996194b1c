"""The ledger: energy, carbon and cost of what ran, exact, and the balance that proves it.

A segment emits the integral of (job power x PUE x intensity) over its time. Intensity is piecewise
constant, so prefix sums make the integral exact: no sampling, no rounding to hours. Idle power of
the powered-on servers belongs to the region and is reported apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.engine import Segment
from sim.signals import Signal
from sim.units import HOUR_S, J_PER_KWH, KWH_PER_MWH, W_PER_KW, FloatArray, IntArray
from sim.world import World


@dataclass(frozen=True, eq=False)
class Ledger:
    """What each segment drew and emitted, shape (S,) each, at the grid meter (after PUE), in start order."""

    job: IntArray
    region: IntArray
    start_s: FloatArray
    end_s: FloatArray
    finished: FloatArray
    power_w: FloatArray
    energy_kwh: FloatArray
    carbon_g: FloatArray
    cost_usd: FloatArray


@dataclass(frozen=True, eq=False)
class RegionSeries:
    """Each region over the epochs of the run, shape (R, E): means over the epoch; carbon its sum.

    `power_w` is facility power, idle included; `carbon_g` likewise; `idle_g` and `idle_kwh` are the idle share.
    """

    epoch_start_s: FloatArray
    busy: FloatArray  # (R, E, 3) CPUs, GPUs, memory GB
    power_w: FloatArray
    intensity: FloatArray
    carbon_g: FloatArray
    cost_usd: FloatArray
    idle_g: FloatArray
    idle_kwh: FloatArray
    idle_usd: FloatArray


def open_ledger(world: World, segments: Sequence[Segment]) -> Ledger:
    """Return the ledger of these segments."""
    ordered = sorted(segments, key=lambda s: (s.start_s, s.job))
    job = np.array([s.job for s in ordered], dtype=np.int64)
    region = np.array([s.region for s in ordered], dtype=np.int64)
    start_s = np.array([s.start_s for s in ordered])
    end_s = np.array([s.end_s for s in ordered])
    jobs = world.workload.jobs
    power_w = np.array([world.regions[s.region].job_power_w(jobs[s.job].cpus, jobs[s.job].gpus) for s in ordered])
    facility_w = power_w * np.array([world.regions[s.region].pue for s in ordered])
    return Ledger(
        job=job,
        region=region,
        start_s=start_s,
        end_s=end_s,
        finished=np.array([s.finished for s in ordered], dtype=float),
        power_w=power_w,
        energy_kwh=facility_w * (end_s - start_s) / J_PER_KWH,
        carbon_g=facility_w * _integrals(world.intensity, region, start_s, end_s) / J_PER_KWH,
        cost_usd=facility_w * _integrals(world.price, region, start_s, end_s) / J_PER_KWH / KWH_PER_MWH,
    )


def _integrals(signals: Sequence[Signal], region: IntArray, start_s: FloatArray, end_s: FloatArray) -> FloatArray:
    """Return each segment's integral of its region's signal, shape (S,)."""
    sums = np.zeros(len(region))
    for r, signal in enumerate(signals):
        mine = region == r
        sums[mine] = signal.integral(start_s[mine], end_s[mine])
    return sums


def region_series(world: World, ledger: Ledger) -> RegionSeries:
    """Return what each region held, drew and emitted in each epoch up to the horizon."""
    edges_s = np.append(np.arange(0.0, world.horizon_s, world.epoch_s), world.horizon_s)
    rows = [_one_region(world, ledger, r, edges_s) for r in range(len(world.regions))]
    stacked = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return RegionSeries(epoch_start_s=edges_s[:-1], **stacked)


def _one_region(world: World, ledger: Ledger, r: int, edges_s: FloatArray) -> dict[str, FloatArray]:
    """Integrate over the union of epoch edges and samples, where everything but the load is constant."""
    region, mine = world.regions[r], ledger.region == r
    fine_s = _union_of_edges(edges_s, world.intensity[r], world.price[r])
    to_epoch = np.searchsorted(fine_s, edges_s[:-1])
    held = np.array([[world.workload.jobs[j].cpus, world.workload.jobs[j].gpus, world.workload.jobs[j].memory_gb]
                     for j in ledger.job[mine]]).reshape(-1, 3)  # fmt: skip
    amounts = np.column_stack([held, ledger.power_w[mine]])
    loads = _load_integrals(ledger.start_s[mine], ledger.end_s[mine], amounts, fine_s)  # (F, 4)
    span_s, middle_s = np.diff(fine_s), (fine_s[1:] + fine_s[:-1]) / 2
    idle_j = region.idle_w * region.pue * span_s
    job_j = loads[:, 3] * region.pue
    intensity = _sample(world.intensity[r], middle_s) / J_PER_KWH
    price = _sample(world.price[r], middle_s) / J_PER_KWH / KWH_PER_MWH

    def per_epoch(values: FloatArray) -> FloatArray:
        return np.asarray(np.add.reduceat(values, to_epoch, axis=0))

    epoch_s = per_epoch(span_s)
    return {
        "busy": per_epoch(loads[:, :3]) / epoch_s[:, None],
        "power_w": per_epoch(idle_j + job_j) / epoch_s,
        "intensity": per_epoch(_sample(world.intensity[r], middle_s) * span_s) / epoch_s,
        "carbon_g": per_epoch((idle_j + job_j) * intensity),
        "cost_usd": per_epoch((idle_j + job_j) * price),
        "idle_g": per_epoch(idle_j * intensity),
        "idle_kwh": per_epoch(idle_j) / J_PER_KWH,
        "idle_usd": per_epoch(idle_j * price),
    }


def _union_of_edges(edges_s: FloatArray, *signals: Signal) -> FloatArray:
    inside = [edges_s]
    for signal in signals:
        samples = signal.start_s + signal.step_s * np.arange(len(signal.values))
        inside.append(samples[(samples > edges_s[0]) & (samples < edges_s[-1])])
    return np.unique(np.concatenate(inside))


def _sample(signal: Signal, t_s: FloatArray) -> FloatArray:
    return np.asarray(signal.values[((t_s - signal.start_s) // signal.step_s).astype(int)])


def _load_integrals(start_s: FloatArray, end_s: FloatArray, amounts: FloatArray, edges_s: FloatArray) -> FloatArray:
    """Return the integral of each amount held over each interval, shape (F, A).

    The load is a step function of time; its running integral is linear between events.
    """
    times = np.concatenate([start_s, end_s, edges_s])
    steps = np.concatenate([amounts, -amounts, np.zeros((len(edges_s), amounts.shape[1]))])
    order = np.argsort(times, kind="stable")
    times, level = times[order], np.cumsum(steps[order], axis=0)
    running = np.zeros_like(level)
    running[1:] = np.cumsum(level[:-1] * np.diff(times)[:, None], axis=0)
    at_edges = running[np.searchsorted(times, edges_s)]
    return np.diff(at_edges, axis=0)


def check_balance(world: World, ledger: Ledger, series: RegionSeries) -> None:
    """Assert that jobs plus idle equal the regions' totals: two independent sums of the same thing."""
    span_h = np.diff(np.append(series.epoch_start_s, world.horizon_s)) / HOUR_S
    kwh = series.power_w * span_h / W_PER_KW
    for r, region in enumerate(world.regions):
        mine = ledger.region == r
        for what, jobs, idle, total in (
            ("carbon (g)", ledger.carbon_g, series.idle_g, series.carbon_g),
            ("energy (kWh)", ledger.energy_kwh, series.idle_kwh, kwh),
            ("cost (USD)", ledger.cost_usd, series.idle_usd, series.cost_usd),
        ):
            parts, whole = float(jobs[mine].sum() + idle[r].sum()), float(total[r].sum())
            if not np.isclose(parts, whole, rtol=1e-9, atol=1e-6):
                raise AssertionError(
                    f"{what} of region {region.id} does not balance: jobs and idle {parts!r}, the region {whole!r}"
                )
