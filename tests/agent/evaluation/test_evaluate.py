"""Evaluations: the same rows whoever runs them, a kill loses nothing that is done, and failures are rows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from agent.evaluation import evaluate
from agent.evaluation.cell import Cell, Place, Row, run_cell
from agent.evaluation.evaluate import Evaluation
from agent.evaluation.pool import pooled
from agent.evaluation.suite import load_suite
from cli import main
from sim.errors import InputError
from tests.agent.evaluation.suites import write_suite

ROOT = Path(__file__).parents[3]


def run(suite: Path, out: Path, *, workers: int = 1, resume: bool = False) -> Evaluation:
    expanded = load_suite(str(suite))
    journal = evaluate.begin(expanded, out, None, command=["test"], resume=resume)
    return evaluate.run(expanded, journal, None, partial(pooled, workers=workers), lambda row: None)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    folder = tmp_path_factory.mktemp("evaluation")
    return folder, run(write_suite(folder / "suite"), folder / "out")


def test_every_run_has_a_row_with_its_figures_and_holds_in_the_audit(done: tuple[Path, Evaluation]):
    _, found = done
    assert len(found.rows) == 8
    assert {row["status"] for row in found.rows} == {"ok"}, [row["reason"] for row in found.rows]
    assert all(row["carbon_kg"] > 0 and row["jobs"] == 12 for row in found.rows)
    table = pq.read_table(found.folder / "results.parquet")
    assert table["cell"].to_pylist() == [row["cell"] for row in found.rows]
    assert not {"wall_s", "scheduler_s"} & set(table.column_names), "what differs from run to run stands apart"


def test_only_runs_of_the_first_seed_are_kept(done: tuple[Path, Evaluation]):
    _, found = done
    kept = sorted(path.parent.relative_to(found.folder / "runs").as_posix() for path in found.folder.rglob("run.json"))
    assert kept == sorted(row["cell"] for row in found.rows if row["seed"] == 0)


def test_a_pool_and_this_process_give_the_same_bytes(done: tuple[Path, Evaluation]):
    folder, found = done
    other = run(folder / "suite" / "suite.yaml", folder / "pool", workers=2)
    assert (other.folder / "results.parquet").read_bytes() == (found.folder / "results.parquet").read_bytes()


def test_an_evaluation_that_was_killed_goes_on_where_it_was_and_leaves_no_process(done: tuple[Path, Evaluation]):
    folder, found = done
    out = folder / "killed"
    words = [sys.executable, "-m", "cli", "evaluate", str(folder / "suite" / "suite.yaml"), "--out", str(out)]
    process = subprocess.Popen([*words, "--workers", "2"], cwd=ROOT, stderr=subprocess.DEVNULL, env=os.environ)
    _wait((out / "rows.jsonl").exists)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    children = [int(pid) for pid in workers.read_text().split()] if workers.exists() else []
    process.send_signal(signal.SIGKILL)
    process.wait()
    _wait(lambda: not any(_lives(pid) for pid in children))
    before = (out / "rows.jsonl").read_text()
    (out / "rows.jsonl").write_text(before + '{"cell": "tiny-lo')  # as if killed while writing a line
    again = run(folder / "suite" / "suite.yaml", out, resume=True)
    assert (out / "rows.jsonl").read_text().startswith(before), "what was done is not run again"
    assert (again.folder / "results.parquet").read_bytes() == (found.folder / "results.parquet").read_bytes()


def _wait(true: Any) -> None:
    ends = time.monotonic() + 60
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    """Whether a process runs: one that has ended may stay as a zombie until it is asked about."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_an_evaluation_is_not_mixed_with_another(done: tuple[Path, Evaluation], tmp_path: Path):
    _, found = done
    with pytest.raises(InputError, match="holds an evaluation; give --resume"):
        run(write_suite(tmp_path), found.folder)
    with pytest.raises(InputError, match="holds another suite"):
        run(write_suite(tmp_path, seeds=[0]), found.folder, resume=True)


def killer(cell: Cell, place: Place) -> Row:
    """Die where `time-shift` runs on the second seed."""
    if cell.contender.name == "time-shift" and cell.seed == 1:
        os._exit(9)
    return cell.labels() | {"status": "ok", "reason": ""}


def test_the_death_of_a_worker_is_one_failed_row_and_the_others_go_on(tmp_path: Path):
    cells = load_suite(str(write_suite(tmp_path))).cells
    rows = list(pooled(cells, Place(None, None), killer, workers=2))
    assert {row["cell"] for row in rows} == {cell.id for cell in cells}
    assert len(rows) == len(cells)
    assert {row["cell"] for row in rows if row["status"] == "failed"} == {
        cell.id for cell in cells if cell.contender.name == "time-shift" and cell.seed == 1
    }


def test_a_run_that_breaks_off_is_a_row_with_its_reason_and_no_figures(tmp_path: Path):
    cell = load_suite(str(write_suite(tmp_path))).cells[0]
    broken = Cell(**vars(cell) | {"scenario": cell.scenario | {"days": -1}})
    row = run_cell(broken, Place(None, None))
    assert row["status"] == "failed"
    assert "field 'days': found -1" in row["reason"]
    assert "carbon_kg" not in row


def test_the_command_prints_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    suite = write_suite(tmp_path, seeds=[0])
    main_ends(0, "evaluate", suite, "--out", tmp_path / "out", "--workers", "1", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert (printed["runs"], printed["ok"]) == (4, 4)
    assert {one["contender"] for one in printed["comparisons"]} == {"fifo", "time-shift"}


def test_words_that_do_not_go_together_end_with_2(tmp_path: Path):
    suite = write_suite(tmp_path)
    main_ends(2, "evaluate", suite, "--out", tmp_path / "out", "--workers", "1", "--ray", "auto")
    main_ends(2, "evaluate", "nowhere.yaml", "--out", tmp_path / "out")


def main_ends(code: int, *words: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert (ended.value.code or 0) == code
