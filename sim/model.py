"""The nouns of the field: jobs, servers, regions, decisions. Frozen, and free of behaviour that needs a clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.units import FloatArray

PRIORITIES = ("low", "normal", "high", "critical")


@dataclass(frozen=True, slots=True)
class Job:
    """A unit of work, as its submitter declares it.

    The true duration is not here: it stays in the `Workload`, hidden from schedulers.
    A rigid job: once started it runs in one region until it ends.
    """

    id: str
    submit_s: float
    duration_estimate_s: float
    deadline_s: float
    cpus: float
    gpus: float
    memory_gb: float
    home: str
    kind: str = "batch"
    priority: str = "normal"
    team: str | None = None
    customer: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def latest_start_s(self) -> float:
        """The last moment to start and still meet the deadline, by the estimate."""
        return self.deadline_s - self.duration_estimate_s


@dataclass(frozen=True)
class Workload:
    """The jobs of a scenario in submit order, and what only the engine and the bound may know of them.

    `durations_s` holds the true run times, shape (J,), in the order of `jobs`.
    """

    jobs: tuple[Job, ...]
    durations_s: FloatArray


@dataclass(frozen=True, slots=True)
class Server:
    """A server model: linear between idle and full load (Barroso and Hölzle 2007), GPUs likewise."""

    model: str
    cpus: float
    gpus: float
    memory_gb: float
    idle_w: float
    max_w: float
    gpu_idle_w: float = 0.0
    gpu_max_w: float = 0.0


@dataclass(frozen=True)
class Region:
    """A site with servers, in a grid zone. `servers` pairs a model with how many there are of it."""

    id: str
    zone: str
    tz: str
    servers: tuple[tuple[Server, int], ...]
    pue: float
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def _total(self, field: str) -> float:
        return float(sum(getattr(server, field) * count for server, count in self.servers))

    @property
    def cpus(self) -> float:
        """CPUs of all servers."""
        return self._total("cpus")

    @property
    def gpus(self) -> float:
        """GPUs of all servers."""
        return self._total("gpus")

    @property
    def memory_gb(self) -> float:
        """Memory of all servers, GB."""
        return self._total("memory_gb")

    @property
    def capacity(self) -> FloatArray:
        """CPUs, GPUs and memory (GB), shape (3,): the order of every resource vector."""
        return np.array([self.cpus, self.gpus, self.memory_gb])

    @property
    def idle_w(self) -> float:
        """IT power of the powered-on servers without any job, GPUs included."""
        return float(sum((s.idle_w + s.gpus * s.gpu_idle_w) * count for s, count in self.servers))

    def job_power_w(self, cpus: float, gpus: float) -> float:
        """Return a job's share of the dynamic IT power, before PUE.

        Linear: each CPU adds (max - idle) / CPUs of its server, averaged over the region's
        server models; each GPU adds (max - idle) of the card.
        """
        cpu_w = sum((s.max_w - s.idle_w) * count for s, count in self.servers) / self.cpus
        if not gpus or not self.gpus:  # a region without GPUs holds no job that wants one
            return cpus * cpu_w
        gpu_w = sum((s.gpu_max_w - s.gpu_idle_w) * s.gpus * count for s, count in self.servers) / self.gpus
        return cpus * cpu_w + gpus * gpu_w


def demand(job: Job) -> FloatArray:
    """Return what a job holds while it runs: CPUs, GPUs, memory (GB), shape (3,)."""
    return np.array([job.cpus, job.gpus, job.memory_gb])


@dataclass(frozen=True, slots=True)
class Place:
    """Run a job in a region from `start_s` on (now or later); it waits in the region's queue if it must."""

    job_id: str
    region: str
    start_s: float


@dataclass(frozen=True, slots=True)
class Defer:
    """Leave a job pending and do not ask about it again before `until_s`."""

    job_id: str
    until_s: float


Decision = Place | Defer


@dataclass(frozen=True, slots=True)
class Commitment:
    """A job that is running, or planned to start: who holds or will hold what, where, and until when.

    `end_s` is an estimate: start plus the job's duration estimate.
    """

    job: Job
    region: str
    start_s: float
    end_s: float
    running: bool
