from __future__ import annotations

from dataclasses import replace

from agent.record import ToolRecord
from agent.record_text import (
    DARK,
    DECISIONS,
    MOST_LINES,
    alike,
    as_json,
    clock,
    decision_cells,
    gauge,
    intensity_colour,
    rows_of,
    spark,
    tally,
    trace,
    trend,
    why,
    widths,
)
from tests.records import RULE, START, records


def test_a_steady_series_looks_steady() -> None:
    assert spark([100.0, 101.0, 100.0], least_span=20) == "▁▁▁"
    assert spark([100.0, 500.0, 300.0], least_span=20) == "▁▇▄"
    assert spark([], least_span=1) == ""


def test_trend_columns_stay_put_as_time_goes_on() -> None:
    """Two epochs a column: the first column is epochs 0 and 1, whatever came later; epoch 4 and 5 had none."""
    seen = {0: 1.0, 1: 3.0, 2: 5.0}
    assert trend(seen, window=8, room=5) == [2.0, 5.0]
    assert trend(seen | {3: 7.0, 6: 9.0}, window=8, room=5) == [2.0, 6.0, None, 9.0]


def test_trend_forgets_what_is_older_than_the_window() -> None:
    assert trend({n: float(n) for n in range(100)}, window=4, room=10) == [96.0, 97.0, 98.0, 99.0]


def test_gauge_stays_within_its_cells() -> None:
    assert [gauge(share, 4) for share in (-1.0, 0.0, 0.5, 1.0, 1.2)] == ["────", "────", "━━──", "━━━━", "━━━━"]


def test_intensity_steps_from_clean_to_dirty() -> None:
    assert [DARK.scale.index(intensity_colour(g, DARK)) for g in (20, 100, 260, 350, 800)] == [0, 1, 2, 3, 4]


def test_clock_shows_a_dash_where_there_is_no_time() -> None:
    assert clock(START, 5400.0, "%H:%M") == "01:30"
    assert clock(START, float("inf"), "%H:%M") == "-"


def test_jobs_decided_alike_share_a_row_and_a_denied_one_has_its_own() -> None:
    groups = alike(records()[2].decisions)
    assert [len(group) for group in groups] == [4, 1, 1]
    assert groups[2][0].verdict == RULE
    assert tally(records()[2].decisions) == "4 placed, 1 deferred, 1 denied"


def test_an_epoch_that_decided_nothing_can_still_be_opened() -> None:
    silent = replace(records()[0], decisions=())
    (row,) = rows_of(silent)
    assert "Who decided" in trace(row, START, DARK, width=100).plain
    assert rows_of(replace(silent, model=(), tools=())) == []


def test_a_note_to_the_operator_has_a_row_of_its_own_and_stands_in_the_trace() -> None:
    told = ToolRecord(
        "note_to_operator", {"text": "x"}, "ok", {"now_s": 0.0, "text": "Frankfurt is\x1b full."}, "model"
    )
    refused = ToolRecord("note_to_operator", {}, "invalid", {"message": "text: Field required"}, "model")
    record = replace(records()[0], tools=(told, refused))
    first, *others = rows_of(record)
    assert [cell.plain for cell in decision_cells(first, START, "%H:%M", DARK)][2:] == [
        "note", "-", "-", "-", "Frankfurt is\\x1b full.",
    ]  # fmt: skip
    assert [row.decisions for row in others] == alike(record.decisions)
    assert "Note to the operator" in trace(others[0], START, DARK, width=100).plain
    assert "note: Frankfurt is" in why(record, DARK).plain


def test_long_json_is_indented_and_cut() -> None:
    assert as_json({"a": 1}, room=80) == '{"a": 1}'
    assert as_json(list(range(200)), room=80).endswith(f"... {202 - MOST_LINES} more lines")


def test_columns_fill_the_room() -> None:
    assert sum(widths(DECISIONS, 117, wide=True)) == 117
    assert sum(widths(DECISIONS, 77, wide=False)) == 77


def test_the_trace_fits_its_width() -> None:
    text = trace(rows_of(records()[5])[0], START, DARK, width=70).plain
    reason = text[text.index("  reason") : text.index("  guard")].splitlines()
    assert len(reason) > 2
    assert all(len(line) <= 70 for line in reason)
    assert all(line.startswith(" " * 13) for line in reason[1:])


def test_the_trace_tells_a_failed_model_call() -> None:
    text = trace(rows_of(records()[4])[0], START, DARK, width=100).plain
    assert "not used   no answer within 20 s" in text
    assert "decided by fallback" in text
    assert "(no text)" in text
