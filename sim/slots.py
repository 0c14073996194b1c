"""Runs of many jobs on a grid of slots: how many they touch, when they may start, what each start would emit.

The grid's first slot begins at a decision point; R regions, K slots, S candidate starts, P jobs.
"""

from __future__ import annotations

import numpy as np

from sim.jobs import Jobs
from sim.units import BoolArray, FloatArray, IntArray
from sim.world import ROUNDING_S

_EPS = 1e-9


def slots_touched(jobs: Jobs, epoch_s: float) -> IntArray:
    """Return how many slots each job touches when it starts at a slot's edge, shape (P,)."""
    return np.ceil(jobs.duration_estimate_s / epoch_s - _EPS).astype(np.int64)


def timely_starts(
    jobs: Jobs, length: IntArray, now_s: float | FloatArray, epoch_s: float, slots: int | IntArray
) -> IntArray:
    """Return how many of so many slots from now on each job of some length may start in and be in time, shape (P,)."""
    last = np.floor((jobs.latest_start_s + ROUNDING_S - now_s) / epoch_s + _EPS)
    return np.asarray(np.maximum(0, np.minimum(last.astype(np.int64), slots - length - 1) + 1))


def watts(jobs: Jobs, cpu_w: FloatArray, gpu_w: FloatArray, regions: IntArray) -> FloatArray:
    """Return the dynamic IT watts of each job in regions of shape (1, P) or (R, 1): shape (1, P) or (R, P)."""
    return np.asarray((jobs.cpus * jobs.utilization) * cpu_w[regions] + jobs.gpus * gpu_w[regions])


def g_per_w(sums: FloatArray, rows: IntArray, start: IntArray, length: FloatArray) -> FloatArray:
    """Return what running sums, a row of K + 1 slot edges each, gain over each job's length from each start.

    Rows have shape (1, P) or (R, 1), starts (S,), and lengths, in slots and parts of slots, (P,); what they gain
    (1, P, S) or (R, P, S). What would end beyond the last edge ends there.
    """
    count, whole = sums.shape[1] - 1, length + _EPS
    k = whole.astype(np.int64)
    part = np.maximum(whole - k - _EPS, 0.0)[:, None]
    left = np.minimum(start + k[:, None], count)
    right = np.minimum(left + 1, count)
    at = rows[:, :, None]
    end = sums[at, left] * (1 - part) + sums[at, right] * part
    return np.asarray(end - sums[at, start])


def first_of_least(carbon: FloatArray) -> tuple[IntArray, BoolArray]:
    """Return each job's earliest slot of least carbon, (P,), -1 where none is finite, and which options tie with it.

    Carbon and ties have shape (R', P, S).
    """
    least = carbon.min(axis=(0, 2))
    tie = carbon <= (least + _EPS * np.maximum(1.0, np.abs(least)))[:, None]
    return np.where(np.isfinite(least), np.argmax(tie.any(axis=0), axis=1), -1), tie
