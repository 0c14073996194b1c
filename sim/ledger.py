"""The ledger: energy, carbon and cost of what ran, exact, and the balance that proves it.

A region's power is a step function: it changes when a piece of a job begins or ends, when servers are switched,
when a service is resized, and when a signal has a new sample. Between two such moments everything is constant,
so each region is cut at all of them, and what a watt of IT load draws, emits and costs at the meter is known
in each interval. Prefix sums over the intervals then give any piece its integral: no sampling, no rounding
to hours, and cutting a piece in two changes nothing.

In each interval:

    IT power       idle power of the switched-on servers + dynamic power of what runs
    facility       IT x PUE, or the cooling model's fixed part + factor x IT
    on-site        min(facility, solar and wind there)
    grid           facility - on-site

Everybody's watts are scaled by grid / IT alike: so overhead and on-site supply are shared in proportion to IT power.
Likewise rent: CPUs in use up to the reserved ones are prepaid, and everybody's CPUs are prepaid in the same part.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sim.fleet import Fleet
from sim.history import RESTORE, SAVE, History, Pieces, Row
from sim.jobs import Jobs
from sim.signals import Signal
from sim.units import HOUR_S, J_PER_KWH, KWH_PER_MWH, W_PER_KW, BoolArray, FloatArray, IntArray
from sim.world import World


@dataclass(frozen=True, eq=False)
class Ledger:
    """What each piece drew and emitted, shape (P,) each, at the grid meter (after PUE and on-site supply)."""

    pieces: Pieces
    cpus: FloatArray  # held: of all workers
    gpus: FloatArray
    energy_kwh: FloatArray
    carbon_g: FloatArray
    cost_usd: FloatArray


@dataclass(frozen=True, eq=False)
class ServiceLedger:
    """What each step of a service in a region drew and emitted, shape (V,), in the order of the history."""

    energy_kwh: FloatArray
    carbon_g: FloatArray
    cost_usd: FloatArray


@dataclass(frozen=True, eq=False)
class MoveLedger:
    """What each data transfer drew, emitted and cost, shape (M,): at the intensity and price of where it came from."""

    energy_kwh: FloatArray
    carbon_g: FloatArray
    cost_usd: FloatArray


@dataclass(frozen=True, eq=False)
class RegionSeries:
    """Each region over the epochs of the run, shape (R, E): means of power, intensity and PUE, sums of the rest.

    `carbon_g` and `cost_usd` are all that the region drew from the grid, and all rent; the idle columns are the share
    of the switched-on servers without load (and of a site's fixed losses while none is on).
    """

    epoch_start_s: FloatArray
    busy: FloatArray  # (R, E, 3) CPUs, GPUs, memory GB
    servers_on: FloatArray
    power_w: FloatArray  # facility
    pue: FloatArray
    intensity: FloatArray
    dynamic_it_kwh: FloatArray
    idle_it_kwh: FloatArray
    overhead_kwh: FloatArray
    onsite_kwh: FloatArray
    grid_kwh: FloatArray
    carbon_g: FloatArray
    cost_usd: FloatArray
    idle_g: FloatArray
    idle_kwh: FloatArray
    idle_usd: FloatArray
    reserved_usd: FloatArray


@dataclass(frozen=True, eq=False)
class Books:
    """All accounts of a run: of its jobs, services, transfers and regions. Embodied carbon in grams, whole horizon."""

    ledger: Ledger
    services: ServiceLedger
    moves: MoveLedger
    series: RegionSeries
    embodied_g: float


class _Load(NamedTuple):
    """What holds a region over some time: CPUs, GPUs, GB; busy CPUs; extra watts; rent in USD a second."""

    start_s: FloatArray
    end_s: FloatArray
    cpus: FloatArray
    gpus: FloatArray
    memory_gb: FloatArray
    busy_cpus: FloatArray
    extra_w: FloatArray

    def of(self, mine: BoolArray) -> _Load:
        return _Load(*(column[mine] for column in self))


def keep_books(world: World, history: History) -> Books:
    """Return the accounts of what happened.

    Raises:
        AssertionError: If the parts of a region do not add up to its whole.
    """
    pieces = history.columns()
    load = _loads(world, history, pieces)
    region = np.concatenate([pieces.region, [served.region for served in history.served]]).astype(np.int64)
    sums = np.zeros((3, len(region)))
    rows = []
    edges_s = np.append(np.arange(0.0, world.horizon_s, world.epoch_s), world.horizon_s)
    for r in range(len(world.regions)):
        mine = region == r
        site = _Site(world, r, history, load.of(mine), edges_s)
        sums[:, mine] = site.shares()
        rows.append(site.series())
    series = RegionSeries(edges_s[:-1], **{name: np.array([row[name] for row in rows]) for name in rows[0]})
    check_balance(world, region, sums, series)
    count = len(pieces.job)
    ledger = Ledger(pieces, load.cpus[:count], load.gpus[:count], *sums[:, :count])
    embodied_g = sum(Fleet(place).embodied_g_per_h for place in world.regions) * world.horizon_s / HOUR_S
    return Books(ledger, ServiceLedger(*sums[:, count:]), _move_ledger(world, history), series, embodied_g)


def drawn_between(
    world: World, history: History, rows: Sequence[Row], from_s: float, to_s: float
) -> tuple[Pieces, FloatArray]:
    """Return what pieces drew, emitted and cost between two moments: the pieces cut to them, and shape (3, P).

    `rows` are those of the history that lie there, and of what still runs; all that ran there must be among them, for
    what a piece draws depends on its neighbours.
    """
    cut = [(*row[:2], max(row[2], from_s), min(row[3], to_s), *row[4:]) for row in rows]
    steps = itertools.takewhile(lambda served: served.end_s > from_s, reversed(history.served))
    now = History(
        rows=[row for row in cut if row[2] < row[3]],
        switches=history.switches,
        served=[replace(step, start_s=max(step.start_s, from_s), end_s=min(step.end_s, to_s)) for step in steps],
    )
    pieces = now.columns()
    load = _loads(world, now, pieces)
    region = np.concatenate([pieces.region, [served.region for served in now.served]]).astype(np.int64)
    sums = np.zeros((3, len(region)))
    for r in np.unique(pieces.region).tolist():
        mine = region == r
        sums[:, mine] = _Site(world, r, now, load.of(mine), np.array([from_s, to_s])).shares()
    return pieces, sums[:, : len(pieces.job)]


def _loads(world: World, history: History, pieces: Pieces) -> _Load:
    """Return pieces and then service steps as loads."""
    jobs, served, services = world.workload.jobs, history.served, world.services
    numbers = jobs.numbers[3:7, pieces.job] * np.where(np.arange(4)[:, None] < 3, pieces.scale, 1.0)
    cpus, gpus, memory_gb, used = numbers
    of = [services[step.service] for step in served]
    replicas = np.array([step.replicas for step in served], dtype=float)
    busy = [min(s.rate_per_s / each.service_rate_per_s, s.replicas) * each.cpus
            for s, each in zip(served, of, strict=True)]  # fmt: skip
    nothing = np.zeros(len(served))

    def both(of_jobs: FloatArray, of_services: Sequence[float] | FloatArray) -> FloatArray:
        return np.concatenate([of_jobs, np.asarray(of_services, dtype=float)])

    return _Load(
        start_s=both(pieces.start_s, [step.start_s for step in served]),
        end_s=both(pieces.end_s, [step.end_s for step in served]),
        cpus=both(cpus, replicas * np.array([each.cpus for each in of], dtype=float)),
        gpus=both(gpus, nothing),
        memory_gb=both(memory_gb, replicas * np.array([each.memory_gb for each in of], dtype=float)),
        busy_cpus=both(cpus * used, busy),
        extra_w=both(_checkpoint_w(jobs, pieces), nothing),
    )


def _checkpoint_w(jobs: Jobs, pieces: Pieces) -> FloatArray:
    """Return the watts that writing or reading a checkpoint adds to the job's own, shape (P,)."""
    watts = np.zeros(len(pieces.job))
    for p in np.flatnonzero((pieces.kind == SAVE) | (pieces.kind == RESTORE)).tolist():
        checkpoint = jobs[int(pieces.job[p])].checkpoint
        assert checkpoint is not None
        saving = pieces.kind[p] == SAVE
        kwh, span_s = (
            (checkpoint.save_kwh, checkpoint.save_s) if saving else (checkpoint.restore_kwh, checkpoint.restore_s)
        )
        watts[p] = kwh * J_PER_KWH / span_s
    return watts


class _Site:
    """One region, cut at every moment at which anything changes; arrays over its F intervals."""

    def __init__(self, world: World, r: int, history: History, load: _Load, epochs_s: FloatArray) -> None:
        self.load, self.epochs_s, region = load, epochs_s, world.regions[r]
        self.reserved_usd_per_s = region.reserved_usd_per_h / HOUR_S
        switches = [switch for switch in history.switches if switch.region == r]
        signals = (world.intensity[r], world.price[r], world.temperature[r], world.onsite[r])
        self.edges_s = _cuts(load, epochs_s, [switch.t_s for switch in switches], signals)
        self.span_s = np.diff(self.edges_s)
        middle_s = self.edges_s[:-1] + self.span_s / 2
        self.begin, self.end = np.searchsorted(self.edges_s, load.start_s), np.searchsorted(self.edges_s, load.end_s)
        fleet = Fleet(region)
        self.servers_on = _servers_on(switches, fleet.count, middle_s)
        self.held = np.array([self._level(column) for column in (load.cpus, load.gpus, load.memory_gb)])
        busy_cpus, cpus = self._level(load.busy_cpus), self.held[0]
        rented = np.maximum(cpus - region.reserved_cpus, 0.0)
        part = np.divide(rented, cpus, out=np.zeros_like(cpus), where=cpus > 0)
        self.rent_usd_per_cpu_s = part * region.usd_per_cpu_h / HOUR_S
        self.intensity = _sample(world.intensity[r], middle_s)
        self.price = _sample(world.price[r], middle_s)
        self.cpu_w = fleet.cpu_w(self.servers_on, busy_cpus)
        self.gpu_w = fleet.gpu_w(self.servers_on)
        self.idle_w = fleet.idle_w(self.servers_on)
        self.dynamic_w = self.cpu_w * busy_cpus + self.gpu_w * self.held[1] + self._level(load.extra_w)
        it_w = self.idle_w + self.dynamic_w
        self.facility_w = it_w * region.pue
        temperature = world.temperature[r]
        if region.cooling and temperature:
            self.facility_w = np.asarray(region.cooling.facility_w(it_w, _sample(temperature, middle_s), fleet.max_w))
        onsite = world.onsite[r]
        self.onsite_w = np.minimum(self.facility_w, _sample(onsite, middle_s)) if onsite else np.zeros_like(it_w)
        grid_w = self.facility_w - self.onsite_w
        self.per_watt = np.divide(grid_w, it_w, out=np.full_like(it_w, region.pue), where=it_w > 0)
        self.unshared_w = np.where(it_w > 0, 0.0, grid_w)  # fixed losses while nothing is switched on

    def _level(self, amounts: FloatArray) -> FloatArray:
        """Return the sum of what is held in each interval, shape (F,)."""
        if not amounts.any():
            return np.zeros(len(self.span_s))
        count = len(self.edges_s)
        change = np.bincount(self.begin, amounts, count) - np.bincount(self.end, amounts, count)
        level = np.cumsum(change)[:-1]
        level[np.abs(level) < 1e-9 * max(1.0, float(amounts.max()))] = 0.0  # what rounding leaves of nothing
        return np.asarray(level)

    def shares(self) -> FloatArray:
        """Return energy (kWh), carbon (g) and cost (USD) of each load, shape (3, L), by prefix sums."""
        load, joules = self.load, self.per_watt * self.span_s
        rates = np.array([joules, joules * self.intensity, joules * self.price / KWH_PER_MWH]) / J_PER_KWH
        totals = self._integral(rates * self.cpu_w) * load.busy_cpus
        if load.gpus.any():
            totals = totals + self._integral(rates * self.gpu_w) * load.gpus
        if load.extra_w.any():
            totals = totals + self._integral(rates) * load.extra_w
        if self.rent_usd_per_cpu_s.any():
            totals[2] += self._integral((self.rent_usd_per_cpu_s * self.span_s)[None])[0] * load.cpus
        return np.asarray(totals)

    def _integral(self, per_interval: FloatArray) -> FloatArray:
        sums = np.zeros((len(per_interval), len(self.edges_s)))
        np.cumsum(per_interval, axis=1, out=sums[:, 1:])
        return np.asarray(sums[:, self.end] - sums[:, self.begin])

    def series(self) -> dict[str, FloatArray]:
        """Return the columns of `RegionSeries` for this region, shape (E,) each."""
        to_epoch = np.searchsorted(self.edges_s, self.epochs_s[:-1])
        epoch_s = np.diff(self.epochs_s)
        it_w, grid_w = self.idle_w + self.dynamic_w, self.facility_w - self.onsite_w
        idle_w = self.idle_w * self.per_watt + self.unshared_w
        reserved = self.reserved_usd_per_s * epoch_s

        def total(values: FloatArray) -> FloatArray:
            return np.asarray(np.add.reduceat(values * self.span_s, to_epoch, axis=-1))

        def kwh(watts: FloatArray) -> FloatArray:
            return total(watts) / J_PER_KWH

        usd = self.price / KWH_PER_MWH
        it_j = total(it_w)
        facility_j = total(self.facility_w)
        return {
            "busy": (total(self.held) / epoch_s).T,
            "servers_on": total(self.servers_on.astype(float)) / epoch_s,
            "power_w": facility_j / epoch_s,
            "pue": np.divide(facility_j, it_j, out=np.ones_like(it_j), where=it_j > 0),
            "intensity": total(self.intensity) / epoch_s,
            "dynamic_it_kwh": kwh(self.dynamic_w),
            "idle_it_kwh": kwh(self.idle_w),
            "overhead_kwh": kwh(self.facility_w - it_w),
            "onsite_kwh": kwh(self.onsite_w),
            "grid_kwh": kwh(grid_w),
            "carbon_g": kwh(grid_w * self.intensity),
            "cost_usd": kwh(grid_w * usd) + total(self.held[0] * self.rent_usd_per_cpu_s) + reserved,
            "idle_g": kwh(idle_w * self.intensity),
            "idle_kwh": kwh(idle_w),
            "idle_usd": kwh(idle_w * usd),
            "reserved_usd": reserved,
        }


def _cuts(
    load: _Load, epochs_s: FloatArray, switches_s: Sequence[float], signals: Sequence[Signal | None]
) -> FloatArray:
    """Return every moment between the first and the last epoch edge at which something changes, ascending."""
    from_s, to_s = epochs_s[0], epochs_s[-1]
    moments = [epochs_s, load.start_s, load.end_s, np.array([t_s for t_s in switches_s if from_s < t_s < to_s])]
    for signal in signals:
        if signal:
            first, after = (int((t_s - signal.start_s) // signal.step_s) for t_s in (from_s, to_s))
            samples = signal.start_s + signal.step_s * np.arange(max(0, first), min(after + 1, len(signal.values)))
            moments.append(samples[(samples > from_s) & (samples < to_s)])
    return np.unique(np.concatenate(moments))


def _servers_on(switches: Sequence[object], count: int, times_s: FloatArray) -> IntArray:
    """Return how many servers draw power at each time: all until the first switch."""
    if not switches:
        return np.full(len(times_s), count)
    moments = np.array([switch.t_s for switch in switches])  # type: ignore[attr-defined]
    after = np.array([count, *(switch.servers_on for switch in switches)])  # type: ignore[attr-defined]
    return np.asarray(after[np.searchsorted(moments, times_s, side="right")])


def _sample(signal: Signal, t_s: FloatArray) -> FloatArray:
    return np.asarray(signal.values[((t_s - signal.start_s) // signal.step_s).astype(int)])


def _move_ledger(world: World, history: History) -> MoveLedger:
    """Return what data transfers drew: their energy spread evenly over their time, at the origin's grid and price."""
    network, kwh, grams, usd = world.network, [], [], []
    for move in history.moves:
        assert network is not None
        energy = float(network.transfer_kwh(move.src, move.dst, move.gb))
        kwh.append(energy)
        grams.append(energy * _mean(world.intensity[move.src], move.start_s, move.end_s))
        rent = float(network.transfer_usd(move.src, move.dst, move.gb))
        usd.append(rent + energy * _mean(world.price[move.src], move.start_s, move.end_s) / KWH_PER_MWH)
    return MoveLedger(np.array(kwh), np.array(grams), np.array(usd))


def _mean(signal: Signal, start_s: float, end_s: float) -> float:
    return float(signal.integral(start_s, end_s)) / (end_s - start_s) if end_s > start_s else signal.at(start_s)


def check_balance(world: World, region: IntArray, sums: FloatArray, series: RegionSeries) -> None:
    """Assert for each region that jobs, services and idle make its total, and that what went in came out."""
    span_h = np.diff(np.append(series.epoch_start_s, world.horizon_s)) / HOUR_S
    for r, place in enumerate(world.regions):
        kwh, grams, usd = sums[:, region == r].sum(axis=1)
        used = series.dynamic_it_kwh + series.idle_it_kwh + series.overhead_kwh
        for what, parts, whole in (
            ("carbon (g)", grams + series.idle_g[r].sum(), series.carbon_g[r].sum()),
            ("energy (kWh)", kwh + series.idle_kwh[r].sum(), series.grid_kwh[r].sum()),
            ("cost (USD)", usd + (series.idle_usd + series.reserved_usd)[r].sum(), series.cost_usd[r].sum()),
            ("facility energy (kWh)", used[r].sum(), (series.power_w[r] * span_h).sum() / W_PER_KW),
            ("supply (kWh)", used[r].sum(), (series.onsite_kwh[r] + series.grid_kwh[r]).sum()),
        ):
            if not np.isclose(parts, whole, rtol=1e-9, atol=1e-6):
                raise AssertionError(
                    f"{what} of region {place.id} does not balance: its parts make {float(parts)!r}, "
                    f"the whole is {float(whole)!r}"
                )
