"""`bench.wishes` on a world whose numbers can be added in the head: what granting costs, and whether it was granted."""

from __future__ import annotations

import numpy as np
import pytest
from policy_cases import policy

from agent.case import Case
from agent.policy.rules import PolicySet
from bench.wishes import Kept, cases, share_kept, strict
from sim.scenario import parse_scenario
from tests.agent.evaluation.suites import SCENARIO
from tests.worlds import mock_job, mock_world

CLEAN, DIRTY = [100.0] * 24, [300.0] * 24


@pytest.fixture
def case() -> Case:
    """Two jobs of one hour, 1 kWh each: 100 g where it is clean, three times as much at home."""
    world = mock_world([mock_job("a", team="research"), mock_job("b", team="ads")], [DIRTY, CLEAN])
    return Case(parse_scenario(SCENARIO, "test"), world, (), PolicySet(rules=()))


def test_a_wish_that_triples_the_carbon_is_not_cheap_and_not_granted_and_one_for_the_clean_region_is(case: Case):
    wishes = policy(
        {"kind": "prefer", "regions": ["home"], "jobs": {"team": "research"}},
        {"kind": "placement", "strength": "prefer", "effect": "deny", "regions": ["home"], "jobs": {"team": "ads"}},
    ).rules
    dear, free = cases(case, 0, wishes)
    assert (dear.jobs, dear.kept, dear.cheap) == (1, 0, 0)
    assert dear.cost == pytest.approx(200)
    assert (free.jobs, free.kept, free.cheap, free.cheap_kept) == (1, 1, 1, 1)
    assert free.moved == 0, "it would have gone there by itself"
    assert free.cost == pytest.approx(0)


def test_a_wish_that_moves_a_job_at_no_cost_counts_as_moved_and_granted(case: Case):
    """By itself the job would run in the first of many hours that are alike; the wish has it wait for noon."""
    noon = {"kind": "placement", "strength": "prefer", "effect": "only", "window": {"start": "12:00", "end": "14:00"}}
    world = mock_world([mock_job("a", slack_h=20)], [CLEAN])
    (found,) = cases(Case(case.scenario, world, (), case.rules), 0, policy(noon).rules)
    assert (found.cheap, found.moved, found.moved_kept) == (1, 1, 1)


def test_a_wish_that_makes_a_job_late_is_not_cheap(case: Case):
    """Its window opens when the job must have ended."""
    late = {"kind": "placement", "strength": "prefer", "effect": "only", "window": {"start": "12:00", "end": "14:00"}}
    world = mock_world([mock_job("a", slack_h=2)], [CLEAN])
    (found,) = cases(Case(case.scenario, world, (), case.rules), 0, policy(late).rules)
    assert (found.kept, found.cheap) == (0, 0)


def test_a_favoured_region_is_the_only_one_where_the_wish_must_hold():
    (rule,) = policy({"kind": "prefer", "regions": ["gb"]}).rules
    held = strict(rule)
    assert (held.kind, held.strength) == ("placement", "must")
    assert held.source == rule.source


def test_the_share_granted_is_of_cheap_cases_with_seeds_alike():
    """Three of four in one seed, all of one in the other: 87.5 %."""
    rows = [Kept("w", 0, 9, 5, 4, 3, 0, 0, None), Kept("w", 1, 2, 1, 1, 1, 0, 0, 0.0)]
    assert share_kept(rows).mean == pytest.approx(87.5)
    assert np.isfinite(share_kept(rows).low or np.nan)
