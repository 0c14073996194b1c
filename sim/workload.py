"""Workloads: real traces from Parquet, or the bundled generator; then what a scenario adds to each job.

A trace says when a job came, how long it ran and what it held. Slack, home region, priority and labels are
the scenario's, drawn from its seed, unless the trace has a column of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim import synthetic_jobs
from sim.arrivals import bursty, poisson
from sim.descriptions import describe, describe_wishes
from sim.errors import InputError
from sim.graphs import draw_requests, read_graphs
from sim.importers.gaia import read_gaia
from sim.jobs import NUMBERS, Jobs, Particulars, Traits, Workload
from sim.model import PRIORITIES, Checkpoint, Job, Region
from sim.units import DAY_S, HOUR_S, MINUTE_S, FloatArray, IntArray, at_time, seconds_since

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


@dataclass(frozen=True, eq=False)
class _Rows:
    """Jobs as arrays, in submit order; `labels` and `deadline_s` hold what the trace itself says of them."""

    ids: list[str]
    submit_s: FloatArray
    duration_s: FloatArray
    cpus: FloatArray
    gpus: FloatArray
    memory_gb: FloatArray
    labels: Mapping[str, list[Any]]
    deadline_s: FloatArray | None = None
    tail_s: FloatArray | None = None
    output_gb: FloatArray | None = None
    particulars: Mapping[int, Particulars] = field(default_factory=dict)


def build_workload(
    spec: AnyWorkload,
    start: datetime,
    span_s: float,
    regions: tuple[Region, ...],
    rng: np.random.Generator,
    data_dir: Path | None,
) -> Workload:
    """Return the scenario's jobs in submit order, submitted within [0, span_s) of its start.

    Raises:
        InputError: If the trace is missing, lacks a column or a value, or names an unknown region.
    """
    if isinstance(spec, SyntheticWorkload):
        rows = _generate(spec, start, span_s, regions, rng)
    else:
        if data_dir is None:
            raise InputError("the scenario's workload names a file: give the folder that holds it with --data-dir")
        path = data_dir / spec.file
        if isinstance(spec, GraphWorkload):
            rows = _graph_rows(path, spec, span_s, rng)
        else:
            rows = _read(path, spec, span_s, rng)
    plain = Workload(_jobs(rows, spec, regions, rng, data_dir), rows.duration_s)
    told = spec.described if isinstance(spec, SyntheticWorkload) else None
    if isinstance(told, DescribedSpec) and told.speaks_for_fields:
        return _spoken_for(plain, spec, told, start, regions, rng)
    return plain


def _generate(
    spec: SyntheticWorkload, start: datetime, span_s: float, regions: tuple[Region, ...], rng: np.random.Generator
) -> _Rows:
    shapes = synthetic_jobs.generate(spec.count, span_s / DAY_S, rng, start=start, max_cpus=spec.max_cpus)
    ids = [f"job-{j:05d}" for j in range(spec.count)]
    gpus = shapes.gpus if spec.gpus else np.zeros(spec.count)
    submit_s = shapes.submit_s if spec.arrivals is None else _arrivals(spec.arrivals, spec.count, span_s, rng)
    own = _described(spec, regions, rng)
    return _Rows(ids, submit_s, shapes.duration_s, shapes.cpus, gpus, shapes.memory_gb, labels={}, particulars=own)


def _arrivals(spec: EvenArrivals | BurstyArrivals, count: int, span_s: float, rng: np.random.Generator) -> FloatArray:
    if isinstance(spec, EvenArrivals):
        return poisson(count, span_s, rng)
    return bursty(count, span_s, rng, mean_burst=spec.mean_burst, spread_s=spec.spread_s)


def _described(
    spec: SyntheticWorkload, regions: tuple[Region, ...], rng: np.random.Generator
) -> dict[int, Particulars]:
    """Return descriptions of the share of jobs that have one."""
    told = spec.described
    if isinstance(told, DescribedSpec) and told.speaks_for_fields:
        return {}  # such texts are about moments: they are written once the jobs are known
    share = told.share if isinstance(told, DescribedSpec) else told
    if not share:
        return {}
    names = {region.id: region.names or (region.id,) for region in regions}
    chosen = np.flatnonzero(rng.random(spec.count) < share).tolist()
    return {j: Particulars(description=describe(names, rng).text) for j in chosen}


def _spoken_for(
    plain: Workload,
    spec: AnyWorkload,
    told: DescribedSpec,
    start: datetime,
    regions: tuple[Region, ...],
    rng: np.random.Generator,
) -> Workload:
    """Return the workload with a share of jobs whose texts alone say how long they can wait and whether they pause."""
    jobs = plain.jobs
    names = {region.id: region.names or (region.id,) for region in regions}
    zones = [ZoneInfo(region.tz) for region in regions]
    checkpoint = _checkpoint(spec.interruptible) if spec.interruptible else None
    numbers, traits, own, said = jobs.numbers.copy(), [jobs.traits[t] for t in jobs.trait], dict(jobs.particulars), {}
    for j in np.flatnonzero(rng.random(len(jobs)) < told.share).tolist():
        job = jobs[j]
        submitted = at_time(start, job.submit_s).astimezone(zones[jobs.home[j]])
        wishes = describe_wishes(names, submitted, job.duration_estimate_s, rng, pauses=checkpoint is not None)
        said[j], own[j] = wishes.truth, Particulars(description=wishes.text, assumed=frozenset(SILENT))
        numbers[NUMBERS.index("deadline_s"), j] = _true_deadline_s(job, wishes.truth, start, told.default_slack_h)
        traits[j] = replace(traits[j], checkpoint=checkpoint if wishes.truth.get("interruptible") else None)
    trait, distinct = _codes(traits)
    true = replace(jobs, numbers=numbers, trait=trait, traits=distinct, particulars=own, _made={})
    return Workload(true, plain.durations_s, told.default_slack_h * HOUR_S, said)


SILENT = ("deadline", "interruptible")


def _true_deadline_s(job: Job, truth: Mapping[str, Any], start: datetime, default_slack_h: float) -> float:
    """Return the deadline that a text states: a moment, a longest wait before the start, or else the site's default."""
    if "deadline" in truth:
        return seconds_since(start, truth["deadline"])
    return job.submit_s + job.duration_estimate_s + float(truth.get("max_delay_h", default_slack_h)) * HOUR_S


def _graph_rows(path: Path, spec: GraphWorkload, span_s: float, rng: np.random.Generator) -> _Rows:
    """Return the tasks of the graphs that are asked for; deadlines follow later, from each graph's critical path."""
    assumed = spec.unknown
    graphs = read_graphs(path, parallel=spec.parallel, cpus=assumed.cpus, memory_gb_per_cpu=assumed.memory_gb_per_cpu)
    chosen, submit_s = draw_requests(spec.count, len(graphs), span_s, rng)
    tasks = [(n, task) for n, g in enumerate(chosen) for task in graphs[g]]
    first = np.cumsum([0, *(len(graphs[g]) for g in chosen)])
    own = {
        j: Particulars(deps=tuple(f"dag-{n:05d}.{dep}" for dep in task.deps), dag=f"dag-{n:05d}")
        for j, (n, task) in enumerate(tasks)
    }

    def column(name: str) -> FloatArray:
        return np.array([getattr(task, name) for _, task in tasks])

    return _Rows(
        ids=[f"dag-{n:05d}.{j - first[n]}" for j, (n, _) in enumerate(tasks)],
        submit_s=np.repeat(submit_s, [len(graphs[g]) for g in chosen]),
        duration_s=column("duration_s"),
        cpus=column("cpus"),
        gpus=column("gpus"),
        memory_gb=column("memory_gb"),
        labels={},
        tail_s=column("tail_s"),
        output_gb=column("output_gb"),
        particulars=own,
    )


_NEEDED = ("job_id", "submit_s", "duration_s", "cpus", "gpus", "memory_gb")
_LABELS = ("home", "priority", "team", "customer", "tag")


def _read(path: Path, spec: TraceWorkload, span_s: float, rng: np.random.Generator) -> _Rows:
    if not path.is_file():
        raise InputError(f"{path}: no such file; does --data-dir name the right folder?")
    whole = read_gaia([path], {}).table if spec.format == "gaia" else _table(path)
    names = whole.column_names
    for name in _NEEDED:
        if name not in names:
            raise InputError(f"{path}: column {name!r} is missing; found {', '.join(names)}")
    labels = [name for name in _LABELS if name in names]
    table = _select(_in_steps(whole, path, spec), path, spec, span_s, rng)
    ids = _ids(table, path)
    cpus = _numbers(table, "cpus", path, ids, above=0.0)
    return _Rows(
        ids=ids,
        submit_s=_numbers(table, "submit_s", path, ids),
        duration_s=_numbers(table, "duration_s", path, ids, above=0.0),
        cpus=cpus,
        gpus=_numbers(table, "gpus", path, ids, unknown=spec.unknown.gpus),
        memory_gb=_numbers(
            table,
            "memory_gb",
            path,
            ids,
            unknown=None if spec.unknown.memory_gb_per_cpu is None else spec.unknown.memory_gb_per_cpu * cpus,
        ),
        labels={name: table[name].to_pylist() for name in labels},
        deadline_s=_numbers(table, "deadline_s", path, ids) if "deadline_s" in names else None,
    )


def _in_steps(table: pa.Table, path: Path, spec: TraceWorkload) -> pa.Table:
    """Return the jobs with times cut down to whole steps, without those that then last no time or end too late."""
    if not spec.step_s and spec.within_h is None:
        return table
    ids = _ids(table, path)
    for name in ("submit_s", "duration_s"):
        values = _numbers(table, name, path, ids)
        if spec.step_s:
            values = np.floor(values / spec.step_s) * spec.step_s
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values))
    submit_s, duration_s = (table[name].to_numpy() for name in ("submit_s", "duration_s"))
    keep = duration_s > 0
    if spec.within_h is not None:
        keep &= submit_s + duration_s <= spec.within_h * HOUR_S
    return table.filter(pa.array(keep))


def _table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable Parquet file ({' '.join(str(error).split())[:200]})") from None


def _ids(table: pa.Table, path: Path) -> list[str]:
    ids = table["job_id"].to_pylist()
    if None in ids:
        raise InputError(f"{path}: column 'job_id', row {ids.index(None)}: found null, expected an id")
    return [str(i) for i in ids]


def _select(table: pa.Table, path: Path, spec: TraceWorkload, span_s: float, rng: np.random.Generator) -> pa.Table:
    """Return `count` rows in submit order, their submit times within the span."""
    submit_s = _numbers(table, "submit_s", path, _ids(table, path))
    if spec.arrivals == "fold":
        rows = rng.choice(len(table), size=min(spec.count, len(table)), replace=False)
        folded = submit_s[rows] % span_s
    else:
        rows = np.flatnonzero(submit_s < span_s)
        rows = rows[np.argsort(submit_s[rows], kind="stable")][: spec.count]
        folded = submit_s[rows]
    if len(rows) < spec.count:
        raise InputError(
            f"{path}: has {len(rows)} jobs in the span of {span_s / DAY_S:g} days, expected {spec.count}; "
            "lower `count`, or raise `days`"
        )
    order = np.argsort(folded, kind="stable")
    chosen, shift_s = table.take(rows[order]), (folded - submit_s[rows])[order]
    for name in ("submit_s", "deadline_s"):
        at = chosen.schema.get_field_index(name)
        if at >= 0:
            moved = _numbers(chosen, name, path, _ids(chosen, path)) + shift_s
            chosen = chosen.set_column(at, name, pa.array(moved))
    return chosen


def _numbers(
    table: pa.Table,
    name: str,
    path: Path,
    ids: list[str],
    *,
    above: float | None = None,
    unknown: float | FloatArray | None = None,
) -> FloatArray:
    """Return a column as numbers; nulls become `unknown` if the scenario states it, else they are refused."""
    kind = table[name].type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise InputError(f"{path}: column {name!r} is {kind}; expected numbers")
    values = table[name].cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    missing = ~np.isfinite(values)
    if missing.any() and unknown is not None:
        values[missing] = np.broadcast_to(unknown, values.shape)[missing]
        missing = ~np.isfinite(values)
    wrong = missing | (values <= above if above is not None else values < 0)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        hint = "; state it under workload.unknown" if missing[first] and name in ("gpus", "memory_gb") else ""
        expected = "a positive number" if above is not None else "a number, at least 0"
        raise InputError(
            f"{path}: column {name!r}, job {ids[first]}: found "
            f"{'null' if missing[first] else format(values[first], 'g')}, expected {expected}{hint}"
        )
    return np.asarray(values)


def _jobs(
    rows: _Rows,
    spec: AnyWorkload,
    regions: tuple[Region, ...],
    rng: np.random.Generator,
    data_dir: Path | None,
) -> Jobs:
    count = len(rows.ids)
    homes = spec.homes or {region.id: 1 / len(regions) for region in regions}
    drawn = {
        "home": _draw(homes, count, rng),
        "priority": _draw(spec.priorities, count, rng),
        "team": _draw(spec.teams, count, rng),
        "customer": _draw(spec.customers, count, rng),
        "tag": _draw(spec.tags, count, rng),
    }
    label = {name: list(rows.labels.get(name, values)) for name, values in drawn.items()}
    for name, values in label.items():
        strange = next((value for value in values if not isinstance(value, str | None)), None)
        if strange is not None:
            raise InputError(f"column {name!r} of the trace: found {strange!r}, expected text or null")
    _check_priorities(label["priority"], rows.ids)
    estimate_s = spec.estimate.declared_s(rows.duration_s, rng) if spec.estimate else rows.duration_s
    queue = _queue_of(spec.queues, estimate_s)
    given = {
        "submit_s": rows.submit_s,
        "duration_estimate_s": estimate_s,
        "deadline_s": _deadlines(rows, spec, estimate_s, _slack_s(rows, spec, queue, label["priority"])),
        "cpus": rows.cpus,
        "gpus": rows.gpus,
        "memory_gb": rows.memory_gb,
        "utilization": np.full(count, spec.utilization),
        "queue_mean_s": _means(estimate_s, queue) if spec.queues else np.zeros(count),
        **{name: values for name in ("tail_s", "output_gb") if (values := getattr(rows, name)) is not None},
        **{name: draw.draw(count, rng) for name in ("data_gb", "state_gb") if (draw := getattr(spec, name))},
    }
    nothing = np.zeros(count)
    home, names = _codes([str(name) for name in label["home"]], [region.id for region in regions])
    tags = [(tag,) if tag else () for tag in label["tag"]]
    checkpoint = _some(spec.interruptible, _checkpoint, count, rng)
    throughput = [
        curve or () for curve in _some(spec.elastic, lambda elastic: _throughput(elastic, data_dir), count, rng)
    ]
    columns = (label["priority"], label["team"], label["customer"], tags, checkpoint, throughput)
    trait, traits = _codes(list(zip(*columns, strict=True)))
    return Jobs(
        positions=np.arange(count),
        numbers=np.array([given.get(name, nothing) for name in NUMBERS]),
        home=home,
        trait=trait,
        homes=names,
        traits=tuple(Traits("batch", *each) for each in traits),
        id_of=rows.ids.__getitem__,
        particulars=rows.particulars,
    )


def _some(spec: Any, make: Callable[[Any], Any], count: int, rng: np.random.Generator) -> list[Any]:
    """Return what the spec makes for the share of jobs that it names, None for the others."""
    if spec is None:
        return [None] * count
    made = make(spec)
    return [made if chosen else None for chosen in rng.random(count) < spec.share]


def _checkpoint(spec: InterruptibleSpec) -> Checkpoint:
    return Checkpoint(spec.save_s, spec.restore_s, spec.save_kwh, spec.restore_kwh)


def _throughput(spec: ElasticSpec, data_dir: Path | None) -> tuple[float, ...]:
    """Return work per second with 1, 2, ... workers relative to one, as given or from a measured profile."""
    if spec.throughput:
        return tuple(spec.throughput)
    if data_dir is None or spec.file is None:
        raise InputError("workload.elastic names a file: give the folder that holds it with --data-dir")
    path = data_dir / spec.file
    table = pq.read_table(path).to_pylist() if path.is_file() else []
    rows = {row["nodes"]: row["throughput"] for row in table if row["profile"] == spec.profile and row["nodes"]}
    if not rows or sorted(rows) != list(range(1, len(rows) + 1)):
        known = sorted({str(row["profile"]) for row in table})
        raise InputError(f"{path}: no whole profile {spec.profile!r}; found {', '.join(known) or 'nothing'}")
    return tuple(rows[n] / rows[1] for n in sorted(rows))


def _codes(values: Sequence[Any], known: Sequence[Any] = ()) -> tuple[IntArray, tuple[Any, ...]]:
    """Return each value's place among the distinct values, and those: the known first, then by appearance."""
    places = {value: place for place, value in enumerate(dict.fromkeys([*known, *values]))}
    return np.array([places[value] for value in values], dtype=np.int64), tuple(places)


def _draw(shares: Mapping[Any, float], count: int, rng: np.random.Generator) -> list[str | None]:
    """Return `count` names drawn by their shares; None for what the shares leave."""
    names: list[str | None] = [*shares, None]
    rest = max(0.0, 1.0 - sum(shares.values()))
    weights = np.array([*shares.values(), rest])
    return [names[i] for i in rng.choice(len(names), size=count, p=weights / weights.sum())]


def _check_priorities(priorities: list[Any], ids: list[str]) -> None:
    for job_id, priority in zip(ids, priorities, strict=True):
        if priority not in PRIORITIES:
            raise InputError(f"job {job_id}: priority {priority!r} is unknown; expected one of {', '.join(PRIORITIES)}")


def _queue_of(queues: Sequence[QueueSpec], estimate_s: FloatArray) -> IntArray:
    """Return the queue of each job, by its declared length."""
    bounds_s = np.array([queue.below_h or 0.0 for queue in queues[:-1]]) * HOUR_S
    return np.searchsorted(bounds_s, estimate_s, side="right")


def _means(estimate_s: FloatArray, queue: IntArray) -> FloatArray:
    """Return for each job the mean length of its queue's jobs."""
    return np.asarray((np.bincount(queue, estimate_s) / np.maximum(np.bincount(queue), 1))[queue])


def _slack_s(rows: _Rows, spec: AnyWorkload, queue: IntArray, priorities: list[str | None]) -> FloatArray:
    """Return the slack of each job, by its queue or its priority; 0 where the trace has deadlines of its own."""
    if rows.deadline_s is not None:
        return np.zeros(len(queue))
    if spec.queues:
        return np.array([each.slack_h for each in spec.queues])[queue] * HOUR_S
    if spec.slack_h is None:
        raise InputError("workload.slack_h is missing, and the trace has no column 'deadline_s'; give one, or queues")
    table = spec.slack_h if isinstance(spec.slack_h, dict) else dict.fromkeys(PRIORITIES, spec.slack_h)
    return np.array([table[p] for p in priorities]) * HOUR_S  # type: ignore[index]


def _deadlines(rows: _Rows, spec: AnyWorkload, estimate_s: FloatArray, slack_s: FloatArray) -> FloatArray:
    """Return deadlines: the trace's own, or submission + declared duration + slack."""
    if rows.deadline_s is not None:
        return rows.deadline_s
    if rows.tail_s is not None:  # a graph has one deadline: its longest path, and the slack
        graph = np.unique(rows.submit_s, return_inverse=True)[1]
        longest_s = np.zeros(graph.max() + 1)
        np.maximum.at(longest_s, graph, estimate_s + rows.tail_s)
        return np.asarray(rows.submit_s + longest_s[graph] + slack_s)
    return np.asarray(rows.submit_s + estimate_s + slack_s)
