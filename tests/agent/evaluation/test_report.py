"""The report: one file that loads nothing, without an error in a real browser, and true to its folder."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from agent.evaluation import evaluate
from agent.evaluation.pool import pooled
from agent.evaluation.suite import load_suite
from cli import main
from sim.errors import InputError
from tests.agent.evaluation.suites import write_suite

pytest.importorskip("plotly", reason="the extra `report` is not installed")
pytest.importorskip("jinja2", reason="the extra `report` is not installed")
from agent.evaluation.report import page, write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an evaluation, one of whose scenarios is named by somebody who means harm."""
    made = tmp_path_factory.mktemp("report")
    expanded = load_suite(str(write_suite(made / "suite")))
    journal = evaluate.begin(expanded, made / "out", None, command=["evaluate", "</script><b>"], resume=False)
    evaluate.run(expanded, journal, None, partial(pooled, workers=1), lambda row: None)
    return made / "out"


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return page(folder, ["report", "DIR"])


def browsed(html: str, folder: Path, *, width: int = 1200) -> tuple[str, list[str]]:
    """Return the document after its scripts have run in Chromium, and what was said on its console."""
    (folder / "page.html").write_text(html, encoding="utf-8")
    words = [
        str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},900", "--virtual-time-budget=8000", "--enable-logging=stderr", "--dump-dom",
        (folder / "page.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, re.findall(r".*:CONSOLE.*", done.stderr)


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path")


@needs_chromium
@pytest.mark.parametrize("width", [1200, 500])
def test_a_browser_draws_every_chart_and_says_nothing_on_its_console(html: str, tmp_path: Path, width: int):
    document, said = browsed(html, tmp_path, width=width)
    assert said == []
    charts = re.findall(r'<div class="chart[^"]*"[^>]*data-section="(\w+)"', document)
    assert charts == ["ranking", "pareto", "load", "hours", "forecasts", "violations", "cost"]
    assert len(re.findall('class="main-svg"', document)) >= len(charts)
    assert re.search(r"[1-9]\d* decisions match", document)


@needs_chromium
def test_the_ranking_is_no_wider_than_a_screen_of_1280_pixels(html: str, tmp_path: Path):
    measure = """<script>const box = document.querySelector("#ranking .scroll");
                 document.title = `${box.scrollWidth} in ${box.clientWidth}`;</script>"""
    document, _ = browsed(html.replace("</body>", f"{measure}</body>"), tmp_path, width=1280)
    found = re.search(r"<title>(\d+) in (\d+)</title>", document)
    assert found
    assert int(found[1]) <= int(found[2])


@needs_chromium
def test_an_error_on_the_console_would_be_seen(tmp_path: Path):
    """So that the test above could fail."""
    assert browsed("<script>nothing.at.all</script>", tmp_path)[1]


def test_the_page_loads_nothing(html: str):
    without_library = re.sub(r"<script>/\*\*.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"""(src|href)=["'](?!#|data:,)""", without_library)
    assert "https://" not in without_library


def test_what_a_user_wrote_cannot_end_a_script(html: str):
    assert "</script><b>" not in html
    assert "&lt;/script&gt;&lt;b&gt;" in html


def test_the_page_shows_the_comparisons_and_the_recipe(html: str, folder: Path):
    found = evaluate.read_evaluation(folder)
    for one in found.comparisons:
        assert one.saved
        assert f"<td>{one.contender}</td><td>own</td><td>{one.saved.mean:.2f}</td>" in html
    assert found.recipe["suite_sha256"] in html
    assert found.recipe["versions"]["numpy"] in html


def test_a_single_run_has_a_report_too(folder: Path, tmp_path: Path):
    write_report(folder / "runs/tiny-long/own/time-shift/0", tmp_path / "deep/run.html", ["report"])
    text = (tmp_path / "deep/run.html").read_text(encoding="utf-8")
    assert "<h1>time-shift on tiny-long</h1>" in text
    assert "<td>carbon_kg.dynamic</td>" in text


def test_a_folder_of_neither_kind_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="neither an evaluation's folder nor a run folder"):
        page(tmp_path, [])


def test_an_evaluation_without_a_finished_run_has_no_report(tmp_path: Path):
    evaluate.begin(load_suite(str(write_suite(tmp_path / "suite"))), tmp_path / "out", None, command=[], resume=False)
    with pytest.raises(InputError, match="no run of this evaluation has finished yet"):
        page(tmp_path / "out", [])


def test_the_command_writes_the_file(folder: Path, tmp_path: Path):
    with pytest.raises(SystemExit) as ended:
        main(["report", str(folder), "--html", str(tmp_path / "r.html")])
    assert not ended.value.code
    assert (tmp_path / "r.html").stat().st_size > 1_000_000
