"""Cells in threads of this process, beside those in processes of their own."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from agent.evaluation.cell import Cell, Place, Row
from agent.evaluation.pool import batched, threaded
from agent.evaluation.ray import on_ray
from agent.evaluation.suite import load_suite
from sim.errors import InputError
from tests.agent.evaluation.suites import write_suite

NOWHERE = Place(None, None)


def where(cell: Cell, place: Place) -> Row:
    return {"cell": cell.id, "llm": cell.contender.llm, "process": os.getpid(), "thread": threading.get_ident()}


@pytest.fixture
def cells(tmp_path: Path) -> tuple[Cell, ...]:
    agents = [{"id": "shares", "llm": "vllm"}, {"id": "alone", "llm": "none"}]
    return load_suite(str(write_suite(tmp_path, agents=agents))).cells


def test_only_runs_that_share_an_engine_are_in_this_process(cells):
    rows = list(batched(cells, NOWHERE, where, 2))
    assert sorted(row["cell"] for row in rows) == sorted(cell.id for cell in cells)
    assert {row["llm"] for row in rows if row["process"] == os.getpid()} == {"vllm"}
    assert {row["llm"] for row in rows if row["process"] != os.getpid()} == {None, "none"}


def test_as_many_runs_as_threads_are_under_way_at_once(cells):
    together = threading.Barrier(3)

    def meet(cell: Cell, place: Place) -> Row:
        together.wait(timeout=20)
        return where(cell, place)

    rows = list(threaded(cells[:3], NOWHERE, meet, workers=8))
    assert len({row["thread"] for row in rows}) == 3


def test_a_bug_in_a_thread_is_raised_where_the_rows_are_read(cells):
    def broken(cell: Cell, place: Place) -> Row:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(threaded(cells, NOWHERE, broken, workers=2))


def test_on_ray_a_shared_engine_is_refused(cells):
    with pytest.raises(InputError, match=r"--ray: shares asks 'vllm'.*cws llm serve"):
        next(on_ray(cells, NOWHERE, where, address="auto"))
