"""`cws agent --wait-for-approval`, `cws approve`, `cws agent --resume`: by words, and with a process that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.agent.approving.test_stop_and_go import ASK_GB, REGIONS
from tests.sim.test_scenario import content
from tests.test_cli_explain import said

WAIT_S = 120.0  # a busy machine takes its time to import


@pytest.fixture
def begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[object]:
    """Return the words of a run that has to ask about everything in Britain."""
    scenario, policy, reading = (tmp_path / name for name in ("small.yaml", "ask.md", "reading.json"))
    made = content(regions=REGIONS, epoch_min=60, workload=content()["workload"] | {"count": 4})
    scenario.write_text(yaml.safe_dump(made))
    policy.write_text(f"{ASK_GB['source']}\n")
    reading.write_text(json.dumps({"rules": [ASK_GB], "unenforceable": []}))
    assert said(capsys, "policy", "confirm", policy, "--rules", reading, "--yes")[0] == 0
    return ["agent", scenario, "--policy", policy, "--llm", "none"]


def test_a_run_stops_is_answered_and_goes_on(begun, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run, once = tmp_path / "run", tmp_path / "once"
    code, out, err = said(capsys, *begun, "--out", run, "--wait-for-approval", "--json")
    found = json.loads(out)
    assert (code, found["status"]) == (0, "waiting")
    assert f"answer: cws approve {run} ID... --deny ID...; then: cws agent --resume {run}" in err
    code, out, _ = said(capsys, "approve", run)
    first = found["waiting"][0]["job_id"]
    assert code == 0
    assert out.startswith(f"waits {first} in gb, ")
    assert "Ask before anything runs in Britain." in out
    while not (run / "summary.json").exists():
        code, out, _ = said(capsys, "approve", run, "all", "--json")
        assert (code, json.loads(out)["waiting"]) == (0, [])
        assert said(capsys, "agent", "--resume", run)[0] == 0
    assert said(capsys, *begun, "--out", once, "--approve", "all", "--json")[0] == 0
    assert (run / "placements.parquet").read_bytes() == (once / "placements.parquet").read_bytes()
    assert said(capsys, "audit", run)[0] == 0
    assert said(capsys, "approve", run)[1] == "nothing waits\n"


def test_words_that_make_no_sense_are_refused(begun, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = tmp_path / "run"
    assert "needs --out" in said(capsys, *begun, "--wait-for-approval")[2]
    assert "expected a scenario, or --resume" in said(capsys, "agent")[2]
    assert said(capsys, *begun, "--resume", run)[0] == 2
    said(capsys, *begun, "--out", run, "--wait-for-approval", "--json")
    code, out, err = said(capsys, "approve", run, "no-such-job")
    assert (code, out) == (2, "")
    assert "job 'no-such-job' does not wait; these do: job-0000" in err
    (job, *_) = json.loads((run / "waiting.json").read_text())["asks"]
    assert "give one answer" in said(capsys, "approve", run, job["job_id"], "--deny", job["job_id"])[2]
    assert "--list: found ids" in said(capsys, "approve", run, job["job_id"], "--list")[2]
    assert said(capsys, "approve", tmp_path / "none")[0] == 2
    assert said(capsys, "agent", "--resume", tmp_path / "none")[0] == 2


def process(*words: str) -> subprocess.Popen[str]:
    """Start Python with these words."""
    root = Path(__file__).resolve().parent.parent
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen([sys.executable, *words], cwd=root, env=env, text=True, stderr=subprocess.PIPE,
                            stdout=subprocess.DEVNULL)  # fmt: skip


KILLING = """
import os, signal, cli, agent.demo, agent.store
inner, calls = {target}, 0
def deadly(*given, **named):
    global calls
    calls += 1
    if calls == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return inner(*given, **named)
{target} = deadly
cli.main({words!r})
"""
"""Ends itself with SIGKILL, so that nothing can be tidied up, at the fourth call of a function."""


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("agent.demo.epoch_line", ["--wait-for-approval"]),
        ("agent.store.Store.append", ["--wait-for-approval"]),
        ("agent.store.Store.append", []),
    ],
)
def test_a_run_that_is_killed_goes_on_and_ends_as_if_it_had_not_been(
    begun, tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str, more: list[str]
):
    """After an epoch was written down; and after it was decided, but before it was written down."""
    run, whole = tmp_path / "run", tmp_path / "whole"
    made = yaml.safe_load(begun[1].read_text())
    begun[1].write_text(yaml.safe_dump(made | {"workload": made["workload"] | {"count": 12}}))
    words = [str(word) for word in (*begun, "--out", run, "--approve", "all", *more)]
    killed = process("-c", KILLING.format(target=target, words=words))
    killed.communicate(timeout=WAIT_S)
    assert killed.returncode == -signal.SIGKILL
    assert not (run / "summary.json").exists()
    assert said(capsys, "agent", "--resume", run)[0] == 0
    assert said(capsys, *begun, "--out", whole, "--approve", "all")[0] == 0
    assert (run / "placements.parquet").read_bytes() == (whole / "placements.parquet").read_bytes()
    assert said(capsys, "audit", run)[0] == 0


def test_who_watches_goes_on_as_soon_as_all_is_answered(begun, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = tmp_path / "run"
    running = process("-m", "cli", *map(str, begun), "--out", str(run), "--wait-for-approval", "--watch")
    ends = time.monotonic() + WAIT_S
    try:
        while running.poll() is None and time.monotonic() < ends:
            if (run / "waiting.json").exists() and json.loads(said(capsys, "approve", run, "--json")[1])["waiting"]:
                said(capsys, "approve", run, "all")
            time.sleep(0.2)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 0
    assert (run / "summary.json").exists()
