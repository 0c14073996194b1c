"""What rules a run of a job out: its size, the rules, its description, its deadline, or the room that was left.

By the true series and by what others really held and used; so a start that a rule forbade by a forecast, or a budget
by what could still have been used of it, may be open here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agent.explain.elsewhere import Elsewhere, Part
from agent.explain.evidence import Evidence
from agent.explain.words import grams, moment
from agent.policy.english import quoted
from agent.policy.rules import Approval, Budget, Delay, Headroom, RuleBase
from sim.ceilings import METRICS
from sim.constraints import Allowance
from sim.model import demand
from sim.units import FloatArray
from sim.world import ROUNDING_S

_EPS = 1e-6
DIMENSIONS = ("kwh", "g", "usd")
"""Of `METRICS`, as a trace names them."""


@dataclass(frozen=True)
class Limit:
    """What rules a run out, in words, and its kind.

    Kinds are size, rule, description, approval, deadline, budget, headroom and room.
    """

    kind: str
    says: str
    numbers: tuple[tuple[str, float], ...] = ()
    """Those in `says` that stand in no rule: dimension and value, as `Trace.add` takes them."""


class Limits:
    """Says what speaks against runs of one job."""

    def __init__(self, evidence: Evidence, elsewhere: Elsewhere) -> None:
        self._evidence, self._elsewhere = evidence, elsewhere
        self._world, self._job = evidence.world, evidence.job
        self._of_others: dict[tuple[str, float], FloatArray] = {}

    def against(self, parts: Sequence[Part]) -> list[Limit]:
        """Return everything that rules a run out, what could change least first; empty if nothing does."""
        size = list(self._size(parts))
        return size or [
            *self._rule(parts[0]),
            *self._approval(parts[0]),
            *self._deadline(parts),
            *self._budget(parts),
            *self._headroom(parts),
            *self._room(parts),
        ]

    def _size(self, parts: Sequence[Part]) -> Iterator[Limit]:
        for part in parts[:1]:
            region = self._world.regions[part.region]
            wanted = demand(self._job) * part.scale
            if (wanted > region.capacity + _EPS).any():
                yield _short("size", f"it is larger than {region.id}", wanted, region.capacity)

    def _rule(self, first: Part) -> Iterator[Limit]:
        """Yield the placement rule, or the bound of the description, that forbids this start."""
        world, r = self._world, first.region
        said = self._evidence.bound_to.why_not(
            self._job,
            world.regions[r].id,
            first.start_s,
            intensity=world.intensity[r].at(first.start_s),
            price=world.price[r].at(first.start_s),
        )
        if said:
            yield Limit("description" if said.startswith("its description") else "rule", said)

    def _approval(self, first: Part) -> Iterator[Limit]:
        """Yield the rules that want a person's yes which was not given. With limits: if somebody was asked."""
        region = self._world.regions[first.region].id
        answers = {(one["region"], one["rule"]): one["yes"] for one in self._evidence.approvals}
        for rule in self._evidence.rules:
            if not isinstance(rule, Approval) or rule.strength != "must" or region not in (rule.regions or (region,)):
                continue
            key = (region, quoted(rule))
            limited = rule.carbon_above_kg is not None or rule.cost_above_usd is not None
            if (key in answers or not limited) and not answers.get(key):
                said = "a person said no" if answers.get(key) is False else "nobody said yes"
                yield Limit("approval", f"{said}: {quoted(rule)}")

    def _deadline(self, parts: Sequence[Part]) -> Iterator[Limit]:
        """Yield what makes the run late: a delay rule, the description, or the deadline, by estimate or in truth."""
        job, start_s, end_s = self._job, parts[0].start_s, parts[-1].end_s
        bound_s, (rule_s, rule) = self._evidence.bound_to.latest_start_s(job), self._delay
        if start_s > rule_s + ROUNDING_S and rule is not None:
            yield Limit("rule", quoted(rule))
        elif start_s > bound_s + ROUNDING_S:
            yield self._too_late("description", "its description: it had to start by", bound_s)
        if start_s > job.latest_start_s + ROUNDING_S:
            yield self._too_late("deadline", "by its estimate it had to start by", job.latest_start_s)
        elif end_s > job.deadline_s + ROUNDING_S:
            yield self._too_late("deadline", "it would have ended after its deadline,", job.deadline_s)

    def _too_late(self, kind: str, what: str, t_s: float) -> Limit:
        return Limit(kind, f"{what} {moment(self._world.start, t_s)}", (("s", t_s),))

    @cached_property
    def _delay(self) -> tuple[float, RuleBase | None]:
        """The delay rule that leaves least time, and its last start."""
        delays = [rule for rule in self._evidence.rules if isinstance(rule, Delay) and rule.strength == "must"]
        bounds = [(self._evidence.guard_of(rule).latest_start_s(self._job), rule) for rule in delays]
        return min(bounds, key=lambda one: one[0], default=(np.inf, None))

    def _budget(self, parts: Sequence[Part]) -> Iterator[Limit]:
        """Yield the budgets of which the others had left too little in a period that the run touches."""
        for rule, allowance, counted in self._budgets:
            edges_s = allowance.edges_s(self._world.horizon_s).tolist()
            metric = METRICS.index(allowance.metric)
            for from_s, to_s in itertools.pairwise(edges_s):
                mine = [part for part in _within(parts, from_s, to_s) if part.region in allowance.rows]
                if not mine:
                    continue
                used = self._used(rule, allowance, counted, from_s, to_s)[metric]
                if used + self._elsewhere.drawn(mine)[metric] > allowance.most * (1 + 1e-9):
                    said = (
                        f"{quoted(rule)}; of {_amount(metric, allowance.most)}, others had used {_amount(metric, used)}"
                    )
                    yield Limit("budget", said, ((DIMENSIONS[metric], used), (DIMENSIONS[metric], allowance.most)))
                    break

    @cached_property
    def _budgets(self) -> list[tuple[Budget, Allowance, list[bool]]]:
        """The budgets about the job, and which jobs each counts."""
        found: list[tuple[Budget, Allowance, list[bool]]] = []
        for rule in self._evidence.rules:
            if isinstance(rule, Budget) and rule.strength == "must":
                (allowance,) = self._evidence.guard_of(rule).quotas
                assert isinstance(allowance, Allowance)
                found.append((rule, allowance, [allowance.about(job) for job in self._world.workload.jobs]))
        return found

    def _used(
        self, rule: Budget, allowance: Allowance, counted: Sequence[bool], from_s: float, to_s: float
    ) -> FloatArray:
        """Return what others used of a budget in a period; reckoned once a period."""
        key = (quoted(rule), from_s)
        if key not in self._of_others:
            span = max(from_s, 0.0), min(to_s, self._world.horizon_s)
            each = [self._elsewhere.drawn_by_others(int(r), *span, counted) for r in allowance.rows]
            self._of_others[key] = np.sum(each, axis=0)
        return self._of_others[key]

    def _headroom(self, parts: Sequence[Part]) -> Iterator[Limit]:
        for rule, counted in self._headrooms:
            for part in parts:
                times_s, levels = self._elsewhere.held(part, counted)
                over = levels[0] + self._job.cpus * part.scale > self._allowed_cpus(rule, part.region, times_s) + _EPS
                if over.any():
                    yield Limit("headroom", quoted(rule))
                    break

    @cached_property
    def _headrooms(self) -> list[tuple[Headroom, list[bool] | None]]:
        """The rules on CPU use about the job, and which jobs each counts; None for all."""
        found: list[tuple[Headroom, list[bool] | None]] = []
        for rule in self._evidence.rules:
            if isinstance(rule, Headroom) and rule.strength == "must":
                (share, *_) = self._evidence.guard_of(rule).quotas or (None,)
                counted = [share.about(job) for job in self._world.workload.jobs] if share else None
                found.append((rule, counted))
        return found

    def _allowed_cpus(self, rule: Headroom, r: int, times_s: FloatArray) -> FloatArray:
        guard, epoch_s = self._evidence.guard_of(rule), self._world.epoch_s
        slots_s = np.floor(times_s / epoch_s) * epoch_s
        (share, *_) = guard.quotas or (None,)
        limit = guard.cpu_limit(slots_s, epoch_s) if share is None else share.limit(slots_s, epoch_s)  # type: ignore[union-attr]
        return np.asarray(limit[r] * self._world.regions[r].cpus)

    def _room(self, parts: Sequence[Part]) -> Iterator[Limit]:
        for part in parts:
            times_s, levels = self._elsewhere.held(part)
            left = self._elsewhere.capacity(part.region, times_s) - levels
            short = (demand(self._job)[:, None] * part.scale > left + _EPS).any(axis=0)
            if short.any():
                at = int(np.argmax(short))
                region, t_s = self._world.regions[part.region].id, float(times_s[at])
                what = f"{region} was too full at {moment(self._world.start, t_s)}"
                yield _short("room", what, demand(self._job) * part.scale, left[:, at], ("s", t_s))
                return


def _within(parts: Sequence[Part], from_s: float, to_s: float) -> list[Part]:
    """Return the parts cut to a span."""
    cut = [part._replace(start_s=max(part.start_s, from_s), end_s=min(part.end_s, to_s)) for part in parts]
    return [part for part in cut if part.start_s < part.end_s]


def _amount(metric: int, value: float) -> str:
    """Return an amount of energy, carbon or cost."""
    return (f"{value:.2f} kWh", grams(value), f"{value:.2f} USD")[metric]


def _short(kind: str, what: str, wanted: FloatArray, left: FloatArray, *more: tuple[str, float]) -> Limit:
    """Return the limit that there is too little of some resources."""
    lacks, numbers = [], list(more)
    for name, need, have in zip(("CPUs", "GPUs", "GB"), wanted.tolist(), left.tolist(), strict=True):
        if need > have + _EPS:
            lacks.append(f"{need:g} {name} needed, {max(0.0, have):g} there")
            numbers += [(name.lower(), need), ("", have)]
    return Limit(kind, f"{what}: {', '.join(lacks)}", tuple(numbers))
