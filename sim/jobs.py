"""Jobs as columns: a million of them in a few arrays, each a `Job` again when somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, overload

import numpy as np

from sim.model import Checkpoint, Job
from sim.units import BoolArray, FloatArray, IntArray

NUMBERS = (
    "submit_s",
    "duration_estimate_s",
    "deadline_s",
    "cpus",
    "gpus",
    "memory_gb",
    "utilization",
    "tail_s",
    "data_gb",
    "state_gb",
    "output_gb",
    "queue_mean_s",
)
_ROW = {name: row for row, name in enumerate(NUMBERS)}


@dataclass(frozen=True, slots=True)
class Traits:
    """What many jobs have in common; each distinct combination is kept once."""

    kind: str = "batch"
    priority: str = "normal"
    team: str | None = None
    customer: str | None = None
    tags: tuple[str, ...] = ()
    checkpoint: Checkpoint | None = None
    throughput: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Particulars:
    """What few jobs have, and each its own."""

    deps: tuple[str, ...] = ()
    dag: str | None = None
    description: str = ""
    assumed: frozenset[str] = frozenset()


_PLAIN = Particulars()


@dataclass(frozen=True, eq=False)
class Jobs(Sequence[Job]):
    """Jobs in submit order, shape (J,). `positions` are theirs in the whole workload.

    Attributes:
        numbers: Shape (12, J), a row for each of NUMBERS.
        home: Position of the home region in `homes`.
        trait: Position of each job's traits in `traits`.
        particulars: By position in the workload, of those jobs that have any.
    """

    positions: IntArray
    numbers: FloatArray
    home: IntArray
    trait: IntArray
    homes: tuple[str, ...]
    traits: tuple[Traits, ...]
    id_of: Callable[[int], str]
    particulars: Mapping[int, Particulars]
    _made: dict[int, Job] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, jobs: Sequence[Job], homes: Sequence[str] | None = None) -> Jobs:
        """Return single jobs as columns. `homes` gives the regions their order; else the order of appearance."""
        jobs = tuple(jobs)
        names = tuple(dict.fromkeys(homes or (job.home for job in jobs)))
        names += tuple(dict.fromkeys(job.home for job in jobs if job.home not in names))
        traits = [Traits(j.kind, j.priority, j.team, j.customer, j.tags, j.checkpoint, j.throughput) for j in jobs]
        distinct = {trait: code for code, trait in enumerate(dict.fromkeys(traits))}
        own = ((j, Particulars(job.deps, job.dag, job.description, job.assumed)) for j, job in enumerate(jobs))
        return cls(
            positions=np.arange(len(jobs)),
            numbers=np.array([[getattr(job, name) for job in jobs] for name in NUMBERS], dtype=float),
            home=np.array([names.index(job.home) for job in jobs], dtype=np.int64),
            trait=np.array([distinct[trait] for trait in traits], dtype=np.int64),
            homes=names,
            traits=tuple(distinct),
            id_of=[job.id for job in jobs].__getitem__,
            particulars={j: one for j, one in own if one != _PLAIN},
        )

    def take(self, positions: Sequence[int] | IntArray | slice) -> Jobs:
        """Return the jobs at these positions, in their order."""
        at = positions if isinstance(positions, slice) else np.asarray(positions, dtype=np.int64)
        return Jobs(
            self.positions[at],
            self.numbers[:, at],
            self.home[at],
            self.trait[at],
            self.homes,
            self.traits,
            self.id_of,
            self.particulars,
            self._made,
        )

    def with_more(self, other: Jobs) -> Jobs:
        """Return these jobs and then those of another selection of the same workload."""
        return Jobs(
            np.concatenate([self.positions, other.positions]),
            np.concatenate([self.numbers, other.numbers], axis=1),
            np.concatenate([self.home, other.home]),
            np.concatenate([self.trait, other.trait]),
            self.homes,
            self.traits,
            self.id_of,
            self.particulars,
            self._made,
        )

    def __len__(self) -> int:
        return len(self.positions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Jobs) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} jobs{f', the first {self[0].id}' if len(self) else ''}>"

    @overload
    def __getitem__(self, at: int) -> Job: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Job]: ...
    def __getitem__(self, at: int | slice) -> Job | Sequence[Job]:
        if isinstance(at, slice):
            return tuple(self[i] for i in range(*at.indices(len(self))))
        position = int(self.positions[at])
        made = self._made.get(position)
        if made is None:
            made = self._made[position] = self._make(at, position)
        return made

    def __iter__(self) -> Iterator[Job]:
        return (self[i] for i in range(len(self)))

    def _make(self, at: int, position: int) -> Job:
        values = dict(zip(NUMBERS, self.numbers[:, at].tolist(), strict=True))
        trait, own = self.traits[self.trait[at]], self.particulars.get(position, _PLAIN)
        return Job(
            id=self.id_of(position),
            home=self.homes[self.home[at]],
            kind=trait.kind,
            priority=trait.priority,
            team=trait.team,
            customer=trait.customer,
            tags=trait.tags,
            checkpoint=trait.checkpoint,
            throughput=trait.throughput,
            deps=own.deps,
            dag=own.dag,
            description=own.description,
            assumed=own.assumed,
            **values,
        )

    @property
    def ids(self) -> list[str]:
        """Their ids."""
        return [self.id_of(j) for j in self.positions.tolist()]

    @property
    def submit_s(self) -> FloatArray:
        """When each was submitted, seconds since the scenario's start."""
        return np.asarray(self.numbers[0])

    @property
    def duration_estimate_s(self) -> FloatArray:
        """What each declares to run for, with one worker."""
        return np.asarray(self.numbers[1])

    @property
    def deadline_s(self) -> FloatArray:
        """When each must have ended."""
        return np.asarray(self.numbers[2])

    @property
    def cpus(self) -> FloatArray:
        """CPUs of one worker."""
        return np.asarray(self.numbers[3])

    @property
    def gpus(self) -> FloatArray:
        """GPUs of one worker."""
        return np.asarray(self.numbers[4])

    @property
    def memory_gb(self) -> FloatArray:
        """Memory of one worker, GB."""
        return np.asarray(self.numbers[5])

    @property
    def utilization(self) -> FloatArray:
        """The share of its CPUs that each keeps busy."""
        return np.asarray(self.numbers[6])

    @property
    def tail_s(self) -> FloatArray:
        """The longest path of estimates behind each in its graph."""
        return np.asarray(self.numbers[_ROW["tail_s"]])

    @property
    def data_gb(self) -> FloatArray:
        """Input of each, in its home region."""
        return np.asarray(self.numbers[_ROW["data_gb"]])

    @property
    def state_gb(self) -> FloatArray:
        """What of each moves when it migrates."""
        return np.asarray(self.numbers[_ROW["state_gb"]])

    @property
    def expected_s(self) -> FloatArray:
        """What a scheduler that knows no single job's length expects: its queue's mean, or what the job declares."""
        means_s = self.numbers[_ROW["queue_mean_s"]]
        return np.where(means_s > 0, means_s, self.duration_estimate_s)

    @property
    def demand(self) -> FloatArray:
        """CPUs, GPUs and memory (GB) of one worker, shape (J, 3)."""
        return np.asarray(self.numbers[3:6].T)

    @property
    def max_scale(self) -> IntArray:
        """The most workers that each can use; 1 for the rigid."""
        most = [max(1, len(trait.throughput)) for trait in self.traits]
        return np.array(most, dtype=np.int64)[self.trait]

    @property
    def latest_start_s(self) -> FloatArray:
        """The last moment of each to start and still meet its deadline, by the estimates."""
        return np.asarray(self.numbers[2] - self.tail_s - self.numbers[1])

    @cached_property
    def position(self) -> dict[str, int]:
        """Job id to its place here."""
        return {self.id_of(j): i for i, j in enumerate(self.positions.tolist())}

    @cached_property
    def checkpointed(self) -> BoolArray:
        """Whether each set of traits has a checkpoint, shape (number of traits,)."""
        return np.array([trait.checkpoint is not None for trait in self.traits], dtype=bool)

    @cached_property
    def elastic(self) -> BoolArray:
        """Whether each set of traits has a throughput curve, shape (number of traits,)."""
        return np.array([bool(trait.throughput) for trait in self.traits], dtype=bool)

    @cached_property
    def levers(self) -> BoolArray:
        """Whether each set of traits can be suspended or resized, shape (number of traits,)."""
        return self.checkpointed | self.elastic

    @cached_property
    def flexible(self) -> bool:
        """Whether any can be suspended or resized."""
        return bool(self.levers[self.trait].any())


@dataclass(frozen=True, eq=False)
class Workload:
    """The jobs of a scenario in submit order, and what only the engine and the bound may know of them.

    `durations_s` holds the true run times with one worker, shape (J,), in the order of `jobs`. Where fields are silent
    (`Job.assumed`), `jobs` holds the truth; schedulers are shown the site's defaults.

    Attributes:
        default_slack_s: The slack of a job that names no deadline, as it is shown.
        said: What texts truly ask for: fields of JobHints, by position in the workload.
    """

    jobs: Jobs
    durations_s: FloatArray
    default_slack_s: float = 0.0
    said: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def shown(self) -> Jobs:
        """Return the jobs as their fields have them: `jobs` itself, or a copy with the defaults of silent fields."""
        jobs = self.jobs
        silent = np.array([j for j, own in jobs.particulars.items() if own.assumed], dtype=np.int64)
        if not len(silent):
            return jobs
        numbers, trait = jobs.numbers.copy(), jobs.trait.copy()
        numbers[_ROW["deadline_s"], silent] = (jobs.submit_s + jobs.duration_estimate_s)[silent] + self.default_slack_s
        trait[silent] += len(jobs.traits)
        traits = (*jobs.traits, *(replace(one, checkpoint=None) for one in jobs.traits))
        return replace(jobs, numbers=numbers, trait=trait, traits=traits, _made={})

    def reveal(self, shown: Jobs, j: int, *, deadline_s: float | None, pausable: bool) -> Job:
        """Put what a text says in the place of defaults in `shown`, and return the job as it stands there now.

        A deadline that cannot be met means: as soon as possible. Whether a job has a checkpoint is a fact of its
        program: one that has none does not get one by being said to.
        """
        job = shown[j]
        if "deadline" in job.assumed and deadline_s is not None:
            soonest_s = job.submit_s + job.duration_estimate_s + job.tail_s
            shown.numbers[_ROW["deadline_s"], j] = max(deadline_s, soonest_s)
        if "interruptible" in job.assumed and pausable:
            shown.trait[j] = self.jobs.trait[j]
        shown._made.pop(j, None)
        shown.__dict__.pop("flexible", None)
        return shown[j]


def as_slice(positions: Sequence[int]) -> Sequence[int] | slice:
    """Return ascending positions as a slice where none is left out between them: it takes without copying."""
    if positions and positions[-1] - positions[0] == len(positions) - 1:
        return slice(positions[0], positions[-1] + 1)
    return positions
