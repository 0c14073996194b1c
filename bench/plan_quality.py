"""How good one packing of `plan` is: beside the start-time LP relaxation, which no schedule can beat.

    python -m bench.plan_quality DATA_DIR [--lp]

500 jobs (2 to 24 h, 1 to 8 CPUs), all pending, in 168 h x 5 real grids with perfect forecasts; `full` clusters have
85 % of their CPU hours asked for, `ample` ones a hundred times the room. With --lp the relaxation is solved anew by
HiGHS (interior point; minutes each), else its optimum is read from bench/plan_quality.json. Its bound is the Lagrangian
value at the solver's prices, so it holds whatever the solver's tolerance.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine import Engine
from sim.jobs import Jobs, Workload
from sim.model import Job, Region, Server
from sim.schedulers import scheduler
from sim.signals import Signal, SignalFile
from sim.units import DAY_S, HOUR_S, FloatArray, IntArray
from sim.world import World

ZONES = ("US-CAL-CISO", "US-TEX-ERCO", "GB", "DE", "CA-ON")
JOBS, HOURS, LOAD = 500, 168, 0.85
RESULTS = Path(__file__).with_name("plan_quality.json")


class Instance:
    """Jobs and grids of one seed: hours, CPUs and last hour of each job, intensity (R, H), CPUs of a region."""

    def __init__(self, seed: int, data: Path, *, ample: bool) -> None:
        rng = np.random.default_rng(100 + seed)
        self.hours: IntArray = rng.integers(2, 25, JOBS)
        self.cpus: FloatArray = rng.choice([1.0, 2.0, 4.0, 8.0], JOBS)
        end = np.minimum(HOURS, rng.integers(0, HOURS, JOBS) + self.hours)
        soonest = np.minimum(HOURS, self.hours + rng.integers(12, 96, JOBS))
        self.end: IntArray = np.maximum(end, soonest)
        self.start = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=60 + 40 * seed)
        file = SignalFile(data / "carbon/em_hourly_2021_2022.parquet", "ci_lifecycle", "gCO2eq/kWh")
        self.signals = tuple(file.read(zone, self.start, -7 * DAY_S, (HOURS + 48) * HOUR_S) for zone in ZONES)
        self.intensity: FloatArray = np.array([s.values[7 * 24 : 7 * 24 + HOURS] for s in self.signals])
        self.room = float((self.cpus * self.hours).sum() / (len(ZONES) * HOURS * LOAD)) * (100 if ample else 1)

    def world(self) -> World:
        """Return the instance as a world that foretells; a CPU draws 1 W, so an hour at 1 g/kWh emits a milligram."""
        server = Server("m", self.room, 0, 1e9, 0, self.room)
        regions = tuple(Region(zone.lower(), zone, "UTC", ((server, 1),), 1.0) for zone in ZONES)
        jobs = [
            Job(f"j{n}", 0.0, float(h * HOUR_S), float(e * HOUR_S), float(c), 0.0, 0.0, regions[0].id)
            for n, (h, c, e) in enumerate(zip(self.hours, self.cpus, self.end, strict=True))
        ]
        free = tuple(Signal(s.zone, "USD/MWh", s.start_s, s.step_s, np.zeros_like(s.values)) for s in self.signals)
        from sim.forecast import SeasonalNaive

        world = World(
            self.start, HOUR_S, (HOURS + 24) * HOUR_S, regions,
            Workload(Jobs.of(jobs, [r.id for r in regions]), self.hours * HOUR_S), self.signals, free, SeasonalNaive(),
        )  # fmt: skip
        return World(**{**{f: getattr(world, f) for f in world.__dataclass_fields__}, "foretold": world.truth()})

    def lp_g(self) -> float:
        """Return the start-time LP relaxation's bound, milligrams at 1 W a CPU."""
        prices = self._prices()
        sums = np.concatenate([np.zeros((len(ZONES), 1)), np.cumsum(self.intensity + prices, axis=1)], axis=1)
        least = [
            c * (sums[:, h : e + 1] - sums[:, : e - h + 1]).min()
            for h, c, e in zip(self.hours, self.cpus, self.end, strict=True)
        ]
        return float(sum(least) - prices.sum() * self.room)

    def _prices(self) -> FloatArray:
        """Return the LP's prices of a CPU in each region and hour, g/kWh, by HiGHS."""
        import highspy

        R, sums = len(ZONES), np.concatenate([np.zeros((len(ZONES), 1)), np.cumsum(self.intensity, axis=1)], axis=1)
        cost: list[float] = []
        starts, rows, values = [0], [], []
        for j, (h, c, e) in enumerate(zip(self.hours.tolist(), self.cpus.tolist(), self.end.tolist(), strict=True)):
            for s in range(e - h + 1):
                for r in range(R):
                    cost.append(c * (sums[r, s + h] - sums[r, s]))
                    rows += [j, *range(JOBS + r * HOURS + s, JOBS + r * HOURS + s + h)]
                    values += [1.0] + [c / self.room] * h
                    starts.append(len(rows))
        scale = float(np.mean(cost))
        lp, solver = highspy.HighsLp(), highspy.Highs()
        lp.num_col_, lp.num_row_ = len(cost), JOBS + R * HOURS
        lp.col_cost_, lp.col_lower_ = np.array(cost) / scale, np.zeros(len(cost))
        lp.col_upper_ = np.full(len(cost), np.inf)
        lp.row_lower_ = np.concatenate([np.ones(JOBS), np.full(R * HOURS, -np.inf)])
        lp.row_upper_ = np.ones(lp.num_row_)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = np.array(starts), np.array(rows)
        lp.a_matrix_.value_ = np.array(values)
        for option, value in (("output_flag", False), ("solver", "ipm"), ("run_crossover", "off")):
            solver.setOptionValue(option, value)
        solver.passModel(lp)
        solver.run()
        dual = np.array(solver.getSolution().row_dual)[JOBS:].reshape(R, HOURS)
        return np.maximum(0.0, -dual * scale / self.room)

    def alone_g(self) -> float:
        """Return the per-job bound, likewise."""
        sums = np.concatenate([np.zeros((len(ZONES), 1)), np.cumsum(self.intensity, axis=1)], axis=1)
        return float(
            sum(
                c * (sums[:, h : e + 1] - sums[:, : e - h + 1]).min()
                for h, c, e in zip(self.hours, self.cpus, self.end, strict=True)
            )
        )


def planned(instance: Instance) -> tuple[float, int, float]:
    """Return the plan's carbon in milligrams, how many jobs it leaves late or out, and the CPU seconds that it took."""
    view = Engine(instance.world()).next_view()
    assert view is not None
    began = time.process_time()
    plan = scheduler("plan").plan(view)
    seconds = time.process_time() - began
    assert plan.carbon_g is not None
    return float(plan.carbon_g.sum()) * 1000, int(plan.late.sum()) + JOBS - len(plan), seconds


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--lp", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    known: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for seed in range(arguments.seeds):
        full, ample = Instance(seed, arguments.data, ample=False), Instance(seed, arguments.data, ample=True)
        row = known.setdefault(str(seed), {})
        if arguments.lp or "lp" not in row:
            row["lp"] = full.lp_g()
        grams, late, seconds = planned(full)
        row |= {"full_over_lp": grams / row["lp"] - 1, "full_late": late, "full_s": seconds}
        grams, late, seconds = planned(ample)
        row |= {"ample_over_bound": grams / ample.alone_g() - 1, "ample_late": late, "ample_s": seconds}
        print(seed, {name: round(value, 4) for name, value in row.items()}, flush=True)
        RESULTS.write_text(json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    main()
