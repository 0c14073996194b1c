"""The network between regions: how long data and requests take, and what moving data draws and costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.units import FloatArray, IntArray

BITS_PER_GB = 8e9
KWH_PER_GB = 0.06
"""SustainCluster (NeurIPS 2025) takes 0.06 kWh/GB over wide areas, Cloud Carbon Footprint 0.001 within a provider."""


@dataclass(frozen=True, eq=False)
class Network:
    """Links between R regions in scenario order, shape (R, R), from row to column; within a region all is 0.

    Attributes:
        rtt_s: There and back of a small message.
        throughput_bps: Bits a second of a transfer; infinite where it does not limit.
        energy_kwh_per_gb, usd_per_gb: What a gigabyte draws and costs.
    """

    rtt_s: FloatArray
    throughput_bps: FloatArray
    energy_kwh_per_gb: FloatArray
    usd_per_gb: FloatArray

    @classmethod
    def uniform(
        cls, regions: int, *, rtt_s: float, throughput_bps: float, energy_kwh_per_gb: float, usd_per_gb: float
    ) -> Network:
        """Return a network in which every link is alike."""
        away = 1.0 - np.eye(regions)
        throughput = np.where(away > 0, throughput_bps, np.inf)
        return cls(rtt_s * away, throughput, energy_kwh_per_gb * away, usd_per_gb * away)

    def transfer_s(self, src: IntArray | int, dst: IntArray | int, gb: FloatArray | float) -> FloatArray:
        """Return the seconds that so many GB take: bits over throughput, and one way there and back.

        Nothing takes no time, and neither does staying.
        """
        seconds = np.asarray(gb) * BITS_PER_GB / self.throughput_bps[src, dst] + self.rtt_s[src, dst]
        return np.where((np.asarray(gb) > 0) & (np.asarray(src) != np.asarray(dst)), seconds, 0.0)

    def transfer_kwh(self, src: IntArray | int, dst: IntArray | int, gb: FloatArray | float) -> FloatArray:
        """Return the energy of moving so many GB, kWh."""
        return np.asarray(self.energy_kwh_per_gb[src, dst] * np.asarray(gb))

    def transfer_usd(self, src: IntArray | int, dst: IntArray | int, gb: FloatArray | float) -> FloatArray:
        """Return the price of moving so many GB, USD."""
        return np.asarray(self.usd_per_gb[src, dst] * np.asarray(gb))
