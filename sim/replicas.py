"""The room that replicas of services will hold in the hours ahead: by the forecast of their rates, as routed now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.forecast import Forecaster, forecast
from sim.services import ServiceView, replicas_wanted, whole_replicas
from sim.signals import Signal
from sim.units import DAY_S, HOUR_S, FloatArray, IntArray

_EPS = 1e-9


def replicas_ahead(
    services: Sequence[ServiceView],
    forecaster: Forecaster,
    edges_s: FloatArray,
    *,
    way_s: FloatArray,
    capacity: FloatArray,
) -> FloatArray:
    """Return the CPUs, GPUs and memory (GB) that replicas are expected to hold in each slot, shape (R, K, 3).

    Until the next routing step they are those held now. A slot that touches two steps counts the larger hold. Jobs are
    left out: replicas take what they want as soon as it is free, the earlier services first.

    Args:
        services: At the moment of the first edge.
        forecaster: Of request rates.
        edges_s: Of the K slots, K + 1.
        way_s: The way there and back, origin x region.
        capacity: Of each region, shape (R, 3).
    """
    first = int(edges_s[0] / HOUR_S + _EPS)
    steps_s = HOUR_S * np.arange(first, int(np.ceil(edges_s[-1] / HOUR_S - _EPS)) + 1.0)
    left = np.repeat(capacity[:, None, :].astype(float), len(steps_s) - 1, axis=1)
    for one in services:
        counts = _counts(one, rates_ahead(one.rates, forecaster, float(edges_s[0]), steps_s[1:]), way_s, left)
        left -= counts[:, :, None] * one.service.demand
    return _of_slots(capacity[:, None, :] - left, edges_s / HOUR_S - first)


def rates_ahead(
    rates: Sequence[Signal | None], forecaster: Forecaster, now_s: float, edges_s: FloatArray
) -> FloatArray:
    """Return the expected mean requests a second of each origin in each step between T + 1 edges, shape (R, T)."""
    none = np.zeros(len(edges_s) - 1)
    return np.array([_rate_ahead(rate, forecaster, now_s, edges_s) if rate else none for rate in rates])


def _rate_ahead(rate: Signal, forecaster: Forecaster, now_s: float, edges_s: FloatArray) -> FloatArray:
    """Return the mean rate of each step by the forecast; without a day of history, the current rate."""
    if rate.end_s - rate.start_s < DAY_S:
        return np.full(len(edges_s) - 1, rate.values[-1])
    ahead = forecast(forecaster, rate, now_s, float(edges_s[-1]) - now_s)
    return np.asarray(np.maximum(0.0, np.diff(ahead.cumulative(edges_s)) / np.diff(edges_s)))


def _counts(one: ServiceView, rates: FloatArray, way_s: FloatArray, left: FloatArray) -> IntArray:
    """Return the replicas of each region in each step, shape (R, T), by the room that is left for them (R, T, 3)."""
    counts = np.repeat(one.replicas[:, None], left.shape[1], axis=1)
    known: dict[tuple[int, int, bytes], int] = {}
    flows = rates[:, None, :] * one.shares[:, :, None]  # (origin, R, T - 1)
    for r in range(len(left)):
        for step in range(1, left.shape[1]):
            flow, most = flows[:, r, step - 1], whole_replicas(one.service, left[r, step])
            key = r, most, flow.tobytes()
            if key not in known:
                known[key] = replicas_wanted(one.service, flow, way_s[:, r], most=most) if flow.any() else 0
            counts[r, step] = known[key]
    return counts


def _of_slots(held: FloatArray, edges: FloatArray) -> FloatArray:
    """Return the largest hold (R, T, 3) of the steps that each slot touches; edges are counted in steps."""
    first, last = (edges[:-1] + _EPS).astype(int), np.ceil(edges[1:] - _EPS).astype(int) - 1
    most = held[:, last]
    for n in range(int((last - first).max())):
        most = np.maximum(most, held[:, np.minimum(first + n, last)])
    return most
