"""The console in a real terminal, driven through tmux on a socket of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WAIT_S = 30.0

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


def start(tmux: Tmux, command: list[str]) -> None:
    """Run a command in a pane of 110 by 32 that outlives it."""
    tmux("new-session", "-d", "-x", "110", "-y", "32", "-c", str(ROOT), "cat", ";", "set", "remain-on-exit", "on")
    tmux("respawn-pane", "-k", "-c", str(ROOT), *command)


def test_the_console_runs_pauses_opens_a_decision_and_quits(tmux: Tmux) -> None:
    start(tmux, [sys.executable, "-m", "tests.play_records"])

    def screen() -> str:
        return tmux("capture-pane", "-p")

    wait_for("the first epoch", screen, lambda seen: "epoch 1/8" in seen and "train-00" in seen)
    tmux("send-keys", "Space")
    wait_for("the pause", screen, lambda seen: "paused" in seen and "Run" in seen)
    tmux("send-keys", "Down", "Enter")
    wait_for("the trace", screen, lambda seen: "Who decided" in seen and "get_forecast" in seen)
    tmux("send-keys", "Escape")
    wait_for("the console again", screen, lambda seen: "Who decided" not in seen and "train-00" in seen)
    tmux("send-keys", "q")
    ended = wait_for(
        "the end",
        lambda: tmux("display", "-p", "#{pane_dead} #{pane_dead_status}"),
        lambda seen: len(seen.split()) == 2,  # dead, and its code is known
    )
    assert ended.split() == ["1", "0"]
