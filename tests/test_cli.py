"""The command line: its contract of names, JSON and exit codes; and bad input, answered by one clear line."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from agent.llm.weights import find
from cli import main
from tests.sim.test_scenario import content


class Result:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def cws(capsys: pytest.CaptureFixture[str]):
    def run(*words: object) -> Result:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        printed = capsys.readouterr()
        code = ended.value.code
        return Result(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(content(workload=content()["workload"] | {"count": 40})))
    return path


POLICY = "Keep batch jobs out of Britain between 02:00 and 03:00.\n"


@pytest.fixture
def policy(tmp_path: Path, cws) -> Path:
    """Return a policy whose reading was confirmed from a file made by hand."""
    path = tmp_path / "night.md"
    path.write_text(POLICY)
    rule = {
        "kind": "placement", "effect": "deny", "regions": ["gb"], "jobs": {"kind": "batch"},
        "window": {"start": "02:00", "end": "03:00", "tz": "local"}, "source": POLICY.strip(),
    }  # fmt: skip
    reading = tmp_path / "reading.json"
    reading.write_text(json.dumps({"rules": [rule], "unenforceable": []}))
    assert cws("policy", "confirm", path, "--rules", reading, "--yes").code == 0
    return path


def test_json_is_one_object_on_standard_output_and_nothing_else(cws, scenario: Path):
    done = cws("simulate", scenario, "--scheduler", "fifo", "--json")
    assert done.code == 0
    assert done.json["jobs"] == 40


def test_a_simulated_run_is_audited(cws, scenario: Path, policy: Path, tmp_path: Path):
    for name in ("fifo", "greedy-carbon", "time-shift", "spatial-shift"):
        out = tmp_path / name
        done = cws("simulate", scenario, "--scheduler", name, "--policy", policy, "--out", out, "--json")
        assert done.json["policy_violations"] == 0
        assert cws("audit", out).code == 0


def test_an_agents_run_writes_its_progress_to_standard_error(cws, scenario: Path, policy: Path, tmp_path: Path):
    done = cws("agent", scenario, "--llm", "none", "--policy", policy, "--out", tmp_path / "run", "--json")
    assert done.json["llm"]["calls"] == 0
    assert "no model is in use" in done.err
    assert cws("audit", tmp_path / "run").code == 0
    assert (tmp_path / "run" / "trajectory.sqlite").is_file()


def test_two_runs_without_a_model_place_alike(cws, scenario: Path, tmp_path: Path):
    first, again = (tmp_path / name for name in ("one", "two"))
    for out in (first, again):
        assert cws("agent", scenario, "--llm", "none", "--out", out, "--json").code == 0
    assert (first / "placements.parquet").read_bytes() == (again / "placements.parquet").read_bytes()


@pytest.mark.embedded
@pytest.mark.skipif(find() is None, reason="the embedded model is not installed: cws llm pull")
def test_the_embedded_model_decides_and_its_recorded_answers_replay(cws, scenario: Path, tmp_path: Path):
    first, replayed = tmp_path / "one", tmp_path / "replayed"
    done = cws("agent", scenario, "--llm", "local", "--out", first, "--json")
    assert done.json["llm"]["calls"] > 0
    assert done.json["llm"]["fallbacks"] == 0
    assert cws("agent", scenario, "--llm", f"replay:{first}", "--out", replayed, "--json").code == 0
    assert (first / "placements.parquet").read_bytes() == (replayed / "placements.parquet").read_bytes()


def test_the_bound_is_below_every_scheduler(cws, scenario: Path):
    scenario.write_text(scenario.read_text().replace("- count: 1\n", "- count: 3\n"))
    least = cws("bound", scenario, "--json").json
    assert least["per_job_kg"] <= least["jobs_kg"]
    for row in cws("schedulers", "--json").json:
        if row["kind"] == "oracle":  # in a crowd, some wait for the same clean hour and are late
            continue
        summary = cws("simulate", scenario, "--scheduler", row["name"], "--json").json
        assert summary["sla_violations"] == 0
        assert summary["carbon_kg"]["total"] >= least["bound_kg"] == summary["bound_kg"]


def test_the_schedulers_are_listed_with_their_sources(cws):
    rows = cws("schedulers", "--json").json
    assert {"fifo", "greedy-carbon", "time-shift", "spatial-shift"} <= {row["name"] for row in rows}
    assert all(set(row) == {"name", "kind", "source"} for row in rows)
    assert {row["kind"] for row in rows if row["name"].endswith("-oracle")} == {"oracle"}


def test_each_carbon_aware_scheduler_is_listed_with_its_oracle(cws):
    kinds = {row["name"]: row["kind"] for row in cws("schedulers", "--json").json}
    carbon = {name for name, kind in kinds.items() if kind == "carbon"}
    assert {name.removesuffix("-oracle") for name, kind in kinds.items() if kind == "oracle"} == carbon


def test_an_audit_that_finds_a_fault_exits_with_1(cws, scenario: Path, tmp_path: Path):
    out = tmp_path / "run"
    cws("simulate", scenario, "--scheduler", "fifo", "--out", out, "--json")
    summary = json.loads((out / "summary.json").read_text())
    summary["energy_kwh"] *= 1.001
    (out / "summary.json").write_text(json.dumps(summary))
    found = cws("audit", out)
    assert found.code == 1
    assert "summary.json energy_kwh" in found.err


def test_a_decision_that_claims_another_carbon_is_found(cws, scenario: Path, tmp_path: Path):
    out = tmp_path / "run"
    cws("simulate", scenario, "--scheduler", "fifo", "--out", out, "--json")
    held = pq.read_table(out / "decisions.parquet")
    at = held.schema.get_field_index("actual_carbon_g")
    changed = pa.array([held["actual_carbon_g"][0].as_py() + 5, *held["actual_carbon_g"].to_pylist()[1:]])
    pq.write_table(held.set_column(at, "actual_carbon_g", changed), out / "decisions.parquet")
    found = cws("audit", out)
    assert found.code == 1
    assert "decisions.parquet actual_carbon_g, row 0" in found.err


def test_a_numeric_run_leaves_no_trajectory_of_an_agent_that_lay_there(cws, scenario: Path, tmp_path: Path):
    cws("agent", scenario, "--llm", "none", "--out", tmp_path / "run", "--json")
    cws("simulate", scenario, "--scheduler", "fifo", "--out", tmp_path / "run", "--json")
    assert not (tmp_path / "run" / "trajectory.sqlite").exists()


def test_a_scenario_of_ones_own_may_name_a_bundled_policy(cws, tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(content(policies=["example.md"])))
    assert cws("simulate", path, "--scheduler", "fifo", "--json").code == 0
    path.write_text(yaml.safe_dump(content(policies=["none.md"])))
    assert "or a bundled policy" in cws("simulate", path, "--scheduler", "fifo").err


def test_a_broken_rule_is_found_by_the_audit(cws, scenario: Path, policy: Path, tmp_path: Path):
    """A run without the policy, dressed up as one under it."""
    honest, out = tmp_path / "honest", tmp_path / "run"
    cws("simulate", scenario, "--scheduler", "fifo", "--policy", policy, "--out", honest, "--json")
    cws("simulate", scenario, "--scheduler", "fifo", "--out", out, "--json")
    run = json.loads((out / "run.json").read_text())
    run["rules"] = json.loads((honest / "run.json").read_text())["rules"]
    (out / "run.json").write_text(json.dumps(run))
    found = cws("audit", out)
    assert found.code == 1
    assert "policy_violations" in found.err


def test_a_run_that_broke_a_rule_and_says_so_is_an_honest_run(cws, scenario: Path, tmp_path: Path):
    """Jobs of 10 CPUs, one at a time, and a rule that all start at once: some must be late."""
    path, reading = tmp_path / "now.md", tmp_path / "now.json"
    path.write_text("Run everything now.\n")
    rule = {"kind": "delay", "max_delay_h": 0, "source": "Run everything now."}
    reading.write_text(json.dumps({"rules": [rule], "unenforceable": []}))
    cws("policy", "confirm", path, "--rules", reading, "--yes")
    out = tmp_path / "run"
    crowded = tmp_path / "crowded.yaml"
    crowded.write_text(yaml.safe_dump(content(workload=content()["workload"] | {"count": 80})))
    done = cws("simulate", crowded, "--scheduler", "fifo", "--policy", path, "--out", out, "--json")
    assert done.json["policy_violations"] > 0
    audited = cws("audit", out)
    assert audited.code == 0
    assert "broke: Jobs must" in audited.err


def test_jobs_left_unfinished_are_said_so(cws, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "short.yaml"
    path.write_text(yaml.safe_dump(content(drain_days=0)))
    assert cws("simulate", path, "--scheduler", "time-shift", "--json").json["unfinished"] > 0
    assert "unfinished at the horizon" in caplog.text


def test_requests_that_come_late_are_said_so(cws, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """A request takes half a second to serve, and may take 10 ms."""
    web = {"id": "web", "cpus": 1, "memory_gb": 2, "requests_per_s": 2, "limit_ms": 10, "mean_rates": {"gb": 1}}
    path = tmp_path / "slow.yaml"
    path.write_text(yaml.safe_dump(content(services=[web])))
    assert cws("simulate", path, "--scheduler", "fifo", "--json").json["services"]["late_rate"] == 1
    assert "100.0 % of the services' requests came late" in caplog.text


def test_an_only_rule_that_leaves_nowhere_to_run_is_refused(cws, scenario: Path, tmp_path: Path):
    path, reading = tmp_path / "de.md", tmp_path / "de.json"
    path.write_text("Everything runs in Germany.\n")
    rule = {"kind": "placement", "effect": "only", "regions": ["de"], "source": "Everything runs in Germany."}
    reading.write_text(json.dumps({"rules": [rule], "unenforceable": []}))
    cws("policy", "confirm", path, "--rules", reading, "--yes")
    refused = cws("simulate", scenario, "--scheduler", "fifo", "--policy", path)
    assert refused.code == 2
    assert "names no region of the scenario; expected one of gb" in refused.err


def test_a_replay_on_another_scenario_is_refused(cws, scenario: Path, tmp_path: Path):
    cws("agent", scenario, "--llm", "none", "--out", tmp_path / "run", "--json")
    refused = cws("agent", "demo", "--llm", f"replay:{tmp_path / 'run'}")
    assert refused.code == 2
    assert "recorded on another scenario (small)" in refused.err


def test_a_policy_is_shown_sentence_above_reading(cws, policy: Path):
    shown = cws("policy", "show", policy).out
    assert shown.startswith(POLICY)
    assert "Batch jobs must not run in gb" in shown


def test_a_policy_that_has_changed_since_binds_nobody(cws, scenario: Path, policy: Path):
    policy.write_text(POLICY + "And on Sundays.\n")
    refused = cws("simulate", scenario, "--scheduler", "fifo", "--policy", policy)
    assert refused.code == 2
    assert "the text has changed since its reading was confirmed; run `cws policy confirm" in refused.err


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("words", [("agent", "demo"), ("policy", "compile", "POLICY")])
def test_an_unreachable_endpoint_is_said_so(cws, policy: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]):
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{free_port()}/v1")
    named = [str(policy) if word == "POLICY" else word for word in words]
    refused = cws(*named, "--llm", "openai:some-model")
    assert refused.code == 2
    assert "nothing answers at http://127.0.0.1" in refused.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("simulate", "SCENARIO", "--scheduler", "fifoo"), "no scheduler 'fifoo'; did you mean fifo?"),
        (("simulate", "nowhere.yaml", "--scheduler", "fifo"), "nowhere.yaml: no such scenario file"),
        (("simulate", "real-week", "--scheduler", "fifo"), "--data-dir"),
        (("agent", "SCENARIO", "--llm", "gpt"), "--llm 'gpt': expected `local`"),
        (("agent", "SCENARIO", "--llm", "none", "--mode", "nonsense"), "--mode 'nonsense'"),
        (("agent", "SCENARIO", "--llm", "none", "--mode", "tools"), "needs a model that can call tools"),
        (("agent", "SCENARIO", "--llm", "none", "--policy", "no.md"), "no.md: cannot read the policy"),
        (("agent", "SCENARIO", "--llm", "replay:/nowhere"), "trajectory.sqlite: missing"),
        (("agent", "SCENARIO", "--llm", "local", "--mode", "tools"), "needs a model that can call tools"),
        (("simulate", "SCENARIO", "--scheduler", "fifo", "--out", "SCENARIO"), "cannot make the folder"),
        (("agent", "SCENARIO", "--llm", "none", "--out", "SCENARIO"), "cannot make the folder"),
        (("audit", "/nowhere"), "/nowhere: no such run folder"),
        (("console", "/nowhere"), "/nowhere"),
        (("demo", "--days", "9", "--llm", "none"), "--days 9"),
        (("policy", "compile", "SCENARIO", "--llm", "none"), "--llm none cannot read a policy"),
    ],
)
def test_wrong_words_exit_with_2_and_one_line(cws, scenario: Path, words: tuple[str, ...], message: str):
    refused = cws(*(scenario if word == "SCENARIO" else word for word in words))
    assert refused.code == 2
    assert message in refused.err
    assert refused.err.strip().count("\n") == 0
    assert "Traceback" not in refused.err


@pytest.mark.parametrize("words", [("fly",), ("simulate",), ("simulate", "demo", "--colour", "red")])
def test_a_word_that_is_no_command_or_option_exits_with_2(cws, words: tuple[str, ...]):
    assert cws(*words).code == 2


def test_a_damaged_scenario_names_file_and_field(cws, tmp_path: Path):
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(content(days="many")))
    refused = cws("bound", path)
    assert refused.code == 2
    assert f"{path}: field 'days': found 'many'" in refused.err


@pytest.mark.parametrize("command", [("simulate", "--scheduler", "fifo"), ("agent", "--llm", "none")])
def test_a_folder_of_other_things_is_no_run_folder(cws, scenario: Path, tmp_path: Path, command: tuple[str, ...]):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "summary.json").write_text("mine")
    refused = cws(command[0], scenario, *command[1:], "--out", folder, "--json")
    assert refused.code == 2
    assert f"--out {folder}: holds summary.json and no run; give a new folder, or that of a run" in refused.err
    assert (folder / "summary.json").read_text() == "mine"


def test_a_run_may_be_written_over_a_run_and_beside_an_empty_file(cws, scenario: Path, tmp_path: Path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "kept-output.json").touch()  # as a shell makes it, before the command runs
    for name in ("fifo", "edf"):
        assert cws("simulate", scenario, "--scheduler", name, "--out", tmp_path / "run", "--json").code == 0
        (tmp_path / "run" / "kept-output.json").write_text("{}")
    assert json.loads((tmp_path / "run" / "run.json").read_text())["scheduler"] == "edf"


def test_doctor_says_what_is_there(cws):
    assert "langgraph" in cws("doctor").out


def test_an_approval_for_a_job_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="2"):
        main(["simulate", "demo", "--scheduler", "fifo", "--approve", "job-00001, no-such-job\x1b[2J"])
    said = capsys.readouterr().err
    assert "--approve: no job 'no-such-job\\x1b[2J' among 1200; the first is " in said
