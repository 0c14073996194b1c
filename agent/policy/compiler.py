"""Plain English to typed rules, a sentence at a time, by a language model under a schema.

The model only writes down what is said; code resolves it. Each answer is validated again, names are looked up in the
vocabulary, the source is the sentence itself and never the model's words, and a sentence that cannot be read is kept
as unenforceable: nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError

from agent.llm.protocol import LanguageModel, ModelFailed, Schema
from agent.policy.crosscheck import crosscheck
from agent.policy.reading import Question, Reading
from agent.policy.references import filled_in
from agent.policy.rules import MAX_SENTENCE, PolicySet, Rule, Unenforceable, explain
from agent.policy.sentences import sentences
from agent.policy.vocabulary import Vocabulary
from agent.said.asking import DEADLINE_S, Malformed, Understood, ask
from agent.said.missed import again
from agent.said.names import invented, misplaced, unknown_names
from agent.said.narrow import narrow_schema
from agent.said.prompt import BEFORE, question
from agent.said.rules import SaidAnswer, resolve
from agent.said.schema import schema_of
from sim.errors import InputError

Read = tuple[Rule | Unenforceable, ...]


def compile_policy(
    text: str, vocabulary: Vocabulary, model: LanguageModel, *, deadline_s: float = DEADLINE_S
) -> Reading:
    """Return what a policy says, as the model reads it.

    Args:
        text: The policy, Markdown.
        vocabulary: The names it may use.
        model: Who reads.
        deadline_s: Wall seconds allowed for each call; there are at most two a sentence.

    Raises:
        InputError: If a sentence is too long to be kept, or the model fails on every one of them.
    """
    prose = sentences(text)
    for sentence in prose:
        if len(sentence) > MAX_SENTENCE:
            raise InputError(
                f"a sentence of the policy has {len(sentence)} characters, at most {MAX_SENTENCE} can be "
                f"read: split the one that begins {sentence[:60]!r}"
            )
    reader = SentenceReader(vocabulary, model, deadline_s)
    read: list[Understood[Read]] = []
    for number, sentence in enumerate(prose):
        one = reader.read(sentence, prose[:number])
        if model.tuned and number:
            one = filled_in(sentence, one, prose[number - 1], read[-1].meaning, vocabulary)
        read.append(one)
    found = [item for one in read for item in one.meaning]
    if prose and reader.failures == len(prose):
        last = next(item.reason for item in reversed(found) if isinstance(item, Unenforceable))
        raise InputError(f"{model.spec} answered none of the {len(prose)} sentences; the last {last}")
    policy_set = PolicySet(
        rules=tuple(item for item in found if not isinstance(item, Unenforceable)),
        unenforceable=tuple(item for item in found if isinstance(item, Unenforceable)),
    )
    questions = tuple(
        Question(text=sentence, question=doubt[:1000])
        for sentence, one in zip(prose, read, strict=True)
        for doubt in one.doubts
    )
    return Reading(policy_set, _warnings(model, prose), questions, model.version)


class SentenceReader:
    """Reads sentences with one model and one vocabulary; the prompt's prefix is the same for all."""

    def __init__(self, vocabulary: Vocabulary, model: LanguageModel, deadline_s: float) -> None:
        self._vocabulary = vocabulary
        self._model = model
        self._deadline_s = deadline_s
        self.failures = 0

    def read(self, sentence: str, before: Sequence[str] = ()) -> Understood[Read]:
        """Return the rules of a sentence, or the one reason why it has none; and what is doubtful about them.

        Args:
            sentence: What to read.
            before: The sentences before it, to which it may refer.
        """
        asked = question("rules", self._vocabulary, sentence, tuned=self._model.tuned, before=before)
        understand = partial(self._understand, sentence, before)
        try:
            more = partial(again, "rules", self._vocabulary, sentence)
            return ask(self._model, asked, self._schema(sentence), understand, again=more, deadline_s=self._deadline_s)
        except ModelFailed as error:
            self.failures += 1
            return Understood((_unread(sentence, error),))
        except Malformed as error:
            return Understood((_unread(sentence, error),))

    def _schema(self, sentence: str) -> Schema:
        return narrow_schema("rules", self._vocabulary, sentence) if self._model.tuned else schema_of(SaidAnswer)

    def _understand(self, sentence: str, before: Sequence[str], answer: Any) -> Understood[Read]:
        said = _validated(answer)
        unknown = unknown_names(said, self._vocabulary)
        if strange := invented(unknown, " ".join((*before[-BEFORE:], sentence))):
            raise Malformed(f"it names {', '.join(strange)}, which the sentence does not say and nobody knows")
        if wrong := list(misplaced(unknown, self._vocabulary)):
            raise Malformed("; ".join(wrong))
        found = resolve(said, self._vocabulary, sentence)
        rules = [item for item in found if not isinstance(item, Unenforceable)]
        if said.rules and not rules and not unknown:
            raise Malformed("; ".join(item.reason for item in found if isinstance(item, Unenforceable)))
        return Understood(found, crosscheck(sentence, rules, self._vocabulary) if rules else ())


def _validated(answer: Any) -> SaidAnswer:
    try:
        said = SaidAnswer.model_validate(answer)
    except ValidationError as error:
        raise Malformed(explain(error)) from error
    if (said.rules is None) == (said.none is None):
        raise Malformed("an answer has either rules or none")
    return said


def _unread(sentence: str, error: Exception) -> Unenforceable:
    return Unenforceable(text=sentence, reason=f"could not be read: {error}"[:1000])


def warning_about(model: LanguageModel) -> str | None:
    """Return why no reading by this model can be trusted, None for one that may read."""
    if not model.spec.startswith("local"):
        return None
    return (
        f"read by the embedded model ({model.spec}), which misreads freely worded texts: "
        "a person must check every line against its sentence before confirming"
    )


def _warnings(model: LanguageModel, prose: list[str]) -> tuple[str, ...]:
    if not prose:
        return ("the policy has no sentences: there is nothing to read",)
    about = warning_about(model)
    return (about,) if about else ()
