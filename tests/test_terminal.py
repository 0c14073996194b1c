"""The console in a real terminal, driven through tmux on a socket of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WAIT_S = 90.0  # a busy machine takes its time to import and to draw

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

Tmux = Callable[..., str]


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    """Run tmux commands on a private socket, whose server ends with the test."""

    ours = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}

    def run(*words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null", *words],
            check=False, capture_output=True, text=True, timeout=WAIT_S, env=ours,
        )  # fmt: skip
        return done.stdout

    yield run
    run("kill-server")


def wait_for(what: str, look: Callable[[], str], holds: Callable[[str], bool]) -> str:
    """Look until it holds, and return what was seen."""
    ends = time.monotonic() + WAIT_S
    while not holds(seen := look()):
        assert time.monotonic() < ends, f"waited {WAIT_S:g} s for {what}; last seen:\n{seen}"
        time.sleep(0.05)
    return seen


def start(tmux: Tmux, folder: Path, *words: str) -> None:
    """Run `cws` with these words in a pane of 110 by 32; the shell around it tells its exit code."""
    command = shlex.join([sys.executable, "-m", "cli", *words])
    shell = f"PYTHONPATH={shlex.quote(str(ROOT))} {command}; echo exit code $?; exec cat"
    tmux("new-session", "-d", "-x", "110", "-y", "32", "-c", str(folder), "sh", "-c", shell)


def drive(tmux: Tmux) -> None:
    """Pause, open a decision, close it, quit; each step is waited for on the screen."""

    def screen() -> str:
        return tmux("capture-pane", "-p")

    wait_for("the first decision", screen, lambda seen: "running" in seen and "place" in seen)
    tmux("send-keys", "Space")
    wait_for("the pause", screen, lambda seen: "paused" in seen)
    tmux("send-keys", "Down", "Enter")
    wait_for("the trace", screen, lambda seen: "Who decided" in seen)
    tmux("send-keys", "End")
    wait_for("the plans", screen, lambda seen: "Candidate plans" in seen)
    tmux("send-keys", "Escape")
    wait_for("the console again", screen, lambda seen: "Who decided" not in seen and "paused" in seen)
    tmux("send-keys", "q")
    wait_for("the end", screen, lambda seen: "exit code 0" in seen)


def test_a_live_run_is_paused_a_decision_opened_and_the_console_quit(tmux: Tmux, tmp_path: Path) -> None:
    start(tmux, tmp_path, "console", "--llm", "none")
    drive(tmux)


def test_a_recorded_run_is_played(tmux: Tmux, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli", "demo", "--days", "0.5", "--llm", "none", "--out", "run"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    start(tmux, tmp_path, "console", "run")
    drive(tmux)
