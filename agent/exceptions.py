"""What stands that no plan's figures say: texts, approvals that are waited for, refusals, outages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from agent.prompts import as_data
from sim.approvals import Ask
from sim.units import BoolArray
from sim.view import View

MOST_CHARS = 120
"""Of a text in a note."""


class Exceptional(NamedTuple):
    """Something to mind. `key` is the same as long as it is the same; `rows` are the pending jobs that it is about."""

    key: str
    says: str
    rows: tuple[int, ...]


def standing(
    view: View, asks: Sequence[Ask], texts: Mapping[str, str], refused: Mapping[str, str]
) -> list[Exceptional]:
    """Return what stands now: about pending jobs first, then outages.

    Args:
        view: The decision point.
        asks: Placements that wait for a person's yes.
        texts: By job id, what a description says beyond what binds the job.
        refused: By job id, the rule that denied it last.
    """
    if not (asks or texts or refused):
        return list(_outages(view))
    row = {job_id: i for i, job_id in enumerate(view.pending.ids)}
    found = [*_waiting(asks, row), *_said(texts, row), *_denied(refused, row)]
    return [*found, *_outages(view)]


def _waiting(asks: Sequence[Ask], row: Mapping[str, int]) -> Iterable[Exceptional]:
    for ask in asks:
        if ask.job_id in row:
            says = f"job {as_data(ask.job_id)} waits for a yes to run in {ask.region}"
            yield Exceptional(f"approval {ask.job_id} {ask.region}", says, (row[ask.job_id],))


def _said(texts: Mapping[str, str], row: Mapping[str, int]) -> Iterable[Exceptional]:
    for job_id in (one for one in texts if one in row):
        says = f"job {as_data(job_id)} says {_quoted(texts[job_id])}"
        yield Exceptional(f"text {job_id}", says, (row[job_id],))


def _quoted(text: str) -> str:
    """Return the beginning of somebody else's text in quotes, which nothing in it can end."""
    return json.dumps(as_data(text)[:MOST_CHARS], ensure_ascii=False)


def _denied(refused: Mapping[str, str], row: Mapping[str, int]) -> Iterable[Exceptional]:
    for job_id, rule in refused.items():
        if job_id in row and not rule.startswith("awaiting approval"):
            says = f"job {as_data(job_id)} was refused by {_quoted(rule)}"
            yield Exceptional(f"refused {job_id} {rule}", says, (row[job_id],))


def _outages(view: View) -> Iterable[Exceptional]:
    """Yield closures that hold now, whether they were announced or not: nothing of those to come."""
    for region in view.regions:
        closed = sum(c.servers for c in region.closures if c.start_s <= view.now_s < c.end_s)
        if closed:
            yield Exceptional(f"outage {region.id} {closed}", f"{closed} servers of {region.id} are out of use", ())


def rows_of(found: Iterable[Exceptional]) -> set[int]:
    """Return the pending jobs that any of them is about."""
    return {row for one in found for row in one.rows}


def mask(found: Iterable[Exceptional], count: int) -> BoolArray:
    """Return which of so many pending jobs any of them is about."""
    which = np.zeros(count, dtype=bool)
    which[list(rows_of(found))] = True
    return which
