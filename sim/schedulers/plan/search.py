"""Local search: a job that stands badly takes the place of others, if all of them together emit less then."""

from __future__ import annotations

import numpy as np

from sim.schedulers.plan.packing import Packing
from sim.schedulers.plan.spots import Spot

_EPS = 1e-6
_SPOTS = 8
"""How many spots are tried for a job, spread over its better ones."""
_MOVED = 6
"""At most so many jobs make way for one."""


def improve(packing: Packing, tries: int) -> int:
    """Move jobs while that lowers the carbon of all, at most `tries` attempts; return how many moves were kept.

    The jobs that lose most go first. A job is put on a better spot, those in the way are put where they fit best
    then, and if the sum is not lower everything is put back: so no job is ever left without a spot, or late.
    """
    kept = 0
    while tries > 0:
        before = kept
        loss_g = packing.loss_g
        for p in np.argsort(-loss_g, kind="stable").tolist():
            if loss_g[p] <= _EPS or tries <= 0:
                break
            used, moved = _better(packing, p)
            tries -= used
            kept += moved
        if kept == before:
            break
    return kept


def _better(packing: Packing, p: int) -> tuple[int, bool]:
    """Try better spots for one job; return how many were tried and whether one was kept."""
    now_g = float(packing.carbon_g[p])
    grams = packing.costs(p)
    good = np.flatnonzero((grams < now_g - _EPS).ravel())
    good = good[np.argsort(grams.ravel()[good], kind="stable")]
    spots = good[:: max(1, len(good) // _SPOTS)][:_SPOTS].tolist()
    for tried, flat in enumerate(spots, start=1):
        region, slot = divmod(flat, grams.shape[1])
        if _swap(packing, p, Spot(region, slot, float(grams[region, slot]))):
            return tried, True
    return max(1, len(spots)), False


def _swap(packing: Packing, p: int, spot: Spot) -> bool:
    """Put job p on a spot and those in the way elsewhere; keep that if it saves, else undo it."""
    old = packing.take_out(p)
    gain_g = old.carbon_g - spot.carbon_g
    moved = _make_way(packing, p, spot)
    if moved is not None:
        packing.put(p, spot)
        if _resettle(packing, moved, gain_g):
            return True
        packing.take_out(p)
    for q, where in (moved or {}).items():
        packing.put(q, where)
    packing.put(p, old)
    return False


def _make_way(packing: Packing, p: int, spot: Spot) -> dict[int, Spot] | None:
    """Take out jobs until job p fits on a spot; return where they stood, None if that is too many (they are back)."""
    first, last = spot.slot, spot.slot + int(packing.length[p])
    end = packing.slot + packing.length
    there = (packing.region == spot.region) & (packing.slot < last) & (end > first)
    near = np.flatnonzero(there)
    size = packing.demand[near].max(axis=1) * packing.length[near]
    near = near[np.argsort(size, kind="stable")]
    moved: dict[int, Spot] = {}
    while not packing.has_room(p, spot.region, spot.slot):
        short = (packing.free[spot.region, first:last] < packing.demand[p] - _EPS).any(axis=1)
        at = first + int(np.argmax(short))
        in_way = near[(packing.slot[near] <= at) & (end[near] > at) & (packing.slot[near] >= 0)]
        if not len(in_way) or len(moved) >= _MOVED:
            for q, where in moved.items():
                packing.put(q, where)
            return None
        lacking = packing.demand[p] - packing.free[spot.region, at]
        enough = (packing.demand[in_way] >= lacking - _EPS).all(axis=1)
        q = int(in_way[np.argmax(enough)] if enough.any() else in_way[-1])
        moved[q] = packing.take_out(q)
    return moved


def _resettle(packing: Packing, moved: dict[int, Spot], gain_g: float) -> bool:
    """Put the moved jobs on their best spots, the large first; if they lose what was gained, take them out again."""
    settled: list[int] = []
    for q in sorted(moved, key=lambda q: -moved[q].carbon_g):
        spot = packing.best(q)
        gain_g -= np.inf if spot is None else spot.carbon_g - moved[q].carbon_g
        if spot is None or gain_g <= _EPS:
            for other in settled:
                packing.take_out(other)
            return False
        packing.put(q, spot)
        settled.append(q)
    return True
