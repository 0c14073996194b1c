"""Plain English to typed rules, a sentence at a time, by a language model under a schema.

The model only writes down what is said; code resolves it. Each answer is validated again, names are looked up in the
vocabulary, the source is the sentence itself and never the model's words, and a sentence that cannot be read is kept
as unenforceable: nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from pydantic import ValidationError

from agent.llm.protocol import LanguageModel, Message, ModelFailed, Schema
from agent.mentions import stance
from agent.mentions.reading import mentions
from agent.policy.crosscheck import NO_RULE_CAN, crosscheck
from agent.policy.reading import Question, Reading
from agent.policy.references import Read, Unit, filled_in, together
from agent.policy.rules import MAX_SENTENCE, PolicySet, Unenforceable, explain
from agent.policy.sentences import sentences
from agent.policy.vocabulary import Vocabulary
from agent.said.asking import DEADLINE_S, Malformed, Understood, ask
from agent.said.missed import again, missed
from agent.said.names import invented, misplaced, unknown_names
from agent.said.narrow import narrow_schema, without_refusal
from agent.said.prompt import BEFORE, messages, question
from agent.said.rules import REASONS, SaidAnswer, resolve
from agent.said.schema import schema_of
from sim.errors import InputError

MOST = 500
"""How many sentences a policy may have: with two rules each, as many as a policy can hold."""
UNREAD = "could not be read"
PRESSED = (*(REASONS[reason] for reason in ("fact", "other", "wish", "reference", "order")), UNREAD)
"""The reasons of a refusal after which the tuned model is asked for a rule all the same."""


def compile_policy(
    text: str, vocabulary: Vocabulary, model: LanguageModel, *, deadline_s: float = DEADLINE_S
) -> Reading:
    """Return what a policy says, as the model reads it.

    Args:
        text: The policy, Markdown.
        vocabulary: The names it may use.
        model: Who reads.
        deadline_s: Wall seconds allowed for each call; there are at most two a sentence, six with the tuned model.

    Raises:
        InputError: If there are too many sentences, one is too long to be kept, or the model fails on every one.
    """
    prose = sentences(text)
    if len(prose) > MOST:
        raise InputError(f"the policy has {len(prose)} sentences, at most {MOST} can be read: split it")
    for sentence in prose:
        if len(sentence) > MAX_SENTENCE:
            raise InputError(
                f"a sentence of the policy has {len(sentence)} characters, at most {MAX_SENTENCE} can be "
                f"read: split the one that begins {sentence[:60]!r}"
            )
    reader = SentenceReader(vocabulary, model, deadline_s)
    units: list[Unit] = []
    for number, sentence in enumerate(prose):
        one = Unit(sentence, reader.read(sentence, prose[:number]))
        if model.tuned:
            units[-1:] = reader.settled(units[-1:], one)
        else:
            units.append(one)
    found = [item for unit in units for item in unit.read.meaning]
    if prose and reader.failures == len(prose):
        last = next(item.reason for item in reversed(found) if isinstance(item, Unenforceable))
        raise InputError(f"{model.spec} answered none of the {len(prose)} sentences; the last {last}")
    policy_set = PolicySet(
        rules=tuple(item for item in found if not isinstance(item, Unenforceable)),
        unenforceable=tuple(item for item in found if isinstance(item, Unenforceable)),
    )
    questions = tuple(Question(text=unit.text, question=doubt[:1000]) for unit in units for doubt in unit.read.doubts)
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
            read = ask(self._model, asked, self._schema(sentence), understand, again=more, deadline_s=self._deadline_s)
        except ModelFailed as error:
            self.failures += 1
            return Understood((_unread(sentence, error),))
        except Malformed as error:
            return Understood((_unread(sentence, error),))
        return read

    def settled(self, before: Sequence[Unit], one: Unit) -> list[Unit]:
        """Return the unit before, if any, and the next, once the tuned model is asked what it may have missed.

        Args:
            before: The unit before, or nothing.
            one: A sentence and its reading alone.
        """
        if not before:
            return [self._pressed(one)]
        filled = filled_in(one, before[-1], self._vocabulary)
        if filled is not one:
            return [*before, filled]
        return together(before[-1], one, self._vocabulary, self._as_rules) or [*before, self._pressed(one)]

    def _pressed(self, one: Unit) -> Unit:
        """Return what a refused sentence would say as a rule, with a question, if that accounts for all it mentions.

        A sentence that mentions nothing, reports what was, or speaks to its reader stays refused.
        """
        reason = next((item.reason for item in one.read.meaning if isinstance(item, Unenforceable)), None)
        named = any(said.demanded for said in mentions(one.text, self._vocabulary).all)
        if not named or reason is None or not reason.startswith(PRESSED):
            return one
        if stance.REPORTED.search(one.text) or stance.TO_THE_READER.search(one.text):
            return one
        second = self._as_rules(one.text)
        if second is None or second.doubts:
            return one
        doubt = f"at first it was set aside, as {reason}: is it a rule?"
        return Unit(one.text, Understood(second.meaning, (doubt,)))

    def _as_rules(self, text: str) -> Understood[Read] | None:
        """Return what a text would say as rules; None if it says none.

        The model was trained to mind what stands behind "must".
        """

        def asked(doubts: Sequence[str] = ()) -> list[Message]:
            fragments = missed("rules", self._vocabulary, text, doubts)
            return messages("rules", self._vocabulary, text, ("rules", *fragments))

        understand = partial(self._understand, text, ())
        schema = without_refusal(self._schema(text))
        with suppress(Malformed, ModelFailed):
            read = ask(self._model, asked(), schema, understand, again=asked, deadline_s=self._deadline_s)
            if not any(isinstance(item, Unenforceable) for item in read.meaning):
                return read
        return None

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
        doubts = crosscheck(sentence, rules, self._vocabulary) if rules else ()
        unsayable = next((doubt for doubt in doubts if doubt.endswith(NO_RULE_CAN)), None)
        if unsayable and self._model.tuned:
            return Understood((Unenforceable(text=sentence, reason=unsayable),))
        return Understood(found, doubts)


def _validated(answer: Any) -> SaidAnswer:
    try:
        said = SaidAnswer.model_validate(answer)
    except ValidationError as error:
        raise Malformed(explain(error)) from error
    if (said.rules is None) == (said.none is None):
        raise Malformed("an answer has either rules or none")
    return said


def _unread(sentence: str, error: Exception) -> Unenforceable:
    return Unenforceable(text=sentence, reason=f"{UNREAD}: {error}"[:1000])


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
