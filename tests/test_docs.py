"""The documents are true: links lead somewhere, commands, tools and schedulers exist and are documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from agent.case import prepare, run_scheduler
from agent.demo import BASELINES
from cli import app
from sim.schedulers import SCHEDULERS
from tools import TOOLS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EVERYTHING = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def commands() -> set[str]:
    """Return every command as it is typed after `cws`."""
    found = {info.name or info.callback.__name__ for info in app.registered_commands if info.callback}
    for group in app.registered_groups:
        assert isinstance(group.typer_instance, typer.Typer)
        for info in group.typer_instance.registered_commands:
            assert info.callback
            found.add(f"{group.name} {info.name or info.callback.__name__}")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_that_the_documents_name_exists():
    known = commands()
    for words in re.findall(r"\bcws ([a-z]+(?: [a-z]+)?)", EVERYTHING):
        first = words.split()[0]
        assert words in known or first in known | {"policy", "llm"}, f"cws {words} is documented, but does not exist"


def test_every_command_is_documented():
    for command in commands():
        group, _, name = command.rpartition(" ")
        # `cws policy compile | confirm | show` documents all three
        pattern = rf"\bcws {group} [\w |]*\b{name}\b" if group else rf"\bcws {name}\b"
        assert re.search(pattern, EVERYTHING), f"cws {command} is documented nowhere"


def test_every_tool_is_documented_with_its_effect():
    page = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", page, flags=re.MULTILINE))
    assert rows == {name: tool.effect for name, tool in TOOLS.items()}


def test_every_scheduler_is_documented():
    page = (ROOT / "docs" / "schedulers.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)` \|", page, flags=re.MULTILINE)) == set(SCHEDULERS)


def test_no_document_names_a_path_of_a_machine():
    assert not re.search(r"/(home|root|work|Users)/", EVERYTHING)


@pytest.mark.parametrize("name", BASELINES)
def test_the_readme_shows_the_demos_true_figures(name: str):
    summary = run_scheduler(prepare("demo", None), name).summary
    (row,) = re.findall(rf"^{name} +([\d.]+) .*", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert row == f"{summary['carbon_kg']['dynamic']:.2f}"


DEMO_ROWS = re.findall(
    r"^\| `([\w-]+)` \| ([\d.]+) \|", (ROOT / "docs" / "schedulers.md").read_text(encoding="utf-8"), flags=re.MULTILINE
)


@pytest.mark.parametrize(("name", "kg"), DEMO_ROWS)
def test_the_page_of_schedulers_shows_the_demos_true_figures(name: str, kg: str):
    assert kg == f"{run_scheduler(prepare('demo', None), name).summary['carbon_kg']['dynamic']:.2f}"
