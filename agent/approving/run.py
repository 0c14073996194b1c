"""A run of the agent that can stop for a person and go on: begun, pulled until it is over or waits, resumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from agent.approving.folder import Begun, Waits, approvals_for, forget, keep_waiting
from agent.approving.graph import Pausing
from agent.approving.remembered import Continued, Remembering
from agent.case import Case, Finished, PolicyText, finish_agent, start_agent
from agent.llm.protocol import LanguageModel
from agent.llm.scripted import ReplayedModel
from agent.llm.select import reader_beside
from agent.policy.rules import PolicySet, explain
from agent.record import EpochRecord
from agent.replay import recorded
from agent.run import AgentRun
from agent.store import FILE, Store
from sim.errors import InputError
from sim.scenario import build_world, parse_scenario


@dataclass(frozen=True)
class Stoppable:
    """A run with its case and folder; `pausing` stops it where a person must be asked, None lets it go on.

    Until `decided_s` it only makes again what it decided before.
    """

    run: AgentRun
    case: Case
    out: Path
    pausing: Pausing | None
    decided_s: float

    def pull(self, on_epoch: Callable[[EpochRecord], None]) -> Finished:
        """Pull the run to its end and account for it; say of each new epoch what was decided.

        Raises:
            Waits: If it stops for a person; what waits is then in the folder.
        """
        try:
            for record in self.run:
                if record.now_s > self.decided_s:
                    on_epoch(record)
            if self.pausing:
                self.pausing.stop_if_asked()
        except Waits as waits:
            keep_waiting(self.out, waits.asks, self.case.world.start)
            if self.run.store:
                self.run.store.close()
            raise
        finally:
            if self.pausing:
                self.pausing.close()
        done = finish_agent(self.run, self.case, self.out)
        forget(self.out)
        return done


@dataclass(frozen=True)
class Beginning:
    """All that a run in a folder is begun or resumed with. `reader` reads descriptions if `model` does not."""

    case: Case
    begun: Begun
    model: LanguageModel | None
    reader: LanguageModel | None
    out: Path

    @classmethod
    def of(cls, out: Path, data_dir: Path | None, open_model: Callable[..., LanguageModel | None]) -> Beginning:
        """Return what the unfinished run in a folder was begun with; its data may lie in another folder by now.

        Raises:
            InputError: If the folder holds no such run, or its files are damaged, or the model does not open.
        """
        begun = Begun.of(out)
        Continued.open(out / FILE).close()
        case = case_in(out, data_dir or (Path(begun.data_dir) if begun.data_dir else None))
        model = open_model(begun.llm, scenario_sha256=case.scenario.sha256)
        return cls(case, begun, model, reader_beside(begun.llm), out)

    def begin(self) -> Stoppable:
        """Return the run, ready to be pulled; its folder says from now on how it was begun."""
        self.begun.keep(self.out)
        store = Store.create(self.out / FILE)
        return self._started(store, self._pausing(store), self.model, self.reader)

    def resume(self) -> Stoppable:
        """Return the unfinished run, ready to be pulled from its beginning, with all answers known by now.

        What it decided before comes out again, by the recorded answers of its model; then it goes on.

        Raises:
            InputError: If the run is finished, or its files are damaged.
        """
        store = Continued.open(self.out / FILE)
        pausing = self._pausing(store)
        if self.begun.llm.startswith("replay:"):  # it remembers all by itself
            return self._started(store, pausing, self.model, self.reader)
        calls = [*store.model_calls(), *(pausing.heard() if pausing else ())]
        recording = ReplayedModel([recorded(call) for call in calls])
        model, reader = (one and Remembering(one, recording) for one in (self.model, self.reader))
        return self._started(store, pausing, model, reader)

    def _pausing(self, store: Store) -> Pausing | None:
        if not self.begun.waits:
            return None
        return Pausing(self.out, approvals_for(self.out, self.begun.approve), store.last_s())

    def _started(
        self, store: Store, pausing: Pausing | None, model: LanguageModel | None, reader: LanguageModel | None
    ) -> Stoppable:
        run = start_agent(
            self.case,
            model,
            mode=self.begun.mode,
            deadline_s=self.begun.deadline_s,
            approvals=pausing.approvals if pausing else approvals_for(self.out, self.begun.approve),
            reader=reader,
            store=store,
            graph=pausing,
        )
        return Stoppable(run, self.case, self.out, pausing, store.last_s())


def case_in(out: Path, data_dir: Path | None) -> Case:
    """Return the case of the run in a folder, from what its trajectory says of it.

    Raises:
        InputError: If the trajectory is missing or damaged, or the series cannot be read.
    """
    store = Store.open(out / FILE)
    row = store.run()
    store.close()
    where = str(out / FILE)
    scenario = parse_scenario(row.recipe["scenario"], where)
    if scenario.sha256 != row.scenario_sha256:
        raise InputError(f"{where}: its scenario is not the one that was begun: found {scenario.sha256}")
    try:
        rules = PolicySet.model_validate({"rules": row.recipe["rules"]})
    except ValidationError as error:
        raise InputError(f"{where}: rules: {explain(error)}") from None
    policies = tuple(PolicyText(one["file"], one["text"]) for one in row.recipe["policies"])
    return Case(scenario, build_world(scenario, data_dir), policies, rules)
