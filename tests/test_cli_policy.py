"""`cws policy check` and `cws policy show`: what they print, in words and as JSON, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import main
from tests.sim.test_scenario import content

FILES = Path(__file__).parents[1] / "policies"
ONLY = {"kind": "placement", "effect": "only", "regions": ["gb"], "jobs": {"team": "ads"}, "source": "Ads in Britain."}
DENY = {"kind": "placement", "effect": "deny", "regions": ["gb"], "jobs": {"tag": "etl"}, "source": "No ETL there."}


@pytest.fixture
def cws(capsys: pytest.CaptureFixture[str]):
    def run(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def confirmed(cws, tmp_path: Path):
    """Return a function that writes a policy with a confirmed reading."""

    def write(name: str, *rules: dict[str, Any]) -> Path:
        path, reading = tmp_path / f"{name}.md", tmp_path / f"{name}.json"
        path.write_text("\n".join(f"- {rule['source']}" for rule in rules))
        reading.write_text(json.dumps({"rules": rules}))
        assert cws("policy", "confirm", path, "--rules", reading, "--yes")[0] == 0
        return path

    return write


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    work = content()["workload"] | {"count": 10, "teams": {"ads": 1.0}, "tags": {"etl": 1.0}}
    path.write_text(yaml.safe_dump(content(workload=work, drain_days=1, epoch_min=60)))
    return path


def test_policies_that_contradict_each_other_exit_with_1_and_are_quoted(cws, confirmed):
    code, out, err = cws("policy", "check", confirmed("a", ONLY), confirmed("b", DENY))
    assert code == 1
    assert out.startswith("error: `only` against `deny`: these rules together leave no place to some jobs")
    assert '  "Ads in Britain."\n  "No ETL there."\n  for example batch job of team ads, tagged etl, 1 h' in out
    assert "2 rules, 1 conflict\n" in out
    assert "1 conflict in" in err


def test_each_alone_is_in_order(cws, confirmed):
    assert cws("policy", "check", confirmed("a", ONLY))[:2] == (0, "1 rule, no conflicts\n")


def test_the_bundled_policies_have_no_conflicts(cws):
    for name in ("example.md", "residency.md"):
        assert cws("policy", "check", FILES / name)[0] == 0


def test_json_is_one_object_with_findings_and_replay(cws, confirmed, scenario: Path, tmp_path: Path):
    run = tmp_path / "run"
    cws("simulate", scenario, "--scheduler", "fifo", "--out", run, "--json")
    code, out, _ = cws("policy", "check", confirmed("b", DENY), "--scenario", scenario, "--run", run, "--json")
    found = json.loads(out)
    assert code == 1
    assert found["findings"][0]["kind"] == "no region left"
    assert found["findings"][0]["sentences"] == ["No ETL there."]
    assert found["replay"]["scheduler"] == "fifo"
    assert found["replay"]["figures"]["unfinished jobs"] == {"without": 0, "with": 10, "difference": 10}


def test_a_terminal_is_shown_what_a_check_is_at_and_a_file_is_not(
    cws, confirmed, scenario: Path, tmp_path, monkeypatch
):
    run, policy = tmp_path / "run", confirmed("a", ONLY)
    cws("simulate", scenario, "--scheduler", "fifo", "--out", run, "--json")
    assert cws("policy", "check", policy, "--run", run)[2] == ""
    monkeypatch.setenv("FORCE_COLOR", "1")  # to rich, a terminal
    monkeypatch.setenv("TERM", "xterm")
    assert "run 2 of 2: fifo, with the rules" in cws("policy", "check", policy, "--run", run)[2]


def test_a_run_warns_of_jobs_that_its_rules_leave_no_place(cws, confirmed, scenario: Path, caplog):
    code, _, _ = cws("simulate", scenario, "--scheduler", "fifo", "--policy", confirmed("b", DENY))
    assert code == 0
    assert "this rule leaves no place to some jobs of the scenario" in caplog.text
    assert "No ETL there." in caplog.text
    caplog.clear()
    cws("simulate", scenario, "--scheduler", "fifo", "--policy", confirmed("a", ONLY))
    assert "no place" not in caplog.text


def test_a_policy_is_shown_with_examples_and_hours_and_without_colours_when_piped(cws):
    code, out, _ = cws("policy", "show", FILES / "example.md")
    assert code == 0
    assert out.startswith("Jobs of the finance team run only in Europe.\n  = Jobs of team finance may run only in gb,")
    assert "\n    stops    us-" in out
    assert "\n  us-south  mon-fri  " + "█" * 32 + "·" * 10 + "█" * 6 + "\n" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 100


def test_the_page_on_policies_shows_what_is_printed(cws):
    page = (FILES.parent / "docs" / "policies.md").read_text(encoding="utf-8")
    block = page.split("A piece of `cws policy show policies/example.md`:\n\n```\n")[1].split("```")[0]
    _, out, _ = cws("policy", "show", FILES / "example.md")
    for piece in block.split("\n...\n\n"):
        assert piece in out


def test_a_policy_is_shown_as_json_with_a_scenarios_jobs(cws, confirmed, scenario: Path):
    code, out, _ = cws("policy", "show", confirmed("b", DENY), "--scenario", scenario, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["rules"][0]["source"] == "No ETL there."
    assert [one["stopped"] for one in found["examples"][0]] == [True] * 3
    assert found["weeks"][1]["jobs"] == "Jobs tagged etl"
    assert (found["weeks"][1]["count"], found["weeks"][1]["hours"]["gb"]["mon"]) == (10, "c" * 24)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("check", "no.md"), "no.md: cannot read the policy"),
        (("check", "POLICY", "--scenario", "nowhere"), "nowhere: no such scenario file"),
        (("check", "POLICY", "--run", "/nowhere"), "/nowhere: no such run folder"),
        (("show", "POLICY", "--scenario", "real-week"), "--data-dir"),
    ],
)
def test_what_cannot_be_read_exits_with_2(cws, words: tuple[str, ...], message: str):
    code, _, err = cws("policy", *(FILES / "example.md" if word == "POLICY" else word for word in words))
    assert code == 2
    assert message in err
