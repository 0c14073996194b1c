"""What can be wrong with a table of a data folder, kind by kind. Each check yields a severity and what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sim.importers.series import TS, gaps, is_forecast, runs, usual_step
from sim.signals import LARGEST

Findings = Iterator[tuple[str, str]]
"""Severity (`fault`, `gap`, `null`) and words."""


def check_signal(table: pa.Table) -> Findings:
    """Yield what is wrong with a series of zones, which may be keyed by `ba` (balancing authority) instead."""
    if "zone" not in table.column_names:
        table = table.rename_columns(["zone" if name == "ba" else name for name in table.column_names])
    wrong = [*_untexted(table, ["zone"]), *_untimed(table, ["ts", "issued_at"]), *_lacking(table, ["zone", "ts"])]
    yield from wrong
    if wrong:
        return
    table = _plain(table)
    key = ["zone", "ts", *(["issued_at"] if is_forecast(table) else [])]
    if doubled := len(table) - len(table.select(key).group_by(key).aggregate([])):
        yield "fault", f"{doubled} stamps stand twice in their zone; expected each once"
    yield from _intervals(table)
    for gap in gaps(table):
        yield "gap", f"zone {gap.zone}: {gap.samples} samples are lacking from {gap.start} to {gap.end}"
    yield from _values(table, _limits(table))
    yield from _nulls(table, table.column_names)


def check_jobs(table: pa.Table) -> Findings:
    """Yield what is wrong with a trace of jobs."""
    yield from _amounts(table, ["submit_s", "duration_s", "cpus", "gpus", "memory_gb"])
    yield from _distinct(table, ["job_id"])


def check_tasks(table: pa.Table) -> Findings:
    """Yield what is wrong with graphs of tasks."""
    yield from _amounts(table, ["n_instances", "duration_s", "cpus", "gpus", "memory_gb", "output_bytes"])
    yield from _nulls(table, ["deps"])
    wrong = list(_distinct(table, ["dag_id", "task_id"]))
    yield from wrong or _precedence(table)


def check_requests(table: pa.Table) -> Findings:
    """Yield what is wrong with a trace of requests."""
    yield from _untimed(table, ["ts"])
    yield from _amounts(table, ["submit_s", "prompt_tokens", "output_tokens"])


def _untimed(table: pa.Table, names: Sequence[str]) -> Findings:
    for name in set(names) & set(table.column_names):
        kind = table.schema.field(name).type
        if not pa.types.is_timestamp(kind) or kind.tz is None:
            yield "fault", f"column {name!r} is {kind}; expected a timestamp with a time zone (UTC)"
        elif far := _far(table[name]):
            yield "fault", f"column {name!r}: {far} stamps are not in the years {_YEARS[0]} to {_YEARS[1]}"


_YEARS = (1900, 2199)
"""First and last year that a series can be of: a stamp outside them was read in the wrong unit."""


def _far(stamps: pa.ChunkedArray) -> int:
    """Return how many stamps lie outside these years; compared in their own unit, so that none overflows."""
    first, last = _YEARS
    start, end = (pa.scalar(datetime(year, 1, 1, tzinfo=UTC), type=stamps.type) for year in (first, last + 1))
    return pc.sum(pc.or_(pc.less(stamps, start), pc.greater_equal(stamps, end))).as_py() or 0


def _plain(table: pa.Table) -> pa.Table:
    """Return a signal with zones as plain text and stamps in microseconds, whatever finer unit they came in."""
    for name, kind in {"zone": pa.string(), "ts": TS, "issued_at": TS}.items():
        if name in table.column_names:
            column = table[name].cast(kind, safe=False)
            table = table.set_column(table.column_names.index(name), name, column)
    return table


def _untexted(table: pa.Table, names: Sequence[str]) -> Findings:
    for name in names:
        kind = table.schema.field(name).type
        if not _text(kind):
            yield "fault", f"column {name!r} is {kind}; expected text"


def _text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _lacking(table: pa.Table, names: Sequence[str]) -> Findings:
    for name in names:
        if lacking := table[name].null_count:
            yield "fault", f"column {name!r}: {lacking} of {len(table)} values are null; expected one in each row"


def _intervals(table: pa.Table) -> Findings:
    """Yield zones whose interval changes: what lies between two stamps must be whole steps of the series."""
    odd: Counter[tuple[str, int]] = Counter()
    for zone, stamps in runs(table):
        step = usual_step(stamps)
        if strange := int((np.diff(stamps) % step != 0).sum()) if step else 0:
            odd[zone, step] += strange
    for (zone, step), count in odd.items():
        what = f"zone {zone}: {count} stamps are not {step / 1e6:g} s, or whole steps of that, after the one before"
        yield "fault", f"{what}; expected one interval a zone"


_LIMITS = {"ci": (0.0, LARGEST), "pct": (0.0, 100.0), "c": (-90.0, 65.0), "ms": (0.0, 120.0)}
"""What can be: intensity (names that begin with ci), and by ending percentages, degrees Celsius and wind."""


def _limits(table: pa.Table) -> dict[str, tuple[float, float]]:
    """Return for each numeric column what its values can be."""
    kinds = {name: "ci" if name.split("_")[0] == "ci" else name.split("_")[-1] for name in table.column_names}
    return {name: _LIMITS.get(kind, (-np.inf, np.inf)) for name, kind in kinds.items() if _numeric(table, name)}


def _numeric(table: pa.Table, name: str) -> bool:
    kind = table.schema.field(name).type
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _values(table: pa.Table, limits: Mapping[str, tuple[float, float]]) -> Findings:
    """Yield columns with values outside their limits, or that are no numbers."""
    for name, (low, high) in limits.items():
        values = table[name].drop_null().to_numpy()
        expected = f"{low:g} to {high:g}" if high < np.inf else f"numbers of at least {low:g}"
        expected = "numbers" if low == -np.inf else expected
        if wild := values[~((values >= low) & (values <= high) & np.isfinite(values))].tolist():
            yield "fault", f"column {name!r}: found {wild[0]:g} ({len(wild)} such values), expected {expected}"


def _nulls(table: pa.Table, names: Sequence[str]) -> Findings:
    for name in names:
        if table[name].null_count:
            yield "null", f"column {name!r}: {table[name].null_count} of {len(table)} values are null"


def _amounts(table: pa.Table, names: Sequence[str]) -> Findings:
    """Yield columns that are not numbers of at least 0; a column of nulls alone is unknown throughout."""
    there = [name for name in names if name in table.column_names]
    for name in there:
        if not _numeric(table, name) and table[name].null_count < len(table):
            yield "fault", f"column {name!r} is {table.schema.field(name).type}; expected numbers"
    yield from _values(table, {name: (0.0, np.inf) for name in there if _numeric(table, name)})
    yield from _nulls(table, there)


def _distinct(table: pa.Table, key: Sequence[str]) -> Findings:
    wrong = [*_untexted(table, key), *_lacking(table, key)]
    yield from wrong
    if not wrong and (twice := len(table) - len(table.select(key).group_by(list(key)).aggregate([]))):
        yield "fault", f"{twice} ids of {key[-1]} stand twice; expected each once"


def _precedence(table: pa.Table) -> Findings:
    """Yield graphs with tasks that wait for one that is not there."""
    kind = table.schema.field("deps").type
    if not _texts(kind):
        yield "fault", f"column 'deps' is {kind}; expected a list of ids, which are text"
        return
    rows = zip(*(table[name].to_pylist() for name in ("dag_id", "task_id", "deps")), strict=True)
    listed = list(rows)
    there = {(dag, task) for dag, task, _ in listed}
    strange = [(dag, task, dep) for dag, task, deps in listed for dep in deps or () if (dag, dep) not in there]
    if strange:
        dag, task, dep = strange[0]
        what = f"graph {dag}, task {task}: depends on unknown {dep!r} ({len(strange)} such)"
        yield "fault", f"{what}; expected tasks of its graph"


def _texts(kind: pa.DataType) -> bool:
    """Return whether this is lists of text; lists that are all empty have no type of their own."""
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return listed and (pa.types.is_null(kind.value_type) or _text(kind.value_type))
