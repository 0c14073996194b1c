from __future__ import annotations

import numpy as np

from agent.said.rules import SaidAnswer
from agent.training.reminders import must_hold

ANSWER = SaidAnswer.model_validate(
    {"rules": [{"kind": "only", "jobs": [{"tag": "ci"}], "soft": True, "in": ["Texas"], "when": "16:00-21:00"}]}
)
HELD = {"tag ci", "Texas", "16:00|04:00", "21:00", "soft", "only"}


def test_reminders_are_of_what_the_answer_holds():
    notes = ("tag ci", "tag etl", "Texas", "Ohio", "16:00|04:00", "21:00", "3 h")
    drawn = [must_hold(ANSWER, notes, np.random.default_rng(seed)) for seed in range(60)]
    assert {fragment for one in drawn for fragment in one} == HELD
    assert {len(one) for one in drawn} == {1, 2}


def test_an_answer_that_holds_nothing_needs_no_reminder():
    assert must_hold(SaidAnswer(none="wish"), ("Texas",), np.random.default_rng(0)) == ()
