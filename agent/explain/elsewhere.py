"""What a job's run would have emitted elsewhere or at another time, everything else as it was; and the room for it.

By the ledger's own reckoning and the series as they came to be: servers' curves, cooling and on-site supply answer to
the job's load too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from agent.explain.evidence import Evidence
from sim.audit import answered, placed_in, switched
from sim.fleet import Fleet
from sim.history import KINDS, History, Row, Served, Switch
from sim.ledger import drawn_between
from sim.recompute import Placed
from sim.units import FloatArray, IntArray
from sim.world import World


class Part(NamedTuple):
    """A piece of the job's run: where, when, with how many workers, and what it was (a place in KINDS)."""

    region: int
    start_s: float
    end_s: float
    scale: int = 1
    kind: int = 0


class Elsewhere:
    """A run without one of its jobs, to which the job's run can be added anywhere."""

    def __init__(self, evidence: Evidence) -> None:
        """Read what ran.

        Raises:
            InputError: If a table lacks a column, or names what is not in the scenario.
        """
        folder, self._world, self._job = evidence.folder, evidence.world, evidence.position
        self._placed = placed_in(folder, self._world)
        self._switches = [Switch(one.t_s, one.region, one.servers_on) for one in switched(folder, self._world)]
        self._served = [
            Served(s.service, s.region, s.start_s, s.end_s, s.replicas, s.rate_per_s, 0.0, s.late_per_s)
            for s in answered(folder, self._world)
        ]

    @property
    def world(self) -> World:
        """The run's."""
        return self._world

    @cached_property
    def parts(self) -> list[Part]:
        """What the job really ran, by start."""
        placed = self._placed
        mine = np.flatnonzero(placed.job == self._job)
        return sorted((_part(placed, int(p)) for p in mine), key=lambda part: part.start_s)

    # -- energy, carbon and cost ------------------------------------------------------------------------------------

    def emitted_g(self, parts: Sequence[Part], *, moved: bool = True) -> float:
        """Return the grams of a run of the job made of these parts, data transfers not included.

        Where a region switches idle servers off, they count as on if the run is `moved`: the job would have woken some.
        """
        return float(self.drawn(parts, moved=moved)[1])

    def drawn(self, parts: Sequence[Part], *, moved: bool = True) -> FloatArray:
        """Return kWh, grams and USD of such a run, shape (3,)."""
        found = np.zeros(3)
        for r in {part.region for part in parts}:
            found += self._drawn_in(r, [part for part in parts if part.region == r], moved)
        return found

    def drawn_by_others(self, r: int, from_s: float, to_s: float, counted: Sequence[bool]) -> FloatArray:
        """Return kWh, grams and USD that some of the other jobs drew in a region within a span, shape (3,)."""
        switches = [switch for switch in self._switches if switch.region == r]
        history = History(switches=switches, served=self._served_in(r, from_s, to_s))
        others = self._others(r, from_s, to_s)
        if not others:
            return np.zeros(3)
        pieces, drawn = drawn_between(self._world, history, others, from_s, to_s)
        return np.asarray(drawn[:, np.array(counted)[pieces.job]].sum(axis=1))

    def _drawn_in(self, r: int, parts: Sequence[Part], moved: bool) -> FloatArray:
        from_s, to_s = min(part.start_s for part in parts), max(part.end_s for part in parts)
        mine: list[Row] = [(self._job, r, p.start_s, p.end_s, p.scale, p.kind, False) for p in parts]
        switches = [] if moved else [switch for switch in self._switches if switch.region == r]
        history = History(switches=switches, served=self._served_in(r, from_s, to_s))
        pieces, drawn = drawn_between(self._world, history, [*self._others(r, from_s, to_s), *mine], from_s, to_s)
        return np.asarray(drawn[:, pieces.job == self._job].sum(axis=1))

    def _served_in(self, r: int, from_s: float, to_s: float) -> list[Served]:
        return [one for one in self._served if one.region == r and one.start_s < to_s and one.end_s > from_s]

    def _others(self, r: int, from_s: float, to_s: float) -> list[Row]:
        """Return what other jobs ran in a region within a span, as rows of a history."""
        placed = self._placed
        there = (placed.region == r) & (placed.job != self._job) & (placed.start_s < to_s) & (placed.end_s > from_s)
        return [
            (int(placed.job[p]), r, float(placed.start_s[p]), float(placed.end_s[p]), int(placed.scale[p]),
             KINDS.index(placed.kind[p]), False)
            for p in np.flatnonzero(there).tolist()
        ]  # fmt: skip

    def moving_g(self, r: int, start_s: float, gb: float, home: int) -> float:
        """Return the grams of bringing so many GB from home to a region in time for a start; 0 without a network."""
        network = self._world.network
        if network is None or not gb or r == home:
            return 0.0
        began_s = start_s - float(network.transfer_s(home, r, gb))
        signal = self._world.intensity[home]
        span_s = start_s - began_s
        mean = float(signal.integral(began_s, start_s)) / span_s if span_s > 0 else signal.at(start_s)
        return float(network.transfer_kwh(home, r, gb)) * mean

    # -- room --------------------------------------------------------------------------------------

    def held(self, part: Part, counted: Sequence[bool] | None = None) -> tuple[FloatArray, FloatArray]:
        """Return what others hold in a part's region while it lasts: moments, shape (T,), and amounts, shape (3, T).

        Args:
            part: The region and the span.
            counted: Which jobs of the workload count; all, and services, if not given.
        """
        rows = self._others(part.region, part.start_s, part.end_s)
        if counted is not None:
            rows = [row for row in rows if counted[row[0]]]
        jobs = self._world.workload.jobs
        loads = [(row[2], row[3], jobs.numbers[3:6, row[0]] * row[4]) for row in rows]
        if counted is None:
            services = self._world.services
            loads += [
                (one.start_s, one.end_s, services[one.service].demand * one.replicas)
                for one in self._served_in(part.region, part.start_s, part.end_s)
            ]
        times_s = np.unique([part.start_s, *(start_s for start_s, _, _ in loads if start_s > part.start_s)])
        levels = np.zeros((3, len(times_s)))
        for start_s, end_s, amounts in loads:
            levels[:, (times_s >= start_s) & (times_s < end_s)] += np.asarray(amounts)[:, None]
        return times_s, levels

    def capacity(self, r: int, times_s: FloatArray) -> FloatArray:
        """Return what a region's open servers hold at these moments, shape (3, T)."""
        region = self._world.regions[r]
        fleet = Fleet(region)
        closed: IntArray = np.zeros(len(times_s), dtype=np.int64)
        for closure in region.closures:
            closed[(times_s >= closure.start_s) & (times_s < closure.end_s)] += closure.servers
        return fleet.capacity(fleet.count - closed).T


def _part(placed: Placed, p: int) -> Part:
    return Part(
        int(placed.region[p]),
        float(placed.start_s[p]),
        float(placed.end_s[p]),
        int(placed.scale[p]),
        KINDS.index(placed.kind[p]),
    )
