"""Plain English to typed rules, a sentence at a time, by a language model under a schema.

The model only translates. Each answer is validated again, names are looked up in the vocabulary, the
source is the sentence itself and never the model's words, and a sentence that cannot be read is kept
as unenforceable: nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from pydantic import ValidationError

from agent.llm.asking import Malformed, ask
from agent.llm.protocol import LanguageModel, Message, ModelFailed
from agent.policy.reading import Reading
from agent.policy.rules import MAX_SENTENCE, PolicySet, Rule, Unenforceable, explain
from agent.policy.schema import Answer, answer_schema
from agent.policy.sentences import sentences
from agent.policy.vocabulary import Vocabulary
from agent.prompts import load
from sim.errors import InputError

DEADLINE_S = 120.0


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
    found = [item for sentence in prose for item in reader.read(sentence)]
    if prose and reader.failures == len(prose):
        last = next(item.reason for item in reversed(found) if isinstance(item, Unenforceable))
        raise InputError(f"{model.spec} answered none of the {len(prose)} sentences; the last {last}")
    policy_set = PolicySet(
        rules=tuple(item for item in found if not isinstance(item, Unenforceable)),
        unenforceable=tuple(item for item in found if isinstance(item, Unenforceable)),
    )
    return Reading(policy_set, _warnings(model, prose))


class SentenceReader:
    """Reads sentences with one model and one vocabulary; the prompt's prefix is the same for all."""

    def __init__(self, vocabulary: Vocabulary, model: LanguageModel, deadline_s: float) -> None:
        self._vocabulary = vocabulary
        self._model = model
        self._deadline_s = deadline_s
        self.failures = 0
        self._schema = answer_schema()
        prompt = load("policy_compile").fill(vocabulary=render(vocabulary))
        self._system: Message = {"role": "system", "content": prompt}

    def read(self, sentence: str) -> tuple[Rule | Unenforceable, ...]:
        """Return the rules of a sentence, or the one reason why it has none."""
        try:
            answer = self._ask(sentence)
        except ModelFailed as error:
            self.failures += 1
            return (_unenforceable(sentence, f"could not be read: {error}"),)
        except Malformed as error:
            return (_unenforceable(sentence, f"could not be read: {error}"),)
        if answer.unenforceable is not None:
            return (_unenforceable(sentence, answer.unenforceable),)
        rules = answer.rules or ()
        unknown = [str(name) for rule in rules for name in self._vocabulary.unknown(rule)]
        if unknown:
            return (_unenforceable(sentence, "; ".join(dict.fromkeys(unknown))),)
        return rules

    def _ask(self, sentence: str) -> Answer:
        messages: list[Message] = [self._system, {"role": "user", "content": sentence}]
        return ask(self._model, messages, self._schema, partial(_validated, sentence), deadline_s=self._deadline_s)


def render(vocabulary: Vocabulary) -> str:
    """Return the vocabulary in few tokens, the same for the same vocabulary."""
    lists = (
        f"{name}: {_listed(getattr(vocabulary, name))}"
        for name in ("teams", "customers", "tags", "kinds", "priorities")
    )
    return "\n".join(("regions:", render_regions(vocabulary), *lists))


def render_regions(vocabulary: Vocabulary) -> str:
    """Return the regions alone, a line each: id, other names, groups."""
    return "\n".join(
        f"- {region.id}: {', '.join((*region.names, region.zone))}; groups: {_listed(region.groups)}"
        for region in vocabulary.regions
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _validated(sentence: str, answer: Any) -> Answer:
    try:
        return Answer.model_validate(_with_source(answer, sentence))
    except ValidationError as error:
        raise Malformed(explain(error)) from error


def _with_source(answer: Any, sentence: str) -> Any:
    """Put the sentence in as the source of every rule, whatever the model wrote there."""
    if not isinstance(answer, dict) or not isinstance(answer.get("rules"), list):
        return answer
    rules = [{**rule, "source": sentence} if isinstance(rule, dict) else rule for rule in answer["rules"]]
    return {**answer, "rules": rules}


def _unenforceable(sentence: str, reason: str) -> Unenforceable:
    return Unenforceable(text=sentence, reason=reason[:1000])


def warning_about(model: LanguageModel) -> str | None:
    """Return why no reading by this model can be trusted, None for one that may read."""
    if not model.spec.startswith("local"):
        return None
    return (
        f"read by the embedded model ({model.spec}), which misreads freely worded texts: "
        "a person must check every line against its sentence before confirming"
    )


def _warnings(model: LanguageModel, prose: list[str]) -> tuple[str, ...]:
    about = (None if prose else "the policy has no sentences", warning_about(model))
    return tuple(warning for warning in about if warning)
