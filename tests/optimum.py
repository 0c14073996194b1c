"""Optimal plans of one job over T slots and R regions with all prices known: what online algorithms are held against.

Costs are those of the whole job, as in `sim.schedulers.carbonclipper.soad`: running in region r for one of `length`
slots costs price[t, r] / length, moving distance[r, s], and switching on or off `switch`. It begins and ends off.
"""

from __future__ import annotations

import numpy as np

from sim.units import FloatArray


def fractional_optimum(price: FloatArray, length: int, distance: FloatArray, switch: float, home: int) -> float:
    """Return the least cost of any split of the job: the dual of its linear program, a concave function of one price.

    Paid so much for each unit of work, every part of the job goes its own cheapest way.
    """
    low, high = 0.0, float(price.max()) + 2.0 * length * (float(distance.max()) + switch) + 1.0
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    ends = [high - ratio * (high - low), low + ratio * (high - low)]
    values = [_dual(pay, price, length, distance, switch, home) for pay in ends]
    for _ in range(60):
        if values[0] < values[1]:
            low, ends, values = ends[0], [ends[1], 0.0], [values[1], 0.0]
            ends[1] = low + ratio * (high - low)
            values[1] = _dual(ends[1], price, length, distance, switch, home)
        else:
            high, ends, values = ends[1], [0.0, ends[0]], [0.0, values[0]]
            ends[0] = high - ratio * (high - low)
            values[0] = _dual(ends[0], price, length, distance, switch, home)
    return max(values)


def _dual(pay: float, price: FloatArray, length: int, distance: FloatArray, switch: float, home: int) -> float:
    best = np.full((2, price.shape[1]), np.inf)
    best[0, home] = 0.0
    for slot in price:
        off, on = np.minimum(best[0], best[1] + switch), np.minimum(best[0] + switch, best[1])
        moved = [(each[:, None] + distance).min(axis=0) for each in (off, on)]
        best = np.array([moved[0], moved[1] + (slot - pay) / length])
    return pay + float(min(best[0].min(), best[1].min() + switch))


def best_path(
    price: FloatArray, length: int, distance: FloatArray, switch: float, home: int
) -> tuple[list[tuple[int, bool]], float]:
    """Return the region and whether it runs in each slot, and the cost, of the best plan of the whole job."""
    slots, regions = price.shape
    best = np.full((length + 1, 2, regions), np.inf)
    best[0, 0, home] = 0.0
    came: list[FloatArray] = []
    flip = np.array([[0.0, switch], [switch, 0.0]])
    for slot in price:
        # from (state, region) to (state, region), for each count of slots done
        ways = best[:, :, :, None, None] + flip[None, :, None, :, None] + distance[None, None, :, None, :]
        flat = ways.reshape(length + 1, 2 * regions, 2, regions)
        came.append(flat.argmin(axis=1))
        least = flat.min(axis=1)
        best = np.full_like(best, np.inf)
        best[:, 0] = least[:, 0]
        best[1:, 1] = least[:-1, 1] + slot / length
    last = best[length] + np.array([[0.0], [switch]])
    state, region = np.unravel_index(int(last.argmin()), last.shape)
    cost, done, path = float(last.min()), length, []
    for back in reversed(came):
        path.append((int(region), bool(state)))
        done -= int(state)
        state, region = np.divmod(back[done, state, region], regions)
    assert len(path) == slots
    return path[::-1], cost
