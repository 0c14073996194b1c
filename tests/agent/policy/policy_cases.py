"""The world of the policy tests: five regions in five time zones, and short ways to write jobs and rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from agent.policy.guard import Guard
from agent.policy.rules import PolicySet
from sim.approvals import Approvals
from sim.engine import Engine
from sim.model import Job, Region, Server
from sim.world import World

HOUR = 3600.0
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
SERVER = Server("s", cpus=50, gpus=2, memory_gb=200, idle_w=100, max_w=300)


def region(name: str, zone: str, tz: str) -> Region:
    return Region(id=name, zone=zone, tz=tz, servers=((SERVER, 2),), pue=1.2)


REGIONS = (
    region("us-west", "US-CAL-CISO", "America/Los_Angeles"),
    region("us-south", "US-TEX-ERCO", "America/Chicago"),
    region("ca-east", "CA-ON", "America/Toronto"),
    region("gb", "GB", "Europe/London"),
    region("de", "DE", "Europe/Berlin"),
)
IDS = [region.id for region in REGIONS]
MONDAY = datetime(2022, 3, 7, tzinfo=UTC)


def job(hours: float = 1.0, **fields: Any) -> Job:
    defaults = {
        "id": "j1",
        "submit_s": 0.0,
        "duration_estimate_s": hours * HOUR,
        "deadline_s": 1e9,
        "cpus": 4.0,
        "gpus": 0.0,
        "memory_gb": 8.0,
        "home": "gb",
    }
    return Job(**(defaults | fields))


def policy(*rules: dict[str, Any]) -> PolicySet:
    return PolicySet.model_validate({"rules": [{"source": f"Rule {i}.", **r} for i, r in enumerate(rules)]})


def guard(*rules: dict[str, Any], start: datetime = MONDAY) -> Guard:
    return Guard(policy(*rules), REGIONS, start, HOUR)


def bound(world: World, *rules: dict[str, Any]) -> Guard:
    return Guard(policy(*rules), world.regions, world.start, world.epoch_s)


def begun(world: World, *rules: dict[str, Any], approvals: Approvals | None = None) -> Engine:
    """Return an engine at its first decision point."""
    engine = Engine(world, bound(world, *rules), approvals=approvals)
    engine.next_view()
    return engine


def allowed(rules: Guard, a_job: Job, *starts_h: float, intensity: float = 100, price: float = 50) -> dict[str, str]:
    """Return by region a string of `y` and `.`, one for each start."""
    shape = (len(REGIONS), len(starts_h))
    found = rules.allowed(
        a_job,
        np.array(starts_h) * HOUR,
        intensity=np.full(shape, float(intensity)),
        price=np.full(shape, float(price)),
    )
    return {name: "".join(".y"[int(ok)] for ok in row) for name, row in zip(IDS, found, strict=True)}
