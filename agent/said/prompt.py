"""The short prompt of the tuned model: one line, the names of the vocabulary, and then the text.

The names come first, so that a policy's sentences share a prefix that is read once. Which region a name means, and
which are in a group, is left out: code knows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from agent.llm.protocol import Message
from agent.policy.vocabulary import Vocabulary
from agent.prompts import load

Task = Literal["rules", "hints"]


def messages(task: Task, vocabulary: Vocabulary, text: str) -> list[Message]:
    """Return the chat that asks what a text says: the system line with the names, and the text."""
    return [{"role": "system", "content": system(task, vocabulary)}, {"role": "user", "content": text}]


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
