import json
from pathlib import Path

import pytest
from policy_cases import IDS, REGIONS, policy

from agent.policy.vocabulary import Vocabulary
from sim.errors import InputError

BUNDLED = Path(__file__).parents[3] / "policies" / "vocabulary.json"
DENY = {"kind": "placement", "effect": "deny", "regions": ["gb"]}


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.load(BUNDLED)


def unknown(vocabulary: Vocabulary, **fields: object) -> list[str]:
    return [str(name) for name in vocabulary.unknown(policy(DENY | fields).rules[0])]


def test_the_bundled_vocabulary_names_the_regions_of_our_scenarios(vocabulary):
    assert [(r.id, r.zone, r.tz) for r in vocabulary.regions] == [(r.id, r.zone, r.tz) for r in REGIONS]
    assert [r.id for r in vocabulary.regions] == IDS


def test_known_names_are_known(vocabulary):
    assert unknown(vocabulary, jobs={"team": "ads", "tag": "ci", "customer": "acme", "home": ["de"]}) == []


def test_an_unknown_name_comes_with_the_nearest_known_ones(vocabulary):
    assert unknown(vocabulary, regions=["germny"]) == ["unknown region 'germny' (nearest known: de)"]
    assert unknown(vocabulary, regions=["EU"])[0].endswith("(nearest known: de)")
    assert unknown(vocabulary, regions=["north america"])[0].endswith("us-west, us-south, ca-east)")
    assert unknown(vocabulary, jobs={"team": "finanse"}) == ["unknown team 'finanse' (nearest known: finance)"]
    assert unknown(vocabulary, unless={"home": ["zzz"], "tag": "xyz"}) == [
        "unknown tag 'xyz' (known: training, nightly, backup, ci, etl, inference and 3 more)",
        "unknown region 'zzz' (known: us-west, us-south, ca-east, gb, de)",
    ]


@pytest.mark.parametrize("name", ["Sweden", "Mars", "Iceland"])
def test_a_name_near_to_none_comes_with_some_known_ones_and_no_guess(vocabulary, name):
    assert unknown(vocabulary, regions=[name])[0].startswith(f"unknown region {name!r} (known: us-west, us-south")


def test_hand_edited_rules_with_unknown_names_are_refused_with_file_and_rule(vocabulary):
    vocabulary.check(policy(DENY))
    with pytest.raises(InputError, match=r"a\.json: rules\.1 \('Rule 1\.'\): unknown team 'add' .*ads"):
        vocabulary.check(policy(DENY, DENY | {"jobs": {"team": "add"}}), where="a.json")


def test_the_hash_is_of_the_content_and_not_of_its_layout(vocabulary, tmp_path):
    content = json.loads(BUNDLED.read_text())
    again = tmp_path / "v.json"
    again.write_text(json.dumps(dict(reversed(content.items())), indent=7))
    assert Vocabulary.load(again).sha256 == vocabulary.sha256
    again.write_text(json.dumps(content | {"teams": ["ads"]}))
    assert Vocabulary.load(again).sha256 != vocabulary.sha256


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "Invalid JSON"),
        ('{"teams": []}', "regions: Field required"),
        ('{"regions": [{"id": "a", "zone": "Z", "tz": "Mars"}]}', "regions.0.tz: 'Mars' is not a time zone"),
        (
            '{"regions": [{"id": "a", "zone": "Z", "tz": "UTC"}, {"id": "a", "zone": "Y", "tz": "UTC"}]}',
            "regions named more than once: a",
        ),
        ('{"regions": [{"id": "a", "zone": "Z", "tz": "UTC"}], "priorities": ["top"]}', "priorities.0"),
    ],
)
def test_a_wrong_vocabulary_is_refused_with_file_and_field(tmp_path, content, words):
    path = tmp_path / "v.json"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        Vocabulary.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_a_missing_vocabulary_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot read the vocabulary: No such file"):
        Vocabulary.load(tmp_path / "none.json")
