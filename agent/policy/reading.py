"""Confirmed readings: what a person has seen and agreed to, kept beside the text it was read from.

`NAME.rules.json` beside `NAME.md` holds the hashes of the text and of the vocabulary, who compiled it,
and the rules. A run uses nothing else, so a text that has changed since binds nobody until it is read again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from agent.policy.rules import Part, PolicySet, Sentence, explain
from agent.policy.vocabulary import Vocabulary
from sim.errors import InputError

Kind = TypeVar("Kind", bound=PolicySet)
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Question(Part):
    """Something about the reading of a sentence that looks wrong, for a person to decide."""

    text: Sentence
    question: Annotated[str, Field(min_length=1, max_length=1000)]


@dataclass(frozen=True)
class Reading:
    """What a text was understood to say, not yet confirmed; what to be careful about, and who read it."""

    policy_set: PolicySet
    warnings: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    by: str = "a person"

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: that of the policy, and `warnings` and `questions`."""
        questions = [one.model_dump() for one in self.questions]
        return {**self.policy_set.as_json(), "warnings": list(self.warnings), "questions": questions}


class Printed(PolicySet):
    """The JSON of a reading, as compiling prints it; what a person has settled is not kept."""

    warnings: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


class Confirmed(PolicySet):
    """The content of a `.rules.json` file."""

    text_sha256: Sha256
    vocabulary_sha256: Sha256
    compiled_by: Annotated[str, Field(min_length=1, max_length=200)]


def rules_path(path: Path) -> Path:
    """Return where the confirmed reading of a policy text is kept: `NAME.rules.json` beside `NAME.md`."""
    return path.with_suffix(".rules.json")


def read_text(path: Path) -> str:
    """Return the text of a policy.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot read the policy: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the policy is not UTF-8 text: {error}") from error


def confirm(path: Path, reading: Reading, vocabulary: Vocabulary, compiled_by: str) -> Path:
    """Write a reading of the text at `path` as confirmed, and return the file written.

    Args:
        path: The policy text.
        reading: What it was understood to say.
        vocabulary: The names it was read with; a rule that uses others is refused.
        compiled_by: Who read it: the version of a language model, or a person.
    """
    target = rules_path(path)
    vocabulary.check(reading.policy_set, where=str(target))
    content = {
        "text_sha256": _sha256(read_text(path)),
        "vocabulary_sha256": vocabulary.sha256,
        "compiled_by": compiled_by[:200],
        **reading.policy_set.as_json(),
    }
    # by way of a second file: a crash leaves the old reading or the new one, never half of one
    written = target.with_suffix(".tmp")
    written.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    written.replace(target)
    return target


def load_confirmed(path: Path, vocabulary: Vocabulary | None = None) -> PolicySet:
    """Return the confirmed rules of the policy text at `path`.

    Args:
        path: The policy text.
        vocabulary: If given, the reading must have been confirmed with it, and use its names only.

    Raises:
        InputError: If there is no confirmed reading, it is damaged, or text or vocabulary have changed since.
    """
    text = read_text(path)
    confirmed = _load(path)
    remedy = f"run `cws policy confirm {path}`"
    if confirmed.text_sha256 != _sha256(text):
        raise InputError(f"{path}: the text has changed since its reading was confirmed; {remedy}")
    if vocabulary is not None:
        if confirmed.vocabulary_sha256 != vocabulary.sha256:
            raise InputError(f"{path}: the vocabulary has changed since the reading was confirmed; {remedy}")
        vocabulary.check(confirmed, where=str(rules_path(path)))
    return PolicySet(rules=confirmed.rules, unenforceable=confirmed.unenforceable)


def load_rules(path: Path) -> PolicySet:
    """Return the rules of a JSON file of the form that compiling prints, perhaps mended by hand.

    Raises:
        InputError: If it cannot be read or is damaged; names the field.
    """
    try:
        printed = _parse(Printed, path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: cannot read it: {error.strerror}") from error
    return PolicySet(rules=printed.rules, unenforceable=printed.unenforceable)


def _load(path: Path) -> Confirmed:
    try:
        return _parse(Confirmed, rules_path(path))
    except FileNotFoundError as error:
        raise InputError(f"{path}: its reading has not been confirmed; run `cws policy confirm {path}`") from error


def _parse(model: type[Kind], path: Path) -> Kind:
    try:
        return model.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot read it: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: damaged: not UTF-8 text") from error
    except ValidationError as error:
        raise InputError(f"{path}: damaged: {explain(error)}; mend it or confirm the policy again") from error


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
