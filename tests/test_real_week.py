"""The real week: five grids of March 2022 and 5,000 jobs of the PAI trace, under the example policy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.audit import audit_run
from agent.case import Case, Summary, prepare, run_scheduler

ROOT = Path(__file__).parents[1]
DATA = os.environ.get("CWS_DATA_DIR")

pytestmark = [pytest.mark.data, pytest.mark.skipif(not DATA, reason="CWS_DATA_DIR does not name the real data")]


NAMES = ("fifo", "greedy-carbon", "time-shift", "spatial-shift", "spatiotemporal")


@pytest.fixture(scope="module")
def week() -> Case:
    scenario, policy = ROOT / "sim" / "scenarios" / "real-week.yaml", ROOT / "policies" / "example.md"
    return prepare(str(scenario), Path(str(DATA)), [policy])


@pytest.fixture(scope="module")
def runs(week: Case, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Summary]]:
    """Return the run folder and summary of each scheduler; each runs once."""
    folders = {name: tmp_path_factory.mktemp(name) for name in NAMES}
    return {name: (folder, run_scheduler(week, name, folder).summary) for name, folder in folders.items()}


def test_the_week_is_what_it_says(week: Case):
    world = week.world
    assert len(world.workload.jobs) == 5000
    assert [region.zone for region in world.regions] == ["US-CAL-CISO", "US-TEX-ERCO", "GB", "DE", "CA-ON"]
    assert {round(job.latest_start_s - job.submit_s) for job in world.workload.jobs} == {24 * 3600}


@pytest.mark.parametrize("name", NAMES)
def test_each_scheduler_keeps_the_rules_and_its_run_can_be_recomputed(name: str, runs: dict[str, tuple[Path, Summary]]):
    folder, summary = runs[name]
    assert summary["unfinished"] == 0
    assert summary["policy_violations"] == 0
    assert summary["carbon_kg"]["total"] >= summary["bound_kg"]
    assert audit_run(folder, Path(str(DATA))) == ([], [], [])


def test_planning_in_space_and_time_emits_less_than_either_alone(runs: dict[str, tuple[Path, Summary]]):
    kg = {name: summary["carbon_kg"]["dynamic"] for name, (_, summary) in runs.items()}
    assert kg["spatiotemporal"] < kg["spatial-shift"] < kg["time-shift"] < kg["fifo"]
