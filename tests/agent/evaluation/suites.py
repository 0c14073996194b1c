"""A suite of seconds: two cuts of a scenario of twelve jobs in two regions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SCENARIO: dict[str, Any] = {
    "name": "tiny", "start": "2022-03-07T00:00:00Z", "days": 1, "drain_days": 2, "epoch_min": 60,
    "regions": [
        {"id": name, "zone": zone, "tz": "UTC", "pue": 1.0, "servers": [
            {"model": "mock", "count": 1, "cpus": 64, "memory_gb": 512, "idle_w": 100, "max_w": 300}]}
        for name, zone in (("de", "DE"), ("ca-east", "CA-ON"))
    ],
    "workload": {"kind": "synthetic", "count": 12, "max_cpus": 8, "gpus": False, "slack_h": 12},
    "signals": {"kind": "synthetic", "seed": 3},
}  # fmt: skip


def write_suite(folder: Path, **fields: Any) -> Path:
    """Write the suite and its scenario, and return the suite's file."""
    folder.mkdir(exist_ok=True)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(SCENARIO))
    content = {
        "name": "tiny-suite", "seeds": [0, 1], "schedulers": ["fifo", "time-shift"],
        "scenarios": [{"id": "tiny", "base": "tiny.yaml",
                       "vary": {"slack": {"long": {}, "short": {"workload": {"slack_h": 4}}}}}],
    } | fields  # fmt: skip
    path = folder / "suite.yaml"
    path.write_text(yaml.safe_dump(content))
    return path
