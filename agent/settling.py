"""Never worse: what of a proposal is committed, after at most two repairs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agent.compose import Part
from agent.epoch import Epoch
from agent.exceptions import rows_of
from agent.propose import Candidate, label, objective_g, put_together

WORSE = 1e-9
"""Relative: how much higher an objective must be to count as worse (rounding of sums)."""
LEEWAY = 0.1
"""What is decided otherwise only for jobs of which something is to be minded may cost so much of the whole plan."""
REPAIRS = 2


class Settled(NamedTuple):
    """What is committed, and what of the proposal was put back."""

    candidate: Candidate
    put_back: tuple[str, ...] = ()


def settle(epoch: Epoch, proposed: Candidate, base: Candidate, repairs: int = REPAIRS) -> Settled:
    """Return the proposal if it is no worse than the base plan, or what holds of it; else the base plan.

    A part that a rule or the room forbids is put back, and then each part that is worse than the base plan's way.
    """
    one = proposed
    put_back: list[str] = []
    for repair in range(repairs + 1):
        if holds(epoch, one, base):
            return Settled(one, tuple(put_back))
        kept = _kept(epoch, one, base)
        if repair == repairs or not kept or len(kept) == len(one.parts):
            break
        put_back += [part.name for part in one.parts if part not in kept]
        name = label(len(epoch.candidates))
        one = put_together(epoch.scales, name, "model, repaired", base, kept, epoch.agent.objective)
        epoch.candidates.append(one)
    return Settled(base)


def holds(epoch: Epoch, one: Candidate, base: Candidate) -> bool:
    """Return whether a plan may be committed beside the base plan."""
    if one is base:
        return True
    limit = base.objective + abs(base.objective) * WORSE
    if one.parts and one.late <= base.late and all(_is_minded(epoch, part) for part in one.parts):
        limit += LEEWAY * base.carbon_g
    return not one.problems and one.objective <= limit


def _is_minded(epoch: Epoch, part: Part) -> bool:
    return set(part.rows.tolist()) <= rows_of(epoch.exceptions)


def _kept(epoch: Epoch, one: Candidate, base: Candidate) -> list[Part]:
    """Return the parts without those that have a problem; if none has, without those that are worse."""
    pending = epoch.view.pending
    wrong = [part for part in one.parts if not one.problems.keys().isdisjoint(pending.take(part.rows).ids)]
    if not wrong:
        mine, theirs = (objective_g(plan.figures, epoch.agent.objective) for plan in (one, base))
        worse = mine - theirs
        wrong = [p for p in one.parts if float(np.sum(worse[p.rows])) > WORSE and not _is_minded(epoch, p)]
    return [part for part in one.parts if part not in wrong]
