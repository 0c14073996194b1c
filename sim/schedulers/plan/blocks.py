"""Starts in blocks: the next slots one by one, later ones together, the wider the further off.

Who is planned anew at each decision need not know to the slot when it would start tomorrow. A start in a block is a
start in any of its slots alike: what a run emits is the mean over them, and what it holds is spread over them.
"""

from __future__ import annotations

import numpy as np

from sim.units import FloatArray, IntArray

PARTS = 8
"""A block is as wide as this part of its distance from now; the first so many are single slots."""


class Blocks:
    """B blocks of starts from now on; block b is the slots `first[b]` .. `end[b]` - 1.

    Example:
        >>> Blocks(20).first.tolist()
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18]
    """

    def __init__(self, starts: int) -> None:
        """Cut so many candidate starts into blocks."""
        edges = [0]
        while edges[-1] < starts:
            edges.append(edges[-1] + max(1, edges[-1] // PARTS))
        self.first: IntArray = np.array(edges[:-1], dtype=np.int64)
        self.end: IntArray = np.minimum(np.array(edges[1:], dtype=np.int64), starts)

    def __len__(self) -> int:
        return len(self.first)

    def rises(self, sums: FloatArray, lengths: IntArray) -> FloatArray:
        """Return what running sums (R, K + 1) gain over runs of so many slots (U,) from each block, shape (U, R, B)."""
        slots = sums.shape[1]
        twice = np.zeros((len(sums), slots + 1))
        np.cumsum(sums, axis=1, out=twice[:, 1:])

        def mean(after: IntArray) -> FloatArray:  # of the sums so many slots after each start, (R, U, B)
            first, end = self.first + after[:, None], self.end + after[:, None]
            inside = twice[:, np.minimum(end, slots)] - twice[:, np.minimum(first, slots)]
            return np.asarray(inside / (self.end - self.first))

        return np.asarray((mean(lengths) - mean(np.zeros(1, dtype=np.int64))).transpose(1, 0, 2))

    def held(
        self, region: IntArray, block: IntArray, length: IntArray, demand: FloatArray, shape: tuple[int, int]
    ) -> FloatArray:
        """Return what P runs hold in each region and slot, shape (R, K, 3).

        Args:
            region: Of each run, shape (P,); `block` and `length` (slots) likewise.
            block: Where it starts.
            length: How long it is.
            demand: What each holds, shape (P, 3).
            shape: R and K.
        """
        regions, slots = shape
        each = demand / (self.end - self.first)[block, None]  # starts in a slot
        moments = (self.first[block], self.end[block], self.first[block] + length, self.end[block] + length)
        turns = np.zeros((3, regions * (slots + 1)))
        for sign, moment in zip((1.0, -1.0, -1.0, 1.0), moments, strict=True):
            at = region * (slots + 1) + np.minimum(moment, slots)
            for q in range(3):
                turns[q] += sign * np.bincount(at, weights=each[:, q], minlength=turns.shape[1])
        level = np.cumsum(np.cumsum(turns.reshape(3, regions, slots + 1), axis=2), axis=2)
        return np.asarray(level[:, :, :slots].transpose(1, 2, 0))
