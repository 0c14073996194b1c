"""Workloads: real traces from Parquet, or the bundled generator; then what a scenario adds to each job.

A trace says when a job came, how long it ran and what it held. Slack, home region, priority and labels are
the scenario's, drawn from its seed, unless the trace has a column of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq

from sim import synthetic_jobs
from sim.arrivals import bursty, poisson
from sim.descriptions import describe, describe_wishes
from sim.errors import InputError
from sim.graphs import draw_requests, read_graphs
from sim.jobs import NUMBERS, Jobs, Particulars, Traits, Workload
from sim.model import PRIORITIES, Checkpoint, Job, Region
from sim.traces import Rows, read_trace
from sim.units import DAY_S, HOUR_S, FloatArray, IntArray, at_time, seconds_since
from sim.workload_spec import (
    AnyWorkload,
    BurstyArrivals,
    DescribedSpec,
    ElasticSpec,
    EvenArrivals,
    GraphWorkload,
    InterruptibleSpec,
    QueueSpec,
    SyntheticWorkload,
)


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
            rows = read_trace(path, spec, span_s, rng)
    plain = Workload(_jobs(rows, spec, regions, rng, data_dir), rows.duration_s)
    told = spec.described if isinstance(spec, SyntheticWorkload) else None
    if isinstance(told, DescribedSpec) and told.speaks_for_fields:
        return _spoken_for(plain, spec, told, start, regions, rng)
    return plain


def _generate(
    spec: SyntheticWorkload, start: datetime, span_s: float, regions: tuple[Region, ...], rng: np.random.Generator
) -> Rows:
    shapes = synthetic_jobs.generate(spec.count, span_s / DAY_S, rng, start=start, max_cpus=spec.max_cpus)
    ids = [f"job-{j:05d}" for j in range(spec.count)]
    gpus = shapes.gpus if spec.gpus else np.zeros(spec.count)
    submit_s = shapes.submit_s if spec.arrivals is None else _arrivals(spec.arrivals, spec.count, span_s, rng)
    own = _described(spec, regions, rng)
    return Rows(ids, submit_s, shapes.duration_s, shapes.cpus, gpus, shapes.memory_gb, labels={}, particulars=own)


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


def _graph_rows(path: Path, spec: GraphWorkload, span_s: float, rng: np.random.Generator) -> Rows:
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

    return Rows(
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


def _jobs(
    rows: Rows,
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


def _slack_s(rows: Rows, spec: AnyWorkload, queue: IntArray, priorities: list[str | None]) -> FloatArray:
    """Return the slack of each job, by its queue or its priority; 0 where the trace has deadlines of its own."""
    if rows.deadline_s is not None:
        return np.zeros(len(queue))
    if spec.queues:
        return np.array([each.slack_h for each in spec.queues])[queue] * HOUR_S
    if spec.slack_h is None:
        raise InputError("workload.slack_h is missing, and the trace has no column 'deadline_s'; give one, or queues")
    table = spec.slack_h if isinstance(spec.slack_h, dict) else dict.fromkeys(PRIORITIES, spec.slack_h)
    return np.array([table[p] for p in priorities]) * HOUR_S  # type: ignore[index]


def _deadlines(rows: Rows, spec: AnyWorkload, estimate_s: FloatArray, slack_s: FloatArray) -> FloatArray:
    """Return deadlines: the trace's own, or submission + declared duration + slack."""
    if rows.deadline_s is not None:
        return rows.deadline_s
    if rows.tail_s is not None:  # a graph has one deadline: its longest path, and the slack
        graph = np.unique(rows.submit_s, return_inverse=True)[1]
        longest_s = np.zeros(graph.max() + 1)
        np.maximum.at(longest_s, graph, estimate_s + rows.tail_s)
        return np.asarray(rows.submit_s + longest_s[graph] + slack_s)
    return np.asarray(rows.submit_s + estimate_s + slack_s)
