"""What is booked ahead: the room that running and planned jobs will take, on the grid of epochs.

Kept up to date with every decision, so that a View's room is a copy of a few rows rather than a sum over all jobs.
A stay takes every slot that it touches, by its estimate.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

import numpy as np

from sim.fleet import Fleet
from sim.model import Region
from sim.units import FloatArray

_EPS = 1e-9

Amounts = tuple[float, float, float]
Stay = tuple[int, int, int, Amounts]
"""Region, first slot, slot after the last, and the CPUs, GPUs and memory held."""


class Bookings:
    """Booked CPUs, GPUs and memory of R regions over the slots [k epoch_s, (k + 1) epoch_s) of the whole run."""

    def __init__(self, regions: Sequence[Region], epoch_s: float, span_s: float) -> None:
        self._epoch_s = epoch_s
        self._slots = math.ceil(span_s / epoch_s) + 1
        self._fleets = [Fleet(region) for region in regions]
        self._capacity = np.array([region.capacity for region in regions])
        self._booked = np.zeros((len(regions), self._slots, 3))
        self._closed = np.zeros((len(regions), self._slots), dtype=np.int64)
        self._lost: FloatArray | None = None
        self._stays: dict[int, Stay] = {}
        self._ends: list[tuple[int, int]] = []

    def slot(self, t_s: float) -> int:
        """Return the slot that holds a moment."""
        return int(t_s / self._epoch_s + _EPS)

    def slot_after(self, t_s: float) -> int:
        """Return the first slot that begins at or after a moment."""
        return math.ceil(t_s / self._epoch_s - _EPS)

    def add(self, job: int, region: int, start_s: float, end_s: float, held: Amounts) -> None:
        """Book a job's stay; it replaces the one it had."""
        first = self.slot(start_s)
        last = max(first + 1, self.slot_after(end_s))
        stay = (region, first, last, held)
        if job in self._stays:
            if self._stays[job] == stay:
                return
            self.remove(job)
        self._booked[region, first:last] += held
        self._stays[job] = stay
        heapq.heappush(self._ends, (last, job))

    def remove(self, job: int, from_s: float = 0.0) -> None:
        """Give back what a job has booked from a moment on."""
        stay = self._stays.pop(job, None)
        if stay:
            region, first, last, held = stay
            first = max(first, self.slot_after(from_s)) if from_s else first
            if first < last:
                self._booked[region, first:last] -= held

    def close(self, region: int, start_s: float, end_s: float, servers: int) -> None:
        """Note a closure that is known from now on."""
        self._closed[region, self.slot(start_s) : self.slot_after(end_s)] += servers
        counts = [fleet.count for fleet in self._fleets]
        left = np.maximum(np.array(counts)[:, None] - self._closed, 0)
        whole = [fleet.capacity(np.array(fleet.count)) for fleet in self._fleets]
        self._lost = np.array([w - f.capacity(n) for w, f, n in zip(whole, self._fleets, left, strict=True)])

    def extend_overdue(self, now_s: float) -> None:
        """Let what runs beyond its estimate hold the slot of now."""
        now = self.slot(now_s)
        while self._ends and self._ends[0][0] <= now:
            last, job = heapq.heappop(self._ends)
            stay = self._stays.get(job)
            if stay and stay[2] == last:
                region, first, _, held = stay
                self._booked[region, last : now + 1] += held
                self._stays[job] = (region, first, now + 1, held)
                heapq.heappush(self._ends, (now + 1, job))

    def room(self, now_s: float, slots: int) -> FloatArray:
        """Return free CPUs, GPUs and memory over `slots` slots that begin at `now_s`, shape (R, slots, 3).

        Between two slot edges each of the slots asked for straddles two: then the fuller one counts.
        """
        self.extend_overdue(now_s)
        first = self.slot(now_s)
        if abs(now_s / self._epoch_s - first) < _EPS:
            return self._free(first, slots)
        both = self._free(first, slots + 1)
        return np.minimum(both[:, :-1], both[:, 1:])

    def _free(self, first: int, slots: int) -> FloatArray:
        booked = self._booked[:, first : first + slots]
        if self._lost is not None:
            booked = booked + self._lost[:, first : first + slots]
        if booked.shape[1] < slots:
            booked = np.pad(booked, ((0, 0), (0, slots - booked.shape[1]), (0, 0)))
        return np.asarray(self._capacity[:, None, :] - booked)
