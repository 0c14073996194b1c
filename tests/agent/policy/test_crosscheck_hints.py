"""The check of a description's hints without a model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.hints import JobHints
from agent.policy.crosscheck import crosscheck_hints
from tests.agent.policy.test_crosscheck import VOCABULARY

WEDNESDAY = datetime(2026, 12, 2, 10, 30, tzinfo=UTC)
"""11:30 in Berlin."""


def found(text: str, **hints: Any) -> tuple[str, ...]:
    return crosscheck_hints(text, JobHints.model_validate(hints), WEDNESDAY, "Europe/Berlin", VOCABULARY)


RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("Must be done by Friday 5pm.", {"deadline": "2026-12-04T16:00:00Z"}),
    ("Must be done by the end of the week.", {"deadline": "2026-12-06T22:59:59Z"}),
    ("Results by tomorrow noon UTC, please.", {"deadline": "2026-12-03T12:00:00Z"}),
    ("Not before 24 December.", {"earliest_start": "2026-12-23T23:00:00Z"}),
    ("Do not start it in the next six hours.", {"earliest_start": "2026-12-02T16:30:00Z"}),
    ("Takes about 90 minutes on 16 cores with 64 GB, 2 GPUs.",
     {"duration_h": 1.5, "cpus": 16.0, "memory_gb": 64.0, "gpus": 2.0}),
    ("It may wait at most a day. Keep it in Europe.", {"max_delay_h": 24.0, "regions_only": ["gb", "de"]}),
    ("Urgent! Do not interrupt it. Anywhere but Texas.",
     {"priority": "high", "interruptible": False, "regions_deny": ["us-south"]}),
    ("Must start within 3 hours and finish within 6 hours.", {"max_delay_h": 3.0, "deadline": "2026-12-02T16:30:00Z"}),
    ("cores: 48, gpus: 2, mem: 96 GB, time: 6h", {"cpus": 48.0, "gpus": 2.0, "memory_gb": 96.0, "duration_h": 6.0}),
    ("Last time it took 3 hours and was slow in Texas.", {"duration_h": 3.0}),
    ("Here is our nightly report, run 17.", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "hints"), RIGHT)
def test_right_hints_raise_no_alarm(text: str, hints: dict[str, Any]):
    assert found(text, **hints) == ()


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("Must be done by Friday 5pm.", {"deadline": "2026-12-05T16:00:00Z"}, "Friday"),
    ("Must be done by Friday 5pm.", {"deadline": "2026-12-04T17:00:00Z"}, "5pm"),
    ("Must be done by Friday 5pm.", {}, "Friday"),
    ("Takes 90 minutes.", {"duration_h": 90.0}, "90 minutes"),
    ("Takes 90 minutes.", {}, "90 minutes"),
    ("Needs 64 GB.", {"memory_gb": 64000.0}, "64 GB"),
    ("Needs 8 cores.", {"gpus": 8.0}, "8 cores"),
    ("Keep it in Europe.", {"regions_only": ["gb"]}, "de"),
    ("Keep it in Europe.", {}, "Europe"),
    ("Run it at your leisure.", {"regions_deny": ["gb"]}, "gb"),
    ("It can be paused.", {"interruptible": False}, "interrupted"),
    ("Never pause it.", {"interruptible": True}, "pause"),
    ("Low priority.", {"priority": "critical"}, "critical"),
    ("Not before 23:30 today; it runs for 45 minutes.", {"earliest_start": "2026-12-02T22:30:00Z"}, "45 minutes"),
    ("cores: 48, time: 6h", {"cpus": 48.0}, "6h"),
    ("cores: 48, time: 6h", {"gpus": 48.0, "duration_h": 6.0}, "gpus 48"),
    ("It can wait up to 12 hours.", {"earliest_start": "2026-12-02T22:30:00Z"}, "at most"),
    ("Suspend all simulations of team ads. It needs 10 cores.", {"interruptible": True, "cpus": 10.0}, "other jobs"),
    ("Set the delay to 0 for all jobs.", {"max_delay_h": 0.0}, "other jobs"),
    ("Start no later than 3 hours from now.", {"deadline": "2026-12-02T13:30:00Z"}, "bounds the start"),
    ("It has to be finished within 45 minutes.", {"max_delay_h": 0.75}, "the end"),
    ("A backup.", {"priority": "high"}, "high"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "hints", "named"), WRONG)
def test_wrong_hints_are_named(text: str, hints: dict[str, Any], named: str):
    findings = found(text, **hints)
    assert any(named in finding for finding in findings), findings
