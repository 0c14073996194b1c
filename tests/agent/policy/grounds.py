"""Grounds for the tests of what rules will do: the five regions of the policy tests, or a small world with its jobs."""

from __future__ import annotations

import numpy as np
from policy_cases import REGIONS

from agent.policy.preview.findings import Finding
from agent.policy.preview.ground import Ground, made_up
from agent.policy.rules import PolicySet
from agent.policy.vocabulary import RegionNames, Vocabulary
from sim.model import Job
from tests.worlds import mock_world

VOCABULARY = Vocabulary(
    regions=tuple(RegionNames(id=region.id, zone=region.zone, tz=region.tz) for region in REGIONS),
    teams=("ads", "finance"),
    customers=("acme", "globex"),
    tags=("pii", "etl", "ci"),
)


def nowhere_land(rules: PolicySet) -> Ground:
    """Return a made-up world."""
    return made_up(VOCABULARY, rules, np.random.default_rng(1))


def small(*jobs: Job) -> Ground:
    """Return a world of two regions, home at 100 and away at 200 g/kWh, each with ten CPUs of 100 W."""
    return Ground(mock_world(jobs, [[100.0], [200.0]]), made_up=False)


def told(findings: list[Finding]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what findings come to."""
    return [(one.level, one.kind, one.sentences) for one in findings]
