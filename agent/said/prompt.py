"""What a model is asked: one line and the names if it was trained to read, else the whole form explained.

The names come first, so that a policy's sentences share a prefix that is read once. Which region a name means, and
which are in a group, is left out: code knows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.llm.protocol import Message
from agent.policy.vocabulary import Vocabulary
from agent.prompts import load
from agent.said.notes import noted
from agent.said.task import Task

EXPLAINED = {"rules": "policy_compile", "hints": "job_hints"}
"""The prompts that explain the form."""
BEFORE = 2
"""How many sentences before it are shown with one."""


def question(
    task: Task, vocabulary: Vocabulary, text: str, *, tuned: bool, before: Sequence[str] = ()
) -> list[Message]:
    """Return the chat that asks what a text says, as the model wants it.

    Args:
        task: What to read.
        vocabulary: The names that the text may use.
        text: A sentence of a policy, or a job's description.
        tuned: Whether the model was trained on the short prompt; it has learnt to read a sentence alone.
        before: The sentences before it, to which it may refer.
    """
    if tuned:
        return messages(task, vocabulary, text)
    system_text = load(EXPLAINED[task]).fill(names=names(task, vocabulary))
    word = "Sentence" if task == "rules" else "Text"
    user_text = "\n".join((*(f"Before: {one}" for one in before[-BEFORE:]), f"{word}: {text}"))
    return [{"role": "system", "content": system_text}, {"role": "user", "content": user_text}]


def messages(task: Task, vocabulary: Vocabulary, text: str, missed: Sequence[str] = ()) -> list[Message]:
    """Return the chat of the tuned model: the system line with the names, the text and the notes on it.

    Args:
        task: What to read.
        vocabulary: The names that the text may use.
        text: What to read it from.
        missed: Fragments that a first answer should have had (`agent.said.missed`).
    """
    user_text = asked(text, noted(task, vocabulary, text), missed)
    return [{"role": "system", "content": system(task, vocabulary)}, {"role": "user", "content": user_text}]


def asked(text: str, notes: Sequence[str], missed: Sequence[str] = ()) -> str:
    """Return a text with the notes on it, and what an answer must not miss."""
    return f"{text}\n[{'; '.join(notes)}]" + (f" must: {'; '.join(missed)}" if missed else "")


def system(task: Task, vocabulary: Vocabulary) -> str:
    """Return the constant part of the prompt, the same for all texts with a vocabulary."""
    return load(f"said_{task}").fill(names=names(task, vocabulary)).strip()


def names(task: Task, vocabulary: Vocabulary) -> str:
    """Return the names of regions and groups in one list; for rules, also teams, customers and tags."""
    spelled = [spelled for region in vocabulary.regions for spelled in (region.id, *region.names)]
    groups = [group for region in vocabulary.regions for group in region.groups]
    lists: dict[str, Iterable[str]] = {"regions": [*spelled, *groups]}
    if task == "rules":
        lists |= {"teams": vocabulary.teams, "customers": vocabulary.customers, "tags": vocabulary.tags}
    return "\n".join(f"{name}: {_listed(listed)}" for name, listed in lists.items())


def _listed(spelled: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(spelled)) or "none"
