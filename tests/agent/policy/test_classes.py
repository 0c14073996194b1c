"""The classes of jobs that rules tell apart: none is missed, and none is named twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_cases import IDS, job, policy

from agent.policy.preview.classes import bound_by, classes

RULES = policy(
    {"kind": "suspend", "allowed": False, "jobs": {"team": "ads"}, "unless": {"kind": "interactive"}},
    {"kind": "suspend", "allowed": False, "jobs": {"tag": "pii", "home": ["gb", "de"]}},
    {"kind": "suspend", "allowed": False, "jobs": {"tag": "etl", "priority_at_least": "high"}},
    {"kind": "suspend", "allowed": False, "jobs": {"longer_than_h": 6}, "unless": {"tag": "pii"}},
    {"kind": "suspend", "allowed": False, "jobs": {"shorter_than_h": 6, "gpu": True}},
).rules

JOBS = st.builds(
    job,
    hours=st.sampled_from([0.1, 1, 5.9, 6, 6.1, 100]),
    kind=st.sampled_from(["batch", "interactive"]),
    team=st.sampled_from([None, "ads", "finance"]),
    tags=st.sets(st.sampled_from(["pii", "etl", "other"])).map(lambda tags: tuple(sorted(tags))),
    home=st.sampled_from(IDS),
    priority=st.sampled_from(["low", "normal", "high", "critical"]),
    gpus=st.sampled_from([0.0, 0.5, 2.0]),
)


@given(JOBS)
@settings(max_examples=60, deadline=None)
def test_every_job_is_of_one_of_the_classes(one):
    found = classes(RULES, IDS)
    assert found.complete
    assert bound_by(RULES, one) in {bound_by(RULES, member) for member in found.jobs}


def test_each_class_is_named_once_and_the_most_ordinary_job_comes_first():
    found = classes(RULES, IDS).jobs
    assert len({bound_by(RULES, member) for member in found}) == len(found)
    assert bound_by(RULES, found[0]) == frozenset()


def test_an_exempt_job_is_of_the_class_of_those_that_nobody_names():
    """Batch of ads, and all others: interactive work of ads is among these."""
    assert [(one.team, one.kind) for one in classes(RULES[:1], IDS).jobs] == [(None, "batch"), ("ads", "batch")]


def test_where_there_are_too_many_classes_it_is_said():
    found = classes(RULES, IDS, most=3)
    assert (len(found.jobs) <= 3, found.complete) == (True, False)
