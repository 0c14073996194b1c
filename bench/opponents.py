"""Every scheduler on six real scenarios and five seeds: who emits least, at how many violations.

    python -m bench.opponents DATA_DIR OUT.json [--year 2022] [--seeds 5] [--schedulers a,b] [--workers 2]
    python -m bench.opponents DATA_DIR OUT.json --table

Three sets of grids, from calm to volatile, each with rigid jobs alone (batch) and with suspendable, elastic and
rigid ones (mixed), from three real traces. A seed draws the jobs and the week of the year. Runs are written as they
finish; a second call goes on where the first was stopped. `--table` prints what is there: the mean carbon saved beside
`fifo`, the mean violations, and in how many runs a scheduler emits more than `plan` or violates more.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sim.runner import simulate
from sim.scenario import Scenario, build_world, parse_scenario
from sim.schedulers import SCHEDULERS, scheduler
from sim.summary import account

GRIDS = {
    "calm": ("US-MIDA-PJM", "US-NY-NYIS", "KR"),
    "sunny": ("US-CAL-CISO", "US-TEX-ERCO", "AU-NSW"),
    "windy": ("GB", "DE", "ES"),
}
PAI = {"file": "workloads/jobs_pai_first70.parquet", "count": 6000, "unknown": {"gpus": 0, "memory_gb_per_cpu": 4}}
AZURE = {"file": "workloads/jobs_azure_first70.parquet", "count": 3000, "unknown": {"gpus": 0, "memory_gb_per_cpu": 4}}
SURF = {
    "file": "workloads/jobs_surf2022_first70.parquet",
    "count": 6000,
    "unknown": {"gpus": 0, "memory_gb_per_cpu": 4},
}
CASES = {
    "calm-batch": ("calm", PAI, 8),
    "calm-mixed": ("calm", AZURE, 4),
    "sunny-batch": ("sunny", SURF, 8),
    "sunny-mixed": ("sunny", PAI, 8),
    "windy-batch": ("windy", AZURE, 4),
    "windy-mixed": ("windy", SURF, 8),
}
"""Scenario to its grids, its trace, and how many servers of 64 CPUs each region has."""
MIXED = {
    "interruptible": {"share": 0.5, "save_s": 60, "restore_s": 120, "save_kwh": 0.01, "restore_kwh": 0.01},
    "elastic": {"share": 0.3, "throughput": [1.0, 1.9, 2.7, 3.4]},
}


def scenario(case: str, seed: int, year: int) -> Scenario:
    """Return a case for a seed: its week of the year, and its jobs."""
    grids, trace, servers = CASES[case]
    start = datetime(year, 1, 10, tzinfo=UTC) + timedelta(days=70 * seed)
    machine = {"model": "dual-32", "count": servers, "cpus": 64, "memory_gb": 512, "idle_w": 110, "max_w": 350}
    regions = [
        {"id": zone.lower(), "zone": zone, "tz": "UTC", "pue": 1.2, "servers": [machine]} for zone in GRIDS[grids]
    ]
    workload = {
        "kind": "trace", "arrivals": "fold", **trace, "slack_h": {"low": 24, "normal": 12, "high": 2},
        "priorities": {"low": 0.4, "normal": 0.4, "high": 0.2}, **(MIXED if case.endswith("mixed") else {}),
    }  # fmt: skip
    return parse_scenario(
        {
            "name": case, "start": start.isoformat(), "days": 7, "drain_days": 4, "epoch_min": 30, "regions": regions,
            "workload": workload, "seed": seed, "forecast": {"model": "seasonal-naive"},
            "signals": {"kind": "files", "carbon": {"file": "carbon/em_hourly_2021_2022.parquet",
                                                    "column": "ci_lifecycle"}},
        },
        case,
    )  # fmt: skip


def run_one(case: str, seed: int, year: int, name: str, data: Path) -> dict[str, Any]:
    """Return one run's figures."""
    began = time.perf_counter()
    world = build_world(scenario(case, seed, year), data)
    accounts = account(run := simulate(world, scheduler(name)))
    return {
        "case": case, "seed": seed, "year": year, "scheduler": name,
        "jobs_kg": float(accounts.books.ledger.carbon_g.sum()) / 1000,
        "violations": int(accounts.jobs.violated.sum()),
        "wait_h": float(accounts.jobs.wait_s.mean()) / 3600,
        "suspensions": len(run.history.suspensions), "migrations": len(run.history.migrations),
        "scheduler_s": run.scheduler_s, "wall_s": time.perf_counter() - began,
    }  # fmt: skip


def wanted(arguments: argparse.Namespace, done: list[dict[str, Any]]) -> Iterator[tuple[str, int, int, str, Path]]:
    """Yield the runs that are not done yet."""
    known = {(row["case"], row["seed"], row["year"], row["scheduler"]) for row in done}
    names = arguments.schedulers.split(",") if arguments.schedulers else list(SCHEDULERS)
    for seed in range(arguments.seeds):
        for case in arguments.cases.split(",") if arguments.cases else CASES:
            for name in names:
                if (case, seed, arguments.year, name) not in known:
                    yield case, seed, arguments.year, name, arguments.data


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a Markdown table: a row a scheduler, a column a scenario, over the seeds that all of them have run."""
    runs = {(row["case"], row["seed"], row["scheduler"]): row for row in rows}
    names = [name for name in SCHEDULERS if any(key[2] == name for key in runs)]
    seeds = {case: [s for s in range(99) if all((case, s, name) in runs for name in names)] for case in CASES}
    cells = [(case, seed) for case in CASES for seed in seeds[case]]
    yield "| scheduler | " + " | ".join(f"{case} ({len(seeds[case])})" for case in CASES) + " | behind `plan` |"
    yield "|---|" + "--:|" * (len(CASES) + 1)
    for name in sorted(names, key=lambda name: sum(_emitted(runs, case, seed, name) for case, seed in cells)):
        parts = [_cell(runs, case, seeds[case], name) for case in CASES]
        behind = sum(_behind(runs[case, seed, name], runs[case, seed, "plan"]) for case, seed in cells)
        yield f"| {name} | " + " | ".join(parts) + f" | {behind if name != 'plan' else ''} |"


def _emitted(runs: dict[tuple[str, int, str], dict[str, Any]], case: str, seed: int, name: str) -> float:
    return float(runs[case, seed, name]["jobs_kg"] / runs[case, seed, "fifo"]["jobs_kg"])


def _cell(runs: dict[tuple[str, int, str], dict[str, Any]], case: str, seeds: list[int], name: str) -> str:
    if not seeds:
        return ""
    saved = 1 - sum(_emitted(runs, case, seed, name) for seed in seeds) / len(seeds)
    late = sum(runs[case, seed, name]["violations"] for seed in seeds) / len(seeds)
    return f"{100 * saved:.1f} % / {late:.1f}"


def _behind(row: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Whether a run emits more than that of `plan`, or is late more often."""
    return bool(row["jobs_kg"] > ours["jobs_kg"] or row["violations"] > ours["violations"])


def main() -> None:
    """Run what is lacking, and write the rows after each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--year", type=int, default=2022)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--schedulers", default="")
    parser.add_argument("--cases", default="")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    rows = json.loads(arguments.out.read_text()) if arguments.out.is_file() else []
    if arguments.table:
        print("\n".join(table(rows)))
        return
    with ProcessPoolExecutor(arguments.workers) as pool:
        runs = [pool.submit(run_one, *each) for each in wanted(arguments, rows)]
        for run in as_completed(runs):
            rows.append(run.result())
            arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
            print(rows[-1], flush=True)


if __name__ == "__main__":
    main()
