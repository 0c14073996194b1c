"""What is installed, what is reachable, what is missing, and how to get it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from agent.llm.select import probe
from agent.llm.weights import verify
from sim.errors import InputError

NEEDED = ("langgraph", "numpy", "openai", "pyarrow", "pydantic", "simpy", "sqlmodel", "tenacity", "textual", "typer")
EXTRAS = {"jinja2": "report", "plotly": "report", "ray": "ray"}
"""Packages of the extras, and which extra brings them."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `detail` says what was found, or how to get what is missing."""

    name: str
    ok: bool
    detail: str
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"


def examine(data_dir: Path | None) -> list[Check]:
    """Return the checks, needed ones first."""
    return [
        Check("python", sys.version_info >= (3, 11), f"{platform.python_version()} (3.11 or newer is needed)"),
        *(_package(name, "run `make setup`") for name in NEEDED),
        *(_package(name, f"install llm-cws[{extra}]", optional=True) for name, extra in EXTRAS.items()),
        _attempt("embedded model", lambda: str(verify()), optional=True),
        _model("local"),
        _endpoint(),
        _data(data_dir),
    ]


def _package(name: str, remedy: str, *, optional: bool = False) -> Check:
    try:
        return Check(name, True, metadata.version(name), optional)
    except metadata.PackageNotFoundError:
        return Check(name, False, f"not installed; {remedy}", optional)


def _attempt(name: str, look: Callable[[], str], *, optional: bool) -> Check:
    try:
        return Check(name, True, look(), optional)
    except InputError as error:
        return Check(name, False, str(error), optional)


def _model(spec: str) -> Check:
    answer = probe(spec)
    detail = f"answers in {answer['seconds']:.1f} s ({answer['version']})" if answer["ok"] else str(answer["error"])
    return Check(f"--llm {spec}", bool(answer["ok"]), detail, optional=True)


def _endpoint() -> Check:
    url = os.environ.get("OPENAI_BASE_URL")
    if not url and not os.environ.get("OPENAI_API_KEY"):
        return Check("--llm openai:MODEL", False, "OPENAI_BASE_URL and OPENAI_API_KEY are not set", optional=True)
    return Check(
        "--llm openai:MODEL",
        True,
        f"at {url or 'the default address'}; try `cws llm check --llm openai:MODEL`",
        optional=True,
    )


def _data(data_dir: Path | None) -> Check:
    if data_dir is None:
        return Check("real data", False, "no --data-dir given; only synthetic scenarios run", optional=True)
    if not data_dir.is_dir():
        return Check("real data", False, f"{data_dir}: no such folder")
    files = sorted(data_dir.rglob("*.parquet"))
    return Check("real data", bool(files), f"{len(files)} Parquet files in {data_dir}")
