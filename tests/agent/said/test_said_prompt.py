from __future__ import annotations

from agent.policy.vocabulary import Vocabulary
from agent.said.prompt import messages

VOCABULARY = Vocabulary.model_validate(
    {
        "regions": [
            {"id": "gb", "zone": "GB", "names": ["UK", "London"], "groups": ["Europe"], "tz": "Europe/London"},
            {"id": "de", "zone": "DE", "names": ["Germany"], "groups": ["Europe"], "tz": "Europe/Berlin"},
        ],
        "teams": ["ads"],
    }
)


def test_rules_are_asked_for_with_every_name_once_and_the_text_last():
    system, user = messages("rules", VOCABULARY, "Be kind.")
    assert system["content"] == (
        "Write the policy sentence as JSON rules, in the names below.\n"
        "regions: gb, UK, London, de, Germany, Europe\nteams: ads\ncustomers: none\ntags: none"
    )
    assert user == {"role": "user", "content": "Be kind."}


def test_hints_need_no_names_but_those_of_regions():
    system, _ = messages("hints", VOCABULARY, "A backup.")
    assert system["content"].endswith("regions: gb, UK, London, de, Germany, Europe")
