"""Whatever a model writes: every outcome is one of three, and what is not ok has changed nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.approvals import Approvals
from sim.units import HOUR_S
from tests.tools.sessions import NOT_AWAY, begun, call, later, mixed
from tools import TOOLS, Session

RULES = [
    NOT_AWAY | {"jobs": {"tag": "eu"}},
    {"kind": "headroom", "max_utilization": 0.9},
    {"kind": "suspend", "max_times": 1},
    {"kind": "approval", "regions": ["away"]},
    {"kind": "budget", "metric": "carbon_kg", "max": 2, "per": "day"},
]
EXTREME = [
    0,
    1,
    -1,
    1e308,
    -1e308,
    1e-320,
    2**63,
    10**400,
    True,
    False,
    None,
    "",
    "soft",
    "home",
    [],
    {},
    "\x00",
    "1e3",
]
ANYTHING = st.recursive(
    st.sampled_from(EXTREME) | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SENSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "job_id": st.sampled_from(["rigid", "soft", "wide", "ghost"]),
    "region": st.sampled_from(["home", "away", "mars"]),
    "start_s": st.sampled_from([0, 1800.5, 3600, 7200, 1e5, 1e9]),
    "until_s": st.sampled_from([0, 3600, 5400, 1e5, 1e9]),
    "scale": st.integers(0, 3),
    "hours": st.integers(0, 97),
    "limit": st.integers(0, 201),
    "quantiles": st.booleans(),
    "text": st.text(max_size=600),
    "reason": st.text(max_size=400),
}


def requests(name: str) -> st.SearchStrategy[Any]:
    """Return arguments of a tool: fields half sensible, half anything; or no fields of its at all."""
    fields = {field: SENSIBLE.get(field, ANYTHING) | ANYTHING for field in TOOLS[name].request.model_fields}
    run = st.fixed_dictionaries({}, optional={f: SENSIBLE[f] for f in ("job_id", "region", "start_s", "scale")})
    if name == "what_if":
        fields["runs"] = st.lists(run, max_size=4) | ANYTHING
    return st.fixed_dictionaries({}, optional=fields) | ANYTHING


CALLS = st.sampled_from(sorted(TOOLS)).flatmap(lambda name: st.tuples(st.just(name), requests(name)))


def state(session: Session) -> tuple[object, ...]:
    """Return all that an action could change: what is held, pending, suspended, free, and what happened so far."""
    engine = session.backend._engine  # type: ignore[attr-defined]
    view, history = engine.view(), engine.history
    return (
        view.held, view.pending.ids, view.suspended, view.free_now, view.deferred, dict(view.times_suspended),
        len(history.rows), len(history.suspensions), len(history.migrations), len(history.refusals),
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(calls=st.lists(CALLS, min_size=1, max_size=10), as_text=st.booleans())
def test_no_request_raises_and_only_an_acting_one_that_is_ok_changes_the_world(calls: list[Any], as_text: bool):
    one = begun(mixed(), *RULES, approvals=Approvals(lambda ask: ask.job_id == "soft" or None))
    call(one, "place_job", job_id="wide", region="home", start_s=0)
    call(one, "place_job", job_id="soft", region="home", start_s=0)
    one = later(one)
    for name, arguments in calls:
        before = state(one)
        given_so = json.dumps(arguments) if as_text else arguments if isinstance(arguments, dict) else {}
        outcome = TOOLS.call(name, given_so, one)
        assert outcome.status in ("ok", "invalid", "denied")
        assert outcome.status == "ok" or outcome.message
        json.dumps(outcome.result)
        if outcome.status != "ok" or TOOLS[name].effect != "mutate":
            assert state(one) == before, (name, arguments, outcome)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=40), name=st.sampled_from(sorted(TOOLS)))
def test_arguments_that_are_any_text_are_answered(text: str, name: str):
    assert TOOLS.call(name, text, begun(mixed())).status in ("ok", "invalid", "denied")


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "9" * 5000, '{"limit": ' + "9" * 5000 + "}", '{"\\ud800": 1}', '"\\ud800"', "NaN", "null"],
    ids=["nested", "long number", "long limit", "half a character", "half a text", "nan", "null"],
)
def test_json_that_is_no_request_is_answered_and_can_be_written_down(text: str):
    outcome = TOOLS.call("list_jobs", text, begun(mixed()))
    assert outcome.status == "invalid"
    json.dumps(outcome.result).encode("utf-8")


def test_the_fuzz_reaches_what_it_is_about():
    """The rules above deny and let through what the draws hold."""
    one = begun(mixed(), *RULES)
    assert call(one, "place_job", job_id="soft", region="away", start_s=0).status == "denied"
    assert call(one, "place_job", job_id="soft", region="home", start_s=0).status == "ok"
    one = later(one)
    assert call(one, "suspend_job", job_id="soft").status == "ok"
    assert call(one, "resume_job", job_id="soft", start_s=HOUR_S).status == "ok"
    assert call(one, "suspend_job", job_id="soft").status == "denied"
