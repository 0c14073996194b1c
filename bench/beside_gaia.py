"""How many jobs a CPU second our policies simulate and account for on GAIA's own work, beside GAIA's own code.

    python -m bench.beside_gaia DATA_DIR

Best of three, in one process. GAIA's figures (its published code, jobs per CPU second) were measured at another time on
the same kind of machine, with some 25 % of noise.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.speed import cpu_s, run_one
from sim.scenario import build_world, load_scenario

CASES = ("gaia-pai-1k", "gaia-pai-26d")
GAIA = {
    "fifo": (392, 400), "gaia-lowest-slot": (55, 54), "gaia-lowest-window": (39, 49), "gaia-carbon-time": (44, 51),
    "ecovisor": (15, 19), "wait-awhile": (12, 15),
}  # fmt: skip
"""Jobs per CPU second of GAIA's own code on each case."""


def main() -> None:
    """Print a row a case and policy."""
    data = Path(sys.argv[1])
    for n, case in enumerate(CASES):
        world = build_world(load_scenario(case), data)
        for name, theirs in GAIA.items():
            seconds, _ = cpu_s(lambda name=name, world=world: run_one(world, name))  # type: ignore[misc]
            ours = len(world.workload.jobs) / seconds
            print(f"{case:14} {name:20} {ours:8,.0f} {theirs[n]:6,} {ours / theirs[n]:6.0f} x", flush=True)


if __name__ == "__main__":
    main()
