"""`cws explain`: its words, its JSON, and what it says of a job that is not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from cli import main
from tests.sim.test_scenario import content


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Return the exit code of a command, and what it printed."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(content()))
    assert said(capsys, "simulate", path, "--scheduler", "time-shift", "--out", tmp_path / "run", "--json")[0] == 0
    return tmp_path / "run"


def test_a_job_is_explained_in_words_and_as_json(run: Path, capsys: pytest.CaptureFixture[str]):
    code, out, err = said(capsys, "explain", run, "job-00001")
    assert (code, err) == (0, "")
    headings = ("Decisions", "Ran", "At other times in the same region", "What bound it", "Forecast and what came")
    assert all(f"\n{heading}\n" in out for heading in headings)
    code, out, err = said(capsys, "explain", run, "job-00001", "--json")
    found = json.loads(out)
    assert (code, err, found["unproven"]) == (0, "", [])
    assert found["job"]["id"] == "job-00001"
    assert found["carbon_g"] == pytest.approx(sum(row["carbon_g"] for row in found["ran"]))
    assert found["ran"][0]["source"].startswith("placements.parquet, row ")
    assert found["forecast"]["carbon_g"] == found["decisions"][-1]["forecast_carbon_g"]


def test_a_job_that_is_not_there_is_refused_with_the_nearest_ids(run: Path, capsys: pytest.CaptureFixture[str]):
    code, out, err = said(capsys, "explain", run, "job-0001")
    assert (code, out) == (2, "")
    assert err.startswith(f"cws: {run}: no job 'job-0001' among 5; near it are job-00001")
    assert said(capsys, "explain", run / "none", "job-00001")[0] == 2
