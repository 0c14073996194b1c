"""Suites: one YAML file says which scenarios, contenders, policies and seeds are run against each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from agent.case import PolicyText, check_mode, check_regions, named_policy
from agent.evaluation.cell import Cell, Contender
from agent.policy.reading import load_confirmed, read_text
from agent.policy.rules import merge
from sim.errors import InputError
from sim.scenario import Scenario, Seed, first_error, parse_scenario, read_yaml, scenario_file
from sim.schedulers import scheduler
from sim.sites import Name, NotNegative, Spec
from tools import TOOLS

Patch = dict[str, Any]
NO_POLICY = "own"
"""The set of policies that adds none to those that a scenario names itself."""


def _own_policies() -> dict[str, list[str]]:
    return {NO_POLICY: []}


class ScenarioEntry(Spec):
    """Scenarios made from one: `base`, a file or a bundled name, patched by `set` and then by each choice of `vary`.

    `contenders` names those of the suite that run on them; all if not given.

    With `vary` there is a scenario for every combination of one choice a factor, and the choices end its id. A patch
    is a JSON merge patch (RFC 7396): mappings are merged, null takes a key away, anything else replaces the old.
    """

    id: Name
    base: str
    contenders: list[str] | None = None
    set: Patch = Field(default_factory=dict)
    vary: dict[Name, dict[Name, Patch]] = Field(default_factory=dict)


class AgentEntry(Spec):
    """The agent as a contender: its name in tables, the language model that it asks (`none`: no model), and how.

    `reader` is the model that reads jobs' texts: if not given, as in `cws agent`; `truth` stands for one that never
    errs.
    """

    id: Name
    llm: str = "none"
    reader: str | None = None
    mode: Literal["rank", "plan", "tools"] = "rank"
    without_tools: list[str] = Field(default_factory=list)


class Suite(Spec):
    """A suite file. `baseline` names the contender that all are compared with, under the same policy and seed.

    A seed takes the place of the scenario's, is added to that of generated signals, and moves the start by
    `shift_days` each. With `own_draws` scenarios of the same seed draw other jobs than each other: then they are as
    independent as the bootstrap takes them to be. Without, they share them, which suits a suite that changes a factor.
    """

    name: Name
    about: str = ""
    baseline: str = "fifo"
    seeds: Annotated[list[Seed], Field(min_length=1)]
    shift_days: NotNegative = 0.0
    own_draws: bool = False
    schedulers: list[str] = Field(default_factory=list)
    agents: list[AgentEntry] = Field(default_factory=list)
    policies: dict[Name, list[str]] = Field(default_factory=_own_policies, min_length=1)
    scenarios: Annotated[list[ScenarioEntry], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_stand_once(self) -> Suite:
        for what, names in (("scenarios", [entry.id for entry in self.scenarios]), ("contenders", self.contenders),
                            ("seeds", self.seeds)):  # fmt: skip
            doubled = sorted({str(name) for name in names if list(names).count(name) > 1})
            if doubled:
                raise ValueError(f"{what}: {doubled[0]!r} stands twice; expected distinct ones")
        known = ", ".join(self.contenders) or "there is none"
        if self.baseline not in self.contenders:
            raise ValueError(f"baseline: found {self.baseline!r}, expected a contender: {known}")
        for entry in self.scenarios:
            named = self.contenders if entry.contenders is None else entry.contenders
            if unknown := sorted(set(named) - set(self.contenders)):
                raise ValueError(f"scenario {entry.id}: contenders: found {unknown[0]!r}, expected one of: {known}")
            if self.baseline not in named:
                raise ValueError(f"scenario {entry.id}: contenders: the baseline {self.baseline!r} is not among them")
        return self

    @property
    def contenders(self) -> list[str]:
        """The names of all contenders."""
        return [*self.schedulers, *(agent.id for agent in self.agents)]


@dataclass(frozen=True)
class Expanded:
    """A suite and all its cells, in the order in which they are run: those of a scenario and seed together."""

    suite: Suite
    cells: tuple[Cell, ...]

    @property
    def sha256(self) -> str:
        """The hash of every cell: scenarios, policies' texts and rules, contenders and seeds."""
        content = [[cell.id, cell.scenario, [p.as_json() for p in cell.policies], cell.rules, _how(cell.contender)]
                   for cell in self.cells]  # fmt: skip
        return hashlib.sha256(json.dumps([self.suite.baseline, content], sort_keys=True).encode()).hexdigest()


def _how(contender: Contender) -> list[str | None]:
    return [contender.llm, contender.mode, *contender.without_tools, *([contender.reader] if contender.reader else [])]


def bundled_suites() -> dict[str, Path]:
    """Return the suite files that come with the package, by name."""
    return {file.stem: file for file in Path(str(resources.files("sim") / "suites")).glob("*.yaml")}


def load_suite(path: str) -> Expanded:
    """Return the suite of a YAML file, or of a bundled one by its name, with its cells.

    Raises:
        InputError: If anything in it is wrong: names file, field, what was found and what was expected.
    """
    source, bundled = Path(path), bundled_suites()
    if not source.is_file() and path not in bundled:
        raise InputError(f"{path}: no such suite file; bundled ones are {', '.join(sorted(bundled))}")
    file = source if source.is_file() else bundled[path]
    content = read_yaml(file)
    if not isinstance(content, dict):
        raise InputError(f"{file}: found {type(content).__name__}, expected a mapping of suite fields")
    try:
        suite = Suite.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{file}: {first_error(error)}") from None
    for agent in suite.agents:
        check_mode(agent.mode, agent.llm)
        TOOLS.without(agent.without_tools)
    for name in suite.schedulers:
        scheduler(name)
    return Expanded(suite, tuple(_cells(suite, file)))


def merge_patch(target: Any, patch: Any) -> Any:
    """Return the target with a JSON merge patch applied (RFC 7396).

    Example:
        >>> merge_patch({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": None}, "d": [4]})
        {'a': {'b': 1}, 'd': [4]}
    """
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def _cells(suite: Suite, file: Path) -> Iterator[Cell]:
    contenders = [
        *(Contender(name) for name in suite.schedulers),
        *(
            Contender(agent.id, agent.llm, agent.mode, tuple(agent.without_tools), agent.reader)
            for agent in suite.agents
        ),
    ]
    for entry in suite.scenarios:
        base = _base(file, entry.base)
        mine = [one for one in contenders if entry.contenders is None or one.name in entry.contenders]
        for name, content in _variants(entry, read_yaml(base)):
            scenario = parse_scenario(content, f"{file}: scenario {name}")
            named = [named_policy(base, policy) for policy in scenario.policies]
            bound = {policy: _bound(scenario, named + _policies(file, more)) for policy, more in suite.policies.items()}
            for seed, (policy, (texts, rules)) in product(suite.seeds, bound.items()):
                whole = _seeded(scenario, seed, suite).model_dump(mode="json")
                watched = seed == suite.seeds[0]
                for contender in mine:
                    yield Cell(name, policy, contender, seed, whole, texts, rules, watched)


def _bound(scenario: Scenario, policies: list[Path]) -> tuple[tuple[PolicyText, ...], dict[str, Any]]:
    """Return the texts and the rules of policies that bind a scenario."""
    rules = merge(load_confirmed(path) for path in policies)
    check_regions(rules, {region.id for region in scenario.regions})
    return tuple(PolicyText(path.name, read_text(path)) for path in policies), rules.as_json()


def _base(suite: Path, base: str) -> Path:
    """Return the file of a base: beside the suite, or a bundled scenario."""
    beside = suite.parent / base
    return beside if beside.is_file() else scenario_file(base)


def _policies(suite: Path, names: list[str]) -> list[Path]:
    """Return policy files: beside the suite, or bundled."""
    bundled = resources.files("policies")
    places = [(suite.parent / name, Path(str(bundled / name))) for name in names]
    paths = [next((path for path in both if path.is_file()), None) for both in places]
    for name, path in zip(names, paths, strict=True):
        if path is None:
            raise InputError(
                f"{suite}: policies: found {name!r}, expected a file beside the suite, or a bundled policy"
            )
    return [path for path in paths if path]


def _variants(entry: ScenarioEntry, base: Any) -> Iterator[tuple[str, Patch]]:
    """Yield the id and content of every scenario of an entry."""
    for choices in product(*(factor.items() for factor in entry.vary.values())):
        content = merge_patch(base, entry.set)
        for _, patch in choices:
            content = merge_patch(content, patch)
        name = "-".join([entry.id, *(choice for choice, _ in choices)])
        yield name, content | {"name": name}


def _seeded(scenario: Scenario, seed: int, suite: Suite) -> Scenario:
    """Return the scenario of a seed."""
    drawn = seed
    if suite.own_draws:
        drawn = int.from_bytes(hashlib.sha256(f"{scenario.name}/{seed}".encode()).digest()[:4])
    signals = scenario.signals
    if signals.kind == "synthetic":
        signals = signals.model_copy(update={"seed": signals.seed + drawn})
    start = scenario.start + timedelta(days=suite.shift_days * seed)
    return scenario.model_copy(update={"seed": drawn, "signals": signals, "start": start})
