"""What a first answer missed, in fragments of an answer: the tuned model is asked once more, shown them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agent.llm.protocol import Message
from agent.mentions.reading import mentions
from agent.policy.vocabulary import Vocabulary
from agent.said.notes import SAYS_A_DAY, note
from agent.said.prompt import messages
from agent.said.task import Task

SAID_AND_NOT_HELD = re.compile(r'^the (?:sentence|text) says "(?P<words>.+)", and no (?:rule|hint) holds')
KEYS = (
    ("no rule has strength prefer", "soft"),
    ("the rules forbid (deny)", "only"),
    ("a rule forbids (deny), and the sentence forbids nothing", "only"),
    ("a hint forbids regions, and the text", "only"),
    ("by `unless`", "unless"),
    ("about where jobs were submitted", "home"),
    ("no rule is of kind approval", "approval"),
    ("no rule is of kind suspend", "suspend"),
    ("no hint holds whether it may be interrupted", "pause"),
    ("no hint holds a priority", "priority"),
    ("when to start at the earliest", "earliest"),
    ("a hint holds an earliest start, and the text does not speak of one", "deadline"),
    ("and the text bounds the start", "within"),
    ("how long the job may wait at most", "within"),
    ("that the job may not be interrupted, and the text does not", "pause"),
    ("bounds the start, and the text the end", "deadline"),
)
"""What findings say, and the key or kind of an answer that would mend it."""


def missed(task: Task, vocabulary: Vocabulary, text: str, findings: Iterable[str]) -> tuple[str, ...]:
    """Return the fragments that an answer should have had: notes on the text, and keys.

    Args:
        task: What was read.
        vocabulary: The names that the text may use.
        text: The text.
        findings: What was found wrong about the first answer (`crosscheck`, `crosscheck_hints`).

    Example:
        >>> known = Vocabulary.model_validate({"regions": [{"id": "a", "zone": "A", "tz": "UTC"}], "tags": ["ci"]})
        >>> missed("rules", known, "CI only in a.", ['the sentence says "CI", and no rule holds it'])
        ('tag ci',)
    """
    found = [fragment for finding in findings for fragment in _fragments(task, vocabulary, text, finding)]
    return tuple(dict.fromkeys(found))


def again(task: Task, vocabulary: Vocabulary, text: str, findings: Iterable[str]) -> list[Message] | None:
    """Return the question that shows the tuned model what its answer missed, None if that is nothing."""
    fragments = missed(task, vocabulary, text, findings)
    return messages(task, vocabulary, text, fragments) if fragments else None


def _fragments(task: Task, vocabulary: Vocabulary, text: str, finding: str) -> Iterator[str]:
    yield from (key for says, key in KEYS if says in finding)
    if said := SAID_AND_NOT_HELD.match(finding):
        for one in mentions(text, vocabulary, SAYS_A_DAY).all:
            if one.words == said["words"] and (spelled := note(task, vocabulary, one)):
                yield spelled
