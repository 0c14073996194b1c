"""What a scheduler may know at a decision point, and nothing later than now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.constraints import Constraints, binds
from sim.forecast import Forecaster, Measured, Models, forecast, row_of
from sim.forecast.fitting import intervals_of
from sim.foresight import Foretold, told_at, told_from
from sim.jobs import Jobs
from sim.model import Commitment, Job, Region, Suspended
from sim.network import Network
from sim.open_work import OpenWork
from sim.replicas import replicas_ahead
from sim.services import ServiceView
from sim.signals import Bundle, Signal
from sim.units import BoolArray, FloatArray, IntArray


class Held(NamedTuple):
    """A job that holds or will hold resources, as the engine keeps it.

    Position in the workload, region index, start, estimated end, scale, and state (see `Commitment`).
    """

    job: int
    region: int
    start_s: float
    end_s: float
    scale: int = 1
    state: str = "running"


@dataclass(frozen=True, eq=False)
class Site:
    """What Views are cut from: it holds the future too, so nobody but a View may touch it.

    Signals stand beside themselves stacked into one matrix, where they share a grid. `pue` has shape (R, 1) where
    neither weather nor on-site supply changes it, else it is None. `foretold` takes the place of forecasts, if given.
    """

    jobs: Jobs
    intensity: tuple[tuple[Signal, ...], Bundle | None]
    price: tuple[tuple[Signal, ...], Bundle | None]
    temperature: tuple[Signal | None, ...]
    onsite: tuple[Signal | None, ...]
    network: Network | None
    forecaster: Forecaster
    models: Models
    foretold: Foretold | None
    cpu_w: FloatArray
    gpu_w: FloatArray
    pue: FloatArray | None


@dataclass(frozen=True, eq=False)
class View:
    """A decision point. R regions in scenario order.

    Attributes:
        now_s: Seconds since the scenario's start.
        epoch_s: Seconds to the next decision point.
        horizon_s: How far ahead a plan may reach: the longest span from submission to deadline that was seen, and
            a day for the late.
        pending: Submitted jobs without a placement, in submit order; deferred ones are left out until due, and jobs
            of a graph until all they depend on have finished.
        deferred: How many pending jobs are deferred beyond now.
        held: What is running, saving, queued, planned or moving.
        free_now: CPUs, GPUs and memory (GB) that nobody holds now, of each region.
        prepaid: Reserved CPUs that nobody uses now, of each region.
        ample: Whether every region could hold at once all that runs, is planned there, is suspended and is pending:
            then no run is ever short of room. Never where there are services.
        unbooked: CPUs, GPUs and memory that jobs leave in each slot of `epoch_s` from now to the horizon, by the
            estimates and by the closures that are known, shape (R, K, 3); None where the engine keeps no bookings.
        steady: Whether nothing but running jobs will change the room: none planned, queued or closed.
        times_suspended: How often the jobs at these positions of the workload have been suspended.
        _site: The world as far as it does not change, and the signals, from which a View takes what is past.
    """

    now_s: float
    epoch_s: float
    horizon_s: float
    regions: tuple[Region, ...]
    pending: Jobs
    deferred: int
    held: tuple[Held, ...]
    free_now: list[list[float]]
    prepaid: list[float]
    ample: bool
    unbooked: FloatArray | None
    steady: bool
    suspended: tuple[Suspended, ...]
    services: tuple[ServiceView, ...]
    constraints: Constraints
    times_suspended: Mapping[int, int]
    _site: Site

    @cached_property
    def region_index(self) -> dict[str, int]:
        """Region id to its position."""
        return {region.id: r for r, region in enumerate(self.regions)}

    @cached_property
    def pending_by_id(self) -> dict[str, Job]:
        """Pending job by id."""
        return {job.id: job for job in self.pending}

    @cached_property
    def running(self) -> tuple[Jobs, IntArray]:
        """What runs now, reading or writing a checkpoint included, and the region index of each."""
        running = [h for h in self.held if h.state in ("running", "restoring", "saving")]
        regions = np.array([h.region for h in running], dtype=np.int64)
        return self._site.jobs.take([h.job for h in running]), regions

    @cached_property
    def commitments(self) -> tuple[Commitment, ...]:
        """What is running or will run, with estimated ends."""
        return tuple(
            Commitment(
                self._site.jobs[h.job],
                self.regions[h.region].id,
                h.start_s,
                h.end_s,
                running=h.state in ("running", "restoring", "saving"),
                scale=h.scale,
                state=h.state,
            )
            for h in self.held
        )

    def arrived(self, since_s: float) -> Jobs:
        """Return the jobs that were submitted after a moment and until now, whatever became of them."""
        submit_s = self._site.jobs.submit_s
        first, end = np.searchsorted(submit_s, [min(since_s, self.now_s), self.now_s], side="right").tolist()
        return self._site.jobs.take(range(first, end))

    @cached_property
    def work(self) -> OpenWork:
        """What can be decided on: pending, suspended, and running jobs that have a lever left."""
        jobs = self._site.jobs
        levers, traits = jobs.levers[jobs.trait], jobs.traits
        running = [h for h in self.held if h.state == "running" and levers[h.job]]
        rates = [1.0 if h.scale == 1 else traits[jobs.trait[h.job]].throughput[h.scale - 1] for h in running]
        return self._open_work(
            [
                (h.job, h.region, max(0.0, h.end_s - self.now_s) * rate, h.scale)
                for h, rate in zip(running, rates, strict=True)
            ]
        )

    @cached_property
    def waiting(self) -> OpenWork:
        """The same without what runs: pending and suspended jobs."""
        return self._open_work([])

    def _open_work(self, running: list[tuple[int, int, float, int]]) -> OpenWork:
        jobs = self._site.jobs
        suspended = [(jobs.position[s.job.id], self.region_index[s.region], s.remaining_s) for s in self.suspended]
        work = OpenWork.of(jobs, self.pending, suspended, running)
        return replace(work, pausable=work.pausable & self._may_pause(work.jobs)) if binds(self.constraints) else work

    def times_suspended_of(self, job: Job) -> int:
        """Return how often a job has been suspended."""
        return self.times_suspended.get(self._site.jobs.position[job.id], 0)

    def _may_pause(self, jobs: Jobs) -> BoolArray:
        """Return which jobs the rules let be suspended (again)."""
        times = [self.times_suspended.get(j, 0) for j in jobs.positions.tolist()]
        may = [self.constraints.may_suspend(job, n) for job, n in zip(jobs, times, strict=True)]
        return np.array(may, dtype=bool)

    @cached_property
    def free(self) -> FloatArray:
        """CPUs, GPUs and memory (GB) that nobody holds now, shape (R, 3)."""
        return np.array(self.free_now)

    @cached_property
    def room(self) -> FloatArray | None:
        """What jobs and the replicas of services leave in each slot, shape (R, K, 3); None without bookings."""
        if self.unbooked is None or not self.services:
            return self.unbooked
        return self.unbooked - self.replicas

    @cached_property
    def replicas(self) -> FloatArray:
        """What replicas of services are expected to hold in each slot, routed as they are now, shape (R, K, 3)."""
        return self.replicas_of(self.services)

    def replicas_of(self, services: Sequence[ServiceView]) -> FloatArray:
        """Return the same for services that are routed otherwise."""
        count, slots = len(self.regions), int(np.ceil(self.horizon_s / self.epoch_s))
        return replicas_ahead(
            services,
            self.forecaster,
            self.now_s + self.epoch_s * np.arange(slots + 1.0),
            way_s=np.zeros((count, count)) if self.network is None else self.network.rtt_s,
            capacity=np.array([region.capacity for region in self.regions]),
        )

    @property
    def cpu_w(self) -> FloatArray:
        """Dynamic IT watts of a busy CPU in each region, averaged over its servers, shape (R,)."""
        return self._site.cpu_w

    @property
    def gpu_w(self) -> FloatArray:
        """Dynamic IT watts of a busy GPU in each region, shape (R,)."""
        return self._site.gpu_w

    @property
    def network(self) -> Network | None:
        """What moving data costs; None: data are everywhere."""
        return self._site.network

    @property
    def forecaster(self) -> Forecaster:
        """What forecasts temperature, on-site power and request rates."""
        return self._site.forecaster

    @property
    def models(self) -> Models:
        """What forecasts intensity and price."""
        return self._site.models

    @property
    def told(self) -> bool:
        """Whether signals to come are told (see `sim.foresight`) rather than forecast."""
        return self._site.foretold is not None

    @cached_property
    def intensity_measured(self) -> Measured:
        """Carbon intensity up to now."""
        return Measured(*self._site.intensity, self.now_s)

    @cached_property
    def price_measured(self) -> Measured:
        """Electricity prices up to now."""
        return Measured(*self._site.price, self.now_s)

    @cached_property
    def temperature(self) -> tuple[Signal | None, ...]:
        """Outside temperature of each region up to now, degC; None where nothing depends on it."""
        return tuple(signal.up_to(self.now_s) if signal else None for signal in self._site.temperature)

    @cached_property
    def onsite(self) -> tuple[Signal | None, ...]:
        """On-site solar and wind power of each region up to now, W; None without any."""
        return tuple(signal.up_to(self.now_s) if signal else None for signal in self._site.onsite)

    @property
    def intensity(self) -> tuple[Signal, ...]:
        """The measured carbon intensity of each region, up to and with the current interval, gCO2eq/kWh."""
        return self.intensity_measured.signals

    @property
    def price(self) -> tuple[Signal, ...]:
        """The electricity price of each region likewise, USD/MWh."""
        return self.price_measured.signals

    @cached_property
    def intensity_forecast(self) -> tuple[Signal, ...]:
        """Carbon intensity from now to the planning horizon, issued now, gCO2eq/kWh."""
        return self._singly(self.intensity, self.models.intensity, self.intensity_outlook)

    @cached_property
    def price_forecast(self) -> tuple[Signal, ...]:
        """Electricity price from now to the planning horizon, issued now, USD/MWh."""
        return self._singly(self.price, self.models.price, self.price_outlook)

    @property
    def next_point_s(self) -> float:
        """When the next epoch begins: the next decision point at the latest."""
        return float((np.floor(self.now_s / self.epoch_s + 1e-9) + 1) * self.epoch_s)

    @property
    def span_s(self) -> float:
        """How far ahead forecasts reach: the horizon, and an epoch for its last slot."""
        return self.horizon_s + self.epoch_s

    def _singly(self, measured: Sequence[Signal], model: Forecaster, outlook: Bundle) -> tuple[Signal, ...]:
        if self._site.foretold:
            return tuple(
                Signal(signal.zone, signal.unit, outlook.start_s, outlook.step_s, values, issued_at_s=self.now_s)
                for signal, values in zip(measured, outlook.values, strict=True)
            )
        return tuple(forecast(row_of(model, r), s, self.now_s, self.span_s) for r, s in enumerate(measured))

    @cached_property
    def intensity_outlook(self) -> Bundle:
        """The intensity forecasts of all regions on one grid."""
        return self.intensity_ahead(self.span_s)

    def intensity_ahead(self, span_s: float) -> Bundle:
        """Return the intensity forecasts of all regions from the current interval to at least now + span_s."""
        told = self._site.foretold
        return outlook(self.models.intensity, self.intensity_measured, told.intensity if told else None, span_s)

    @cached_property
    def price_outlook(self) -> Bundle:
        """The price forecasts of all regions on one grid."""
        told = self._site.foretold
        return outlook(self.models.price, self.price_measured, told.price if told else None, self.span_s)

    def intensity_since(self, from_s: float) -> Bundle:
        """Return what was measured from a moment before now on, and the forecast behind it, on the forecast's grid."""
        ahead = self.intensity_outlook
        count = int(np.ceil((ahead.start_s - from_s) / ahead.step_s))
        if count <= 0:
            return ahead
        start_s = ahead.start_s - count * ahead.step_s
        times_s = start_s + ahead.step_s * np.arange(count)
        past = [s.values[((times_s - s.start_s) // s.step_s).astype(int)] for s in self.intensity]
        return Bundle(start_s, ahead.step_s, np.concatenate([np.array(past), ahead.values], axis=1))

    def overhead(self, times_s: FloatArray) -> FloatArray:
        """Return the expected watts at the meter per watt of IT load: PUE less on-site supply.

        Shape (R, K), or (R, 1) where it is constant.

        Temperature and on-site power are forecast; the load is taken to stay what it is now.
        """
        if self._site.pue is not None:
            return self._site.pue
        return np.array([self._overhead(r, times_s) for r in range(len(self.regions))])

    def _overhead(self, r: int, times_s: FloatArray) -> FloatArray:
        onsite, told, factor = self.onsite[r], self._site.foretold, self._factor(r, times_s)
        if not onsite:
            return factor
        site_w = factor * self._it_w(r)
        ahead_w = self._ahead(onsite, told.onsite[r] if told else None, times_s)
        return np.asarray(factor * np.clip(1.0 - ahead_w / np.maximum(site_w, 1e-9), 0.0, 1.0))

    def _factor(self, r: int, times_s: FloatArray) -> FloatArray:
        """Return the expected facility watts per watt of IT load of a region, shape (K,)."""
        region, temperature, told = self.regions[r], self.temperature[r], self._site.foretold
        if not region.cooling or not temperature:
            return np.full(len(times_s), region.pue)
        ahead = self._ahead(temperature, told.temperature[r] if told else None, times_s)
        return np.asarray(region.cooling.factor(ahead), dtype=float)

    def _it_w(self, r: int) -> float:
        """Return the IT watts of a region now: all its servers idle, and what is busy on top."""
        region, (cpus, gpus, _) = self.regions[r], self.free[r]
        return float(region.idle_w + (region.cpu_w * (region.cpus - cpus) + region.gpu_w * (region.gpus - gpus)))

    def site_w(self, r: int) -> float:
        """Return the facility watts of a region now, about: all its servers on, cooling and losses included."""
        return float(self._factor(r, np.array([self.now_s]))[0] * self._it_w(r))

    def onsite_forecast(self, r: int) -> Signal | None:
        """Return the on-site power of a region from now to the planning horizon, issued now, W; None without any."""
        onsite, told = self.onsite[r], self._site.foretold
        if onsite is None:
            return None
        signal = forecast(self.forecaster, onsite, self.now_s, self.span_s)
        if told is None:
            return signal
        times_s = signal.start_s + signal.step_s * np.arange(float(len(signal.values)))
        return replace(signal, values=self._ahead(onsite, told.onsite[r], times_s))

    def intensity_quantiles(self, r: int) -> FloatArray | None:
        """Return the quantiles of a region's intensity forecast at `conformal.LEVELS`, shape (Q, K), beside its values.

        None where nothing tells how wrong it is: it is told, or too little of the past is known.
        """
        return self._quantiles(self.models.intensity, r, self.intensity[r], self.intensity_forecast[r])

    def price_quantiles(self, r: int) -> FloatArray | None:
        """Return the same of the price forecast."""
        return self._quantiles(self.models.price, r, self.price[r], self.price_forecast[r])

    def _quantiles(self, model: Forecaster, r: int, measured: Signal, expected: Signal) -> FloatArray | None:
        intervals = None if self.told else intervals_of(model, r, measured)
        if intervals is None:
            return None
        ahead = intervals.around(expected.values[1:], measured.values, measured.step_s)
        return np.concatenate([np.repeat(expected.values[None, :1], len(ahead), axis=0), ahead], axis=1)

    def _ahead(self, measured: Signal, told: Signal | None, times_s: FloatArray) -> FloatArray:
        if told:
            return told_at(told, times_s)
        signal = forecast(self.forecaster, measured, self.now_s, self.span_s)
        return np.asarray(signal.values[((times_s - signal.start_s) // signal.step_s).astype(int)])


def outlook(model: Forecaster, measured: Measured, told: Bundle | None, span_s: float) -> Bundle:
    """Return the forecasts of all regions from the current interval to at least `span_s` ahead; what is told, if so."""
    if told:
        return told_from(told, measured.now_s, span_s, measured.current)
    return measured.outlook(model, span_s)
