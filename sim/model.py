"""The nouns of the field: jobs, servers, regions, decisions. Frozen, and free of behaviour that needs a clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.cooling import Cooling
from sim.units import FloatArray

PRIORITIES = ("low", "normal", "high", "critical")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What it costs to suspend a job and to resume it.

    For these seconds the job holds its resources, draws its own power and makes no progress; the kWh (IT) come on top,
    evenly over the seconds.
    """

    save_s: float = 0.0
    restore_s: float = 0.0
    save_kwh: float = 0.0
    restore_kwh: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """A unit of work, as its submitter declares it.

    The true duration is not here: it stays in the `Workload`, hidden from schedulers.

    Attributes:
        duration_estimate_s: Declared seconds of work, with one worker.
        cpus, gpus, memory_gb: What it holds while it runs; of an elastic job, what each worker holds.
        utilization: The share of its CPUs that it keeps busy: that much of their dynamic power is its own.
        checkpoint: What suspending costs; None if it cannot be suspended.
        throughput: Elastic jobs: work per second with 1, 2, ... workers, relative to one worker; empty if rigid.
        deps: Ids of the jobs that must finish before it may start; `dag` names the graph.
        tail_s: The longest path of estimates behind it in its graph: its own end must leave so much to the deadline.
        queue_mean_s: The mean length of the jobs of its queue, where the operator declares queues; else 0.
        data_gb: Input that lies in the home region; `state_gb` moves when it migrates; `output_gb` to its successors.
        description: What the submitter wrote, in plain words.
        assumed: The fields that the submitter left to the site's defaults: `deadline`, `interruptible`.
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
    utilization: float = 1.0
    checkpoint: Checkpoint | None = None
    throughput: tuple[float, ...] = ()
    deps: tuple[str, ...] = ()
    dag: str | None = None
    tail_s: float = 0.0
    queue_mean_s: float = 0.0
    data_gb: float = 0.0
    state_gb: float = 0.0
    output_gb: float = 0.0
    description: str = ""
    assumed: frozenset[str] = frozenset()

    @property
    def latest_start_s(self) -> float:
        """The last moment to start and still meet the deadline, by the estimates."""
        return self.deadline_s - self.tail_s - self.duration_estimate_s

    @property
    def max_scale(self) -> int:
        """The most workers it can use; 1 if it is rigid."""
        return max(1, len(self.throughput))


@dataclass(frozen=True, slots=True)
class Server:
    """A server model: linear between idle and full load (Barroso and Hölzle 2007), GPUs likewise.

    `curve` holds watts at 0, 10, ..., 100 % load as SPECpower_ssj2008 measures them, instead of the line;
    `embodied_g_per_h` is the carbon of making it over the hours it lasts.
    """

    model: str
    cpus: float
    gpus: float
    memory_gb: float
    idle_w: float
    max_w: float
    gpu_idle_w: float = 0.0
    gpu_max_w: float = 0.0
    curve: tuple[float, ...] = ()
    embodied_g_per_h: float = 0.0

    def dynamic_w(self, utilization: FloatArray) -> FloatArray:
        """Return the watts above idle that its CPUs draw at a utilisation in [0, 1]."""
        if not self.curve:
            return (self.max_w - self.idle_w) * utilization
        load = np.linspace(0.0, 1.0, len(self.curve))
        return np.asarray(np.interp(utilization, load, np.array(self.curve) - self.curve[0]))


@dataclass(frozen=True, slots=True)
class PowerSaving:
    """Idle servers are switched off after `off_after_s`, and need `wake_s` to come back; waking draws idle power."""

    wake_s: float
    off_after_s: float


@dataclass(frozen=True, slots=True)
class Closure:
    """Servers that are out of use over [start_s, end_s). Schedulers know of it before only if it was announced."""

    start_s: float
    end_s: float
    servers: int
    announced: bool


@dataclass(frozen=True)
class Region:
    """A site with servers, in a grid zone. `servers` pairs a model with how many there are of it.

    A region is a pool: a job takes its share of the whole, and is not fitted into single servers.

    Attributes:
        pue: Facility power over IT power, where no `cooling` model stands.
        usd_per_cpu_h: Rent of a CPU, on top of its electricity.
        reserved_cpus: CPUs whose rent is prepaid: used or not, they cost `reserved_usd_per_cpu_h` each.
    """

    id: str
    zone: str
    tz: str
    servers: tuple[tuple[Server, int], ...]
    pue: float
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    cooling: Cooling | None = None
    saving: PowerSaving | None = None
    closures: tuple[Closure, ...] = ()
    usd_per_cpu_h: float = 0.0
    reserved_cpus: float = 0.0
    reserved_usd_per_cpu_h: float = 0.0

    @property
    def reserved_usd_per_h(self) -> float:
        """What its reservation costs."""
        return self.reserved_cpus * self.reserved_usd_per_cpu_h

    def _total(self, field: str) -> float:
        return float(sum(getattr(server, field) * count for server, count in self.servers))

    @cached_property
    def cpus(self) -> float:
        """CPUs of all servers."""
        return self._total("cpus")

    @cached_property
    def gpus(self) -> float:
        """GPUs of all servers."""
        return self._total("gpus")

    @cached_property
    def memory_gb(self) -> float:
        """Memory of all servers, GB."""
        return self._total("memory_gb")

    @property
    def capacity(self) -> FloatArray:
        """CPUs, GPUs and memory (GB), shape (3,): the order of every resource vector."""
        return np.array([self.cpus, self.gpus, self.memory_gb])

    @cached_property
    def idle_w(self) -> float:
        """IT power of all servers, powered on and without any job, GPUs included."""
        return float(sum((s.idle_w + s.gpus * s.gpu_idle_w) * count for s, count in self.servers))

    @cached_property
    def cpu_w(self) -> float:
        """Dynamic IT watts a busy CPU, averaged over all servers, from idle to full load."""
        return sum((s.max_w - s.idle_w) * count for s, count in self.servers) / self.cpus

    @cached_property
    def gpu_w(self) -> float:
        """Dynamic IT watts a busy GPU, averaged over all cards; 0 without any."""
        watts = sum((s.gpu_max_w - s.gpu_idle_w) * s.gpus * count for s, count in self.servers)
        return watts / self.gpus if self.gpus else 0.0

    def job_power_w(self, cpus: float, gpus: float) -> float:
        """Return a job's share of the dynamic IT power, before PUE: exact for linear servers, else an estimate."""
        return cpus * self.cpu_w + gpus * self.gpu_w


def demand(job: Job) -> FloatArray:
    """Return what a job (one worker of it) holds while it runs: CPUs, GPUs, memory (GB), shape (3,)."""
    return np.array([job.cpus, job.gpus, job.memory_gb])


@dataclass(frozen=True, slots=True)
class Place:
    """Run a job in a region from `start_s` on (now or later); it waits in the region's queue if it must.

    Data that lie elsewhere are moved so as to be there at the start. `scale` is the number of workers. With `until_s`
    a job with a checkpoint is suspended at that moment, if it runs by then and has not ended.
    """

    job_id: str
    region: str
    start_s: float
    scale: int = 1
    until_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Defer:
    """Leave a job pending and do not ask about it again before `until_s`."""

    job_id: str
    until_s: float


@dataclass(frozen=True, slots=True)
class Suspend:
    """Checkpoint a running job and release what it holds; finished work is kept."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Let a suspended job go on where it was, from `start_s` on; `until_s` as in `Place`."""

    job_id: str
    start_s: float
    scale: int = 1
    until_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Migrate:
    """Move a running or suspended job to another region: checkpoint, move its state, go on there from `start_s` on."""

    job_id: str
    region: str
    start_s: float
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Resize:
    """Give a running elastic job another number of workers."""

    job_id: str
    scale: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give a job up, and those that depend on it. It counts as not completed."""

    job_id: str


@dataclass(frozen=True, slots=True)
class PowerServers:
    """Keep at least `servers` servers of a power-saving region switched on."""

    region: str
    servers: int


@dataclass(frozen=True, slots=True)
class Route:
    """Send shares of a service's requests from one home region to regions, from the next routing step on.

    `shares` pairs region and share, adding up to 1.
    """

    service_id: str
    origin: str
    shares: tuple[tuple[str, float], ...]


Decision = Place | Defer | Suspend | Resume | Migrate | Resize | Cancel | PowerServers | Route


@dataclass(frozen=True, slots=True)
class Commitment:
    """A job that is running, or will run: who holds or will hold what, where, and until when.

    `end_s` is an estimate. `state` is running, restoring or saving (its checkpoint), queued, planned or moving (its
    data).
    """

    job: Job
    region: str
    start_s: float
    end_s: float
    running: bool
    scale: int = 1
    state: str = "running"


@dataclass(frozen=True, slots=True)
class Suspended:
    """A suspended job: the region where its state lies, and the estimate of what is left, seconds of one worker."""

    job: Job
    region: str
    remaining_s: float
