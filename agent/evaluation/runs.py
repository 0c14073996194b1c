"""What a report shows of single runs: load and intensity, carbon by the hour, forecast errors, decisions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.runfolder import RunFolder, read_run
from sim.scenario import Scenario, parse_scenario
from sim.units import HOUR_S, FloatArray

DECISION_COLUMNS = (
    "now_s", "job_id", "action", "region", "start_s", "candidate", "forecast_carbon_g", "actual_carbon_g", "verdict",
    "reason",
)  # fmt: skip


@dataclass(frozen=True)
class KeptRun:
    """A run folder, and which run of an evaluation it is; a single run is of its own scenario."""

    scenario: str
    policy: str
    contender: str
    path: Path

    @property
    def label(self) -> str:
        """How tables name the run."""
        return f"{self.scenario}/{self.policy}/{self.contender}" if self.policy else self.contender

    def read(self) -> RunFolder:
        """Return the run folder."""
        return read_run(self.path)

    def spec(self) -> Scenario:
        """Return the scenario that was run."""
        recipe = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        return parse_scenario(recipe["scenario"], str(self.path / "run.json"))

    def table(self, name: str) -> pa.Table:
        """Return one table of the run folder."""
        return pq.read_table(self.path / f"{name}.parquet")


def kept_runs(folder: Path) -> list[KeptRun]:
    """Return the runs that an evaluation's folder keeps, or the run itself if the folder is one."""
    if (folder / "run.json").exists():
        recipe = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        return [KeptRun(recipe["scenario"]["name"], "", recipe["scheduler"], folder)]
    runs = folder / "runs"
    found = sorted(path.parent for path in runs.glob("*/*/*/*/run.json") if (path.parent / "summary.json").exists())
    return [_kept(path, runs) for path in found]


def _kept(path: Path, runs: Path) -> KeptRun:
    scenario, policy, contender, _ = path.relative_to(runs).parts
    return KeptRun(scenario, policy, contender, path)


@dataclass(frozen=True)
class Load:
    """A region's busy CPUs and carbon intensity, hourly means over `hours` since the start, shape (H,)."""

    region: str
    hours: FloatArray
    busy_cpus: FloatArray
    intensity: FloatArray


def loads(run: KeptRun) -> list[Load]:
    """Return the load of every region, in the scenario's order."""
    table = run.table("regions")
    found = []
    for site in run.spec().regions:
        rows = table.filter(pc.equal(table["region"], site.id))
        hour = (_floats(rows, "start_s") // HOUR_S).astype(np.int64)
        count = np.bincount(hour)
        busy, intensity = (
            np.bincount(hour, weights=_floats(rows, name)) / np.maximum(count, 1)
            for name in ("busy_cpus", "intensity_g_per_kwh")
        )
        there = count > 0
        found.append(Load(site.id, np.flatnonzero(there).astype(float), busy[there], intensity[there]))
    return found


def carbon_by_hour(run: KeptRun) -> dict[str, FloatArray]:
    """Return what each region emitted in each hour of its local day, over the whole run, kg, shape (24,)."""
    table, scenario = run.table("regions"), run.spec()
    found = {}
    for site in scenario.regions:
        rows = table.filter(pc.equal(table["region"], site.id))
        zone = ZoneInfo(site.tz)
        hours = [
            (scenario.start_utc + timedelta(seconds=start_s)).astimezone(zone).hour
            for start_s in _floats(rows, "start_s").tolist()
        ]
        found[site.id] = np.bincount(hours, weights=_floats(rows, "carbon_g"), minlength=24) / 1000
    return found


@dataclass(frozen=True)
class ForecastError:
    """Forecast beside actual carbon of the jobs of which both are known, grams: sums over them."""

    jobs: int
    absolute_g: float
    excess_g: float
    actual_g: float

    def __add__(self, other: ForecastError) -> ForecastError:
        return ForecastError(
            self.jobs + other.jobs,
            self.absolute_g + other.absolute_g,
            self.excess_g + other.excess_g,
            self.actual_g + other.actual_g,
        )

    @property
    def wape(self) -> float | None:
        """The weighted absolute percentage error, a fraction: absolute errors over what was emitted."""
        return self.absolute_g / self.actual_g if self.actual_g else None

    @property
    def bias(self) -> float | None:
        """How much more was forecast than emitted, a fraction."""
        return self.excess_g / self.actual_g if self.actual_g else None


def forecast_error(path: Path) -> ForecastError:
    """Return how far the forecasts of carbon, made at each job's last placement, were from what it emitted."""
    table = pq.read_table(path / "decisions.parquet", columns=["forecast_carbon_g", "actual_carbon_g"])
    forecast, actual = (_floats(table, name) for name in table.column_names)
    known = ~(np.isnan(forecast) | np.isnan(actual))
    error = forecast[known] - actual[known]
    return ForecastError(int(known.sum()), float(np.abs(error).sum()), float(error.sum()), float(actual[known].sum()))


def decisions(runs: list[KeptRun], most: int) -> tuple[dict[str, list[Any]], list[KeptRun], int]:
    """Return the decisions of runs as columns, the runs that they are of, and how many there are in all runs.

    Whole runs are taken, in their order, until `most` rows would be exceeded; the first is always taken.
    """
    taken: list[KeptRun] = []
    tables: list[pa.Table] = []
    total = 0
    for run in runs:
        count = pq.read_metadata(run.path / "decisions.parquet").num_rows
        total += count
        if not taken or sum(table.num_rows for table in tables) + count <= most:
            taken.append(run)
            tables.append(pq.read_table(run.path / "decisions.parquet", columns=list(DECISION_COLUMNS)))
    columns: dict[str, list[Any]] = {"run": [n for n, table in enumerate(tables) for _ in range(table.num_rows)]}
    for name in DECISION_COLUMNS:
        columns[name] = [_rounded(value) for table in tables for value in table[name].to_pylist()]
    return columns, taken, total


def _rounded(value: Any) -> Any:
    return round(value, 1) if isinstance(value, float) else value


def _floats(table: pa.Table, name: str) -> FloatArray:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=float)


def summed(errors: Iterator[ForecastError]) -> ForecastError:
    """Return the errors of several runs as one."""
    return sum(errors, ForecastError(0, 0.0, 0.0, 0.0))
