"""Sessions on small worlds, under rules or none, for tests that call tools."""

from __future__ import annotations

from typing import Any

from agent.policy.guard import Guard
from agent.policy.rules import PolicySet
from sim.approvals import Approvals
from sim.engine import Engine
from sim.model import Checkpoint
from sim.world import World
from tests.worlds import mock_job, mock_world
from tools import TOOLS, Session
from tools.backends.simulated import SimulatedBackend
from tools.spec import Outcome

HOME = [300.0, 300, 300, 100, 300, 300] + [300.0] * 18
NOT_AWAY = {"kind": "placement", "effect": "deny", "regions": ["away"], "source": "Not away."}


def begun(world: World, *rules: dict[str, Any], approvals: Approvals | None = None) -> Session:
    """Return a session at the first decision point of a world, under these rules."""
    policy = PolicySet.model_validate({"rules": [{"source": "x", **rule} for rule in rules]})
    guard = Guard(policy, world.regions, world.start, world.epoch_s) if rules else None
    backend = SimulatedBackend(Engine(world, guard, approvals=approvals))
    view = backend.next_view()
    assert view is not None
    return Session(view, backend)


def later(session: Session, hours: int = 1) -> Session:
    """Return the session so many decision points later."""
    view = None
    for _ in range(hours):
        view = session.backend.next_view()
        assert view is not None
    assert view is not None
    return Session(view, session.backend)


def mixed() -> World:
    """Return two regions of 10 CPUs, and three jobs at 0 h: `rigid`, `soft` (with a checkpoint) and `wide` (elastic).

    Two workers of `wide` work 1.5 times as fast as one. Each runs two hours, on 2, 4 and 2 CPUs.
    """
    jobs = [
        mock_job("rigid", hours=2, cpus=2),
        mock_job("soft", hours=2, cpus=4, checkpoint=Checkpoint()),
        mock_job("wide", hours=2, cpus=2, throughput=(1.0, 1.5)),
    ]
    return mock_world(jobs, [HOME, [200.0] * 24])


def running(*rules: dict[str, Any]) -> Session:
    """Return the mixed world at 1 h, all its jobs running at home since 0 h."""
    one = begun(mixed(), *rules)
    for name in ("rigid", "soft", "wide"):
        assert call(one, "place_job", job_id=name, region="home", start_s=0).status == "ok"
    return later(one)


def suspended(*rules: dict[str, Any]) -> Session:
    """Return the mixed world at 2 h: `soft` was suspended at 1 h, half done, and the others have ended."""
    one = running(*rules)
    assert call(one, "suspend_job", job_id="soft").status == "ok"
    return later(one)


def call(on: Session, name: str, **arguments: Any) -> Outcome:
    """Return what comes of a call."""
    return TOOLS.call(name, arguments, on)


def live(on: Session) -> dict[str, dict[str, Any]]:
    """Return what runs or is suspended now, by job, as list_running tells it."""
    view = on.backend._engine.view()  # type: ignore[attr-defined]
    rows = call(Session(view, on.backend), "list_running").result["jobs"]
    return {row["job_id"]: row for row in rows}
