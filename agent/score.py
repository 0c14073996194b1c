"""How well a model reads texts whose right answers are known: policies, and descriptions of jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from agent.hints import JobHints
from agent.job_hints import read_hints
from agent.llm.protocol import LanguageModel
from agent.policy.compiler import compile_policy, warning_about
from agent.policy.normal import canonical, normal_rule
from agent.policy.rules import Part, Rule, Zone, explain
from agent.policy.vocabulary import Vocabulary
from sim.errors import InputError

Id = Annotated[str, Field(min_length=1, max_length=100)]
Text = Annotated[str, Field(min_length=1)]


class PolicyLine(Part):
    """A policy and its right reading: rules, of which the source may be left out, and how many sentences are none."""

    id: Id
    text: Text
    rules: tuple[Rule, ...]
    unenforceable: Annotated[int, Field(strict=True, ge=0)]

    @model_validator(mode="before")
    @classmethod
    def _source_is_the_text(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("rules"), list):
            return data
        source = str(data.get("text"))[:100] or "?"
        return {**data, "rules": [{"source": source, **one} if isinstance(one, dict) else one for one in data["rules"]]}


class DescriptionLine(Part):
    """A job's description, when and in which zone it was submitted, and what it asks for."""

    id: Id
    now: AwareDatetime
    tz: Zone
    text: Text
    hints: JobHints


Line = TypeVar("Line", PolicyLine, DescriptionLine)


@dataclass(frozen=True)
class Outcome:
    """One text: what was expected and got, as JSON to show and as facts in normal form to compare.

    `complete` is whether as many sentences were set aside as should be; `warnings` and `questions` are those about
    this text; `answered` is whether there was a reading at all.
    """

    id: str
    text: str
    expected: Mapping[str, Any]
    got: Mapping[str, Any]
    facts_expected: frozenset[str]
    facts_got: frozenset[str] = frozenset()
    complete: bool = True
    warnings: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    answered: bool = True

    @property
    def right(self) -> bool:
        """Whether all that the text says was found, and nothing else."""
        return self.answered and self.complete and self.facts_expected == self.facts_got

    @property
    def silent(self) -> bool:
        """Whether nobody was told to be careful: no warning, no question, and no sentence set aside."""
        return not self.warnings and not self.questions and not self.got.get("unenforceable")

    def as_failure(self) -> dict[str, Any]:
        """Return what to look at where it is wrong."""
        told = {"warnings": list(self.warnings), "questions": list(self.questions)}
        shown = {name: listed for name, listed in told.items() if listed}
        return {"id": self.id, "text": self.text, "expected": self.expected, "got": self.got, **shown}


def load_lines(path: Path, form: type[Line]) -> list[Line]:
    """Return the lines of a JSONL file.

    Raises:
        InputError: If it cannot be read, a line is not of the form, an id occurs twice, or there are no lines.
    """
    try:
        written = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    lines: dict[str, Line] = {}
    for number, one in enumerate(written, start=1):
        if not one.strip():
            continue
        try:
            line = form.model_validate_json(one)
        except ValidationError as error:
            raise InputError(f"{path}: line {number}: {explain(error)}") from error
        if line.id in lines:
            raise InputError(f"{path}: line {number}: the id {line.id!r} occurs twice")
        lines[line.id] = line
    if not lines:
        raise InputError(f"{path}: no lines; expected one JSON object a line")
    return list(lines.values())


def score_policies(lines: Iterable[PolicyLine], vocabulary: Vocabulary, model: LanguageModel) -> dict[str, Any]:
    """Return how well a model reads policies: see `score`. A fact is a rule."""
    return score([_policy(line, vocabulary, model) for line in lines])


def score_descriptions(
    lines: Iterable[DescriptionLine], vocabulary: Vocabulary, model: LanguageModel
) -> dict[str, Any]:
    """Return how well a model reads job descriptions: see `score`. A fact is a field with its value."""
    return score([_description(line, vocabulary, model) for line in lines])


def score(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what share of the texts was read right, and how.

    Returns:
        `texts`, their number; `right` and `silently_wrong`, shares of them: all facts and nothing else, and wrong
        without a warning, a question or a sentence set aside as unenforceable; `f1` over the facts of all texts
        together; `failures`, a list of `{id, text, expected, got}` and, if any, `warnings` and `questions`.

    Raises:
        InputError: If the model gave no answer to any of them.
    """
    if not any(outcome.answered for outcome in outcomes):
        raise InputError(f"none of the {len(outcomes)} texts was answered; the last: {outcomes[-1].got['error']}")
    wrong = [outcome for outcome in outcomes if not outcome.right]
    return {
        "texts": len(outcomes),
        "right": 1 - len(wrong) / len(outcomes),
        "f1": _f1(outcomes),
        "silently_wrong": sum(outcome.silent for outcome in wrong) / len(outcomes),
        "failures": [outcome.as_failure() for outcome in wrong],
    }


def _f1(outcomes: Sequence[Outcome]) -> float:
    """Return 2 x hits / (expected + got), summed over all texts; 1 where nothing was expected nor got."""
    hits = sum(len(one.facts_expected & one.facts_got) for one in outcomes)
    said = sum(len(one.facts_expected) + len(one.facts_got) for one in outcomes)
    return 2 * hits / said if said else 1.0


def _policy(line: PolicyLine, vocabulary: Vocabulary, model: LanguageModel) -> Outcome:
    expected = {"rules": _shown(line.rules), "unenforceable": line.unenforceable}
    facts = frozenset(map(normal_rule, line.rules))
    try:
        reading = compile_policy(line.text, vocabulary, model)
    except InputError as error:
        return _unanswered(line, expected, facts, error)
    found = reading.policy_set
    aside = [one.model_dump() for one in found.unenforceable]
    return Outcome(
        line.id,
        line.text,
        expected,
        {"rules": _shown(found.rules), "unenforceable": aside},
        facts,
        frozenset(map(normal_rule, found.rules)),
        complete=len(aside) == line.unenforceable,
        warnings=_about_the_text(reading.warnings, model),
        questions=tuple(f"{one.text}: {one.question}" for one in reading.questions),
    )


def _description(line: DescriptionLine, vocabulary: Vocabulary, model: LanguageModel) -> Outcome:
    expected, facts = line.hints.as_json(), _facts(line.hints)
    try:
        reading = read_hints(line.text, line.now, line.tz, vocabulary, model)
    except InputError as error:
        return _unanswered(line, expected, facts, error)
    warnings = _about_the_text(reading.warnings, model)
    return Outcome(
        line.id,
        line.text,
        expected,
        reading.hints.as_json(),
        facts,
        _facts(reading.hints),
        warnings=warnings,
        questions=reading.questions,
    )


def _unanswered(
    line: PolicyLine | DescriptionLine, expected: Mapping[str, Any], facts: frozenset[str], error: InputError
) -> Outcome:
    return Outcome(line.id, line.text, expected, {"error": str(error)}, facts, warnings=(str(error),), answered=False)


def _about_the_text(warnings: Iterable[str], model: LanguageModel) -> tuple[str, ...]:
    """Leave out the warning about the model: it comes with every text."""
    return tuple(warning for warning in warnings if warning != warning_about(model))


def _shown(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    return [rule.model_dump(mode="json", exclude_none=True, exclude={"source"}) for rule in rules]


def _facts(hints: JobHints) -> frozenset[str]:
    return frozenset(canonical({name: value}) for name, value in hints.as_json().items())
