"""The checker: a number stands if the trace holds one that rounds to it, in the same unit; and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.explain.trace import Trace
from agent.explain.words import grams, hours, moment, percent

START = datetime(2022, 3, 7, tzinfo=UTC)


def trace(**content: object) -> Trace:
    made = Trace(START)
    made.add_json(content)
    return made


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("12.1 g", []),
        ("12 g", []),
        ("12.08 g", []),
        ("0.012 kg", []),
        ("12.2 g", ["12.2 g"]),
        ("12.1 kg", ["12.1 kg"]),
        ("12.1 h", ["12.1 h"]),
        ("12.1 USD", ["12.1 USD"]),
        ("twelve grams", []),
        ("thirteen grams", ["thirteen grams"]),
        ("12.1", []),
        ("1,208", ["1,208"]),
        ("it emitted 12.1 g, which is 40% less", ["40%"]),
    ],
)
def test_a_number_needs_one_of_its_own_unit_that_rounds_to_it(text: str, missing: list[str]):
    assert trace(carbon_g=12.0784).missing(text) == missing


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"wait_s": 9000.0}, "it waited 2.5 h, or 150 minutes"),
        ({"energy_kwh": 1500.0}, "1.5 MWh"),
        ({"g_per_kwh": [17.2, 34.4]}, "34 g/kWh where 17.2 g/kWh were forecast"),
        ({"runs": [{"start_s": 39600.0}]}, "from Mon 2022-03-07 11:00, or 2022-03-07T11:00:00Z, or 11:00"),
        ({"max_utilization": 0.8}, "80 %"),
        ({"cpus": 4.0, "memory_gb": 16.0}, "4 CPUs and 16 GB"),
    ],
)
def test_units_are_converted(content: dict[str, object], text: str):
    assert trace(**content).missing(text) == []


def test_a_carbon_intensity_is_no_carbon():
    assert trace(carbon_g=34.0).missing("34 g/kWh") == ["34 g/kWh"]
    assert trace(intensity=34.0).missing("34 g") == ["34 g"]


def test_another_minute_another_day_and_a_day_that_is_none_do_not_stand():
    made = trace(now_s=39600.0)
    assert made.missing("Mon 2022-03-07 11:01") == ["Mon 2022-03-07 11:01"]
    assert made.missing("2022-03-08 11:00") == ["2022-03-08 11:00"]
    assert made.missing("2022-02-31 11:00") == ["2022-02-31 11:00"]
    assert made.missing("10:59") == ["10:59"]


def test_names_may_be_said_but_prove_no_number():
    made = trace(carbon_g=1.0)
    made.quote("job-00300", "us-west-2", "300")
    assert made.missing("job-00300 in us-west-2 emitted 1 g") == []
    assert made.missing("job-00301 in us-west-2 emitted 2 g") == ["job-00301", "2 g"]
    assert made.missing("job 300") == [], "an id that is a number is a number of the trace"
    assert made.missing("300 g") == ["300 g"]


def test_a_sentence_may_be_quoted_word_for_word():
    made = trace()
    made.quote('"Batch jobs must not run 16:00-21:00." (policy: "Not from 4 to 9 pm.")')
    assert made.missing('it was kept: "Batch jobs must not run 16:00-21:00." (policy: "Not from 4 to 9 pm.")') == []
    assert made.missing('it was kept: "Batch jobs must not run 16:00-22:00."') == ["16:00", "22:00"]


@given(st.floats(1e-3, 1e7))
def test_what_is_printed_stands_and_a_tenth_more_does_not(value: float):
    made = trace(carbon_g=value, wait_s=value, gap_share=value)
    text = f"{grams(value)}, {moment(START, value)}"
    assert made.missing(text) == []
    assert made.missing(grams(value * 1.1)) != [] or value < 0.02, "below, the printed digits are the same"
    assert trace(wait_s=value).missing(hours(value)) == []
    assert trace(gap_share=value).missing(percent(value)) == []
