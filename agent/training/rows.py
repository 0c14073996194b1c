"""Groups of pairs to rows of tokens: the prefix that they share is read once, and each pair sees it and itself only.

A row is `prefix pair pair pair ...`. With the attention mask and the positions made here, the model computes for every
pair exactly what it would for `prefix pair` alone, at a third of the tokens, and no row is padded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.said.prompt import system
from agent.training.pairs import Group

Tokenize = Callable[[str], list[int]]
Ints = NDArray[np.int64]
END = "<|im_end|>"


class Row(NamedTuple):
    """Tokens with their positions and segments (0 is the prefix), and what is to be learnt.

    `predict` are the indices whose next token is part of an answer, `target` these tokens, `pair` whose (from 0).
    """

    tokens: Ints
    positions: Ints
    segments: Ints
    predict: Ints
    target: Ints
    pair: Ints

    def mask(self) -> NDArray[np.bool_]:
        """Return which token (row) sees which (column): those before it of the prefix and of its own pair."""
        same = (self.segments[None, :] == self.segments[:, None]) | (self.segments[None, :] == 0)
        return np.tril(same)


def row(group: Group, tokenize: Tokenize) -> Row:
    """Return the row of a group, in the chat format of the model."""
    prefix = tokenize(f"<|im_start|>system\n{system(group.task, group.vocabulary)}{END}\n")
    tokens, positions, segments = list(prefix), list(range(len(prefix))), [0] * len(prefix)
    predict: list[int] = []
    target: list[int] = []
    owner: list[int] = []
    for number, pair in enumerate(group.pairs):
        asked = tokenize(f"<|im_start|>user\n{pair.asked}{END}\n<|im_start|>assistant\n")
        answer = tokenize(pair.answer + END)
        first = len(tokens) + len(asked)
        predict += range(first - 1, first - 1 + len(answer))
        target += answer
        owner += [number] * len(answer)
        tokens += asked + answer
        positions += range(len(prefix), len(prefix) + len(asked) + len(answer))
        segments += [number + 1] * (len(asked) + len(answer))
    return Row(*(np.array(values, dtype=np.int64) for values in (tokens, positions, segments, predict, target, owner)))
