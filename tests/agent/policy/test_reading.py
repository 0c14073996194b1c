import json
from pathlib import Path

import pytest
from policy_cases import policy

from agent.policy.english import show
from agent.policy.reading import Reading, confirm, load_confirmed, load_rules
from agent.policy.vocabulary import Vocabulary
from sim.errors import InputError

POLICIES = Path(__file__).parents[3] / "policies"
VOCABULARY = Vocabulary.load(POLICIES / "vocabulary.json")
DENY = {"kind": "placement", "effect": "deny", "regions": ["gb"], "source": "Not in Britain."}


@pytest.fixture
def text(tmp_path) -> Path:
    path = tmp_path / "night shift.md"
    path.write_text("Not in Britain.\n")
    return path


@pytest.fixture
def kept(text) -> Path:
    return confirm(text, Reading(policy(DENY)), VOCABULARY, "a person")


def edit(kept: Path, **fields: object) -> None:
    kept.write_text(json.dumps(json.loads(kept.read_text()) | fields))


def test_a_confirmed_reading_comes_back_the_same(text, kept):
    assert kept.name == "night shift.rules.json"
    assert load_confirmed(text) == policy(DENY)
    assert load_confirmed(text, VOCABULARY) == policy(DENY)
    assert list(text.parent.iterdir()) in ([text, kept], [kept, text])


def test_the_file_says_what_was_read_with_which_names_and_by_whom(kept):
    content = json.loads(kept.read_text())
    assert list(content) == ["text_sha256", "vocabulary_sha256", "compiled_by", "rules", "unenforceable"]
    assert content["compiled_by"] == "a person"
    assert content["vocabulary_sha256"] == VOCABULARY.sha256


def test_without_confirmation_there_are_no_rules(text):
    with pytest.raises(InputError, match=r"has not been confirmed; run `cws policy confirm .*night shift.md`"):
        load_confirmed(text)


def test_a_text_changed_since_binds_nobody(text, kept):
    text.write_text("Not in Germany.\n")
    with pytest.raises(InputError, match=r"text has changed since .*run `cws policy confirm"):
        load_confirmed(text)


def test_a_vocabulary_changed_since_is_noticed(text, kept):
    other = VOCABULARY.model_copy(update={"teams": ("ads",)})
    with pytest.raises(InputError, match="vocabulary has changed"):
        load_confirmed(text, other)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"rules": []}'])
def test_a_damaged_reading_is_refused(text, kept, damage):
    kept.write_text(damage)
    with pytest.raises(InputError, match=r"night shift\.rules\.json: damaged: "):
        load_confirmed(text)


def test_a_hand_edited_rule_is_validated_to_the_field(text, kept):
    edit(kept, rules=[DENY | {"effect": "avoid"}])
    with pytest.raises(InputError, match=r"rules\.0\.placement\.effect: Input should be 'only' or 'deny'"):
        load_confirmed(text)


def test_a_hand_edited_rule_with_an_unknown_name_is_refused(text, kept):
    edit(kept, rules=[DENY | {"regions": ["bg"]}])
    with pytest.raises(InputError, match=r"rules\.json: rules\.0 .*unknown region 'bg' .*gb"):
        load_confirmed(text, VOCABULARY)


def test_rules_with_unknown_names_cannot_be_confirmed(text):
    with pytest.raises(InputError, match="unknown region 'bg'"):
        confirm(text, Reading(policy(DENY | {"regions": ["bg"]})), VOCABULARY, "a person")


def test_a_missing_text_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.md: cannot read the policy: No such file"):
        load_confirmed(tmp_path / "none.md")


def test_a_reading_mended_by_hand_is_loaded_from_the_json_that_compiling_prints(tmp_path):
    path = tmp_path / "mended.json"
    path.write_text(json.dumps(policy(DENY).as_json()))
    assert load_rules(path) == policy(DENY)
    path.write_text(json.dumps({"rules": [DENY | {"kind": "ban"}]}))
    with pytest.raises(InputError, match=r"mended\.json: damaged: rules\.0: "):
        load_rules(path)
    with pytest.raises(InputError, match="cannot read it"):
        load_rules(tmp_path / "none.json")


def test_the_guide_shows_the_example_as_it_reads():
    guide = (POLICIES.parent / "docs" / "policies.md").read_text()
    assert show(load_confirmed(POLICIES / "example.md")) in guide
