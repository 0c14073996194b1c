"""Work by marginal carbon: how many workers of an elastic job should run in which slot (CarbonScaler's greedy).

P jobs of one kind, K slots, n workers at most. Carbon may have any unit; work is in seconds of one worker.
"""

from __future__ import annotations

import numpy as np

from sim.units import BoolArray, FloatArray, IntArray

_EPS = 1e-6


def most_work_per_carbon(
    carbon: FloatArray,
    seconds: FloatArray,
    throughput: FloatArray,
    needed_s: FloatArray,
    least: IntArray,
    most: IntArray,
) -> tuple[IntArray, BoolArray]:
    """Return the workers of each job in each slot, shape (P, K), and whether they do all the work, shape (P,).

    Of all pairs (slot, worker), those that do most work per carbon are taken until the work is done; a worker only
    with those before it. No other choice does as much work for less, if no worker adds more than the one before it.

    Args:
        carbon: What a worker emits in each slot, shape (P, K).
        seconds: How much of each slot can be used, shape (P, K).
        throughput: Work per second with 1, ..., n workers, shape (n,).
        needed_s: The work, shape (P,).
        least, most: How few workers each slot must have, and how many it may, shape (P, K).
    """
    marginal = throughput - np.concatenate([[0.0], throughput[:-1]])
    worth = np.minimum.accumulate(marginal)  # a pair comes no sooner than the worst of those it needs
    worker = np.arange(1, len(throughput) + 1)
    usable = (worker <= most[:, :, None]) & (worth > 0) & (seconds > 0)[:, :, None]
    price = np.where(usable, carbon[:, :, None] / np.where(worth > 0, worth, 1.0), np.inf)
    price[usable & (worker <= least[:, :, None])] = -np.inf
    flat, row = price.reshape(len(price), -1), np.arange(len(price))[:, None]
    order = np.argsort(flat, axis=1, kind="stable")
    ranked = flat[row, order]
    gain = (seconds[:, :, None] * marginal).reshape(flat.shape)[row, order]
    before = np.cumsum(gain, axis=1) - gain
    taken = (ranked < np.inf) & ((before < needed_s[:, None] - _EPS) | (ranked == -np.inf))
    chosen = np.empty_like(taken)
    chosen[row, order] = taken
    enough = (gain * taken).sum(axis=1) >= needed_s - _EPS
    return chosen.reshape(price.shape).sum(axis=2), enough


def emitted(
    workers: IntArray, carbon: FloatArray, seconds: FloatArray, throughput: FloatArray, needed_s: float
) -> FloatArray:
    """Return what schedules of workers, shape (..., K), emit until the work is done."""
    done = np.concatenate([[0.0], throughput])[workers] * seconds
    before = np.cumsum(done, axis=-1) - done
    used = np.divide(np.clip(needed_s - before, 0.0, done), done, out=np.zeros_like(done), where=done > 0)
    return np.asarray((used * workers * carbon).sum(axis=-1))


def unbroken(
    carbon: FloatArray, seconds: FloatArray, throughput: FloatArray, needed_s: float, most: IntArray
) -> IntArray | None:
    """Return the workers of a running job that cannot be suspended, shape (K,); None if it cannot be done.

    Every end is tried: up to it, one worker stays in any case, and the greedy adds others.
    """
    slots = len(carbon)
    running = np.tri(slots, dtype=bool)  # row e: ends with slot e
    rows = np.broadcast_to(carbon, (slots, slots)), np.broadcast_to(seconds, (slots, slots))
    least, room = running.astype(np.int64), np.where(running, most, 0)
    workers, enough = most_work_per_carbon(*rows, throughput, np.full(slots, needed_s), least, room)
    if not enough.any():
        return None
    grams = emitted(workers, *rows, throughput, needed_s)
    best: IntArray = workers[int(np.argmin(np.where(enough, grams, np.inf)))]
    return best


def best_fixed_scale(
    carbon: FloatArray, seconds: FloatArray, throughput: FloatArray, needed_s: FloatArray, most: IntArray, slot_s: float
) -> tuple[IntArray, BoolArray]:
    """Return the workers of each job, shape (P, K), in its unbroken run of least carbon, and whether it has one.

    Every start at a slot's edge and every number of workers, the same throughout, is looked at; shapes as above.
    """
    slots, scale, start = carbon.shape[1], np.arange(1, len(throughput) + 1)[:, None], np.arange(carbon.shape[1])
    length = (needed_s[:, None] / (throughput * slot_s))[:, :, None]  # (P, n, 1), in slots
    end = start + length
    last, first_after = np.minimum(end.astype(np.int64), slots), np.minimum(np.ceil(end - _EPS).astype(np.int64), slots)
    job = np.arange(len(carbon))[:, None, None]
    sums = _running_sums(carbon)
    grams = scale * (sums[job, last] + (end - last) * np.append(carbon, carbon[:, -1:], axis=1)[job, last])
    grams -= scale * sums[:, None, :-1]
    full = _running_sums((most[:, None, :] < scale).astype(float))  # (P, n, K + 1)
    no_room = np.take_along_axis(full, first_after, axis=2) > full[:, :, :-1]
    in_time = end * slot_s <= seconds.sum(axis=1)[:, None, None] + _EPS
    flat = np.where(in_time & ~no_room, grams, np.inf).reshape(len(carbon), -1)
    best = np.argmin(flat, axis=1)
    n, s = np.divmod(best, slots)
    runs = (start >= s[:, None]) & (start < first_after[np.arange(len(n)), n, s][:, None])
    return runs * (n + 1)[:, None], np.isfinite(flat[np.arange(len(best)), best])


def _running_sums(values: FloatArray) -> FloatArray:
    """Return the sums of all that comes before each place, and of all, along the last axis."""
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    np.cumsum(values, axis=-1, out=sums[..., 1:])
    return sums
