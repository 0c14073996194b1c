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
    assert user == {"role": "user", "content": "Be kind.\n[]"}


def test_what_code_finds_in_a_text_stands_below_it_ready_to_copy():
    _, user = messages("rules", VOCABULARY, "Ads jobs stay out of London from 4 to 9pm if they take over 90 minutes.")
    assert user["content"].split("\n")[1] == "[team ads; London; 16:00; 21:00; 1.5 h]"


def test_a_note_leaves_open_what_words_alone_do_not_tell():
    _, user = messages("hints", VOCABULARY, "By 7:30, or by the 3rd, or in 90 h.")
    assert user["content"].split("\n")[1] == "[07:30|19:30; 3th; 90 h]"


def test_a_time_of_day_is_no_tag_and_carbon_intensity_no_ci():
    known = VOCABULARY.model_copy(update={"tags": ("nightly", "ci")})
    notes = ["rules", known, "Nightly jobs stay idle at night above a carbon intensity of 50 g."]
    assert messages(*notes)[1]["content"].split("\n")[1] == "[tag nightly; night; 50 g|0.05 kg]"


def test_a_month_behind_a_day_needs_no_capital():
    _, user = messages("hints", VOCABULARY, "not before 6 march, the marines march 6 miles")
    assert user["content"].split("\n")[1].startswith("[03-06")


def test_hints_need_no_names_but_those_of_regions():
    system, _ = messages("hints", VOCABULARY, "A backup.")
    assert system["content"].endswith("regions: gb, UK, London, de, Germany, Europe")
