"""The gate: what the rules say when a job is about to start, or to be planned, in a region."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from sim.approvals import Approvals
from sim.budgets import BudgetUse
from sim.ceilings import Sites
from sim.consents import Consents
from sim.constraints import Allowance, Consent, Constraints
from sim.errors import IllegalAction, RuleDenied
from sim.forecast import Forecaster, forecast, row_of
from sim.foresight import Foretold, told_from
from sim.history import History, Row
from sim.meter import Meter
from sim.model import Job
from sim.quotas import Quotas, ShareUse, Standing, Use
from sim.signals import Bundle, Signal
from sim.stays import Stay
from sim.units import FloatArray
from sim.view import Held
from sim.world import World

_EPS = 1e-9

Run = tuple[float, float]
"""CPUs that a running job holds, and when it ends by its estimate."""


class Gate:
    """Asks the constraints of a run, and raises RuleDenied where one forbids."""

    def __init__(
        self,
        world: World,
        constraints: Constraints,
        history: History,
        foretold: Foretold | None = None,
        approvals: Approvals | None = None,
    ) -> None:
        self._world, self._constraints, self._foretold = world, constraints, foretold
        self.approvals = approvals or Approvals()
        self._cpus = np.array([region.cpus for region in world.regions])
        budgets = [limit for limit in constraints.quotas if isinstance(limit, Allowance)]
        metered = bool(budgets or constraints.consents)
        self._meter = Meter(world, history, budgets, constraints.consents) if metered else None
        self._sites = Sites(world) if metered else None
        self._quotas: Quotas | None = None
        self._consents: Consents | None = None
        self._counts: dict[str, list[int]] = {}
        self._asking: dict[str, list[Consent]] = {}
        self._as_of_s = -math.inf

    # -- what is used up ---------------------------------------------------------------------------

    def look_again(self) -> None:
        """Note that what is held has changed otherwise than by starts and plans that passed the gate."""
        self._quotas = None

    def quotas(self, now_s: float, held: Mapping[int, Held], running: Iterable[Row]) -> Quotas | None:
        """Return what is left of the rules' quotas now; None if there are none and nobody must be asked.

        Args:
            held: What holds or will hold something.
            running: What runs, as rows of the history that end now.
        """
        rules = self._constraints
        if (rules.quotas or rules.consents) and (self._quotas is None or self._as_of_s != now_s):
            stays = {j: self._stay(one, now_s) for j, one in held.items()}
            self._quotas = Quotas(self._about, self._uses(now_s, running), stays, len(self._cpus))
            self._as_of_s = now_s
        return self._quotas

    def _about(self, job: Job) -> Sequence[int]:
        """Return the places of the quotas towards which a job counts, by its id: that never changes."""
        found = self._counts.get(job.id)
        if found is None:
            found = [n for n, limit in enumerate(self._constraints.quotas) if limit.about(job)]
            self._counts[job.id] = found
        return found

    def _asks(self, job: Job) -> Sequence[Consent]:
        """Return the rules under which somebody may have to be asked about a job."""
        found = self._asking.get(job.id)
        if found is None:
            found = self._asking[job.id] = [one for one in self._constraints.consents if one.about(job)]
        return found

    def _uses(self, now_s: float, running: Iterable[Row]) -> Iterator[Use]:
        """Yield what is left of each quota, what is held aside; look at the meter, and at what people said."""
        if self._meter and self._sites:
            self._meter.read(now_s, running)
            spent, ceilings = iter(self._meter.spent), self._sites.at(now_s)
            ids = [region.id for region in self._world.regions]
            self._consents = Consents(self._asks, self.approvals, ids, ceilings, self._meter.of_job)
        for limit in self._constraints.quotas:
            if isinstance(limit, Allowance):
                yield BudgetUse(limit, next(spent), ceilings, self._world.horizon_s)
            else:
                yield ShareUse(limit, self._cpus, self._world.epoch_s, now_s)

    def standing(self, now_s: float, held: Mapping[int, Held], running: Iterable[Row]) -> Constraints:
        """Return the rules with what is left of their quotas now."""
        quotas = self.quotas(now_s, held, running)
        if not quotas:
            return self._constraints
        consents = self._consents if self._constraints.consents else None
        return Standing(self._constraints, quotas.copy(), consents, self._world.regions)

    def _stay(self, held: Held, now_s: float) -> Stay:
        """Return what is left of a job's stay. One that has outlived its estimate is taken to last as long again."""
        job, start_s, end_s = self._world.workload.jobs[held.job], held.start_s, held.end_s
        if held.state == "queued":
            start_s, end_s = now_s, now_s + held.end_s - held.start_s
        elif end_s <= now_s:
            end_s = now_s + max(now_s - start_s, self._world.epoch_s)
        return Stay(job, held.region, held.scale, max(start_s, now_s), end_s)

    # -- questions ---------------------------------------------------------------------------------

    def start(
        self, j: int, stay: Stay, quotas: Quotas | None, running: Iterable[Run], *, goes_on: bool = False
    ) -> None:
        """Raise RuleDenied if a rule forbids the stay of a job (a position), which begins now.

        Args:
            running: What else runs in the region.
            goes_on: It runs already, and limits on starts do not bind it.
        """
        self._settle(j, stay, quotas, self._why_not_now(stay, running, goes_on=goes_on))

    def plan(self, j: int, stay: Stay, quotas: Quotas | None, now_s: float) -> None:
        """Raise RuleDenied if a rule forbids a stay that begins later, going by the forecast issued now."""
        self._settle(j, stay, quotas, self._why_not_later(stay, now_s))

    def ask(self, j: int, stay: Stay, quotas: Quotas | None, now_s: float, running: Iterable[Run]) -> bool | None:
        """Ask people about a stay, now or later; return what they say: one no is a no, None is no answer yet.

        Args:
            running: What else runs in the region.

        Raises:
            RuleDenied: If a rule forbids the stay, or too little is left of a quota, whatever people say.
            IllegalAction: If no rule wants a yes for it.
        """
        if rule := self._forbids(j, stay, quotas, now_s, running):
            raise RuleDenied(rule)
        said = self._consents.ask(stay) if quotas and self._consents else []
        if not said:
            region = self._world.regions[stay.region].id
            raise IllegalAction(f"job {stay.job.id} needs nobody's yes to run in {region}; place it")
        return False if False in said else None if None in said else True

    def foresee(self, j: int, stay: Stay, quotas: Quotas | None, now_s: float, running: Iterable[Run]) -> None:
        """Raise RuleDenied for a stay that would be refused, by what is known now; nothing is taken of quotas."""
        rule = self._forbids(j, stay, quotas, now_s, running)
        if rule := rule or (self._consents.why_not(stay) if quotas and self._consents else None):
            raise RuleDenied(rule)

    def _forbids(self, j: int, stay: Stay, quotas: Quotas | None, now_s: float, running: Iterable[Run]) -> str | None:
        rule = self._why_not_now(stay, running) if stay.start_s <= now_s else self._why_not_later(stay, now_s)
        if rule or not quotas:
            return rule
        left = quotas.copy()
        left.drop(j)
        return left.why_not(stay)

    def suspend(self, stay: Stay, times: int, running: Iterable[Run], *, due_s: float) -> None:
        """Raise RuleDenied if a rule forbids to suspend a job that has been suspended so many times.

        Args:
            stay: From now until its checkpoint is written.
            running: What else runs in the region.
            due_s: When it would end by its estimate: a checkpoint written later must be allowed to be.
        """
        rule = self._constraints.why_not_suspend(stay.job, times)
        if not rule and stay.start_s < due_s < stay.end_s - _EPS:
            rule = self._why_not(stay, math.nan, math.nan) or self._headroom(stay, running)
        if rule:
            raise RuleDenied(rule)

    def _why_not_now(self, stay: Stay, running: Iterable[Run], *, goes_on: bool = False) -> str | None:
        world, r, now_s = self._world, stay.region, stay.start_s
        intensity, price = (math.nan if goes_on else signals[r].at(now_s) for signals in (world.intensity, world.price))
        return self._why_not(stay, intensity, price) or self._headroom(stay, running)

    def _why_not_later(self, stay: Stay, now_s: float) -> str | None:
        world, told, model, r, start_s = self._world, self._foretold, self._world.models, stay.region, stay.start_s
        intensity = self._expected(
            model.intensity, world.intensity, told.intensity if told else None, r, now_s, start_s
        )
        price = self._expected(model.price, world.price, told.price if told else None, r, now_s, start_s)
        return self._why_not(stay, intensity, price)

    def _why_not(self, stay: Stay, intensity: float, price: float) -> str | None:
        return self._constraints.why_not(
            stay.job,
            self._world.regions[stay.region].id,
            stay.start_s,
            intensity=intensity,
            price=price,
            seconds=stay.end_s - stay.start_s,
        )

    def _settle(self, j: int, stay: Stay, quotas: Quotas | None, rule: str | None) -> None:
        """Raise RuleDenied for a rule that forbids a stay, of whose quota too little is left, or that wants a yes."""
        if quotas:
            quotas.drop(j)
            rule = rule or quotas.why_not(stay) or (self._consents.why_not(stay) if self._consents else None)
        if rule:
            raise RuleDenied(rule)
        if quotas:
            quotas.take(j, stay)
            self.approvals.placed(stay.job.id)

    def _expected(
        self, model: Forecaster, signals: Sequence[Signal], told: Bundle | None, r: int, now_s: float, start_s: float
    ) -> float:
        """Return a signal of a region at a later moment, by the forecast issued now or as it is told."""
        span_s = start_s - now_s + 1.0
        if told:
            current = np.array([signal.at(now_s) for signal in signals])
            return float(told_from(told, now_s, span_s, current).at(np.array([start_s]))[r, 0])
        return forecast(row_of(model, r), signals[r].up_to(now_s), now_s, span_s).at(start_s)

    def _headroom(self, stay: Stay, running: Iterable[Run]) -> str | None:
        """Return a refusal if the job would push CPU use over a rule's limit at any epoch of its stay.

        What runs now is taken to end by its estimate; what starts later is checked when it starts.
        """
        region, epoch_s = self._world.regions[stay.region], self._world.epoch_s
        first = stay.start_s // epoch_s
        count = int(np.ceil(stay.end_s / epoch_s - first - _EPS))
        slots_s: FloatArray = epoch_s * (first + np.arange(float(max(count, 1))))
        limit = self._constraints.cpu_limit(slots_s, epoch_s)[stay.region] * region.cpus
        if (limit >= region.cpus - _EPS).all():
            return None
        busy = np.full(len(slots_s), stay.job.cpus * stay.scale)
        for held, end_s in running:
            live = slots_s < end_s - _EPS
            live[0] = True  # it runs now, whatever its estimate said
            busy[live] += held
        over = np.flatnonzero(busy > limit + _EPS)
        if not len(over):
            return None
        return (
            f"CPU use of {region.id} would be {busy[over[0]]:g} of the allowed {limit[over[0]]:g} "
            f"at {slots_s[over[0]]:g} s"
        )
