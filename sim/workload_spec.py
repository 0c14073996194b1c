"""What a scenario says of its workload: where jobs come from, and what it adds to each."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.units import MINUTE_S, FloatArray

NotNegative = Annotated[float, Field(allow_inf_nan=False, ge=0)]
Share = Annotated[float, Field(allow_inf_nan=False, gt=0, le=1)]
Priority = Literal["low", "normal", "high", "critical"]
Slack = Annotated[float, Field(allow_inf_nan=False, ge=0, le=8784)]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UnknownSpec(_Spec):
    """What to take where a trace does not say (null): an assumption of the scenario, never a silent default."""

    gpus: Annotated[float, Field(allow_inf_nan=False, ge=0)] | None = None
    memory_gb_per_cpu: Annotated[float, Field(allow_inf_nan=False, ge=0)] | None = None
    cpus: Annotated[float, Field(allow_inf_nan=False, gt=0)] | None = None


class QueueSpec(_Spec):
    """A queue for jobs of some length: those shorter than `below_h` hours that no earlier queue takes; their slack."""

    below_h: Annotated[float, Field(allow_inf_nan=False, gt=0)] | None = None
    slack_h: Slack


class InterruptibleSpec(_Spec):
    """The share of jobs that can be suspended, and what each checkpoint costs."""

    share: Share
    save_s: NotNegative = 0.0
    restore_s: NotNegative = 0.0
    save_kwh: NotNegative = 0.0
    restore_kwh: NotNegative = 0.0

    @model_validator(mode="after")
    def _energy_needs_time(self) -> InterruptibleSpec:
        if (self.save_kwh and not self.save_s) or (self.restore_kwh and not self.restore_s):
            raise ValueError("a checkpoint that takes energy takes time: give save_s and restore_s")
        return self


class ElasticSpec(_Spec):
    """The share of jobs whose workers can be added and taken away, and work per second with 1, 2, ... workers.

    `throughput` may be given, relative to one worker, or read from a profile in the data folder.
    """

    share: Share
    throughput: list[Annotated[float, Field(allow_inf_nan=False, gt=0)]] = []
    file: str | None = None
    profile: str | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> ElasticSpec:
        if bool(self.throughput) == bool(self.file and self.profile):
            raise ValueError("expected either throughput, or file and profile")
        if self.throughput and (self.throughput[0] != 1 or sorted(self.throughput) != self.throughput):
            raise ValueError("throughput: expected 1 for one worker, and no less for each more")
        return self


class LogNormalSpec(_Spec):
    """A lognormal amount: its median, and sigma, the standard deviation of its logarithm."""

    median: Annotated[float, Field(allow_inf_nan=False, gt=0)]
    sigma: NotNegative = 0.0

    def draw(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Return `count` amounts."""
        return np.asarray(self.median * np.exp(self.sigma * rng.standard_normal(count)))


class EstimateSpec(LogNormalSpec):
    """Declared over true duration, lognormal; what is declared is then rounded up to whole `round_min` minutes."""

    median: Annotated[float, Field(allow_inf_nan=False, gt=0)] = 1.0
    round_min: NotNegative = 0.0

    def declared_s(self, duration_s: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return the durations that users declare, seconds.

        Example:
            Who needs 20 minutes, and rounds to quarters of an hour, declares 30:

            >>> (EstimateSpec(round_min=15).declared_s(np.array([1200.0]), np.random.default_rng(0)) / 60).tolist()
            [30.0]
        """
        declared_s = duration_s * self.draw(len(duration_s), rng)
        step_s = self.round_min * MINUTE_S
        return np.ceil(declared_s / step_s) * step_s if step_s else declared_s


class _Flexibility(_Spec):
    """What a scenario adds to every job. Shares are drawn from the scenario's seed; what they leave has no label.

    `estimate` is how a declared duration differs from the true one. `queues` give slack by declared length, and tell
    schedulers the mean length of each queue's jobs: of the whole workload, as GAIA assumes that an operator knows it
    from experience.
    """

    count: Annotated[int, Field(ge=1, le=10_000_000)]
    slack_h: Slack | dict[Priority, Slack] | None = None
    queues: list[QueueSpec] = []
    homes: dict[str, Share] = {}
    priorities: dict[Priority, Share] = {"normal": 1.0}
    teams: dict[str, Share] = {}
    customers: dict[str, Share] = {}
    tags: dict[str, Share] = {}
    interruptible: InterruptibleSpec | None = None
    elastic: ElasticSpec | None = None
    estimate: EstimateSpec | None = None
    data_gb: LogNormalSpec | None = None
    state_gb: LogNormalSpec | None = None
    utilization: Share = 1.0

    @model_validator(mode="after")
    def _shares_at_most_one(self) -> _Flexibility:
        for name in ("homes", "priorities", "teams", "customers", "tags"):
            total = sum(getattr(self, name).values())
            if total > 1 + 1e-9:
                raise ValueError(f"{name}: shares add up to {total:g}; expected at most 1")
        for name in ("homes", "priorities"):
            shares = getattr(self, name)
            if shares and abs(sum(shares.values()) - 1) > 1e-9:
                raise ValueError(f"{name}: shares add up to {sum(shares.values()):g}; expected 1")
        if isinstance(self.slack_h, dict) and (lacking := set(self.priorities) - set(self.slack_h)):
            raise ValueError(f"slack_h: no slack for priority {sorted(lacking)[0]!r}; expected one for each")
        return self

    @model_validator(mode="after")
    def _queues_take_every_length(self) -> _Flexibility:
        bounds = [queue.below_h for queue in self.queues]
        if self.queues and self.slack_h is not None:
            raise ValueError("queues: each has its slack; found slack_h too")
        if self.queues and (bounds[-1] is not None or None in bounds[:-1] or bounds[:-1] != sorted(set(bounds[:-1]))):  # type: ignore[type-var]
            raise ValueError(f"queues: found below_h {bounds}; expected rising ones, and none for the last queue")
        return self


class TraceWorkload(_Flexibility):
    """Jobs of a Parquet trace in the data folder.

    `arrivals`: `as-is` takes the first `count` jobs of the span; `fold` draws `count` jobs of the whole
    trace and folds their submit times into the span, which keeps the hours of the day and of the week.
    `format` is the project's Parquet, or a published one. With `step_s`, times are cut down to whole steps, and jobs
    shorter than one are left out, as GAIA does; `within_h` leaves out jobs that would end later if run at once.
    """

    kind: Literal["trace"]
    file: str
    format: Literal["parquet", "gaia"] = "parquet"
    step_s: Annotated[float, Field(allow_inf_nan=False, ge=0)] = 0.0
    within_h: Annotated[float, Field(allow_inf_nan=False, gt=0)] | None = None
    arrivals: Literal["as-is", "fold"] = "as-is"
    unknown: UnknownSpec = UnknownSpec()


class EvenArrivals(_Spec):
    """Submissions evenly at random."""

    kind: Literal["poisson"]


class BurstyArrivals(_Spec):
    """Submissions in bursts: how many jobs on average, and how far they follow the burst's beginning."""

    kind: Literal["bursty"]
    mean_burst: Annotated[float, Field(allow_inf_nan=False, ge=1)]
    spread_s: NotNegative = 60.0


class DescribedSpec(_Spec):
    """The share of jobs with a text; whether it says what their fields then do not: how long they can wait, and pauses.

    `default_slack_h` is the slack that the site assumes for a job that names no deadline.
    """

    share: Annotated[float, Field(ge=0, le=1)]
    speaks_for_fields: bool = False
    default_slack_h: Slack = 1.0


class SyntheticWorkload(_Flexibility):
    """Jobs of the bundled generator. `max_cpus` cuts the largest jobs, so that small regions can hold them.

    `arrivals` takes the place of the fitted daily and weekly cycle; `described` is the share of jobs that come with a
    free-text description, whose truth is in `sim.descriptions`, or more about them.

    `gpus: false` drops their GPUs, for regions without any.
    """

    kind: Literal["synthetic"]
    max_cpus: Annotated[float, Field(allow_inf_nan=False, gt=0)] = 64.0
    gpus: bool = True
    arrivals: EvenArrivals | BurstyArrivals | None = None
    described: Annotated[float, Field(ge=0, le=1)] | DescribedSpec = 0.0


class GraphWorkload(_Flexibility):
    """Graphs of tasks from a file in the data folder: `count` requests for graphs drawn from it, each with a deadline.

    `parallel` is how many instances of a task run at once. `unknown.cpus` is what to take for a task without CPUs.
    """

    kind: Literal["graphs"]
    file: str
    parallel: Annotated[int, Field(ge=1)] = 16
    unknown: UnknownSpec = UnknownSpec()


AnyWorkload = TraceWorkload | SyntheticWorkload | GraphWorkload
WorkloadSpec = Annotated[AnyWorkload, Field(discriminator="kind")]
