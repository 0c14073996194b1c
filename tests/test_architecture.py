"""The import order of the house: sim <- tools <- agent <- cli, tui; and the one home of each outside library."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "sim": {"sim"},
    "tools": {"sim", "tools"},
    "agent": {"sim", "tools", "agent"},
    "cli.py": {"sim", "tools", "agent", "cli", "tui"},
    "tui.py": {"sim", "tools", "agent", "cli", "tui"},
}
OURS = {"sim", "tools", "agent", "cli", "tui", "tests", "bench"}
HOME = {
    "simpy": ("sim/lifecycle.py",),
    "langgraph": ("agent/graph.py", "agent/approving/"),
    "sqlmodel": ("agent/store.py",),
    "openai": ("agent/llm/",),
    "xllamacpp": ("agent/llm/",),
    "textual": ("tui.py",),
    "typer": ("cli.py", "agent/commands/"),
    "pyarrow": ("sim/", "agent/commands/data.py", "agent/evaluation/"),
    "plotly": ("agent/evaluation/charts.py",),
    "jinja2": ("agent/evaluation/report.py",),
    "torch": ("agent/training/", "agent/llm/vllm/folder.py", "sim/forecast/neural.py"),
    "transformers": ("agent/training/", "agent/llm/vllm/folder.py"),
    "vllm": ("agent/llm/vllm/",),
    "peft": ("agent/training/",),
    "gguf": ("agent/training/",),
    "safetensors": ("agent/training/",),
    "ray": ("agent/evaluation/ray.py",),
}
SIM_ORDER = [
    ("units", "errors", "names"),
    ("cooling", "queueing", "network"),
    ("model",),
    ("jobs", "open_work", "fleet", "history"),
    ("signals", "tables", "constraints", "approvals", "pool", "bookings"),
    ("forecast", "foresight", "services", "replicas"),
    ("view", "world"),
    ("slots", "submissions", "objective", "ledger", "stays", "ceilings", "consents", "quotas"),
    ("meter", "budgets"),
    ("timetable", "gate"),
    ("reckoning",),
    ("lifecycle",),
    ("engine",),
    ("schedulers", "loads", "tariff"),
    ("cheapest",),
    ("shadow",),
    ("bound", "runner"),
    ("summary",),
    ("synthetic", "synthetic_jobs", "importers", "sites", "graphs", "arrivals", "descriptions"),
    ("datachecks", "client"),
    ("datafolder", "fetch"),
    ("backtests",),
    ("workload_spec",),
    ("traces",),
    ("workload", "links", "demand"),
    ("scenario",),
    ("runfolder", "recompute"),
    ("audit",),
]
"""Each module of sim may import from its own row and those above it."""


def sources(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the dotted names that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("place", sorted(MAY_IMPORT))
def test_imports_run_one_way(place: str):
    for path in sources(place):
        ours = {name.split(".")[0] for name in imported(path)} & OURS
        assert ours <= MAY_IMPORT[place], f"{path.relative_to(ROOT)} imports {sorted(ours - MAY_IMPORT[place])}"


def test_each_outside_library_has_one_home():
    for place in MAY_IMPORT:
        for path in sources(place):
            name = path.relative_to(ROOT).as_posix()
            for library in {module.split(".")[0] for module in imported(path)} & set(HOME):
                assert name.startswith(HOME[library]), f"{name} imports {library}, whose home is {HOME[library]}"


def test_inside_sim_the_order_holds():
    rank = {name: row for row, names in enumerate(SIM_ORDER) for name in names}
    for path in sources("sim"):
        parts = path.relative_to(ROOT / "sim").with_suffix("").parts
        if parts == ("__init__",):
            continue
        here = rank[parts[0]]
        for name in imported(path):
            if name.startswith("sim."):
                there = name.split(".")[1]
                assert rank[there] <= here, f"{path.relative_to(ROOT)} imports sim.{there}, which comes after it"


def test_no_method_is_there_only_to_refuse():
    """A protocol asks of nobody what he cannot do: it is split instead."""
    for place in MAY_IMPORT:
        for path in sources(place):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            raised = [node.exc for node in nodes if isinstance(node, ast.Raise)]
            assert not any("NotImplementedError" in ast.unparse(one) for one in raised if one), path


def test_every_module_says_what_it_is_about():
    for place in MAY_IMPORT:
        for path in sources(place):
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"
