"""What a scheduler may know at a decision point, and nothing later than now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.constraints import Constraints
from sim.forecast import Forecaster, forecast
from sim.model import Commitment, Job, Region, demand
from sim.signals import Signal
from sim.units import FloatArray


@dataclass(frozen=True, eq=False)
class View:
    """A decision point. R regions in scenario order.

    Attributes:
        now_s: Seconds since the scenario's start.
        epoch_s: Seconds to the next decision point.
        horizon_s: How far ahead a plan may reach: the longest span from submission to deadline that was seen, and
            a day for the late.
        pending: Submitted jobs without a placement, in submit order; deferred ones are left out until due.
        deferred: How many pending jobs are deferred beyond now.
        commitments: What is running or planned, with estimated ends.
        intensity, price: The measured series of each region, up to and with the current interval.
    """

    now_s: float
    epoch_s: float
    horizon_s: float
    regions: tuple[Region, ...]
    pending: tuple[Job, ...]
    deferred: int
    commitments: tuple[Commitment, ...]
    intensity: tuple[Signal, ...]
    price: tuple[Signal, ...]
    constraints: Constraints
    forecaster: Forecaster

    @cached_property
    def region_index(self) -> dict[str, int]:
        """Region id to its position."""
        return {region.id: r for r, region in enumerate(self.regions)}

    @cached_property
    def pending_by_id(self) -> dict[str, Job]:
        """Pending job by id."""
        return {job.id: job for job in self.pending}

    @cached_property
    def intensity_forecast(self) -> tuple[Signal, ...]:
        """Carbon intensity from now to the planning horizon, issued now, gCO2eq/kWh."""
        return self._forecast(self.intensity)

    @cached_property
    def price_forecast(self) -> tuple[Signal, ...]:
        """Electricity price from now to the planning horizon, issued now, USD/MWh."""
        return self._forecast(self.price)

    def _forecast(self, measured: tuple[Signal, ...]) -> tuple[Signal, ...]:
        span_s = self.horizon_s + self.epoch_s
        return tuple(forecast(self.forecaster, signal, self.now_s, span_s) for signal in measured)

    @cached_property
    def free(self) -> FloatArray:
        """CPUs, GPUs and memory (GB) that no running job holds, shape (R, 3)."""
        free = np.array([region.capacity for region in self.regions])
        for held in self.commitments:
            if held.running:
                free[self.region_index[held.region]] -= demand(held.job)
        return free
