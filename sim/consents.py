"""Which placements need a person's yes, and whether they have it.

A rule with limits is about runs that could emit or cost more: what the job has used up so far where the rule holds, and
the most that the rest can take there (see `sim.ceilings`). So no run exceeds a limit without a yes, unless it outlives
its estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from sim.approvals import Approvals, Ask
from sim.ceilings import METRICS, Ceilings
from sim.constraints import Consent
from sim.model import Job
from sim.stays import Loads, Stay
from sim.units import G_PER_KG, BoolArray, FloatArray

_CARBON, _COST = METRICS.index("carbon_g"), METRICS.index("cost_usd")


class Consents:
    """The rules that ask for approval, as of one moment."""

    def __init__(
        self,
        about: Callable[[Job], Sequence[Consent]],
        approvals: Approvals,
        regions: Sequence[str],
        ceilings: Ceilings,
        spent: Callable[[Consent, str], FloatArray],
    ) -> None:
        """Look at the present.

        Args:
            about: The rules about a job.
            regions: Ids, in scenario order.
            spent: From a rule and a job's id to what the job has used up where the rule holds, shape (3,).
        """
        self._about, self._approvals, self._regions = about, approvals, regions
        self._ceilings, self._spent = ceilings, spent

    def why_not(self, stay: Stay) -> str | None:
        """Ask about a stay if a rule wants that; return why it may not begin (yet), None if it may."""
        for ask in self._needed(stay):
            said = self._approvals.ask(ask)
            if not said:
                return f"{'awaiting approval' if said is None else 'not approved'}: {ask.rule}"
        return None

    def ask(self, stay: Stay) -> list[bool | None]:
        """Ask about a stay under every rule that wants that; return the answers, None where there is none yet."""
        return [self._approvals.ask(ask) for ask in self._needed(stay)]

    def _needed(self, stay: Stay) -> Iterator[Ask]:
        """Yield what has to be asked before a stay may begin."""
        for consent in self._about(stay.job):
            if not consent.strict or stay.region not in consent.rows:
                continue
            most = self._most(consent, stay)
            if _exceeds(consent, most):
                carbon_kg, cost_usd = float(most[_CARBON]) / G_PER_KG, float(most[_COST])
                region = self._regions[stay.region]
                yield Ask(stay.job.id, region, consent.rule, stay.start_s, carbon_kg, cost_usd)

    def refused(self, stay: Stay) -> str | None:
        """Return the rule under which a stay was asked about and got no yes, None if none; nobody is asked."""
        region = self._regions[stay.region]
        for consent in self._about(stay.job):
            known = (stay.job.id, region, consent.rule)
            if stay.region in consent.rows and self._approvals.asked(*known) and not self._approvals.said(*known):
                return consent.rule
        return None

    def open_to(self, job: Job) -> BoolArray:
        """Return the regions of which nobody has been asked in vain, shape (R,)."""
        stays = (Stay(job, r, 1, 0.0, 0.0) for r in range(len(self._regions)))
        return np.array([self.refused(stay) is None for stay in stays])

    def binds(self, job: Job) -> bool:
        """Return whether any rule is about a job."""
        return bool(self._about(job))

    def wished(self, job: Job) -> FloatArray | None:
        """Return under how many wishes a run from now on would need a yes, shape (R, 1); None if there are none."""
        wishes = [consent for consent in self._about(job) if not consent.strict]
        if not wishes:
            return None
        found = np.zeros((len(self._regions), 1))
        now_s = self._ceilings.now_s
        for consent in wishes:
            for r in consent.rows:
                stay = Stay(job, r, 1, now_s, now_s + job.duration_estimate_s)
                found[r] += _exceeds(consent, self._most(consent, stay))
        return found

    def _most(self, consent: Consent, stay: Stay) -> FloatArray:
        """Return kWh, grams and USD that the job can come to at most, shape (3,)."""
        loads = Loads.of([stay.job], [stay.scale])
        now, later, once = (rates[:, stay.region, 0] for rates in self._ceilings.of(loads))
        span_s = stay.end_s - stay.start_s + float(loads.save_s[0])
        soon_s = min(max(self._ceilings.until_s - stay.start_s, 0.0), span_s)
        return np.asarray(now * soon_s + later * (span_s - soon_s) + once + self._spent(consent, stay.job.id))


def _exceeds(consent: Consent, most: FloatArray) -> bool:
    """Return whether a run that could come to so much needs a yes."""
    if consent.most_g is None and consent.most_usd is None:
        return True
    limits: Mapping[int, float | None] = {_CARBON: consent.most_g, _COST: consent.most_usd}
    return any(limit is not None and most[n] > limit * (1 + 1e-9) for n, limit in limits.items())
