"""What happened in a run, as the engine wrote it down: the only thing that the accounting needs beside the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np

from sim.units import BoolArray, FloatArray, IntArray

KINDS = ("run", "save", "restore", "lost")
"""What a piece of a job's stay in a region was: work, writing or reading a checkpoint, or work that was lost."""
RUN, SAVE, RESTORE, LOST = range(len(KINDS))


Row = tuple[int, int, float, float, int, int, bool]
"""The fields of a `Piece` as a bare tuple."""


class Piece(NamedTuple):
    """A stretch of a job's stay in a region at one scale; `finished` says that the job ended with it."""

    job: int
    region: int
    start_s: float
    end_s: float
    scale: int
    kind: int
    finished: bool


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces as columns, shape (P,), ordered by start and job. `segment` counts the pieces of a job from 0."""

    job: IntArray
    region: IntArray
    start_s: FloatArray
    end_s: FloatArray
    scale: IntArray
    kind: IntArray
    finished: BoolArray
    segment: IntArray


@dataclass(frozen=True, slots=True)
class Move:
    """Data of a job that went from region to region (indices): input, state, or a predecessor's output."""

    job: int
    src: int
    dst: int
    start_s: float
    end_s: float
    gb: float


@dataclass(frozen=True, slots=True)
class Switch:
    """From `t_s` on, the first `servers_on` servers of a region draw power."""

    t_s: float
    region: int
    servers_on: int


@dataclass(frozen=True, slots=True)
class Served:
    """A service in a region over one routing step: its replicas, the requests sent there, and how long they took.

    `rate_per_s` is what arrived; `response_s` the mean time in the region (infinite if overloaded); `late_per_s` the
    requests a second that missed the service's limit or could not be served.
    """

    service: int
    region: int
    start_s: float
    end_s: float
    replicas: int
    rate_per_s: float
    response_s: float
    late_per_s: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that stopped a planned run when its time came; the job went back to pending."""

    t_s: float
    job_id: str
    region: str
    rule: str


@dataclass
class History:
    """Everything, in the order in which it happened.

    `rows` are the fields of `Piece` as bare tuples: a run has hundreds of thousands, and the garbage collector
    leaves bare tuples alone.
    """

    rows: list[Row] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    switches: list[Switch] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    suspensions: list[int] = field(default_factory=list)
    migrations: list[int] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)

    @property
    def pieces(self) -> list[Piece]:
        """The pieces, named."""
        return [Piece(*row) for row in self.rows]

    def columns(self) -> Pieces:
        """Return the pieces as columns."""
        flat = np.fromiter(chain.from_iterable(self.rows), dtype=float, count=7 * len(self.rows))
        rows = flat.reshape(-1, 7).T
        job, region, start_s, end_s, scale, kind, finished = rows[:, np.lexsort((rows[0], rows[2]))]
        job, region, scale, kind = (column.astype(np.int64) for column in (job, region, scale, kind))
        finished = finished > 0
        return Pieces(job, region, start_s, end_s, scale, kind, finished, _count_within(job))


def _count_within(job: IntArray) -> IntArray:
    """Return how many earlier entries name the same job, shape (P,)."""
    order = np.argsort(job, kind="stable")
    first = np.searchsorted(job[order], job[order], side="left")
    counts = np.empty(len(job), dtype=np.int64)
    counts[order] = np.arange(len(job)) - first
    return counts
