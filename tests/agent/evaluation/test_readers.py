"""Who reads jobs' texts is part of a contender, and what runs did against them is a column."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.evaluation.cell import OK, Place, Row, run_cell
from agent.evaluation.suite import load_suite
from tests.agent.evaluation.suites import write_suite

SPEAKING = {
    "count": 40, "slack_h": 1, "described": {"share": 1.0, "speaks_for_fields": True},
    "interruptible": {"share": 0.5, "save_s": 60},
}  # fmt: skip


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """Return by contender the rows of jobs whose texts speak for their fields."""
    folder: Path = tmp_path_factory.mktemp("readers")
    suite = write_suite(
        folder, seeds=[0], schedulers=["plan"], baseline="plan",
        agents=[{"id": "blind"}, {"id": "told", "reader": "truth"}],
        scenarios=[{"id": "texts", "base": "tiny.yaml", "set": {"drain_days": 7, "workload": SPEAKING}}],
    )  # fmt: skip
    found = [run_cell(cell, Place(None, None)) for cell in load_suite(str(suite)).cells]
    return {row["contender"]: row for row in found}


def test_one_that_is_told_the_truth_breaks_no_text_and_is_never_late(rows: dict[str, Row]):
    assert {row["status"] for row in rows.values()} == {OK}, [row["reason"] for row in rows.values()]
    assert rows["told"]["text_violations"] == 0
    assert rows["told"]["violation_rate"] == 0


def test_one_that_reads_nothing_does_as_plan_and_breaks_what_only_the_texts_say(rows: dict[str, Row]):
    assert rows["blind"]["carbon_kg"] == rows["plan"]["carbon_kg"]
    assert rows["blind"]["text_violations"] == rows["plan"]["text_violations"] > 0


def test_where_no_text_speaks_for_fields_nothing_can_be_against_one(tmp_path: Path):
    cell = load_suite(str(write_suite(tmp_path, seeds=[0], schedulers=["fifo"]))).cells[0]
    assert run_cell(cell, Place(None, None))["text_violations"] is None
