"""The tools that act on what runs, and those that reach the operator: done, mended, denied; nothing half done."""

from __future__ import annotations

from typing import Any

import pytest

from sim.approvals import Approvals
from sim.model import Checkpoint
from sim.units import HOUR_S
from tests.tools.sessions import NOT_AWAY, begun, call, later, live, mixed, running, suspended
from tests.worlds import mock_job, mock_world
from tools import Session

NO_SUSPENDING = {"kind": "suspend", "allowed": False}
ASK_AWAY = {"kind": "approval", "regions": ["away"]}


def most(share: float) -> dict[str, Any]:
    return {"kind": "headroom", "max_utilization": share}


# -- what they do --------------------------------------------------------------------------------


def test_a_suspended_job_gives_its_room_back_and_keeps_its_half():
    one = running()
    assert call(one, "suspend_job", job_id="soft").status == "ok"
    soft = live(one)["soft"]
    assert (soft["state"], soft["progress"], soft["remaining_h"], soft["suspensions"]) == ("suspended", 0.5, 1, 1)
    view = one.backend._engine.view()  # type: ignore[attr-defined]
    assert view.free[0, 0] == 10 - 2 - 2


def test_a_resumed_job_does_the_half_that_is_left():
    one = suspended()
    outcome = call(one, "resume_job", job_id="soft", start_s=4 * HOUR_S)
    assert outcome.result == {"job_id": "soft", "start_s": 4 * HOUR_S, "scale": 1}
    (held,) = one.backend._engine.view().commitments  # type: ignore[attr-defined]
    assert (held.start_s, held.end_s, held.state) == (4 * HOUR_S, 5 * HOUR_S, "planned")


def test_a_migrated_job_goes_on_elsewhere():
    one = running()
    assert call(one, "migrate_job", job_id="soft", region="away", start_s=HOUR_S).status == "ok"
    soft = live(one)["soft"]
    assert (soft["region"], soft["state"], soft["remaining_h"]) == ("away", "running", 1)


def test_a_second_worker_takes_a_third_off_the_hour_that_is_left():
    one = running()
    assert call(one, "resize_job", job_id="wide", scale=2).result == {"job_id": "wide", "scale": 2}
    wide = live(one)["wide"]
    assert (wide["workers"], wide["progress"], wide["remaining_h"]) == (2, 0.5, pytest.approx(2 / 3, abs=1e-3))


def test_a_job_is_resized_once_at_a_moment():
    """To give a worker and take it back at once would look as if the job had paused."""
    one = running()
    assert call(one, "resize_job", job_id="wide", scale=2).status == "ok"
    again = call(one, "resize_job", job_id="wide", scale=1)
    assert (again.status, live(one)["wide"]["workers"]) == ("invalid", 2)
    assert "has changed at this moment already" in again.message


def test_an_elastic_job_is_placed_with_two_workers_and_ends_sooner():
    one = begun(mixed())
    assert call(one, "place_job", job_id="wide", region="home", start_s=0, scale=2).result["scale"] == 2
    assert live(one)["wide"]["remaining_h"] == pytest.approx(4 / 3, abs=1e-3)


def test_a_job_is_placed_until_it_is_suspended():
    one = begun(mixed())
    assert call(one, "place_job", job_id="soft", region="home", start_s=0, until_s=HOUR_S).status == "ok"
    assert live(later(one))["soft"]["state"] == "suspended"


def test_running_jobs_are_listed_with_what_may_be_done_with_them():
    rows = call(running(), "list_running").result
    assert (rows["running"], rows["suspended"], rows["planned"]) == (3, 0, 0)
    may = {row["job_id"]: (row["suspendable"], row["migratable"], row["resizable"]) for row in rows["jobs"]}
    assert may == {"rigid": (False, False, False), "soft": (True, True, False), "wide": (False, False, True)}
    assert {row["job_id"]: row["progress"] for row in rows["jobs"]} == {"rigid": 0.5, "soft": 0.5, "wide": 0.5}
    assert {row["deadline_in_h"] for row in rows["jobs"]} == {25}


def test_a_job_that_a_rule_keeps_running_is_not_said_to_be_suspendable():
    rows = call(running(NO_SUSPENDING), "list_running").result["jobs"]
    assert not any(row["suspendable"] or row["migratable"] for row in rows)


def test_while_a_checkpoint_is_written_nothing_is_said_of_the_rest():
    job = mock_job("slow", hours=2, checkpoint=Checkpoint(save_s=7200.0))
    one = begun(mock_world([job], [[100.0]]))
    call(one, "place_job", job_id="slow", region="home", start_s=0)
    one = later(one)
    call(one, "suspend_job", job_id="slow")
    slow = live(one)["slow"]
    assert (slow["state"], slow["progress"], slow["remaining_h"]) == ("saving", None, None)


# -- requests to mend ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("list_running", {"limit": 0}, "limit: Input should be greater"),
        ("suspend_job", {"job_id": "rigid"}, "job rigid cannot be suspended: it has no checkpoint; let it run"),
        ("suspend_job", {"job_id": "ghost"}, "no job 'ghost' has been submitted"),
        ("resume_job", {"job_id": "soft", "start_s": 3600}, "job soft is running; only suspended jobs can be resumed"),
        ("migrate_job", {"job_id": "soft", "region": "home", "start_s": 3600}, "is in home already"),
        ("migrate_job", {"job_id": "rigid", "region": "away", "start_s": 3600}, "it has no checkpoint"),
        ("migrate_job", {"job_id": "soft", "region": "away", "start_s": 0}, "is before now, 3600 s; give now or later"),
        ("resize_job", {"job_id": "wide", "scale": 3}, "job wide runs with 1 to 2 workers, asked for 3"),
        ("resize_job", {"job_id": "wide", "scale": 1}, "job wide has 1 workers already; give another number"),
        ("place_job", {"job_id": "soft", "region": "home", "start_s": 1e300}, "is running already; only pending"),
        ("migrate_job", {"job_id": "soft", "region": "away", "start_s": 1e300}, "is after all planning; give one by"),
        ("resize_job", {"job_id": "wide", "scale": 0}, "scale: Input should be greater"),
        ("place_job", {"job_id": "soft", "region": "home", "start_s": 7200}, "is running already; only pending"),
        (
            "request_approval",
            {"job_id": "soft", "region": "away", "start_s": 7200},
            "needs nobody's yes to run",
        ),
        ("request_approval", {"job_id": "ghost", "region": "away", "start_s": 7200}, "no job 'ghost'"),
        ("note_to_operator", {"text": ""}, "text: String should have at least 1 character"),
    ],
)
def test_a_request_that_cannot_be_says_how_to_mend_it_and_does_nothing(name: str, arguments: Any, message: str):
    one = running()
    before = live(one)
    outcome = call(one, name, **arguments)
    assert outcome.status == "invalid"
    assert message in outcome.message
    assert live(one) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"job_id": "rigid", "scale": 2}, "job rigid runs with 1 to 1 workers, asked for 2"),
        ({"job_id": "rigid", "until_s": 3600}, "cannot stop at 3600 s: it has no checkpoint"),
        ({"job_id": "soft", "until_s": 0}, "expected a time after its start"),
    ],
)
def test_a_placement_beyond_what_the_job_can_do_says_so(arguments: Any, message: str):
    outcome = call(begun(mixed()), "place_job", region="home", start_s=0, **arguments)
    assert outcome.status == "invalid"
    assert message in outcome.message


# -- denied by rules -----------------------------------------------------------------------------


def test_a_rule_against_suspending_denies_it_and_the_job_runs_on():
    one = running(NO_SUSPENDING)
    outcome = call(one, "suspend_job", job_id="soft")
    assert outcome.status == "denied"
    assert "suspended" in outcome.result["rule"]
    assert live(one)["soft"]["state"] == "running"


def test_a_rule_against_a_region_denies_the_move_before_the_job_stops():
    one = running(NOT_AWAY)
    outcome = call(one, "migrate_job", job_id="soft", region="away", start_s=HOUR_S)
    assert outcome.status == "denied"
    assert "Not away." in outcome.result["rule"]
    assert (live(one)["soft"]["state"], live(one)["soft"]["suspensions"]) == ("running", 0)


def test_headroom_denies_another_worker():
    """8 CPUs run, and another worker's 2 would make 10 of 9."""
    one = running(most(0.9))
    assert call(one, "resize_job", job_id="wide", scale=2).status == "denied"
    assert live(one)["wide"]["workers"] == 1


def test_headroom_denies_a_job_that_would_go_on():
    """Of 10 CPUs 6 may be busy; the others' 4 are by 1 h, and `soft` has 4."""
    one = begun(mixed(), most(0.6))
    assert call(one, "place_job", job_id="soft", region="home", start_s=0).status == "ok"
    one = later(one)
    call(one, "suspend_job", job_id="soft")
    for name in ("rigid", "wide"):
        assert call(one, "place_job", job_id=name, region="home", start_s=HOUR_S).status == "ok"
    assert call(one, "resume_job", job_id="soft", start_s=HOUR_S).status == "denied"
    assert live(one)["soft"]["state"] == "suspended"


# -- the operator --------------------------------------------------------------------------------


def asking(approvals: Approvals) -> Session:
    return begun(mixed(), ASK_AWAY, approvals=approvals)


def test_a_request_waits_until_a_person_answers_and_then_the_job_may_run():
    approvals = Approvals()
    one = asking(approvals)
    away = {"job_id": "soft", "region": "away", "start_s": 0}
    assert call(one, "request_approval", **away).result["answer"] == "waiting"
    (ask,) = approvals.waiting
    assert (ask.job_id, ask.region) == ("soft", "away")
    assert call(one, "place_job", **away).status == "denied"
    approvals.answer(ask.job_id, ask.region, ask.rule, yes=True)
    assert call(one, "request_approval", **away).result["answer"] == "yes"
    assert call(one, "place_job", **away).status == "ok"


def test_a_no_is_told_and_holds():
    approvals = Approvals(lambda _: False)
    one = asking(approvals)
    assert call(one, "request_approval", job_id="soft", region="away", start_s=0).result["answer"] == "no"
    assert call(one, "place_job", job_id="soft", region="away", start_s=0).status == "denied"


def test_nobody_is_asked_for_what_another_rule_forbids_anyway():
    approvals = Approvals()
    one = begun(mixed(), ASK_AWAY, NOT_AWAY, approvals=approvals)
    outcome = call(one, "request_approval", job_id="soft", region="away", start_s=0)
    assert outcome.status == "denied"
    assert "Not away." in outcome.result["rule"]
    assert approvals.waiting == []


def test_a_yes_can_be_had_for_a_move_before_the_job_stops():
    approvals = Approvals()
    one = asking(approvals)
    call(one, "place_job", job_id="soft", region="home", start_s=0)
    one = later(one)
    move = {"job_id": "soft", "region": "away", "start_s": HOUR_S}
    assert call(one, "migrate_job", **move).status == "denied"
    assert call(one, "request_approval", **move).result["answer"] == "waiting"
    (ask,) = approvals.waiting
    approvals.answer(ask.job_id, ask.region, ask.rule, yes=True)
    assert call(one, "migrate_job", **move).status == "ok"


def test_a_note_comes_back_as_it_was_written_with_the_time():
    assert call(running(), "note_to_operator", text="Away is full.").result == {"now_s": 3600, "text": "Away is full."}
