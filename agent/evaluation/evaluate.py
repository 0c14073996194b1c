"""An evaluation from beginning to end: run what is lacking of a suite, keep each row, compare, and write the tables."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agent.evaluation.cell import OK, Cell, Place, Row, RunCell, run_cell
from agent.evaluation.figures import TIMINGS
from agent.evaluation.journal import RECIPE, Journal, read_rows
from agent.evaluation.statistics import Comparison, compare, saved_by_scenario
from agent.evaluation.suite import Expanded
from sim.errors import InputError
from sim.runfolder import versions, write_json

Runner = Callable[[Iterable[Cell], Place, RunCell], Iterator[Row]]
OnRow = Callable[[Row], None]
BOOTSTRAP_SEED = 20250310
FIRST = ("cell", "scenario", "policy", "contender", "seed", "status", "reason")
"""The columns that stand first in results.parquet."""


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation's folder holds: its recipe, and a row a run, in the suite's order."""

    folder: Path
    recipe: Mapping[str, Any]
    rows: tuple[Row, ...]

    @property
    def comparisons(self) -> list[Comparison]:
        """Every contender beside the baseline; the same rows give the same intervals."""
        return compare(self.rows, self.recipe["baseline"], np.random.default_rng(BOOTSTRAP_SEED))

    @property
    def unsound(self) -> list[Row]:
        """The runs that failed or in which the audit found a fault."""
        return [row for row in self.rows if row["status"] != OK]


def begin(expanded: Expanded, out: Path, data_dir: Path | None, *, command: Sequence[str], resume: bool) -> Journal:
    """Return the journal of an evaluation, and make its folder.

    Raises:
        InputError: If the folder holds another evaluation, or a data file is missing.
    """
    suite = expanded.suite
    recipe = {
        "format": 1,
        "suite": suite.model_dump(mode="json"),
        "suite_sha256": expanded.sha256,
        "baseline": suite.baseline,
        "cells": [cell.id for cell in expanded.cells],
        "scenarios": {cell.scenario_id: cell.scenario for cell in expanded.cells},
        "command": list(command),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "data_files": data_files(expanded, data_dir),
        "versions": versions(),
    }
    return Journal.resume(out, recipe) if resume else Journal.begin(out, recipe)


def run(expanded: Expanded, journal: Journal, data_dir: Path | None, runner: Runner, on_row: OnRow) -> Evaluation:
    """Run what the journal lacks, keep each row at once, and write results.parquet, timings.parquet, summary.json."""
    lacking = [cell for cell in expanded.cells if cell.id not in journal.rows]
    # whole paths: another process may stand in another folder
    place = Place(data_dir and data_dir.resolve(), (journal.folder / "runs").resolve())
    for row in runner(lacking, place, run_cell):
        journal.append(row)
        on_row(row)
    evaluation = read_evaluation(journal.folder)
    write_tables(evaluation)
    return evaluation


def read_evaluation(folder: Path) -> Evaluation:
    """Return the evaluation of a folder, finished or not. Raises InputError if it is none."""
    try:
        recipe = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder / RECIPE}: missing; is this the folder of `cws evaluate --out`?") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{folder / RECIPE}: damaged JSON ({error})") from None
    rows = {row["cell"]: row for row in read_rows(folder)}
    return Evaluation(folder, recipe, tuple(rows[cell] for cell in recipe["cells"] if cell in rows))


def write_tables(evaluation: Evaluation) -> None:
    """Write the rows as Parquet, what differs from run to run on the same input apart, and the comparisons."""
    rows = evaluation.rows
    names = sorted({name for row in rows for name in row} - set(TIMINGS) - set(FIRST))
    pq.write_table(_table(rows, [*FIRST, *names]), evaluation.folder / "results.parquet", compression="zstd")
    pq.write_table(_table(rows, ["cell", *TIMINGS]), evaluation.folder / "timings.parquet", compression="zstd")
    write_json(evaluation.folder / "summary.json", as_json(evaluation))


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return what `cws evaluate --json` prints: counts, comparisons, and every run that is no `ok`."""
    unsound = [{"cell": row["cell"], "status": row["status"], "reason": row["reason"]} for row in evaluation.unsound]
    return {
        "suite": evaluation.recipe["suite"]["name"],
        "suite_sha256": evaluation.recipe["suite_sha256"],
        "baseline": evaluation.recipe["baseline"],
        "runs": len(evaluation.rows),
        "ok": len(evaluation.rows) - len(unsound),
        "unsound": unsound,
        "comparisons": [one.as_json() for one in evaluation.comparisons],
        "saved_by_scenario": [
            {"policy": policy, "contender": contender, "saved": saved}
            for (policy, contender), saved in saved_by_scenario(evaluation.rows, evaluation.recipe["baseline"]).items()
        ],
    }


def _table(rows: Sequence[Row], names: Sequence[str]) -> pa.Table:
    return pa.table({name: _column([row.get(name) for row in rows], name) for name in names})


def _column(values: list[Any], name: str) -> pa.Array:
    if name in FIRST:
        return pa.array(values, pa.int64() if name == "seed" else pa.string())
    return pa.array([None if value is None else float(value) for value in values], pa.float64())


def data_files(expanded: Expanded, data_dir: Path | None) -> dict[str, str]:
    """Return the sha256 of every data file that a scenario names. Raises InputError if one is missing."""
    names = sorted({name for cell in expanded.cells for name in _named(cell.scenario)})
    if names and data_dir is None:
        raise InputError(f"the suite's scenarios name files ({names[0]}): give the folder that holds them, --data-dir")
    return {name: _sha256(data_dir / name) for name in names} if data_dir else {}


def _named(content: Any) -> Iterator[str]:
    """Yield the data files that a scenario names, wherever in it."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key in ("file", "zones") and isinstance(value, str):
                yield value
            else:
                yield from _named(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _named(value)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
