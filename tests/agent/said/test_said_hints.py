from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.policy.vocabulary import Vocabulary
from agent.said.hints import SaidHints, resolve
from agent.said.quantity import Unreadable

VOCABULARY = Vocabulary.load(Path(__file__).parents[3] / "policies" / "vocabulary.json")
WEDNESDAY = datetime(2026, 12, 2, 10, 30, tzinfo=UTC)
"""11:30 in Berlin."""


def hints(now: datetime = WEDNESDAY, **said: Any) -> dict[str, Any]:
    return resolve(SaidHints.model_validate(said), now, "Europe/Berlin", VOCABULARY).as_json()


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("+6 h", "2026-12-02T16:30:00Z"),
        ("+2 d", "2026-12-04T10:30:00Z"),
        ("fri 17:00", "2026-12-04T16:00:00Z"),
        ("fri 17:00 UTC", "2026-12-04T17:00:00Z"),
        ("fri 17:00 New York", "2026-12-04T22:00:00Z"),
        ("fri", "2026-12-04T22:59:59Z"),
        ("wed", "2026-12-02T22:59:59Z"),
        ("wed 11:00", "2026-12-09T10:00:00Z"),
        ("wed 12:00", "2026-12-02T11:00:00Z"),
        ("today 18:00", "2026-12-02T17:00:00Z"),
        ("18:00", "2026-12-02T17:00:00Z"),
        ("09:00", "2026-12-03T08:00:00Z"),
        ("24:00", "2026-12-02T23:00:00Z"),
        ("tomorrow", "2026-12-03T22:59:59Z"),
        ("day after tomorrow 08:00", "2026-12-04T07:00:00Z"),
        ("end of day", "2026-12-02T22:59:59Z"),
        ("end of week", "2026-12-06T22:59:59Z"),
        ("end of next week", "2026-12-13T22:59:59Z"),
        ("end of month", "2026-12-31T22:59:59Z"),
        ("15th", "2026-12-15T22:59:59Z"),
        ("1th", "2027-01-01T22:59:59Z"),
        ("12-24 18:00", "2026-12-24T17:00:00Z"),
        ("11-30", "2027-11-30T22:59:59Z"),
        ("2027-02-01", "2027-02-01T22:59:59Z"),
    ],
)
def test_a_deadline_said_on_a_wednesday_in_berlin(said: str, moment: str):
    assert hints(deadline=said) == {"deadline": moment}


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("fri", "2026-12-03T23:00:00Z"),
        ("next week", "2026-12-06T23:00:00Z"),
        ("tomorrow 08:00", "2026-12-03T07:00:00Z"),
    ],
)
def test_an_earliest_start_is_the_first_second_of_its_day(said: str, moment: str):
    assert hints(earliest=said) == {"earliest_start": moment}


def test_the_clock_is_the_wall_clock_of_the_zone_in_summer_too():
    assert hints(datetime(2026, 7, 1, 6, tzinfo=UTC), deadline="12:00") == {"deadline": "2026-07-01T10:00:00Z"}


def test_everything_else_is_converted():
    said = {"within": "90 min", "only": ["Europe"], "but": ["Britain"], "deny": ["Texas"], "pause": True,
            "priority": "high", "takes": "2 d", "cpus": 16, "gpus": 0, "memory": "512 mb"}  # fmt: skip
    assert hints(**said) == {
        "max_delay_h": 1.5,
        "regions_only": ["de"],
        "regions_deny": ["us-south"],
        "interruptible": True,
        "priority": "high",
        "duration_h": 48.0,
        "cpus": 16.0,
        "gpus": 0.0,
        "memory_gb": 0.512,
    }


def test_nothing_said_is_nothing_asked():
    assert hints() == {}


@pytest.mark.parametrize("said", ["02-30", "31th", "fri 17:00 Atlantis"])
def test_a_moment_that_does_not_exist_is_refused(said: str):
    november = datetime(2026, 11, 2, tzinfo=UTC)
    with pytest.raises(Unreadable):
        hints(november, deadline=said)
