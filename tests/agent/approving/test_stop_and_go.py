"""A run that stops for a person and goes on: its placements are those of a run that was answered at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.approving.folder import Begun, Waits, alone_in, answer, answers_in, waiting_in
from agent.approving.run import Beginning, case_in
from agent.audit import audit_run
from agent.case import Case, prepare, run_agent, start_agent
from agent.llm.protocol import LanguageModel, Message
from agent.llm.scripted import ScriptedModel
from agent.policy.rules import PolicySet
from agent.store import FILE, Store
from sim.approvals import Approvals
from sim.errors import InputError
from sim.runfolder import read_run
from tests.agent.described.test_description_runs import Reader
from tests.sim.test_scenario import SERVER, content
from tests.worlds import mock_job, mock_region, mock_world

ASK_GB = {"kind": "approval", "regions": ["gb"], "source": "Ask before anything runs in Britain."}
ASK_DEAR = {"kind": "approval", "carbon_above_kg": 0.2, "source": "Ask above 200 g."}
REGIONS = [
    {"id": "gb", "zone": "GB", "tz": "Europe/London", "servers": [SERVER]},
    {"id": "de", "zone": "DE", "tz": "Europe/Berlin", "servers": [SERVER]},
]


def case_of(*rules: dict[str, Any], count: int = 8) -> Case:
    made = content(regions=REGIONS, epoch_min=60, workload=content()["workload"] | {"count": count})
    case = prepare_text(yaml.safe_dump(made))
    return Case(case.scenario, case.world, (), PolicySet.model_validate({"rules": list(rules)}))


def prepare_text(text: str) -> Case:
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        return prepare(file.name, None)


def begun(waits: bool = True, approve: str | None = None) -> Begun:
    return Begun(llm="none", mode="rank", deadline_s=30.0, data_dir=None, approve=approve, waits=waits)


Said = Callable[[str], bool]
Rules = tuple[dict[str, Any], ...]


def stop_and_go(case: Case, out: Path, said: Said, model: LanguageModel | None = None) -> int:
    """Run a case to its end, answering whatever waits at each stop; return how often it stopped."""
    out.mkdir(exist_ok=True)
    run, stops = Beginning(case, begun(), model, None, out).begin(), 0
    while True:
        try:
            run.pull(lambda record: None)
        except Waits as waits:
            stops += 1
            ids = {ask.job_id for ask in waits.asks}
            answer(out, [one for one in ids if said(one)], [one for one in ids if not said(one)])
            again = Beginning(case_in(out, None), Begun.of(out), model, None, out)  # as another process would
            run = again.resume()
        else:
            return stops


def at_once(case: Case, out: Path, said: Said, model: LanguageModel | None = None) -> None:
    """Run a case whose approvals are answered the same at once."""
    run_agent(
        start_agent(case, model, out=out, approvals=Approvals(lambda ask: said(ask.job_id))), case, out, lambda _: None
    )


def same(first: Path, second: Path) -> None:
    for name in ("placements", "jobs", "decisions"):
        assert (first / f"{name}.parquet").read_bytes() == (second / f"{name}.parquet").read_bytes(), name
    assert read_run(first).run["approvals"] == read_run(second).run["approvals"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ((ASK_GB, ASK_DEAR), lambda _: True),
        ((ASK_GB,), lambda _: False),
        ((ASK_GB,), lambda job_id: int(job_id[-1]) % 2 == 0),
    ],
    ids=["yes to all", "no to all", "yes to some"],
)
def test_placements_are_those_of_a_run_that_was_answered_at_once(tmp_path: Path, rules: Rules, said: Said):
    case = case_of(*rules, count=4)
    assert stop_and_go(case, tmp_path / "stops", said) > 0
    at_once(case, tmp_path / "once", said)
    same(tmp_path / "stops", tmp_path / "once")
    audited = audit_run(tmp_path / "stops", None)
    assert (audited.faults, audited.broken) == ([], [])


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 2)))
def test_whatever_is_answered(tmp_path_factory: pytest.TempPathFactory, yes: set[int]):
    folder, case = tmp_path_factory.mktemp("any"), case_of(ASK_GB, count=3)

    def said(job_id: str) -> bool:
        return int(job_id[-5:]) in yes

    stop_and_go(case, folder / "stops", said)
    at_once(case, folder / "once", said)
    same(folder / "stops", folder / "once")


def test_what_waits_lies_in_the_folder_with_an_interrupted_graph(tmp_path: Path):
    case = case_of(ASK_GB)
    with pytest.raises(Waits) as stopped:
        Beginning(case, begun(), None, None, tmp_path).begin().pull(lambda record: None)
    asks = waiting_in(tmp_path)
    assert asks == list(stopped.value.asks)
    assert {ask.region for ask in asks} == {"gb"}
    with sqlite3.connect(tmp_path / "graph.sqlite") as checkpoints:
        channels = {row[0] for row in checkpoints.execute("select channel from writes")}
    assert "__interrupt__" in channels
    assert not (tmp_path / "placements.parquet").exists()


def test_a_run_that_is_over_keeps_the_answers_and_nothing_else(tmp_path: Path):
    stop_and_go(case_of(ASK_GB), tmp_path, lambda _: True)
    assert answers_in(tmp_path)
    assert set(answers_in(tmp_path).values()) == {True}
    assert not {"waiting.json", "graph.sqlite", "run.lock"} & {file.name for file in tmp_path.iterdir()}
    with pytest.raises(InputError, match="is finished"):
        Beginning.of(tmp_path, None, lambda spec, **_: None)


def test_without_an_answer_it_stops_at_the_same_place_again(tmp_path: Path):
    case = case_of(ASK_GB)
    with pytest.raises(Waits) as first:
        Beginning(case, begun(), None, None, tmp_path).begin().pull(lambda record: None)
    with pytest.raises(Waits) as again:
        Beginning(case, begun(), None, None, tmp_path).resume().pull(lambda record: None)
    assert first.value.asks == again.value.asks


def test_what_was_decided_before_is_not_told_again(tmp_path: Path):
    told: list[float] = []
    with pytest.raises(Waits):
        Beginning(case_of(ASK_GB), begun(), None, None, tmp_path).begin().pull(lambda record: told.append(record.now_s))
    answer(tmp_path, ["all"], [])
    with pytest.raises(Waits):
        Beginning(case_of(ASK_GB), begun(), None, None, tmp_path).resume().pull(lambda one: told.append(one.now_s))
    assert len(told) > 1
    assert told == sorted(set(told))


def test_what_was_said_beforehand_stops_nothing(tmp_path: Path):
    run = Beginning(case_of(ASK_GB), begun(approve="all"), None, None, tmp_path).begin()
    assert run.pull(lambda record: None).summary["policy_violations"] == 0


# -- the model -----------------------------------------------------------------------------------


class Counting(ScriptedModel):
    """A model that chooses A, and says something else each time: so nobody can ask it again and not be seen."""

    def __init__(self) -> None:
        super().__init__(self._choose)
        self.prompts: list[str] = []

    def _choose(self, messages: Sequence[Message]) -> str:
        self.prompts.append(str(messages[-1]["content"]))
        return json.dumps({"choice": "A", "reason": ("lowest score", "shortest wait")[len(self.prompts) % 2]})


def test_no_stop_asks_the_model_anything_again(tmp_path: Path):
    """Not even about the epoch in which it stopped: the checkpoint holds what it said."""
    stopping, straight = Counting(), Counting()
    assert stop_and_go(case_of(ASK_GB, count=4), tmp_path / "stops", lambda _: True, stopping) > 1
    at_once(case_of(ASK_GB, count=4), tmp_path / "once", lambda _: True, straight)
    assert stopping.prompts == straight.prompts
    same(tmp_path / "stops", tmp_path / "once")


def test_descriptions_are_not_read_again_either(tmp_path: Path):
    """The model that decides and the one that reads share one memory, in the order in which they were asked."""
    regions = [mock_region(name) for name in ("gb", "de")]
    jobs = [mock_job(f"j{n}", float(n), home="gb", description=f"Text {n}: not in de.") for n in range(3)]
    world = mock_world(jobs, [[100.0] * 24, [300.0] * 24], regions=regions)
    case = Case(case_of().scenario, world, (), PolicySet.model_validate({"rules": [ASK_GB]}))
    model, reader = Counting(), Reader(lambda text: {"regions_deny": ["de"]})
    stops, run = 0, Beginning(case, begun(), model, reader, tmp_path).begin()
    while True:
        try:
            done = run.pull(lambda record: None)
            break
        except Waits:
            stops += 1
            answer(tmp_path, ["all"], [])
            run = Beginning(case, begun(), model, reader, tmp_path).resume()
    assert stops == 3
    assert len(reader.read) == 3, "each once"
    assert done.summary["llm"]["calls"] == 3 + len(model.prompts)
    assert done.summary["hint_violations"] == 0


# -- what may go wrong ---------------------------------------------------------------------------


def test_an_epoch_that_comes_out_otherwise_is_refused(tmp_path: Path):
    with pytest.raises(Waits):
        Beginning(case_of(ASK_GB), begun(), None, None, tmp_path).begin().pull(lambda record: None)
    answer(tmp_path, ["all"], [])
    with pytest.raises(Waits):
        Beginning(case_of(ASK_GB), begun(), None, None, tmp_path).resume().pull(lambda record: None)
    with sqlite3.connect(tmp_path / FILE) as store:
        store.execute("update decision set start_s = start_s + 1")
    with pytest.raises(InputError, match="comes out otherwise than it is recorded"):
        Beginning(case_of(ASK_GB), begun(), None, None, tmp_path).resume().pull(lambda record: None)


def test_two_processes_do_not_go_on_with_one_run(tmp_path: Path):
    with alone_in(tmp_path), pytest.raises(InputError, match="another process"), alone_in(tmp_path):
        pass


def test_a_folder_that_no_run_was_begun_in_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"begun\.json: missing"):
        Beginning.of(tmp_path, None, lambda spec, **_: None)
    Store.create(tmp_path / FILE).close()
    (tmp_path / "begun.json").write_text("{}")
    with pytest.raises(InputError, match="expected the fields llm, mode"):
        Beginning.of(tmp_path, None, lambda spec, **_: None)
