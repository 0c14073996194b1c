"""The tools: three outcomes, declared effects, schemas from the requests, figures to add in the head."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.errors import InputError
from sim.units import HOUR_S
from sim.world import World
from tests.tools.sessions import HOME, NOT_AWAY, begun
from tests.worlds import mock_job, mock_region, mock_world
from tools import ACT, READ, TOOLS, Session
from tools.spec import Outcome


def session(world: World | None = None, *rules: dict[str, Any]) -> Session:
    """Return a session on a world of two jobs at 0 h, `a` for two hours and `b` for one on 4 CPUs, if none is given."""
    return begun(world or mock_world([mock_job("a", hours=2), mock_job("b", cpus=4)], [HOME, [200.0] * 24]), *rules)


def call(name: str, *, on: Session | None = None, **arguments: Any) -> Outcome:
    return TOOLS.call(name, arguments, on or session())


def test_a_tool_that_is_left_out_is_not_there():
    fewer = TOOLS.without(["what_if"])
    assert set(TOOLS) - set(fewer) == {"what_if"}
    assert fewer.call("what_if", {"runs": []}, session()).message.startswith("no tool 'what_if'; tools are ")
    with pytest.raises(InputError, match="no tool 'what_of' to leave out; tools are capacity_over_time"):
        TOOLS.without(["what_of"])


def test_every_tool_declares_whether_it_changes_the_world():
    assert {tool.effect for tool in READ.values()} == {"read"}
    assert {name for name, tool in ACT.items() if tool.effect == "tell"} == {"request_approval", "note_to_operator"}
    assert {tool.effect for tool in ACT.values()} == {"mutate", "tell"}


def test_reading_changes_nothing_that_can_be_seen():
    one = session()
    before = [call(name, on=one).result for name in ("list_jobs", "capacity_query")]
    call("what_if", on=one, runs=[{"job_id": "a", "region": "home", "start_s": 0}])
    call("carbon_forecast", on=one, region="home")
    call("power_estimate", on=one, job_id="a", region="home")
    assert [call(name, on=one).result for name in ("list_jobs", "capacity_query")] == before


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_the_schema_of_each_tool_says_what_it_does_and_refuses_unknown_fields(name: str):
    function = TOOLS[name].openai_schema()["function"]
    assert len(function["description"]) > 40
    assert function["parameters"]["additionalProperties"] is False
    json.dumps(function)


def test_the_forecast_is_hourly_from_now():
    result = call("carbon_forecast", region="home", hours=5).result
    assert result["g_per_kwh"] == [300, 300, 300, 100, 300]


def test_ten_cpus_draw_a_kilowatt_and_pue_comes_on_top():
    world = mock_world([mock_job("a", hours=2)], [HOME], regions=[mock_region(pue=1.5)])
    result = call("power_estimate", on=session(world), job_id="a", region="home").result
    assert (result["it_w"], result["facility_w"], result["energy_kwh"]) == (1000, 1500, 3)


def test_capacity_counts_what_runs():
    one = session()
    call("place_job", on=one, job_id="b", region="home", start_s=0)
    view = one.backend.next_view()
    assert view is not None
    home = call("capacity_query", on=Session(view, one.backend)).result["regions"][0]
    assert (home["free_cpus"], home["cpus"], home["running"]) == (10, 10, 0), "b has ended after an hour"


def test_what_if_adds_up_carbon_cost_and_wait_and_sees_that_the_room_is_taken():
    runs = [
        {"job_id": "a", "region": "home", "start_s": 2 * HOUR_S},
        {"job_id": "b", "region": "home", "start_s": 3 * HOUR_S},
    ]
    result = call("what_if", runs=runs).result
    assert result["carbon_g"] == pytest.approx(300 + 100 + 0.4 * 100)
    assert result["cost_usd"] == pytest.approx(0.05 * 2.4)
    assert result["mean_wait_s"] == 2.5 * HOUR_S
    assert result["late"] == 0
    assert result["problems"] == [{"job_id": "b", "problem": "no room"}]


def test_what_if_sees_the_slots_that_a_run_from_the_middle_of_one_touches():
    """Half past zero to half past one: the second hour is full."""
    world = mock_world([mock_job("a", slack_h=0.5), mock_job("b", slack_h=9)], [[100.0] * 24])
    one = session(world)
    call("place_job", on=one, job_id="b", region="home", start_s=HOUR_S)
    view = one.backend._engine.view()  # type: ignore[attr-defined]
    result = call("what_if", on=Session(view, one.backend), runs=[{"job_id": "a", "region": "home", "start_s": 1800}])
    assert result.result["problems"] == [{"job_id": "a", "problem": "no room"}]


def test_what_if_counts_a_start_after_the_latest_as_late():
    late = [{"job_id": "a", "region": "home", "start_s": 25 * HOUR_S}]
    assert call("what_if", runs=late).result["late"] == 1


def test_placing_and_deferring_reach_the_backend():
    one = session()
    assert call("place_job", on=one, job_id="a", region="away", start_s=0).status == "ok"
    assert call("defer_job", on=one, job_id="b", until_s=5 * HOUR_S).status == "ok"
    view = one.backend.next_view()
    assert view is not None
    assert ([job.id for job in view.pending], view.now_s) == (["b"], 5 * HOUR_S)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("fly_to_moon", {}, "no tool 'fly_to_moon'; tools are"),
        ("carbon_forecast", {}, "region: Field required"),
        ("carbon_forecast", {"region": "mars"}, "no region 'mars'; regions are home, away"),
        ("carbon_forecast", {"region": "home", "hours": 0}, "hours: Input should be greater"),
        ("carbon_forecast", {"region": "home", "colour": "red"}, "colour: Extra inputs"),
        ("power_estimate", {"job_id": "z", "region": "home"}, "no pending job 'z'; 2 are pending: a, b"),
        ("place_job", {"job_id": "z", "region": "home", "start_s": 0}, "no pending job 'z'"),
        ("place_job", {"job_id": "a", "region": "mars", "start_s": 0}, "no region 'mars'"),
        ("defer_job", {"job_id": "a", "until_s": 0.0}, "until_s: Input should be greater"),
        (
            "place_job",
            {"job_id": "a", "region": "home", "start_s": float("inf")},
            "start_s: Input should be a finite",
        ),
        ("defer_job", {"job_id": "a", "until_s": 1e9}, "not after the end of the run"),
        ("what_if", {"runs": []}, "runs: List should have at least 1 item"),
    ],
)
def test_a_request_that_makes_no_sense_says_how_to_mend_it(name: str, arguments: dict[str, Any], message: str):
    outcome = call(name, **arguments)
    assert outcome.status == "invalid"
    assert message in outcome.message


def test_arguments_that_are_no_json_are_invalid():
    assert TOOLS.call("list_jobs", '{"limit": ', session()).message.startswith("arguments of list_jobs are not JSON")


def test_numbers_may_come_as_text_from_a_model():
    assert TOOLS.call("list_jobs", '{"limit": 1.0}', session()).result["jobs"][0]["job_id"] == "a"


def test_a_rule_denies_by_name():
    outcome = call("place_job", on=session(None, NOT_AWAY), job_id="a", region="away", start_s=0)
    assert outcome.status == "denied"
    assert "Not away." in outcome.result["rule"]


def test_a_later_start_is_denied_when_it_is_planned_not_when_it_comes():
    outcome = call("place_job", on=session(None, NOT_AWAY), job_id="a", region="away", start_s=9 * HOUR_S)
    assert outcome.status == "denied"


def test_a_bug_in_a_tool_is_not_shown_to_the_model(monkeypatch: pytest.MonkeyPatch):
    one = session()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(one.backend, "place", broken)
    with pytest.raises(ZeroDivisionError):
        call("place_job", on=one, job_id="a", region="home", start_s=0)
