"""Rules laid over the regions and the calendar of a scenario: as arrays, bounds and quotas."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from agent.policy.english import quoted
from agent.policy.periods import edges_s
from agent.policy.rules import Approval, Budget, Delay, Headroom, Placement, Window
from agent.policy.windows import WindowTimes, next_moment, zone_of
from sim.constraints import Allowance, Consent, CpuShare
from sim.errors import InputError
from sim.model import Job, Region
from sim.units import G_PER_KG, HOUR_S, BoolArray, FloatArray, IntArray, at_time, seconds_since


@dataclass(frozen=True)
class ZonedWindow:
    """A window as it holds in those regions (rows of the arrays) that keep the same time."""

    rows: IntArray
    times: WindowTimes


Lengths = tuple[FloatArray | float, FloatArray | float]
"""How long jobs will stay, and their duration estimates, seconds: numbers of one, or shape (J, 1)."""


@dataclass(frozen=True)
class PlacementLimit:
    """A placement rule over the regions of a scenario. `rows` are the regions that it names."""

    rule: Placement
    rows: IntArray
    other_rows: IntArray
    windows: tuple[ZonedWindow, ...]

    def narrow(
        self, allowed: BoolArray, starts_s: FloatArray, intensity: FloatArray, price: FloatArray, lengths: Lengths
    ) -> None:
        """Strike out of `allowed`, shape (R, S) or (J, R, S), what the rule forbids to jobs of these lengths."""
        if self.rule.effect == "only":
            self._keep_inside(allowed, starts_s, lengths)
        else:
            self._deny(allowed, starts_s, intensity, price, lengths)

    def _keep_inside(self, allowed: BoolArray, starts_s: FloatArray, lengths: Lengths) -> None:
        if len(self.other_rows):
            allowed[..., self.other_rows, :] = False
        for window in self.windows:
            allowed[..., window.rows, :] &= window.times.inside(starts_s, *lengths)[..., None, :]

    def _deny(
        self, allowed: BoolArray, starts_s: FloatArray, intensity: FloatArray, price: FloatArray, lengths: Lengths
    ) -> None:
        rule, rows = self.rule, self.rows
        if rule.window is None and rule.intensity_above is None and rule.price_above is None:
            allowed[..., rows, :] = False
        for window in self.windows:
            allowed[..., window.rows, :] &= window.times.clear(starts_s, lengths[0])[..., None, :]
        if rule.intensity_above is not None:
            allowed[..., rows, :] &= ~(intensity[rows] > rule.intensity_above)
        if rule.price_above is not None:
            allowed[..., rows, :] &= ~(price[rows] > rule.price_above)


@dataclass(frozen=True)
class CpuLimit:
    """A headroom rule over the regions of a scenario; without windows it always holds."""

    rule: Headroom
    rows: IntArray
    windows: tuple[ZonedWindow, ...]

    def lower(self, limit: FloatArray, times_s: FloatArray, step_s: float) -> None:
        """Lower `limit`, shape (R, T), in the slots that the rule touches."""
        most = self.rule.max_utilization
        if self.rule.window is None:
            limit[self.rows] = np.minimum(limit[self.rows], most)
        for window in self.windows:
            slots = np.where(window.times.clear(times_s, step_s), 1.0, most)
            limit[window.rows] = np.minimum(limit[window.rows], slots)


class Layout:
    """Regions, start and rhythm of a scenario, over which rules are laid. R is the number of regions."""

    def __init__(self, regions: Sequence[Region], start: datetime, epoch_s: float) -> None:
        self.regions = tuple(regions)
        self.row = {region.id: row for row, region in enumerate(regions)}
        self._start = start
        self._epoch_s = epoch_s

    def placement(self, rule: Placement) -> PlacementLimit:
        """Return a placement rule over the regions."""
        rows = self.rows(rule.regions)
        others = np.setdiff1d(np.arange(len(self.regions)), rows)
        return PlacementLimit(rule, rows, others, self._zoned(rule.window, rows))

    def cpu_limit(self, rule: Headroom) -> CpuLimit:
        """Return a headroom rule over the regions."""
        rows = self.rows(rule.regions)
        return CpuLimit(rule, rows, self._zoned(rule.window, rows))

    def share(self, rule: Headroom, counts: Callable[[Job], bool]) -> CpuShare:
        """Return a headroom rule as a quota of the jobs that count."""
        limit = self.cpu_limit(rule)

        def bound(times_s: FloatArray, step_s: float) -> FloatArray:
            share = np.ones((len(self.regions), len(times_s)))
            limit.lower(share, times_s, step_s)
            return share

        return CpuShare(quoted(rule), counts, bound, strict=rule.strength == "must")

    def allowance(self, rule: Budget, counts: Callable[[Job], bool]) -> Allowance:
        """Return a budget as a quota of the jobs that count."""
        metric, factor = ("carbon_g", G_PER_KG) if rule.metric == "carbon_kg" else (rule.metric, 1.0)
        return Allowance(
            rule=quoted(rule),
            about=counts,
            rows=self.rows(rule.regions),
            metric=metric,
            most=rule.max * factor,
            edges_s=lambda until_s: edges_s(rule.per, self._start, until_s),
            strict=rule.strength == "must",
        )

    def consent(self, rule: Approval, counts: Callable[[Job], bool]) -> Consent:
        """Return a rule under which people are asked about the jobs that count."""
        return Consent(
            rule=quoted(rule),
            about=counts,
            rows=frozenset(self.rows(rule.regions).tolist()),
            most_g=None if rule.carbon_above_kg is None else rule.carbon_above_kg * G_PER_KG,
            most_usd=rule.cost_above_usd,
            strict=rule.strength == "must",
        )

    def bound_s(self, rule: Delay, job: Job) -> float:
        """Return the last start that a delay rule allows; never before the first decision at or after submission."""
        bounds_s = []
        if rule.max_delay_h is not None:
            bounds_s.append(job.submit_s + rule.max_delay_h * HOUR_S)
        if rule.finish_by is not None:
            zone = zone_of(rule.tz or "local", self._home_tz(rule, job))
            finish = next_moment(at_time(self._start, job.submit_s), rule.finish_by, zone)
            bounds_s.append(seconds_since(self._start, finish) - job.duration_estimate_s)
        first_decision_s = math.ceil(job.submit_s / self._epoch_s) * self._epoch_s
        return max(min(bounds_s), first_decision_s)

    def _home_tz(self, rule: Delay, job: Job) -> str:
        if job.home in self.row:
            return self.regions[self.row[job.home]].tz
        if rule.tz == "local":
            raise InputError(
                f"job {job.id} was submitted in {job.home!r}, which is no region of the scenario, "
                f"but rule {quoted(rule)} needs its time zone; name a zone in the rule"
            )
        return "UTC"

    def rows(self, regions: Sequence[str] | None) -> IntArray:
        """Return the rows of the regions that are in the scenario; all where none is named."""
        chosen = self.row if regions is None else regions
        return np.array([self.row[region] for region in chosen if region in self.row], dtype=np.int64)

    def _zoned(self, window: Window | None, rows: IntArray) -> tuple[ZonedWindow, ...]:
        if window is None:
            return ()
        zones: dict[str, list[int]] = {}
        for row in rows.tolist():
            zones.setdefault(zone_of(window.tz, self.regions[row].tz).key, []).append(row)
        return tuple(
            ZonedWindow(np.array(group), WindowTimes(window, zone_of(key, key), self._start))
            for key, group in zones.items()
        )
