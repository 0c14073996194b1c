"""Suites: what a file expands to, and what is wrong in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.evaluation.suite import bundled_suites, load_suite
from sim.errors import InputError
from tests.agent.evaluation.suites import write_suite


def test_a_suite_is_scenarios_times_policies_times_contenders_times_seeds(tmp_path: Path):
    cells = load_suite(str(write_suite(tmp_path, policies={"own": [], "residency": ["residency.md"]}))).cells
    assert len(cells) == 2 * 2 * 2 * 2
    assert cells[0].id == "tiny-long/own/fifo/0"
    assert len({cell.id for cell in cells}) == len(cells)
    assert {cell.policy: bool(cell.rules["rules"]) for cell in cells} == {"own": False, "residency": True}


def test_a_choice_patches_the_scenario_and_a_seed_moves_everything_drawn(tmp_path: Path):
    cells = {cell.id: cell for cell in load_suite(str(write_suite(tmp_path, shift_days=7))).cells}
    first, other = cells["tiny-short/own/fifo/0"].scenario, cells["tiny-short/own/fifo/1"].scenario
    assert (first["workload"]["slack_h"], first["workload"]["count"]) == (4, 12)
    assert (first["seed"], first["signals"]["seed"], first["start"][:10]) == (0, 3, "2022-03-07")
    assert (other["seed"], other["signals"]["seed"], other["start"][:10]) == (1, 4, "2022-03-14")


def test_a_scenario_may_name_the_contenders_that_run_on_it(tmp_path: Path):
    scenarios = [{"id": "a", "base": "tiny.yaml"}, {"id": "b", "base": "tiny.yaml", "contenders": ["fifo"]}]
    cells = load_suite(str(write_suite(tmp_path, seeds=[0], scenarios=scenarios))).cells
    assert [cell.id for cell in cells] == ["a/own/fifo/0", "a/own/time-shift/0", "b/own/fifo/0"]


def test_the_hash_changes_with_who_reads(tmp_path: Path):
    agents = ({"id": "agent"}, {"id": "agent", "reader": "truth"})
    assert len({load_suite(str(write_suite(tmp_path, agents=[one]))).sha256 for one in agents}) == 2


@pytest.mark.parametrize("own", [False, True])
def test_scenarios_of_a_seed_share_their_jobs_unless_each_has_draws_of_its_own(tmp_path: Path, own: bool):
    cells = load_suite(str(write_suite(tmp_path, own_draws=own))).cells
    drawn = {(cell.scenario_id, cell.scenario["seed"]) for cell in cells if cell.seed == 0}
    assert len({seed for _, seed in drawn}) == (2 if own else 1)
    assert len(drawn) == 2, "but contenders share them"


def test_the_hash_changes_with_anything_that_is_run(tmp_path: Path):
    hashes = {
        load_suite(str(write_suite(tmp_path, **fields))).sha256
        for fields in (
            {},
            {"seeds": [0]},
            {"baseline": "time-shift"},
            {"shift_days": 1},
            {"own_draws": True},
            {"about": "nothing new"},
        )
    }
    assert len(hashes) == 5, "but not with the text about it"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"color": "red"}, "unknown key 'color'"),
        ({"seeds": [1, 1]}, "seeds: '1' stands twice"),
        ({"baseline": "sjf"}, "baseline: found 'sjf', expected a contender: fifo, time-shift"),
        ({"schedulers": ["fifo", "fifoo"]}, "no scheduler 'fifoo'; did you mean fifo?"),
        ({"policies": {"x": ["none.md"]}}, "found 'none.md', expected a file beside the suite"),
        ({"scenarios": [{"id": "a", "base": "nowhere"}]}, "nowhere: no such scenario file"),
        ({"scenarios": [{"id": "a", "base": "tiny.yaml", "set": {"dayz": 2}}]}, "scenario a: unknown key 'dayz'"),
        ({"scenarios": [{"id": "a", "base": "tiny.yaml", "contenders": ["fifo", "sjf"]}]}, "scenario a: .*found 'sjf'"),
        ({"scenarios": [{"id": "a", "base": "tiny.yaml", "contenders": ["time-shift"]}]}, "the baseline 'fifo' is not"),
        ({"agents": [{"id": "agent", "llm": "none", "mode": "tools"}]}, "--mode tools needs a model"),
        (
            {"agents": [{"id": "agent", "without_tools": ["what_of"]}]},
            "no tool 'what_of' to leave out; tools are capac",
        ),
    ],
)
def test_what_is_wrong_in_a_suite_is_named(tmp_path: Path, fields: dict[str, Any], said: str):
    with pytest.raises(InputError, match="(?s).*" + said.replace("?", r"\?")):
        load_suite(str(write_suite(tmp_path, **fields)))


def test_an_unknown_suite_is_answered_with_the_bundled_ones():
    with pytest.raises(InputError, match=r"smokey: no such suite file; bundled ones are .*smoke"):
        load_suite("smokey")


@pytest.mark.parametrize("name", sorted(bundled_suites()))
def test_every_bundled_suite_expands(name: str):
    expanded = load_suite(name)
    assert expanded.suite.name == name
    assert expanded.cells
