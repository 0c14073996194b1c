"""When the model is asked: where there is something new to choose, or something that numbers do not say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.epoch import Epoch
from agent.propose import Candidate

WORTH = 0.05
"""Plans differ if the best is better than the worst by more than this share, by the operator's objective."""


def may_ask(epoch: Epoch) -> bool:
    """Return whether there is a model, and something about which it was not asked yet."""
    noted = epoch.memory.noted
    return epoch.agent.model is not None and (
        bool(epoch.new.any()) or any(one.key not in noted for one in epoch.exceptions)
    )


def why_not_ask(epoch: Epoch) -> str:
    """Return why numbers decide alone; empty if the model is to be asked. What is there counts as asked about then."""
    if epoch.agent.model is None:
        return "no model is in use"
    if not may_ask(epoch):
        return "nothing new is pending" if len(epoch.view.pending) else "nothing is pending"
    stands = any(one.key not in epoch.memory.noted for one in epoch.exceptions)
    epoch.memory.noted.update(one.key for one in epoch.exceptions)
    epoch.memory.asked[epoch.view.pending.positions] = True
    return "" if stands or differ(epoch.candidates) else "the plans hardly differ"


def differ(found: Sequence[Candidate]) -> bool:
    """Return whether it matters which of the plans is taken."""
    objectives = np.array([one.objective for one in found])
    return bool(np.ptp(objectives) > WORTH * np.abs(objectives).max())
